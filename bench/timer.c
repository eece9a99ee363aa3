/*
 * Times commands as whole processes, in turn: timer ROUNDS PAYLOAD SIDE_BY_SIDE [cpu] < LIST. A line of the list is one
 * command, with its words separated by tabs; words of the form NAME=VALUE before the program are added to its environment.
 * Prints one line per round: the nanoseconds of each command; with `cpu` also those that it and its children kept a
 * processor busy, and a command may end with 1, as one that found problems does. Like an agent, it sends each command the payload through a
 * pipe right after its start, reads its output to the end and discards it. A program this small starts processes in a
 * fraction of a millisecond and with little noise; Node needs several, and varies by more than the measured values.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MAX_COMMANDS = 64, MAX_WORDS = 64, MAX_VARIABLES = 512, MAX_SIDE_BY_SIDE = 64 };

struct command {
    char *words[MAX_WORDS + 1];
    char *variables[MAX_VARIABLES + 1];
};

static char payload[1024 * 1024]; /* as much as a pipe can be made to hold */
static size_t payload_length;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

struct process {
    pid_t pid;
    int output;
};

static void start(struct command *command, struct process *process)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) fail("pipe");
    (void)fcntl(in[1], F_SETPIPE_SZ, 1024 * 1024);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (posix_spawnp(&process->pid, command->words[0], &actions, NULL, command->words, command->variables) != 0)
        fail(command->words[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    process->output = out[0];
    /* The pipe holds the whole payload, so this does not block, and no process waits for its payload until others end. */
    if (write(in[1], payload, payload_length) < 0) { /* the command did not read it */ }
    close(in[1]);
}

static void await(struct process *process, int largest_exit_code)
{
    char discarded[65536];
    int status;
    while (read(process->output, discarded, sizeof discarded) > 0) {}
    close(process->output);
    if (waitpid(process->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > largest_exit_code) {
        fprintf(stderr, "timer: a command ended with status %d\n", status);
        exit(1);
    }
}

static long long busy(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return ((long long)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
        ((long long)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static long long time_once(struct command *command, int side_by_side, int largest_exit_code)
{
    struct process processes[MAX_SIDE_BY_SIDE];
    long long before = now();
    for (int i = 0; i < side_by_side; i++) start(command, &processes[i]);
    for (int i = 0; i < side_by_side; i++) await(&processes[i], largest_exit_code);
    return now() - before;
}

static void read_command(char *line, struct command *command)
{
    int words = 0, variables = 0;
    while (environ[variables] != NULL && variables < MAX_VARIABLES - 8) {
        command->variables[variables] = environ[variables];
        variables++;
    }
    for (char *word = strtok(line, "\t\n"); word != NULL && words < MAX_WORDS; word = strtok(NULL, "\t\n")) {
        if (words == 0 && strchr(word, '=') != NULL && variables < MAX_VARIABLES) command->variables[variables++] = word;
        else command->words[words++] = word;
    }
}

int main(int argc, char **argv)
{
    static struct command commands[MAX_COMMANDS];
    int count = 0;
    size_t size = 0;
    char *line = NULL;
    if (argc < 4) return 1;
    int file = open(argv[2], O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, payload, sizeof payload);
    if (got < 0) fail(argv[2]);
    payload_length = (size_t)got;
    int side_by_side = atoi(argv[3]);
    if (side_by_side < 1 || side_by_side > MAX_SIDE_BY_SIDE) return 1;
    signal(SIGPIPE, SIG_IGN);
    while (count < MAX_COMMANDS && getline(&line, &size, stdin) > 0) read_command(strdup(line), &commands[count++]);
    int with_cpu = argc > 4 && strcmp(argv[4], "cpu") == 0;
    for (int round = 0; round < atoi(argv[1]); round++)
        for (int i = 0; i < count; i++) {
            long long busy_before = busy();
            printf("%lld", time_once(&commands[i], side_by_side, with_cpu));
            if (with_cpu) printf("/%lld", busy() - busy_before);
            putchar(i + 1 == count ? '\n' : ' ');
        }
    return 0;
}
