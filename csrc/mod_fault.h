/*
 * mod_fault.h - what core.c needs of mod_fault.c in the test build.
 */
#ifndef DT_MOD_FAULT_H
#define DT_MOD_FAULT_H

#include "config.h"

#include <lua.h>

DT_INTERNAL_BEGIN

/* Pushes the table of fault functions; the state is on top. */
void dt_push_fault(lua_State *L);

DT_INTERNAL_END

#endif
