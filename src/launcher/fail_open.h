/* fail_open.c: --fail-open. */
#pragma once

#include "system.h"

struct run;

/* Decides whether a failure on this event may be forgiven; adds a warning if --fail-open has no effect. */
void fail_open_note(struct run *run);
bool fail_open_forgives(struct run *run);
