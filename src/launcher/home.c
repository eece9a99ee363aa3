/*
 * The state directory: the user's own, or none. Files in it can keep a hook from running, so it counts only if nobody
 * else can have made it: a directory, no link, owned by the user, that others cannot write. Any but the default may
 * still come from a repository, so it needs a stamp that no repository can carry; the Node engine makes and stamps it.
 * If a check fails, the hook runs ungated and unrecorded. TypeScript port: src/config/state-home.ts.
 */
#include "home.h"
#include "fd.h"
#include "run.h"

#include <dirent.h>
#ifdef __linux__
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif

enum {
    STAMP_DIGITS = 32, /* of a random stamp */
    STAMP_BYTES = 64,
    DEFAULT_DEPTH = 3, /* levels below HOME */
};

uid_t home_user(void)
{
#ifdef __linux__
    /* The kernel passed it at exec: no system call. */
    return (uid_t)getauxval(AT_EUID);
#else
    return geteuid();
#endif
}

bool home_is_own_file(int file)
{
    struct stat stat;
    return fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_nlink <= 1 && stat.st_uid == home_user();
}

int home_open_directory(int parent, const char *name)
{
    return fd_above_streams(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int home_open_own(const char *path)
{
    struct stat stat;
    int directory = home_open_directory(AT_FDCWD, path);
    if (directory < 0) return -1;
    bool has_stat = fstat(directory, &stat) == 0;
    if (has_stat && stat.st_uid == home_user() && (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0) return directory;
    close(directory);
    errno = EPERM;
    return -1;
}

int home_open_inside(const struct run *run, const char *name, bool creates)
{
    int directory = home_open_directory(run->home, name);
    if (directory >= 0 || errno != ENOENT || !creates) return directory;
    if (mkdirat(run->home, name, 0700) != 0 && errno != EEXIST) return -1;
    return home_open_directory(run->home, name);
}

/* Makes the directory and its missing parents, for the owner alone. */
static void make_directories(const char *path)
{
    char part[PATH_BYTES];
    /* The caller's umask might make directories that nobody can enter. */
    mode_t mask = umask(S_IRWXG | S_IRWXO);
    for (size_t at = 1; path[at - 1] != '\0'; at++) {
        if (path[at] != '/' && path[at] != '\0') continue;
        memcpy(part, path, at);
        part[at] = '\0';
        (void)mkdir(part, 0700);
    }
    (void)umask(mask);
}

/* Removes the last name from an absolute path; false if there is none. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == '\0') return false;
    *(slash == path ? slash + 1 : slash) = '\0';
    return true;
}

/* Whether the directory is writable, or could be made with up to `levels` missing names. */
static bool can_create(const char *path, int levels)
{
    char part[PATH_BYTES];
    (void)FORMAT(part, sizeof part, "%s", path);
    for (; access(part, W_OK | X_OK) != 0; levels--)
        if (errno != ENOENT || levels == 0 || !to_parent(part)) return false;
    return true;
}

/* The birth time in ns; 0 if it is unknown. */
static uint64_t birth_ns(int directory, const struct stat *stat)
{
#if defined(__linux__) && defined(SYS_statx)
    /* Not every C library has struct statx; in the kernel's, s and ns of birth are at offset 80. */
    uint64_t made[32] = {0};
    uint32_t ns;
    (void)stat;
    if (syscall(SYS_statx, directory, "", 0x1000 /* AT_EMPTY_PATH */, 0x800 /* STATX_BTIME */, made) != 0) return 0;
    memcpy(&ns, &made[11], sizeof ns);
    return made[10] * 1000000000 + ns;
#elif defined(__APPLE__)
    (void)directory;
    return (uint64_t)stat->st_birthtimespec.tv_sec * 1000000000 + (uint64_t)stat->st_birthtimespec.tv_nsec;
#else
    return (void)directory, (void)stat, 0;
#endif
}

/*
 * Whether HookBus stamped the directory: with a random word that the default directory maps to this path or, if there
 * can be no default directory, with the inode and birth time, which no copy has. `scratch` holds two paths.
 */
static bool is_stamped(int directory, const char *home, char *scratch)
{
    char stamp[STAMP_BYTES], expected[STAMP_BYTES + 8], *target = scratch + PATH_BYTES;
    struct stat stat;
    ssize_t length = readlinkat(directory, "stamp", stamp, sizeof stamp - 1);
    if (length <= 0) return false;
    stamp[length] = '\0';
    bool has_default = settings_default_home(scratch);
    if (length != STAMP_DIGITS || strspn(stamp, "0123456789abcdef") != STAMP_DIGITS) {
        if (fstat(directory, &stat) != 0 || (has_default && can_create(scratch, DEFAULT_DEPTH))) return false;
        uint64_t birth = birth_ns(directory, &stat);
        (void)FORMAT(expected, sizeof expected, "%llu-%llu", (unsigned long long)stat.st_ino, (unsigned long long)birth);
        return strcmp(stamp, expected) == 0;
    }
    int default_home = has_default ? home_open_own(scratch) : -1;
    if (default_home < 0) return false;
    (void)FORMAT(expected, sizeof expected, "trusted/%s", stamp);
    length = readlinkat(default_home, expected, target, PATH_BYTES);
    close(default_home);
    return length == (ssize_t)strlen(home) && memcmp(target, home, (size_t)length) == 0;
}

static bool is_empty(int directory)
{
    int entries = 0; /* `.` and `..` are two */
    DIR *list = fdopendir(dup(directory));
    while (list != NULL && entries < 3 && readdir(list) != NULL) entries++;
    return list != NULL && closedir(list) == 0 && entries < 3;
}

/*
 * Whether the Node engine would make the directory (-1: it is missing), or stamp it because it is empty. Node checks
 * again and more closely; this check saves its start if it would refuse.
 */
static bool is_makeable_by_node(int directory, const char *home, char *scratch)
{
    char path[PATH_BYTES], git[PATH_BYTES + 8];
    if ((directory >= 0 && !is_empty(directory)) || !can_create(home, INT_MAX)) return false;
    (void)FORMAT(path, sizeof path, "%s", home);
    do {
        /* In a work tree a later pull could add a gate. */
        if (!FORMAT(git, sizeof git, "%s/.git", path) || access(git, F_OK) == 0) return false;
    } while (to_parent(path));
    if (!settings_default_home(scratch) || !can_create(scratch, DEFAULT_DEPTH)) return true;
    int default_home = home_open_own(scratch);
    return default_home >= 0 ? close(default_home) == 0 : errno == ENOENT;
}

/* For `status`, which may run without this HOOKBUS_HOME. */
static void note_refused(const char *home, char *scratch)
{
    int default_home = settings_default_home(scratch) && strcmp(scratch, home) != 0 ? home_open_own(scratch) : -1;
    if (default_home < 0) return;
    (void)unlinkat(default_home, "refused", 0);
    (void)!symlinkat(home, default_home, "refused");
    close(default_home);
}

bool home_open(struct run *run)
{
    char *home = run->settings.home, *scratch = run->path;
    run->home = home[0] == '\0' ? -1 : home_open_own(home);
    if (home[0] == '\0') return false;
    bool is_missing = run->home < 0 && errno == ENOENT, can_make = false;
    if (settings_default_home(scratch) && strcmp(scratch, home) == 0) {
        if (is_missing) make_directories(home);
        if (is_missing) run->home = home_open_own(home);
    } else if (is_missing || (run->home >= 0 && !is_stamped(run->home, home, scratch))) {
        can_make = is_makeable_by_node(run->home, home, scratch);
        /* Another process may have stamped it meanwhile. */
        bool is_stamped_now = !is_missing && !can_make && is_stamped(run->home, home, scratch);
        if (!is_missing && !is_stamped_now) run->home = (close(run->home), -1);
    }
    if (run->home >= 0) return false;
    if (can_make) return true;
    note_refused(home, scratch);
    home[0] = '\0';
    return false;
}
