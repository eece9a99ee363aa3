/*
 * Signals sent to us reach the hook. It is in our process group, so what is sent to the whole group has reached it
 * already; but nothing in a signal says to whom it was sent. So once a run has lasted a while, a third process sits in
 * the group, the sentinel, with all signals blocked: what is pending there was sent to the group. Linux signals the
 * members of a group from the newest to the oldest, so the sentinel has it before we do. (A process that is started
 * and never does anything costs the hook nothing, but some 0.1 ms of CPU time; a short run goes without.)
 */
#include "launcher.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifndef SI_KERNEL
#define SI_KERNEL 0x80
#endif

enum { FROM_KERNEL = 0x80 };

static const struct {
    int number;
    const char *name;
    bool is_passed_on;
} SIGNALS[] = {
    {SIGHUP, "SIGHUP", true},       {SIGINT, "SIGINT", true},     {SIGQUIT, "SIGQUIT", true},
    {SIGABRT, "SIGABRT", true},     {SIGUSR1, "SIGUSR1", true},   {SIGUSR2, "SIGUSR2", true},
    {SIGALRM, "SIGALRM", true},     {SIGTERM, "SIGTERM", true},   {SIGVTALRM, "SIGVTALRM", true},
    {SIGXCPU, "SIGXCPU", true},     {SIGIO, "SIGIO", true},       {SIGPROF, "SIGPROF", true},
    {SIGCONT, "SIGCONT", true},     {SIGWINCH, "SIGWINCH", true},
#ifdef __linux__
    {SIGPWR, "SIGPWR", true},       {SIGSTKFLT, "SIGSTKFLT", true},
#endif
    {SIGILL, "SIGILL", false},      {SIGTRAP, "SIGTRAP", false},  {SIGBUS, "SIGBUS", false},
    {SIGFPE, "SIGFPE", false},      {SIGKILL, "SIGKILL", false},  {SIGSEGV, "SIGSEGV", false},
    {SIGPIPE, "SIGPIPE", false},    {SIGXFSZ, "SIGXFSZ", false},  {SIGSYS, "SIGSYS", false},
};
enum { COUNT = sizeof SIGNALS / sizeof *SIGNALS };

static int signal_pipe = -1; /* its writing end: a handler gets no parameter, so this alone is global */

const char *signal_name(int number, char buffer[16])
{
    for (int i = 0; i < COUNT; i++)
        if (SIGNALS[i].number == number) return SIGNALS[i].name;
    snprintf(buffer, 16, "SIG%d", number);
    return buffer;
}

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
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP};
    sigfillset(&action.sa_mask);
    (void)sigaction(number, &action, old);
}

/* Three signals that must not end us, though they may end the hook: it gets their dispositions back. */
static const int OWN[OWN_SIGNALS] = {SIGCHLD, SIGPIPE, SIGXFSZ};

/* From before the record is begun until the hook has started, all signals wait. */
void hold_signals(struct run *run)
{
    sigset_t all;
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &run->mask);
    catch_signal(SIGCHLD, &run->dispositions[0]);
    for (int i = 1; i < OWN_SIGNALS; i++)
        (void)sigaction(OWN[i], &(struct sigaction){.sa_handler = SIG_IGN}, &run->dispositions[i]);
}

/* In the new process: handlers that are ours vanish by themselves when it becomes the hook. */
void give_back_signals(const struct run *run)
{
    for (int i = 0; i < OWN_SIGNALS; i++) (void)sigaction(OWN[i], &run->dispositions[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &run->mask, NULL);
}

bool ignores_broken_pipes(const struct run *run)
{
    return run->dispositions[1].sa_handler == SIG_IGN;
}

bool open_signals(struct run *run)
{
    int ends[2];
    if (!make_channel(false, ends)) return false;
    run->signals = ends[0];
    signal_pipe = ends[1];
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) == 0;
}

/* After its start. What the caller ignores stays ignored, by us as by the hook. */
void catch_signals(struct run *run)
{
    sigset_t mask = run->mask;
    struct sigaction old;
    for (int i = 0; i < COUNT; i++) {
        if (!SIGNALS[i].is_passed_on) continue;
        catch_signal(SIGNALS[i].number, &old);
        if (old.sa_handler == SIG_IGN) (void)sigaction(SIGNALS[i].number, &old, NULL);
        else sigdelset(&mask, SIGNALS[i].number);
    }
    sigdelset(&mask, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

void hold_again(void)
{
    sigset_t all;
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
}

void die_before_the_hook(struct run *run)
{
    unsigned char byte;
    while (read(run->signals, &byte, 1) == 1) {
        int number = byte & ~FROM_KERNEL;
        if (number == SIGCHLD || number == SIGCONT || number == SIGWINCH) continue;
        run->signal = number;
        record_signal(run, number);
        leave(run);
    }
}

void start_sentinel(struct run *run)
{
#ifdef __linux__
    sigset_t all, mask;
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &mask);
    run->sentinel = fork();
    if (run->sentinel == 0) {
        close_all_but(NULL, 0);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != run->pid) _exit(0);
        for (;;) (void)pause();
    }
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
#else
    run->sentinel = -1; /* nothing tells what is pending elsewhere */
#endif
}

/* The signals pending at a process, one bit each from SIGHUP on. */
static uint64_t pending_at(pid_t pid)
{
    char path[64], status[4096];
    if (pid <= 0) return 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, status, sizeof status - 1);
    if (file >= 0) close(file);
    status[length > 0 ? length : 0] = '\0';
    const char *line = strstr(status, "\nShdPnd:");
    return line == NULL ? 0 : strtoull(line + 8, NULL, 16);
}

/* Blocked signals stay pending, so a sentinel that got one is of no more use. Signals may come while it is replaced. */
static void replace_sentinel(struct run *run, uint64_t seen)
{
    pid_t old = run->sentinel;
    start_sentinel(run);
    run->owed |= pending_at(old) & ~seen;
    (void)kill(old, SIGKILL);
}

/* Reads what the handler wrote, once: what is pending at the sentinel is looked at after that. */
void take_signals(struct run *run)
{
    unsigned char batch[64];
    ssize_t count = read(run->signals, batch, sizeof batch);
    uint64_t seen = 0, handled = 0;
    for (ssize_t i = 0; i < count; i++) {
        int number = batch[i] & ~FROM_KERNEL;
        uint64_t bit = UINT64_C(1) << (number - 1);
        bool is_harmless = number == SIGCHLD || number == SIGCONT || number == SIGWINCH;
        if (run->hook == 0 && !is_harmless) run->late_signal = number;
        if (number == SIGCHLD || run->hook == 0) continue;
        if (handled == 0) run->owed |= seen = pending_at(run->sentinel);
        handled |= bit;
        if (number != SIGCONT && number != SIGWINCH) {
            run->is_told_to_end = true;
            record_signal(run, number);
        }
        bool is_from_terminal = (batch[i] & FROM_KERNEL) != 0 && (number == SIGINT || number == SIGQUIT);
        if (!is_from_terminal && (run->owed & bit) == 0) (void)kill(run->hook, number);
    }
    run->owed &= ~handled;
    if (seen != 0) replace_sentinel(run, seen);
}
