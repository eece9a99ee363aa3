/* Opens descriptors in pairs, and closes many at once. */
#include "fd.h"
#include "stream.h"

#include <dirent.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { MAX_CLOSED = 65536 }; /* one by one, if the system has no list of open descriptors */

bool fd_pair(bool is_socket, int ends[2])
{
#ifdef __linux__
    return (is_socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC)) == 0;
#else
    if ((is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) != 0) return false;
    return fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
#endif
}

int fd_above_streams(int low)
{
    if (low < 0 || low > STDERR) return low;
    int higher = fcntl(low, F_DUPFD_CLOEXEC, STDERR + 1);
    close(low);
    return higher;
}

/* Closes what the system's list of open descriptors has; false if there is no list. */
static bool close_listed(unsigned first, unsigned last)
{
#ifdef __linux__
    DIR *list = opendir("/proc/self/fd");
#else
    DIR *list = opendir("/dev/fd");
#endif
    if (list == NULL) return false;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        int fd = atoi(entry->d_name);
        if (fd != dirfd(list) && entry->d_name[0] != '.' && (unsigned)fd >= first && (unsigned)fd <= last) close(fd);
    }
    return closedir(list) == 0;
}

static void close_span(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    if (first > last || first == UINT_MAX || syscall(SYS_close_range, first, last, 0u) == 0) return;
#endif
    if (close_listed(first, last)) return;
    long limit = sysconf(_SC_OPEN_MAX), max = limit < MAX_CLOSED ? limit : MAX_CLOSED;
    for (unsigned fd = first; fd <= last && (long)fd < max; fd++) close((int)fd);
}

void fd_close_all_but(const int *kept, size_t count)
{
    for (unsigned first = 0;;) {
        unsigned next = UINT_MAX;
        for (size_t i = 0; i < count; i++)
            if (kept[i] >= 0 && (unsigned)kept[i] >= first && (unsigned)kept[i] < next) next = (unsigned)kept[i];
        if (next > first) close_span(first, next - 1);
        if (next == UINT_MAX) return;
        first = next + 1;
    }
}
