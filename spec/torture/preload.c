/*
 * preload.c - for LD_PRELOAD: the C library's calls on descriptors, of which
 * the n-th of one name fails.  With it the release build is tried, as it is
 * shipped.
 *
 *   DIALTONE_INJECT=accept4:3:24    the third accept4 fails with errno 24
 *   DIALTONE_INJECT=accept4:3:24:5  and four more; 0: all that follow
 *   DIALTONE_INJECT=count           when the process ends: how many there were
 *
 * The process ends with status 97 when descriptors are open that were not there
 * when it began.  Its children are left alone.  Linux only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* name, type, parameters, arguments, what a failure returns */
#define CALLS(X)                                                               \
  X(socket, int, (int domain, int type, int protocol),                         \
    (domain, type, protocol), -1)                                              \
  X(socketpair, int, (int domain, int type, int protocol, int fds[2]),         \
    (domain, type, protocol, fds), -1)                                         \
  X(pipe2, int, (int fds[2], int flags), (fds, flags), -1)                     \
  X(bind, int, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n),    \
    -1)                                                                        \
  X(listen, int, (int fd, int backlog), (fd, backlog), -1)                     \
  X(connect, int, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), \
    -1)                                                                        \
  X(accept4, int, (int fd, struct sockaddr *a, socklen_t *n, int flags),       \
    (fd, a, n, flags), -1)                                                     \
  X(shutdown, int, (int fd, int how), (fd, how), -1)                           \
  X(getsockname, int, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n),  \
    -1)                                                                        \
  X(getpeername, int, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n),  \
    -1)                                                                        \
  X(getsockopt, int, (int fd, int level, int o, void *value, socklen_t *n),    \
    (fd, level, o, value, n), -1)                                              \
  X(setsockopt, int,                                                           \
    (int fd, int level, int o, const void *value, socklen_t n),                \
    (fd, level, o, value, n), -1)                                              \
  X(send, ssize_t, (int fd, const void *data, size_t size, int flags),         \
    (fd, data, size, flags), -1)                                               \
  X(recv, ssize_t, (int fd, void *data, size_t size, int flags),               \
    (fd, data, size, flags), -1)                                               \
  X(sendto, ssize_t,                                                           \
    (int fd, const void *data, size_t size, int flags,                         \
     const struct sockaddr *a, socklen_t n),                                   \
    (fd, data, size, flags, a, n), -1)                                         \
  X(recvfrom, ssize_t,                                                         \
    (int fd, void *data, size_t size, int flags, struct sockaddr *a,           \
     socklen_t *n),                                                            \
    (fd, data, size, flags, a, n), -1)                                         \
  X(sendmsg, ssize_t, (int fd, const struct msghdr *message, int flags),       \
    (fd, message, flags), -1)                                                  \
  X(recvmsg, ssize_t, (int fd, struct msghdr *message, int flags),             \
    (fd, message, flags), -1)                                                  \
  X(sendmmsg, int, (int fd, struct mmsghdr *list, unsigned count, int flags),  \
    (fd, list, count, flags), -1)                                              \
  X(recvmmsg, int,                                                             \
    (int fd, struct mmsghdr *list, unsigned count, int flags,                  \
     struct timespec *limit),                                                  \
    (fd, list, count, flags, limit), -1)                                       \
  X(sendfile, ssize_t, (int to, int from, off_t *offset, size_t count),        \
    (to, from, offset, count), -1)                                             \
  X(splice, ssize_t,                                                           \
    (int from, off64_t *start, int to, off64_t *place, size_t count,           \
     unsigned flags),                                                          \
    (from, start, to, place, count, flags), -1)                                \
  X(poll, int, (struct pollfd * list, nfds_t count, int limit),                \
    (list, count, limit), -1)                                                  \
  X(epoll_create1, int, (int flags), (flags), -1)                              \
  X(epoll_ctl, int,                                                            \
    (int epoll, int operation, int fd, struct epoll_event *event),             \
    (epoll, operation, fd, event), -1)                                         \
  X(epoll_wait, int,                                                           \
    (int epoll, struct epoll_event *events, int most, int limit),              \
    (epoll, events, most, limit), -1)                                          \
  X(getifaddrs, int, (struct ifaddrs * *list), (list), -1)                     \
  X(getaddrinfo, int,                                                          \
    (const char *host, const char *service, const struct addrinfo *hints,      \
     struct addrinfo **list),                                                  \
    (host, service, hints, list), EAI_SYSTEM)

#define NUMBER(name, type, parameters, arguments, failure) CALL_##name,
enum call { CALLS(NUMBER) CALL_close, CALL_fcntl, CALL_ioctl, CALL_COUNT };

#define NAME(name, type, parameters, arguments, failure) #name,
static const char *const names[] = {CALLS(NAME) "close", "fcntl", "ioctl"};

static atomic_int counts[CALL_COUNT];
static int victim = -1, nth, code, times;
static bool counting;

#define MOST 1024 /* descriptors */
static bool inherited[MOST];

/* Counts the call, and says whether it must fail. */
static bool strikes(enum call call) {
  int count = atomic_fetch_add(&counts[call], 1) + 1;
  if ((int)call != victim || count < nth || (times > 0 && count >= nth + times))
    return false;
  errno = code;
  return true;
}

#define DEFINE(name, type, parameters, arguments, failure)                     \
  type name parameters {                                                       \
    static type(*real) parameters;                                             \
    if (!real)                                                                 \
      *(void **)&real = dlsym(RTLD_NEXT, #name);                               \
    return strikes(CALL_##name) ? failure : real arguments;                    \
  }

CALLS(DEFINE)

/* One that fails has closed the descriptor all the same: close(2). */
int close(int fd) {
  static int (*real)(int fd);
  bool fails = strikes(CALL_close);
  int result;
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "close");
  result = real(fd);
  if (!fails)
    return result;
  errno = code;
  return -1;
}

/* What follows is an integer or a pointer: both are handed on as a pointer. */
int fcntl(int fd, int command, ...) {
  static int (*real)(int fd, int command, ...);
  va_list list;
  void *argument;
  va_start(list, command);
  argument = va_arg(list, void *);
  va_end(list);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "fcntl");
  return strikes(CALL_fcntl) ? -1 : real(fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...) {
  static int (*real)(int fd, unsigned long request, ...);
  va_list list;
  void *argument;
  va_start(list, request);
  argument = va_arg(list, void *);
  va_end(list);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "ioctl");
  return strikes(CALL_ioctl) ? -1 : real(fd, request, argument);
}

/* --- birth and death ----------------------------------------------------- */

static bool is_open(int fd) {
  char path[64], target[8];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return readlink(path, target, sizeof target) >= 0;
}

static void read_plan(const char *text) {
  char name[32];
  if (strcmp(text, "count") == 0) {
    counting = true;
    return;
  }
  times = 1;
  if (sscanf(text, "%31[a-z0-9_]:%d:%d:%d", name, &nth, &code, &times) >= 3)
    for (int i = 0; i < CALL_COUNT; i++)
      if (strcmp(names[i], name) == 0)
        victim = i;
  if (victim < 0) {
    fprintf(stderr, "DIALTONE_INJECT: not a plan: %s\n", text);
    _exit(96);
  }
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("DIALTONE_INJECT");
  for (int fd = 0; fd < MOST; fd++)
    inherited[fd] = is_open(fd);
  if (text)
    read_plan(text);
  unsetenv("LD_PRELOAD");
  unsetenv("DIALTONE_INJECT");
}

__attribute__((destructor)) static void end(void) {
  bool left = false;
  victim = -1;
  if (counting)
    for (int i = 0; i < CALL_COUNT; i++)
      printf("count %s %d\n", names[i], counts[i]);
  for (int fd = 0; fd < MOST; fd++)
    if (!inherited[fd] && is_open(fd)) {
      printf("left open: %d\n", fd);
      left = true;
    }
  fflush(stdout);
  if (left)
    _exit(97);
}
