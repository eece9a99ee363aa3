/* policy.c: the hooks that root protects. */
#pragma once

#include "system.h"

/* Whether root has this hook run and its answer passed on, whatever the user's own files and options say. NULL: no --name. */
bool policy_protects(const char *hook_name);
