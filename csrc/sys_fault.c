/*
 * sys_fault.c - the test build's system calls: see sys_fault.h.
 *
 * Stands on sys.c's table, which it calls unless a plan says otherwise.  The
 * plans are the process's, under a mutex: this is for tests, where the state
 * that plans a fault and the state that meets it may differ.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#ifdef DT_HAVE_EPOLL
#  include <sys/epoll.h>
#endif

#include "sys.h"
#include "sys_fault.h"
#include "variant_fault.h"

extern const struct dt_sys dt_sys_real;

#ifdef DT_HAVE_EPOLL
#  define EPOLL_CALLS(X) X(epoll_create) X(epoll_ctl) X(epoll_wait)
#else
#  define EPOLL_CALLS(X)
#endif
#ifdef DT_HAVE_KQUEUE
#  define KQUEUE_CALLS(X) X(kqueue) X(kevent)
#else
#  define KQUEUE_CALLS(X)
#endif

#define CALLS(X)                                                               \
  X(socket)                                                                    \
  X(socketpair)                                                                \
  X(accept)                                                                    \
  X(dup)                                                                       \
  X(adopt)                                                                     \
  X(set_nonblocking)                                                           \
  X(close)                                                                     \
  X(bind)                                                                      \
  X(listen)                                                                    \
  X(connect)                                                                   \
  X(shutdown)                                                                  \
  X(getsockname)                                                               \
  X(getpeername)                                                               \
  X(getsockopt)                                                                \
  X(setsockopt)                                                                \
  X(send)                                                                      \
  X(recv)                                                                      \
  X(sendto)                                                                    \
  X(recvfrom)                                                                  \
  X(sendmsg)                                                                   \
  X(recvmsg)                                                                   \
  X(sendmany)                                                                  \
  X(recvmany)                                                                  \
  X(sendfile)                                                                  \
  X(splice)                                                                    \
  X(pipe)                                                                      \
  X(read)                                                                      \
  X(poll)                                                                      \
  X(ioctl)                                                                     \
  X(getaddrinfo)                                                               \
  X(getnameinfo)                                                               \
  X(getifaddrs)                                                                \
  EPOLL_CALLS(X)                                                               \
  KQUEUE_CALLS(X)

#define NUMBER(name) CALL_##name,
enum call { CALLS(NUMBER) CALL_COUNT };

#define NAME(name) #name,
static const char *const names[] = {CALLS(NAME)};

struct plan {
  int left;  /* calls until it strikes: 1 is the next; 0: no plan */
  int times; /* how often it strikes then, call after call */
  int error; /* 0: cut to `bytes` */
  size_t bytes;
  int count; /* calls made */
  int delay; /* milliseconds that each call sleeps first */
};

#define KNOWN_DESCRIPTORS 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct plan plans[CALL_COUNT];
static const char *openers[KNOWN_DESCRIPTORS];

/* A child of fork(2) must not find the mutex in the hands of a thread that it
   has not got. */
static void take_lock(void) {
  pthread_mutex_lock(&lock);
}

static void give_lock(void) {
  pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void guard_forks(void) {
  pthread_atfork(take_lock, give_lock, give_lock);
}

static void sleep_for(int milliseconds) {
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  while (nanosleep(&left, &left) < 0 && errno == EINTR)
    ;
}

/* Counts the call, and says whether it must fail (errno is set then).  When it
   must be cut short instead, *size is. */
static bool strikes(enum call call, size_t *size) {
  struct plan *plan = &plans[call];
  int error = 0, delay;
  pthread_mutex_lock(&lock);
  plan->count++;
  delay = plan->delay;
  if (plan->left > 0 && --plan->left == 0) {
    error = plan->error;
    if (error == 0 && size && *size > plan->bytes)
      *size = plan->bytes;
    if (plan->times == DT_FAULT_FOREVER || --plan->times > 0)
      plan->left = 1;
  }
  pthread_mutex_unlock(&lock);
  if (delay > 0)
    sleep_for(delay);
  if (error != 0)
    errno = error;
  return error != 0;
}

/* --- edges --------------------------------------------------------------- */

#ifdef DT_HAVE_EPOLL

/* How each descriptor was last registered with an epoll instance. */
static struct {
  int epoll; /* one more than its descriptor; 0: not at all */
  struct epoll_event event;
} armed[KNOWN_DESCRIPTORS];

static void note_armed(int epoll, int operation, int fd,
                       const struct epoll_event *event) {
  if (fd < 0 || fd >= KNOWN_DESCRIPTORS)
    return;
  pthread_mutex_lock(&lock);
  armed[fd].epoll = operation == EPOLL_CTL_DEL ? 0 : epoll + 1;
  armed[fd].event = *event;
  pthread_mutex_unlock(&lock);
}

/* With the lock held. */
static void forget_armed(int fd) {
  armed[fd].epoll = 0;
}

/* A kernel that says EAGAIN has an edge to come.  That this one was not true
   it does not know: to be registered again makes it look. */
static void promise_edge(int fd) {
  int error = errno, epoll;
  struct epoll_event event;
  if (fd < 0 || fd >= KNOWN_DESCRIPTORS)
    return;
  pthread_mutex_lock(&lock);
  epoll = armed[fd].epoll - 1;
  event = armed[fd].event;
  pthread_mutex_unlock(&lock);
  if (epoll >= 0)
    dt_sys_real.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
  errno = error;
}

#else

static void forget_armed(int fd) {
  (void)fd;
}

static void promise_edge(int fd) {
  (void)fd;
}

#endif

/* As strikes, for a call on `fd`. */
static bool strikes_on(enum call call, size_t *size, int fd) {
  if (!strikes(call, size))
    return false;
  if (errno == EAGAIN)
    promise_edge(fd);
  return true;
}

/* --- births and deaths --------------------------------------------------- */

static int opened(enum call call, int fd) {
  dt_variant_opened(fd);
  if (fd >= 0 && fd < KNOWN_DESCRIPTORS) {
    pthread_mutex_lock(&lock);
    openers[fd] = names[call];
    pthread_mutex_unlock(&lock);
  }
  return fd;
}

static int faulty_socket(int domain, int type, int protocol) {
  if (strikes(CALL_socket, NULL))
    return -1;
  return opened(CALL_socket, dt_sys_real.socket(domain, type, protocol));
}

static int faulty_socketpair(int domain, int type, int protocol, int fds[2]) {
  int result;
  if (strikes(CALL_socketpair, NULL))
    return -1;
  result = dt_sys_real.socketpair(domain, type, protocol, fds);
  if (result == 0) {
    opened(CALL_socketpair, fds[0]);
    opened(CALL_socketpair, fds[1]);
  }
  return result;
}

static int faulty_pipe(int fds[2]) {
  int result;
  if (strikes(CALL_pipe, NULL))
    return -1;
  result = dt_sys_real.pipe(fds);
  if (result == 0) {
    opened(CALL_pipe, fds[0]);
    opened(CALL_pipe, fds[1]);
  }
  return result;
}

static int faulty_accept(int fd, struct sockaddr *address, socklen_t *length) {
  if (strikes_on(CALL_accept, NULL, fd))
    return -1;
  return opened(CALL_accept, dt_sys_real.accept(fd, address, length));
}

#ifdef DT_HAVE_EPOLL
static int faulty_epoll_create(void) {
  if (strikes(CALL_epoll_create, NULL))
    return -1;
  return opened(CALL_epoll_create, dt_sys_real.epoll_create());
}
#endif

#ifdef DT_HAVE_KQUEUE
static int faulty_kqueue(void) {
  if (strikes(CALL_kqueue, NULL))
    return -1;
  return opened(CALL_kqueue, dt_sys_real.kqueue());
}
#endif

static int faulty_dup(int fd) {
  if (strikes(CALL_dup, NULL))
    return -1;
  return opened(CALL_dup, dt_sys_real.dup(fd));
}

static int faulty_adopt(int fd) {
  if (strikes(CALL_adopt, NULL))
    return -1;
  return dt_sys_real.adopt(fd) < 0 ? -1 : (opened(CALL_adopt, fd), 0);
}

/* As the real one, a close that fails has closed the descriptor even so. */
static int faulty_close(int fd) {
  bool fails = strikes(CALL_close, NULL);
  int error = errno, result;
  if (fd >= 0 && fd < KNOWN_DESCRIPTORS) {
    pthread_mutex_lock(&lock);
    openers[fd] = NULL;
    forget_armed(fd);
    pthread_mutex_unlock(&lock);
  }
  result = dt_sys_real.close(fd);
  if (!fails)
    return result;
  errno = error;
  return -1;
}

/* --- calls that only fail ------------------------------------------------ */

#define FAULTY(type, name, parameters, arguments)                              \
  static type faulty_##name parameters {                                       \
    if (strikes(CALL_##name, NULL))                                            \
      return -1;                                                               \
    return dt_sys_real.name arguments;                                         \
  }

FAULTY(int, set_nonblocking, (int fd, int on), (fd, on))
FAULTY(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
FAULTY(int, listen, (int fd, int backlog), (fd, backlog))
FAULTY(int, connect, (int fd, const struct sockaddr *a, socklen_t n),
       (fd, a, n))
FAULTY(int, shutdown, (int fd, int how), (fd, how))
FAULTY(int, getsockname, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))
FAULTY(int, getpeername, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))
FAULTY(int, getsockopt,
       (int fd, int level, int name, void *value, socklen_t *length),
       (fd, level, name, value, length))
FAULTY(int, setsockopt,
       (int fd, int level, int name, const void *value, socklen_t length),
       (fd, level, name, value, length))
FAULTY(int, poll, (struct pollfd * list, nfds_t count, int milliseconds),
       (list, count, milliseconds))
FAULTY(int, ioctl, (int fd, unsigned long request, void *argument),
       (fd, request, argument))
FAULTY(int, getifaddrs, (struct ifaddrs * *list), (list))
#ifdef DT_HAVE_EPOLL
FAULTY(int, epoll_wait,
       (int fd, struct epoll_event *events, int most, int milliseconds),
       (fd, events, most, milliseconds))
#endif
#ifdef DT_HAVE_EPOLL
static int faulty_epoll_ctl(int fd, int operation, int target,
                            struct epoll_event *event) {
  int result;
  if (strikes(CALL_epoll_ctl, NULL))
    return -1;
  result = dt_sys_real.epoll_ctl(fd, operation, target, event);
  if (result == 0)
    note_armed(fd, operation, target, event);
  return result;
}
#endif

#ifdef DT_HAVE_KQUEUE
FAULTY(int, kevent,
       (int fd, const struct kevent *changes, int count, struct kevent *events,
        int most, const struct timespec *limit),
       (fd, changes, count, events, most, limit))
#endif

static int faulty_getaddrinfo(const char *host, const char *service,
                              const struct addrinfo *hints,
                              struct addrinfo **list) {
  if (strikes(CALL_getaddrinfo, NULL))
    return EAI_SYSTEM; /* the reason is in errno */
  return dt_sys_real.getaddrinfo(host, service, hints, list);
}

static int faulty_getnameinfo(const struct sockaddr *address, socklen_t length,
                              char *host, socklen_t host_size, char *service,
                              socklen_t service_size, int flags) {
  if (strikes(CALL_getnameinfo, NULL))
    return EAI_SYSTEM;
  return dt_sys_real.getnameinfo(address, length, host, host_size, service,
                                 service_size, flags);
}

/* --- calls that also move less ------------------------------------------- */

/* A call that was cut: beneath the plans by the variant that moves single bytes
   (variant_fault.h). */
struct cut {
  int fd;
  bool sends, single, shorter;
};

static struct cut cut(int fd, int flags, bool sends, size_t whole,
                      size_t *size) {
  size_t most = dt_variant_cut(fd, flags, sends, *size);
  bool single = most < *size;
  *size = most;
  return (struct cut){fd, sends, single, *size < whole};
}

/* epoll(7): less than was asked for says as much as EAGAIN. */
static ssize_t moved(struct cut cut, ssize_t result) {
  int error = errno;
  if (cut.single && result > 0)
    dt_variant_moved(cut.fd, cut.sends);
  errno = error;
  if (cut.shorter && result >= 0)
    promise_edge(cut.fd);
  return result;
}

#define FAULTY_SIZE(name, fd, flags, sends, size, parameters, arguments)       \
  static ssize_t faulty_##name parameters {                                    \
    size_t whole = size;                                                       \
    struct cut how;                                                            \
    if (strikes_on(CALL_##name, &size, fd))                                    \
      return -1;                                                               \
    how = cut(fd, flags, sends, whole, &size);                                 \
    return moved(how, dt_sys_real.name arguments);                             \
  }

FAULTY_SIZE(send, fd, flags, true, size,
            (int fd, const void *data, size_t size, int flags),
            (fd, data, size, flags))
FAULTY_SIZE(recv, fd, flags, false, size,
            (int fd, void *data, size_t size, int flags),
            (fd, data, size, flags))
FAULTY_SIZE(sendto, fd, flags, true, size,
            (int fd, const void *data, size_t size, int flags,
             const struct sockaddr *address, socklen_t length),
            (fd, data, size, flags, address, length))
FAULTY_SIZE(recvfrom, fd, flags, false, size,
            (int fd, void *data, size_t size, int flags,
             struct sockaddr *address, socklen_t *length),
            (fd, data, size, flags, address, length))
FAULTY_SIZE(sendfile, fd, 0, true, count,
            (int fd, int file, off_t *offset, size_t count),
            (fd, file, offset, count))
FAULTY_SIZE(splice, (to_socket ? to : from), 0, to_socket, count,
            (int from, int to, size_t count, int to_socket),
            (from, to, count, to_socket))

/* Of a pipe, for which nobody waits. */
static ssize_t faulty_read(int fd, void *data, size_t size) {
  if (strikes(CALL_read, &size))
    return -1;
  return dt_sys_real.read(fd, data, size);
}

/* A message of several buffers is cut to the beginning of the first that is not
   empty. */
struct shorter {
  struct iovec *list;
  size_t count;
  struct iovec first;
};

static void shorten(struct msghdr *message, size_t size,
                    struct shorter *shorter) {
  size_t i = 0;
  shorter->list = message->msg_iov;
  shorter->count = (size_t)message->msg_iovlen;
  if (size == SIZE_MAX || shorter->count == 0)
    return;
  while (i + 1 < shorter->count && message->msg_iov[i].iov_len == 0)
    i++;
  shorter->first = message->msg_iov[i];
  if (shorter->first.iov_len > size)
    shorter->first.iov_len = size;
  message->msg_iov = &shorter->first;
  message->msg_iovlen = 1;
}

static void lengthen(struct msghdr *message, const struct shorter *shorter) {
  message->msg_iov = shorter->list;
  message->msg_iovlen = shorter->count;
}

static ssize_t faulty_sendmsg(int fd, const struct msghdr *message, int flags) {
  size_t size = SIZE_MAX;
  struct msghdr copy = *message;
  struct shorter shorter;
  struct cut how;
  if (strikes_on(CALL_sendmsg, &size, fd))
    return -1;
  how = cut(fd, flags, true, SIZE_MAX, &size);
  shorten(&copy, size, &shorter);
  return moved(how, dt_sys_real.sendmsg(fd, &copy, flags));
}

static ssize_t faulty_recvmsg(int fd, struct msghdr *message, int flags) {
  size_t size = SIZE_MAX;
  struct shorter shorter;
  struct cut how;
  ssize_t result;
  if (strikes_on(CALL_recvmsg, &size, fd))
    return -1;
  how = cut(fd, flags, false, SIZE_MAX, &size);
  shorten(message, size, &shorter);
  result = dt_sys_real.recvmsg(fd, message, flags);
  lengthen(message, &shorter);
  return moved(how, result);
}

/* Many messages are cut to fewer messages; by the variant to one, and a part of
   that. */
typedef int many_call(int, struct dt_message *, unsigned, int);

static int many(enum call call, many_call *real, int fd,
                struct dt_message *messages, unsigned count, int flags) {
  size_t few = count, size = SIZE_MAX;
  struct shorter shorter;
  struct cut how;
  int result;
  if (strikes_on(call, &few, fd))
    return -1;
  how = cut(fd, flags, call == CALL_sendmany, SIZE_MAX, &size);
  if (few == 0 || !how.single) {
    how.shorter = few < count;
    return (int)moved(how, real(fd, messages, (unsigned)few, flags));
  }
  shorten(&messages->header, size, &shorter);
  result = real(fd, messages, 1, flags);
  lengthen(&messages->header, &shorter);
  return (int)moved(how, result);
}

static int faulty_sendmany(int fd, struct dt_message *messages, unsigned count,
                           int flags) {
  return many(CALL_sendmany, dt_sys_real.sendmany, fd, messages, count, flags);
}

static int faulty_recvmany(int fd, struct dt_message *messages, unsigned count,
                           int flags) {
  return many(CALL_recvmany, dt_sys_real.recvmany, fd, messages, count, flags);
}

#define ENTRY(name) .name = faulty_##name,
const struct dt_sys dt_sys = {CALLS(ENTRY)};

/* --- plans --------------------------------------------------------------- */

static int number_of(const char *call) {
  for (int i = 0; i < CALL_COUNT; i++)
    if (strcmp(names[i], call) == 0)
      return i;
  return -1;
}

bool dt_fault_plan(const char *call, int nth, int times, int error,
                   size_t bytes) {
  int number = number_of(call);
  if (number < 0)
    return false;
  pthread_mutex_lock(&lock);
  plans[number].left = nth;
  plans[number].times = times;
  plans[number].error = error;
  plans[number].bytes = bytes;
  pthread_mutex_unlock(&lock);
  return true;
}

bool dt_fault_delay(const char *call, int milliseconds) {
  int number = number_of(call);
  if (number < 0)
    return false;
  pthread_mutex_lock(&lock);
  plans[number].delay = milliseconds;
  pthread_mutex_unlock(&lock);
  return true;
}

void dt_fault_clear(void) {
  pthread_mutex_lock(&lock);
  memset(plans, 0, sizeof plans);
  pthread_mutex_unlock(&lock);
}

int dt_fault_count(const char *call) {
  int number = number_of(call), count;
  if (number < 0)
    return -1;
  pthread_mutex_lock(&lock);
  count = plans[number].count;
  pthread_mutex_unlock(&lock);
  return count;
}

const char *dt_fault_name(size_t index) {
  return index < CALL_COUNT ? names[index] : NULL;
}

const char *dt_fault_opener(int fd) {
  const char *name = NULL;
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < KNOWN_DESCRIPTORS)
    name = openers[fd];
  pthread_mutex_unlock(&lock);
  return name;
}

int dt_fault_descriptors(void) {
  return KNOWN_DESCRIPTORS;
}
