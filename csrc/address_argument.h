/*
 * address_argument.h - what mod_address.c and mod_resolver.c share with
 * address_argument.c beyond glue.h.
 */
#ifndef DT_ADDRESS_ARGUMENT_H
#define DT_ADDRESS_ARGUMENT_H

#include "config.h"

#include "address.h"
#include "compat.h"

#define DT_ADDRESS_CLASS "dialtone.address"

DT_INTERNAL_BEGIN

/* Pushes nil, "operation text: reason", code; returns 3.  The text is a user's
   and may be long or hold odd bytes: it is shown cut, and control bytes as
   question marks.  NULL: there is none. */
int dt_fail_text(lua_State *L, const char *operation, const char *text,
                 size_t size, const char *reason, const char *code);

/* The literal host at `arg` and the port after it.  Like dt_check_address:
   returns 2, or 0 with a failure pushed. */
int dt_check_host_port(lua_State *L, int arg, const char *operation,
                       const struct dt_address_hint *hint,
                       struct dt_address *address);

DT_INTERNAL_END

#endif
