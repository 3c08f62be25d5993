/*
 * mod_poll.c - net.poll: waits for many sockets at once, and for anything else
 * that has a descriptor.  Stands on poll(2), so there is no limit of 1024.
 *
 * While others are to go on, poll(2) only looks.  What it is to look at is told
 * to a poller that is there for this call alone, and the poller's own
 * descriptor is what the loop waits for.  Where there can be no such poller, we
 * look every now and then.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "stream.h"
#include "sys.h"

/* Pushes the object of entry `i`, and its events or nil. */
static void push_entry(lua_State *L, int i) {
  lua_rawgeti(L, 1, i);
  if (lua_istable(L, -1)) {
    lua_rawgeti(L, -1, 1);
    if (!lua_isnil(L, -1)) { /* { object, events } */
      lua_rawgeti(L, -2, 2);
      lua_remove(L, -3);
      return;
    }
    lua_pop(L, 1); /* an object that is a table */
  }
  lua_pushnil(L);
}

/* Reads entry `i` of the list at index 1 into `entry`. */
static void read_entry(lua_State *L, int i, struct pollfd *entry) {
  int events, fd = -1;
  push_entry(L, i);
  events = lua_isnil(L, -1) ? POLLIN
                            : dt_flags_at(L, lua_gettop(L), 1, &dt_poll_events);
  if (!dt_test_descriptor(L, lua_gettop(L) - 1, &fd)) {
    lua_pushfstring(L, "entry %d: " DT_DESCRIPTOR_EXPECTED ", got %s", i,
                    luaL_typename(L, -2));
    luaL_argerror(L, 1, lua_tostring(L, -1));
  }
  entry->fd = fd;
  entry->events = (short)events;
  entry->revents = 0;
  lua_pop(L, 2);
}

/* Sets result.POLLIN = true ... for the table on top. */
static void set_events(lua_State *L, int events) {
  for (size_t i = 0; i < dt_poll_events.count; i++) {
    const struct dt_constant *event = &dt_poll_events.items[i];
    if (event->value == DT_ABSENT || !(events & event->value))
      continue;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, event->name);
  }
}

/* A closed object has no descriptor to be polled; it is ready at once, as
   poll(2) says of a descriptor that is not open. */
static int mark_closed(struct pollfd *entries, int count) {
  int closed = 0;
  for (int i = 0; i < count; i++)
    if (entries[i].fd < 0) {
      entries[i].revents = POLLNVAL;
      closed++;
    }
  return closed;
}

/* Pushes the list of those that are ready.  `objects` is the stack index of a
   list of the objects; 0: they stand in the entries of the list at index 1. */
static void push_ready(lua_State *L, const struct pollfd *entries, int count,
                       int objects) {
  int n = 0;
  lua_newtable(L);
  for (int i = 0; i < count; i++) {
    if (entries[i].revents == 0)
      continue;
    lua_createtable(L, 1, 1);
    if (objects) {
      lua_rawgeti(L, objects, i + 1);
    } else {
      push_entry(L, i + 1);
      lua_pop(L, 1);
    }
    lua_rawseti(L, -2, 1);
    set_events(L, entries[i].revents);
    lua_rawseti(L, -2, ++n);
  }
}

/* --- while others go on ----------------------------------------------------
 */

#define LOOK_EVERY 10000000 /* 10 ms, where there is no poller */

#define OBJECTS 4 /* index on the caller's stack: what is waited for */

#define WATCH_CLASS "dialtone.pollwatch"

/* What a call has once it must wait; a userdata on the caller's stack. */
struct watching {
  const struct dt_poller_type *type;
  struct dt_poller *poller; /* NULL: none */
  struct dt_ear ear;        /* when there is one: hears what is closed */
  struct {
    struct dt_watch watch;
    struct dt_socket *socket; /* NULL: another object */
  } entries[];
};

struct polling {
  struct dt_operation operation; /* its socket has the poller's descriptor */
  struct pollfd *entries;
  struct watching *watching; /* NULL: it has not had to wait yet */
  dt_time deadline;
  int count;
};

static void close_poller(struct watching *watching) {
  if (watching->poller)
    watching->type->close(watching->poller);
  watching->poller = NULL;
  if (watching->ear.link) {
    *watching->ear.link = watching->ear.next;
    if (watching->ear.next)
      watching->ear.next->link = watching->ear.link;
  }
  watching->ear.link = NULL;
}

static void hear_of(struct dt_loop *loop, const struct polling *polling,
                    struct dt_watch *watch) {
  struct watching *watching = polling->watching;
  struct dt_ear *ear = &watching->ear;
  ear->watch = watch;
  ear->next = loop->ears;
  ear->link = &loop->ears;
  if (ear->next)
    ear->next->link = &ear->next;
  loop->ears = ear;
  for (int i = 0; i < polling->count; i++)
    if (watching->entries[i].socket)
      watching->entries[i].socket->watch.polled = true;
}

static int watching_gc(lua_State *L) {
  close_poller(lua_touserdata(L, 1));
  return 0;
}

static struct watching *push_watching(lua_State *L, int count) {
  struct watching *watching = dt_newuserdata(
      L, sizeof *watching + (size_t)count * sizeof watching->entries[0]);
  watching->type = dt_poller_type(NULL);
  watching->poller = NULL;
  watching->ear.link = NULL;
  if (luaL_newmetatable(L, WATCH_CLASS)) {
    lua_pushcfunction(L, watching_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return watching;
}

static unsigned directions_of(int events) {
  const int output = POLLOUT | POLLWRNORM | POLLWRBAND;
  return (events & output ? DT_WRITE : 0U) |
         (events & ~output || events == 0 ? DT_READ : 0U);
}

/* Has the poller report entry `i`; 0 or an errno. */
static int want(const struct polling *polling, int i) {
  struct watching *watching = polling->watching;
  const struct pollfd *entry = &polling->entries[i];
  struct dt_watch *watch = &watching->entries[i].watch;
  unsigned directions = directions_of(entry->events);
  int error =
      watching->type->want(watching->poller, watch, entry->fd, directions);
  if (error == EEXIST) { /* the list has it twice */
    for (int k = 0; k < i && error == EEXIST; k++) {
      watch = &watching->entries[k].watch;
      if (watch->fd == entry->fd)
        error = watching->type->want(watching->poller, watch, entry->fd,
                                     watch->registered | directions);
    }
  }
  /* EPERM: a file, ready at once or, with these events, never */
  return error == EPERM ? 0 : error;
}

/* Gives `ear` the descriptor of a poller that knows all entries, if it can. */
static void open_poller(const struct polling *polling, struct dt_socket *ear) {
  struct watching *watching = polling->watching;
  int fd = -1;
  watching->poller = watching->type->open();
  if (!watching->poller)
    return;
  for (int i = 0; i < polling->count; i++)
    if (want(polling, i) != 0) {
      close_poller(watching);
      return;
    }
  if (watching->type->descriptor(watching->poller) >= 0)
    fd = dt_sys.dup(watching->type->descriptor(watching->poller));
  if (fd < 0) {
    close_poller(watching);
    return;
  }
  dt_socket_open(ear, fd, AF_UNSPEC, 0, 0);
  hear_of(ear->loop, polling, &ear->watch);
}

/* The first time that it must wait: L is the caller, who has the list and the
   entries on the stack. */
static void begin_watching(lua_State *L, struct polling *polling) {
  int count = polling->count;
  struct dt_socket *ear;
  luaL_checkstack(L, 8, "no room to wait");
  lua_createtable(L, count, 0);
  polling->watching = push_watching(L, count);
  for (int i = 0; i < count; i++) {
    dt_watch_init(&polling->watching->entries[i].watch);
    push_entry(L, i + 1);
    lua_pop(L, 1);
    polling->watching->entries[i].socket = dt_test_socket(L, lua_gettop(L));
    lua_rawseti(L, OBJECTS, i + 1);
  }
  ear = dt_push_hidden_socket(L);
  open_poller(polling, ear);
  if (ear->fd >= 0)
    polling->operation.socket = ear;
}

/* Takes what the poller has reported, so that it reports what comes next; and
   finds out what was closed meanwhile. */
static void catch_up(const struct polling *polling) {
  struct watching *watching = polling->watching;
  struct dt_event events[DT_BATCH];
  while (watching->poller && watching->type->wait(watching->poller, events,
                                                  DT_BATCH, 0) == DT_BATCH)
    ;
  for (int i = 0; i < polling->count; i++) {
    const struct dt_socket *socket = watching->entries[i].socket;
    if (socket && socket->fd != polling->entries[i].fd)
      polling->entries[i].fd = -1;
  }
}

static void push_result(lua_State *L, const struct polling *polling) {
  int objects = 0;
  luaL_checkstack(L, 8, "no room for a list");
  if (polling->watching) {
    lua_pushvalue(polling->operation.caller, OBJECTS);
    lua_xmove(polling->operation.caller, L, 1);
    objects = lua_gettop(L);
  }
  push_ready(L, polling->entries, polling->count, objects);
  if (objects)
    lua_remove(L, objects);
}

static enum dt_outcome go_on_waiting(lua_State *L, struct polling *polling) {
  struct dt_operation *operation = &polling->operation;
  dt_time next;
  operation->error = DT_TIMEOUT;
  if (dt_now() >= polling->deadline)
    return DT_FAILED;
  if (!polling->watching)
    begin_watching(L, polling);
  operation->until = polling->deadline;
  if (operation->socket)
    return DT_WANT_READ;
  next = dt_deadline(LOOK_EVERY);
  if (next < operation->until)
    operation->until = next;
  operation->moved = true; /* or the alarm would be the last */
  return DT_WANT_WAKE;
}

static enum dt_outcome poll_step(lua_State *L, struct dt_operation *operation) {
  struct polling *polling = (struct polling *)operation;
  int ready;
  if (polling->watching)
    catch_up(polling);
  do /* it only looks: a signal is no reason to let go of it */
    ready = dt_poll(polling->entries, (nfds_t)polling->count, 0);
  while (ready < 0 && errno == EINTR);
  if (ready < 0)
    return dt_step_failed(operation, errno, DT_FAILED);
  if (mark_closed(polling->entries, polling->count) + ready == 0)
    return go_on_waiting(L, polling);
  push_result(L, polling);
  operation->results = 1;
  return DT_DONE;
}

static void end_watching(lua_State *L, struct dt_loop *loop,
                         struct dt_operation *operation) {
  struct polling *polling = (struct polling *)operation;
  (void)loop;
  if (operation->socket)
    dt_socket_close(L, operation->socket);
  if (polling->watching)
    close_poller(polling->watching);
}

static const struct dt_kind poll_kind = {.name = "poll",
                                         .step = poll_step,
                                         .release = end_watching,
                                         .size = sizeof(struct polling),
                                         .renews = true,
                                         .on_argument = true};

/* --- alone -----------------------------------------------------------------
 */

static int poll_alone(lua_State *L, struct pollfd *entries, int count,
                      dt_time deadline) {
  int ready = dt_wait(L, entries, (nfds_t)count, deadline);
  if (ready < 0)
    return dt_fail(L, "poll", NULL, errno);
  if (mark_closed(entries, count) + ready == 0)
    return dt_fail(L, "poll", NULL, DT_TIMEOUT);
  push_ready(L, entries, count, 0);
  return 1;
}

/* Whether nobody else is to go on meanwhile. */
static bool is_alone(lua_State *L) {
  const struct dt_loop *loop = dt_loop_of(L);
  return !loop->task && !dt_loop_busy(loop);
}

/***
Waits until some of many sockets are ready. An entry of the list is an object
(to be read from), or `{ object, events }`; an object is a socket, an io file, a
descriptor, or anything with a `fileno` method. A closed one is ready with
POLLNVAL. See poll(2).
@function poll
@tparam table list
@tparam[opt] number seconds how long at most; 0 only looks, nil waits for ever
@treturn table list of `{ object, POLLIN = true, ... }`, for those that are
ready, in the list's order
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"timeout"`, `"ENOMEM"`, `"EINVAL"`
@usage for _, ready in ipairs(assert(net.poll({ a, { b, "POLLOUT" } }, 5))) do
  print(ready[1], ready.POLLIN, ready.POLLOUT)
end
*/
static int net_poll(lua_State *L) {
  struct polling polling = {.operation = {.kind = &poll_kind, .alarm = true}};
  struct pollfd *entries;
  dt_time limit;
  int count;
  luaL_checktype(L, 1, LUA_TTABLE);
  limit = dt_check_seconds(L, 2);
  lua_settop(L, 2);
  count = (int)lua_rawlen(L, 1);
  entries = dt_newuserdata(L, ((size_t)count + 1) * sizeof *entries);
  for (int i = 0; i < count; i++)
    read_entry(L, i + 1, &entries[i]);
  if (mark_closed(entries, count) > 0)
    limit = 0;
  polling.deadline = limit == DT_NO_LIMIT ? DT_FOREVER : dt_deadline(limit);
  if (dt_loop_of(L)->dirty)
    dt_flush_dirty(L, dt_loop_of(L), NULL);
  if (limit == 0 || is_alone(L))
    return poll_alone(L, entries, count, polling.deadline);
  polling.entries = entries;
  polling.count = count;
  return dt_await(L, &polling.operation);
}

static const luaL_Reg functions[] = {
    {"poll", net_poll},
    {NULL, NULL},
};

const struct dt_module dt_mod_poll = {functions, NULL};
