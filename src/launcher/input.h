/* input.c: the payload before the hook starts, or if none starts. */
#pragma once

#include "stream.h"

struct run;

void input_read_prelude(struct run *run);
/* Whether the payload is incomplete. */
bool input_is_unfinished(struct stream *input);
/* Reads the whole payload for a dedupe key; false if it is incomplete in time. */
bool input_read_payload(struct run *run);
/* Reads on while a caller writes a payload that no hook will read. */
void input_drain(struct run *run);
/* Puts all input on stdin, for a launcher that becomes the hook. */
void input_move_to_stdin(struct run *run);
