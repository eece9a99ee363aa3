/* The only loop: waits for signals and bytes, and handles them. Its caller decides when a phase ends. */
#include "loop.h"
#include "leave.h"
#include "run.h"
#include "sentinel.h"
#include "signals.h"
#include "witness.h"

enum { RETRY_PAUSE_MS = 10 }; /* after a call that the system refuses */

static void reap(struct run *run)
{
    int status;
    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (pid <= 0) return;
        if (pid == run->sentinel && (WIFEXITED(status) || WIFSIGNALED(status))) run->sentinel = -1;
        if (pid == run->witness && (WIFEXITED(status) || WIFSIGNALED(status))) run->witness = -1;
        if (pid != run->hook) continue;
        run->stop_signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
        if (WIFSTOPPED(status) || WIFCONTINUED(status)) continue;
        sentinel_end(run);
        witness_end(run);
        run->duration_us = clock_us() - run->spawned_us;
        run->phase = FLUSHING;
        run->hook = 0;
        run->kind = WIFSIGNALED(status) ? SIGNALED : EXITED;
        run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
}

static void handle_signals(struct run *run)
{
    if (run->phase == REPLAYING) {
        leave_before_hook(run);
        return;
    }
    signals_handle(run);
    reap(run);
    if (run->stop_signal != 0) signals_stop_self(run);
}

void loop_forward(struct run *run, struct stream *stream)
{
    if (stream->flow == HOLDING) return;
    stream_write(stream);
    if (stream->from >= 0 || stream->to < 0 || stream->length > 0) return;
    /* The reader must see the end; after the hook's exit, the launcher's own exit shows it to the caller. */
    if (stream->number == STDIN || run->phase == RUNNING || run->phase == HANDING_OVER) {
        close(stream->to);
        if (stream->number == STDOUT && run->is_merged) close(STDERR);
    }
    stream->to = -1;
}

bool loop_turn(struct run *run, int wait_ms)
{
    bool reads_signals = run->phase != PREPARING && run->phase != HANDING_OVER;
    int count = run->phase == PREPARING ? 1 : STREAMS;
    struct pollfd fds[POLLED_FDS] = {{.fd = reads_signals ? run->signals : -1, .events = POLLIN}};
    for (int i = 0; i < count; i++) {
        struct stream *stream = &run->streams[i];
        bool can_read = stream->from >= 0 && stream_room(stream) > 0;
        fds[1 + 2 * i] = (struct pollfd){.fd = can_read ? stream->from : -1, .events = POLLIN};
        /* A write to anything else waits by itself. */
        bool can_wait = stream->to_pipe || stream->to_socket || i == STDIN;
        fds[2 + 2 * i] = (struct pollfd){.fd = can_wait ? stream->to : -1, .events = stream_is_waiting(stream) ? POLLOUT : 0};
    }
    int ready = poll(fds, (nfds_t)(1 + 2 * count), wait_ms);
    /* poll worked in `signals_open`, so it will again. */
    if (ready < 0 && errno != EINTR) (void)poll(NULL, 0, RETRY_PAUSE_MS);
    if (ready <= 0) return ready < 0;
    if (fds[0].revents != 0) handle_signals(run);
    for (int i = 0; i < count; i++) {
        struct stream *stream = &run->streams[i];
        if ((fds[2 + 2 * i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) stream_close(stream);
        if (fds[1 + 2 * i].revents != 0 && stream->from >= 0) stream_read(stream);
        loop_forward(run, stream);
    }
    return true;
}
