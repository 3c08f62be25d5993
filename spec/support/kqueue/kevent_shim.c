/*
 * kevent_shim.c - kqueue(2) and kevent(2) over epoll(7), so that the test build
 * can run csrc/poller_kqueue.c on Linux: see sys/event.h beside this file.
 *
 * A queue is an epoll descriptor, and is closed by close(2).  What is asked for
 * (the flags of each filter, its udata) stands in a table of the process's; a
 * descriptor that was closed is noticed when the next change to it is made.
 *
 * Where it differs: filters must have EV_CLEAR or EV_ONESHOT.  A change of one
 * filter, or an event of one, may report the other again.  A closed descriptor
 * of which a duplicate is open keeps its filters, as with epoll.  The events
 * must have room for two.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <sys/event.h>

#define BATCH 64

enum { READ, WRITE, FILTERS };

struct filter {
  unsigned short flags; /* 0: not asked for */
  void *udata;
};

struct entry {
  int queue, fd;
  bool added; /* to epoll */
  struct filter filters[FILTERS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Lists by descriptor: a child or a second state has its own queue. */
#define LISTS 4096
static struct list {
  struct entry *entries;
  size_t count;
} lists[LISTS];

static struct entry *find(int queue, int fd) {
  struct list *list = &lists[(unsigned)fd % LISTS];
  for (size_t i = 0; i < list->count; i++)
    if (list->entries[i].queue == queue && list->entries[i].fd == fd)
      return &list->entries[i];
  return NULL;
}

static struct entry *find_or_make(int queue, int fd) {
  struct list *list = &lists[(unsigned)fd % LISTS];
  struct entry *entry = find(queue, fd);
  if (entry)
    return entry;
  entry = realloc(list->entries, (list->count + 1) * sizeof *entry);
  if (!entry)
    return NULL;
  list->entries = entry;
  entry += list->count++;
  *entry = (struct entry){.queue = queue, .fd = fd};
  return entry;
}

int kqueue(void) {
  int queue = epoll_create1(0);
  if (queue < 0)
    return -1;
  /* what an earlier queue with this number knew */
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < LISTS; i++)
    for (size_t j = 0; j < lists[i].count; j++)
      if (lists[i].entries[j].queue == queue) {
        lists[i].entries[j] = lists[i].entries[--lists[i].count];
        j--;
      }
  pthread_mutex_unlock(&lock);
  return queue;
}

/* --- changes ------------------------------------------------------------- */

static int tell(struct entry *entry, int operation) {
  struct epoll_event event = {.events = EPOLLET, .data.fd = entry->fd};
  if (entry->filters[READ].flags)
    event.events |= EPOLLIN | EPOLLRDHUP;
  if (entry->filters[WRITE].flags)
    event.events |= EPOLLOUT;
  return epoll_ctl(entry->queue, operation, entry->fd, &event);
}

/* Tells epoll what the entry says now. */
static int apply(struct entry *entry) {
  bool any = entry->filters[READ].flags || entry->filters[WRITE].flags;
  if (!any) {
    entry->added = false;
    return tell(entry, EPOLL_CTL_DEL);
  }
  if (entry->added)
    return tell(entry, EPOLL_CTL_MOD);
  if (tell(entry, EPOLL_CTL_ADD) < 0 &&
      (errno != EEXIST || tell(entry, EPOLL_CTL_MOD) < 0))
    return -1; /* it exists when it was left behind, and is back again */
  entry->added = true;
  return 0;
}

/* Forgets the filters of a descriptor that was closed since. */
static void refresh(struct entry *entry) {
  if (entry->added && tell(entry, EPOLL_CTL_MOD) < 0) {
    entry->added = false;
    entry->filters[READ].flags = entry->filters[WRITE].flags = 0;
  }
}

static int change(int queue, const struct kevent *event) {
  int which = event->filter == EVFILT_READ ? READ : WRITE;
  bool adds = event->flags & EV_ADD;
  struct entry *entry = find_or_make(queue, (int)event->ident);
  struct filter before;
  if (!entry)
    return errno = ENOMEM, -1;
  if (adds && !(event->flags & (EV_CLEAR | EV_ONESHOT)))
    return errno = EINVAL, -1;
  refresh(entry);
  before = entry->filters[which];
  if (!adds && !before.flags)
    return errno = ENOENT, -1;
  entry->filters[which].flags = adds ? event->flags : 0;
  entry->filters[which].udata = event->udata;
  if (apply(entry) == 0)
    return 0;
  entry->filters[which] = before;
  return -1;
}

/* --- events -------------------------------------------------------------- */

static struct kevent report(const struct entry *entry, int which,
                            uint32_t bits) {
  uint32_t ends = which == READ ? EPOLLRDHUP | EPOLLHUP : EPOLLHUP;
  struct kevent event = {.ident = (uintptr_t)entry->fd,
                         .filter = which == READ ? EVFILT_READ : EVFILT_WRITE,
                         .flags = entry->filters[which].flags,
                         .udata = entry->filters[which].udata};
  if (bits & ends) {
    event.flags |= EV_EOF;
    event.fflags = bits & EPOLLERR ? EIO : 0; /* not known without taking it */
  }
  return event;
}

/* At most two. */
static int split(int queue, const struct epoll_event *got,
                 struct kevent *events) {
  static const uint32_t bits[FILTERS] = {
      EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR,
      EPOLLOUT | EPOLLHUP | EPOLLERR,
  };
  struct entry *entry = find(queue, got->data.fd);
  int count = 0;
  bool changed = false;
  for (int which = 0; entry && which < FILTERS; which++) {
    struct filter *filter = &entry->filters[which];
    if (!filter->flags || !(got->events & bits[which]))
      continue;
    events[count++] = report(entry, which, got->events);
    if (filter->flags & EV_ONESHOT) {
      filter->flags = 0;
      changed = true;
    }
  }
  if (changed)
    apply(entry);
  return count;
}

static int milliseconds(const struct timespec *limit) {
  if (!limit)
    return -1;
  return (int)(limit->tv_sec * 1000 + (limit->tv_nsec + 999999) / 1000000);
}

int kevent(int queue, const struct kevent *changes, int count,
           struct kevent *events, int most, const struct timespec *limit) {
  struct epoll_event list[BATCH];
  int result = 0, got;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < count && result == 0; i++)
    result = change(queue, &changes[i]);
  pthread_mutex_unlock(&lock);
  if (result < 0 || most == 0)
    return result;
  if (most < 2)
    return errno = EINVAL, -1;
  got = epoll_wait(queue, list, most / 2 < BATCH ? most / 2 : BATCH,
                   milliseconds(limit));
  if (got < 0)
    return -1;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < got; i++)
    result += split(queue, &list[i], events + result);
  pthread_mutex_unlock(&lock);
  return result;
}
