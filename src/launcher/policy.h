/* policy.c: the hooks that root protects. */
#pragma once

#include "system.h"

/* Whether root protects the hook from the user's own files and options. NULL: without --name. */
bool policy_protects(const char *hook_name);
