/*
 * poller.h - which of many descriptors are ready: one interface over epoll(7),
 * kqueue(2) and poll(2), chosen by name at run time.
 *
 * A descriptor is known by its watch, which lives in the object that owns it.
 * Pollers that report edges (epoll, kqueue) are told once and report changes;
 * poll reports levels, and is told whenever somebody begins or ends to wait.
 * Who uses a poller keeps what was last reported in the watch, and asks the
 * descriptor itself only when there may be something.
 */
#ifndef DT_POLLER_H
#define DT_POLLER_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

enum dt_direction { DT_READ = 1, DT_WRITE = 2 };

/* Beside the two, in what is reported: the peer has ended, or an error is
   there.  No further edge will come. */
#define DT_ENDED 4U

struct dt_waiter; /* loop.h */

struct dt_watch {
  struct dt_waiter *readers, *writers; /* who waits (loop.c) */
  int fd;                              /* as registered; -1: it is not */
  unsigned slot;                       /* a poller's own */
  unsigned generation;                 /* of the poller (loop.c) */
  unsigned char registered;            /* directions that are reported */
  unsigned char unready; /* directions that were not ready after the last
                            report: not worth a system call */
  bool ended;            /* DT_ENDED was reported */
  /* The system reports that there is room only after there was none: TCP.  On
     other sockets each thing sent would be an event, so nobody asks for it
     before somebody waits. */
  bool quiet;
  bool polled; /* whoever listens is to hear of its end (loop.h) */
};

struct dt_event {
  struct dt_watch *watch; /* NULL: removed since */
  unsigned ready;         /* DT_READ, DT_WRITE, DT_ENDED, or-ed */
};

struct dt_poller; /* each type's own */

struct dt_poller_type {
  const char *name;
  bool level; /* reports levels: `want` must be exact at every wait */
  /* NULL with errno */
  struct dt_poller *(*open)(void);
  void (*close)(struct dt_poller *poller);
  /* From now on reports `directions` of `fd`, all that are waited for (levels:
     0 is none for now); registers the watch if it is not.  By edges, more may
     be reported: reading once registered stays so, a quiet watch has both, and
     kqueue takes writing out of `registered` when it has reported it.  0 or an
     errno: then all is as before.  EPERM: a file that is always ready. */
  int (*want)(struct dt_poller *poller, struct dt_watch *watch, int fd,
              unsigned directions);
  /* Before the descriptor is closed.  Harmless when it is not registered. */
  void (*remove)(struct dt_poller *poller, struct dt_watch *watch);
  /* How many events (0: the time is over), or -1 with errno. */
  int (*wait)(struct dt_poller *poller, struct dt_event *events, int most,
              int milliseconds);
  /* A descriptor that is readable when there are events; -1: none. */
  int (*descriptor)(struct dt_poller *poller);
};

DT_INTERNAL_BEGIN

/* The type called `name`; NULL name: the best one.  NULL: no such type here. */
const struct dt_poller_type *dt_poller_type(const char *name);

/* The names of all types here, joined by ", ". */
const char *dt_poller_names(void);

static inline void dt_watch_init(struct dt_watch *watch) {
  watch->readers = watch->writers = NULL;
  watch->fd = -1;
  watch->slot = watch->generation = 0;
  watch->registered = watch->unready = 0;
  watch->ended = watch->quiet = watch->polled = false;
}

DT_INTERNAL_END

#endif
