/* child.c: the hook's process. */
#pragma once

#include "system.h"

struct run;

bool child_open_streams(struct run *run);
/* False if the hook could not be started: `exit_code` and `reason` are then those of a shell. */
bool child_start(struct run *run);
