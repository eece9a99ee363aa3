/*
 * The parts of HookBus that are not in C: the command line and the daemon, both in Node. They are beside us wherever we
 * were called from: as hookbus-cli, which has Node in it, or as hookbus.js.
 */
#include "launcher.h"

#include <sys/socket.h>
#include <sys/un.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

extern char **environ;

enum { RETRY_SECONDS = 30 }; /* after so long a daemon that did not start is tried again */

static bool find_beside(const char *name, char path[PATH_BYTES])
{
    char self[PATH_BYTES] = "";
#ifdef __APPLE__
    uint32_t size = sizeof self;
    char given[PATH_BYTES];
    if (_NSGetExecutablePath(given, &size) != 0 || realpath(given, self) == NULL) return false;
#else
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return false;
#endif
    char *slash = strrchr(self, '/');
    if (slash == NULL) return false;
    *slash = '\0';
    return JOIN(path, PATH_BYTES, self, name);
}

bool has_node(void)
{
    char path[PATH_BYTES];
    if (find_beside("/hookbus-cli", path) && access(path, X_OK) == 0) return true;
    if (!find_beside("/hookbus.js", path) || access(path, R_OK) != 0) return false;
    if (access(HOOKBUS_NODE, X_OK) == 0) return true;
    for (const char *places = getenv("PATH"); places != NULL && *places != '\0'; places += *places == ':') {
        size_t length = strcspn(places, ":");
        if (length + sizeof "/node" <= sizeof path) {
            memcpy(path, places, length);
            strcpy(path + length, "/node");
            if (access(path, X_OK) == 0) return true;
        }
        places += length;
    }
    return false;
}

void exec_node(char **argv)
{
    static char node[] = HOOKBUS_NODE, name[] = "node";
    char script[PATH_BYTES];
    if (find_beside("/hookbus-cli", script)) {
        argv[1] = script;
        (void)execv(script, argv + 1);
    }
    if (!find_beside("/hookbus.js", script)) return;
    argv[0] = node;
    argv[1] = script;
    (void)execv(node, argv);
    argv[0] = name;
    (void)execvp(name, argv);
}

/* The daemon's socket; in a directory of its own where the state directory's path is too long for one. */
static bool find_socket(const char *home, struct sockaddr_un *address)
{
    struct sha256 hash;
    char digest[17], user[24], *path = address->sun_path;
    size_t size = sizeof address->sun_path;
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    address->sun_family = AF_UNIX;
    if (JOIN(path, size, home, "/bus.sock")) return true;
    sha256_start(&hash);
    sha256_add(&hash, home, strlen(home));
    sha256_hex(hash, digest, 16);
    bool has_runtime = runtime != NULL && runtime[0] == '/';
    if (has_runtime && JOIN(path, size, runtime, "/hookbus-", digest, "/bus.sock")) return true;
    snprintf(user, sizeof user, "%u", (unsigned)getuid());
    return JOIN(path, size, "/tmp/hookbus-", user, "-", digest, "/bus.sock");
}

/*
 * Whether only we can have made the socket. Outside the state directory it is in a public place, where another user may
 * have been first, who would read payloads and answer with verdicts. One that is not there yet is nobody's.
 */
static bool is_own(const struct sockaddr_un *address, const char *home)
{
    char directory[sizeof address->sun_path];
    struct stat stat_of;
    size_t length = strlen(home);
    const char *end = strrchr(address->sun_path, '/');
    if (strncmp(address->sun_path, home, length) == 0 && end == address->sun_path + length) return true;
    memcpy(directory, address->sun_path, sizeof directory);
    directory[end - address->sun_path] = '\0';
    if (lstat(directory, &stat_of) != 0) return errno == ENOENT;
    return S_ISDIR(stat_of.st_mode) && stat_of.st_uid == getuid() && (stat_of.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Whether it is our turn to start one: nobody else has tried of late. */
static bool may_start(const char *home)
{
    char path[PATH_BYTES];
    struct stat stat_of;
    (void)JOIN(path, sizeof path, home, "/daemon.tried");
    int marker = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (marker >= 0) return close(marker) == 0;
    if (stat(path, &stat_of) != 0) return false;
    time_t age = time(NULL) - stat_of.st_mtime;
    return (age < 0 || age >= RETRY_SECONDS) && utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

/* In a session of its own, with nothing of the caller's open: who waits for the end of output must not wait for it. */
static void start_daemon(const char *home)
{
    static char daemon[] = "daemon", run[] = "run";
    char variable[HOME_BYTES + 16];
    char *argv[] = {NULL, NULL, daemon, run, NULL};
    sigset_t none;
    if (!may_start(home) || fork() != 0) return;
    (void)setsid();
    if (fork() != 0) _exit(0);
    close_all_but(NULL, 0);
    if (open("/dev/null", O_RDWR) != STDIN || dup(STDIN) != STDOUT || dup(STDIN) != STDERR) _exit(0);
    if (chdir("/") != 0) _exit(0);
    for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* A relative path means another place from here. */
    (void)JOIN(variable, sizeof variable, "HOOKBUS_HOME=", home);
    for (char **at = environ; *at != NULL; at++)
        if (strncmp(*at, "HOOKBUS_HOME=", 13) == 0) *at = variable;
    exec_node(argv);
    _exit(0);
}

int connect_bus(const struct run *run)
{
    struct sockaddr_un address = {0};
    const char *home = run->settings.home;
    if (home[0] == '\0' || !find_socket(home, &address) || !is_own(&address, home)) return -1;
#ifdef __linux__
    int bus = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bus < 0) return -1;
#else
    int bus = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bus < 0) return -1;
    (void)fcntl(bus, F_SETFD, FD_CLOEXEC);
    (void)fcntl(bus, F_SETFL, O_RDWR | O_NONBLOCK);
#endif
    if (connect(bus, (struct sockaddr *)&address, sizeof address) == 0) return bus;
    if ((errno == ENOENT || errno == ECONNREFUSED) && run->settings.starts_daemon) start_daemon(home);
    close(bus);
    return -1;
}

void encode_poke(struct bytes *bytes)
{
    size_t start = frame_begin(bytes, FRAME_POKE);
    field_text(bytes, POKE_VERSION, HOOKBUS_VERSION);
    frame_end(bytes, start);
}

void poke(const struct run *run)
{
    static unsigned char room_for_frame[64];
    struct bytes frame = {.at = room_for_frame, .capacity = sizeof room_for_frame, .is_owners = true};
    int bus = run->spool_file < 0 ? -1 : connect_bus(run);
    if (bus < 0) return;
    encode_poke(&frame);
    /* Where the daemon is busy or deaf it finds the record by itself, later. */
    (void)send(bus, frame.at, frame.length, MSG_DONTWAIT);
    close(bus);
}

/* Gives Node what we have read of the payload, and what is still to come of it, for as long as it reads. */
static _Noreturn void feed(struct run *run)
{
    struct stream *in = &run->streams[STDIN];
    int kept[] = {STDIN, in->to};
    close_all_but(kept, sizeof kept / sizeof *kept);
    run->signals = run->streams[STDOUT].from = run->streams[STDERR].from = -1;
    run->streams[STDOUT].to = run->streams[STDERR].to = -1;
    give(in);
    while (in->to >= 0 && (in->from >= 0 || in->length > 0)) (void)move_bytes(run, -1);
    _exit(0);
}

void become_node_engine(struct run *run, char **words)
{
    if (!has_node()) return;
    if (run->theirs[STDIN] >= 0) {
        pid_t pid = fork();
        if (pid < 0) return;
        /* In two steps, so that Node does not get a child that it knows nothing of. */
        if (pid == 0) {
            if (fork() == 0) feed(run);
            _exit(0);
        }
        (void)waitpid(pid, NULL, 0);
        (void)dup2(run->theirs[STDIN], STDIN);
    }
    record_forget(run);
    /* Node looks at the gate by itself, and would take our probe for somebody else's. */
    give_back_probe(run);
    give_back_signals(run);
    exec_node(words);
    /* Nothing of its input is ours any more. */
    exec_command(run);
}
