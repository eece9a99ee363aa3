/* input.c: the payload before the hook starts, or if none starts. */
#pragma once

#include "stream.h"

struct run;

void input_take_prelude(struct run *run);
/* Whether the payload is incomplete. */
bool input_is_unfinished(struct stream *input);
/* Reads the whole payload for a dedupe key; false if it is incomplete in time. */
bool input_take_payload(struct run *run);
/* Reads on while a caller writes a payload that no hook will read. */
void input_hear_out(struct run *run);
/* Puts all input on stdin, for a launcher that becomes the hook. */
void input_leave(struct run *run);
