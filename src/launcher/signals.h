/* signals.c: what happens to signals. */
#pragma once

#include "stream.h"

struct run;

/* From here on all signals wait, and new files are private. False if the system refuses. */
bool signals_block_all(struct run *run);
/* Restores what the caller had, in the process that becomes the hook. */
void signals_restore(const struct run *run);
/* False if the system refuses a call that a run needs. */
bool signals_open(struct run *run);
void signals_handle(struct run *run);
void signals_stop_self(struct run *run);
bool signals_is_stop(int number);
/* Its default action is none, so no execution ends by it. */
bool signals_is_harmless(int number);
