/*
 * A signal does not say whether it was sent to the launcher alone or to the process group, hook included. The sentinel,
 * another process in the group, reports what it receives: that was sent to the group. Linux and macOS signal the newest
 * member of a group first, so the sentinel has a signal before the launcher. If it cannot start, signals.c guesses.
 */
#include "sentinel.h"
#include "fd.h"
#include "run.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#else
#include <sys/event.h>
#endif

enum {
    LAST_SIGNAL = 64,
    QUERY_SIGNAL = 64,      /* on Linux; the sentinel takes the lowest first, so it has reported all others */
    REPLY_TIMEOUT_MS = 100, /* after this long without a reply, the sentinel is ended */
};

static int reply_fd = -1; /* a byte for each signal; 0 replies to the query */
static unsigned counts[LAST_SIGNAL + 1];

#ifdef __linux__
/* Runs in the sentinel, with all signals blocked. */
static _Noreturn void report_signals(pid_t owner, int out)
{
    static const uint64_t ALL = UINT64_MAX;
    siginfo_t info;
    bool dies_with_owner = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    pid_t parent = getppid(); /* 0 in another pid namespace; negative if the system refuses */
    fd_close_all_but(&out, 1);
    while (dies_with_owner && (parent == owner || parent <= 0)) {
        long number = syscall(SYS_rt_sigtimedwait, &ALL, &info, NULL, sizeof ALL);
        if (number < 0 && errno == EINTR) continue;
        bool is_query = number == QUERY_SIGNAL && info.si_pid == parent;
        unsigned char byte = is_query ? 0 : (unsigned char)number;
        if (number < 0 || write(out, &byte, 1) != 1) break;
    }
    _exit(0);
}

static bool send_query(const struct run *run)
{
    return kill(run->sentinel, QUERY_SIGNAL) == 0;
}

#else

static int query_fd = -1; /* a byte is a query */

/* Runs in the sentinel, with all signals blocked; kqueue reports them nevertheless. */
static _Noreturn void report_signals(pid_t owner, int out, int queries)
{
    struct kevent change, events[NSIG + 2];
    int queue = kqueue(), count;
    sigset_t pending;
    unsigned char byte;
    fd_close_all_but((int[]){out, queries, queue}, 3);
    for (int number = 1; number < NSIG; number++) {
        EV_SET(&change, number, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
        (void)kevent(queue, &change, 1, NULL, 0, NULL);
    }
    EV_SET(&change, queries, EVFILT_READ, EV_ADD, 0, 0, NULL);
    bool hears = kevent(queue, &change, 1, NULL, 0, NULL) == 0;
    EV_SET(&change, owner, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    hears = hears && kevent(queue, &change, 1, NULL, 0, NULL) == 0 && sigpending(&pending) == 0;
    /* Those from before the queue had them; one that is counted twice does no harm. */
    for (byte = 1; hears && byte < NSIG; byte++)
        if (sigismember(&pending, byte) == 1 && write(out, &byte, 1) != 1) hears = false;
    while (hears && ((count = kevent(queue, NULL, 0, events, NSIG + 2, NULL)) >= 0 || errno == EINTR)) {
        bool is_queried = false;
        for (int i = 0; i < count; i++) {
            if (events[i].filter == EVFILT_PROC) _exit(0);
            is_queried = is_queried || events[i].filter == EVFILT_READ;
            byte = (unsigned char)events[i].ident;
            if (events[i].filter == EVFILT_SIGNAL && write(out, &byte, 1) != 1) _exit(0);
        }
        if (is_queried && (read(queries, &byte, 1) != 1 || write(out, "", 1) != 1)) break;
    }
    _exit(0);
}

static bool send_query(const struct run *run)
{
    (void)run;
    return write(query_fd, "", 1) == 1;
}

#endif

void sentinel_start(struct run *run)
{
    run->sentinel = -1;
    int ends[2];
    if (!fd_pair(false, ends)) return;
#ifdef __linux__
    run->sentinel = fork();
    if (run->sentinel == 0) report_signals(run->pid, ends[1]);
#else
    int queries[2];
    if (fd_pair(false, queries)) {
        run->sentinel = fork();
        if (run->sentinel == 0) report_signals(run->pid, ends[1], queries[0]);
        close(queries[0]);
        query_fd = queries[1];
    }
#endif
    close(ends[1]);
    reply_fd = ends[0];
}

void sentinel_query(struct run *run)
{
    struct pollfd source = {.fd = reply_fd, .events = POLLIN};
    unsigned char byte;
    bool is_queried = run->sentinel > 0 && send_query(run);
    while (is_queried && poll(&source, 1, REPLY_TIMEOUT_MS) > 0 && read(reply_fd, &byte, 1) == 1) {
        if (byte == 0) return;
        counts[byte]++;
    }
    sentinel_end(run);
}

bool sentinel_take(int number)
{
    if (counts[number] == 0) return false;
    counts[number]--;
    return true;
}

void sentinel_reset(int number)
{
    /* Real-time signals are queued; others may arrive here once and there twice. */
    if (number < 32) counts[number] = 0;
}

void sentinel_end(struct run *run)
{
    /* If it cannot be killed, nobody waits for it: it dies with the launcher. */
    if (run->sentinel > 0 && kill(run->sentinel, SIGKILL) != 0) run->sentinel = -1;
}

void sentinel_reap(struct run *run)
{
    if (run->sentinel > 0) (void)waitpid(run->sentinel, NULL, 0);
    run->sentinel = 0;
}
