/*
 * host.c - see dialtone.h and host.h.  Stands on the functions that Lua sees:
 * a host gets what a script would, so there is one behaviour only.
 *
 * They are kept in the registry under addresses of ours.  Fetching them that
 * way allocates nothing, so nothing is raised outside a protected call; and
 * another copy of the library in the same process has other addresses, so that
 * it is not handed sockets whose shape it does not know.
 */
#include "config.h"

#include <errno.h>

#include "dialtone.h"
#include "error.h"
#include "host.h"
#include "socket.h"

#define MODULE "dialtone.core"
#define LOADED "_LOADED" /* registry: package.loaded */

enum kept { FROMFD, FILENO, STEP, KEPT };

static const char *const names[KEPT] = {"fromfd", "fileno", "step"};

static const char keys[KEPT]; /* only their addresses matter */

void dt_open_host(lua_State *L) {
  for (int i = 0; i < KEPT; i++) {
    lua_pushlightuserdata(L, (void *)&keys[i]);
    lua_getfield(L, -2, names[i]);
    lua_rawset(L, LUA_REGISTRYINDEX);
  }
}

/* Pushes the function, or nil; whether it is there. */
static bool push_kept(lua_State *L, enum kept which) {
  lua_pushlightuserdata(L, (void *)&keys[which]);
  lua_rawget(L, LUA_REGISTRYINDEX);
  return !lua_isnil(L, -1);
}

/* The same; raises where it is not. */
static void need_kept(lua_State *L, enum kept which) {
  if (!push_kept(L, which))
    luaL_error(L, "dialtone is not open in this Lua state: dialtone_open");
}

/* --- opening --------------------------------------------------------------
 */

/* luaL_openlibs makes that table, but it need not have been called. */
static void push_loaded(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LOADED);
  if (lua_istable(L, -1))
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, LOADED);
}

static int open_protected(lua_State *L) {
  push_loaded(L);
  lua_getfield(L, -1, MODULE);
  if (lua_toboolean(L, -1)) {
    if (!push_kept(L, STEP))
      return luaL_error(L, MODULE " is loaded already, but not this one");
    return 0;
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, luaopen_dialtone_core);
  lua_pushliteral(L, MODULE);
  lua_call(L, 1, 1);
  lua_setfield(L, -2, MODULE);
  return 0;
}

DT_EXPORT int dialtone_open(lua_State *L) {
  return dt_cpcall(L, open_protected, NULL) == LUA_OK ? 0 : -1;
}

/* --- sockets ---------------------------------------------------------------
 */

/* Of nil, message, code on top. */
static int error_on_top(lua_State *L) {
  const char *code = lua_tostring(L, -1);
  int error = code ? dt_error_number(code) : 0;
  return error ? error : EINVAL;
}

DT_EXPORT int dialtone_push(lua_State *L, int fd) {
  int error;
  if (!push_kept(L, FROMFD) || fd < 0) {
    error = lua_isnil(L, -1) ? EINVAL : EBADF;
    lua_pop(L, 1);
    return error;
  }
  lua_pushinteger(L, fd);
  if (lua_pcall(L, 1, 3, 0) != LUA_OK) { /* what is left to be raised */
    lua_pop(L, 1);
    return ENOMEM;
  }
  if (!lua_isnil(L, -3)) {
    lua_pop(L, 2);
    return 0;
  }
  error = error_on_top(L);
  lua_pop(L, 3);
  return error;
}

DT_EXPORT int dialtone_fileno(lua_State *L, int index) {
  const struct dt_socket *socket = dt_test_socket(L, index);
  return socket ? socket->fd : -1;
}

/* --- the loop --------------------------------------------------------------
 */

struct stepping {
  double seconds, next;
  bool left;
};

static int step_protected(lua_State *L) {
  struct stepping *stepping = lua_touserdata(L, 1);
  need_kept(L, STEP);
  lua_pushnumber(L, (lua_Number)stepping->seconds);
  lua_call(L, 1, 2);
  stepping->left = lua_toboolean(L, -2);
  stepping->next = lua_isnil(L, -1) ? -1 : (double)lua_tonumber(L, -1);
  return 0;
}

DT_EXPORT int dialtone_step(lua_State *L, double seconds, double *next) {
  struct stepping stepping = {.seconds = seconds};
  int status = dt_cpcall(L, step_protected, &stepping);
  if (next) /* after a failure something may be left to do */
    *next = status == LUA_OK ? stepping.next : 0;
  return status == LUA_OK ? stepping.left : -1;
}

static int descriptor_protected(lua_State *L) {
  int *fd = lua_touserdata(L, 1);
  need_kept(L, FILENO);
  lua_call(L, 0, 1);
  if (!lua_isnil(L, -1))
    *fd = (int)lua_tointeger(L, -1);
  return 0;
}

DT_EXPORT int dialtone_descriptor(lua_State *L) {
  int fd = -1;
  if (dt_cpcall(L, descriptor_protected, &fd) != LUA_OK)
    lua_pop(L, 1);
  return fd;
}
