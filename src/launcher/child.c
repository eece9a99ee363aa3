/* Opens the hook's streams and starts its process. */
#include "child.h"
#include "command.h"
#include "fd.h"
#include "input.h"
#include "record.h"
#include "run.h"
#include "signals.h"

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#endif
#ifdef __APPLE__
#pragma clang diagnostic ignored "-Wdeprecated-declarations" /* vfork */
#endif

/*
 * Whether the launcher forwards stdin. The hook inherits anything but a pipe or a socket: processes that share a file
 * or a terminal then find it where the hook left it, and the hook sees read errors itself.
 */
static bool is_forwarded(struct run *run, const struct stat *stat)
{
    if (S_ISREG(stat->st_mode)) run->streams[STDIN].file_start = lseek(STDIN, 0, SEEK_CUR);
    return S_ISFIFO(stat->st_mode) || S_ISSOCK(stat->st_mode);
}

/* Replaces a pipe by a pipe and a socket by a socket: a hook can open /dev/stdin only if that is a pipe. */
static bool open_stream(struct run *run, int which, const struct stat *stat)
{
    struct stream *stream = &run->streams[which];
    int ends[2];
    bool is_socket = S_ISSOCK(stat->st_mode);
    if (which == STDIN && !is_forwarded(run, stat)) return true;
#ifdef __linux__
    /* Writes to /dev/full fail, and the hook must see that. */
    if (S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(1, 7)) return true;
#endif
    if (!fd_pair(is_socket, ends)) return false;
    stream->to_socket = is_socket;
    if (which == STDIN) {
        run->hook_ends[STDIN] = ends[0];
        stream->from = STDIN;
        stream->to = ends[1];
        return fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) == 0;
    }
    run->hook_ends[which] = ends[1];
    stream->from = ends[0];
    stream->to = which;
#ifdef __linux__
    stream->to_pipe = !is_socket && !S_ISREG(stat->st_mode);
#else
    /* poll knows no devices on macOS. */
    stream->to_pipe = S_ISFIFO(stat->st_mode);
#endif
    return true;
}

/*
 * Whether both outputs are the same, so that two pipes would lose their order. A file that was opened twice has two
 * offsets and counts as two, unless both descriptors append.
 */
static bool is_same_output(const struct stat *out, const struct stat *err)
{
    if (out->st_dev != err->st_dev || out->st_ino != err->st_ino) return false;
    if (S_ISCHR(out->st_mode)) return isatty(STDOUT);
#ifdef SYS_kcmp
    bool is_appended = (fcntl(STDOUT, F_GETFL) & fcntl(STDERR, F_GETFL) & O_APPEND) != 0;
    if (S_ISREG(out->st_mode) && !is_appended)
        return syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, STDOUT, STDERR) <= 0;
#endif
    return true;
}

/*
 * A descriptor below 3 that the caller closed stays closed for the hook. The launcher opens /dev/null in its place, so
 * that no other descriptor gets its number. Outputs to the same target share a pipe, which keeps their order.
 */
bool child_open_streams(struct run *run)
{
    struct stat stats[STREAMS];
    bool is_open[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
        run->hook_ends[i] = -1;
        is_open[i] = fstat(i, &stats[i]) == 0;
        if (!is_open[i] && open("/dev/null", O_RDWR | O_CLOEXEC) != i) return false;
    }
    run->is_merged = is_open[STDOUT] && is_open[STDERR] && is_same_output(&stats[STDOUT], &stats[STDERR]);
    for (int i = 0; i < (run->is_merged ? STDERR : STREAMS); i++)
        if (is_open[i] && !open_stream(run, i, &stats[i])) return false;
    if (run->is_merged) run->hook_ends[STDERR] = run->hook_ends[STDOUT];
    return fd_pair(false, run->exec_error);
}

/* Some sandboxes refuse dup2, others F_DUPFD. */
static void move_fd(int from, int to)
{
    if (dup2(from, to) == to) return;
    close(to);
    (void)fcntl(from, F_DUPFD, to);
}

/* Runs in the new process, which keeps everything from the caller except the streams and two variables. */
static _Noreturn void exec_hook(struct run *run, char **environment)
{
    for (int i = 0; i < STREAMS; i++)
        if (run->hook_ends[i] >= 0) move_fd(run->hook_ends[i], i);
#ifdef __linux__
    /* The hook dies with the launcher, which may be dead already. In another pid namespace the parent's id is 0. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t parent = getppid();
    if (parent > 0 && run->pid > 0 && parent != run->pid) _exit(127);
#endif
    signals_restore(run);
    int error = command_try_exec(run, environment);
    (void)!write(run->exec_error[1], &error, sizeof error);
    _exit(127);
}

/* The system has no process left: the launcher execs the hook in place, unrecorded, with all of its input. */
static _Noreturn void exec_hook_in_place(struct run *run, char **environment)
{
    record_retract(run);
    claim_disconnect(&run->claim);
    input_move_to_stdin(run);
    signals_restore(run);
    command_set_failure(run, command_try_exec(run, environment));
    command_print(run->reason);
    _exit(run->exit_code);
}

/* Waits until the new process execs or exits; returns the errno of a failed exec, or 0. */
static int read_exec_error(const struct run *run)
{
    int error = 0;
    ssize_t got;
    close(run->exec_error[1]);
    while ((got = read(run->exec_error[0], &error, sizeof error)) < 0 && errno == EINTR) continue;
    close(run->exec_error[0]);
    return got == sizeof error ? error : 0;
}

/* After vfork the new process may share the launcher's memory until its exec, so nothing is copied. */
bool child_start(struct run *run)
{
    char **environment = command_environment(run);
    run->spawned_us = clock_us();
    pid_t pid = vfork();
    if (pid == 0) exec_hook(run, environment);
    if (pid < 0 && (pid = fork()) == 0) exec_hook(run, environment);
    if (pid < 0) exec_hook_in_place(run, environment);
    for (int i = 0; i < STREAMS; i++)
        if (run->hook_ends[i] >= 0 && !(i == STDERR && run->is_merged)) close(run->hook_ends[i]);
    int error = read_exec_error(run);
    if (error == 0) {
        run->hook = pid;
        return true;
    }
    (void)waitpid(pid, NULL, 0);
    command_set_failure(run, error);
    return false;
}
