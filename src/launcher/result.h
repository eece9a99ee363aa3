/* result.c: what comes of a claim. */
#pragma once

#include "system.h"

struct run;

/* The hook does not run: what the first one said is said once more, or nothing. */
void result_repeat(struct run *run);
/* Tells what came of a claim, and pokes; false where there was none, or nobody heard it. */
bool result_tell(struct run *run);
