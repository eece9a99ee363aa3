/* watch.c: from the hook's start to the launcher's exit. */
#pragma once

#include "system.h"

struct run;

void watch_hook(struct run *run);
/* Hands streams that background children hold open to a process of their own. */
void watch_hand_over(struct run *run);
