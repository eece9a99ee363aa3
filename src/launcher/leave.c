/* The launcher's exit: as the hook ended, or by a signal before there was a hook. */
#include "leave.h"
#include "record.h"
#include "run.h"
#include "sentinel.h"
#include "signals.h"
#include "witness.h"

#ifdef __linux__
#include <sys/prctl.h>
#else
#include <sys/resource.h>
#endif

/* The core file must be the hook's. */
_Noreturn void leave_as_hook(struct run *run)
{
    sentinel_reap(run);
    witness_reap(run);
    if (run->signal == 0 || run->is_forgiven) _exit(run->is_forgiven ? 0 : run->exit_code);
#ifdef __linux__
    (void)prctl(PR_SET_DUMPABLE, 0);
#else
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#endif
    (void)signal(run->signal, SIG_DFL);
    (void)kill(getpid(), run->signal);
    signal_unblock(run->signal);
    _exit(128 + run->signal);
}

void leave_before_hook(struct run *run)
{
    struct arrival arrival;
    while (signal_read(run, &arrival)) {
        if (signals_is_harmless(arrival.number) || signals_is_stop(arrival.number) || arrival.sender == run->pid) continue;
        run->signal = arrival.number;
        record_signal(run, arrival.number);
        leave_as_hook(run);
    }
}
