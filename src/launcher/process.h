/* process.c: the clock, and processes. */
#pragma once

#include "system.h"

/* Microseconds of a monotonic clock. */
int64_t clock_us(void);

/* What is told of a process. */
struct process {
    pid_t pid, parent;
    char state;
    uint64_t start;     /* in clock ticks since boot */
    bool is_descendant; /* for timeout.c */
};

/* From /proc; false where there is no such process, or no /proc. */
bool process_read(pid_t pid, struct process *process);
