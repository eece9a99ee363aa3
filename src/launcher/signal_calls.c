/*
 * Blocks, reads and sends signals. They stay blocked and are read from a descriptor: a signalfd on Linux, elsewhere a
 * kqueue, which also reports blocked signals. signals.c decides what happens to them.
 */
#include "signal_calls.h"
#include "run.h"

#ifdef __linux__
#include <sys/signalfd.h>
#include <sys/syscall.h>
#else
#include <sys/event.h>
#endif

static const signal_mask ALL = ~(signal_mask)0;

#ifdef __linux__

/* Not through the C library, which skips the real-time signals that it uses itself. */
static bool set_mask(int how, const signal_mask *mask, signal_mask *old)
{
    return syscall(SYS_rt_sigprocmask, how, mask, old, sizeof *mask) == 0;
}

static int open_queue(void)
{
    return (int)syscall(SYS_signalfd4, -1, &ALL, sizeof ALL, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool signal_read(const struct run *run, struct arrival *arrival)
{
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof info) != sizeof info) return false;
    *arrival = (struct arrival){
        .number = (int)info.ssi_signo,
        .sender = (pid_t)info.ssi_pid,
        .is_queued = info.ssi_code == SI_QUEUE,
        .is_from_kernel = info.ssi_code == 0x80 /* SI_KERNEL */,
        .value.sival_ptr = (void *)(uintptr_t)info.ssi_ptr,
    };
    return true;
}

#else

static bool set_mask(int how, const signal_mask *mask, signal_mask *old)
{
    return sigprocmask(how, mask, old) == 0;
}

static int open_queue(void)
{
    struct kevent change;
    int queue = kqueue();
    for (int number = 1; queue >= 0 && number < NSIG; number++) {
        EV_SET(&change, number, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
        (void)kevent(queue, &change, 1, NULL, 0, NULL);
    }
    return queue;
}

/*
 * kqueue does not name the sender. SIGPIPE is that of the launcher's own write. Without a sentinel, a signal that
 * terminals send counts as a terminal's, so as the group's.
 */
bool signal_read(const struct run *run, struct arrival *arrival)
{
    struct kevent event;
    if (kevent(run->signals, NULL, 0, &event, 1, &(struct timespec){0}) != 1) return false;
    int number = (int)event.ident;
    *arrival = (struct arrival){
        .number = number, .sender = number == SIGPIPE ? run->pid : 0, .is_from_kernel = run->sentinel <= 0};
    return true;
}

#endif

bool signal_block(signal_mask *old)
{
    return set_mask(SIG_SETMASK, &ALL, old);
}

void signal_unblock(int number)
{
    signal_mask one = (signal_mask)1 << (number - 1);
    (void)set_mask(SIG_UNBLOCK, &one, NULL);
}

void signal_forward(const struct run *run, const struct arrival *arrival)
{
#ifdef __linux__
    if (arrival->is_queued && sigqueue(run->hook, arrival->number, arrival->value) == 0) return;
#endif
    (void)kill(run->hook, arrival->number);
}

void signal_restore_mask(const struct run *run)
{
    (void)set_mask(SIG_SETMASK, &run->inherited_mask, NULL);
}

/* A child's end is reported only if SIGCHLD is not ignored. */
bool signal_listen(struct run *run)
{
    (void)sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &run->inherited_sigchld);
    run->signals = open_queue();
    return run->signals >= 0;
}
