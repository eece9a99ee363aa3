/* The command: how a process becomes it, and what is said when it cannot. */
#include "launcher.h"

#include <sys/uio.h>

extern char **environ;

/* The caller's environment and the two variables that are ours; without these where there is no memory for it. */
char **hook_environment(const struct run *run)
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

struct command make_command(struct run *run, char **environment)
{
    struct command command = {
        .argv = run->options.argv, .environment = environment, .places = getenv("PATH"), .path = run->path};
    size_t count = 0;
    while (command.argv[count] != NULL) count++;
    command.by_shell = malloc((count + 2) * sizeof *command.by_shell);
    if (command.by_shell != NULL) memcpy(command.by_shell + 1, command.argv, (count + 1) * sizeof *command.argv);
    return command;
}

/* A script that does not name its interpreter is the shell's. */
static int try_path(const struct command *command, char *path)
{
    static char shell[] = "/bin/sh";
    (void)execve(path, command->argv, command->environment);
    if (errno == ENOEXEC && command->by_shell != NULL) {
        command->by_shell[0] = shell;
        command->by_shell[1] = path;
        (void)execve(shell, command->by_shell, command->environment);
    }
    return errno;
}

/* Not execvp: what that does with a script, and without PATH, differs between C libraries. Allocates nothing. */
int become(const struct command *command)
{
    char *path = command->path, *name = command->argv[0];
    const char *places = command->places == NULL ? SYSTEM_PATH : command->places;
    int error = ENOENT;
    if (*name == '\0') return ENOENT;
    if (strchr(name, '/') != NULL) return try_path(command, name);
    if (strlen(name) > NAME_MAX) return ENAMETOOLONG;
    for (;; places++) {
        size_t length = strcspn(places, ":");
        if (length + strlen(name) + 2 <= PATH_BYTES) {
            memcpy(path, places, length);
            path[length] = '/';
            strcpy(path + length + (length > 0), name);
            int found = try_path(command, path);
            bool is_elsewhere = found == ENOENT || found == ENOTDIR || found == EACCES || found == ESTALE;
            if (!is_elsewhere) return found;
            if (error != EACCES) error = found;
        }
        places += length;
        if (*places == '\0') return error;
    }
}

int become_either(struct command *command)
{
    int error = become(command);
    if (error != E2BIG) return error;
    command->environment = environ;
    return become(command);
}

/* As a shell says it and exits. Never 2: to an agent that is a decision to block. */
void refuse_start(struct run *run, int error)
{
    static const struct {
        int number;
        const char *text;
    } REASONS[] = {
        {ENOENT, "not found"},          {ENOTDIR, "not found"},
        {EACCES, "Permission denied"},  {EPERM, "Operation not permitted"},
        {ENOEXEC, "Exec format error"}, {E2BIG, "Argument list too long"},
        {ETXTBSY, "Text file busy"},    {ELOOP, "Too many levels of symbolic links"},
        {EISDIR, "Is a directory"},     {ENAMETOOLONG, "not found"},
    };
    const char *text = "cannot be run", *name = run->options.argv[0];
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].number == error) text = REASONS[i].text;
    size_t size = strlen(name) + strlen(text) + 3;
    char *reason = malloc(size);
    if (reason != NULL) (void)FORMAT(reason, size, "%s: %s", name, text);
    run->kind = NOT_STARTED;
    run->exit_code = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ? 127 : 126;
    run->reason = reason != NULL ? reason : text;
}

_Noreturn void exec_command(struct run *run)
{
    struct command command = make_command(run, environ);
    give_back_signals(run);
    refuse_start(run, become(&command));
    say(run->reason);
    _exit(run->exit_code);
}

void say(const char *what)
{
    struct iovec parts[] = {
        {(void *)(uintptr_t)"hookbus: ", 9}, {(void *)(uintptr_t)what, strlen(what)}, {(void *)(uintptr_t)"\n", 1}};
    (void)!writev(STDERR, parts, 3);
}
