/* sentinel.c: which signals were sent to the whole group. */
#pragma once

#include "system.h"

struct run;

void sentinel_start(struct run *run);
/* Waits until all that was sent to the group has been counted; then, of each signal, whether one was, and no more of it. */
void sentinel_ask(struct run *run);
bool sentinel_has(int number);
void sentinel_forget(int number);
void sentinel_end(struct run *run);
/* Nobody else may do it: there are systems without a process that reaps what is left. */
void sentinel_reap(struct run *run);
