/*
 * The state directory: the user's own, or none. What lies in it can keep a hook from running, so it counts only where
 * nobody else can have made it: a directory and no link, of our user, that others cannot write. One that is not the
 * default may be a repository's all the same, and has to bear a stamp that no repository can carry. Where any of that
 * fails the hook runs ungated and unrecorded. Twin: src/config/state-home.ts, which says in words what is wrong.
 */
#include "launcher.h"

#include <dirent.h>
#ifdef __linux__
#include <sys/auxv.h>
#include <sys/syscall.h>
#else
#include <sys/random.h>
#endif

static const char STAMP[] = "stamp";

enum {
    WORD_BYTES = 16,  /* of a stamp, at random */
    STAMP_ROOM = 64,
    LEVELS = 3,       /* of the default directory below HOME */
};

uid_t our_user(void)
{
#ifdef __linux__
    /* What the kernel told at our start: no system call. */
    return (uid_t)getauxval(AT_EUID);
#else
    return geteuid();
#endif
}

static bool is_ours_alone(const struct stat *stat)
{
    return stat->st_uid == our_user() && (stat->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_own_file(int file, off_t *size)
{
    struct stat stat;
    if (fstat(file, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_nlink != 1) return false;
    *size = stat.st_size;
    return stat.st_uid == our_user();
}

int open_directory(int above, const char *name)
{
    int directory = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0 || directory > STDERR) return directory;
    /* The number of a stream that the caller closed is for what stands in for it. */
    int higher = fcntl(directory, F_DUPFD_CLOEXEC, STDERR + 1);
    close(directory);
    return higher;
}

/* The same where it is our user's alone; else -1. */
static int open_own_directory(const char *path)
{
    struct stat stat;
    int directory = open_directory(AT_FDCWD, path);
    if (directory < 0 || (fstat(directory, &stat) == 0 && is_ours_alone(&stat))) return directory;
    close(directory);
    errno = EPERM;
    return -1;
}

/* With all that is missing above it, for the owner alone. */
static void make_directories(const char *path)
{
    char part[PATH_BYTES];
    /* Whatever mask the caller has: one that takes all away would leave a directory that nobody can enter. */
    mode_t mask = umask(S_IRWXG | S_IRWXO);
    for (size_t at = 1; path[at - 1] != '\0'; at++) {
        if (path[at] != '/' && path[at] != '\0') continue;
        memcpy(part, path, at);
        part[at] = '\0';
        (void)mkdir(part, 0700);
    }
    (void)umask(mask);
}

/* Takes the last name off an absolute path; false where there is none left. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == '\0') return false;
    *(slash == path ? slash + 1 : slash) = '\0';
    return true;
}

/* In one, a later pull could bring a gate. On doubt it is one. */
static bool is_in_work_tree(const char *home)
{
    char given[PATH_BYTES], real[PATH_BYTES], git[PATH_BYTES + 8];
    struct stat stat;
    (void)JOIN(given, sizeof given, home);
    while (realpath(given, real) == NULL)
        if (errno != ENOENT || !go_up(given)) return true;
    do {
        if (!JOIN(git, sizeof git, real, "/.git") || lstat(git, &stat) == 0) return true;
    } while (go_up(real));
    return false;
}

static bool is_empty(int directory)
{
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    bool is_empty = entries != NULL;
    struct dirent *entry;
    while (is_empty && (entry = readdir(entries)) != NULL)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (entries != NULL) closedir(entries);
    return is_empty;
}

/* Whether the default directory is there for us to write, or could be made. */
static bool can_have_default(const char *path)
{
    char part[PATH_BYTES];
    (void)JOIN(part, sizeof part, path);
    for (int level = 0; access(part, W_OK | X_OK) != 0; level++)
        if (errno != ENOENT || level == LEVELS || !go_up(part)) return false;
    return true;
}

/* When it was made, in ns; 0 where that is not known. */
static uint64_t birth_of(int directory)
{
#if defined(__linux__) && defined(SYS_statx)
    /* The kernel's struct statx, which not every C library knows: the time of birth is at 80. */
    union {
        unsigned char bytes[256];
        struct { uint64_t before[10]; int64_t seconds; uint32_t ns; } at;
    } made = {{0}};
    if (syscall(SYS_statx, directory, "", 0x1000 /* AT_EMPTY_PATH */, 0x800 /* STATX_BTIME */, &made) != 0) return 0;
    return (uint64_t)made.at.seconds * 1000000000 + made.at.ns;
#elif defined(__APPLE__)
    struct stat stat;
    if (fstat(directory, &stat) != 0) return 0;
    return (uint64_t)stat.st_birthtimespec.tv_sec * 1000000000 + (uint64_t)stat.st_birthtimespec.tv_nsec;
#else
    (void)directory;
    return 0;
#endif
}

/* What a directory is known by where no default directory can know its word: what a copy elsewhere does not have. */
static bool identity_of(int directory, char text[STAMP_ROOM])
{
    struct stat stat;
    if (fstat(directory, &stat) != 0) return false;
    snprintf(text, STAMP_ROOM, "%llu-%llu", (unsigned long long)stat.st_ino, (unsigned long long)birth_of(directory));
    return true;
}

/* `known` is the default directory, of which it has the path in front of it; both are written to. */
static bool is_known(const char *word, const char *home, char *known, char *said)
{
    char name[STAMP_ROOM];
    (void)JOIN(name, sizeof name, "trusted/", word);
    int directory = open_own_directory(known);
    if (directory < 0) return false;
    ssize_t length = readlinkat(directory, name, said, PATH_BYTES);
    close(directory);
    return length == (ssize_t)strlen(home) && memcmp(said, home, (size_t)length) == 0;
}

/* Whether it bears the stamp that we, or `hookbus trust`, gave it; `scratch` has room for two paths. */
static bool is_stamped(int directory, const char *home, char *scratch)
{
    char stamp[STAMP_ROOM], identity[STAMP_ROOM];
    ssize_t length = readlinkat(directory, STAMP, stamp, sizeof stamp - 1);
    if (length <= 0) return false;
    stamp[length] = '\0';
    bool has_default = default_home(scratch);
    if (length == 2 * WORD_BYTES && strspn(stamp, "0123456789abcdef") == 2 * WORD_BYTES)
        return has_default && is_known(stamp, home, scratch, scratch + PATH_BYTES);
    return identity_of(directory, identity) && strcmp(stamp, identity) == 0 &&
           !(has_default && can_have_default(scratch));
}

static bool make_word(char word[2 * WORD_BYTES + 1])
{
    unsigned char random[WORD_BYTES];
    if (getentropy(random, sizeof random) != 0) return false;
    write_hex(word, random, sizeof random);
    return true;
}

/* The default directory is told first: who finds a stamp must find it known. Another process may be faster. */
static void stamp(int directory, const char *home)
{
    char known[PATH_BYTES], text[STAMP_ROOM];
    if (!default_home(known) || !can_have_default(known)) {
        if (identity_of(directory, text)) (void)!symlinkat(text, directory, STAMP);
        return;
    }
    make_directories(known);
    int anchor = open_own_directory(known);
    if (anchor < 0) return;
    mode_t mask = umask(S_IRWXG | S_IRWXO);
    (void)mkdirat(anchor, "trusted", 0700);
    (void)umask(mask);
    int trusted = open_directory(anchor, "trusted");
    close(anchor);
    if (trusted < 0) return;
    bool is_known = make_word(text) && symlinkat(home, trusted, text) == 0;
    if (is_known && symlinkat(text, directory, STAMP) != 0) (void)unlinkat(trusted, text, 0);
    close(trusted);
}

/* -1 where it is not ours, or not known to be. */
static int open_or_make(const char *home, char *scratch)
{
    bool is_default = default_home(scratch) && strcmp(scratch, home) == 0;
    int directory = open_own_directory(home);
    if (directory < 0 && errno == ENOENT && (is_default || !is_in_work_tree(home))) {
        make_directories(home);
        directory = open_own_directory(home);
    }
    if (directory < 0 || is_default || is_stamped(directory, home, scratch)) return directory;
    if (is_empty(directory) && !is_in_work_tree(home)) stamp(directory, home);
    if (is_stamped(directory, home, scratch)) return directory;
    close(directory);
    return -1;
}

/* For `status`, which is asked elsewhere and would not know. */
static void note_refused(const char *home, char *scratch)
{
    int known = default_home(scratch) && strcmp(scratch, home) != 0 ? open_own_directory(scratch) : -1;
    if (known < 0) return;
    (void)unlinkat(known, "refused", 0);
    (void)!symlinkat(home, known, "refused");
    close(known);
}

void open_home(struct run *run)
{
    char *home = run->settings.home;
    run->home = run->spool = run->gates = -1;
    if (home[0] == '\0') return;
    run->home = open_or_make(home, run->path);
    if (run->home >= 0) return;
    note_refused(home, run->path);
    home[0] = '\0';
}

int open_in_home(struct run *run, int *directory, const char *name, bool makes)
{
    if (*directory >= 0) return *directory;
    *directory = open_directory(run->home, name);
    if (*directory < 0 && errno == ENOENT && makes &&
        (mkdirat(run->home, name, 0700) == 0 || errno == EEXIST))
        *directory = open_directory(run->home, name);
    return *directory;
}
