/*
 * Signals sent to us reach the hook. All are blocked here from before anything is read until the end: what comes before
 * the hook has started waits for it, and is passed on then. What was sent to the whole process group is not passed on,
 * since the hook has it already; sentinel.c knows.
 */
#include "signals.h"
#include "record.h"
#include "run.h"
#include "sentinel.h"

enum { STOP_WINDOW_US = 1000000 }; /* so long after it was told to, a hook that stops does so for that */

bool signals_is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

bool signals_is_harmless(int number)
{
    return number == SIGCHLD || number == SIGCONT || number == SIGWINCH || number == SIGURG;
}

bool signals_hold(struct run *run)
{
    if (!signal_block(&run->inherited_mask)) return false;
    /* What we make is ours to read, whatever mask the caller has. */
    run->inherited_umask = umask(S_IRWXG | S_IRWXO);
    return run->must_restore = true;
}

void signals_give_back(const struct run *run)
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
    /* Where one of the calls that we live by is refused, the hook is to run without us. */
    bool can_poll = poll(fds, POLLED_FDS, 0) == 0;
    bool can_wait = waitpid(run->pid, NULL, WNOHANG) < 0 && errno == ECHILD;
    return can_poll && can_wait && signal_listen(run);
}

/* Where there is no sentinel, or not yet: what the hook or a child of it sent was for the group, or for us alone. */
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
    /* While we are stopped the time of --timeout stands still. */
    if (number == SIGCONT && run->options.timeout_us > 0) run->stopped_us += clock_us() - run->checked_us;
    bool is_for_group = sentinel_has(number);
    if (!is_for_group && !has_reached_hook(run, arrival)) signal_pass_on(run, arrival);
}

/* All that has come is read before the sentinel is asked: it has had by then what was sent to it too. */
void signals_take(struct run *run)
{
    struct arrival arrivals[32];
    size_t count = 0, max = sizeof arrivals / sizeof *arrivals;
    bool is_queried = false;
    while (count < max && signal_read(run, &arrivals[count])) count++;
    for (size_t i = 0; i < count; i++) {
        int number = arrivals[i].number;
        /* The last is what the system sends us for a write of ours that nobody reads. */
        if (number == SIGCHLD || arrivals[i].sender == run->pid) continue;
        if (run->hook == 0) {
            if (!signals_is_harmless(number) && !signals_is_stop(number)) run->late_signal = number;
            continue;
        }
        if (!is_queried) sentinel_ask(run);
        is_queried = true;
        handle_signal(run, &arrivals[i]);
    }
    for (size_t i = 0; i < count; i++) sentinel_forget(arrivals[i].number);
}

/* A hook that was told to stop by way of us has stopped: so do we, as it would have bare. */
void signals_stop_too(struct run *run)
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
