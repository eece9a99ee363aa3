/* leave.c: the launcher's exit. */
#pragma once

#include "system.h"

struct run;

/* Exits or dies as the hook did. */
_Noreturn void leave_as_hook(struct run *run);
/* Records a signal that arrived before there was a hook, and dies by it. */
void leave_before_hook(struct run *run);
