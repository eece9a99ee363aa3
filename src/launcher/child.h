/* child.c: the process of the hook. */
#pragma once

#include "system.h"

struct run;

bool child_open_channels(struct run *run);
/* False where it could not be started: `exit_code` and `reason` then say what a shell would. */
bool child_start(struct run *run);
