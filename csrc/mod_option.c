/*
 * mod_option.c - getsockopt and setsockopt, by an option's name or by numbers,
 * and the list of all names.
 *
 * What the options are is in optiontable.h, how their values become Lua's in
 * optionvalue.h; here are the calls.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "await.h"
#include "glue.h"
#include "optiontable.h"
#include "optionvalue.h"
#include "sys.h"

/* --- names
 * -------------------------------------------------------------------- */

static size_t common_prefix(const char *a, const char *b) {
  size_t length = 0;
  while (a[length] != '\0' && a[length] == b[length])
    length++;
  return length;
}

/* Adds the names of the group that begin with `length` bytes of `name`. */
static void add_names(luaL_Buffer *buffer, const struct dt_option_group *group,
                      const char *name, size_t length) {
  const char *separator = "";
  for (size_t i = 0; i < group->count; i++) {
    if (strncmp(group->options[i].name, name, length) != 0)
      continue;
    luaL_addstring(buffer, separator);
    luaL_addstring(buffer, group->options[i].name);
    separator = ", ";
  }
}

static void add_prefixes(luaL_Buffer *buffer) {
  const char *separator = "";
  for (size_t i = 0; dt_option_groups[i]; i++) {
    luaL_addstring(buffer, separator);
    luaL_addstring(buffer, dt_option_groups[i]->prefix);
    separator = ", ";
  }
}

#define LIKE_MIN 3 /* letters after the prefix that make a name similar */
#define LIKE_LAG 2 /* ... as much as the most similar one, less these */

/* Raises for a name that no option has, with those that it may have meant: all
   that begin alike, or all of its prefix. */
static int unknown_option(lua_State *L, int arg, const char *name) {
  const struct dt_option_group *group = dt_option_group_of(name);
  size_t longest = 0, prefix = group ? strlen(group->prefix) : 0;
  luaL_Buffer buffer;
  for (size_t i = 0; group && i < group->count; i++) {
    size_t length = common_prefix(group->options[i].name, name);
    if (length > longest)
      longest = length;
  }
  luaL_buffinit(L, &buffer);
  luaL_addstring(&buffer, "unknown option '");
  luaL_addlstring(&buffer, name, strnlen(name, 40));
  if (!group) {
    luaL_addstring(&buffer, "' (names begin with ");
    add_prefixes(&buffer);
  } else {
    luaL_addstring(&buffer, "' (valid: ");
    add_names(&buffer, group, name,
              longest >= prefix + LIKE_MIN ? longest - LIKE_LAG : prefix);
  }
  luaL_addstring(&buffer, ")");
  luaL_pushresult(&buffer);
  return luaL_argerror(L, arg, lua_tostring(L, -1));
}

/* The option named at `arg`, which must be one to `access` here. */
static const struct dt_option *
check_option(lua_State *L, int arg, int access,
             const struct dt_option_group **group) {
  size_t length;
  const char *name = luaL_checklstring(L, arg, &length);
  const struct dt_option *option = dt_option_find(name, length, group);
  if (!option) {
    unknown_option(L, arg, name);
  } else if (!(option->access & access)) {
    lua_pushfstring(L, "%s cannot be %s", option->name,
                    access == DT_OPT_GET ? "read" : "set");
    luaL_argerror(L, arg, lua_tostring(L, -1));
  }
  return option;
}

static bool is_absent(const struct dt_option *option,
                      const struct dt_option_group *group) {
  return option->number == DT_ABSENT || group->level == DT_ABSENT;
}

static int fail_absent(lua_State *L, const char *operation, const char *name) {
  return dt_fail_because(L, operation, name, strlen(name), "not on this system",
                         "ENOPROTOOPT");
}

/* "SOL_SOCKET 99", pushed. */
static const char *push_numbers(lua_State *L, int level, int number) {
  int top = lua_gettop(L);
  dt_push_constant(L, &dt_levels, level);
  lua_pushfstring(L, " %d", number);
  lua_concat(L, lua_gettop(L) - top);
  return lua_tostring(L, -1);
}

/* Level and number of the plain form, whose number may be a name as in C; then
   returns the option. */
static const struct dt_option *
check_numbers(lua_State *L, const struct dt_socket *socket, int access,
              const struct dt_option_group **group, int *level, int *number) {
  const struct dt_option *option;
  *level = dt_check_constant(L, 2, &dt_levels);
  if (lua_type(L, 3) != LUA_TSTRING) {
    *number = (int)dt_check_range(L, 3, INT_MIN, INT_MAX);
    return NULL;
  }
  option = check_option(L, 3, access, group);
  if (!is_absent(option, *group) &&
      dt_option_level(*group, socket->domain) != *level) {
    lua_pushfstring(L, "%s is an option of level %s", option->name,
                    (*group)->level_name);
    luaL_argerror(L, 3, lua_tostring(L, -1));
  }
  return option;
}

/* --- getsockopt
 * ----------------------------------------------------------------- */

/* A buffer that was too small is made as large as the kernel says, once. */
static int get_named(lua_State *L, struct dt_socket *socket,
                     const struct dt_option *option,
                     const struct dt_option_group *group) {
  struct dt_option_call call = {.option = option, .socket = socket, .arg = 2};
  socklen_t ask = dt_option_ask(option);
  char *buffer;
  int error = 0;
  if (is_absent(option, group))
    return fail_absent(L, "getsockopt", option->name);
  call.level = dt_option_level(group, socket->domain);
  for (int attempt = 0; attempt < 2; attempt++) {
    buffer = dt_borrow(L, dt_state_of(L), dt_option_room(option, ask));
    call.data = buffer;
    call.length = ask;
    error = dt_sys.getsockopt(socket->fd, call.level, option->number, buffer,
                              &call.length) == 0
                ? 0
                : errno;
    if (error == 0 && call.length > ask)
      call.length = ask; /* netlink(7) tells how much there would be */
    if (error == 0)
      dt_option_push(L, &call);
    dt_return(dt_state_of(L), buffer);
    if (error != ERANGE || call.length <= ask)
      break;
    ask = call.length;
  }
  if (error == 0)
    return 1;
  dt_socket_doubt(L, socket, error);
  return dt_fail(L, "getsockopt", option->name, error);
}

#define RAW_DEFAULT 256
#define RAW_MAX     0x100000

static int get_raw(lua_State *L, struct dt_socket *socket, int level,
                   int number) {
  socklen_t length = RAW_DEFAULT, asked;
  char *buffer;
  int error = 0;
  if (!lua_isnoneornil(L, 4))
    length = (socklen_t)dt_check_range(L, 4, 0, RAW_MAX);
  buffer = dt_borrow(L, dt_state_of(L), length);
  asked = length;
  if (dt_sys.getsockopt(socket->fd, level, number, buffer, &length) == 0)
    lua_pushlstring(L, buffer, length < asked ? length : asked);
  else
    error = errno;
  dt_return(dt_state_of(L), buffer);
  if (error == 0)
    return 1;
  dt_socket_doubt(L, socket, error);
  return dt_fail(L, "getsockopt", push_numbers(L, level, number), error);
}

/***
Reads a socket option, by the name that the manual has for it: see
getsockopt(2), socket(7), ip(7), ipv6(7), tcp(7), udp(7), unix(7), packet(7),
netlink(7). The value is a boolean, an integer, seconds, a text, a constant's
name or a table, as `net.options` tells of each option. An option that has no
name here is read by level and number, and its value is the bytes that the
kernel gives.
@function socket:getsockopt
@tparam string|integer name the option; or the level (`"SOL_SOCKET"`, or a
number) when a number follows
@tparam[opt] integer number the option's number
@tparam[opt=256] integer size the most bytes to ask the kernel for
@treturn boolean|integer|number|string|table value; with a number: the bytes
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"ENOPROTOOPT"` (also for what this system does
not have), `"ENOTCONN"`, `"closed"`
@usage print(s:getsockopt("SO_RCVBUF"))           -- bytes, as an integer
print(s:getsockopt("SO_LINGER"))           -- seconds, or false
print(#s:getsockopt("IPPROTO_TCP", 11))    -- struct tcp_info, as bytes
*/
static int socket_getsockopt(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  const struct dt_option_group *group = NULL;
  const struct dt_option *option;
  int level, number = 0;
  if (socket->fd < 0)
    return dt_fail_closed(L, "getsockopt");
  if (lua_isnoneornil(L, 3)) {
    option = check_option(L, 2, DT_OPT_GET, &group);
    return get_named(L, socket, option, group);
  }
  option = check_numbers(L, socket, DT_OPT_GET, &group, &level, &number);
  if (option)
    return get_named(L, socket, option, group);
  return get_raw(L, socket, level, number);
}

/* --- setsockopt
 * ----------------------------------------------------------------- */

/* A descriptor of ours is non-blocking mostly, where the kernel does not apply
   these two: await.c does. */
static void remember_limit(struct dt_socket *socket,
                           const struct dt_option_call *call) {
  struct timeval time;
  dt_time limit;
  if (call->level != SOL_SOCKET ||
      (call->number != SO_RCVTIMEO && call->number != SO_SNDTIMEO) ||
      call->length != sizeof time)
    return;
  memcpy(&time, call->data, sizeof time);
  limit = (dt_time)time.tv_sec * 1000000000 + (dt_time)time.tv_usec * 1000;
  if (limit <= 0 || time.tv_sec >= DT_KERNEL_FOREVER)
    limit = DT_NO_LIMIT;
  if (call->number == SO_RCVTIMEO)
    socket->receive_limit = limit;
  else
    socket->send_limit = limit;
}

/* The call itself; `name` is for the message. */
static int set(lua_State *L, struct dt_socket *socket,
               const struct dt_option_call *call, const char *name) {
  if (dt_sys.setsockopt(socket->fd, call->level, call->number, call->data,
                        call->length) != 0) {
    int error = errno;
    dt_socket_doubt(L, socket, error); /* or the descriptor that is the value */
    return dt_fail(L, "setsockopt",
                   name ? name : push_numbers(L, call->level, call->number),
                   error);
  }
  remember_limit(socket, call);
  lua_pushboolean(L, 1);
  return 1;
}

static int set_named(lua_State *L, struct dt_socket *socket, int arg,
                     const struct dt_option *option,
                     const struct dt_option_group *group) {
  struct dt_option_call call = {.option = option, .socket = socket, .arg = arg};
  int error;
  call.level = dt_option_level(group, socket->domain);
  call.number = option->number;
  lua_settop(L, arg);
  if (is_absent(option, group))
    return fail_absent(L, "setsockopt", option->name);
  error = dt_option_encode(L, &call);
  if (socket->fd < 0) /* a metamethod of the value's has closed it */
    return dt_fail_closed(L, "setsockopt");
  if (error != 0 && call.why)
    return dt_fail_because(L, "setsockopt", option->name, strlen(option->name),
                           call.why, "EINVAL");
  if (error != 0)
    return dt_fail(L, "setsockopt", option->name, error);
  return set(L, socket, &call, option->name);
}

static int set_raw(lua_State *L, struct dt_socket *socket, int level,
                   int number) {
  struct dt_option_call call = {
      .socket = socket, .arg = 4, .level = level, .number = number};
  size_t size;
  if (lua_type(L, 4) == LUA_TSTRING) {
    call.data = lua_tolstring(L, 4, &size);
    if (size > INT_MAX)
      return dt_fail(L, "setsockopt", push_numbers(L, level, number), EINVAL);
    call.length = (socklen_t)size;
  } else {
    if (lua_isboolean(L, 4))
      call.u.integer = lua_toboolean(L, 4);
    else if (lua_type(L, 4) == LUA_TNUMBER)
      call.u.word = (uint32_t)dt_check_range(L, 4, INT_MIN, UINT32_MAX);
    else
      luaL_argerror(L, 4, "bytes (a string), integer or boolean expected");
    dt_option_take(&call, sizeof call.u.integer);
  }
  return set(L, socket, &call, NULL);
}

/***
Sets a socket option, by the name that the manual has for it: see setsockopt(2)
and the pages of section 7. Values are as `getsockopt` gives them; `net.options`
tells each option's type and unit. By type: a boolean; an integer; seconds (a
number, 0 or nil for none); linger (whole seconds, or false for off); a string;
a constant's name; a filter (a list of instructions `{ code, jt, jf, k }`); a
group (`{ group = "239.1.2.3", interface = "eth0" }`, or the group alone); a
source group (with `source` too); an interface (name, index, for IPv4 also its
address); a rate (bytes per second, `math.huge` for no bound); a list of
integers; nothing at all where the call is the message (SO_DETACH_FILTER). An
option that has no name here is set by level and number, to bytes or to an
integer (a C int). A wrong type or an unknown name raises.
@function socket:setsockopt
@tparam string|integer name the option; or the level (`"SOL_SOCKET"`, or a
number) when a number follows
@tparam[opt] boolean|integer|number|string|table value; or the option's number
@tparam[opt] string|integer bytes what to set the numbered option to
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EPERM"`, `"EINVAL"`, `"ENODEV"`,
`"ENOPROTOOPT"` (also for what this system does not have), `"closed"`
@usage assert(s:setsockopt("SO_REUSEADDR", true))
assert(s:setsockopt("SO_LINGER", 5))       -- seconds; false: off
assert(u:setsockopt("IP_ADD_MEMBERSHIP",
  { group = "239.1.2.3", interface = "eth0" }))
assert(s:setsockopt("SOL_SOCKET", 9, 1))   -- SO_KEEPALIVE on Linux
*/
static int socket_setsockopt(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  const struct dt_option_group *group = NULL;
  const struct dt_option *option;
  int level, number = 0;
  if (socket->fd < 0)
    return dt_fail_closed(L, "setsockopt");
  if (lua_isnoneornil(L, 4)) {
    option = check_option(L, 2, DT_OPT_SET, &group);
    return set_named(L, socket, 3, option, group);
  }
  option = check_numbers(L, socket, DT_OPT_SET, &group, &level, &number);
  if (option)
    return set_named(L, socket, 4, option, group);
  return set_raw(L, socket, level, number);
}

/* --- the list
 * ------------------------------------------------------------------- */

static void set_text(lua_State *L, const char *key, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void push_option(lua_State *L, const struct dt_option *option,
                        const struct dt_option_group *group) {
  static const char *const access[] = {"", "get", "set", "get, set"};
  lua_createtable(L, 0, 7);
  set_text(L, "name", option->name);
  set_text(L, "level", group->level_name);
  set_text(L, "type", dt_option_type(option->kind));
  if (*option->unit)
    set_text(L, "unit", option->unit);
  set_text(L, "access", access[option->access]);
  set_text(L, "systems", option->systems);
  lua_pushboolean(L, !is_absent(option, group));
  lua_setfield(L, -2, "available");
}

/***
Lists the options that getsockopt and setsockopt know by name.
@function options
@treturn {table,...} for each option `name`; `level` (`"SOL_SOCKET"`); `type`
(`"boolean"`, `"integer"`, `"seconds"`, ...); `unit` of the value, where it has
one; `access` (`"get"`, `"set"` or `"get, set"`); `systems` that have it;
`available`: whether this one does (an old kernel may say `"ENOPROTOOPT"`
nevertheless)
@usage for _, option in ipairs(net.options()) do
  print(option.name, option.type, option.unit)
end
*/
static int net_options(lua_State *L) {
  int count = 0;
  lua_newtable(L);
  for (size_t i = 0; dt_option_groups[i]; i++) {
    const struct dt_option_group *group = dt_option_groups[i];
    for (size_t k = 0; k < group->count; k++) {
      push_option(L, &group->options[k], group);
      lua_rawseti(L, -2, ++count);
    }
  }
  return 1;
}

static const luaL_Reg functions[] = {
    {"options", net_options},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"getsockopt", socket_getsockopt},
    {"setsockopt", socket_setsockopt},
    {NULL, NULL},
};

const struct dt_module dt_mod_option = {functions, methods};
