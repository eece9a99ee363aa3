/* command.c: the command, and how a process becomes it. */
#pragma once

#include "system.h"

struct run;

/* Where Debian's sh and bash look where there is no PATH. */
#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char **command_environment(const struct run *run);
/*
 * Becomes the command, found as a shell finds it; where the system has no room for our two variables, without them. Gives
 * back why that failed.
 */
int command_become(struct run *run, char **environment);
/* What the run comes to where it failed. */
void command_refuse(struct run *run, int error);
/* Replaces ourselves by the command: HookBus is switched off, or cannot do its work and must not be in the way. */
_Noreturn void command_exec(struct run *run);
/* One line of our own on stderr. */
void command_say(const char *what);
