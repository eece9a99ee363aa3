/* witness.c: when the launcher was killed. */
#pragma once

#include "system.h"

struct run;

void witness_start(struct run *run);
void witness_end(struct run *run);
void witness_reap(struct run *run);
