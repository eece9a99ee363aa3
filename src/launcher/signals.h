/* signals.c: what is done about signals. */
#pragma once

#include "stream.h"

struct run;

/* From here until the end all signals wait, and files that we make are for their owner. False where that is refused. */
bool signals_hold(struct run *run);
/* In the process that becomes the hook: as the caller has it. */
void signals_give_back(const struct run *run);
/* False where the system refuses what a run cannot do without. */
bool signals_open(struct run *run);
void signals_take(struct run *run);
void signals_stop_too(struct run *run);
bool signals_is_stop(int number);
/* By default it does nothing, so no execution ends by it. */
bool signals_is_harmless(int number);
