/*
 * Nothing in a signal says whether it was sent to us alone or to the whole process group, the hook included. So another
 * process sits in the group, the sentinel, and counts what comes: what it gets too was sent to the group. Linux signals
 * the members of a group from the newest to the oldest, so the sentinel has a signal before we do.
 *
 * It shares our memory and descriptors, which makes it cheap to start. So it must not use the C library, whose state is
 * ours, and does nothing but system calls. Where it cannot be started, or its processor is another, signals.c guesses.
 */
#include "launcher.h"

#if defined __linux__ && (defined __x86_64__ || defined __aarch64__)

#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum {
    STACK_BYTES = 4096,
    LAST_SIGNAL = 64,
    ANSWER_US = 100000,     /* so long it may take to be heard of */
    NAP_NS = 20000,
};

static struct {
    _Atomic unsigned counts[LAST_SIGNAL + 1], asked, answered;
    pid_t owner;
    _Alignas(16) char stack[STACK_BYTES];
} shared;

static long call(long number, long a, long b, long c, long d)
{
#ifdef __x86_64__
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long which __asm__("x8") = number;
    register long first __asm__("x0") = a, second __asm__("x1") = b, third __asm__("x2") = c, fourth __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(first) : "r"(which), "r"(second), "r"(third), "r"(fourth) : "memory");
    return first;
#endif
}

/* All signals are blocked in it, and taken one by one: the lowest first, so the question comes last. */
__attribute__((no_sanitize("address", "undefined"))) static int count_signals(void *context)
{
    static const uint64_t ALL = UINT64_MAX;
    static siginfo_t info;
    (void)context;
    long refused = call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    long parent = call(SYS_getppid, 0, 0, 0, 0);
    /* 0: we are in another pid namespace than our parent; less: the system does not tell. */
    while (refused == 0 && (parent == shared.owner || parent <= 0)) {
        long number = call(SYS_rt_sigtimedwait, (long)&ALL, (long)&info, 0, sizeof ALL);
        if (number < 0 && number != -EINTR) break;
        if (number <= 0) continue;
        if (number == LAST_SIGNAL && info.si_code == SI_QUEUE && info.si_ptr == &shared)
            atomic_store(&shared.answered, atomic_load(&shared.asked));
        else
            atomic_fetch_add(&shared.counts[number], 1);
    }
    return (int)call(SYS_exit_group, 0, 0, 0, 0);
}

void start_sentinel(struct run *run)
{
    shared.owner = run->pid;
    run->sentinel = clone(count_signals, shared.stack + STACK_BYTES, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
}

void ask_sentinel(struct run *run)
{
    int64_t until = now_us() + ANSWER_US;
    unsigned question = atomic_fetch_add(&shared.asked, 1) + 1;
    union sigval proof = {.sival_ptr = &shared};
    if (run->sentinel <= 0 || sigqueue(run->sentinel, LAST_SIGNAL, proof) != 0) return;
    while (atomic_load(&shared.answered) != question && now_us() < until)
        (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

bool has_reached_group(int number)
{
    unsigned count = atomic_load(&shared.counts[number]);
    if (count > 0) atomic_fetch_sub(&shared.counts[number], 1);
    return count > 0;
}

void forget_group(int number)
{
    /* Of real-time signals each comes; of others several that come at once may be one here and two there. */
    if (number < 32) atomic_store(&shared.counts[number], 0);
}

#else

void start_sentinel(struct run *run)
{
    (void)run;
}

void ask_sentinel(struct run *run)
{
    (void)run;
}

bool has_reached_group(int number)
{
    (void)number;
    return false;
}

void forget_group(int number)
{
    (void)number;
}

#endif

void end_sentinel(struct run *run)
{
    /* Where it cannot be ended it is not waited for: it ends with us. */
    if (run->sentinel > 0 && kill(run->sentinel, SIGKILL) != 0) run->sentinel = -1;
}

void reap_sentinel(struct run *run)
{
    if (run->sentinel > 0) (void)waitpid(run->sentinel, NULL, 0);
    run->sentinel = 0;
}
