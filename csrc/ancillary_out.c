/*
 * ancillary_out.c - control data from Lua to C: see ancillary.h.  The other way
 * is ancillary_in.c.
 *
 * Naming: `get_` functions read the Lua value on top of the stack, `add_`
 * functions append a message with it.  Where they return an int it is 0, or 3
 * with a failure pushed: for what is not the caller's mistake (an interface
 * that is not there, a closed descriptor).
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "address_argument.h"
#include "ancillary.h"
#include "control.h"
#include "glue.h"
#include "iofile.h"

int dt_bad_message(lua_State *L, int arg, const char *format, ...) {
  va_list values;
  va_start(values, format);
  lua_pushvfstring(L, format, values);
  va_end(values);
  return luaL_argerror(L, arg, lua_tostring(L, -1));
}

/* --- room ------------------------------------------------------------------
 */

void dt_begin_ancillary(lua_State *L, struct dt_ancillary *out,
                        union dt_control_room *room, int arg,
                        const char *operation) {
  lua_pushnil(L);
  out->bytes = room->bytes;
  out->used = 0;
  out->capacity = sizeof room->bytes;
  out->anchor = lua_gettop(L);
  out->arg = arg;
  out->operation = operation;
}

/* Appends a message with a body of `size` bytes, and says where that is. */
static unsigned char *append(lua_State *L, struct dt_ancillary *out, int level,
                             int type, const void *data, size_t size) {
  size_t space = dt_control_space(size);
  void *place;
  if (space == 0 || space > (size_t)INT_MAX - out->used) {
    luaL_error(L, "%s: more control data than a message can have",
               out->operation);
    return NULL;
  }
  if (space > out->capacity - out->used) {
    size_t capacity = 2 * (out->used + space);
    unsigned char *larger = dt_newuserdata(L, capacity);
    memcpy(larger, out->bytes, out->used);
    lua_replace(L, out->anchor);
    out->bytes = larger;
    out->capacity = capacity;
  }
  place = out->bytes + out->used;
  out->used += space;
  return dt_control_put(place, level, type, data, size);
}

/* --- reading values --------------------------------------------------------
 */

static int bad_value(lua_State *L, const struct dt_ancillary *out,
                     const char *name, const char *expected) {
  return dt_bad_message(L, out->arg, "control %s: %s expected, got %s", name,
                        expected, luaL_typename(L, -1));
}

/* Whether `word` is one of `words`, which are separated by single blanks. */
static bool is_one_of(const char *words, const char *word, size_t length) {
  if (memchr(word, ' ', length) || memchr(word, '\0', length))
    return false;
  for (; words; words = strchr(words, ' ')) {
    words += *words == ' ';
    if (strncmp(words, word, length) == 0 && strchr(" ", words[length]))
      return true;
  }
  return false;
}

/* Raises unless on top there is a table with no other keys than `keys`. */
static void check_keys(lua_State *L, const struct dt_ancillary *out,
                       const char *name, const char *keys) {
  int table = lua_gettop(L);
  if (!lua_istable(L, table))
    bad_value(L, out, name, "table");
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    bool text = lua_type(L, -2) == LUA_TSTRING;
    const char *key = text ? lua_tostring(L, -2) : luaL_typename(L, -2);
    if (!text || !is_one_of(keys, key, lua_rawlen(L, -2)))
      dt_bad_message(L, out->arg, "control %s: unknown field '%s' (valid: %s)",
                     name, key, keys);
  }
}

/* The whole number on top of the stack. */
static long long whole(lua_State *L, const struct dt_ancillary *out,
                       const char *name, long long low, long long high) {
  lua_Number number;
  char range[64];
  if (lua_type(L, -1) == LUA_TNUMBER && dt_tointeger(L, -1, &number) &&
      number >= (lua_Number)low && number <= (lua_Number)high)
    return (long long)number;
  snprintf(range, sizeof range, "%lld..%lld", low, high);
  dt_tolstring(L, -1, NULL);
  return dt_bad_message(L, out->arg,
                        "control %s: whole number in %s expected, got %s", name,
                        range, lua_tostring(L, -1));
}

/* The field of the table on top, or `otherwise`. */
static long whole_field(lua_State *L, const struct dt_ancillary *out,
                        const char *name, long long high, long otherwise) {
  long number = otherwise;
  lua_getfield(L, -1, name);
  if (!lua_isnil(L, -1))
    number = (long)whole(L, out, name, 0, high);
  lua_pop(L, 1);
  return number;
}

static void get_credentials(lua_State *L, const struct dt_ancillary *out,
                            const char *name, struct dt_control_value *value) {
  check_keys(L, out, name, "pid uid gid");
  value->u.credentials.pid =
      whole_field(L, out, "pid", INT_MAX, (long)getpid());
  value->u.credentials.uid =
      whole_field(L, out, "uid", UINT32_MAX, (long)getuid());
  value->u.credentials.gid =
      whole_field(L, out, "gid", UINT32_MAX, (long)getgid());
}

/* The address on top of the stack, as one of `family`. */
static int get_local(lua_State *L, const struct dt_ancillary *out, int family,
                     struct dt_address *local) {
  const struct dt_address_hint hint = {.family = family, .port_optional = true};
  const struct dt_address *given = dt_test_address(L, lua_gettop(L));
  const char *why = "is not of the family", *text;
  size_t size;
  if (!given && lua_type(L, -1) != LUA_TSTRING)
    return bad_value(L, out, "address", "text or address");
  text = dt_tolstring(L, -1, &size); /* also for the failure */
  if (given)
    dt_address_copy(local, given);
  else if (dt_address_from_host(local, text, size, 0, &hint, &why) != 0)
    local->length = 0;
  if (family == AF_INET6)
    dt_address_map(local);
  else
    dt_address_unmap(local);
  if (dt_address_family(local) == family) {
    lua_pop(L, 1);
    return 0;
  }
  return dt_fail_text(L, out->operation, text, size, why, "EINVAL");
}

/* struct in_pktinfo and in6_pktinfo, from the table on top. */
static int get_packet(lua_State *L, const struct dt_ancillary *out,
                      const struct dt_control_type *type,
                      struct dt_control_value *value) {
  int family = type->kind == DT_CONTROL_PKTINFO6 ? AF_INET6 : AF_INET;
  struct dt_address *local = &value->u.packet.local;
  check_keys(L, out, type->name, "ifindex interface address destination");
  local->length = 0;
  value->u.packet.ifindex =
      (unsigned)whole_field(L, out, "ifindex", INT_MAX, 0);
  lua_getfield(L, -1, "interface");
  if (value->u.packet.ifindex == 0 && !lua_isnil(L, -1)) {
    size_t size;
    const char *text = lua_tolstring(L, -1, &size);
    if (!text)
      return bad_value(L, out, "interface", "name");
    if (!dt_interface_from_text(text, size, &value->u.packet.ifindex))
      return dt_fail(L, out->operation, text, ENODEV);
  }
  lua_getfield(L, -2, "address");
  if (!lua_isnil(L, -1)) {
    int failed = get_local(L, out, family, local);
    if (failed)
      return failed;
    if (family == AF_INET6 && value->u.packet.ifindex == 0)
      value->u.packet.ifindex = local->u.in6.sin6_scope_id;
  }
  lua_pop(L, 2);
  return 0;
}

/* --- descriptors -----------------------------------------------------------
 */

/* Whether the value on top can be asked for its descriptor. */
static bool has_descriptor(lua_State *L) {
  bool found;
  if (luaL_getmetafield(L, -1, "__index"))
    lua_pop(L, 1);
  else if (!lua_istable(L, -1))
    return false;
  lua_getfield(L, -1, "fileno"); /* sockets have it as well */
  lua_getfield(L, -2, "getfd");
  found = !lua_isnil(L, -1) || !lua_isnil(L, -2);
  lua_pop(L, 2);
  return found;
}

/* Writes the descriptor on top to its place in the array. */
static int add_descriptor(lua_State *L, const struct dt_ancillary *out, int i,
                          unsigned char *body) {
  int index = lua_gettop(L), type = lua_type(L, index), fd;
  bool closed;
  FILE *file = dt_test_file(L, index, &closed);
  if (!file && !closed && type != LUA_TNUMBER &&
      (type == LUA_TSTRING || !has_descriptor(L)))
    return dt_bad_message(L, out->arg,
                          "descriptor %d: socket, io file, number, or object "
                          "with a fileno method expected, got %s",
                          i, luaL_typename(L, index));
  if (file && fflush(file) != 0) /* what was written before goes before */
    return dt_fail(L, out->operation, NULL, errno);
  if (type == LUA_TNUMBER)
    fd = (int)whole(L, out, "SCM_RIGHTS", -1, INT_MAX);
  else
    fd = dt_check_descriptor(L, index);
  if (fd < 0) {
    lua_pushfstring(L, "descriptor %d of the list is closed", i);
    return dt_fail_because(L, out->operation, NULL, 0, lua_tostring(L, -1),
                           "EBADF");
  }
  memcpy(body + (size_t)(i - 1) * sizeof fd, &fd, sizeof fd);
  return 0;
}

int dt_add_rights(lua_State *L, struct dt_ancillary *out, int index) {
  size_t count = lua_rawlen(L, index);
  unsigned char *body;
  luaL_checkstack(L, 8, "no room for descriptors");
  if (count == 0)
    return 0;
  if (count > INT_MAX / (2 * sizeof(int)))
    return dt_bad_message(L, out->arg, "too many descriptors");
  body = append(L, out, SOL_SOCKET, SCM_RIGHTS, NULL, count * sizeof(int));
  for (int i = 1; i <= (int)count; i++) {
    int failed;
    lua_rawgeti(L, index, i);
    failed = add_descriptor(L, out, i, body);
    if (failed)
      return failed;
    lua_pop(L, 1);
  }
  return 0;
}

/* --- one message -----------------------------------------------------------
 */

/* Appends a message of a known type with the value on top. */
static int add_value(lua_State *L, struct dt_ancillary *out,
                     const struct dt_control_type *type) {
  struct dt_control_value value;
  unsigned char body[DT_CONTROL_BODY_MAX];
  long long low, high;
  int failed = 0;
  size_t size;
  if (!type->sendable)
    return dt_bad_message(L, out->arg, "control %s: is received only",
                          type->name);
  switch (type->kind) {
  case DT_CONTROL_FDS:
    if (!lua_istable(L, -1))
      return bad_value(L, out, type->name, "list of descriptors");
    return dt_add_rights(L, out, lua_gettop(L));
  case DT_CONTROL_CREDENTIALS:
    get_credentials(L, out, type->name, &value);
    break;
  case DT_CONTROL_PKTINFO4:
  case DT_CONTROL_PKTINFO6:
    failed = get_packet(L, out, type, &value);
    break;
  default:
    dt_control_range(type->kind, &low, &high);
    value.u.integer = whole(L, out, type->name, low, high);
  }
  if (failed)
    return failed;
  size = dt_control_encode(type->kind, &value, body);
  append(L, out, type->level, type->type, body, size);
  return 0;
}

/* Raises with the names of all types that can be sent here. */
static int unknown_type(lua_State *L, const struct dt_ancillary *out,
                        const char *name) {
  const struct dt_control_type *type;
  luaL_Buffer buffer;
  const char *separator = "";
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; (type = dt_control_at(i)) != NULL; i++) {
    if (!type->sendable || type->type == DT_ABSENT)
      continue;
    luaL_addstring(&buffer, separator);
    luaL_addstring(&buffer, type->name);
    separator = ", ";
  }
  luaL_pushresult(&buffer);
  return dt_bad_message(
      L, out->arg,
      "unknown control type '%s' (valid: %s, or level and type as numbers)",
      name, lua_tostring(L, -1));
}

/* The type whose name is at `index`. */
static const struct dt_control_type *
check_type(lua_State *L, const struct dt_ancillary *out, int index) {
  size_t length;
  const char *name = lua_tolstring(L, index, &length);
  const struct dt_control_type *type = dt_control_named(name, length);
  if (!type)
    unknown_type(L, out, name);
  else if (type->type == DT_ABSENT)
    dt_bad_message(L, out->arg, "this system has no %s", type->name);
  return type;
}

/* The level on top: a number, or a name of one. */
static int check_level(lua_State *L, const struct dt_ancillary *out) {
  size_t length;
  const char *name;
  const struct dt_constant *level;
  if (lua_type(L, -1) != LUA_TSTRING)
    return (int)whole(L, out, "level", INT_MIN, INT_MAX);
  name = lua_tolstring(L, -1, &length);
  level = dt_constant_find(&dt_levels, name, length);
  if (!level || level->value == DT_ABSENT)
    return dt_bad_message(L, out->arg, "control: unknown level '%s'", name);
  return level->value;
}

/* A message by numbers, with the value on top: bytes, or an int. */
static int add_raw(lua_State *L, struct dt_ancillary *out, int level,
                   int type) {
  const struct dt_control_type *known = dt_control_known(level, type);
  size_t size;
  const char *data;
  int integer;
  if (lua_type(L, -1) == LUA_TSTRING) {
    data = lua_tolstring(L, -1, &size);
    append(L, out, level, type, data, size);
    return 0;
  }
  if (known)
    return add_value(L, out, known);
  integer = (int)whole(L, out, "value", INT_MIN, INT_MAX);
  append(L, out, level, type, &integer, sizeof integer);
  return 0;
}

/* The item { type =, level =, value = } on top. */
static int add_item(lua_State *L, struct dt_ancillary *out) {
  int top = lua_gettop(L), failed;
  check_keys(L, out, "item", "type level value");
  lua_getfield(L, top, "type");
  lua_getfield(L, top, "level");
  if (lua_type(L, top + 1) == LUA_TSTRING) {
    const struct dt_control_type *type = check_type(L, out, top + 1);
    if (!lua_isnil(L, -1) && check_level(L, out) != type->level)
      return dt_bad_message(L, out->arg, "control %s: is of another level",
                            type->name);
    lua_getfield(L, top, "value");
    failed = add_value(L, out, type);
  } else {
    int level = check_level(L, out), type;
    lua_pushvalue(L, top + 1);
    type = (int)whole(L, out, "type", INT_MIN, INT_MAX);
    lua_getfield(L, top, "value");
    failed = add_raw(L, out, level, type);
  }
  if (!failed)
    lua_settop(L, top);
  return failed;
}

/* --- all of them -----------------------------------------------------------
 */

/* Whether the list at `index` has an item of the type named on top. */
static bool is_listed(lua_State *L, int index, size_t count) {
  bool found = false;
  for (int i = 1; i <= (int)count && !found; i++) {
    lua_rawgeti(L, index, i);
    lua_getfield(L, -1, "type");
    found = lua_rawequal(L, -1, -3);
    lua_pop(L, 2);
  }
  return found;
}

/* The entries by name. */
static int add_named(lua_State *L, struct dt_ancillary *out, int index,
                     size_t count) {
  int failed = 0;
  for (lua_pushnil(L); !failed && lua_next(L, index);) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      const struct dt_control_type *type = check_type(L, out, -2);
      lua_pushvalue(L, -2);
      if (is_listed(L, index, count))
        type = NULL; /* a received one has both */
      lua_pop(L, 1);
      failed = type ? add_value(L, out, type) : 0;
    } else if (lua_type(L, -2) != LUA_TNUMBER) {
      lua_pushvalue(L, -2);
      return bad_value(L, out, "type", "name");
    }
    if (!failed)
      lua_pop(L, 1);
  }
  return failed;
}

int dt_add_ancillary(lua_State *L, struct dt_ancillary *out, int index) {
  size_t count;
  luaL_checkstack(L, 12, "no room for control data");
  if (!lua_istable(L, index)) {
    lua_pushvalue(L, index);
    return bad_value(L, out, "data", "table");
  }
  count = lua_rawlen(L, index);
  for (int i = 1; i <= (int)count; i++) {
    int failed;
    lua_rawgeti(L, index, i);
    failed = add_item(L, out);
    if (failed)
      return failed;
    lua_pop(L, 1);
  }
  return add_named(L, out, index, count);
}
