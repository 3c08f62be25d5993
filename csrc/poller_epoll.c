/*
 * poller_epoll.c - the poller over epoll(7), by edges: see poller.h.  Stands
 * on sys.
 *
 * A descriptor that was closed behind our back stays registered as long as a
 * duplicate of it is open, and nothing can take it out then.  So what the
 * kernel keeps is no pointer but a descriptor and a count, and an event that
 * does not match who is registered now is nobody's.
 */
#include "config.h"

#ifdef DT_HAVE_EPOLL

#  include <errno.h>
#  include <stdint.h>
#  include <stdlib.h>
#  include <sys/epoll.h>

#  include "poller.h"
#  include "sys.h"

extern const struct dt_poller_type dt_poller_epoll;

#  define BATCH      128 /* events of one system call */
#  define FIRST_ROOM 64

struct known {            /* of one descriptor */
  struct dt_watch *watch; /* NULL: not registered */
  uint32_t count;         /* of registrations, to tell them apart */
};

struct dt_poller {
  int fd;
  struct known *known; /* by descriptor */
  size_t room;
};

static struct dt_poller *open_poller(void) {
  struct dt_poller *poller = calloc(1, sizeof *poller);
  if (!poller)
    return NULL;
  poller->fd = dt_sys.epoll_create();
  if (poller->fd < 0) {
    int error = errno;
    free(poller);
    errno = error;
    return NULL;
  }
  return poller;
}

static void close_poller(struct dt_poller *poller) {
  dt_sys.close(poller->fd);
  free(poller->known);
  free(poller);
}

static bool make_room(struct dt_poller *poller, int fd) {
  size_t room = poller->room ? poller->room : FIRST_ROOM;
  struct known *known;
  if ((size_t)fd < poller->room)
    return true;
  while (room <= (size_t)fd)
    room *= 2;
  known = realloc(poller->known, room * sizeof *known);
  if (!known)
    return false;
  for (size_t i = poller->room; i < room; i++)
    known[i] = (struct known){NULL, 0};
  poller->known = known;
  poller->room = room;
  return true;
}

/* What is known of the watch's descriptor; NULL: the watch is not registered
   here (the number may be somebody else's by now). */
static struct known *find(struct dt_poller *poller,
                          const struct dt_watch *watch) {
  if (watch->fd < 0 || (size_t)watch->fd >= poller->room ||
      poller->known[watch->fd].watch != watch)
    return NULL;
  return &poller->known[watch->fd];
}

static int control(struct dt_poller *poller, int operation, int fd,
                   uint32_t count, unsigned directions) {
  struct epoll_event event = {.events = EPOLLET};
  /* PRI: a read of TCP ends short before urgent data */
  if (directions & DT_READ)
    event.events |= EPOLLIN | EPOLLRDHUP | EPOLLPRI;
  if (directions & DT_WRITE)
    event.events |= EPOLLOUT;
  event.data.u64 = (uint64_t)count << 32 | (uint32_t)fd;
  return dt_sys.epoll_ctl(poller->fd, operation, fd, &event) < 0 ? errno : 0;
}

static int add(struct dt_poller *poller, struct dt_watch *watch, int fd,
               unsigned directions) {
  struct known *known;
  int error;
  if (fd < 0)
    return EBADF;
  if (!make_room(poller, fd))
    return ENOMEM;
  known = &poller->known[fd];
  error = control(poller, EPOLL_CTL_ADD, fd, known->count + 1, directions);
  if (error == EEXIST && !known->watch) /* left behind, and back again */
    error = control(poller, EPOLL_CTL_MOD, fd, known->count + 1, directions);
  if (error != 0)
    return error;
  known->watch = watch;
  known->count++;
  watch->fd = fd;
  watch->registered = (unsigned char)directions;
  return 0;
}

static int want(struct dt_poller *poller, struct dt_watch *watch, int fd,
                unsigned directions) {
  struct known *known = find(poller, watch);
  int error;
  if (watch->quiet)
    directions = DT_READ | DT_WRITE; /* once for all */
  if (!known)
    return add(poller, watch, fd, directions);
  directions |= watch->registered & DT_READ;
  if (directions == watch->registered)
    return 0;
  error = control(poller, EPOLL_CTL_MOD, fd, known->count, directions);
  if (error == 0)
    watch->registered = (unsigned char)directions;
  return error;
}

static void remove_watch(struct dt_poller *poller, struct dt_watch *watch) {
  struct known *known = find(poller, watch);
  if (known) {
    struct epoll_event unused = {0}; /* before Linux 2.6.9 not NULL */
    dt_sys.epoll_ctl(poller->fd, EPOLL_CTL_DEL, watch->fd, &unused);
    known->watch = NULL;
  }
  watch->fd = -1;
  watch->registered = watch->unready = 0;
  watch->ended = false;
}

static unsigned ready(uint32_t events) {
  unsigned result = 0;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
    result |= DT_READ;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
    result |= DT_WRITE;
  if (events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
    result |= DT_ENDED;
  return result;
}

static int wait_events(struct dt_poller *poller, struct dt_event *events,
                       int most, int milliseconds) {
  struct epoll_event list[BATCH];
  int count = dt_sys.epoll_wait(poller->fd, list, most < BATCH ? most : BATCH,
                                milliseconds);
  for (int i = 0; i < count; i++) {
    uint64_t data = list[i].data.u64;
    const struct known *known = &poller->known[(uint32_t)data];
    bool is_its = known->count == (uint32_t)(data >> 32);
    events[i].watch = is_its ? known->watch : NULL;
    events[i].ready = ready(list[i].events);
  }
  return count;
}

static int descriptor(struct dt_poller *poller) {
  return poller->fd;
}

const struct dt_poller_type dt_poller_epoll = {
    .name = "epoll",
    .open = open_poller,
    .close = close_poller,
    .want = want,
    .remove = remove_watch,
    .wait = wait_events,
    .descriptor = descriptor,
};

#else

typedef int dt_no_epoll; /* a file of C is not empty */

#endif
