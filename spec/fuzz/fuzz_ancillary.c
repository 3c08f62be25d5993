/*
 * fuzz_ancillary.c - control data between Lua and C, both ways: any value of
 * Lua's as what sendmsg is to send, any bytes as what recvmsg has received.
 *
 * Nothing is sent.  The oracles: what is made is whole messages and nothing
 * else; and what was received can be sent on, and is received the same.
 */
#include "config.h"

#include "value.h"

#include "ancillary.h"
#include "control.h"

static struct dt_socket fake;

/* The messages are whole, and there is nothing behind them. */
static void check_bytes(const unsigned char *bytes, size_t size) {
  struct dt_control_item item;
  size_t offset = 0, end = 0;
  while (dt_control_next(bytes, size, &offset, &item))
    end = offset;
  REQUIRE(end == size);
}

/* Lua: a control table.  Gives the bytes, or nil, message, code. */
static int encode(lua_State *L) {
  union dt_control_room room;
  struct dt_ancillary out;
  int failed;
  lua_settop(L, 1);
  dt_begin_ancillary(L, &out, &room, 1, "sendmsg");
  failed = dt_add_ancillary(L, &out, 1);
  if (failed) {
    REQUIRE(failed == 3 && lua_isnil(L, -3) && lua_isstring(L, -2) &&
            lua_isstring(L, -1));
    return 0;
  }
  REQUIRE(out.used <= out.capacity);
  check_bytes(out.bytes, out.used);
  lua_pushlstring(L, (const char *)out.bytes, out.used);
  return 1;
}

/* Lua: bytes.  Gives the table; descriptors are left out, as there is nobody to
   take them. */
static int decode(lua_State *L) {
  size_t size;
  const char *bytes = lua_tolstring(L, 1, &size);
  char *copy = exact_copy(bytes, size);
  dt_push_ancillary(L, &fake, copy, size, NULL);
  free(copy);
  return 1;
}

/* In place of the bytes on top the table. */
static void to_table(lua_State *L) {
  int base = lua_gettop(L) - 1;
  REQUIRE(call_protected(L, decode, base) == LUA_OK);
  REQUIRE(lua_gettop(L) == base + 1 && lua_istable(L, -1));
}

/* In place of the value on top its bytes; false: it cannot be sent, and nothing
   is left. */
static bool to_bytes(lua_State *L) {
  int base = lua_gettop(L) - 1;
  bool good =
      call_protected(L, encode, base) == LUA_OK && lua_gettop(L) == base + 1;
  if (!good)
    lua_settop(L, base);
  return good;
}

/* The table on top, sent and received, is the same; of where a datagram went
   to the kernel takes nothing. */
static void check_table(lua_State *L) {
  lua_pushvalue(L, -1);
  if (!to_bytes(L))
    return;
  to_table(L);
  REQUIRE(same_value(L, -2, -1, "destination"));
  REQUIRE(same_value(L, -1, -2, "destination"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_State *L = open_lua();
  struct fuzz_input input = {data, size};
  unsigned mode = take_byte(&input);
  fake.fd = -1;
  fake.domain = mode & 2 ? AF_INET6 : AF_INET;
  if (mode & 1) {
    push_value(L, &input, 4);
    if (!to_bytes(L))
      return 0;
  } else {
    lua_pushlstring(L, (const char *)input.data, input.size);
  }
  to_table(L);
  check_table(L);
  return 0;
}
