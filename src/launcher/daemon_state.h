/* daemon_state.c: what a daemon or a helper starts with. */
#pragma once

#include "system.h"

void daemon_prepare(const char *home);
