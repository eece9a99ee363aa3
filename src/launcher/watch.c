/* The run itself: one loop that moves what can be moved, and looks at the clock. */
#include "launcher.h"

#include <sys/ioctl.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum {
    SILENCE_MS = 10,            /* with no news of the payload, the hook starts with what has come */
    BUSY_PAUSES = 25,           /* so many times more, where the caller may not have got around to it */
    CALLERS = 3,
    PAYLOAD_US = 250000,        /* for all of a payload, where a dedupe key is made of it */
    STALL_MS = 50,              /* after so long, who has not moved is not waited for */
    LINGER_US = 1000000,        /* most that the hook's end is put off for what is on its way */
    SHORT_US = 5000,            /* a run that is over by then needs no start time on record, and pays for none */
    ALONE_US = 1000,            /* a run that is over by then needs no sentinel either; few hooks have handlers so soon */
    TICK_US = 100000,
    PAUSE_MS = 10,              /* between two calls that the system refuses */
    TIMEOUT_EXIT_CODE = 124,
    FIRST_CALLS = 1024,         /* to the clock, more than a short run makes */
};

/*
 * Asked of the system itself at first: the C library's short cut lies in pages of its own, and touching them costs
 * more than the few calls of a short run.
 */
void read_clock(clockid_t clock, struct timespec *now)
{
#if defined __linux__ && defined __LP64__
    static int calls;
    if (calls < FIRST_CALLS) {
        calls++;
        if (syscall(SYS_clock_gettime, clock, now) == 0) return;
    }
#endif
    (void)clock_gettime(clock, now);
}

int64_t now_us(void)
{
    struct timespec now = {0};
    read_clock(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Whether nothing that is still to come of the payload could tell anything: it is one whole object, or is none. */
static bool is_whole(struct stream *input)
{
    if (input->spill_end > 0) return false;
    stdout_kind_push(&input->kind, input->buffer + input->checked, input->length - input->checked);
    input->checked = input->length;
    return stdout_kind_is_settled(&input->kind);
}

/* Whether one of those that started us, a shell and its caller as a rule, runs or wants to: it may be about to write. */
static bool is_caller_busy(void)
{
    struct process caller = {.parent = getppid()};
    for (int level = 0; level < CALLERS && read_process(caller.parent, &caller); level++)
        if (caller.state == 'R' || caller.state == 'D') return true;
    return false;
}

/*
 * Takes what is already there of the payload: a line, an object, all of it, 8 MiB, or what comes without a pause. Of a
 * caller that has much to do, a pause means nothing; for a while.
 */
void take_prelude(struct stream *input)
{
    struct pollfd source = {.fd = input->from, .events = POLLIN};
    int patience = BUSY_PAUSES;
    input->is_held = true;
    while (input->from >= 0 && !input->ends_line && input->total < HOLD_BYTES && room(input) > 0) {
        int ready = poll(&source, 1, 0);
        if (ready == 0 && is_whole(input)) break;
        if (ready == 0) ready = poll(&source, 1, SILENCE_MS);
        if (ready > 0) take(input);
        else if (ready < 0 && errno != EINTR) break;
        else if (ready == 0 && (patience-- == 0 || !is_caller_busy())) break;
    }
    input->is_held = false;
}

bool take_payload(struct stream *input)
{
    struct pollfd source = {.fd = input->from, .events = POLLIN};
    int64_t until = now_us() + PAYLOAD_US;
    input->is_held = input->is_followed = true;
    while (input->from >= 0 && stdout_kind_of(&input->kind) != KIND_JSON && input->total < HOLD_BYTES &&
           room(input) > 0) {
        int64_t left = until - now_us();
        int ready = left > 0 ? poll(&source, 1, (int)(left / 1000) + 1) : 0;
        if (ready > 0) take(input);
        else if (ready == 0 || errno != EINTR) break;
    }
    bool is_complete = input->from < 0 || stdout_kind_of(&input->kind) == KIND_JSON;
    input->is_held = input->is_followed = false;
    return is_complete;
}

void hear_out(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    struct pollfd source = {.fd = input->from, .events = POLLIN};
    int64_t until = now_us() + LINGER_US;
    abandon(input);
    while (input->from >= 0 && !input->ends_line && now_us() < until && poll(&source, 1, STALL_MS) > 0) take(input);
}

static void reap(struct run *run)
{
    int status;
    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (pid <= 0) return;
        if (pid == run->claim.helper && (WIFEXITED(status) || WIFSIGNALED(status))) run->claim.helper = 0;
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
        bool takes_more = stream->from >= 0 && room(stream) > 0;
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
        if ((fds[2 + 2 * i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) abandon(stream);
        if (fds[1 + 2 * i].revents != 0 && stream->from >= 0) take(stream);
        if (!stream->is_held) give(stream);
        pass_on_end(run, stream);
    }
    return true;
}

static bool is_stuck(const struct stream *stream)
{
    return stream->length > 0 && !stream->is_stalled && stream->to >= 0;
}

/* What is due by the clock is done; how long, in ms, until something else is. */
static int keep_time(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t now = now_us(), next = INT64_MAX, due;
    if (run->sentinel == 0 && !run->has_exited) {
        due = run->spawned_us + ALONE_US;
        if (now >= due) start_sentinel(run);
        else next = due;
    }
    if (!run->has_lasted && !run->has_exited) {
        due = run->spawned_us + SHORT_US;
        run->has_lasted = now >= due;
        if (run->has_lasted) record_pid_start(run);
        else if (due < next) next = due;
    }
    if (is_stuck(input)) {
        due = input->moved_us + STALL_MS * 1000;
        if (now >= due) input->is_stalled = true;
        else if (due < next) next = due;
    }
    if (run->options.timeout_us > 0) {
        /* So often at least that how long we were stopped can be told. */
        if (now + TICK_US < next) next = now + TICK_US;
        run->looked_us = now;
        due = run->ending_us == 0 ? run->spawned_us + run->options.timeout_us + run->stopped_us : run->look_us;
        if (now >= due && run->ending_us == 0) run->ending_us = due = now;
        if (due < next) next = due;
    }
    if (next == INT64_MAX) return -1;
    return next <= now ? 0 : (int)((next - now + 999) / 1000 < INT_MAX ? (next - now + 999) / 1000 : INT_MAX);
}

/*
 * After the hook's exit: all it wrote is there by now, and is passed on; what comes later is its background
 * children's. A caller in the middle of a line is heard out.
 */
static void settle(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = now_us() + LINGER_US;
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        int waiting = 0;
        if (output->from >= 0 && ioctl(output->from, FIONREAD, &waiting) == 0)
            output->goal = output->total + (uint64_t)waiting;
    }
    for (bool is_busy = true; is_busy && now_us() < until;) {
        is_busy = input->from >= 0 && input->total > 0 && !input->ends_line;
        for (int i = STDOUT; i < STREAMS; i++) {
            struct stream *output = &run->streams[i];
            bool is_unread = output->from >= 0 && output->total < output->goal;
            is_busy = is_busy || is_unread || (output->length > 0 && !output->is_held);
        }
        if (is_busy && !move_bytes(run, STALL_MS)) break;
    }
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (output->goal != UINT64_MAX && output->total < output->goal) output->is_cut = true;
        output->goal = UINT64_MAX;
    }
    if (run->streams[STDOUT].from >= 0 || run->streams[STDERR].from >= 0) (void)move_bytes(run, 0);
}

/* Under --guard a hook that fails leaves nothing behind, but for more output than could be held. */
static void release(struct run *run)
{
    bool is_well = run->kind == EXITED && (run->exit_code == 0 || run->exit_code == 2);
    for (int i = STDOUT; i < STREAMS; i++) {
        struct stream *output = &run->streams[i];
        if (output->is_held && !is_well) {
            drop(output);
            output->to = -1;
        }
        output->is_held = false;
        give(output);
    }
    run->is_pardoned = !is_well;
    settle(run);
}

/* Whether the hook still runs or, once its time is out, anything that it started. */
static bool goes_on(struct run *run)
{
    if (run->ending_us != 0 && now_us() >= run->look_us) run->has_descendants = end_tree(run);
    return !run->has_exited || run->has_descendants;
}

void watch(struct run *run)
{
    struct stream *input = &run->streams[STDIN], *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    out->is_held = err->is_held = run->options.guard;
    give(input);
    pass_on_end(run, input);
    while (goes_on(run)) {
        (void)move_bytes(run, keep_time(run));
        if (out->total > HOLD_BYTES || room(out) == 0) out->is_held = false;
        if (err->total > HOLD_BYTES || room(err) == 0) err->is_held = false;
    }
    if (run->ending_us != 0) {
        run->kind = TIMED_OUT;
        run->signal = 0;
        run->exit_code = TIMEOUT_EXIT_CODE;
        (void)JOIN(run->timed_out, sizeof run->timed_out, "timed out after ", run->options.timeout, " s");
        run->reason = run->timed_out;
    }
    abandon(input);
    settle(run);
    if (run->options.guard) release(run);
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
    int kept[] = {out->from, out->to, out->spill, err->from, err->to, err->spill};
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
