/* node.c: the parts of HookBus in Node. */
#pragma once

#include "frame.h"

struct run;

/* Execs Node with the words from `argv[2]` on; returns on failure. Searches PATH only if no hook waits. */
void node_exec(char **argv, bool searches_path);
/* Whether the script of the command line is there. */
bool node_has_script(void);
/* Starts `hookbus claim` with a socket pair; `bus` is the launcher's end. 0 on failure, and -1 for `bus`. */
pid_t node_start_helper(const char *home, int *bus);
void node_encode_notify(struct bytes *bytes);
/* Connects to the daemon without waiting; -1 on failure. Starts one if there is none. */
int node_connect(const struct run *run);
/* Notifies the daemon; starts one if there is none. Never waits. */
void node_notify(const struct run *run);
