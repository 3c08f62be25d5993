/*
 * yieldable.h - whether a running C function may yield.
 *
 * Lua 5.3 and later and LuaJIT say so themselves.  5.1 and 5.2 keep it to
 * themselves: there the counter is read out of the state, at a place that is
 * checked when the module is opened.
 */
#ifndef DT_YIELDABLE_H
#define DT_YIELDABLE_H

#include "config.h"

#include <stdbool.h>

#include <lua.h>

DT_INTERNAL_BEGIN

/* Once for each state: finds out how to know.  Leaves the stack as it was.
   Returns what dt_yieldable wants as `how`. */
int dt_open_yieldable(lua_State *L);

/* Whether lua_yield may be called by the C function that runs on L, which is
   a coroutine.  Where there is no way to know: false. */
bool dt_yieldable(lua_State *L, int how);

DT_INTERNAL_END

#endif
