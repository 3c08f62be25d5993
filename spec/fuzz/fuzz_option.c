/*
 * fuzz_option.c - values of socket options, both ways: any value of Lua's for
 * what setsockopt takes, any bytes as what getsockopt gave.
 *
 * Nothing is asked of the kernel.  The oracles: what is made lies where it says
 * and has a size; and what was read can be set, and reads the same again.
 */
#include "config.h"

#include "value.h"

#include "await.h"
#include "optionvalue.h"

/* The program that SO_ATTACH_FILTER takes is behind a pointer. */
#ifdef DT_HAVE_CBPF
#  include <linux/filter.h>
#endif

struct trial {
  const struct dt_option *option;
  const struct dt_option_group *group;
  struct dt_socket socket;
};

/* What was encoded, as bytes: so that a read too far is noticed. */
static unsigned char encoded[1 << 16];
static size_t encoded_size;

/* Counts through all of them, and once more from the first. */
static const struct dt_option *pick_option(size_t number, struct trial *trial) {
  for (size_t i = 0;; i = dt_option_groups[i + 1] ? i + 1 : 0) {
    const struct dt_option_group *group = dt_option_groups[i];
    if (number < group->count) {
      trial->group = group;
      return &group->options[number];
    }
    number -= group->count;
  }
}

static void keep(const struct dt_option_call *call) {
  const unsigned char *from = call->data;
  encoded_size = call->length;
#ifdef DT_HAVE_CBPF
  if (call->option->kind == DT_OPT_FILTER) {
    struct sock_fprog program;
    REQUIRE(call->length == sizeof program);
    memcpy(&program, call->data, sizeof program);
    from = (const unsigned char *)program.filter;
    encoded_size = program.len * sizeof *program.filter;
  }
#endif
  REQUIRE(encoded_size <= sizeof encoded && from);
  if (encoded_size > 0)
    memcpy(encoded, from, encoded_size);
}

/* Lua: the trial, nothing, the value.  Gives true when there are bytes. */
static int encode(lua_State *L) {
  const struct trial *trial = lua_touserdata(L, 1);
  struct dt_option_call call = {
      .option = trial->option, .socket = &trial->socket, .arg = 3};
  int error;
  lua_settop(L, 3);
  call.level = dt_option_level(trial->group, trial->socket.domain);
  call.number = trial->option->number;
  error = dt_option_encode(L, &call);
  REQUIRE(lua_gettop(L) >= 3);
  REQUIRE(!call.why || error != 0);
  if (error == 0)
    keep(&call);
  lua_pushboolean(L, error == 0);
  return 1;
}

/* Lua: the trial, bytes.  Gives the value. */
static int decode(lua_State *L) {
  const struct trial *trial = lua_touserdata(L, 1);
  struct dt_option_call call = {
      .option = trial->option, .socket = &trial->socket, .arg = 2};
  size_t size;
  const char *bytes = lua_tolstring(L, 2, &size);
  char *copy = exact_copy(bytes, size);
  int top = lua_gettop(L);
  call.data = copy;
  call.length = (socklen_t)size;
  if (trial->option->kind == DT_OPT_FILTER) /* counted in instructions */
    call.length /= 8;
  dt_option_push(L, &call); /* raises when memory ends, and only then */
  free(copy);
  REQUIRE(lua_gettop(L) == top + 1);
  return 1;
}

/* Pushes what the bytes say. */
static void push_decoded(lua_State *L, struct trial *trial,
                         const unsigned char *bytes, size_t size) {
  int base = lua_gettop(L);
  lua_pushlightuserdata(L, trial);
  lua_pushlstring(L, (const char *)bytes, size);
  REQUIRE(call_protected(L, decode, base) == LUA_OK);
  REQUIRE(lua_gettop(L) == base + 1);
}

/* Whether the value on top can be set: its bytes are kept then. */
static bool can_encode(lua_State *L, struct trial *trial) {
  int base = lua_gettop(L);
  bool good;
  lua_pushlightuserdata(L, trial);
  lua_pushnil(L);
  lua_pushvalue(L, base);
  good = call_protected(L, encode, base) == LUA_OK && lua_toboolean(L, -1);
  lua_settop(L, base);
  return good;
}

/* Times are cut there. */
static bool is_endless(lua_State *L, const struct dt_option *option) {
  return (option->kind == DT_OPT_SECONDS || option->kind == DT_OPT_TIMEOUT) &&
         lua_tonumber(L, -1) >= DT_KERNEL_FOREVER;
}

/* An IPv4 interface is set as a struct, and read as an address. */
static bool is_symmetric(const struct dt_option *option) {
  return option->access == DT_OPT_GETSET && option->kind != DT_OPT_INTERFACE4;
}

/* The value on top was read: set, it reads the same. */
static void check_again(lua_State *L, struct trial *trial) {
  if (!is_symmetric(trial->option) || is_endless(L, trial->option) ||
      !can_encode(L, trial))
    return;
  push_decoded(L, trial, encoded, encoded_size);
  REQUIRE(same_value(L, -2, -1, NULL) && same_value(L, -1, -2, NULL));
  lua_pop(L, 1);
}

/* A value that can be set reads as some value, and that one can be set too. */
static void check_value(lua_State *L, struct trial *trial) {
  if (!(trial->option->access & DT_OPT_SET) || !can_encode(L, trial) ||
      !is_symmetric(trial->option))
    return;
  push_decoded(L, trial, encoded, encoded_size);
  REQUIRE(can_encode(L, trial));
  check_again(L, trial);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int domains[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
  lua_State *L = open_lua();
  struct fuzz_input input = {data, size};
  struct trial trial;
  unsigned mode = take_byte(&input);
  memset(&trial, 0, sizeof trial);
  trial.option = pick_option(take_number(&input, 2), &trial);
  trial.socket.fd = -1;
  trial.socket.domain = domains[mode >> 2 & 3];
  trial.socket.patient = (mode & 2) != 0;
  if (mode & 1) {
    push_value(L, &input, 3);
    check_value(L, &trial);
  } else if (trial.option->access & DT_OPT_GET) {
    push_decoded(L, &trial, input.data, input.size);
    check_again(L, &trial);
  }
  return 0;
}
