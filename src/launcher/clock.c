/* The clocks: one that tells the time of day, and one that only goes forward. */
#include "launcher.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { FIRST_CALLS = 1024 }; /* more than a short run makes */

/*
 * Asked of the system itself at first: the C library's short cut lies in pages of its own, and touching them costs
 * more than the few calls of a short run.
 */
void read_clock(clockid_t clock, struct timespec *now)
{
#if defined __linux__ && defined __LP64__
    static int calls;
    if (calls < FIRST_CALLS) {
        calls++;
        if (syscall(SYS_clock_gettime, clock, now) == 0) return;
    }
#endif
    (void)clock_gettime(clock, now);
}

int64_t now_us(void)
{
    struct timespec now = {0};
    read_clock(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
