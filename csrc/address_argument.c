/*
 * address_argument.c - arguments that are addresses: dt_check_address of
 * glue.h.
 *
 * What has the wrong type, or a field that no address has, is the caller's
 * mistake and raises.  What has the right type and is no address (a text, a
 * port of 70000) is input: nil, message, "EINVAL".
 */
#include "config.h"

#include <sys/socket.h> /* before net/if.h, on the BSDs */
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "address_argument.h"
#include "glue.h"

#define SHOWN_MAX 100 /* bytes of a text in a message */

int dt_fail_text(lua_State *L, const char *operation, const char *text,
                 size_t size, const char *reason, const char *code) {
  char shown[SHOWN_MAX + 3];
  size_t length = size;
  if (!text)
    return dt_fail_because(L, operation, NULL, 0, reason, code);
  if (length > SHOWN_MAX) {
    length = SHOWN_MAX - 3;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
      length--; /* not inside a character of UTF-8 */
  }
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    shown[i] = byte < ' ' || byte == 127 ? '?' : (char)byte;
  }
  if (length < size) {
    memcpy(shown + length, "...", 3);
    length += 3;
  }
  return dt_fail_because(L, operation, shown, length, reason, code);
}

/* Raises "bad argument": the message is on top of the stack. */
static void bad_argument(lua_State *L, int arg) {
  luaL_argerror(L, arg, lua_tostring(L, -1));
}

/* --- tables: the fields ------------------------------------------------- */

struct reader {
  lua_State *L;
  int arg; /* the table */
  int family;
  const struct dt_address_hint *hint;
  const char *where; /* what to show of it in a message */
  size_t where_size;
  const char *why; /* what is wrong with it, or NULL */
  char space[80];  /* for `why` */
};

static void bad_field(struct reader *reader, const char *name,
                      const char *expected) {
  lua_pushfstring(reader->L, "field '%s': %s expected, got %s", name, expected,
                  luaL_typename(reader->L, -1));
  bad_argument(reader->L, reader->arg);
}

/* The text of a field, which stays on the stack; NULL when it is nil. */
static const char *text_field(struct reader *reader, const char *name,
                              size_t *size) {
  lua_State *L = reader->L;
  lua_getfield(L, reader->arg, name);
  *size = 0;
  if (lua_isnil(L, -1))
    return NULL;
  if (lua_type(L, -1) != LUA_TSTRING)
    bad_field(reader, name, "string");
  return lua_tolstring(L, -1, size);
}

/* A field that must be there, and that messages show. */
static const char *main_field(struct reader *reader, const char *name,
                              size_t *size) {
  const char *text = text_field(reader, name, size);
  if (!text)
    bad_field(reader, name, "string");
  reader->where = text;
  reader->where_size = *size;
  return text;
}

/* A whole number in 0..max, also as digits in a text. */
static bool whole(lua_State *L, int index, double max, unsigned *value) {
  lua_Number number;
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t size;
    const char *text = lua_tolstring(L, index, &size);
    if (size == 0 || strspn(text, "0123456789") != size)
      return false;
  }
  if (!dt_tointeger(L, index, &number) || number < 0 || number > max)
    return false;
  *value = (unsigned)number;
  return true;
}

/* The number in a field; false when it is nil, or not in 0..max: `why`. */
static bool number_field(struct reader *reader, const char *name, unsigned max,
                         unsigned *value) {
  lua_State *L = reader->L;
  lua_getfield(L, reader->arg, name);
  if (lua_isnil(L, -1))
    return false;
  if (lua_type(L, -1) != LUA_TNUMBER && lua_type(L, -1) != LUA_TSTRING)
    bad_field(reader, name, "number");
  if (whole(L, -1, max, value))
    return true;
  snprintf(reader->space, sizeof reader->space,
           "%s is not a whole number in 0..%u", name, max);
  reader->why = reader->space;
  return false;
}

/* An interface's index from a field that has its name or its number. */
static bool interface_field(struct reader *reader, const char *name,
                            const char *unknown, unsigned *index) {
  size_t size;
  const char *text;
  lua_getfield(reader->L, reader->arg, name);
  if (lua_type(reader->L, -1) != LUA_TSTRING)
    return number_field(reader, name, UINT_MAX, index);
  text = lua_tolstring(reader->L, -1, &size);
  if (dt_scope_from_text(text, size, index))
    return true;
  reader->why = unknown;
  return false;
}

/* --- tables: the families ----------------------------------------------- */

/* Each reads the fields of its family; what is wrong is left in `why`. */

static void read_ip(struct reader *reader, struct dt_address *address) {
  struct dt_address_hint hint = *reader->hint;
  size_t size;
  const char *host = main_field(reader, "host", &size);
  unsigned port = 0, scope = 0, flowinfo = 0;
  bool scoped;
  if (!number_field(reader, "port", 65535, &port) && !reader->why &&
      !hint.port_optional)
    reader->why = "no port";
  scoped = interface_field(reader, "scope", "unknown interface in the scope",
                           &scope);
  number_field(reader, "flowinfo", DT_FLOWINFO_MAX, &flowinfo);
  if (reader->family != AF_UNSPEC)
    hint.family = reader->family;
  if (reader->why || dt_address_from_host(address, host, size, (int)port, &hint,
                                          &reader->why) < 0)
    return;
  if (address->u.any.sa_family == AF_INET6) {
    if (reader->family == AF_INET)
      reader->why = "not an IPv4 address";
    if (scoped)
      address->u.in6.sin6_scope_id = scope;
    address->u.in6.sin6_flowinfo = htonl(flowinfo);
  } else if (scope != 0) {
    reader->why = "an IPv4 address has no scope";
  }
}

static void read_unix(struct reader *reader, struct dt_address *address) {
  size_t size;
  const char *path = main_field(reader, "path", &size);
  dt_address_from_path(address, path, size, &reader->why);
}

/* The protocol, by its ETH_P_ name or its number. */
static void read_protocol(struct reader *reader, unsigned *protocol) {
  lua_State *L = reader->L;
  const struct dt_constant *known;
  size_t size;
  const char *name;
  lua_getfield(L, reader->arg, "protocol");
  if (lua_type(L, -1) != LUA_TSTRING || lua_isnumber(L, -1)) {
    number_field(reader, "protocol", 0xffff, protocol);
    return;
  }
  name = lua_tolstring(L, -1, &size);
  known = dt_constant_find(&dt_ether_types, name, size);
  if (!known || known->value == DT_ABSENT) {
    lua_pushfstring(L, "field 'protocol': '%s' is no ETH_P_ name", name);
    bad_argument(L, reader->arg);
    return;
  }
  *protocol = (unsigned)known->value;
}

static void read_packet(struct reader *reader, struct dt_address *address) {
  struct dt_address_fields fields;
  size_t size;
  const char *hwaddr;
  memset(&fields, 0, sizeof fields);
  if (!interface_field(reader, "interface", "unknown interface",
                       &fields.ifindex) &&
      !reader->why)
    number_field(reader, "ifindex", INT_MAX, &fields.ifindex);
  read_protocol(reader, &fields.protocol);
  number_field(reader, "hatype", 0xffff, &fields.hatype);
  number_field(reader, "pkttype", 0xff, &fields.pkttype);
  hwaddr = text_field(reader, "hwaddr", &size);
  if (hwaddr && !dt_hwaddr_parse(&fields, hwaddr, size))
    reader->why = "not a hardware address (aa:bb:cc:dd:ee:ff)";
  if (!reader->why)
    dt_address_from_fields(address, DT_AF_PACKET, &fields, &reader->why);
}

/* The families that are a few numbers, and AF_UNSPEC. */
static void read_numbers(struct reader *reader, struct dt_address *address) {
  struct dt_address_fields fields;
  memset(&fields, 0, sizeof fields);
  if (reader->family == DT_AF_NETLINK) {
    number_field(reader, "pid", UINT_MAX, &fields.pid);
    number_field(reader, "groups", UINT_MAX, &fields.groups);
  } else if (reader->family == DT_AF_VSOCK) {
    bool whom = number_field(reader, "cid", UINT_MAX, &fields.cid);
    if ((!number_field(reader, "port", UINT_MAX, &fields.port) || !whom) &&
        !reader->why)
      reader->why = "a vsock address has cid and port";
  }
  if (!reader->why)
    dt_address_from_fields(address, reader->family, &fields, &reader->why);
}

#define FIELDS_MAX 9

static const struct kind {
  int family;
  void (*read)(struct reader *reader, struct dt_address *address);
  const char *fields[FIELDS_MAX]; /* the first that is NULL ends them */
} kinds[] = {
    {AF_INET, read_ip, {"family", "host", "port", "scope", "flowinfo"}},
    {AF_INET6, read_ip, {"family", "host", "port", "scope", "flowinfo"}},
    {AF_UNIX, read_unix, {"family", "path"}},
    {DT_AF_PACKET,
     read_packet,
     {"family", "interface", "ifindex", "protocol", "hatype", "pkttype",
      "hwaddr"}},
    {DT_AF_NETLINK, read_numbers, {"family", "pid", "groups"}},
    {DT_AF_VSOCK, read_numbers, {"family", "cid", "port"}},
    {AF_UNSPEC, read_numbers, {"family"}},
};

#define VALID_FAMILIES                                                         \
  "valid: AF_INET, AF_INET6, AF_UNIX, AF_PACKET, AF_NETLINK, AF_VSOCK, "       \
  "AF_UNSPEC"

/* Leaves the family in the reader; false when the table says none. */
static bool read_family(struct reader *reader) {
  lua_State *L = reader->L;
  const struct dt_constant *item;
  unsigned number = 0;
  size_t size;
  const char *name;
  lua_getfield(L, reader->arg, "family");
  if (lua_isnil(L, -1))
    return false;
  if (lua_type(L, -1) == LUA_TNUMBER) {
    if (!whole(L, -1, INT_MAX, &number))
      bad_field(reader, "family", "name or whole number");
    reader->family = (int)number;
    return true;
  }
  name = text_field(reader, "family", &size);
  item = dt_constant_find(&dt_domains, name, size);
  if (!item || item->value == DT_ABSENT) {
    lua_pushfstring(L,
                    item ? "this system has no %s"
                         : "field 'family': unknown family "
                           "'%s' (" VALID_FAMILIES ")",
                    name);
    bad_argument(L, reader->arg);
    return false;
  }
  reader->family = item->value;
  reader->where = item->name;
  reader->where_size = strlen(item->name);
  return true;
}

static const struct kind *find_kind(struct reader *reader) {
  int family = AF_INET;
  if (read_family(reader)) {
    family = reader->family;
  } else {
    lua_getfield(reader->L, reader->arg, "path");
    if (!lua_isnil(reader->L, -1))
      family = AF_UNIX;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (kinds[i].family == family)
      return &kinds[i];
  lua_pushfstring(
      reader->L, "no addresses of family %d here (" VALID_FAMILIES ")", family);
  bad_argument(reader->L, reader->arg);
  return NULL;
}

static bool has_field(const struct kind *kind, const char *name) {
  for (int i = 0; i < FIELDS_MAX && kind->fields[i]; i++)
    if (strcmp(kind->fields[i], name) == 0)
      return true;
  return false;
}

/* Raises for the key on top of the stack. */
static void unknown_field(struct reader *reader, const struct kind *kind) {
  lua_State *L = reader->L;
  dt_tolstring(L, -1, NULL);
  lua_pushfstring(
      L, "unknown field '%s' in an address (valid:", lua_tostring(L, -1));
  for (int i = 0; i < FIELDS_MAX && kind->fields[i]; i++) {
    lua_pushfstring(L, "%s %s", i == 0 ? "" : ",", kind->fields[i]);
    lua_concat(L, 2);
  }
  lua_pushliteral(L, ")");
  lua_concat(L, 2);
  bad_argument(L, reader->arg);
}

static int from_table(lua_State *L, int arg, const char *operation,
                      const struct dt_address_hint *hint,
                      struct dt_address *address) {
  struct reader reader = {.L = L, .arg = arg, .hint = hint};
  const struct kind *kind;
  luaL_checkstack(L, 20, "too many arguments");
  kind = find_kind(&reader);
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING || !has_field(kind, lua_tostring(L, -1)))
      unknown_field(&reader, kind);
  }
  kind->read(&reader, address);
  if (!reader.why)
    return 1;
  dt_fail_text(L, operation, reader.where, reader.where_size, reader.why,
               "EINVAL");
  return 0;
}

/* --- texts -------------------------------------------------------------- */

static int from_text(lua_State *L, int arg, const char *operation,
                     const struct dt_address_hint *hint,
                     struct dt_address *address) {
  size_t size;
  const char *why, *text = lua_tolstring(L, arg, &size);
  if (dt_address_parse(address, text, size, hint, &why) == 0)
    return 1;
  dt_fail_text(L, operation, text, size, why, "EINVAL");
  return 0;
}

int dt_check_host_port(lua_State *L, int arg, const char *operation,
                       const struct dt_address_hint *hint,
                       struct dt_address *address) {
  size_t size;
  unsigned port;
  const char *why, *unused, *host = luaL_checklstring(L, arg, &size);
  const struct dt_address_hint alone = {hint->family, false};
  bool good = whole(L, arg + 1, 65535, &port);
  if (dt_address_from_host(address, host, size, good ? (int)port : -1, hint,
                           &why) == 0)
    return 2;
  if (dt_address_parse(address, host, size, &alone, &unused) == 0)
    why = "a port follows a whole address (flags after a text go by name)";
  lua_pushvalue(L, arg);
  lua_pushliteral(L, ":");
  lua_pushvalue(L, arg + 1);
  lua_concat(L, 3);
  host = lua_tolstring(L, -1, &size);
  dt_fail_text(L, operation, host, size, why, "EINVAL");
  return 0;
}

/* Whether the text at `arg` is a host with its port in the next argument.  A
   number after a text is always that, never flags: who puts "1.2.3.4:22", from
   somewhere, and a port in a call is told so, and does not send to port 22. */
static bool has_port_after(lua_State *L, int arg, int family) {
  return (family == AF_INET || family == AF_INET6 || family == AF_UNSPEC) &&
         lua_isnumber(L, arg + 1);
}

/* The address at `arg`, which is no value. */
static int read_argument(lua_State *L, int arg, const char *operation,
                         const struct dt_socket *socket,
                         struct dt_address *address) {
  struct dt_address_hint hint = {AF_UNSPEC, false};
  int top = lua_gettop(L), taken = 0;
  if (socket)
    hint = dt_socket_hint(socket);
  arg = lua_absindex(L, arg);
  if (lua_istable(L, arg)) {
    taken = from_table(L, arg, operation, &hint, address);
  } else if (lua_type(L, arg) == LUA_TSTRING) {
    taken = has_port_after(L, arg, hint.family)
                ? dt_check_host_port(L, arg, operation, &hint, address)
                : from_text(L, arg, operation, &hint, address);
  } else {
    lua_pushfstring(L,
                    "address expected (a value, a text, a table, or host and "
                    "port), got %s",
                    luaL_typename(L, arg));
    bad_argument(L, arg);
  }
  if (taken > 0)
    lua_settop(L, top);
  return taken;
}

int dt_check_address(lua_State *L, int arg, const char *operation,
                     const struct dt_socket *socket,
                     struct dt_address *address) {
  const struct dt_address *value = dt_test_address(L, arg);
  int taken = 1;
  if (value)
    dt_address_copy(address, value);
  else
    taken = read_argument(L, arg, operation, socket, address);
  if (taken > 0 && socket && socket->domain == AF_INET6)
    dt_address_map(address);
  return taken;
}
