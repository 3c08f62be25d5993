/*
 * mod_interface.c - the machine's network interfaces.  Stands on
 * getifaddrs(3), which gives one entry for each address of an interface, and
 * one more for its link layer.
 */
#include "config.h"

#include <sys/socket.h> /* before net/if.h, on the BSDs */
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#ifdef DT_HAVE_PACKET
#  include <netpacket/packet.h>
#endif
#ifdef AF_LINK
#  include <net/if_dl.h>
#endif

#include "address_argument.h"
#include "error.h"
#include "glue.h"
#include "sys.h"

/* --- the list's owner --------------------------------------------------- */

#define OWNER_CLASS "dialtone.ifaddrs"

static int owner_gc(lua_State *L) {
  struct ifaddrs **owner = lua_touserdata(L, 1);
  if (*owner)
    freeifaddrs(*owner);
  *owner = NULL;
  return 0;
}

/* There is an owner before there is a list: what is done with the list may
   raise when memory ends. */
static struct ifaddrs **push_owner(lua_State *L) {
  struct ifaddrs **owner = dt_newuserdata(L, sizeof *owner);
  *owner = NULL;
  luaL_newmetatable(L, OWNER_CLASS); /* or the one that was made before */
  lua_pushcfunction(L, owner_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return owner;
}

/* --- one interface ------------------------------------------------------ */

/* Sets field `name` of the table on top to an address; nothing for NULL. */
static void set_address(lua_State *L, const char *name,
                        const struct sockaddr *from, int family) {
  struct dt_address address;
  socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in)
                                       : sizeof(struct sockaddr_in6);
  union { /* netmasks may be cut, and without a family, where there is sa_len */
    struct sockaddr any;
    struct sockaddr_in6 in6;
  } whole;
  if (!from)
    return;
  memset(&whole, 0, sizeof whole);
#ifdef DT_HAVE_SA_LEN
  memcpy(&whole, from, from->sa_len < length ? from->sa_len : length);
#else
  memcpy(&whole, from, length);
#endif
  whole.any.sa_family = (sa_family_t)family;
  dt_address_from_sockaddr(&address, &whole.any, length);
  dt_push_address(L, &address);
  lua_setfield(L, -2, name);
}

/* Appends the entry to the `addresses` of the interface on top. */
static void add_address(lua_State *L, const struct ifaddrs *entry, int family) {
  lua_getfield(L, -1, "addresses");
  lua_createtable(L, 0, 3);
  set_address(L, "address", entry->ifa_addr, family);
  set_address(L, "netmask", entry->ifa_netmask, family);
  if (entry->ifa_flags & IFF_BROADCAST)
    set_address(L, "broadcast", entry->ifa_broadaddr, family);
  else if (entry->ifa_flags & IFF_POINTOPOINT)
    set_address(L, "destination", entry->ifa_dstaddr, family);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* Sets `hwaddr` of the interface on top, when it has one. */
static void set_hwaddr(lua_State *L, const unsigned char *bytes, size_t size) {
  char text[DT_HWADDR_TEXT_MAX];
  if (size == 0)
    return;
  dt_hwaddr_format(text, bytes, size);
  lua_pushstring(L, text);
  lua_setfield(L, -2, "hwaddr");
}

/* An entry for the link layer, or for something we do not know. */
static void add_link(lua_State *L, const struct sockaddr *from) {
#ifdef DT_HAVE_PACKET
  if (from->sa_family == AF_PACKET) {
    const struct sockaddr_ll *link = (const void *)from;
    set_hwaddr(
        L, (const unsigned char *)from + offsetof(struct sockaddr_ll, sll_addr),
        link->sll_halen);
  }
#endif
#ifdef AF_LINK
  if (from->sa_family == AF_LINK) {
    const struct sockaddr_dl *link = (const void *)from;
    set_hwaddr(L, (const unsigned char *)LLADDR(link), link->sdl_alen);
  }
#endif
  (void)L; /* on a system with neither */
  (void)from;
}

static void add_entry(lua_State *L, const struct ifaddrs *entry) {
  if (!entry->ifa_addr)
    return; /* an interface without addresses */
  switch (entry->ifa_addr->sa_family) {
  case AF_INET:
  case AF_INET6:
    add_address(L, entry, entry->ifa_addr->sa_family);
    break;
  default:
    add_link(L, entry->ifa_addr);
    break;
  }
}

/* --- the list ----------------------------------------------------------- */

/* Sets `flags` of the interface on top: a set of names.  Flags without a name
   here are left out. */
static void set_flags(lua_State *L, unsigned flags) {
  lua_newtable(L);
  for (size_t i = 0; i < dt_if_flags.count; i++) {
    const struct dt_constant *item = &dt_if_flags.items[i];
    unsigned bits = (unsigned)item->value;
    if (item->value == DT_ABSENT || bits == 0 || (flags & bits) != bits)
      continue;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, item->name);
  }
  lua_setfield(L, -2, "flags");
}

static void push_interface(lua_State *L, const struct ifaddrs *entry) {
  unsigned index = if_nametoindex(entry->ifa_name);
  lua_createtable(L, 0, 5);
  lua_pushstring(L, entry->ifa_name);
  lua_setfield(L, -2, "name");
  if (index != 0) { /* it may just have gone */
    lua_pushinteger(L, (lua_Integer)index);
    lua_setfield(L, -2, "index");
  }
  set_flags(L, entry->ifa_flags);
  lua_newtable(L);
  lua_setfield(L, -2, "addresses");
}

/* Pushes the list.  `known` finds an interface's table by its name. */
static void push_list(lua_State *L, const struct ifaddrs *entry) {
  int list, known, count = 0;
  lua_newtable(L);
  list = lua_gettop(L);
  lua_newtable(L);
  known = lua_gettop(L);
  for (; entry; entry = entry->ifa_next) {
    lua_getfield(L, known, entry->ifa_name);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_interface(L, entry);
      lua_pushvalue(L, -1);
      lua_setfield(L, known, entry->ifa_name);
      lua_pushvalue(L, -1);
      lua_rawseti(L, list, ++count);
    }
    add_entry(L, entry);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/***
Lists the network interfaces of the machine, in the system's order. See
getifaddrs(3).

Each has `name`; `index`; `flags`, a set such as `{ IFF_UP = true }`; `hwaddr`
(`"aa:bb:cc:dd:ee:ff"`) when it has one; and `addresses`, a list of tables with
`address`, `netmask`, and `broadcast` or `destination` (the other end of a
point-to-point link) when there is one. All of these are address values, with
port 0.
@function interfaces
@treturn {table,...} list
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code
@usage for _, interface in ipairs(assert(net.interfaces())) do
  for _, entry in ipairs(interface.addresses) do
    print(interface.name, entry.address.host)
  end
end
*/
static int net_interfaces(lua_State *L) {
  struct ifaddrs **owner = push_owner(L);
  if (dt_sys.getifaddrs(owner) != 0) {
    int error = errno;
    *owner = NULL;
    return dt_fail(L, "interfaces", NULL, error);
  }
  push_list(L, *owner);
  freeifaddrs(*owner);
  *owner = NULL;
  return 1;
}

/* --- names and numbers -------------------------------------------------- */

/***
Gives the number of a network interface. See if_nametoindex(3).
@function if_nametoindex
@tparam string name
@treturn integer index
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code: `"ENODEV"` when there is none of that name
@usage print(net.if_nametoindex("lo"))
*/
static int net_if_nametoindex(lua_State *L) {
  size_t size;
  const char *name;
  unsigned index;
  luaL_checktype(L, 1, LUA_TSTRING);
  name = lua_tolstring(L, 1, &size);
  errno = ENODEV; /* for names that are cut by a NUL or are too long */
  index = strlen(name) == size && size < IF_NAMESIZE ? if_nametoindex(name) : 0;
  if (index == 0) {
    char reason[DT_REASON_MAX], code[DT_CODE_MAX];
    int error = errno;
    return dt_fail_text(L, "if_nametoindex", name, size,
                        dt_error_reason(error, reason),
                        dt_error_code(error, code));
  }
  lua_pushinteger(L, (lua_Integer)index);
  return 1;
}

/***
Gives the name of a network interface. See if_indextoname(3).
@function if_indextoname
@tparam integer index
@treturn string name
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code: `"ENXIO"` when there is none of that number
@usage print(net.if_indextoname(1)) --> lo
*/
static int net_if_indextoname(lua_State *L) {
  char name[IF_NAMESIZE], where[32];
  lua_Number index = 0;
  luaL_argcheck(L, lua_type(L, 1) == LUA_TNUMBER && dt_tointeger(L, 1, &index),
                1, "whole number expected");
  errno = ENXIO; /* for what would not fit */
  if (index <= 0 || index > INT_MAX || !if_indextoname((unsigned)index, name)) {
    int error = errno;
    snprintf(where, sizeof where, "%.0f", index);
    return dt_fail(L, "if_indextoname", where, error);
  }
  lua_pushstring(L, name);
  return 1;
}

static const luaL_Reg functions[] = {
    {"interfaces", net_interfaces},
    {"if_nametoindex", net_if_nametoindex},
    {"if_indextoname", net_if_indextoname},
    {NULL, NULL},
};

const struct dt_module dt_mod_interface = {functions, NULL};
