/* command.c: execs the command. */
#pragma once

#include "system.h"

struct run;

/* The default PATH of Debian's sh and bash. */
#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char **command_environment(const struct run *run);
/* Execs the command, found as a shell finds it; after E2BIG without the launcher's variables. Returns errno. */
int command_try_exec(struct run *run, char **environment);
/* Sets `kind`, `exit_code` and `reason` after a failed exec. */
void command_set_failure(struct run *run, int error);
/* Execs the command in the launcher's place: HookBus is off, or cannot work and must not be in the way. */
_Noreturn void command_exec(struct run *run);
/* Prints one line on stderr. */
void command_print(const char *what);
