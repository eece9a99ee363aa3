/* daemon_state.c: the environment and limits of a daemon or a helper. */
#pragma once

#include "system.h"

void daemon_prepare(const char *home);
