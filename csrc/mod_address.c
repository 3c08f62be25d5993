/*
 * mod_address.c - address values: the class, and net.address.  Stands on
 * address.h; what makes an address of an argument is in address_argument.c.
 *
 * A value never changes, and never is a v4-mapped one.  It holds the bytes of
 * its sockaddr and no more, as a server may keep one for each client: so read
 * it through address.h, and copy it with dt_address_copy.
 */
#include "config.h"

#include <sys/socket.h> /* before net/if.h, on the BSDs */
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "address_argument.h"
#include "glue.h"

/* --- finding it, and its birth ------------------------------------------ */

/* A value is a struct dt_address with as many bytes of the sockaddr as there
   are.  It is known by that, and by its tag: comparing metatables takes three
   times as long.  Whoever made the same bytes would have made an address. */
#define TAG 0x64746164U

#define HEAD offsetof(struct dt_address, u)

const struct dt_address *dt_test_address(lua_State *L, int arg) {
  const struct dt_address *address = lua_touserdata(L, arg);
  size_t size = address ? lua_rawlen(L, arg) : 0;
  return size >= HEAD && address->tag == TAG && address->length == size - HEAD
             ? address
             : NULL;
}

static const struct dt_address *check_value(lua_State *L, int arg) {
  const struct dt_address *address = dt_test_address(L, arg);
  if (!address) {
    lua_pushfstring(L, DT_ADDRESS_CLASS " expected, got %s",
                    luaL_typename(L, arg));
    luaL_argerror(L, arg, lua_tostring(L, -1));
  }
  return address;
}

/* The address as values have it: itself, or a copy in `space`. */
static const struct dt_address *plain(const struct dt_address *address,
                                      struct dt_address *space) {
  if (dt_address_family(address) != AF_INET6)
    return address;
  dt_address_copy(space, address);
  dt_address_unmap(space);
  return space;
}

static void push_value(lua_State *L, const struct dt_address *address) {
  struct dt_address *value = dt_newuserdata(L, HEAD + address->length);
  dt_address_copy(value, address);
  value->tag = TAG;
  lua_rawgeti(L, LUA_REGISTRYINDEX, dt_state_of(L)->address_ref);
  lua_setmetatable(L, -2);
}

void dt_push_address(lua_State *L, const struct dt_address *address) {
  struct dt_address space;
  push_value(L, plain(address, &space));
}

/* --- senders ------------------------------------------------------------- */

/* A server hears of the same peers again and again: their addresses' values
   are kept in a table, each in the slot that its bytes say.  What comes to a
   slot takes the place of what was there. */
#define SLOT_BITS 8

static int slot_of(const struct dt_address *address) {
  const unsigned char *bytes = (const unsigned char *)&address->u;
  uint64_t hash = 0, word;
  for (size_t i = 0; i + sizeof word <= address->length; i += sizeof word) {
    memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U; /* 2^64 by the golden ratio */
  }
  return 1 + (int)(hash >> (64 - SLOT_BITS));
}

void dt_push_senders(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, dt_state_of(L)->senders_ref);
}

void dt_push_known(lua_State *L, const struct dt_address *address,
                   int senders) {
  struct dt_address space;
  const struct dt_address *known;
  int slot;
  address = plain(address, &space);
  slot = slot_of(address);
  lua_rawgeti(L, senders, slot);
  known = lua_touserdata(L, -1);
  if (known && known->length == address->length &&
      memcmp(&known->u, &address->u, address->length) == 0)
    return;
  lua_pop(L, 1);
  push_value(L, address);
  lua_pushvalue(L, -1);
  lua_rawseti(L, senders, slot);
}

void dt_push_sender(lua_State *L, const struct dt_address *address) {
  dt_push_senders(L);
  dt_push_known(L, address, lua_gettop(L));
  lua_replace(L, -2);
}

/* --- fields ------------------------------------------------------------- */

/* Where a field is a number: its place, and the families that have it. */
static const struct number {
  const char *name;
  size_t offset;
  int families[3];
} numbers[] = {
#define NUMBER(name, ...)                                                      \
  {                                                                            \
#    name, offsetof(struct dt_address_fields, name), {                         \
      __VA_ARGS__                                                              \
    }                                                                          \
  }
    NUMBER(port, AF_INET, AF_INET6, DT_AF_VSOCK),
    NUMBER(scope, AF_INET6),
    NUMBER(flowinfo, AF_INET6),
    NUMBER(ifindex, DT_AF_PACKET),
    NUMBER(hatype, DT_AF_PACKET),
    NUMBER(pkttype, DT_AF_PACKET),
    NUMBER(pid, DT_AF_NETLINK),
    NUMBER(groups, DT_AF_NETLINK),
    NUMBER(cid, DT_AF_VSOCK),
};

static void push_unsigned(lua_State *L, unsigned value) {
  if (sizeof(lua_Integer) > sizeof value)
    lua_pushinteger(L, (lua_Integer)value);
  else /* 5.1 and 5.2 where pointers are small */
    lua_pushnumber(L, (lua_Number)value);
}

/* Pushes one value, and returns true; false: it is no number. */
static bool push_number(lua_State *L, const struct dt_address *address,
                        const char *name) {
  struct dt_address_fields fields;
  int family;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (strcmp(numbers[i].name, name) != 0)
      continue;
    family = dt_address_fields(address, &fields);
    for (int j = 0; j < 3 && family != AF_UNSPEC; j++) {
      unsigned value;
      if (numbers[i].families[j] != family)
        continue;
      memcpy(&value, (char *)&fields + numbers[i].offset, sizeof value);
      push_unsigned(L, value);
      return true;
    }
  }
  return false;
}

static bool push_family(lua_State *L, const struct dt_address *address) {
  dt_push_constant(L, &dt_domains, dt_address_family(address));
  return true;
}

static bool push_host(lua_State *L, const struct dt_address *address) {
  char text[DT_ADDRESS_TEXT_MAX];
  size_t size = dt_address_host(address, text);
  lua_pushlstring(L, text, size);
  return size > 0;
}

static bool push_path(lua_State *L, const struct dt_address *address) {
  char text[DT_ADDRESS_TEXT_MAX];
  lua_pushlstring(L, text, dt_address_path(address, text));
  return dt_address_family(address) == AF_UNIX;
}

static bool push_interface(lua_State *L, const struct dt_address *address) {
  struct dt_address_fields fields;
  char name[IF_NAMESIZE];
  if (dt_address_fields(address, &fields) != DT_AF_PACKET ||
      !if_indextoname(fields.ifindex, name))
    return false;
  lua_pushstring(L, name);
  return true;
}

static bool push_protocol(lua_State *L, const struct dt_address *address) {
  struct dt_address_fields fields;
  if (dt_address_fields(address, &fields) != DT_AF_PACKET)
    return false;
  dt_push_constant(L, &dt_ether_types, (int)fields.protocol);
  return true;
}

static bool push_hwaddr(lua_State *L, const struct dt_address *address) {
  struct dt_address_fields fields;
  char text[DT_HWADDR_TEXT_MAX];
  if (dt_address_fields(address, &fields) != DT_AF_PACKET ||
      fields.hwaddr_size == 0)
    return false;
  dt_hwaddr_format(text, fields.hwaddr, fields.hwaddr_size);
  lua_pushstring(L, text);
  return true;
}

/* Each pushes the value and returns true, or returns false: it has none. */
static const struct text {
  const char *name;
  bool (*push)(lua_State *L, const struct dt_address *address);
} texts[] = {
    {"host", push_host},         {"family", push_family},
    {"path", push_path},         {"interface", push_interface},
    {"protocol", push_protocol}, {"hwaddr", push_hwaddr},
};

/***
A socket address: a value that does not change.

`==` compares two of them by value, `..` joins one with texts, and `tostring`
gives the text that @{address} and every call that wants an address take:
`127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `unix:/run/x`,
`unix:@abstract`, `unix:` (a unix socket without a name),
`packet:eth0/ETH_P_IP`, `netlink:0/1`, `vsock:2:1024`. As a key of a table use
the text: two equal values may be two keys.

IPv4 addresses that come mapped into IPv6 are plain IPv4 here. The fields that
an address's family does not have are nil.
@type address
@tfield string family `"AF_INET"`, `"AF_INET6"`, `"AF_UNIX"`, `"AF_PACKET"`,
`"AF_NETLINK"`, `"AF_VSOCK"`, `"AF_UNSPEC"`; a number where there is no name
@tfield string host IPv4 and IPv6: the host as a literal, an IPv6 one with its
scope (`fe80::1%eth0`) if there is one
@tfield integer port IPv4, IPv6 and AF_VSOCK
@tfield integer scope IPv6: the scope's number, 0 for none
@tfield integer flowinfo IPv6: traffic class and flow label, as ipv6(7) has it
@tfield string path AF_UNIX: the path; an abstract name begins with `@`, a path
that begins with `@` with `./@`; empty for none
@tfield string interface AF_PACKET: the name of the interface; nil when it is
gone
@tfield integer ifindex AF_PACKET: its number, 0 for any
@tfield string|integer protocol AF_PACKET: `"ETH_P_IP"`, a number where there is
no name
@tfield integer hatype AF_PACKET: the ARP hardware type
@tfield integer pkttype AF_PACKET: for whom a received packet was: packet(7)
@tfield string hwaddr AF_PACKET: `aa:bb:cc:dd:ee:ff`; nil when there is none
@tfield integer pid AF_NETLINK: the port, often a process; 0 is the kernel
@tfield integer groups AF_NETLINK: the multicast groups as a mask
@tfield integer cid AF_VSOCK: the machine
*/
static int address_index(lua_State *L) {
  const struct dt_address *address = check_value(L, 1);
  const char *name;
  if (lua_type(L, 2) != LUA_TSTRING)
    return 0;
  name = lua_tostring(L, 2);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (strcmp(texts[i].name, name) == 0)
      return texts[i].push(L, address);
  return push_number(L, address, name);
}

/* --- metamethods -------------------------------------------------------- */

static int address_eq(lua_State *L) {
  const struct dt_address *a = dt_test_address(L, 1),
                          *b = dt_test_address(L, 2);
  lua_pushboolean(L, a && b && dt_address_equal(a, b));
  return 1;
}

static int address_tostring(lua_State *L) {
  char text[DT_ADDRESS_TEXT_MAX];
  const struct dt_address *address = check_value(L, 1);
  lua_pushlstring(L, text, dt_address_format(address, text));
  return 1;
}

/* Objects join by their own text; what Lua cannot join, this does not. */
static int address_concat(lua_State *L) {
  lua_settop(L, 2);
  for (int i = 1; i <= 2; i++) {
    if (lua_type(L, i) == LUA_TUSERDATA)
      dt_tolstring(L, i, NULL);
    else if (lua_isstring(L, i))
      lua_pushvalue(L, i);
    else
      return luaL_error(L, "attempt to concatenate a %s value",
                        luaL_typename(L, i));
  }
  lua_concat(L, 2);
  return 1;
}

static const luaL_Reg metamethods[] = {
    {"__index", address_index},
    {"__eq", address_eq},
    {"__tostring", address_tostring},
    {"__concat", address_concat},
    {NULL, NULL},
};

void dt_open_address(lua_State *L, struct dt_state *state) {
  dt_new_class(L, DT_ADDRESS_CLASS, metamethods, NULL);
  luaL_getmetatable(L, DT_ADDRESS_CLASS);
  state->address_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  state->senders_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- net.address -------------------------------------------------------- */

/***
Makes an address of a text, of host and port, or of a table of its fields.
Nothing is looked up: the host is a literal as inet_pton(3) has it, or `"*"` for
any of the machine's own addresses (`::`). For names see @{getaddrinfo}.

The texts are those that tostring gives: see @{address}. What begins with `/`,
`./` or `@` is a unix path too. A table without `family` has `path`, or `host`
and `port`. Wherever a call wants an address it takes all of these; after a text
a number is its port and never a flag.
@function address
@tparam string|table|address address the text, the host, the table of fields; an
address is given back as it is
@tparam[opt] integer|string port 0..65535, after a host only
@treturn address address
@treturn[2] nil
@treturn[2] string message, which says what is wrong with the text
@treturn[2] string code: `"EINVAL"`
@usage print(net.address("127.0.0.1:80").port) --> 80
print(net.address("::1", 80)) --> [::1]:80
print(net.address({ path = "/run/x" })) --> unix:/run/x
*/
static int net_address(lua_State *L) {
  const struct dt_address_hint hint = {AF_UNSPEC, false};
  struct dt_address address;
  int taken;
  if (lua_isnoneornil(L, 2)) {
    if (dt_test_address(L, 1)) {
      lua_settop(L, 1);
      return 1;
    }
    taken = dt_check_address(L, 1, "address", NULL, &address);
  } else {
    luaL_argcheck(L, lua_type(L, 1) == LUA_TSTRING, 2,
                  "a port can only follow a host's text");
    luaL_argcheck(L, lua_isstring(L, 2), 2,
                  "port expected, a whole number in 0..65535");
    taken = dt_check_host_port(L, 1, "address", &hint, &address);
  }
  if (taken == 0)
    return 3;
  dt_push_address(L, &address);
  return 1;
}

static const luaL_Reg functions[] = {
    {"address", net_address},
    {NULL, NULL},
};

const struct dt_module dt_mod_address = {functions, NULL};
