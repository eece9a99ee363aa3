/*
 * What a daemon starts with. It serves all projects of its user, so it takes little from the hook that happened to
 * start it: a short list of variables. Its limits and niceness become what the user is allowed.
 */
#include "daemon_state.h"
#include "command.h"
#include "home.h"
#include "settings.h"

#include <sys/resource.h>

extern char **environ;

enum { MAX_VARIABLES = 64 };

/* TypeScript port: src/os/daemon-environment.ts. An entry that ends in _ is a prefix. */
static const char KEPT[][28] = {
    "HOME=", "USER=", "LOGNAME=", "LANG=", "LC_", "TZ=", "XDG_", "DISPLAY=", "WAYLAND_DISPLAY=",
    "DBUS_SESSION_BUS_ADDRESS=",
};

static bool is_kept(const char *variable)
{
    /* Other users could put files into a shared TMPDIR for the daemon to find. */
    if (strncmp(variable, "TMPDIR=/", 8) == 0) return home_open_own(variable + 7) >= 0;
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++)
        if (strncmp(variable, KEPT[i], strlen(KEPT[i])) == 0) return true;
    return false;
}

void daemon_prepare(const char *home)
{
    static char path[] = "PATH=" SYSTEM_PATH, arenas[] = "MALLOC_ARENA_MAX=1", trim[] = "MALLOC_TRIM_THRESHOLD_=65536";
    static char variable[HOME_BYTES + 16];
    static char *kept[MAX_VARIABLES + 5] = {path, arenas, trim, variable};
    /* Not the stack and core files: those limits change more than what is allowed. */
    static const int LIMITS[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_AS};
    struct rlimit limit;
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        if (getrlimit(LIMITS[i], &limit) != 0 || limit.rlim_cur == limit.rlim_max) continue;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(LIMITS[i], &limit);
    }
    (void)setpriority(PRIO_PROCESS, 0, 0);
    (void)umask(S_IRWXG | S_IRWXO);
    (void)FORMAT(variable, sizeof variable, "HOOKBUS_HOME=%s", home);
    size_t count = 4;
    for (char **at = environ; *at != NULL && count < MAX_VARIABLES; at++)
        if (is_kept(*at)) kept[count++] = *at;
    environ = kept;
}
