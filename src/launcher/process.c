/* The clock, and what the system says about processes: in /proc on Linux, through libproc on macOS. */
#include "process.h"
#include "text.h"

#ifdef __APPLE__
#include <libproc.h>
#include <sys/proc.h>
#else
#include <dirent.h>
#endif

int64_t clock_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#ifdef __APPLE__

uint64_t process_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool process_read(pid_t pid, struct process *process)
{
    struct proc_bsdinfo info;
    if (proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof info) != sizeof info) return false;
    *process = (struct process){
        .pid = pid,
        .parent = (pid_t)info.pbi_ppid,
        .is_dead = info.pbi_status == SZOMB,
        .start = info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec,
    };
    return true;
}

size_t process_list(uint64_t since, struct process *processes, size_t max)
{
    static pid_t ids[16384];
    size_t count = 0;
    int listed = proc_listallpids(ids, sizeof ids);
    for (int i = 0; i < listed && count < max; i++)
        count += process_read(ids[i], &processes[count]) && processes[count].start >= since;
    return count;
}

#else

uint64_t process_now(void)
{
    struct timespec now = {0};
    uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
#ifdef __linux__
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
#endif
    return (uint64_t)now.tv_sec * ticks + (uint64_t)now.tv_nsec * ticks / 1000000000;
}

bool process_read(pid_t pid, struct process *process)
{
    char path[64], stat[1024], state;
    int parent;
    unsigned long long start;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, stat, sizeof stat - 1);
    if (file >= 0) close(file);
    stat[length > 0 ? length : 0] = '\0';
    /* The second field is a name, which may contain blanks and parentheses; the others are numbers and a letter. */
    const char *after_name = strrchr(stat, ')');
    static const char FIELDS[] = " %c %d %*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s %llu"; /* fields 3, 4 and 22 */
    if (after_name == NULL || sscanf(after_name + 1, FIELDS, &state, &parent, &start) != 3) return false;
    *process = (struct process){
        .pid = pid, .parent = (pid_t)parent, .is_dead = state == 'Z' || state == 'X', .start = start};
    return true;
}

/* Whether /proc shows the launcher's pid namespace: it may be absent or another's. */
static bool is_own_proc(void)
{
    char target[16];
    ssize_t length = readlink("/proc/self", target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    return atoi(target) == (int)getpid();
}

size_t process_list(uint64_t since, struct process *processes, size_t max)
{
    size_t count = 0;
    DIR *proc = is_own_proc() ? opendir("/proc") : NULL;
    if (proc == NULL) return 0;
    for (struct dirent *entry; count < max && (entry = readdir(proc)) != NULL;) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        count += pid > 0 && process_read(pid, &processes[count]) && processes[count].start >= since;
    }
    closedir(proc);
    return count;
}

#endif
