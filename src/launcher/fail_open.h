/* fail_open.c: --fail-open. */
#pragma once

#include "system.h"

struct run;

/* Whether a failure on this event may be forgiven; where that was asked for in vain, a warning goes on record. */
void fail_open_note(struct run *run);
bool fail_open_pardons(struct run *run);
