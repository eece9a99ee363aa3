/* node.c: the parts of HookBus that are not in C. */
#pragma once

#include "frame.h"

struct run;

/*
 * Becomes Node; its words begin at the third of `argv`. Gives back where that failed. On PATH it is looked for only where
 * no hook waits.
 */
void node_exec(char **argv, bool searches_path);
/* Starts `hookbus claim` with a socket pair, of which `bus` is our end; 0 where that is not possible, and -1 for `bus`. */
pid_t node_start_helper(const char *home, int *bus);
void node_encode_notify(struct bytes *bytes);
/* Connects to the daemon without waiting; -1 where that is not possible. Starts one where there is none. */
int node_connect(const struct run *run);
/* Tells the daemon that there is something to drain; starts one where there is none. Never waits. */
void node_notify(const struct run *run);
