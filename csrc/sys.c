/*
 * sys.c - the system calls themselves: see sys.h.
 *
 * Most entries are one line.  They are functions of ours even so, because the
 * C library declares some calls with types that no plain pointer matches, and
 * because a few systems need help: a flag is set after the call where the call
 * does not take it, many messages become a loop of single ones.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#ifdef DT_HAVE_EPOLL
#  include <sys/epoll.h>
#endif
#ifdef DT_HAVE_KQUEUE
#  include <sys/event.h>
#endif
#ifdef DT_HAVE_SENDFILE
#  include <sys/sendfile.h>
#endif

#include "sys.h"

#ifndef MSG_NOSIGNAL
#  define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE does the work, from birth */
#endif
#ifndef MSG_ZEROCOPY
#  define MSG_ZEROCOPY 0
#endif

/* --- birth and death ----------------------------------------------------- */

static int close_fd(int fd) {
  return close(fd);
}

static int set_nonblocking(int fd, int on) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0)
    return -1;
  return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static int adopt(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
    return -1;
  return set_nonblocking(fd, 1);
}

static int dup_fd(int fd) {
  return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* A new descriptor is without SIGPIPE, or it is not at all. */
static int quiet(int fd) {
#ifdef SO_NOSIGPIPE
  int on = 1;
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) < 0 &&
      errno != EINVAL) { /* EINVAL: the peer is gone already */
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
#endif
  return fd;
}

#ifdef DT_HAVE_ACCEPT4

#  define BIRTH (SOCK_CLOEXEC | SOCK_NONBLOCK)

static int open_socket(int domain, int type, int protocol) {
  return quiet(socket(domain, type | BIRTH, protocol));
}

static int open_pair(int domain, int type, int protocol, int fds[2]) {
  return socketpair(domain, type | BIRTH, protocol, fds);
}

static int accept_socket(int fd, struct sockaddr *address, socklen_t *length) {
  return quiet(accept4(fd, address, length, BIRTH));
}

#else

static int born(int fd) {
  if (fd >= 0 && adopt(fd) < 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return quiet(fd);
}

static int open_socket(int domain, int type, int protocol) {
  return born(socket(domain, type, protocol));
}

static int open_pair(int domain, int type, int protocol, int fds[2]) {
  if (socketpair(domain, type, protocol, fds) < 0)
    return -1;
  if (born(fds[0]) < 0) {
    int error = errno;
    close(fds[1]);
    errno = error;
    return -1;
  }
  if (born(fds[1]) < 0) {
    int error = errno;
    close(fds[0]);
    errno = error;
    return -1;
  }
  return 0;
}

static int accept_socket(int fd, struct sockaddr *address, socklen_t *length) {
  return born(accept(fd, address, length));
}

#endif

/* --- names and options --------------------------------------------------- */

static int bind_socket(int fd, const struct sockaddr *address,
                       socklen_t length) {
  return bind(fd, address, length);
}

static int connect_socket(int fd, const struct sockaddr *address,
                          socklen_t length) {
  return connect(fd, address, length);
}

static int get_sockname(int fd, struct sockaddr *address, socklen_t *length) {
  return getsockname(fd, address, length);
}

static int get_peername(int fd, struct sockaddr *address, socklen_t *length) {
  return getpeername(fd, address, length);
}

/* --- data ---------------------------------------------------------------- */

/* A Lua string may be collected when the call has returned, so the kernel must
   have its copy by then. */
static int safe(int flags) {
  return (flags & ~MSG_ZEROCOPY) | MSG_NOSIGNAL;
}

static ssize_t send_data(int fd, const void *data, size_t size, int flags) {
  return send(fd, data, size, safe(flags));
}

static ssize_t send_to(int fd, const void *data, size_t size, int flags,
                       const struct sockaddr *address, socklen_t length) {
  return sendto(fd, data, size, safe(flags), address, length);
}

static ssize_t receive_from(int fd, void *data, size_t size, int flags,
                            struct sockaddr *address, socklen_t *length) {
  return recvfrom(fd, data, size, flags, address, length);
}

static ssize_t send_message(int fd, const struct msghdr *message, int flags) {
  return sendmsg(fd, message, safe(flags));
}

static ssize_t receive_message(int fd, struct msghdr *message, int flags) {
  return recvmsg(fd, message, flags);
}

#ifdef DT_HAVE_MMSG

/* struct dt_message is struct mmsghdr by another name. */
_Static_assert(sizeof(struct dt_message) == sizeof(struct mmsghdr),
               "dt_message must have the layout of mmsghdr");

static int send_many(int fd, struct dt_message *messages, unsigned count,
                     int flags) {
  return sendmmsg(fd, (struct mmsghdr *)messages, count, safe(flags));
}

static int receive_many(int fd, struct dt_message *messages, unsigned count,
                        int flags) {
  return recvmmsg(fd, (struct mmsghdr *)messages, count, flags, NULL);
}

#else

/* As sendmmsg(2): the count of those that went, a failure only for the first.
 */
static int send_many(int fd, struct dt_message *messages, unsigned count,
                     int flags) {
  unsigned i;
  for (i = 0; i < count; i++) {
    ssize_t sent = send_message(fd, &messages[i].header, flags);
    if (sent < 0)
      return i > 0 ? (int)i : -1;
    messages[i].length = (unsigned)sent;
  }
  return (int)i;
}

static int receive_many(int fd, struct dt_message *messages, unsigned count,
                        int flags) {
  unsigned i;
  for (i = 0; i < count; i++) {
    ssize_t got = receive_message(fd, &messages[i].header, flags);
    if (got < 0)
      return i > 0 ? (int)i : -1;
    messages[i].length = (unsigned)got;
    flags |= MSG_DONTWAIT; /* wait for the first only */
  }
  return (int)i;
}

#endif

#ifdef DT_HAVE_SENDFILE

/* sendfile(2) and splice(2) have no MSG_NOSIGNAL.  So SIGPIPE is blocked for
   this thread, and one that came meanwhile is taken away, unless one was
   pending before: only then, that it was blocked before. */
struct hush {
  sigset_t before;
  bool pending;
};

static void begin_hush(struct hush *hush) {
  sigset_t pipes, pending;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipes, &hush->before);
  hush->pending = sigismember(&hush->before, SIGPIPE) == 1 &&
                  sigpending(&pending) == 0 &&
                  sigismember(&pending, SIGPIPE) == 1;
}

/* `may_be`: the call may have met the end of the peer.  Leaves errno alone. */
static void end_hush(const struct hush *hush, bool may_be) {
  const struct timespec at_once = {0, 0};
  sigset_t pipes;
  int error = errno;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  if (may_be && !hush->pending)
    while (sigtimedwait(&pipes, NULL, &at_once) < 0 && errno == EINTR)
      ;
  pthread_sigmask(SIG_SETMASK, &hush->before, NULL);
  errno = error;
}

/* After a success too there may be a signal: the call moves pieces, and a later
   one may have met the end that the first provoked. */
static ssize_t send_file(int fd, int file, off_t *offset, size_t count) {
  struct hush hush;
  ssize_t sent;
  begin_hush(&hush);
  sent = sendfile(fd, file, *offset < 0 ? NULL : offset, count);
  end_hush(&hush, true);
  return sent;
}

#else

static ssize_t send_file(int fd, int file, off_t *offset, size_t count) {
  (void)fd, (void)file, (void)offset, (void)count;
  errno = EINVAL;
  return -1;
}

#endif

#ifdef DT_HAVE_SPLICE

static ssize_t splice_bytes(int from, int to, size_t count, int to_socket) {
  struct hush hush;
  ssize_t moved;
  if (!to_socket)
    return splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK);
  begin_hush(&hush);
  moved = splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK);
  end_hush(&hush, moved < 0 || (size_t)moved < count);
  return moved;
}

static int open_pipe(int fds[2]) {
  return pipe2(fds, O_CLOEXEC | O_NONBLOCK);
}

#else

static ssize_t splice_bytes(int from, int to, size_t count, int to_socket) {
  (void)from, (void)to, (void)count, (void)to_socket;
  errno = ENOSYS;
  return -1;
}

static int open_pipe(int fds[2]) {
  (void)fds;
  errno = ENOSYS;
  return -1;
}

#endif

static int control_device(int fd, unsigned long request, void *argument) {
  return ioctl(fd, request, argument);
}

/* --- pollers ------------------------------------------------------------- */

#ifdef DT_HAVE_EPOLL

static int open_epoll(void) {
  return epoll_create1(EPOLL_CLOEXEC);
}

#endif

#ifdef DT_HAVE_KQUEUE

static int open_kqueue(void) {
  int fd = kqueue();
  if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static int call_kevent(int fd, const struct kevent *changes, int count,
                       struct kevent *events, int most,
                       const struct timespec *limit) {
  return kevent(fd, changes, count, events, most, limit);
}

#endif

/* --- look-ups ------------------------------------------------------------ */

static int name_info(const struct sockaddr *address, socklen_t length,
                     char *host, socklen_t host_size, char *service,
                     socklen_t service_size, int flags) {
  return getnameinfo(address, length, host, host_size, service, service_size,
                     flags);
}

#ifdef DIALTONE_FAULTS
#  define TABLE dt_sys_real /* sys_fault.c has dt_sys, and calls this one */
extern const struct dt_sys dt_sys_real;
#else
#  define TABLE dt_sys
#endif

const struct dt_sys TABLE = {
    .socket = open_socket,
    .socketpair = open_pair,
    .accept = accept_socket,
    .dup = dup_fd,
    .adopt = adopt,
    .set_nonblocking = set_nonblocking,
    .close = close_fd,
    .bind = bind_socket,
    .listen = listen,
    .connect = connect_socket,
    .shutdown = shutdown,
    .getsockname = get_sockname,
    .getpeername = get_peername,
    .getsockopt = getsockopt,
    .setsockopt = setsockopt,
    .send = send_data,
    .recv = recv,
    .sendto = send_to,
    .recvfrom = receive_from,
    .sendmsg = send_message,
    .recvmsg = receive_message,
    .sendmany = send_many,
    .recvmany = receive_many,
    .sendfile = send_file,
    .splice = splice_bytes,
    .pipe = open_pipe,
    .read = read,
    .poll = poll,
#ifdef DT_HAVE_EPOLL
    .epoll_create = open_epoll,
    .epoll_ctl = epoll_ctl,
    .epoll_wait = epoll_wait,
#endif
#ifdef DT_HAVE_KQUEUE
    .kqueue = open_kqueue,
    .kevent = call_kevent,
#endif
    .ioctl = control_device,
    .getaddrinfo = getaddrinfo,
    .getnameinfo = name_info,
    .getifaddrs = getifaddrs,
};
