/*
 * mod_constant.c - the constants as numbers, for those who compute with them.
 * Every other function takes them as texts.
 */
#include "config.h"

#include "glue.h"
#include "optiontable.h"

static void set_number(lua_State *L, const char *name, int value) {
  if (value == DT_ABSENT)
    return;
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

/***
All constants that have a name here and exist on this system: families, types,
protocols, flags, levels, options.
@function constants
@treturn table from name to number: `{ AF_INET = 2, ... }`
@usage local c = net.constants()
s:setsockopt(c.IPPROTO_IP, c.IP_TTL, 3)
*/
static int net_constants(lua_State *L) {
  lua_createtable(L, 0, 1024);
  for (size_t i = 0; dt_sets[i]; i++)
    for (size_t k = 0; k < dt_sets[i]->count; k++)
      set_number(L, dt_sets[i]->items[k].name, dt_sets[i]->items[k].value);
  for (size_t i = 0; dt_option_groups[i]; i++)
    for (size_t k = 0; k < dt_option_groups[i]->count; k++)
      set_number(L, dt_option_groups[i]->options[k].name,
                 dt_option_groups[i]->options[k].number);
  return 1;
}

static const luaL_Reg functions[] = {
    {"constants", net_constants},
    {NULL, NULL},
};

const struct dt_module dt_mod_constant = {functions, NULL};
