/* timeout.c: --timeout. */
#pragma once

#include "system.h"

struct run;

void timeout_prepare(struct run *run);
/* Sets the run's result after a timeout. */
void timeout_set_result(struct run *run);
/* Ends the hook and its descendants; false once none is left, or nothing helps. */
bool timeout_kill_tree(struct run *run);
