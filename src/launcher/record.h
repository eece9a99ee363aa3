/* record.c: the record in the log. Errors are ignored: the hook matters more than its record. */
#pragma once

#include "system.h"

struct run;

void record_begin(struct run *run);
void record_pid_start(struct run *run);
void record_signal(struct run *run, int signal);
void record_death(struct run *run);
void record_end(struct run *run);
void record_retract(struct run *run);
