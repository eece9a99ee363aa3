/* leave.c: our end. */
#pragma once

#include "system.h"

struct run;

/* Ends us as the hook ended. */
_Noreturn void leave_as_hook(struct run *run);
/* A signal came while there was no hook yet to take it: it goes on record and ends us. */
void leave_before_hook(struct run *run);
