/* Execs the command, and says why that failed. */
#include "command.h"
#include "run.h"
#include "signals.h"

#include <sys/uio.h>

extern char **environ;

/* The caller's environment and the launcher's two variables; without them if there is no memory. */
char **command_environment(const struct run *run)
{
    static char correlation[64], trace[80];
    size_t count = 0, kept = 0;
    while (environ[count] != NULL) count++;
    char **variables = malloc((count + 3) * sizeof *variables);
    if (variables == NULL) return environ;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "TRACEPARENT=", 12) != 0 && strncmp(environ[i], "HOOKBUS_CORRELATION_ID=", 23) != 0)
            variables[kept++] = environ[i];
    (void)FORMAT(correlation, sizeof correlation, "HOOKBUS_CORRELATION_ID=%s", run->correlation_id);
    (void)FORMAT(trace, sizeof trace, "TRACEPARENT=00-%s-%s-%s", run->correlation_id, run->span_id, run->trace_flags);
    variables[kept++] = correlation;
    variables[kept++] = trace;
    variables[kept] = NULL;
    return variables;
}

/* /bin/sh runs a script that names no interpreter. malloc(3) is safe after vfork: the launcher has one thread. */
static int try_exec(const struct run *run, char *path, char **environment)
{
    static char shell[] = "/bin/sh";
    char **argv = run->options.argv;
    size_t count = 0;
    (void)execve(path, argv, environment);
    if (errno != ENOEXEC) return errno;
    while (argv[count] != NULL) count++;
    char **words = malloc((count + 2) * sizeof *words);
    if (words == NULL) return ENOEXEC;
    words[0] = shell;
    words[1] = path;
    memcpy(words + 2, argv + 1, count * sizeof *argv);
    (void)execve(shell, words, environment);
    return errno;
}

/* Searches PATH itself: C libraries disagree about execvp with a script, or without PATH. */
static int exec_by_name(struct run *run, char **environment)
{
    char *path = run->path, *name = run->options.argv[0];
    const char *variable = getenv("PATH"), *directories = variable == NULL ? SYSTEM_PATH : variable;
    int error = ENOENT;
    if (*name == '\0') return ENOENT;
    if (strchr(name, '/') != NULL) return try_exec(run, name, environment);
    if (strlen(name) > NAME_MAX) return ENAMETOOLONG;
    for (;; directories++) {
        size_t length = strcspn(directories, ":");
        if (length + strlen(name) + 2 <= PATH_BYTES) {
            memcpy(path, directories, length);
            path[length] = '/';
            strcpy(path + length + (length > 0), name);
            int found = try_exec(run, path, environment);
            bool tries_next = found == ENOENT || found == ENOTDIR || found == EACCES || found == ESTALE;
            if (!tries_next) return found;
            if (error != EACCES) error = found;
        }
        directories += length;
        if (*directories == '\0') return error;
    }
}

int command_try_exec(struct run *run, char **environment)
{
    int error = exec_by_name(run, environment);
    return error == E2BIG ? exec_by_name(run, environ) : error;
}

/* Uses a shell's message and exit code. Never 2, which an agent reads as a decision to block. */
void command_set_failure(struct run *run, int error)
{
    bool is_absent = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
    const char *text = is_absent ? "not found" : strerror(error), *name = run->options.argv[0];
    size_t size = strlen(name) + strlen(text) + 3;
    char *reason = malloc(size);
    if (reason != NULL) (void)FORMAT(reason, size, "%s: %s", name, text);
    run->kind = NOT_STARTED;
    run->exit_code = is_absent ? 127 : 126;
    run->reason = reason != NULL ? reason : text;
}

_Noreturn void command_exec(struct run *run)
{
    signals_restore(run);
    command_set_failure(run, command_try_exec(run, environ));
    command_print(run->reason);
    _exit(run->exit_code);
}

void command_print(const char *what)
{
    struct iovec parts[] = {{"hookbus: ", 9}, {(void *)(uintptr_t)what, strlen(what)}, {"\n", 1}};
    (void)!writev(STDERR, parts, 3);
}
