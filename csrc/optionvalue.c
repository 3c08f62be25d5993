/*
 * optionvalue.c - see optionvalue.h: the kinds of option values that are a
 * boolean, a number or a text in Lua, and the table of all kinds.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "optionvalue.h"

/* --- what the converters share ----------------------------------------------
 */

int dt_option_wrong(lua_State *L, const struct dt_option_call *call, int index,
                    const char *expected) {
  const char *got;
  if (lua_type(L, index) == LUA_TNUMBER) {
    lua_pushvalue(L, index);
    got = lua_tostring(L, -1);
  } else {
    got = luaL_typename(L, index);
  }
  lua_pushfstring(L, "%s: %s expected, got %s", call->option->name, expected,
                  got);
  return luaL_argerror(L, call->arg, lua_tostring(L, -1));
}

lua_Number dt_option_whole(lua_State *L, const struct dt_option_call *call,
                           int index, const char *expected, lua_Number low,
                           lua_Number high) {
  lua_Number number = 0;
  if (lua_type(L, index) != LUA_TNUMBER || !dt_tointeger(L, index, &number) ||
      number < low || number > high)
    dt_option_wrong(L, call, index, expected);
  return number;
}

void dt_option_check_keys(lua_State *L, const struct dt_option_call *call,
                          const char *const *keys) {
  lua_pushnil(L);
  while (lua_next(L, call->arg)) {
    const char *const *key = keys;
    lua_pop(L, 1);
    while (*key && (lua_type(L, -1) != LUA_TSTRING ||
                    strcmp(lua_tostring(L, -1), *key) != 0))
      key++;
    if (!*key) {
      dt_tolstring(L, -1, NULL);
      lua_pushfstring(L, "%s: unknown field '%s'", call->option->name,
                      lua_tostring(L, -1));
      luaL_argerror(L, call->arg, lua_tostring(L, -1));
    }
  }
}

int dt_option_take(struct dt_option_call *call, size_t size) {
  call->data = &call->u;
  call->length = (socklen_t)size;
  return 0;
}

bool dt_push_whole(lua_State *L, uint64_t number) {
  lua_Integer integer = (lua_Integer)number;
  if (integer >= 0 && (uint64_t)integer == number) {
    lua_pushinteger(L, integer);
    /* Lua 5.2 and LuaJIT make a double of it */
    return (uint64_t)lua_tointeger(L, -1) == number;
  }
  lua_pushnumber(L, (lua_Number)number);
  return number <= (uint64_t)1 << 53;
}

/* The integer that came, of whatever width the system has for it. */
static long long integer_of(const struct dt_option_call *call) {
  const unsigned char *bytes = call->data;
  int32_t narrow;
  int64_t wide;
  if (call->length >= sizeof wide) {
    memcpy(&wide, bytes, sizeof wide);
    return wide;
  }
  if (call->length >= sizeof narrow) {
    memcpy(&narrow, bytes, sizeof narrow);
    return narrow;
  }
  return call->length > 0 ? *bytes : 0;
}

/* --- booleans and integers
 * ---------------------------------------------------- */

/* A boolean; also C's 0 and 1. */
static int boolean_at(lua_State *L, const struct dt_option_call *call) {
  if (lua_isboolean(L, call->arg))
    return lua_toboolean(L, call->arg);
  return (int)dt_option_whole(L, call, call->arg, "boolean", 0, 1);
}

static int encode_boolean(lua_State *L, struct dt_option_call *call) {
  call->u.integer = boolean_at(L, call);
  return dt_option_take(call, sizeof call->u.integer);
}

static int encode_byte_boolean(lua_State *L, struct dt_option_call *call) {
  call->u.byte = (unsigned char)boolean_at(L, call);
  return dt_option_take(call, sizeof call->u.byte);
}

static void push_boolean(lua_State *L, const struct dt_option_call *call) {
  lua_pushboolean(L, integer_of(call) != 0);
}

static int encode_integer(lua_State *L, struct dt_option_call *call) {
  call->u.integer =
      (int)dt_option_whole(L, call, call->arg, "integer", INT_MIN, INT_MAX);
  return dt_option_take(call, sizeof call->u.integer);
}

/* Linux has a default that is written -1, which no byte can say. */
static int encode_byte(lua_State *L, struct dt_option_call *call) {
  lua_Number number =
      dt_option_whole(L, call, call->arg, "integer in -1..255", -1, 255);
  if (number < 0) {
    call->u.integer = (int)number;
    return dt_option_take(call, sizeof call->u.integer);
  }
  call->u.byte = (unsigned char)number;
  return dt_option_take(call, sizeof call->u.byte);
}

static void push_integer(lua_State *L, const struct dt_option_call *call) {
  lua_pushinteger(L, (lua_Integer)integer_of(call));
}

static int encode_unsigned(lua_State *L, struct dt_option_call *call) {
  call->u.word = (uint32_t)dt_option_whole(
      L, call, call->arg, "integer in 0..4294967295", 0, UINT32_MAX);
  return dt_option_take(call, sizeof call->u.word);
}

static void push_unsigned(lua_State *L, const struct dt_option_call *call) {
  dt_push_whole(L, (uint32_t)integer_of(call));
}

static int encode_unsigned64(lua_State *L, struct dt_option_call *call) {
  call->u.wide = (uint64_t)dt_option_whole(
      L, call, call->arg, "integer in 0..2^53", 0, 9007199254740992.0);
  return dt_option_take(call, sizeof call->u.wide);
}

/* Such a number may be an identity: rather its bytes than another number. */
static void push_unsigned64(lua_State *L, const struct dt_option_call *call) {
  if (!dt_push_whole(L, (uint64_t)integer_of(call))) {
    lua_pop(L, 1);
    lua_pushlstring(L, call->data, call->length);
  }
}

/* Old kernels know 32 bits only; they are all that is needed mostly.  All ones
   are no number there, but without a bound. */
static int encode_rate(lua_State *L, struct dt_option_call *call) {
  unsigned long rate;
  if (lua_type(L, call->arg) == LUA_TNUMBER &&
      lua_tonumber(L, call->arg) == (lua_Number)HUGE_VAL) {
    call->u.word = UINT32_MAX;
    return dt_option_take(call, sizeof call->u.word);
  }
  rate = (unsigned long)dt_option_whole(
      L, call, call->arg, "integer >= 0 or math.huge", 0,
      sizeof rate > 4 ? 9007199254740992.0 : UINT32_MAX - 1.0);
  if (rate < UINT32_MAX) {
    call->u.word = (uint32_t)rate;
    return dt_option_take(call, sizeof call->u.word);
  }
  memcpy(&call->u, &rate, sizeof rate);
  return dt_option_take(call, sizeof rate);
}

static void push_rate(lua_State *L, const struct dt_option_call *call) {
  long long rate = integer_of(call);
  if (rate == -1) /* all ones, in either width */
    lua_pushnumber(L, (lua_Number)HUGE_VAL);
  else
    dt_push_whole(L, call->length >= 8 ? (uint64_t)rate : (uint32_t)rate);
}

/* --- time -------------------------------------------------------------------
 */

/* Seconds >= 0, or nil for 0; cut at what stands for none on a patient socket.
   A tiny limit must not become none: microseconds are rounded up. */
static void seconds_at(lua_State *L, struct dt_option_call *call) {
  struct timeval *time = &call->u.time;
  dt_time ns;
  lua_Number seconds = 0;
  if (!lua_isnoneornil(L, call->arg)) {
    seconds = lua_tonumber(L, call->arg);
    if (lua_type(L, call->arg) != LUA_TNUMBER || !(seconds >= 0))
      dt_option_wrong(L, call, call->arg, "seconds >= 0 or nil");
  }
  if (seconds > DT_KERNEL_FOREVER)
    seconds = DT_KERNEL_FOREVER;
  ns = dt_duration(seconds);
  time->tv_sec = (time_t)(ns / 1000000000);
  time->tv_usec = (suseconds_t)((ns % 1000000000 + 999) / 1000);
  if (time->tv_usec == 1000000) {
    time->tv_sec++;
    time->tv_usec = 0;
  }
}

static int encode_seconds(lua_State *L, struct dt_option_call *call) {
  seconds_at(L, call);
  return dt_option_take(call, sizeof call->u.time);
}

/* What stands for "none" depends on await.c: see DT_KERNEL_FOREVER. */
static int encode_timeout(lua_State *L, struct dt_option_call *call) {
  seconds_at(L, call);
  if (call->socket->patient && call->u.time.tv_sec == 0 &&
      call->u.time.tv_usec == 0)
    call->u.time.tv_sec = DT_KERNEL_FOREVER;
  return dt_option_take(call, sizeof call->u.time);
}

static void push_seconds(lua_State *L, const struct dt_option_call *call) {
  struct timeval time = {0, 0};
  if (call->length >= sizeof time)
    memcpy(&time, call->data, sizeof time);
  if (call->option->kind == DT_OPT_TIMEOUT && time.tv_sec >= DT_KERNEL_FOREVER)
    lua_pushinteger(L, 0);
  else if (time.tv_usec == 0)
    lua_pushinteger(L, (lua_Integer)time.tv_sec);
  else
    lua_pushnumber(L, (lua_Number)time.tv_sec + (lua_Number)time.tv_usec / 1e6);
}

static int encode_linger(lua_State *L, struct dt_option_call *call) {
  memset(&call->u.linger, 0, sizeof call->u.linger);
  if (!lua_isboolean(L, call->arg) || lua_toboolean(L, call->arg)) {
    call->u.linger.l_onoff = 1;
    call->u.linger.l_linger = (int)dt_option_whole(
        L, call, call->arg, "whole seconds >= 0 or false", 0, INT_MAX);
  }
  return dt_option_take(call, sizeof call->u.linger);
}

static void push_linger(lua_State *L, const struct dt_option_call *call) {
  struct linger linger = {0, 0};
  if (call->length >= sizeof linger)
    memcpy(&linger, call->data, sizeof linger);
  if (linger.l_onoff)
    lua_pushinteger(L, linger.l_linger);
  else
    lua_pushboolean(L, 0);
}

/* --- texts and names
 * ------------------------------------------------------------ */

static int encode_bytes(lua_State *L, struct dt_option_call *call) {
  size_t size;
  if (lua_type(L, call->arg) != LUA_TSTRING)
    dt_option_wrong(L, call, call->arg, "string");
  call->data = lua_tolstring(L, call->arg, &size);
  if (size > INT_MAX) /* the system call's length is an int inside */
    return EINVAL;
  call->length = (socklen_t)size;
  return 0;
}

static void push_bytes(lua_State *L, const struct dt_option_call *call) {
  lua_pushlstring(L, call->data, call->length);
}

static void push_string(lua_State *L, const struct dt_option_call *call) {
  lua_pushlstring(L, call->data, strnlen(call->data, call->length));
}

static void push_errno(lua_State *L, const struct dt_option_call *call) {
  char code[DT_CODE_MAX];
  int error = (int)integer_of(call);
  if (error == 0)
    lua_pushinteger(L, 0);
  else
    lua_pushstring(L, dt_error_code(error, code));
}

/* The names that a value of this kind can have. */
static const struct dt_set *set_of(const struct dt_option_call *call) {
  switch (call->option->kind) {
  case DT_OPT_DOMAIN:
    return &dt_domains;
  case DT_OPT_TYPE:
    return &dt_types;
  case DT_OPT_PMTU:
    return &dt_pmtu_modes;
  case DT_OPT_PMTU6:
    return &dt_pmtu6_modes;
  default:
    return dt_protocols_of(call->socket->domain);
  }
}

static int encode_constant(lua_State *L, struct dt_option_call *call) {
  if (!lua_isstring(L, call->arg)) /* a number is one */
    dt_option_wrong(L, call, call->arg, "name of a constant, or an integer");
  call->u.integer = dt_check_constant(L, call->arg, set_of(call));
  return dt_option_take(call, sizeof call->u.integer);
}

static void push_constant(lua_State *L, const struct dt_option_call *call) {
  dt_push_constant(L, set_of(call), (int)integer_of(call));
}

static int encode_descriptor(lua_State *L, struct dt_option_call *call) {
  int fd = -1;
  if (!dt_test_descriptor(L, call->arg, &fd))
    dt_option_wrong(L, call, call->arg, "descriptor, socket or io file");
  call->u.integer = fd;
  dt_option_take(call, sizeof call->u.integer);
  return fd < 0 ? EBADF : 0;
}

/* C passes an int that nobody reads. */
static int encode_none(lua_State *L, struct dt_option_call *call) {
  if (!lua_isnoneornil(L, call->arg))
    dt_option_wrong(L, call, call->arg, "no value");
  call->u.integer = 0;
  return dt_option_take(call, sizeof call->u.integer);
}

/* --- the kinds
 * ------------------------------------------------------------------ */

#define UP_TO_64K 65536

struct converter {
  int (*encode)(lua_State *L, struct dt_option_call *call);
  void (*push)(lua_State *L, const struct dt_option_call *call);
  socklen_t ask;
};

#define INT sizeof(int)

static const struct converter converters[DT_OPT_KINDS] = {
    [DT_OPT_BOOLEAN] = {encode_boolean, push_boolean, INT},
    [DT_OPT_INTEGER] = {encode_integer, push_integer, INT},
    [DT_OPT_BYTE] = {encode_byte, push_integer, INT},
    [DT_OPT_BYTE_BOOLEAN] = {encode_byte_boolean, push_boolean, INT},
    [DT_OPT_UNSIGNED] = {encode_unsigned, push_unsigned, INT},
    [DT_OPT_UNSIGNED64] = {encode_unsigned64, push_unsigned64, 8},
    [DT_OPT_RATE] = {encode_rate, push_rate, sizeof(long)},
    [DT_OPT_SECONDS] = {encode_seconds, push_seconds, sizeof(struct timeval)},
    [DT_OPT_TIMEOUT] = {encode_timeout, push_seconds, sizeof(struct timeval)},
    [DT_OPT_LINGER] = {encode_linger, push_linger, sizeof(struct linger)},
    [DT_OPT_STRING] = {encode_bytes, push_string, 4096},
    [DT_OPT_BYTES] = {encode_bytes, push_bytes, 4096},
    [DT_OPT_ERRNO] = {NULL, push_errno, INT},
    [DT_OPT_DOMAIN] = {encode_constant, push_constant, INT},
    [DT_OPT_TYPE] = {encode_constant, push_constant, INT},
    [DT_OPT_PROTOCOL] = {encode_constant, push_constant, INT},
    [DT_OPT_PMTU] = {encode_constant, push_constant, INT},
    [DT_OPT_PMTU6] = {encode_constant, push_constant, INT},
    [DT_OPT_CREDENTIALS] = {NULL, dt_push_credentials, 64},
    [DT_OPT_FILTER] = {dt_encode_filter, dt_push_filter, 4096},
    [DT_OPT_GROUP4] = {dt_encode_group4, NULL, 0},
    [DT_OPT_GROUP6] = {dt_encode_group6, NULL, 0},
    [DT_OPT_GROUP] = {dt_encode_group, NULL, 0},
    [DT_OPT_SOURCE4] = {dt_encode_source4, NULL, 0},
    [DT_OPT_SOURCE] = {dt_encode_source, NULL, 0},
    [DT_OPT_DEVICE] = {dt_encode_device, push_string, 64},
    [DT_OPT_INTERFACE] = {dt_encode_index, push_integer, INT},
    [DT_OPT_INTERFACE_NET] = {dt_encode_index_net, dt_push_index_net, INT},
    [DT_OPT_INTERFACE4] = {dt_encode_interface4, dt_push_interface4,
                           sizeof(struct in_addr)},
    [DT_OPT_LIST] = {dt_encode_list, dt_push_list, UP_TO_64K},
    [DT_OPT_BITMAP] = {NULL, dt_push_bitmap, UP_TO_64K},
    [DT_OPT_PORT_RANGE] = {dt_encode_port_range, dt_push_port_range, INT},
    [DT_OPT_MEMBERSHIP] = {dt_encode_membership, NULL, 0},
    [DT_OPT_DESCRIPTOR] = {encode_descriptor, NULL, 0},
    [DT_OPT_ADDRESS] = {NULL, dt_push_name, sizeof(struct sockaddr_storage)},
    [DT_OPT_NONE] = {encode_none, NULL, 0},
};

int dt_option_encode(lua_State *L, struct dt_option_call *call) {
  call->why = NULL;
  return converters[call->option->kind].encode(L, call);
}

void dt_option_push(lua_State *L, const struct dt_option_call *call) {
  converters[call->option->kind].push(L, call);
}

socklen_t dt_option_ask(const struct dt_option *option) {
  return converters[option->kind].ask;
}

/* Filters are counted in instructions, of 8 bytes. */
size_t dt_option_room(const struct dt_option *option, socklen_t ask) {
  return option->kind == DT_OPT_FILTER ? (size_t)ask * 8 : (size_t)ask;
}
