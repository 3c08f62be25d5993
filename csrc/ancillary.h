/*
 * ancillary.h - control data between Lua and C.
 *
 * What a type's body holds is control.h's business; here are the Lua values
 * for it, as the manual lists them, and the list and names around them.
 */
#ifndef DT_ANCILLARY_H
#define DT_ANCILLARY_H

#include "config.h"

#include <stddef.h>

#include "compat.h"
#include "descriptor.h"
#include "socket.h"

/* Control data being written, for one message or for many in a row. */
struct dt_ancillary {
  unsigned char *bytes;
  size_t used, capacity;
  int anchor;            /* where on the stack `bytes` is kept once it grows */
  int arg;               /* the argument that complaints are about */
  const char *operation; /* in messages of failures */
};

/* Room for control data that most messages will do with. */
union dt_control_room {
  struct cmsghdr aligned;
  unsigned char bytes[512];
};

DT_INTERNAL_BEGIN

/* Begins with the room given, and pushes the anchor for more. */
void dt_begin_ancillary(lua_State *L, struct dt_ancillary *out,
                        union dt_control_room *room, int arg,
                        const char *operation);

/* Adds what the control table at `index` (absolute) says.  Raises for what
   cannot be; 0, or 3 with nil, message, code pushed. */
int dt_add_ancillary(lua_State *L, struct dt_ancillary *out, int index);

/* Adds one SCM_RIGHTS message with the list of descriptors at `index`, nothing
   if the list is empty. */
int dt_add_rights(lua_State *L, struct dt_ancillary *out, int index);

/* Pushes received control data as a list with names; descriptors come out of
   the holder (which may be NULL where none can be). */
void dt_push_ancillary(lua_State *L, const struct dt_socket *socket,
                       const void *control, size_t size,
                       struct dt_descriptors *holder);

/* luaL_argerror with a formatted message ("%s", "%d", "%f" of Lua's own). */
int dt_bad_message(lua_State *L, int arg, const char *format, ...);

DT_INTERNAL_END

#endif
