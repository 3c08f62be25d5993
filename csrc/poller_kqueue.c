/*
 * poller_kqueue.c - the poller over kqueue(2), by edges: see poller.h.  Stands
 * on sys.
 *
 * Reading is asked for once and reported at each change.  Room for writing
 * would be reported whenever the peer has taken something, so it is asked for
 * each time that somebody waits for it, and reported once.
 *
 * The kernel knows a filter by its descriptor's number.  When that was closed
 * behind our back the number may be somebody else's, who has filters of his
 * own: so it is kept whose they are, and nobody takes away another's.
 */
#include "config.h"

#ifdef DT_HAVE_KQUEUE

#  include <errno.h>
#  include <stdint.h>
#  include <stdlib.h>
#  include <sys/event.h>
#  include <sys/time.h>
#  include <time.h>
#  include <unistd.h>

#  include "poller.h"
#  include "sys.h"

extern const struct dt_poller_type dt_poller_kqueue;

#  define BATCH      128 /* events of one system call */
#  define FIRST_ROOM 64

struct dt_poller {
  int fd;
  struct dt_watch **owners; /* by descriptor; NULL: it has no filters */
  size_t room;
  pid_t process; /* whose: a child does not have it (kqueue(2)) */
};

static struct dt_poller *open_poller(void) {
  struct dt_poller *poller = calloc(1, sizeof *poller);
  if (!poller)
    return NULL;
  poller->fd = dt_sys.kqueue();
  if (poller->fd < 0) {
    int error = errno;
    free(poller);
    errno = error;
    return NULL;
  }
  poller->process = getpid();
  return poller;
}

/* In a child after fork(2) the number is free, or somebody else's. */
static void close_poller(struct dt_poller *poller) {
  if (poller->process == getpid())
    dt_sys.close(poller->fd);
  free(poller->owners);
  free(poller);
}

static bool make_room(struct dt_poller *poller, int fd) {
  size_t room = poller->room ? poller->room : FIRST_ROOM;
  struct dt_watch **owners;
  if ((size_t)fd < poller->room)
    return true;
  while (room <= (size_t)fd)
    room *= 2;
  owners = realloc(poller->owners, room * sizeof *owners);
  if (!owners)
    return false;
  for (size_t i = poller->room; i < room; i++)
    owners[i] = NULL;
  poller->owners = owners;
  poller->room = room;
  return true;
}

/* Whether the filters of the watch's descriptor are the watch's. */
static bool owns(const struct dt_poller *poller, const struct dt_watch *watch) {
  return watch->fd >= 0 && (size_t)watch->fd < poller->room &&
         poller->owners[watch->fd] == watch;
}

static int change(struct dt_poller *poller, struct dt_watch *watch, int fd,
                  short filter, unsigned short flags) {
  struct kevent event;
  EV_SET(&event, (uintptr_t)fd, filter, flags, 0, 0, (void *)watch);
  return dt_sys.kevent(poller->fd, &event, 1, NULL, 0, NULL) < 0 ? errno : 0;
}

static int want(struct dt_poller *poller, struct dt_watch *watch, int fd,
                unsigned directions) {
  unsigned more = directions & ~(unsigned)watch->registered;
  int error = 0;
  if (fd < 0)
    return EBADF;
  if (!make_room(poller, fd))
    return ENOMEM;
  if (more & DT_READ)
    error = change(poller, watch, fd, EVFILT_READ, EV_ADD | EV_CLEAR);
  if (error == 0 && more & DT_WRITE) {
    error = change(poller, watch, fd, EVFILT_WRITE, EV_ADD | EV_ONESHOT);
    if (error != 0 && more & DT_READ)
      change(poller, watch, fd, EVFILT_READ, EV_DELETE);
  }
  if (error != 0)
    return error;
  if (more != 0)
    poller->owners[fd] = watch;
  watch->fd = fd;
  watch->registered |= (unsigned char)more;
  return 0;
}

static void remove_watch(struct dt_poller *poller, struct dt_watch *watch) {
  bool its = owns(poller, watch);
  if (its && watch->registered & DT_READ)
    change(poller, watch, watch->fd, EVFILT_READ, EV_DELETE);
  if (its && watch->registered & DT_WRITE)
    change(poller, watch, watch->fd, EVFILT_WRITE, EV_DELETE);
  if (its)
    poller->owners[watch->fd] = NULL;
  watch->fd = -1;
  watch->registered = watch->unready = 0;
  watch->ended = false;
}

static unsigned ready(const struct kevent *event) {
  return (event->filter == EVFILT_READ ? DT_READ : DT_WRITE) |
         (event->flags & EV_EOF ? DT_ENDED : 0);
}

static int wait_events(struct dt_poller *poller, struct dt_event *events,
                       int most, int milliseconds) {
  const struct timespec limit = {milliseconds / 1000,
                                 milliseconds % 1000 * 1000000L};
  struct kevent list[BATCH];
  int count =
      dt_sys.kevent(poller->fd, NULL, 0, list, most < BATCH ? most : BATCH,
                    milliseconds < 0 ? NULL : &limit);
  for (int i = 0; i < count; i++) {
    struct dt_watch *watch = (void *)list[i].udata;
    if (list[i].filter == EVFILT_WRITE)
      watch->registered &= (unsigned char)~DT_WRITE;
    events[i].watch = watch;
    events[i].ready = ready(&list[i]);
  }
  return count;
}

static int descriptor(struct dt_poller *poller) {
  return poller->fd;
}

const struct dt_poller_type dt_poller_kqueue = {
    .name = "kqueue",
    .open = open_poller,
    .close = close_poller,
    .want = want,
    .remove = remove_watch,
    .wait = wait_events,
    .descriptor = descriptor,
};

#else

typedef int dt_no_kqueue; /* a file of C is not empty */

#endif
