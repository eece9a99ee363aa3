/* loop.c: the one loop. */
#pragma once

#include "stream.h"

struct run;

/* Waits until something comes that this phase waits for, or so long, and deals with it; false where nothing came. */
bool loop_turn(struct run *run, int wait_ms);
/* To where the stream goes, as far as that takes it: what waits in it, and its end. */
void loop_pass_along(struct run *run, struct stream *stream);
