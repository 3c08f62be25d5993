/*
 * interrupt.c - see interrupt.h.  Stands on lua_sethook, which a signal's
 * handler may call; how calls that wait give way to such a hook is in await.c.
 *
 * A signal belongs to the process, and so does what its handler looks at.
 */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "interrupt.h"

static atomic_flag owned = ATOMIC_FLAG_INIT;

static struct {
  lua_State *main;
  struct dt_loop *loop;
  volatile sig_atomic_t armed;   /* the main program may be interrupted */
  volatile sig_atomic_t pending; /* it was, while it might not be */
  struct sigaction before;
} interrupt;

static void stop(lua_State *L, lua_Debug *debug) {
  (void)debug;
  lua_sethook(L, NULL, 0, 0);
  lua_pushliteral(L, "interrupted!"); /* a traceback says where */
  lua_error(L);
}

static void wake(lua_State *L, lua_Debug *debug) {
  (void)debug;
  lua_sethook(L, NULL, 0, 0);
  lua_pushliteral(L, "resumed!");
  lua_error(L);
}

/* The masks are those by which await.c knows an interpreter's hook. */
static void strike(lua_State *L, lua_Hook hook) {
  lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static void on_signal(int number) {
  lua_State *running = interrupt.loop->running;
  (void)number;
  if (running)
    strike(running, stop);
  else if (interrupt.armed)
    strike(interrupt.main, stop);
  else
    interrupt.pending = 1;
}

void dt_interrupt_resume(void) {
  if (interrupt.armed && !interrupt.loop->running &&
      lua_gethook(interrupt.main) != stop)
    strike(interrupt.main, wake);
}

bool dt_interrupt_open(lua_State *L, struct dt_state *state) {
  struct sigaction action = {.sa_handler = on_signal};
  if (atomic_flag_test_and_set(&owned))
    return false;
  interrupt.main = L;
  interrupt.loop = &state->loop;
  interrupt.armed = interrupt.pending = 0;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &interrupt.before); /* no SA_RESTART */
  return true;
}

static void arm(void) {
  interrupt.armed = 1;
  if (!interrupt.pending)
    return;
  interrupt.pending = 0;
  strike(interrupt.main, stop);
}

/* What came too late to end anything is for the next: a key that comes with
   Ctrl-C must not swallow it. */
static void disarm(void) {
  lua_Hook hook;
  interrupt.armed = 0;
  hook = lua_gethook(interrupt.main);
  if (hook == stop)
    interrupt.pending = 1;
  if (hook == stop || hook == wake)
    lua_sethook(interrupt.main, NULL, 0, 0);
}

int dt_interrupt_guard(lua_State *L) {
  int status;
  lua_settop(L, 2);
  lua_insert(L, 1); /* handler, function */
  arm();
  status = lua_pcall(L, 0, LUA_MULTRET, lua_isnil(L, 1) ? 0 : 1);
  disarm();
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 1);
  return lua_gettop(L);
}

void dt_interrupt_close(void) {
  sigaction(SIGINT, &interrupt.before, NULL);
  disarm();
  atomic_flag_clear(&owned);
}
