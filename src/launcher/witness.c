/*
 * At its time limit, an agent may kill launcher and hook at once, and nobody is left to say when. The witness, a process of
 * a session of its own, sees that the launcher is gone, and records how long the hook had run.
 */
#include "witness.h"
#include "fd.h"
#include "record.h"
#include "run.h"

/* Runs in the witness, with all signals blocked, until the system closes the launcher's end of the pipe. */
static _Noreturn void await_death(struct run *run, int in)
{
    const int kept[] = {in, run->home, run->spool_file};
    unsigned char byte;
    fd_close_all_but(kept, sizeof kept / sizeof *kept);
    if (setsid() < 0) _exit(0);
    while (read(in, &byte, 1) < 0)
        if (errno != EINTR) _exit(0);
    run->duration_us = clock_us() - run->spawned_us;
    record_death(run);
    _exit(0);
}

void witness_start(struct run *run)
{
    int ends[2];
    run->witness = -1;
    if (run->spool_file < 0 || !fd_pair(false, ends)) return;
    run->witness = fork();
    if (run->witness == 0) await_death(run, ends[0]);
    /* The other end stays open as long as the launcher lives. */
    close(ends[0]);
}

void witness_end(struct run *run)
{
    if (run->witness > 0 && kill(run->witness, SIGKILL) != 0) run->witness = -1;
}

void witness_reap(struct run *run)
{
    if (run->witness > 0) (void)waitpid(run->witness, NULL, 0);
    run->witness = 0;
}
