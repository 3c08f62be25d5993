/*
 * iofile.h - Lua's io files, seen from C: the FILE of one, and a new one
 * around a descriptor, on every Lua where that can be done.
 */
#ifndef DT_IOFILE_H
#define DT_IOFILE_H

#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include "compat.h"

DT_INTERNAL_BEGIN

/* The FILE of the io file at `arg`; NULL for other values, and for a closed
   file: then *closed is true. */
FILE *dt_test_file(lua_State *L, int arg, bool *closed);

/* Pushes an io file around `fd`, which it then owns, and returns true.  Pushes
   nothing and returns false where Lua cannot (LuaJIT) or the C library would
   not: then `fd` is still the caller's.  May raise when memory ends: before
   `fd` has changed hands. */
bool dt_push_file(lua_State *L, int fd);

DT_INTERNAL_END

#endif
