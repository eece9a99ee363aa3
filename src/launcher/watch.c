/* The run from the hook's start to the launcher's exit: how long each phase lasts. */
#include "watch.h"
#include "fail_open.h"
#include "fd.h"
#include "input.h"
#include "loop.h"
#include "record.h"
#include "run.h"
#include "sentinel.h"
#include "timeout.h"
#include "witness.h"

#include <sys/ioctl.h>

enum {
    STALL_TIMEOUT_MS = 50,      /* after this long without progress, nobody waits for a reader */
    SHARED_TIMEOUT_MS = 1000,   /* the same, if bytes may be the hook's or its background children's */
    SHORT_RUN_US = 5000,        /* a shorter run needs no start time on record */
    HELPERS_DELAY_US = 250000,  /* a shorter run needs no sentinel and no witness: agents signal a group on a timeout */
    TICK_US = 100000,
};

/* Whether `due` has come; if not, `next` is no later than that. */
static bool is_due(int64_t due, int64_t now, int64_t *next)
{
    if (now < due && due < *next) *next = due;
    return now >= due;
}

/* Does what is due; returns how many ms are left until the next timer, or -1. */
static int run_timers(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t now = clock_us(), next = INT64_MAX;
    bool runs = run->phase == RUNNING;
    if (runs && run->sentinel == 0 && is_due(run->spawned_us + HELPERS_DELAY_US, now, &next)) {
        sentinel_start(run);
        witness_start(run);
    }
    if (runs && !run->is_long_run && is_due(run->spawned_us + SHORT_RUN_US, now, &next)) {
        run->is_long_run = true;
        record_pid_start(run);
    }
    bool is_stuck = stream_is_waiting(input) && input->flow == PASSING;
    if (is_stuck && is_due(input->progress_us + STALL_TIMEOUT_MS * 1000, now, &next)) input->flow = ABSORBING;
    if (run->options.timeout_us > 0) {
        int64_t due = run->expired_us == 0 ? run->spawned_us + run->options.timeout_us + run->stopped_us
                                           : run->next_check_us;
        /* Often enough to measure how long the launcher was stopped. */
        (void)is_due(now + TICK_US, now, &next);
        run->checked_us = now;
        if (is_due(due, now, &next)) {
            next = now;
            if (run->expired_us == 0) run->expired_us = now;
        }
    }
    return next == INT64_MAX ? -1 : (int)((next - now + 999) / 1000);
}

static bool exceeds_hold(struct stream *output)
{
    return output->total > MAX_HELD_BYTES || (output->total < output->read_limit && stream_room(output) == 0);
}

/* If more came than can be held, forwards it after all; then nothing can be forgiven. */
static bool turn_holding(struct run *run, int wait_ms)
{
    struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    bool has_moved = loop_turn(run, wait_ms);
    if (!run->can_forgive || !(exceeds_hold(out) || exceeds_hold(err))) return has_moved;
    run->can_forgive = false;
    out->flow = err->flow = PASSING;
    return true;
}

/* By now all that the hook wrote is there; what comes later is from its background children. */
static void set_read_limits(struct run *run)
{
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        struct pollfd source = {.fd = output->from, .events = POLLIN};
        int waiting = 0;
        output->flush_timeout_ms = -1;
        if (output->from < 0 || ioctl(output->from, FIONREAD, &waiting) != 0) continue;
        output->read_limit = output->total + (uint64_t)waiting;
        bool is_shared = poll(&source, 1, 0) >= 0 && (source.revents & POLLHUP) == 0;
        bool is_flooded = waiting > CHUNK_BYTES - PIPE_BUF;
        if (is_shared) output->flush_timeout_ms = is_flooded ? STALL_TIMEOUT_MS : SHARED_TIMEOUT_MS;
    }
}

/*
 * How many ms to wait for progress on the hook's output after `silence_us` without any; 0 if none is left. Bare, the
 * hook would wait without limit (-1); but if others wrote there, too, it is unknown whose bytes are left.
 */
static int flush_wait_ms(const struct run *run, int64_t silence_us)
{
    int64_t longest = 0;
    for (int i = STDOUT; i < STREAMS; i++) {
        const struct stream *output = &run->streams[i];
        bool is_unread = output->from >= 0 && output->total < output->read_limit;
        if (!is_unread && !stream_is_waiting(output)) continue;
        int max = run->expired_us != 0 || run->was_asked_to_end ? STALL_TIMEOUT_MS : output->flush_timeout_ms;
        if (max < 0) return -1;
        if (max > longest) longest = max;
    }
    return longest * 1000 > silence_us ? (int)(longest - silence_us / 1000) : 0;
}

/* Whether a caller closed a pipe that the hook would still write to, which usually kills the hook. */
static bool would_sigpipe(const struct stream *output)
{
    struct sigaction inherited;
    bool is_ignored = sigaction(SIGPIPE, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
    return output->to < 0 && output->to_pipe && output->flush_timeout_ms < 0 && !is_ignored;
}

/* Ends by a signal that would have killed the hook as it wrote: nobody gets what it had not written by then. */
static void end_by_late_signal(struct run *run)
{
    for (int i = STDOUT; i < STREAMS; i++) {
        stream_discard(&run->streams[i]);
        if (run->streams[i].flush_timeout_ms < 0) stream_close(&run->streams[i]);
    }
    run->kind = SIGNALED;
    run->signal = run->late_signal;
    run->exit_code = 0;
}

/* After the hook's exit: the launcher waits where the hook would wait bare, and ends by what would end the hook. */
static void flush_outputs(struct run *run)
{
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    bool is_ending = run->expired_us != 0, has_waited = false;
    int64_t exited_us = clock_us(), progress_us = exited_us;
    int wait;
    set_read_limits(run);
    while ((wait = flush_wait_ms(run, clock_us() - progress_us)) != 0 && run->late_signal == 0) {
        int due = is_ending ? -1 : run_timers(run);
        if (!is_ending && run->expired_us != 0) break;
        bool out_waits = stream_is_waiting(out), err_waits = stream_is_waiting(err);
        has_waited = has_waited || out_waits || err_waits;
        if (turn_holding(run, due >= 0 && (wait < 0 || due < wait) ? due : wait)) progress_us = clock_us();
        if ((out_waits && would_sigpipe(out)) || (err_waits && would_sigpipe(err))) run->late_signal = SIGPIPE;
    }
    /* Bare, the hook would have been writing all that time. */
    if (has_waited) run->duration_us += clock_us() - exited_us;
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (output->read_limit != UINT64_MAX && output->total < output->read_limit) output->is_incomplete = true;
        output->read_limit = UINT64_MAX;
    }
    if (run->late_signal == SIGPIPE || (wait != 0 && run->late_signal != 0)) end_by_late_signal(run);
    else if (out->from >= 0 || err->from >= 0) (void)loop_turn(run, 0);
}

static void release_held(struct run *run)
{
    run->is_forgiven = fail_open_forgives(run);
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (run->is_forgiven) {
            stream_discard(output);
            output->to = -1;
        }
        output->flow = PASSING;
        stream_write(output);
    }
    flush_outputs(run);
}

/* Whether the hook still runs or, after a timeout, one of its descendants. */
static bool is_active(struct run *run)
{
    if (run->expired_us != 0 && clock_us() >= run->next_check_us) run->has_descendants = timeout_kill_tree(run);
    return run->phase == RUNNING || run->has_descendants;
}

static void run_until_exit(struct run *run)
{
    while (is_active(run)) (void)turn_holding(run, run_timers(run));
}

void watch_hook(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    run->streams[STDOUT].flow = run->streams[STDERR].flow = run->can_forgive ? HOLDING : PASSING;
    input->flow = PASSING;
    if (input->to < 0) stream_discard(input);
    run->phase = RUNNING;
    loop_forward(run, input);
    run_until_exit(run);
    stream_close(input);
    stream_count_file(input);
    flush_outputs(run);
    /* The time may have run out while the caller read nothing. */
    run_until_exit(run);
    if (run->expired_us != 0) timeout_set_result(run);
    if (run->can_forgive) release_held(run);
}

static bool is_unfinished(const struct stream *output)
{
    return output->from >= 0 || stream_is_waiting(output);
}

/* Output of a forgiven hook's background children is read, so that they get no SIGPIPE, and discarded. */
void watch_hand_over(struct run *run)
{
    struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    if (run->duration_us < 0 || !(is_unfinished(out) || is_unfinished(err))) return;
    pid_t pid = fork();
    if (pid > 0) return;
    int kept[] = {out->from, out->to, err->from, err->to};
    if (pid == 0) fd_close_all_but(kept, sizeof kept / sizeof *kept);
    run->phase = HANDING_OVER;
    run->streams[STDIN].from = -1;
    if (pid < 0) signal_restore_mask(run);
    while (is_unfinished(out) || is_unfinished(err)) (void)loop_turn(run, -1);
    /* Without a new process, the launcher stays until the end itself. */
    if (pid == 0) _exit(0);
}
