/* sentinel.c: which signals were sent to the whole group. */
#pragma once

#include "system.h"

struct run;

void sentinel_start(struct run *run);
/* Waits until the sentinel has reported all earlier signals. `sentinel_take` uses up one report of a signal. */
void sentinel_query(struct run *run);
bool sentinel_take(int number);
void sentinel_reset(int number);
void sentinel_end(struct run *run);
/* The launcher reaps it itself: not every system has an init that reaps orphans. */
void sentinel_reap(struct run *run);
