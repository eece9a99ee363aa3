/* Signals, as signals.c, signal_calls.c and sentinel.c deal with them. Included by launcher.h. */
#ifndef HOOKBUS_SIGNALS_H
#define HOOKBUS_SIGNALS_H

struct run;

#ifdef __linux__
typedef uint64_t signal_mask; /* as the system has it: all 64 signals, of which C libraries hide some */
#else
typedef sigset_t signal_mask; /* a number on macOS too */
#endif

/* signal_calls.c */
/* What is known of a signal that came. */
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
void signal_pass_on(const struct run *run, const struct arrival *arrival);

/* signals.c */
enum { WATCHED = 1 + 2 * STREAMS }; /* descriptors that are polled at once */
/* From here until the end all signals wait, and files that we make are for their owner. False where that is refused. */
bool signals_hold(struct run *run);
/* In the process that becomes the hook: as the caller has it. */
void signals_give_back(const struct run *run);
/* False where the system refuses what a run cannot do without. */
bool signals_open(struct run *run);
void signals_take(struct run *run);
void signals_stop_too(struct run *run);
bool signals_is_stop(int number);
/* By default it does nothing, so no execution ends by it. */
bool signals_is_harmless(int number);

/* sentinel.c */
void sentinel_start(struct run *run);
/* Waits until all that was sent to the group has been counted; then, of each signal, whether one was, and no more of it. */
void sentinel_ask(struct run *run);
bool sentinel_has(int number);
void sentinel_forget(int number);
void sentinel_end(struct run *run);
/* Nobody else may do it: there are systems without a process that reaps what is left. */
void sentinel_reap(struct run *run);

#endif
