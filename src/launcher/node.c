/* The command line and the daemon, in Node. */
#include "node.h"
#include "daemon_state.h"
#include "fd.h"
#include "home.h"
#include "run.h"
#include "settings.h"

#include <sys/socket.h>
#include <sys/un.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <sys/prctl.h>
#endif

#define NODE_PATH "node-path"

enum {
    RETRY_SECONDS = 30, /* after this long, a daemon that did not start is tried again */
    HELPER_SOCKET = 3,  /* as in src/cli/claim.ts */
};

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
    return FORMAT(path, PATH_BYTES, "%s%s", self, name);
}

/* What runs the command line: Node and its script. */
struct program {
    char node[PATH_BYTES], script[PATH_BYTES];
};

/* Reads the lines NODE and SCRIPT from a file of the user, of root, or of the owner of the launcher's directory. */
static bool read_program(int file, uid_t owner, struct program *program)
{
    char text[2 * PATH_BYTES];
    struct stat stat;
    if (file < 0) return false;
    bool is_trusted = fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
                      (stat.st_uid == owner || stat.st_uid == 0);
    ssize_t length = is_trusted ? read(file, text, sizeof text - 1) : 0;
    close(file);
    text[length > 0 ? length : 0] = '\0';
    size_t node_length = strcspn(text, "\n");
    char *script = text + node_length + (text[node_length] == '\n');
    script[strcspn(script, "\n")] = '\0';
    if (!FORMAT(program->node, PATH_BYTES, "%.*s", (int)node_length, text)) return false;
    if (program->script[0] == '\0' && !FORMAT(program->script, PATH_BYTES, "%s", script)) return false;
    return program->node[0] == '/' && access(program->node, X_OK) == 0 && program->script[0] == '/';
}

/* Where the launcher's directory was not writable, a command of the user wrote it to the default state directory. */
static int open_in_default_home(void)
{
    char home[HOME_BYTES];
    int directory = settings_default_home(home) ? home_open_own(home) : -1;
    int file = directory < 0 ? -1 : openat(directory, NODE_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (directory >= 0) close(directory);
    return file;
}

/*
 * Finds Node without PATH: whoever can put a `node` there must not answer for a guard. The build had it, it lies beside
 * the launcher, or a file says where it is. The script lies beside the launcher, or the same file says where.
 */
static bool find_program(struct program *program)
{
    static const char BUILT_IN[] = HOOKBUS_NODE;
    char beside[PATH_BYTES];
    struct stat directory;
    bool has_script = find_beside("/hookbus.js", program->script) && access(program->script, F_OK) == 0;
    if (!has_script) program->script[0] = '\0';
    if (has_script && BUILT_IN[0] == '/' && access(BUILT_IN, X_OK) == 0)
        return FORMAT(program->node, PATH_BYTES, "%s", BUILT_IN);
    if (has_script && find_beside("/hookbus-node", program->node) && access(program->node, X_OK) == 0) return true;
    if (find_beside("", beside) && stat(beside, &directory) == 0 && find_beside("/" NODE_PATH, beside) &&
        read_program(open(beside, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), directory.st_uid, program))
        return true;
    if (!has_script) program->script[0] = '\0';
    return read_program(open_in_default_home(), home_user(), program);
}

static bool is_below(const char *path, const char *parent)
{
    size_t length = strlen(parent);
    return length > 1 && strncmp(path, parent, length) == 0 && path[length] == '/';
}

/* For a user's command. Skips the current directory's tree, which may be a repository, unless that is HOME. */
static bool find_node_on_path(char node[PATH_BYTES])
{
    char cwd[PATH_BYTES], real[PATH_BYTES];
    const char *user = getenv("HOME"), *directory = getenv("PATH");
    if (getcwd(cwd, sizeof cwd) == NULL || (user != NULL && strcmp(cwd, user) == 0)) cwd[0] = '\0';
    for (size_t length; directory != NULL && *directory != '\0'; directory += length + (directory[length] == ':')) {
        length = strcspn(directory, ":");
        if (*directory != '/' || !FORMAT(node, PATH_BYTES, "%.*s/node", (int)length, directory)) continue;
        if (access(node, X_OK) != 0 || realpath(node, real) == NULL) continue;
        if (!is_below(node, cwd) && !is_below(real, cwd)) return true;
    }
    return false;
}

void node_exec(char **argv, bool searches_path)
{
    static struct program program;
    if (!find_program(&program) &&
        !(searches_path && program.script[0] == '/' && find_node_on_path(program.node))) return;
    if (access(program.script, F_OK) != 0) return;
    argv[0] = program.node;
    argv[1] = program.script;
    (void)execv(program.node, argv);
}

bool node_has_script(void)
{
    static struct program program;
    (void)find_program(&program);
    return program.script[0] == '/' && access(program.script, F_OK) == 0;
}

/* Whether to start a daemon: nobody else tried recently. */
static bool may_start(int home)
{
    static const char NAME[] = "daemon.tried";
    struct stat marker_stat;
    int marker = openat(home, NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (marker >= 0) return close(marker) == 0;
    if (fstatat(home, NAME, &marker_stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
    time_t age = time(NULL) - marker_stat.st_mtime;
    return (age < 0 || age >= RETRY_SECONDS) && utimensat(home, NAME, NULL, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Runs in a new process: execs Node with nothing from the caller. Whoever waits for the end of output must not wait for
 * Node, and the run's environment must not configure it. `socket`, if any, becomes descriptor 3.
 */
static _Noreturn void become_node(const char *home, char **argv, int socket)
{
    sigset_t none;
    fd_close_all_but(&socket, 1);
    if (open("/dev/null", O_RDWR) != STDIN || dup(STDIN) != STDOUT || dup(STDIN) != STDERR) _exit(0);
    if (socket == HELPER_SOCKET) (void)fcntl(socket, F_SETFD, 0);
    else if (socket >= 0 && dup2(socket, HELPER_SOCKET) == HELPER_SOCKET) close(socket);
    if (chdir("/") != 0) _exit(0);
    for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    daemon_prepare(home);
    node_exec(argv, false);
    _exit(0);
}

static void start_daemon(const struct run *starter)
{
    static char daemon[] = "daemon", run[] = "run";
    char *argv[] = {NULL, NULL, daemon, run, NULL};
    if (!may_start(starter->home)) return;
    pid_t pid = fork();
    /* The child exits at once, and would stay a zombie if no init reaps it. */
    if (pid > 0) (void)waitpid(pid, NULL, 0);
    if (pid != 0) return;
    (void)setsid();
    if (fork() != 0) _exit(0);
    become_node(starter->settings.home, argv, -1);
}

/* A session of its own keeps signals to the hook's group or terminal away. The helper dies with the launcher. */
pid_t node_start_helper(const char *home, int *bus)
{
    static char claim[] = "claim";
    char *argv[] = {NULL, NULL, claim, NULL};
    int ends[2];
    *bus = -1;
    if (!fd_pair(true, ends)) return 0;
    int own_end = fd_above_streams(ends[0]), helper_end = fd_above_streams(ends[1]);
    pid_t pid = own_end < 0 || helper_end < 0 ? -1 : fork();
    if (pid == 0) {
#ifdef __linux__
        /* If the launcher is dead already, the helper finds its connection closed. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        (void)setsid();
        become_node(home, argv, helper_end);
    }
    close(helper_end);
    if (pid > 0) *bus = own_end;
    else close(own_end);
    return pid > 0 ? pid : 0;
}

/* The final check of the owner: an earlier check of the path may be outdated. */
static bool is_own_user(int bus)
{
#ifdef __APPLE__
    uid_t user;
    gid_t group;
    return getpeereid(bus, &user, &group) == 0 && user == home_user();
#else
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(bus, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == home_user();
#endif
}

static int open_socket(void)
{
    int bus = fd_above_streams(socket(AF_UNIX, SOCK_STREAM, 0));
    (void)fcntl(bus, F_SETFD, FD_CLOEXEC);
    (void)fcntl(bus, F_SETFL, O_RDWR | O_NONBLOCK);
    return bus;
}

int node_connect(const struct run *run)
{
    /* Relative to the state directory, whose path may be too long for a socket. */
    static const struct sockaddr_un ADDRESS = {.sun_family = AF_UNIX, .sun_path = "bus.sock"};
    bool restores_cwd = run->spawned_us == 0;
    int cwd = restores_cwd ? home_open_directory(AT_FDCWD, ".") : -1, bus = -1;
    /* The hook starts in the caller's directory: if the launcher cannot return to it, it stays there. */
    if ((!restores_cwd || (cwd >= 0 && fchdir(cwd) == 0)) && fchdir(run->home) == 0) bus = open_socket();
    bool is_connected = bus >= 0 && connect(bus, (const struct sockaddr *)&ADDRESS, sizeof ADDRESS) == 0;
    bool has_no_daemon = bus >= 0 && !is_connected && (errno == ENOENT || errno == ECONNREFUSED);
    if (cwd >= 0) {
        (void)!fchdir(cwd);
        close(cwd);
    }
    if (has_no_daemon && run->settings.starts_daemon) start_daemon(run);
    if (is_connected && is_own_user(bus)) return bus;
    if (bus >= 0) close(bus);
    return -1;
}

void node_encode_notify(struct bytes *bytes)
{
    size_t start = frame_begin(bytes, FRAME_NOTIFY);
    field_text(bytes, NOTIFY_VERSION, HOOKBUS_VERSION);
    frame_end(bytes, start);
}

void node_notify(const struct run *run)
{
    struct bytes frame = {0};
    int bus = run->spool_file < 0 ? -1 : node_connect(run);
    if (bus < 0) return;
    node_encode_notify(&frame);
    /* A busy daemon finds the record by itself later. The launcher's exit, which is near, closes the socket. */
    (void)send(bus, frame.at, frame.length, MSG_DONTWAIT);
}
