/*
 * yieldable.c - see yieldable.h.  Stands on compat.h, which knows where 5.1 and
 * 5.2 keep the counters.
 *
 * Such a place is not believed on sight: the interpreter may have been built
 * otherwise.  A C function, the probe, is called in every way that there is,
 * each in a coroutine of its own.  It reads the counters, then yields: what
 * they said must be what happens, and both answers must occur.
 */
#include "config.h"

#include "compat.h"
#include "yieldable.h"

enum { UNKNOWN, KNOWN };

/* What one call of the probe brought. */
struct trial {
  int calls;
  bool said; /* what dt_may_yield said */
};

/* The ways to call the probe.  Nothing here is looked up by name: globals may
   be anything by now. */
static const char ways[] =
    "local probe, call, protect, object = ...\n"
    "object.__index = function() return (probe()) end\n"
    "return function() probe() end,\n"
    "  function() return probe() end,\n"
    "  function() protect() probe() end,\n" /* after an error */
    "  function() call() probe() end,\n"
    "  function() protect(probe) end,\n"
    "  function() call(probe) end,\n" /* as sort and gsub do */
    "  function() call(function() protect(probe) end) end,\n"
    "  function() for _ in probe do end end,\n"
    "  function() return (object.field) end\n";

static int probe(lua_State *L) {
  struct trial *trial = (struct trial *)lua_touserdata(L, lua_upvalueindex(1));
  trial->calls++;
  trial->said = dt_may_yield(L);
  return lua_yield(L, 0);
}

/* Calls its argument, if there is one. */
static int call(lua_State *L) {
  if (!lua_isnoneornil(L, 1))
    lua_call(L, 0, 0);
  return 0;
}

/* The same, protected; nil cannot be called. */
static int protect(lua_State *L) {
  lua_settop(L, 1);
  (void)lua_pcall(L, 0, 0, 0);
  return 0;
}

/* Pushes a coroutine that no debug hook disturbs. */
static lua_State *new_coroutine(lua_State *L) {
  lua_State *co = lua_newthread(L);
  lua_sethook(co, NULL, 0, 0);
  return co;
}

/* Pushes the functions of `ways`; how many they are, 0 when it fails. */
static int push_ways(lua_State *L, struct trial *trial) {
  int results;
  lua_State *co = new_coroutine(L);
  if (luaL_loadbuffer(L, ways, sizeof ways - 1, "=dialtone") != LUA_OK)
    return 0; /* an interpreter without a compiler */
  lua_pushlightuserdata(L, trial);
  lua_pushcclosure(L, probe, 1);
  lua_pushcfunction(L, call);
  lua_pushcfunction(L, protect);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setmetatable(L, -2); /* its own */
  lua_xmove(L, co, 5);
  if (dt_resume(co, L, 4, &results) != LUA_OK)
    return 0;
  lua_xmove(co, L, results);
  return results;
}

/* Runs the function at `index`; whether the probe in it could yield. */
static bool could_yield(lua_State *L, int index) {
  int results;
  bool yielded;
  lua_State *co = new_coroutine(L);
  lua_pushvalue(L, index);
  lua_xmove(L, co, 1);
  yielded = dt_resume(co, L, 0, &results) == LUA_YIELD;
  lua_pop(L, 1);
  return yielded;
}

/* Whether dt_may_yield says what happens. */
static bool says_the_truth(lua_State *L) {
  struct trial trial;
  bool seen[2] = {false, false};
  int count, first;
  luaL_checkstack(L, 20, "no room to see who may yield");
  count = push_ways(L, &trial);
  first = lua_gettop(L) - count + 1;
  for (int i = 0; i < count; i++) {
    bool yielded;
    trial.calls = 0;
    yielded = could_yield(L, first + i);
    if (trial.calls != 1 || trial.said != yielded)
      return false;
    seen[yielded] = true;
  }
  return seen[false] && seen[true];
}

int dt_open_yieldable(lua_State *L) {
  int top = lua_gettop(L), how;
  if (dt_tells_yieldable())
    return KNOWN;
  if (dt_is_luajit(L)) /* an old one, with a state of another shape */
    return UNKNOWN;
  how = says_the_truth(L) ? KNOWN : UNKNOWN;
  if (lua_pushthread(L) && dt_may_yield(L))
    how = UNKNOWN; /* the main thread never may */
  lua_settop(L, top);
  return how;
}

bool dt_yieldable(lua_State *L, int how) {
  return how == KNOWN && dt_may_yield(L);
}
