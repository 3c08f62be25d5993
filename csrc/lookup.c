/*
 * lookup.c - see lookup.h.  Stands on resolver.h, whose wake descriptor is
 * waited for by an operation that nobody waits for, as long as something was
 * asked.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "lookup.h"
#include "sys.h"
#include "task.h"

struct dt_lookups {
  struct dt_resolver *resolver;
  struct dt_waiter waiter; /* for the wake descriptor */
  struct dt_operation operation;
  struct dt_waiter *askers;
};

/* --- answers ---------------------------------------------------------------
 */

/* Takes the answers, and has everybody look whether his is there. */
static enum dt_outcome answer_step(lua_State *L,
                                   struct dt_operation *operation) {
  struct dt_loop *loop = dt_loop_of(L);
  struct dt_lookups *lookups = loop->lookups;
  struct dt_query *query;
  while ((query = dt_resolver_answer(lookups->resolver)) != NULL) {
    query->taken = true;
    loop->asked--;
  }
  dt_poke_all(loop, lookups->askers);
  operation->results = 0;
  return loop->asked > 0 ? DT_WANT_READ : DT_DONE;
}

static const struct dt_kind answer_kind = {.name = "getaddrinfo",
                                           .step = answer_step,
                                           .size = sizeof(struct dt_operation)};

/* Opens the resolver; the socket object gets a duplicate of its wake
   descriptor: the resolver closes its own.  0 or an errno, and then it is
   closed. */
static int open_resolver(struct dt_lookups *lookups, struct dt_socket *socket) {
  int fd, error;
  lookups->resolver = dt_resolver_open();
  if (!lookups->resolver)
    return errno;
  fd = dt_sys.dup(dt_resolver_descriptor(lookups->resolver));
  error = errno;
  if (fd < 0) {
    dt_resolver_close(lookups->resolver);
    lookups->resolver = NULL;
    return error;
  }
  dt_socket_open(socket, fd, AF_UNSPEC, 0, 0);
  lookups->operation.socket = socket;
  return 0;
}

/* Keeps the look-ups and the socket, which are on top, or nil. */
static void keep(lua_State *L, struct dt_lookups *lookups) {
  dt_keep(L, (char *)lookups + 1);
  dt_keep(L, lookups);
}

/* The first look-up makes all of it.  0 or an errno. */
static int open_lookups(lua_State *L, struct dt_loop *loop) {
  struct dt_lookups *lookups;
  struct dt_socket *socket;
  int error;
  if (loop->lookups) /* without one: there was none for a child */
    return loop->lookups->resolver ? 0 : EMFILE;
  lookups = dt_newuserdata(L, sizeof *lookups);
  memset(lookups, 0, sizeof *lookups);
  lookups->operation.kind = &answer_kind;
  lookups->operation.until = DT_FOREVER;
  socket = dt_push_hidden_socket(L);
  keep(L, lookups);
  error = loop->over ? ECANCELED /* the collector has closed it here */
                     : open_resolver(lookups, socket);
  if (error == 0) {
    loop->lookups = lookups;
    return 0;
  }
  lua_pushnil(L);
  lua_pushnil(L);
  keep(L, lookups);
  return error;
}

static int watch_answers(lua_State *L, struct dt_loop *loop) {
  struct dt_lookups *lookups = loop->lookups;
  int error;
  if (lookups->waiter.state != DT_AWAKE)
    return 0;
  /* An answer that was abandoned may have been announced; while that has not
     been noticed, no other is.  There is no answer now. */
  (void)dt_resolver_answer(lookups->resolver);
  lookups->waiter.operation = &lookups->operation;
  error = dt_park(L, loop, &lookups->waiter, DT_WANT_READ);
  if (error != 0)
    dt_unpark(loop, &lookups->waiter);
  return error;
}

/* --- asking ----------------------------------------------------------------
 */

/* When nothing is asked, no answer is waited for. */
static void stop_watching(struct dt_loop *loop) {
  if (loop->asked == 0)
    dt_unpark(loop, &loop->lookups->waiter);
}

static int ask_threads(struct dt_loop *loop, struct dt_looking *looking) {
  struct dt_query *query =
      dt_query_new(looking->host, looking->service, &looking->hints);
  int error;
  if (!query)
    return ENOMEM;
  query->owner = loop;
  error = dt_resolver_ask(loop->lookups->resolver, query);
  if (error != 0) {
    dt_query_free(query);
    return error;
  }
  loop->asked++;
  looking->query = query;
  return 0;
}

static int ask(lua_State *L, struct dt_loop *loop, struct dt_looking *looking) {
  int error = open_lookups(L, loop);
  if (error == 0)
    error = watch_answers(L, loop);
  if (error != 0)
    return error;
  error = ask_threads(loop, looking);
  if (error != 0)
    stop_watching(loop);
  return error;
}

enum dt_outcome dt_lookup_step(lua_State *L, struct dt_looking *looking) {
  struct dt_loop *loop = dt_loop_of(L);
  (void)dt_loop_open(L, loop); /* which may be in a child after fork(2) */
  if (looking->query && looking->generation != loop->generation)
    looking->query = NULL; /* the parent's, as its threads are; it is freed */
  if (!looking->query) {
    looking->operation.error = ask(L, loop, looking);
    if (looking->operation.error != 0)
      return DT_FAILED;
    looking->generation = loop->generation;
  }
  if (looking->query->taken)
    return DT_DONE;
  looking->operation.queue = &loop->lookups->askers;
  return DT_WANT_WAKE;
}

void dt_lookup_release(struct dt_loop *loop, struct dt_looking *looking) {
  struct dt_query *query = looking->query;
  if (!query || looking->generation != loop->generation ||
      dt_forked(&loop->fork))
    return;
  looking->query = NULL;
  if (query->taken) {
    dt_query_free(query);
    return;
  }
  dt_resolver_abandon(loop->lookups->resolver, query);
  loop->asked--;
  stop_watching(loop);
}

/* --- the end ---------------------------------------------------------------
 */

void dt_lookup_forked(lua_State *L, struct dt_loop *loop) {
  struct dt_lookups *lookups = loop->lookups;
  struct dt_socket *socket;
  if (!lookups)
    return;
  socket = dt_push_socket(L);
  dt_keep(L, (char *)lookups + 1);
  if (loop->over) /* the collector has closed it here */
    return;
  dt_unpark(loop, &lookups->waiter);
  dt_socket_close(L, lookups->operation.socket);
  dt_resolver_forget(lookups->resolver);
  loop->asked = 0;
  (void)open_resolver(lookups, socket); /* without one: see open_lookups */
  dt_poke_all(loop, lookups->askers);
}

/* One that a finalizer has made has no finalizer of its own any more. */
static void close_wake_socket(struct dt_socket *socket) {
  if (socket && socket->fd >= 0)
    dt_sys.close(socket->fd);
  if (socket)
    socket->fd = -1;
}

void dt_lookup_close(struct dt_loop *loop) {
  if (loop->lookups)
    close_wake_socket(loop->lookups->operation.socket);
  if (loop->lookups && loop->lookups->resolver)
    dt_resolver_close(loop->lookups->resolver);
  loop->lookups = NULL;
}
