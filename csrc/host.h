/*
 * host.h - what core.c does for dialtone.h, the functions for host programs.
 */
#ifndef DT_HOST_H
#define DT_HOST_H

#include "config.h"

#include "compat.h"

DT_INTERNAL_BEGIN

/* Keeps the module's functions (it is on top of the stack) that host programs
   call. */
void dt_open_host(lua_State *L);

DT_INTERNAL_END

#endif
