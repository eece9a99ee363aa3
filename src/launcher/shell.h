/* shell.c: the program that CLAUDE_CODE_SHELL_PREFIX names. */
#pragma once

#include "system.h"

/* `argv[0]` of the launcher if a hook was handed over to it: it records only what has an event in its payload. */
#define SHELL_RUN "hookbus-shell-run"

/* Whether this process was started as that program. */
bool shell_is_called(const char *program);
/* Becomes what the agent wants to run; the launcher first if that is a hook. */
_Noreturn void shell_become(char **argv);
