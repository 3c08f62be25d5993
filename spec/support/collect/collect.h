/*
 * collect.h - makes the collector run where it may run.  The flavour `collect`
 * includes this before all else in each file of the glue row: the functions of
 * Lua's API that may start a collection start one, a whole one.  So whatever C
 * code holds on to, and Lua does not, is gone at its next such call.
 *
 * Not each time: a collection takes milliseconds.  Each place in the source
 * does it at its first calls, and then ever less often.
 */
#ifndef DT_COLLECT_H
#define DT_COLLECT_H

#include "config.h"

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

/* How often one place was passed. */
typedef unsigned dt_collect_place;

__attribute__((visibility("hidden"))) void
dt_collect_at(lua_State *L, dt_collect_place *place);

#define DT_COLLECT(L)                                                          \
  __extension__({                                                              \
    static dt_collect_place dt_passed;                                         \
    dt_collect_at((L), &dt_passed);                                            \
  })

/* A macro's own name in its text is the function. */
#define lua_pushlstring(L, text, size)                                         \
  (DT_COLLECT(L), lua_pushlstring((L), (text), (size)))
#define lua_pushstring(L, text) (DT_COLLECT(L), lua_pushstring((L), (text)))
#define lua_pushfstring(L, ...)                                                \
  (DT_COLLECT(L), lua_pushfstring((L), __VA_ARGS__))
#define lua_pushvfstring(L, format, list)                                      \
  (DT_COLLECT(L), lua_pushvfstring((L), (format), (list)))
#define lua_pushcclosure(L, function, count)                                   \
  (DT_COLLECT(L), lua_pushcclosure((L), (function), (count)))
#define lua_createtable(L, list, fields)                                       \
  (DT_COLLECT(L), lua_createtable((L), (list), (fields)))
#define lua_newthread(L)     (DT_COLLECT(L), lua_newthread(L))
#define lua_concat(L, count) (DT_COLLECT(L), lua_concat((L), (count)))
#ifndef lua_newuserdata
#  define lua_newuserdata(L, size) (DT_COLLECT(L), lua_newuserdata((L), (size)))
#endif
#define lua_newuserdatauv(L, size, values)                                     \
  (DT_COLLECT(L), lua_newuserdatauv((L), (size), (values)))
#define luaL_addlstring(buffer, text, size)                                    \
  (DT_COLLECT((buffer)->L), luaL_addlstring((buffer), (text), (size)))
#define luaL_pushresult(buffer)                                                \
  (DT_COLLECT((buffer)->L), luaL_pushresult(buffer))

#endif
