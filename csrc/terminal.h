/*
 * terminal.h - what core.c needs of mod_terminal.c.
 */
#ifndef DT_TERMINAL_H
#define DT_TERMINAL_H

#include "config.h"

#include "compat.h"

DT_INTERNAL_BEGIN

/* Adds `terminal`, for our own Lua files, and `background` to the table below
   the state, which is on top. */
void dt_open_terminal(lua_State *L);

DT_INTERNAL_END

#endif
