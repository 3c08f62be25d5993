/*
 * value.h - for the targets that have a Lua in them: a state with the module
 * open, and values for it, made of the input's bytes.
 */
#ifndef FUZZ_VALUE_H
#define FUZZ_VALUE_H

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "dialtone.h"
#include "fuzz.h"

/* --- the state ------------------------------------------------------------ */

static lua_State *fuzz_lua; /* one for all inputs */

static int object_fileno(lua_State *L) {
  lua_getfield(L, 1, "fd");
  return 1;
}

/* Leaves the state empty but for the module, at 1. */
static inline lua_State *open_lua(void) {
  if (!fuzz_lua) {
    fuzz_lua = luaL_newstate();
    REQUIRE(fuzz_lua);
    luaL_openlibs(fuzz_lua);
    lua_pushcfunction(fuzz_lua, luaopen_dialtone_core);
    lua_call(fuzz_lua, 0, 1);
  }
  lua_settop(fuzz_lua, 1);
  return fuzz_lua;
}

/* Calls `function` as one of the module's own, with what is above `base` as
   arguments: pcall's results.  The module's functions find their state in
   their first upvalue. */
static inline int call_protected(lua_State *L, lua_CFunction function,
                                 int base) {
  int status;
  lua_getfield(L, 1, "address");
  REQUIRE(lua_getupvalue(L, -1, 1));
  lua_remove(L, -2);
  lua_pushcclosure(L, function, 1);
  lua_insert(L, base + 1);
  status = lua_pcall(L, lua_gettop(L) - base - 1, LUA_MULTRET, 0);
  REQUIRE(status == LUA_OK || status == LUA_ERRRUN);
  REQUIRE(status == LUA_OK || lua_type(L, -1) == LUA_TSTRING);
  return status;
}

/* --- values --------------------------------------------------------------- */

static const char *const fuzz_words[] = {
    "AF_INET",
    "AF_INET6",
    "AF_UNIX",
    "AF_PACKET",
    "AF_NETLINK",
    "AF_VSOCK",
    "AF_UNSPEC",
    "lo",
    "127.0.0.1",
    "::1",
    "*",
    "239.1.2.3",
    "ff02::1%lo",
    "::ffff:1.2.3.4",
    "0.0.0.0",
    "fe80::1",
    "SCM_RIGHTS",
    "SCM_CREDENTIALS",
    "IP_PKTINFO",
    "IPV6_PKTINFO",
    "IP_TTL",
    "IP_TOS",
    "IPV6_HOPLIMIT",
    "IPV6_TCLASS",
    "UDP_SEGMENT",
    "SOL_SOCKET",
    "IPPROTO_IP",
    "IPPROTO_IPV6",
    "ETH_P_IP",
    "/run/x",
    "@abstract",
    "aa:bb:cc:dd:ee:ff",
    "SOCK_STREAM",
    "IPPROTO_TCP",
    "PACKET_MR_PROMISC",
    "IP_PMTUDISC_DO",
    "1",
    "65535",
    "65536",
    "-1",
};

static const char *const fuzz_keys[] = {
    "family",       "host",
    "port",         "scope",
    "flowinfo",     "path",
    "interface",    "ifindex",
    "protocol",     "hatype",
    "pkttype",      "hwaddr",
    "pid",          "groups",
    "cid",          "group",
    "source",       "type",
    "level",        "value",
    "address",      "uid",
    "gid",          "fd",
    "code",         "jt",
    "jf",           "k",
    "SCM_RIGHTS",   "IP_TTL",
    "IP_TOS",       "IP_PKTINFO",
    "IPV6_PKTINFO", "SCM_CREDENTIALS",
    "destination",  "UDP_SEGMENT",
};

#define FUZZ_COUNT(array) (sizeof(array) / sizeof *(array))

static void push_number(lua_State *L, struct fuzz_input *input, unsigned kind) {
  double real;
  uint64_t bits;
  switch (kind % 6) {
  case 0:
    lua_pushinteger(L, (lua_Integer)take_byte(input));
    break;
  case 1:
    lua_pushinteger(L, (int32_t)take_number(input, 4));
    break;
  case 2:
    lua_pushinteger(L, (lua_Integer)take_number(input, 8));
    break;
  case 3:
    lua_pushnumber(L, (lua_Number)(uint32_t)take_number(input, 4));
    break;
  case 4:
    lua_pushnumber(L, (lua_Number)take_number(input, 3) / 256);
    break;
  default: /* also those that are none */
    bits = take_number(input, 8);
    memcpy(&real, &bits, sizeof real);
    lua_pushnumber(L, real);
  }
}

static void push_text(lua_State *L, struct fuzz_input *input, unsigned kind) {
  size_t size = take_byte(input);
  const uint8_t *bytes;
  if (kind % 2) {
    lua_pushstring(L, fuzz_words[size % FUZZ_COUNT(fuzz_words)]);
    return;
  }
  bytes = take_bytes(input, size % 130, &size);
  lua_pushlstring(L, (const char *)bytes, size);
}

/* An address value, or false where the bytes make none. */
static void push_address(lua_State *L, struct fuzz_input *input) {
  int base = lua_gettop(L);
  lua_getfield(L, 1, "address");
  push_text(L, input, take_byte(input));
  lua_pushinteger(L, take_byte(input));
  if (lua_pcall(L, 2, 1, 0) != LUA_OK || !lua_isuserdata(L, -1)) {
    lua_settop(L, base);
    lua_pushboolean(L, 0);
  }
}

static void push_value(lua_State *L, struct fuzz_input *input, int depth);

/* A list, then fields: tables are often both. */
static void push_table(lua_State *L, struct fuzz_input *input, int depth) {
  unsigned sizes = take_byte(input);
  lua_newtable(L);
  for (unsigned i = 1; i <= (sizes & 7) && input->size > 0; i++) {
    push_value(L, input, depth);
    lua_rawseti(L, -2, (int)i);
  }
  for (unsigned i = 0; i < sizes >> 4 && input->size > 0; i++) {
    unsigned key = take_byte(input);
    if (key == 255)
      push_text(L, input, 0);
    else
      lua_pushstring(L, fuzz_keys[key % FUZZ_COUNT(fuzz_keys)]);
    push_value(L, input, depth);
    lua_rawset(L, -3);
  }
  if (sizes & 8) { /* an object that has a descriptor */
    lua_pushcfunction(L, object_fileno);
    lua_setfield(L, -2, "fileno");
  }
}

static void push_value(lua_State *L, struct fuzz_input *input, int depth) {
  unsigned kind = take_byte(input);
  luaL_checkstack(L, 8, "too deep");
  if (kind < 40) {
    push_number(L, input, kind);
  } else if (kind < 100) {
    push_text(L, input, kind);
  } else if (kind < 110) {
    push_address(L, input);
  } else if (kind < 120) {
    lua_pushboolean(L, (int)kind & 1);
  } else if (kind < 124) {
    lua_getglobal(L, "io"); /* a table of functions, and a file in it */
    lua_getfield(L, -1, "stderr");
    lua_remove(L, -2);
  } else if (kind < 230 && depth > 0) {
    push_table(L, input, depth - 1);
  } else {
    lua_pushnil(L);
  }
}

/* --- comparing ------------------------------------------------------------ */

/* Whether two values say the same: numbers nearly (a time goes through
   microseconds), tables field by field, but for the field `but`. */
static inline bool same_value(lua_State *L, int a, int b, const char *but) {
  bool same = true;
  a = lua_absindex(L, a);
  b = lua_absindex(L, b);
  if (lua_type(L, a) == LUA_TNUMBER && lua_type(L, b) == LUA_TNUMBER) {
    lua_Number left = lua_tonumber(L, a), right = lua_tonumber(L, b);
    return left == right || (left - right < 2e-6 && right - left < 2e-6);
  }
  if (!lua_istable(L, a) || !lua_istable(L, b))
    return lua_compare(L, a, b, LUA_OPEQ);
  luaL_checkstack(L, 8, "too deep");
  for (lua_pushnil(L); lua_next(L, a); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    lua_rawget(L, b);
    if (lua_type(L, -3) != LUA_TSTRING || !but ||
        strcmp(lua_tostring(L, -3), but) != 0)
      same = same && same_value(L, -2, -1, but);
    lua_pop(L, 1);
  }
  return same;
}

#endif
