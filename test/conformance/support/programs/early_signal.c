/*
 * early_signal SIGNAL TARGET US COMMAND [ARG...]: starts COMMAND in a new session, followed by the words that make this
 * program the hook, which can handle SIGNAL. US microseconds later this program sends SIGNAL to the group or to the process,
 * or the hook sends it to its group (TARGET: group, process, self). Prints how often it arrived.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void on_signal(int number)
{
    (void)number;
    count++;
}

static int be_hook(int number, int ready, long us, int is_sender)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(number, &action, NULL);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000 < us);
    if (is_sender) kill(0, number);
    if (write(ready, "x", 1) != 1) return 9;
    /* If a second signal came, it would come within this time. */
    for (int before = -1; before != count || count == 0;) {
        before = count;
        struct timespec nap = {.tv_nsec = 60000000};
        while (nanosleep(&nap, &nap) != 0) continue;
    }
    dprintf(1, "%d\n", (int)count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "--hook") == 0)
        return be_hook(atoi(argv[2]), atoi(argv[3]), atol(argv[4]), strcmp(argv[5], "self") == 0);
    int number = atoi(argv[1]), ends[2], status;
    char *words[64], descriptor[16], byte;
    if (argc < 5 || argc > 50 || pipe(ends) != 0) return 9;
    int length = 0;
    for (int i = 4; i < argc; i++) words[length++] = argv[i];
    sprintf(descriptor, "%d", ends[1]);
    char *hook[] = {argv[0], "--hook", argv[1], descriptor, argv[3], argv[2], NULL};
    memcpy(words + length, hook, sizeof hook);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        setsid();
        execvp(words[0], words);
        _exit(99);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1) return 8;
    if (strcmp(argv[2], "self") != 0) kill(strcmp(argv[2], "group") == 0 ? -child : child, number);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}
