/*
 * How signals are blocked, read and sent: on Linux they stay blocked, and are read from a descriptor; elsewhere by handlers
 * that write to a pipe. signals.c says what is done about them.
 */
#include "launcher.h"

#ifdef __linux__
#include <sys/signalfd.h>
#include <sys/syscall.h>
#endif
#ifndef SI_KERNEL
#define SI_KERNEL 0x80
#endif

#ifdef __linux__

static const signal_mask ALL = UINT64_MAX;

/* Not by the C library, which leaves out the real-time signals that it uses itself. */
static bool set_mask(int how, const signal_mask *mask, signal_mask *old)
{
    return syscall(SYS_rt_sigprocmask, how, mask, old, sizeof *mask) == 0;
}

bool block_signals(signal_mask *old)
{
    return set_mask(SIG_SETMASK, &ALL, old);
}

void unblock_signal(int number)
{
    signal_mask one = UINT64_C(1) << (number - 1);
    (void)set_mask(SIG_UNBLOCK, &one, NULL);
}

void restore_mask(const struct run *run)
{
    (void)set_mask(SIG_SETMASK, &run->mask, NULL);
}

/* The end of a child is told to us only where SIGCHLD is not ignored. */
bool listen_to_signals(struct run *run)
{
    (void)sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &run->dispositions[0]);
    run->signals = (int)syscall(SYS_signalfd4, -1, &ALL, sizeof ALL, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signals >= 0;
}

void restore_dispositions(const struct run *run)
{
    (void)sigaction(SIGCHLD, &run->dispositions[0], NULL);
}

bool ignores_broken_pipes(const struct run *run)
{
    struct sigaction inherited;
    (void)run;
    return sigaction(SIGPIPE, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
}

void catch_signals(struct run *run)
{
    (void)run;
}

void hold_again(void)
{
}

bool read_arrival(const struct run *run, struct arrival *arrival)
{
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof info) != sizeof info) return false;
    *arrival = (struct arrival){
        .number = (int)info.ssi_signo,
        .sender = (pid_t)info.ssi_pid,
        .is_queued = info.ssi_code == SI_QUEUE,
        .is_from_kernel = info.ssi_code == SI_KERNEL,
        .value.sival_ptr = (void *)(uintptr_t)info.ssi_ptr,
    };
    return true;
}

void pass_on(const struct run *run, const struct arrival *arrival)
{
    if (arrival->is_queued) (void)sigqueue(run->hook, arrival->number, arrival->value);
    else (void)kill(run->hook, arrival->number);
}

#else

enum { FROM_KERNEL = 0x80 };

static int signal_pipe = -1; /* its writing end: a handler gets no parameter, so this alone is global */

/* Three signals that must not end us, though they may end the hook: it gets their dispositions back. */
static const int OWN[OWN_SIGNALS] = {SIGCHLD, SIGPIPE, SIGXFSZ};

static void on_signal(int number, siginfo_t *info, void *context)
{
    int error = errno;
    unsigned char byte = (unsigned char)(number | (info->si_code == SI_KERNEL ? FROM_KERNEL : 0));
    (void)context;
    (void)!write(signal_pipe, &byte, 1);
    errno = error;
}

static void catch_signal(int number, struct sigaction *old)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    (void)sigaction(number, &action, old);
}

bool block_signals(signal_mask *old)
{
    sigset_t all;
    sigfillset(&all);
    return sigprocmask(SIG_SETMASK, &all, old) == 0;
}

void unblock_signal(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
}

void restore_mask(const struct run *run)
{
    (void)sigprocmask(SIG_SETMASK, &run->mask, NULL);
}

bool listen_to_signals(struct run *run)
{
    int ends[2];
    catch_signal(SIGCHLD, &run->dispositions[0]);
    for (int i = 1; i < OWN_SIGNALS; i++)
        (void)sigaction(OWN[i], &(struct sigaction){.sa_handler = SIG_IGN}, &run->dispositions[i]);
    if (!make_channel(false, ends)) return false;
    run->signals = ends[0];
    signal_pipe = ends[1];
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) == 0;
}

bool ignores_broken_pipes(const struct run *run)
{
    return run->dispositions[1].sa_handler == SIG_IGN;
}

/* Handlers that are ours vanish by themselves when a process becomes another program. */
void restore_dispositions(const struct run *run)
{
    for (int i = 0; i < OWN_SIGNALS; i++) (void)sigaction(OWN[i], &run->dispositions[i], NULL);
}

/* After the hook's start. What the caller ignores stays ignored; what means a bug of ours keeps its meaning. */
void catch_signals(struct run *run)
{
    static const int BUGS[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGPIPE, SIGXFSZ};
    sigset_t mask = run->mask;
    struct sigaction old;
    for (int number = 1; number < NSIG; number++) {
        bool is_bug = false;
        for (size_t i = 0; i < sizeof BUGS / sizeof *BUGS; i++) is_bug = is_bug || BUGS[i] == number;
        if (is_bug || number == SIGCHLD || number == SIGKILL || number == SIGSTOP) continue;
        catch_signal(number, &old);
        if (old.sa_handler == SIG_IGN) (void)sigaction(number, &old, NULL);
        else sigdelset(&mask, number);
    }
    sigdelset(&mask, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

void hold_again(void)
{
    (void)block_signals(NULL);
}

bool read_arrival(const struct run *run, struct arrival *arrival)
{
    unsigned char byte;
    if (read(run->signals, &byte, 1) != 1) return false;
    *arrival = (struct arrival){.number = byte & ~FROM_KERNEL, .is_from_kernel = (byte & FROM_KERNEL) != 0};
    return true;
}

void pass_on(const struct run *run, const struct arrival *arrival)
{
    (void)kill(run->hook, arrival->number);
}

#endif
