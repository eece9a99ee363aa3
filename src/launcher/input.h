/* input.c: the payload, before the hook starts and where none is started. */
#pragma once

#include "stream.h"

struct run;

void input_take_prelude(struct run *run);
/* Whether more of a payload is to come, or all of it. */
bool input_is_unfinished(struct stream *input);
/* For a dedupe key all of the payload; false where it is not complete in time. */
bool input_take_payload(struct run *run);
/* A caller that is in the middle of what no hook will read is heard out. */
void input_hear_out(struct run *run);
/* For us to become the hook: stdin has what was taken of the input, and the rest of it. */
void input_leave(struct run *run);
