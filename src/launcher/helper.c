/*
 * The helper: where no daemon answers, a Node of our own (`hookbus claim`) answers the same frames on a socket pair, from
 * the database. It has nothing of the caller's: no descriptor, no variable, not its process group. It ends with us.
 */
#include "launcher.h"

#include <sys/socket.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    SOCKET_NUMBER = 3,  /* as src/cli/claim.ts has it */
    LAST_WORD_MS = 1000, /* for it to write a result down */
};

/* In a session of its own: what is sent to the hook's group, or comes from its terminal, is not for it. */
static _Noreturn void become_helper(const struct run *run, int end)
{
    static char claim[] = "claim";
    char *argv[] = {NULL, NULL, claim, NULL};
    sigset_t none;
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t parent = getppid();
    if (parent > 0 && run->pid > 0 && parent != run->pid) _exit(0);
#endif
    (void)setsid();
    close_all_but(&end, 1);
    if (open("/dev/null", O_RDWR) != STDIN || dup(STDIN) != STDOUT || dup(STDIN) != STDERR) _exit(0);
    if (end == SOCKET_NUMBER ? fcntl(end, F_SETFD, 0) != 0 : dup2(end, SOCKET_NUMBER) != SOCKET_NUMBER) _exit(0);
    if (end != SOCKET_NUMBER) close(end);
    if (chdir("/") != 0) _exit(0);
    for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* Nothing of the run's environment either: what it says of Node, or of libraries, is not for this one. */
    prepare_daemon(run->settings.home);
    exec_node(argv, false);
    _exit(0);
}

void call_helper(struct run *run)
{
    struct claim *claim = &run->claim;
    int ends[2];
    if (run->home < 0 || !make_channel(true, ends)) return;
    pid_t pid = fork();
    if (pid == 0) become_helper(run, ends[1]);
    close(ends[1]);
    claim->bus = ends[0];
    claim->is_helpers = true;
    claim->helper = pid > 0 ? pid : 0;
    if (pid < 0) hang_up(claim);
}

void await_helper(struct claim *claim)
{
    struct pollfd source = {.fd = claim->bus, .events = POLLIN};
    (void)shutdown(claim->bus, SHUT_WR);
    while (poll(&source, 1, LAST_WORD_MS) < 0 && errno == EINTR) continue;
}
