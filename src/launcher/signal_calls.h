/* signal_calls.c: blocks, reads and sends signals. */
#pragma once

#include "system.h"

struct run;

#ifdef __linux__
typedef uint64_t signal_mask; /* the kernel's: all 64 signals, including those that C libraries hide */
#else
typedef sigset_t signal_mask; /* also an integer on macOS */
#endif

struct arrival {
    int number;
    pid_t sender;
    bool is_queued, is_from_kernel;
    union sigval value;
};

bool signal_block(signal_mask *old);
void signal_unblock(int number);
void signal_restore_mask(const struct run *run);
bool signal_listen(struct run *run);
bool signal_read(const struct run *run, struct arrival *arrival);
void signal_forward(const struct run *run, const struct arrival *arrival);
