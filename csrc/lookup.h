/*
 * lookup.h - look-ups that the loop waits for: resolver.h's threads and the
 * operations of those who asked.
 */
#ifndef DT_LOOKUP_H
#define DT_LOOKUP_H

#include "config.h"

#include "await.h"
#include "resolver.h"

/* An operation that has asked, or is about to. */
struct dt_looking {
  struct dt_operation operation;
  struct dt_query *query;     /* NULL: not asked yet, or lost in a fork */
  unsigned generation;        /* of the loop, when it was asked */
  const char *host, *service; /* anchored by the caller's stack */
  struct addrinfo hints;
};

DT_INTERNAL_BEGIN

/* DT_DONE when the answer is in `query`; DT_WANT_WAKE; DT_FAILED with an errno
   when there are no threads: then ask the C library itself. */
enum dt_outcome dt_lookup_step(lua_State *L, struct dt_looking *looking);

/* For the operation's release: nobody wants the answer any more. */
void dt_lookup_release(struct dt_loop *loop, struct dt_looking *looking);

/* In a child after fork(2): the threads are not there, what was asked is asked
   again. */
void dt_lookup_forked(lua_State *L, struct dt_loop *loop);

/* With the loop. */
void dt_lookup_close(struct dt_loop *loop);

DT_INTERNAL_END

#endif
