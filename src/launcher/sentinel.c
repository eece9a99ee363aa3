/*
 * Nothing in a signal says whether it was sent to us alone or to the whole process group, the hook included. So another
 * process sits in the group, the sentinel, and tells of what comes: what it gets too was sent to the group. Linux signals
 * the members of a group from the newest to the oldest, so the sentinel has a signal before we do. Where it cannot be
 * started, signals.c guesses.
 */
#include "sentinel.h"
#include "fd.h"
#include "run.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum {
    QUERY_SIGNAL = 64,      /* the last signal: the sentinel takes the lowest first, so it has told of all before it answers */
    REPLY_TIMEOUT_MS = 100, /* so long it may take to be heard of */
};

static int reply_fd = -1; /* a byte for each signal that came, 0 where it was the question */
static unsigned counts[QUERY_SIGNAL + 1];

#ifdef __linux__
/* In the sentinel, where all signals are blocked. */
static _Noreturn void report_signals(pid_t owner, int out)
{
    static const uint64_t ALL = UINT64_MAX;
    siginfo_t info;
    bool dies_with_owner = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    pid_t parent = getppid(); /* 0 where that is in another pid namespace; less where the system does not tell */
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
    if (!fd_channel(false, ends)) return;
    run->sentinel = fork();
    if (run->sentinel == 0) report_signals(run->pid, ends[1]);
    close(ends[1]);
    reply_fd = ends[0];
#endif
}

void sentinel_ask(struct run *run)
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

bool sentinel_has(int number)
{
    if (counts[number] == 0) return false;
    counts[number]--;
    return true;
}

void sentinel_forget(int number)
{
    /* Of real-time signals each comes; of others several that come at once may be one here and two there. */
    if (number < 32) counts[number] = 0;
}

void sentinel_end(struct run *run)
{
    /* Where it cannot be ended it is not waited for: it ends with us. */
    if (run->sentinel > 0 && kill(run->sentinel, SIGKILL) != 0) run->sentinel = -1;
}

void sentinel_reap(struct run *run)
{
    if (run->sentinel > 0) (void)waitpid(run->sentinel, NULL, 0);
    run->sentinel = 0;
}
