/* timeout.c: --timeout. */
#pragma once

#include "system.h"

struct run;

void timeout_prepare(struct run *run);
/* What the run comes to when its time ran out. */
void timeout_note(struct run *run);
/* Ends the hook and all that it started; false once nothing is left, or nothing helps. */
bool timeout_end_tree(struct run *run);
