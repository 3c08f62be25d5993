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

/* Functions that LuaJIT has and PUC's 5.1 has not: NULL there.  See the file's
   head. */
__attribute__((weak)) extern int lua_isyieldable(lua_State *L);
__attribute__((weak)) extern void
luaL_traceback(lua_State *L, lua_State *co, const char *message, int level);
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

/* --- one Lua value attached to a userdata --------------------------------- */

/* dt_newuserdata1 makes a userdata with room for one value, nil at first;
   dt_setuservalue pops it, dt_getuservalue pushes it.  5.1 and 5.2 attach
   tables only: there the value lies in a table of its own. */
#if LUA_VERSION_NUM >= 504
#  define dt_newuserdata1(L, size)  lua_newuserdatauv((L), (size), 1)
#  define dt_setuservalue(L, index) ((void)lua_setiuservalue((L), (index), 1))
#  define dt_getuservalue(L, index) ((void)lua_getiuservalue((L), (index), 1))
#elif LUA_VERSION_NUM == 503
#  define dt_newuserdata1(L, size)  lua_newuserdata((L), (size))
#  define dt_setuservalue(L, index) lua_setuservalue((L), (index))
#  define dt_getuservalue(L, index) ((void)lua_getuservalue((L), (index)))
#else
#  if LUA_VERSION_NUM == 502
#    define dt_getbox lua_getuservalue
#    define dt_setbox lua_setuservalue
#  else
#    define dt_getbox lua_getfenv
#    define dt_setbox (void)lua_setfenv
#  endif

static inline void *dt_newuserdata1(lua_State *L, size_t size) {
  void *data = lua_newuserdata(L, size);
  lua_createtable(L, 1, 0);
  dt_setbox(L, -2);
  return data;
}

static inline void dt_setuservalue(lua_State *L, int index) {
  dt_getbox(L, index);
  lua_insert(L, -2);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 1);
}

static inline void dt_getuservalue(lua_State *L, int index) {
  dt_getbox(L, index);
  lua_rawgeti(L, -1, 1);
  lua_remove(L, -2);
}
#endif

/* --- calls from outside --------------------------------------------------- */

/* Calls `function` with one argument, a light userdata, and no results.
   Nothing is raised, not even for want of memory: the status, and if it is not
   LUA_OK, the error object on top. */
static inline int dt_cpcall(lua_State *L, lua_CFunction function,
                            void *argument) {
#if defined(DT_LUA51)
  return lua_cpcall(L, function, argument); /* pushing a function allocates */
#else
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, argument);
  return lua_pcall(L, 1, 0, 0);
#endif
}

/* --- coroutines ---------------------------------------------------------- */

/* Resumes `co`, which has `arguments` values on its top (and below them the
   function, at the first time).  Returns the status; the `*results` values on
   co's top were yielded or returned, or are the one error object. */
static inline int dt_resume(lua_State *co, lua_State *from, int arguments,
                            int *results) {
  int status;
#if LUA_VERSION_NUM >= 504
  status = lua_resume(co, from, arguments, results);
#else
#  if LUA_VERSION_NUM >= 502
  status = lua_resume(co, from, arguments);
#  else
  (void)from;
  status = lua_resume(co, arguments);
#  endif
  *results = lua_gettop(co);
#endif
  if (status != LUA_OK && status != LUA_YIELD)
    *results = 1;
  return status;
}

/* After an error, or to kill a suspended coroutine: runs what is to be closed.
   Returns the status, LUA_OK or an error; then the error object lies on co's
   top. */
static inline int dt_close_coroutine(lua_State *co, lua_State *from) {
#if LUA_VERSION_NUM >= 505 ||                                                  \
    (LUA_VERSION_NUM == 504 && LUA_VERSION_RELEASE_NUM >= 50406)
  return lua_closethread(co, from);
#else
  int status;
  (void)from;
#  if LUA_VERSION_NUM == 504
  status = lua_resetthread(co);
#  else
  status = lua_status(co);
#  endif
  return status == LUA_YIELD ? LUA_OK : status;
#endif
}

#if defined(DT_LUA51)
/* debug.traceback's text, or the message alone where that is not to be had. */
static inline void dt_traceback51(lua_State *L, lua_State *co,
                                  const char *message, int level) {
  const char *head = message ? message : "";
  int top = lua_gettop(L);
  luaL_checkstack(L, 6, "no room for a traceback");
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_pushliteral(L, "debug");
  if (lua_istable(L, -2))
    lua_rawget(L, -2);
  lua_pushliteral(L, "traceback");
  if (lua_istable(L, -2))
    lua_rawget(L, -2);
  lua_pushthread(co);
  if (L != co)
    lua_xmove(co, L, 1);
  lua_pushstring(L, head);
  lua_pushinteger(L, L == co ? level + 1 : level); /* 0 is traceback itself */
  if (lua_pcall(L, 3, 1, 0) == 0 && lua_type(L, -1) == LUA_TSTRING)
    head = lua_tostring(L, -1);
  lua_pushstring(L, head + (!message && *head == '\n'));
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}
#endif

/* Pushes on L the message (it may be NULL) and the stack of `co` from `level`
   on, as luaL_traceback does. */
static inline void dt_traceback(lua_State *L, lua_State *co,
                                const char *message, int level) {
#if defined(DT_LUA51)
  if (!luaL_traceback) {
    dt_traceback51(L, co, message, level);
    return;
  }
#endif
  luaL_traceback(L, co, message, level);
}

/* --- whether a C function may yield (yieldable.c) ------------------------- */

#if LUA_VERSION_NUM < 503
/* How struct lua_State begins in 5.1.3 to 5.1.5, and in 5.2: the places are
   private, so yieldable.c tries them out before they are believed. */
struct dt_thread_head {
  void *next;
  unsigned char tt, marked, status;
#  if defined(DT_LUA51)
  void *top, *base, *global, *call, *savedpc, *stack_last, *stack, *last_call,
      *first_call;
  int stack_size, calls_size;
  unsigned short c_calls, c_calls_at_resume; /* equal: may yield */
#  else
  void *top, *global, *call, *oldpc, *stack_last, *stack;
  int stack_size;
  unsigned short unyieldable_calls; /* 0: may yield */
#  endif
};
#endif

/* Whether Lua itself says whether a C function may yield. */
static inline bool dt_tells_yieldable(void) {
#if LUA_VERSION_NUM >= 503
  return true;
#elif defined(DT_LUA51)
  return lua_isyieldable != NULL;
#else
  return false;
#endif
}

/* Its answer, or what stands in the state.  Not for a LuaJIT that does not
   tell. */
static inline bool dt_may_yield(lua_State *L) {
#if LUA_VERSION_NUM >= 503
  return lua_isyieldable(L);
#elif defined(DT_LUA51)
  const struct dt_thread_head *thread = (const struct dt_thread_head *)L;
  return lua_isyieldable ? lua_isyieldable(L)
                         : thread->c_calls <= thread->c_calls_at_resume;
#else
  return ((const struct dt_thread_head *)L)->unyieldable_calls == 0;
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
