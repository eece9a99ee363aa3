/* The clock, and what Linux says about a process in /proc. */
#include "process.h"
#include "text.h"

int64_t clock_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool process_read(pid_t pid, struct process *process)
{
    char path[64], stat[1024];
    int parent;
    unsigned long long start;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, stat, sizeof stat - 1);
    if (file >= 0) close(file);
    stat[length > 0 ? length : 0] = '\0';
    /* The second field is a name, which may contain blanks and parentheses; the others are numbers and a letter. */
    const char *after_name = strrchr(stat, ')');
    *process = (struct process){.pid = pid};
    static const char FIELDS[] = " %c %d %*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s %llu"; /* fields 3, 4 and 22 */
    if (after_name == NULL || sscanf(after_name + 1, FIELDS, &process->state, &parent, &start) != 3) return false;
    process->parent = (pid_t)parent;
    process->start = start;
    return true;
}
