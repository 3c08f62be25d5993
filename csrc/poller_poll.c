/*
 * poller_poll.c - the poller over poll(2), by levels, for every system: see
 * poller.h.  Stands on sys.
 *
 * Only what somebody waits for lies in the list that poll is given; the rest
 * costs nothing here.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "poller.h"
#include "sys.h"

extern const struct dt_poller_type dt_poller_poll;

#ifndef POLLRDHUP
#  define POLLRDHUP 0
#endif

#define FIRST_ROOM 16

struct dt_poller {
  struct pollfd *list;
  struct dt_watch **watches; /* whose, in the same places */
  size_t count, room;
  size_t first; /* where wait begins to look: everybody has a turn */
};

static struct dt_poller *open_poller(void) {
  return calloc(1, sizeof(struct dt_poller));
}

static void close_poller(struct dt_poller *poller) {
  free(poller->list);
  free(poller->watches);
  free(poller);
}

static bool make_room(struct dt_poller *poller) {
  size_t room = poller->room ? poller->room * 2 : FIRST_ROOM;
  struct pollfd *list;
  struct dt_watch **watches;
  if (poller->count < poller->room)
    return true;
  list = realloc(poller->list, room * sizeof *list);
  if (!list)
    return false;
  poller->list = list;
  watches = realloc(poller->watches, room * sizeof *watches);
  if (!watches)
    return false;
  poller->watches = watches;
  poller->room = room;
  return true;
}

static bool is_listed(const struct dt_poller *poller,
                      const struct dt_watch *watch) {
  return watch->registered != 0 && watch->slot < poller->count &&
         poller->watches[watch->slot] == watch;
}

static void unlist(struct dt_poller *poller, struct dt_watch *watch) {
  size_t last = poller->count - 1;
  poller->list[watch->slot] = poller->list[last];
  poller->watches[watch->slot] = poller->watches[last];
  poller->watches[watch->slot]->slot = watch->slot;
  poller->count = last;
}

static int want(struct dt_poller *poller, struct dt_watch *watch, int fd,
                unsigned directions) {
  bool listed = is_listed(poller, watch);
  struct pollfd *entry;
  if (directions == 0) {
    if (listed)
      unlist(poller, watch);
  } else {
    if (!listed) {
      if (!make_room(poller))
        return ENOMEM;
      watch->slot = (unsigned)poller->count++;
      poller->watches[watch->slot] = watch;
    }
    entry = &poller->list[watch->slot];
    entry->fd = fd;
    /* not PRI: it lasts until the urgent data is read, which nobody may do */
    entry->events = (short)((directions & DT_READ ? POLLIN | POLLRDHUP : 0) |
                            (directions & DT_WRITE ? POLLOUT : 0));
  }
  watch->fd = fd;
  watch->registered = (unsigned char)directions;
  return 0;
}

static void remove_watch(struct dt_poller *poller, struct dt_watch *watch) {
  if (is_listed(poller, watch))
    unlist(poller, watch);
  watch->fd = -1;
  watch->registered = watch->unready = 0;
  watch->ended = false;
}

/* An error is for all who wait, and nobody else. */
static unsigned ready(short events, unsigned wanted) {
  const short error = POLLHUP | POLLERR | POLLNVAL;
  unsigned result = 0;
  if (events & (POLLIN | POLLRDHUP | error))
    result |= DT_READ;
  if (events & (POLLOUT | error))
    result |= DT_WRITE;
  result &= wanted;
  if (result != 0 && events & (POLLRDHUP | error))
    result |= DT_ENDED;
  return result;
}

static int wait_events(struct dt_poller *poller, struct dt_event *events,
                       int most, int milliseconds) {
  int left = dt_poll(poller->list, (nfds_t)poller->count, milliseconds);
  size_t place = poller->first;
  int count = 0;
  if (left < 0)
    return -1;
  for (size_t i = 0; i < poller->count && left > 0 && count < most; i++) {
    if (++place >= poller->count)
      place = 0;
    if (poller->list[place].revents != 0) {
      struct dt_watch *watch = poller->watches[place];
      events[count].watch = watch;
      events[count].ready =
          ready(poller->list[place].revents, watch->registered);
      count++;
      left--;
    }
  }
  poller->first = place;
  return count;
}

static int descriptor(struct dt_poller *poller) {
  (void)poller;
  return -1;
}

const struct dt_poller_type dt_poller_poll = {
    .name = "poll",
    .level = true,
    .open = open_poller,
    .close = close_poller,
    .want = want,
    .remove = remove_watch,
    .wait = wait_events,
    .descriptor = descriptor,
};
