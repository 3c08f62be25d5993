/*
 * mod_poll.c - net.poll: waits for many sockets at once, and for anything else
 * that has a descriptor.  Stands on poll(2), so there is no limit of 1024.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include "await.h"
#include "glue.h"
#include "error.h"

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

/* Pushes the list of those that are ready. */
static void push_ready(lua_State *L, const struct pollfd *entries, int count) {
  int n = 0;
  lua_newtable(L);
  for (int i = 0; i < count; i++) {
    if (entries[i].revents == 0)
      continue;
    lua_createtable(L, 1, 1);
    push_entry(L, i + 1);
    lua_pop(L, 1);
    lua_rawseti(L, -2, 1);
    set_events(L, entries[i].revents);
    lua_rawseti(L, -2, ++n);
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
  struct pollfd *entries;
  dt_time limit;
  int count, ready;
  luaL_checktype(L, 1, LUA_TTABLE);
  limit = dt_check_seconds(L, 2);
  lua_settop(L, 2);
  count = (int)lua_rawlen(L, 1);
  entries = dt_newuserdata(L, ((size_t)count + 1) * sizeof *entries);
  for (int i = 0; i < count; i++)
    read_entry(L, i + 1, &entries[i]);
  if (mark_closed(entries, count) > 0)
    limit = 0;
  ready = dt_wait(L, entries, (nfds_t)count,
                  limit == DT_NO_LIMIT ? DT_FOREVER : dt_deadline(limit));
  if (ready < 0)
    return dt_fail(L, "poll", NULL, errno);
  if (mark_closed(entries, count) + ready == 0)
    return dt_fail(L, "poll", NULL, DT_TIMEOUT);
  push_ready(L, entries, count);
  return 1;
}

static const luaL_Reg functions[] = {
    {"poll", net_poll},
    {NULL, NULL},
};

const struct dt_module dt_mod_poll = {functions, NULL};
