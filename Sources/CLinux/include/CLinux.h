// One-line wrappers around what Swift cannot import: macros, variadic functions, GNU extensions. No state lives here.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int zl_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int zl_memfd_create(const char *name, unsigned int flags);
int zl_set_inheritable(int fd, int inheritable);
int zl_open(const char *path, int flags, unsigned int mode);
int zl_open_cached(const char *path, int flags);
ssize_t zl_read_cached(int fd, void *bytes, size_t count, off_t offset);
int zl_socket_out_queue(int fd);
int zl_getpid_thread(void);
int zl_name_thread(const char *name);
int zl_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);
ssize_t zl_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int capacity, int *received);
int zl_setgroups(const char *user, unsigned int gid);
int zl_exit_status(int status);
int zl_signaled(int status);
int zl_term_signal(int status);
int zl_core_count(void);
int zl_fork(void);
char **zl_environment(void);
int zl_spawn(const char *path, char *const argv[], char *const envp[], const int *pairs, int pair_count);
long long zl_free_space(const char *path);
void zl_trim_allocator(void);
