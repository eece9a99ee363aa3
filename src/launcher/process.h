/* process.c: the clock, and processes. */
#pragma once

#include "system.h"

/* Microseconds of a monotonic clock. */
int64_t clock_us(void);

struct process {
    pid_t pid, parent;
    char state;
    uint64_t start;     /* in clock ticks since boot */
    bool is_descendant; /* of the hook; for timeout.c */
};

/* Reads /proc; false if that or the process is missing. */
bool process_read(pid_t pid, struct process *process);
