/*
 * sys.h - every system call on sockets, through one table of pointers.
 *
 * The table is constant, and in the normal build it holds the calls
 * themselves (or the few lines that make a portable one), so it costs the
 * pointer.  The test build (DIALTONE_FAULTS) puts a layer in between that can
 * make the n-th call of a name fail, shorten reads and writes, and keeps a
 * census of the descriptors that are open: see sys_fault.h.
 *
 * Each entry behaves as its manual page says; where one differs, it is noted.
 * Descriptors are born here, close-on-exec and non-blocking (those of pollers:
 * close-on-exec), and nowhere else.
 */
#ifndef DT_SYS_H
#define DT_SYS_H

#include "config.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

struct dt_message { /* one of sendmany's and recvmany's: struct mmsghdr */
  struct msghdr header;
  unsigned length; /* how many bytes this one moved */
};

struct epoll_event;
struct kevent;
struct timespec;

struct dt_sys {
  /* born non-blocking and close-on-exec, without SIGPIPE */
  int (*socket)(int domain, int type, int protocol);
  int (*socketpair)(int domain, int type, int protocol, int fds[2]);
  int (*accept)(int fd, struct sockaddr *address, socklen_t *length);
  int (*dup)(int fd); /* close-on-exec; shares O_NONBLOCK with `fd` */
  /* makes a descriptor from elsewhere close-on-exec and non-blocking */
  int (*adopt)(int fd);
  int (*set_nonblocking)(int fd, int on);
  int (*close)(int fd); /* never retried: close(2), "Dealing with errors" */

  int (*bind)(int fd, const struct sockaddr *address, socklen_t length);
  int (*listen)(int fd, int backlog);
  int (*connect)(int fd, const struct sockaddr *address, socklen_t length);
  int (*shutdown)(int fd, int how);
  int (*getsockname)(int fd, struct sockaddr *address, socklen_t *length);
  int (*getpeername)(int fd, struct sockaddr *address, socklen_t *length);
  int (*getsockopt)(int fd, int level, int name, void *value,
                    socklen_t *length);
  int (*setsockopt)(int fd, int level, int name, const void *value,
                    socklen_t length);

  /* sends add MSG_NOSIGNAL where the system has it */
  ssize_t (*send)(int fd, const void *data, size_t size, int flags);
  ssize_t (*recv)(int fd, void *data, size_t size, int flags);
  ssize_t (*sendto)(int fd, const void *data, size_t size, int flags,
                    const struct sockaddr *address, socklen_t length);
  ssize_t (*recvfrom)(int fd, void *data, size_t size, int flags,
                      struct sockaddr *address, socklen_t *length);
  ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
  ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags);
  /* how many of `count` went; a loop over the one above where need be */
  int (*sendmany)(int fd, struct dt_message *messages, unsigned count,
                  int flags);
  int (*recvmany)(int fd, struct dt_message *messages, unsigned count,
                  int flags);
  /* *offset < 0: from the file's own position.  -1 with EINVAL when the
     system cannot do it for this pair: then read and send */
  ssize_t (*sendfile)(int fd, int file, off_t *offset, size_t count);
  /* splice(2) between a socket (which must be non-blocking) and a pipe; says
     whether it is the socket that is given bytes.  ENOSYS where the system has
     no such call, and neither of pipe, which makes ends for it: [0] to take
     bytes out of, [1] to put them in */
  ssize_t (*splice)(int from, int to, size_t count, int to_socket);
  int (*pipe)(int fds[2]);
  ssize_t (*read)(int fd, void *data, size_t size); /* of what is no socket */

  int (*poll)(struct pollfd *list, nfds_t count, int milliseconds);
#ifdef DT_HAVE_EPOLL
  int (*epoll_create)(void); /* close-on-exec */
  int (*epoll_ctl)(int fd, int operation, int target,
                   struct epoll_event *event);
  int (*epoll_wait)(int fd, struct epoll_event *events, int most,
                    int milliseconds);
#endif
#ifdef DT_HAVE_KQUEUE
  int (*kqueue)(void); /* close-on-exec */
  int (*kevent)(int fd, const struct kevent *changes, int count,
                struct kevent *events, int most, const struct timespec *limit);
#endif
  int (*ioctl)(int fd, unsigned long request, void *argument);

  int (*getaddrinfo)(const char *host, const char *service,
                     const struct addrinfo *hints, struct addrinfo **list);
  int (*getnameinfo)(const struct sockaddr *address, socklen_t length,
                     char *host, socklen_t host_size, char *service,
                     socklen_t service_size, int flags);
  int (*getifaddrs)(struct ifaddrs **list);
};

DT_INTERNAL_BEGIN

extern const struct dt_sys dt_sys;

DT_INTERNAL_END

/* poll(2): where EAGAIN stands for a want of memory, it is to be asked again as
   after EINTR.  So it is told as that, and EAGAIN has one meaning everywhere.
 */
static inline int dt_poll(struct pollfd *list, nfds_t count, int milliseconds) {
  int ready = dt_sys.poll(list, count, milliseconds);
  if (ready < 0 && errno == EAGAIN)
    errno = EINTR;
  return ready;
}

#endif
