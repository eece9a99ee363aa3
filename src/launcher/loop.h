/* loop.c: the only loop. */
#pragma once

#include "stream.h"

struct run;

/* Waits up to `wait_ms` for what this phase waits for, and handles it; false on a timeout. */
bool loop_turn(struct run *run, int wait_ms);
/* Writes what the stream holds, and closes its target at the end. */
void loop_forward(struct run *run, struct stream *stream);
