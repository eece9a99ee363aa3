/* result.c: the end of a claim. */
#pragma once

#include "system.h"

struct run;

/* Skips the hook: replays the original's result, or nothing. */
void result_replay(struct run *run);
/* Sends the owner's result and notifies the daemon; false if the daemon still needs a notification. */
bool result_send(struct run *run);
