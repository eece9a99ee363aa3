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

bool block_signals(signal_mask *old);
void unblock_signal(int number);
void restore_mask(const struct run *run);
bool listen_to_signals(struct run *run);
bool read_arrival(const struct run *run, struct arrival *arrival);
void pass_on(const struct run *run, const struct arrival *arrival);

/* signals.c */
enum { WATCHED = 1 + 2 * STREAMS }; /* descriptors that are polled at once */
/* From here until the end all signals wait, and files that we make are for their owner. False where that is refused. */
bool hold_signals(struct run *run);
/* In the process that becomes the hook: as the caller has it. */
void give_back_signals(const struct run *run);
/* False where the system refuses what a run cannot do without. */
bool open_signals(struct run *run);
void take_signals(struct run *run);
void stop_too(struct run *run);
bool is_stop(int number);
/* By default it does nothing, so no execution ends by it. */
bool is_harmless(int number);

/* sentinel.c */
void start_sentinel(struct run *run);
/* Waits until all that was sent to the group has been counted; then, of each signal, whether one was, and no more of it. */
void ask_sentinel(struct run *run);
bool has_reached_group(int number);
void forget_group(int number);
void end_sentinel(struct run *run);
/* Nobody else may do it: there are systems without a process that reaps what is left. */
void reap_sentinel(struct run *run);

#endif
