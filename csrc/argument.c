/*
 * argument.c - the argument checks of glue.h that belong to no class: numbers,
 * seconds, constants and flags, descriptors.
 */
#include "config.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "glue.h"
#include "iofile.h"

/* Raises "bad argument": `message` is on top of the stack. */
static int bad_argument(lua_State *L, int arg) {
  return luaL_argerror(L, arg, lua_tostring(L, -1));
}

/* Pushes what was given, for "got ...". */
static const char *push_given(lua_State *L, int arg) {
  if (lua_type(L, arg) == LUA_TSTRING)
    return lua_pushfstring(L, "string '%s'", lua_tostring(L, arg));
  if (lua_isnoneornil(L, arg))
    return lua_pushfstring(L, "%s", luaL_typename(L, arg));
  return dt_tolstring(L, arg, NULL);
}

lua_Integer dt_check_range(lua_State *L, int arg, lua_Number low,
                           lua_Number high) {
  lua_Number number;
  char range[64];
  if (dt_tointeger(L, arg, &number) && number >= low && number <= high)
    return (lua_Integer)number;
  snprintf(range, sizeof range, "%.0f..%.0f", low, high);
  lua_pushfstring(L, "whole number in %s expected, got %s", range,
                  push_given(L, arg));
  bad_argument(L, arg);
  return 0;
}

dt_time dt_check_seconds(lua_State *L, int arg) {
  lua_Number seconds;
  if (lua_isnoneornil(L, arg))
    return DT_NO_LIMIT;
  if (lua_type(L, arg) == LUA_TNUMBER) {
    seconds = lua_tonumber(L, arg);
    if (seconds >= 0) /* false for NaN */
      return dt_duration(seconds);
  }
  lua_pushfstring(L, "seconds >= 0 or nil expected, got %s",
                  push_given(L, arg));
  bad_argument(L, arg);
  return DT_NO_LIMIT;
}

/* --- constants and flags ------------------------------------------------- */

/* Pushes "unknown domain 'AF_X' (valid: AF_UNIX, ...)". */
static void push_unknown(lua_State *L, const struct dt_set *set,
                         const char *name, size_t length) {
  luaL_Buffer buffer;
  const char *separator = "";
  char head[32];
  if (length > 40)
    length = 40;
  luaL_buffinit(L, &buffer);
  snprintf(head, sizeof head, "unknown %.20s '", set->what);
  luaL_addstring(&buffer, head);
  luaL_addlstring(&buffer, name, length);
  luaL_addstring(&buffer, "' (valid: ");
  for (size_t i = 0; i < set->count; i++) {
    int value = set->items[i].value;
    if (value == DT_ABSENT ||
        dt_constant_name(set, value) != set->items[i].name)
      continue; /* a second name for the same */
    luaL_addstring(&buffer, separator);
    luaL_addstring(&buffer, set->items[i].name);
    separator = ", ";
  }
  luaL_addstring(&buffer, ", or an integer)");
  luaL_pushresult(&buffer);
}

static int named(lua_State *L, int arg, const struct dt_set *set,
                 const char *name, size_t length) {
  const struct dt_constant *constant = dt_constant_find(set, name, length);
  if (constant && constant->value != DT_ABSENT)
    return constant->value;
  if (constant)
    lua_pushfstring(L, "this system has no %s", constant->name);
  else
    push_unknown(L, set, name, length);
  return bad_argument(L, arg);
}

/* The integer at `index`; the complaint is about argument `arg`. */
static int number_at(lua_State *L, int index, int arg,
                     const struct dt_set *set) {
  lua_Number number;
  if (lua_type(L, index) == LUA_TNUMBER && dt_tointeger(L, index, &number) &&
      number >= INT_MIN && number <= INT_MAX)
    return (int)number;
  lua_pushfstring(L, "%s expected (a name or an integer), got %s", set->what,
                  lua_type(L, index) == LUA_TNUMBER ? lua_tostring(L, index)
                                                    : luaL_typename(L, index));
  return bad_argument(L, arg);
}

int dt_check_constant(lua_State *L, int arg, const struct dt_set *set) {
  size_t length;
  const char *name;
  if (lua_type(L, arg) != LUA_TSTRING)
    return number_at(L, arg, arg, set);
  name = lua_tolstring(L, arg, &length);
  return named(L, arg, set, name, length);
}

/* "MSG_PEEK|MSG_TRUNC" */
static int joined(lua_State *L, int arg, const struct dt_set *set,
                  const char *names, size_t length) {
  const char *end = names + length;
  int flags = 0;
  for (;;) {
    const char *bar = memchr(names, '|', (size_t)(end - names));
    if (!bar)
      return flags | named(L, arg, set, names, (size_t)(end - names));
    flags |= named(L, arg, set, names, (size_t)(bar - names));
    names = bar + 1;
  }
}

/* A text or an integer; a list in a list is neither. */
static int flag_at(lua_State *L, int index, int arg, const struct dt_set *set) {
  size_t length;
  const char *names;
  if (lua_type(L, index) != LUA_TSTRING)
    return number_at(L, index, arg, set);
  names = lua_tolstring(L, index, &length);
  return joined(L, arg, set, names, length);
}

int dt_flags_at(lua_State *L, int index, int arg, const struct dt_set *set) {
  int flags = 0;
  if (lua_isnil(L, index))
    return 0;
  if (!lua_istable(L, index))
    return flag_at(L, index, arg, set);
  for (int i = 1; i <= (int)lua_rawlen(L, index); i++) {
    lua_rawgeti(L, index, i);
    flags |= flag_at(L, lua_gettop(L), arg, set);
    lua_pop(L, 1);
  }
  return flags;
}

int dt_or_flags(lua_State *L, int arg, const struct dt_set *set) {
  int flags = 0, top = lua_gettop(L);
  for (; arg <= top; arg++)
    flags |= dt_flags_at(L, arg, arg, set);
  return flags;
}

/* --- descriptors --------------------------------------------------------- */

#define NO_METHOD (-2)

/* The number that the object's method `name` returns. */
static int ask(lua_State *L, int arg, const char *name) {
  lua_Number number = -1;
  if (!luaL_getmetafield(L, arg, "__index") && !lua_istable(L, arg))
    return NO_METHOD;
  lua_getfield(L, arg, name);
  if (lua_isnil(L, -1))
    return NO_METHOD;
  lua_pushvalue(L, arg);
  lua_call(L, 1, 1);
  if (!dt_tointeger(L, -1, &number) || number < 0 || number > INT_MAX)
    return -1; /* closed, in the ways of the field: nil, -1 */
  return (int)number;
}

bool dt_test_descriptor(lua_State *L, int index, int *fd) {
  int top = lua_gettop(L);
  bool closed = false;
  lua_Number number;
  struct dt_socket *socket = dt_test_socket(L, index);
  FILE *file = socket ? NULL : dt_test_file(L, index, &closed);
  if (socket) {
    *fd = socket->fd;
  } else if (file) {
    *fd = fileno(file);
  } else if (closed) {
    *fd = -1;
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    if (!dt_tointeger(L, index, &number) || number < -1 || number > INT_MAX)
      return false;
    *fd = (int)number;
  } else {
    *fd = ask(L, index, "fileno");
    lua_settop(L, top);
    if (*fd == NO_METHOD)
      *fd = ask(L, index, "getfd");
    lua_settop(L, top);
  }
  return *fd != NO_METHOD;
}

int dt_check_descriptor(lua_State *L, int arg) {
  int fd;
  if (dt_test_descriptor(L, arg, &fd))
    return fd;
  lua_pushfstring(L, DT_DESCRIPTOR_EXPECTED ", got %s", luaL_typename(L, arg));
  bad_argument(L, arg);
  return -1;
}
