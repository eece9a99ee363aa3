/*
 * A signal does not say whether it was sent to the launcher alone or to the process group, hook included. The sentinel,
 * another process in the group, reports what it receives: that was sent to the group. Linux signals the newest member
 * of a group first, so the sentinel has a signal before the launcher. If it cannot start, signals.c guesses.
 */
#include "sentinel.h"
#include "fd.h"
#include "run.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum {
    QUERY_SIGNAL = 64,      /* the last signal; the sentinel takes the lowest first, so it has reported all others */
    REPLY_TIMEOUT_MS = 100, /* after this long without a reply, the sentinel is ended */
};

static int reply_fd = -1; /* a byte for each signal; 0 replies to the query */
static unsigned counts[QUERY_SIGNAL + 1];

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
#endif

void sentinel_start(struct run *run)
{
    run->sentinel = -1;
#ifdef __linux__
    int ends[2];
    if (!fd_pair(false, ends)) return;
    run->sentinel = fork();
    if (run->sentinel == 0) report_signals(run->pid, ends[1]);
    close(ends[1]);
    reply_fd = ends[0];
#endif
}

void sentinel_query(struct run *run)
{
    struct pollfd source = {.fd = reply_fd, .events = POLLIN};
    unsigned char byte;
    bool is_queried = run->sentinel > 0 && kill(run->sentinel, QUERY_SIGNAL) == 0;
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
