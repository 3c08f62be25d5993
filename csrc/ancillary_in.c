/*
 * ancillary_in.c - control data from C to Lua: see ancillary.h.  The other way
 * is ancillary_out.c.
 */
#include "config.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ancillary.h"
#include "control.h"
#include "error.h"
#include "glue.h"
#include "sys.h"

#ifdef DT_HAVE_EXTENDED_ERR
#  include <linux/errqueue.h>
#endif

/* --- received values -------------------------------------------------------
 */

static void set_integer(lua_State *L, const char *name, long long integer) {
  lua_pushinteger(L, (lua_Integer)integer);
  lua_setfield(L, -2, name);
}

static void push_credentials(lua_State *L,
                             const struct dt_control_value *value) {
  lua_createtable(L, 0, 3);
  set_integer(L, "pid", value->u.credentials.pid);
  set_integer(L, "uid", value->u.credentials.uid);
  set_integer(L, "gid", value->u.credentials.gid);
}

static void set_host(lua_State *L, const char *name,
                     struct dt_address *address) {
  char text[DT_ADDRESS_TEXT_MAX];
  dt_address_unmap(address);
  lua_pushlstring(L, text, dt_address_host(address, text));
  lua_setfield(L, -2, name);
}

/* An interface's name, with one system call where it can be had by one. */
static bool interface_name(int fd, unsigned index, char name[IF_NAMESIZE]) {
#ifdef SIOCGIFNAME
  struct ifreq request;
  memset(&request, 0, sizeof request);
  request.ifr_ifindex = (int)index;
  if (dt_sys.ioctl(fd, SIOCGIFNAME, &request) != 0)
    return false;
  memcpy(name, request.ifr_name, IF_NAMESIZE);
  name[IF_NAMESIZE - 1] = '\0';
  return true;
#else
  (void)fd;
  return if_indextoname(index, name) != NULL;
#endif
}

static void push_packet(lua_State *L, const struct dt_socket *socket,
                        struct dt_control_value *value) {
  char name[IF_NAMESIZE];
  lua_createtable(L, 0, 4);
  set_integer(L, "ifindex", value->u.packet.ifindex);
  if (interface_name(socket->fd, value->u.packet.ifindex, name)) {
    lua_pushstring(L, name);
    lua_setfield(L, -2, "interface");
  }
  set_host(L, "address", &value->u.packet.local);
  if (value->u.packet.destination.length > 0)
    set_host(L, "destination", &value->u.packet.destination);
}

static void push_time(lua_State *L, const struct dt_control_value *value,
                      const char *part) {
  lua_createtable(L, 0, 2);
  set_integer(L, "sec", value->u.time.sec);
  set_integer(L, part, value->u.time.part);
}

#ifdef DT_HAVE_EXTENDED_ERR
static const struct dt_constant origins[] = {
    {"SO_EE_ORIGIN_NONE", SO_EE_ORIGIN_NONE},
    {"SO_EE_ORIGIN_LOCAL", SO_EE_ORIGIN_LOCAL},
    {"SO_EE_ORIGIN_ICMP", SO_EE_ORIGIN_ICMP},
    {"SO_EE_ORIGIN_ICMP6", SO_EE_ORIGIN_ICMP6},
    {"SO_EE_ORIGIN_TIMESTAMPING", SO_EE_ORIGIN_TXSTATUS},
    {"SO_EE_ORIGIN_ZEROCOPY", 5}, /* in newer headers only */
};
static const struct dt_set origin_set = {
    .what = "origin",
    .items = origins,
    .count = sizeof origins / sizeof origins[0],
};
#else
static const struct dt_set origin_set = {.what = "origin"};
#endif

static void push_error(lua_State *L, const struct dt_control_value *value) {
  char code[DT_CODE_MAX];
  lua_createtable(L, 0, 7);
  if (value->u.error.number == 0)
    lua_pushinteger(L, 0);
  else
    lua_pushstring(L, dt_error_code(value->u.error.number, code));
  lua_setfield(L, -2, "errno");
  dt_push_constant(L, &origin_set, (int)value->u.error.origin);
  lua_setfield(L, -2, "origin");
  set_integer(L, "type", value->u.error.type);
  set_integer(L, "code", value->u.error.code);
  set_integer(L, "info", (long long)value->u.error.info);
  set_integer(L, "data", (long long)value->u.error.data);
  if (value->u.error.offender.length > 0) {
    dt_push_address(L, &value->u.error.offender);
    lua_setfield(L, -2, "offender");
  }
}

/* Pushes the value of one message; false, and nothing pushed, for one that was
   cut. */
static bool push_value(lua_State *L, const struct dt_socket *socket,
                       const struct dt_control_type *type,
                       const struct dt_control_item *item,
                       struct dt_descriptors *holder) {
  struct dt_control_value value;
  if (type->kind == DT_CONTROL_FDS) {
    if (!holder)
      return false;
    lua_newtable(L);
    dt_append_received(L, holder, item->size / sizeof(int), 0);
    return true;
  }
  if (!dt_control_decode(type, item, &value))
    return false;
  switch (type->kind) {
  case DT_CONTROL_CREDENTIALS:
    push_credentials(L, &value);
    break;
  case DT_CONTROL_PKTINFO4:
  case DT_CONTROL_PKTINFO6:
    push_packet(L, socket, &value);
    break;
  case DT_CONTROL_TIMESPEC:
    push_time(L, &value, "nsec");
    break;
  case DT_CONTROL_TIMEVAL:
    push_time(L, &value, "usec");
    break;
  case DT_CONTROL_ERROR:
    push_error(L, &value);
    break;
  default:
    lua_pushinteger(L, (lua_Integer)value.u.integer);
  }
  return true;
}

/* Adds the message whose value is on top, which is popped, to the table under
   it: at `length`, and by its name if it has one and is the first of it. */
static void set_item(lua_State *L, const struct dt_control_type *type,
                     const struct dt_control_item *item, int length) {
  lua_createtable(L, 0, 3); /* control, value, entry */
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "value");
  if (type) {
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "type");
    dt_push_constant(L, &dt_levels, item->level);
    lua_setfield(L, -2, "level");
  } else {
    set_integer(L, "type", item->type);
    set_integer(L, "level", item->level);
  }
  lua_rawseti(L, -3, length); /* control, value */
  if (type) {
    lua_getfield(L, -2, type->name);
    if (lua_isnil(L, -1)) {
      lua_pushvalue(L, -2);
      lua_setfield(L, -4, type->name);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

void dt_push_ancillary(lua_State *L, const struct dt_socket *socket,
                       const void *control, size_t size,
                       struct dt_descriptors *holder) {
  struct dt_control_item item;
  size_t offset = 0;
  int length = 0;
  luaL_checkstack(L, 12, "no room for control data");
  lua_newtable(L);
  while (dt_control_next(control, size, &offset, &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    if (type) {
      if (!push_value(L, socket, type, &item, holder))
        continue; /* it was cut: MSG_CTRUNC says so */
    } else {
      lua_pushlstring(L, (const char *)item.data, item.size);
    }
    set_item(L, type, &item, ++length);
  }
}
