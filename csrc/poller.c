/*
 * poller.c - the types of pollers there are here: see poller.h.
 */
#include "config.h"

#include <string.h>

#include "poller.h"

extern const struct dt_poller_type dt_poller_epoll, dt_poller_kqueue,
    dt_poller_poll;

/* the best first */
static const struct dt_poller_type *const types[] = {
#ifdef DT_HAVE_EPOLL
    &dt_poller_epoll,
#endif
#ifdef DT_HAVE_KQUEUE
    &dt_poller_kqueue,
#endif
    &dt_poller_poll,
};

#ifdef DT_HAVE_EPOLL
#  define EPOLL_NAME "epoll, "
#else
#  define EPOLL_NAME ""
#endif
#ifdef DT_HAVE_KQUEUE
#  define KQUEUE_NAME "kqueue, "
#else
#  define KQUEUE_NAME ""
#endif

const struct dt_poller_type *dt_poller_type(const char *name) {
  if (!name)
    return types[0];
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i]->name, name) == 0)
      return types[i];
  return NULL;
}

const char *dt_poller_names(void) {
  return EPOLL_NAME KQUEUE_NAME "poll";
}
