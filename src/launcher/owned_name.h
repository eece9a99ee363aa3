/* owned_name.c: the name of a hook that a plugin or a skill brings. */
#pragma once

#include "text.h"

enum { OWNED_NAME_BYTES = 120 };

/* `OWNER-SCRIPT`; only letters, digits and `._+@-` of ASCII are in it, and anything beyond ASCII. */
void owned_name(const char *owner_root, bool is_plugin, const char *line, char name[OWNED_NAME_BYTES + 2]);
