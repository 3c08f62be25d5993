/*
 * core.c - the C module dialtone.core: makes the state and the classes, and
 * gathers the functions of all mod_ files.  Its opener and the functions of
 * dialtone.h (host.c) are the only names that the library shows to the outside.
 */
#include "config.h"

#include "await.h"
#include "dialtone.h"
#include "glue.h"
#include "host.h"
#include "message.h"
#include "task.h"
#include "terminal.h"
#ifdef DIALTONE_FAULTS
#  include "mod_fault.h"
#endif

static const struct dt_module *const modules[] = {
    &dt_mod_socket,    &dt_mod_connect, &dt_mod_transfer,   &dt_mod_sendfile,
    &dt_mod_message,   &dt_mod_many,    &dt_mod_descriptor, &dt_mod_option,
    &dt_mod_constant,  &dt_mod_tcpinfo, &dt_mod_address,    &dt_mod_resolver,
    &dt_mod_interface, &dt_mod_poll,    &dt_mod_stream,     &dt_mod_write,
    &dt_mod_task,      &dt_mod_queue,   &dt_mod_copy,       NULL,
};

DT_EXPORT int luaopen_dialtone_core(lua_State *L) {
  struct dt_state *state;
  lua_newtable(L);
  state = dt_new_state(L);
  dt_open_try(L, state);
  dt_open_await(L);
  dt_open_socket(L, modules);
  dt_open_address(L, state);
  dt_open_descriptor(L, state);
  dt_open_message(L, state);
  dt_open_queue(L);
  dt_open_tasks(L);
  dt_open_terminal(L);
  for (int i = 0; modules[i]; i++) {
    if (!modules[i]->functions)
      continue;
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2); /* core, state, core, state */
    dt_setfuncs(L, modules[i]->functions, 1);
    lua_pop(L, 1);
  }
#ifdef DIALTONE_FAULTS
  dt_push_fault(L); /* core, state, fault */
  lua_setfield(L, -3, "fault");
#endif
  lua_pop(L, 1);
  dt_open_host(L);
  return 1;
}
