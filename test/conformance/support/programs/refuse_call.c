/*
 * refuse_call NAME ERRNO COMMAND [ARG...]: becomes COMMAND, for which the kernel refuses one system call with an error, as
 * a sandbox does; this also holds for its children. Without a command, prints the names of the calls that it knows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) {#name, SYS_##name}

static const struct {
    const char *name;
    long number;
} CALLS[] = {
#ifdef SYS_poll
    CALL(poll), CALL(pipe), CALL(rename), CALL(unlink), CALL(mkdir), CALL(dup2), CALL(vfork), CALL(fork), CALL(readlink), CALL(open),
    CALL(stat), CALL(lstat), CALL(access), CALL(getdents), CALL(alarm),
#endif
    CALL(prctl), CALL(close_range), CALL(memfd_create), CALL(socketpair), CALL(wait4), CALL(pipe2), CALL(getrandom),
    CALL(renameat), CALL(renameat2), CALL(ftruncate), CALL(fcntl), CALL(clock_gettime), CALL(utimensat), CALL(sigaltstack),
    CALL(statx), CALL(ppoll), CALL(signalfd4), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(rt_sigtimedwait), CALL(clone),
    CALL(dup3), CALL(fstat), CALL(newfstatat), CALL(sendto), CALL(recvfrom), CALL(connect), CALL(socket), CALL(umask),
    CALL(getcwd), CALL(pwritev2), CALL(writev), CALL(lseek), CALL(pwrite64), CALL(pread64), CALL(ioctl), CALL(kill),
    CALL(getppid), CALL(getpid), CALL(gettid), CALL(tgkill), CALL(rt_sigqueueinfo), CALL(nanosleep), CALL(fallocate),
    CALL(setsid), CALL(sched_yield), CALL(madvise), CALL(futex), CALL(getuid), CALL(waitid), CALL(rt_sigreturn),
    CALL(unlinkat), CALL(mkdirat), CALL(fchmod), CALL(getdents64), CALL(readlinkat), CALL(faccessat), CALL(geteuid),
};

int main(int argc, char **argv)
{
    long number = -1;
    for (size_t i = 0; argc > 1 && i < sizeof CALLS / sizeof *CALLS; i++)
        if (strcmp(CALLS[i].name, argv[1]) == 0) number = CALLS[i].number;
    if (argc < 4) {
        for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) puts(CALLS[i].name);
        return 0;
    }
    if (number < 0) {
        fprintf(stderr, "refuse_call: expected a known system call, got %s\n", argv[1]);
        return 99;
    }
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2])),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("refuse_call");
        return 98;
    }
    execvp(argv[3], argv + 3);
    perror("refuse_call: exec");
    return errno == ENOENT ? 97 : 96;
}
