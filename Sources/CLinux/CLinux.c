#define _GNU_SOURCE
#include "CLinux.h"
#include <grp.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int zl_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) { return accept4(fd, address, length, flags); }
int zl_memfd_create(const char *name, unsigned int flags) { return memfd_create(name, flags); }
int zl_set_inheritable(int fd, int inheritable) { return fcntl(fd, F_SETFD, inheritable ? 0 : FD_CLOEXEC); }
int zl_open(const char *path, int flags, unsigned int mode) { return open(path, flags, mode); }
ssize_t zl_read_cached(int fd, void *bytes, size_t count, off_t offset) {
    struct iovec vector = {bytes, count};
    return preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
}

/* RESOLVE_CACHED (Linux 5.12): EAGAIN instead of a look at the disk. */
int zl_open_cached(const char *path, int flags) {
    struct { uint64_t flags, mode, resolve; } how = {(uint64_t)(unsigned)flags, 0, 0x20};
    return (int)syscall(437 /* openat2 */, AT_FDCWD, path, &how, sizeof how);
}
int zl_socket_out_queue(int fd) { int n = 0; return ioctl(fd, SIOCOUTQ, &n) == 0 ? n : -1; }
int zl_getpid_thread(void) { return (int)syscall(SYS_gettid); }
int zl_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
int zl_setgroups(const char *user, unsigned int gid) { return initgroups(user, gid); }
int zl_exit_status(int status) { return WEXITSTATUS(status); }
int zl_signaled(int status) { return WIFSIGNALED(status); }
int zl_term_signal(int status) { return WTERMSIG(status); }

int zl_core_count(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int zl_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    char control[CMSG_SPACE(sizeof(int) * 250)];
    struct iovec vector = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (descriptor_count > 250) { errno = E2BIG; return -1; }
    if (descriptor_count > 0) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
    }
    return (int)sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t zl_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int capacity, int *received) {
    char control[CMSG_SPACE(sizeof(int) * 250)];
    struct iovec vector = {bytes, count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t result = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    *received = 0;
    if (result < 0) return result;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int total = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        const int *passed = (const int *)CMSG_DATA(header);
        for (int i = 0; i < total; i++) {
            if (*received < capacity) descriptors[(*received)++] = passed[i];
            else close(passed[i]);
        }
    }
    return result;
}

int zl_fork(void) { return (int)fork(); }

extern char **environ;
char **zl_environment(void) { return environ; }

// Between fork and exec only async-signal-safe calls are allowed, so this cannot be Swift.
int zl_spawn(const char *path, char *const argv[], char *const envp[], const int *pairs, int pair_count) {
    int held[256], above = 3;
    if (pair_count > 256) { errno = E2BIG; return -1; }
    for (int i = 0; i < pair_count; i++)
        if (pairs[2 * i + 1] >= above) above = pairs[2 * i + 1] + 1;
    pid_t child = fork();
    if (child != 0) return (int)child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // First above every target, then to the target: no pair can overwrite another's source.
    for (int i = 0; i < pair_count; i++) held[i] = fcntl(pairs[2 * i], F_DUPFD_CLOEXEC, above);
    for (int i = 0; i < pair_count; i++)
        if (held[i] < 0 || dup2(held[i], pairs[2 * i + 1]) < 0) _exit(126);
    execve(path, argv, envp);
    _exit(127);
}

long long zl_free_space(const char *path) {
    struct statvfs form;
    if (statvfs(path, &form) != 0) return -1;
    unsigned long long bytes;
    if (__builtin_mul_overflow((unsigned long long)form.f_bavail, (unsigned long long)form.f_frsize, &bytes) || bytes > (1ull << 62))
        return 1ll << 62;
    return (long long)bytes;
}

void zl_trim_allocator(void) { malloc_trim(0); }
