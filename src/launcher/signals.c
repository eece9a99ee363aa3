/*
 * Forwards the launcher's signals to the hook. All are blocked from before the first read until the end: a signal that
 * arrives before the hook starts waits, and is forwarded then. A signal to the whole process group is not forwarded,
 * since the hook has it already; sentinel.c knows.
 */
#include "signals.h"
#include "record.h"
#include "run.h"
#include "sentinel.h"

enum { STOP_WINDOW_US = 1000000 }; /* a hook that stops within this time of a stop signal stops because of it */

bool signals_is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

bool signals_is_harmless(int number)
{
    return number == SIGCHLD || number == SIGCONT || number == SIGWINCH || number == SIGURG;
}

bool signals_block_all(struct run *run)
{
    if (!signal_block(&run->inherited_mask)) return false;
    /* The launcher must be able to read its files, whatever the caller's umask. */
    run->inherited_umask = umask(S_IRWXG | S_IRWXO);
    return run->must_restore = true;
}

void signals_restore(const struct run *run)
{
    if (!run->must_restore) return;
    (void)umask(run->inherited_umask);
    if (run->signals >= 0) (void)sigaction(SIGCHLD, &run->inherited_sigchld, NULL);
    signal_restore_mask(run);
}

bool signals_open(struct run *run)
{
    struct pollfd fds[POLLED_FDS];
    for (int i = 0; i < POLLED_FDS; i++) fds[i] = (struct pollfd){.fd = -1};
    /* If a call is refused that the launcher needs, the hook runs without it. */
    bool can_poll = poll(fds, POLLED_FDS, 0) == 0;
    bool can_wait = waitpid(run->pid, NULL, WNOHANG) < 0 && errno == ECHILD;
    /* kill(-1, ...) would reach every process of the user. */
    bool knows_itself = run->pid > 0;
    return knows_itself && can_poll && can_wait && signal_listen(run);
}

/* A guess without a sentinel: the hook and its children signal the group, or the launcher alone. */
static bool has_reached_hook(const struct run *run, const struct arrival *arrival)
{
    int number = arrival->number;
    struct process sender;
    if (run->sentinel <= 0 && process_read(arrival->sender, &sender) && sender.parent == run->hook) return true;
    bool is_from_terminal = number == SIGINT || number == SIGQUIT || number == SIGTSTP || number == SIGWINCH;
    return arrival->sender == run->hook || (arrival->is_from_kernel && is_from_terminal);
}

static void handle_signal(struct run *run, const struct arrival *arrival)
{
    int number = arrival->number;
    if (signals_is_stop(number)) {
        run->stop_requested_us = clock_us();
    } else if (!signals_is_harmless(number)) {
        run->was_asked_to_end = true;
        record_signal(run, number);
    }
    /* --timeout does not count the time while the launcher is stopped. */
    if (number == SIGCONT && run->options.timeout_us > 0) run->stopped_us += clock_us() - run->checked_us;
    bool is_for_group = sentinel_take(number);
    if (!is_for_group && !has_reached_hook(run, arrival)) signal_forward(run, arrival);
}

/* Reads all signals before it asks the sentinel, which has received those to the group by then. */
void signals_handle(struct run *run)
{
    struct arrival arrivals[32];
    size_t count = 0, max = sizeof arrivals / sizeof *arrivals;
    bool is_queried = false;
    while (count < max && signal_read(run, &arrivals[count])) count++;
    for (size_t i = 0; i < count; i++) {
        int number = arrivals[i].number;
        /* The latter is the SIGPIPE of the launcher's own write. */
        if (number == SIGCHLD || arrivals[i].sender == run->pid) continue;
        if (run->hook == 0) {
            if (!signals_is_harmless(number) && !signals_is_stop(number)) run->late_signal = number;
            continue;
        }
        if (!is_queried) sentinel_query(run);
        is_queried = true;
        handle_signal(run, &arrivals[i]);
    }
    for (size_t i = 0; i < count; i++) sentinel_reset(arrivals[i].number);
}

/* The hook stopped because of a forwarded signal: so does the launcher, as the hook would bare. */
void signals_stop_self(struct run *run)
{
    int number = run->stop_signal;
    int64_t now = clock_us();
    if (run->stop_requested_us == 0 || now - run->stop_requested_us > STOP_WINDOW_US) return;
    run->stop_requested_us = 0;
    run->stop_signal = 0;
#ifdef __linux__
    (void)kill(run->pid, number);
    signal_unblock(number);
    (void)signal_block(NULL);
#else
    (void)number;
    (void)kill(run->pid, SIGSTOP);
#endif
    run->checked_us = clock_us();
    run->stopped_us += run->checked_us - now;
}
