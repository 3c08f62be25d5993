/*
 * descriptor.h - received descriptors on their way to Lua.
 *
 * recvmsg(2) makes descriptors before any Lua object can own them, and making
 * one may raise.  So they land in a holder, a userdata that is there before
 * the system call: it closes what never became somebody's.
 */
#ifndef DT_DESCRIPTOR_H
#define DT_DESCRIPTOR_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#include "compat.h"

struct dt_descriptors {
  size_t count; /* how many came */
  size_t next;  /* how many of them have been pushed or skipped */
  int fds[];    /* negative: has its owner already, or never was */
};

DT_INTERNAL_BEGIN

/* Pushes an empty holder for the control buffers that one recvmsg or recvmany
   fills, `size` bytes together.  It must stay on the stack till
   dt_finish_descriptors. */
struct dt_descriptors *dt_push_descriptors(lua_State *L, size_t size);

/* Takes the descriptors out of a control buffer.  Calls no Lua: to be done
   right after the system call. */
void dt_take_descriptors(struct dt_descriptors *holder, const void *control,
                         size_t size);

/* Appends the next `count` descriptors to the list on top of the stack, which
   has `length` entries: sockets, io files, numbers.  Returns the new length.
   Those that are numbers stay the holder's till the end, since a number would
   be lost by a raise. */
int dt_append_received(lua_State *L, struct dt_descriptors *holder,
                       size_t count, int length);

/* Passes over the next `count`; the end closes them. */
void dt_skip_received(struct dt_descriptors *holder, size_t count);

/* To be called when everything is pushed, with nothing after it that may
   raise: lets go of the numbers, and closes what nobody got.  The holder is
   empty then, and may be used again. */
void dt_finish_descriptors(struct dt_descriptors *holder);

DT_INTERNAL_END

#endif
