/* The run itself: one loop that moves what can be moved, and looks at the clock. */
#include "launcher.h"

#include <sys/ioctl.h>

enum {
    STALL_MS = 50,              /* after so long, who has not moved is not waited for */
    SHARED_MS = 1000,           /* the same where bytes may be the hook's, or its background children's */
    SHORT_US = 5000,            /* a run that is over by then needs no start time on record, and pays for none */
    ALONE_US = 250000,          /* a run that is over by then needs no sentinel: agents signal a group when time is out */
    TICK_US = 100000,
    PAUSE_MS = 10,              /* between two calls that the system refuses */
};

static void reap(struct run *run)
{
    int status;
    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (pid <= 0) return;
        if (pid == run->sentinel && (WIFEXITED(status) || WIFSIGNALED(status))) run->sentinel = -1;
        if (pid != run->hook) continue;
        run->stopped_by = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
        if (WIFSTOPPED(status) || WIFCONTINUED(status)) continue;
        end_sentinel(run);
        run->duration_us = now_us() - run->spawned_us;
        run->has_exited = true;
        run->hook = 0;
        run->kind = WIFSIGNALED(status) ? SIGNALED : EXITED;
        run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
}

/* What has come to its end is closed, so that the other side sees it. */
static void pass_on_end(struct run *run, struct stream *stream)
{
    if (stream->from >= 0 || stream->to < 0 || stream->length > 0 || stream->is_held) return;
    if (stream->number == STDIN || !run->has_exited) {
        close(stream->to);
        if (stream->number == STDOUT && run->is_merged) close(STDERR);
    }
    stream->to = -1;
}

bool move_bytes(struct run *run, int wait_ms)
{
    struct pollfd fds[WATCHED] = {{.fd = run->signals, .events = POLLIN}};
    for (int i = 0; i < STREAMS; i++) {
        struct stream *stream = &run->streams[i];
        bool is_waiting = stream->length > 0 && !stream->is_held;
        bool takes_more = stream->from >= 0 && stream_room(stream) > 0;
        fds[1 + 2 * i] = (struct pollfd){.fd = takes_more ? stream->from : -1, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = stream->to, .events = is_waiting ? POLLOUT : 0};
    }
    int ready = poll(fds, sizeof fds / sizeof *fds, wait_ms);
    /* It worked at first, so it will again. */
    if (ready < 0 && errno != EINTR) (void)poll(NULL, 0, PAUSE_MS);
    if (ready <= 0) return ready < 0;
    if (fds[0].revents != 0) {
        take_signals(run);
        reap(run);
        if (run->stopped_by != 0) stop_too(run);
    }
    for (int i = 0; i < STREAMS; i++) {
        struct stream *stream = &run->streams[i];
        if ((fds[2 + 2 * i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) stream_close(stream);
        if (fds[1 + 2 * i].revents != 0 && stream->from >= 0) stream_read(stream);
        if (!stream->is_held) stream_write(stream);
        pass_on_end(run, stream);
    }
    return true;
}

static bool is_stuck(const struct stream *stream)
{
    return stream->length > 0 && !stream->is_stalled && stream->to >= 0;
}

/* Whether that time has come; if not, it is one to look at the clock again. */
static bool is_due(int64_t due, int64_t now, int64_t *next)
{
    if (now < due && due < *next) *next = due;
    return now >= due;
}

/* What is due by the clock is done; how long, in ms, until something else is. */
static int keep_time(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t now = now_us(), next = INT64_MAX;
    bool runs = !run->has_exited;
    if (runs && run->sentinel == 0 && is_due(run->spawned_us + ALONE_US, now, &next)) start_sentinel(run);
    if (runs && !run->has_lasted && is_due(run->spawned_us + SHORT_US, now, &next)) {
        run->has_lasted = true;
        record_pid_start(run);
    }
    if (is_stuck(input) && is_due(input->moved_us + STALL_MS * 1000, now, &next)) input->is_stalled = true;
    if (run->options.timeout_us > 0) {
        int64_t due = run->ending_us == 0 ? run->spawned_us + run->options.timeout_us + run->stopped_us : run->look_us;
        /* So often at least that how long we were stopped can be told. */
        (void)is_due(now + TICK_US, now, &next);
        run->looked_us = now;
        if (is_due(due, now, &next)) next = now;
        if (next == now && run->ending_us == 0) run->ending_us = now;
    }
    if (next == INT64_MAX) return -1;
    return next <= now ? 0 : (int)((next - now + 999) / 1000 < INT_MAX ? (next - now + 999) / 1000 : INT_MAX);
}

/* What the hook wrote is all there by now; what comes later is its background children's, if it has any. */
static void find_goals(struct run *run)
{
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        struct pollfd source = {.fd = output->from, .events = POLLIN};
        int waiting = 0;
        output->is_shared = false;
        if (output->from < 0 || ioctl(output->from, FIONREAD, &waiting) != 0) continue;
        output->goal = output->total + (uint64_t)waiting;
        output->is_shared = poll(&source, 1, 0) >= 0 && (source.revents & POLLHUP) == 0;
        output->is_flooded = waiting > CHUNK_BYTES - PIPE_BUF;
    }
}

static bool is_blocked(const struct stream *output)
{
    return output->length > 0 && !output->is_held && output->to >= 0;
}

/*
 * How long to wait until more of what the hook wrote is the caller's, in ms: without end, since bare the hook would
 * still be writing it; but that nobody knows where others wrote there too. 0 once there is nothing to wait for.
 */
static int patience(const struct run *run)
{
    int longest = 0;
    for (int i = STDOUT; i < STREAMS; i++) {
        const struct stream *output = &run->streams[i];
        bool is_unread = output->from >= 0 && output->total < output->goal;
        if (!is_unread && !is_blocked(output)) continue;
        bool is_brief = run->ending_us != 0 || run->is_told_to_end || (output->is_shared && output->is_flooded);
        int wait = is_brief ? STALL_MS : output->is_shared ? SHARED_MS : -1;
        if (wait < 0) return -1;
        if (wait > longest) longest = wait;
    }
    return longest;
}

/* By a signal that would have ended the hook as it wrote: what it had not yet written then, nobody gets. */
static void die_late(struct run *run)
{
    for (int i = STDOUT; i < STREAMS; i++) {
        stream_drop(&run->streams[i]);
        if (!run->streams[i].is_shared) stream_close(&run->streams[i]);
    }
    run->kind = SIGNALED;
    run->signal = run->late_signal;
    run->exit_code = 0;
}

/* A caller that closes a pipe to which the hook would still be writing ends it, as a rule. */
static void note_closing(struct run *run, const struct stream *output)
{
    bool is_deadly = output->to < 0 && output->to_pipe && !output->is_shared;
    struct sigaction inherited;
    bool is_ignored = sigaction(SIGPIPE, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
    if (is_deadly && !is_ignored) run->late_signal = SIGPIPE;
}

/* After the hook's exit. What keeps us here then would have kept the hook, and ends us as it would have ended that. */
static void settle(struct run *run)
{
    bool is_ending = run->ending_us != 0;
    int wait;
    find_goals(run);
    while ((wait = patience(run)) != 0 && run->late_signal == 0) {
        bool out_is_blocked = is_blocked(&run->streams[STDOUT]), err_is_blocked = is_blocked(&run->streams[STDERR]);
        int64_t before = now_us();
        int due = is_ending ? -1 : keep_time(run);
        if (!is_ending && run->ending_us != 0) break;
        bool is_due_first = due >= 0 && (wait < 0 || due < wait);
        bool has_moved = move_bytes(run, is_due_first ? due : wait);
        if (out_is_blocked || err_is_blocked) run->duration_us += now_us() - before;
        if (out_is_blocked) note_closing(run, &run->streams[STDOUT]);
        if (err_is_blocked) note_closing(run, &run->streams[STDERR]);
        if (!has_moved && !is_due_first) break;
    }
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (output->goal != UINT64_MAX && output->total < output->goal) output->is_cut = true;
        output->goal = UINT64_MAX;
    }
    if (run->late_signal == SIGPIPE || (wait != 0 && run->late_signal != 0)) die_late(run);
    else if (run->streams[STDOUT].from >= 0 || run->streams[STDERR].from >= 0) (void)move_bytes(run, 0);
}

static void release(struct run *run)
{
    run->is_pardoned = is_pardoned(run);
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (output->is_held && run->is_pardoned) {
            stream_drop(output);
            output->to = -1;
        }
        output->is_held = false;
        stream_write(output);
    }
    settle(run);
}

/* Whether the hook still runs or, once its time is out, anything that it started. */
static bool goes_on(struct run *run)
{
    if (run->ending_us != 0 && now_us() >= run->look_us) run->has_descendants = end_tree(run);
    return !run->has_exited || run->has_descendants;
}

static bool is_too_much(struct stream *output)
{
    return output->total > HOLD_BYTES || stream_room(output) == 0;
}

/* More than could be held is passed on after all; then there is nothing left to forgive. */
static void attend(struct run *run)
{
    struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    while (goes_on(run)) {
        (void)move_bytes(run, keep_time(run));
        if (run->is_forgiving && (is_too_much(out) || is_too_much(err)))
            run->is_forgiving = out->is_held = err->is_held = false;
    }
}

void watch(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    run->streams[STDOUT].is_held = run->streams[STDERR].is_held = run->is_forgiving;
    if (input->to < 0) stream_drop(input);
    stream_write(input);
    pass_on_end(run, input);
    attend(run);
    stream_close(input);
    input_count_file(input);
    settle(run);
    /* Its time may have run out while the caller read nothing. */
    attend(run);
    if (run->ending_us != 0) note_timeout(run);
    if (run->is_forgiving) release(run);
}

/*
 * What the background children of a pardoned hook write is read, so that they get no SIGPIPE, and given to nobody. The
 * caller's end is not kept open for it.
 */
static void cut_short(const struct run *run, struct stream *output)
{
    if (!run->is_pardoned || output->to < 0 || output->length > 0) return;
    close(output->to);
    output->to = -1;
}

void hand_over(struct run *run)
{
    struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    bool has_out = out->from >= 0 || (out->to >= 0 && out->length > 0);
    bool has_err = err->from >= 0 || (err->to >= 0 && err->length > 0);
    pid_t pid = has_out || has_err ? fork() : getpid();
    if (pid > 0) return;
    int kept[] = {out->from, out->to, err->from, err->to};
    if (pid == 0) close_all_but(kept, sizeof kept / sizeof *kept);
    run->signals = run->streams[STDIN].from = -1;
    run->has_exited = false;
    if (pid < 0) restore_mask(run);
    while (out->from >= 0 || out->length > 0 || err->from >= 0 || err->length > 0) {
        cut_short(run, out);
        cut_short(run, err);
        (void)move_bytes(run, -1);
    }
    /* Where no process was to be had we stay until the end ourselves. */
    if (pid == 0) _exit(0);
}
