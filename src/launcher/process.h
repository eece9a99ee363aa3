/* process.c: the clock, and processes. */
#pragma once

#include "system.h"

/* Microseconds of a monotonic clock. */
int64_t clock_us(void);

struct process {
    pid_t pid, parent;
    bool is_dead;       /* and waits for its parent */
    uint64_t start;     /* in the units of process_now */
    bool is_descendant; /* of the hook; for timeout.c */
};

/* The time in which the system counts starts: clock ticks since boot on Linux, elsewhere microseconds since 1970. */
uint64_t process_now(void);

/* False if the system does not tell, or the process is missing. */
bool process_read(pid_t pid, struct process *process);

/* Those that started since then, at most `max`; 0 if the system does not tell. */
size_t process_list(uint64_t since, struct process *processes, size_t max);
