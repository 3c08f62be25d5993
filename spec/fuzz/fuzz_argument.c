/*
 * fuzz_argument.c - arguments that are addresses: any value of Lua's, and one
 * more behind it.  What net.address takes is an address that its text and the
 * table of its fields make again; else it is nil, message and code.
 */
#include "config.h"

#include "value.h"

/* Runs in Lua, with the module. */
static const char check[] =
    "local core, first, second = ...\n"
    "local fields = { 'family', 'host', 'port', 'scope', 'flowinfo', 'path',\n"
    "  'interface', 'ifindex', 'protocol', 'hatype', 'pkttype', 'hwaddr',\n"
    "  'pid', 'groups', 'cid' }\n"
    "local good, address, message, code = pcall(core.address, first, second)\n"
    "if not good then\n"
    "  assert(type(address) == 'string' and address:find('bad argument'),\n"
    "    tostring(address))\n"
    "elseif not address then\n"
    "  assert(type(message) == 'string' and code == 'EINVAL', message)\n"
    "else\n"
    "  local text, copy = tostring(address), {}\n"
    "  assert(assert(core.address(text)) == address, text)\n"
    "  for _, name in ipairs(fields) do copy[name] = address[name] end\n"
    "  local again = assert(core.address(copy))\n"
    "  assert(again == address and tostring(again) == text, text)\n"
    "  for _, name in ipairs(fields) do\n"
    "    assert(again[name] == address[name], name)\n"
    "  end\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_State *L = open_lua();
  struct fuzz_input input = {data, size};
  lua_getfield(L, LUA_REGISTRYINDEX, check);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    REQUIRE(luaL_loadstring(L, check) == LUA_OK);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, check);
  }
  lua_pushvalue(L, 1);
  push_value(L, &input, 2);
  push_value(L, &input, 1);
  if (lua_pcall(L, 3, 0, 0) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
