/* watch.c: from the start of the hook to our end. */
#pragma once

#include "system.h"

struct run;

void watch_hook(struct run *run);
/* Leaves streams that the hook's background children hold open to a process of its own. */
void watch_hand_over(struct run *run);
