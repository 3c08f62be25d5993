/*
 * compat.h - one Lua for our files: 5.4's names on 5.1, 5.2, 5.3, 5.5 and
 * LuaJIT.  Every test of the Lua version stands here.
 *
 * LuaJIT says that it is 5.1 but already has some of 5.2's functions, so the
 * tests go by groups of symbols, not by one number.  A module that was built
 * against 5.1's headers may be loaded by LuaJIT (they share an ABI): what
 * differs between the two at run time is asked at run time (dt_is_luajit).
 */
#ifndef DT_COMPAT_H
#define DT_COMPAT_H

#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#if LUA_VERSION_NUM < 501
#  error "dialtone needs Lua 5.1 or later"
#endif

#if LUA_VERSION_NUM == 501
#  define DT_LUA51 1 /* also LuaJIT */
#endif

/* --- userdata without user values ---------------------------------------- */
#if LUA_VERSION_NUM >= 504
#  define dt_newuserdata(L, size) lua_newuserdatauv((L), (size), 0)
#else
#  define dt_newuserdata(L, size) lua_newuserdata((L), (size))
#endif

/* --- io files ------------------------------------------------------------ */
#if LUA_VERSION_NUM >= 502
#  define DT_HAVE_LUAL_STREAM 1
#endif

/* --- 5.2's auxiliary functions on 5.1 ------------------------------------ */
#if defined(DT_LUA51)
#  define lua_rawlen(L, index) lua_objlen((L), (index))
#  define lua_absindex(L, index)                                               \
    ((index) > 0 || (index) <= LUA_REGISTRYINDEX                               \
         ? (index)                                                             \
         : lua_gettop(L) + (index) + 1)
#  define LUA_OK 0

static inline void dt_setfuncs(lua_State *L, const luaL_Reg *list,
                               int upvalues) {
  luaL_checkstack(L, upvalues + 1, "too many upvalues");
  for (; list->name; list++) {
    for (int i = 0; i < upvalues; i++)
      lua_pushvalue(L, -upvalues);
    lua_pushcclosure(L, list->func, upvalues);
    lua_setfield(L, -(upvalues + 2), list->name);
  }
  lua_pop(L, upvalues);
}

/* Names are binary safe nowhere in here, so strlen's idea of length will do */
static inline const char *dt_tolstring(lua_State *L, int index, size_t *size) {
  index = lua_absindex(L, index);
  if (luaL_callmeta(L, index, "__tostring")) {
    if (!lua_isstring(L, -1))
      luaL_error(L, "'__tostring' must return a string");
  } else if (lua_type(L, index) == LUA_TNUMBER ||
             lua_type(L, index) == LUA_TSTRING) {
    lua_pushvalue(L, index);
  } else if (lua_isboolean(L, index)) {
    lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
  } else if (lua_isnil(L, index)) {
    lua_pushliteral(L, "nil");
  } else {
    lua_pushfstring(L, "%s: %p", luaL_typename(L, index),
                    lua_topointer(L, index));
  }
  return lua_tolstring(L, -1, size);
}
#else
#  define dt_setfuncs  luaL_setfuncs
#  define dt_tolstring luaL_tolstring
#endif

/* --- integers ------------------------------------------------------------ */

/* Whether the value is a number (or a text of one) without a fraction, and
   that number; before 5.3 luaL_checkinteger cuts the fraction in silence. */
static inline bool dt_tointeger(lua_State *L, int index, lua_Number *whole) {
#if LUA_VERSION_NUM >= 503
  int is_whole;
  *whole = (lua_Number)lua_tointegerx(L, index, &is_whole);
  return is_whole;
#else
  *whole = lua_tonumber(L, index);
  if (*whole == 0 && !lua_isnumber(L, index))
    return false;
  return *whole >= -9007199254740992.0 && *whole <= 9007199254740992.0 &&
         *whole == (lua_Number)(long long)*whole;
#endif
}

/* --- the main thread ----------------------------------------------------- */

/* The state's main thread, or NULL where 5.1 cannot tell. */
static inline lua_State *dt_main_thread(lua_State *L) {
  lua_State *thread;
#if defined(LUA_RIDX_MAINTHREAD)
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  thread = lua_tothread(L, -1);
#else
  thread = lua_pushthread(L) ? L : NULL;
#endif
  lua_pop(L, 1);
  return thread;
}

/* Asked at run time: see the file's head. */
static inline bool dt_is_luajit(lua_State *L) {
  bool found = false;
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "jit");
    found = lua_istable(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return found;
}

#endif
