/*
 * glue.c - the state, classes and results of glue.h.  Arguments are in
 * argument.c.  Stands on error.h for the words of failures.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "glue.h"
#include "runner.h"
#include "yieldable.h"

/* --- the state ----------------------------------------------------------- */

/* Buffers are kept in two lists: `all` to free them in the end, `idle` to lend
   them.  The bytes follow the head. */
struct dt_scratch {
  struct dt_scratch *next, *next_idle;
  size_t size;
  bool lent;
  /* The C frame that borrowed it, and on which C stack; NULL: an operation */
  const char *frame;
  const void *stack;
};

#define SCRATCH_MIN  65536
#define SCRATCH_KEPT 1048576 /* larger ones are not kept */

/* Frees the buffers; those that are lent too, when nobody will return them. */
static void free_scratches(struct dt_state *state, bool lent) {
  struct dt_scratch **link = &state->all;
  while (*link) {
    struct dt_scratch *scratch = *link;
    if (scratch->lent && !lent) {
      link = &scratch->next;
      continue;
    }
    *link = scratch->next;
    free(scratch);
  }
  state->idle = NULL;
}

void dt_close_state(struct dt_state *state, bool left) {
  dt_loop_close(&state->loop, left);
  dt_slots_free(&state->sockets);
  free_scratches(state, left);
}

/* It may be called before its time: where 5.1, 5.2 and 5.3 close a state, a
   collection in a finalizer calls all others, in the middle of what it does.
   Then whoever runs the loop closes it in the end. */
static int state_gc(lua_State *L) {
  struct dt_state *state = lua_touserdata(L, 1);
  bool left = dt_is_left(L, &state->loop);
  if (state->loop.runner && !left)
    state->loop.ends = true;
  else
    dt_close_state(state, left);
  return 0;
}

struct dt_state *dt_new_state(lua_State *L) {
  struct dt_state *state = dt_newuserdata(L, sizeof *state);
  memset(state, 0, sizeof *state);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, state_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  state->main = dt_main_thread(L);
  dt_loop_init(&state->loop);
  dt_loop_choose(L, &state->loop);
  state->loop.yieldable = dt_open_yieldable(L);
  state->loop.luajit = dt_is_luajit(L);
  return state;
}

/* Takes the first idle buffer that is large enough out of the list. */
static struct dt_scratch *take_idle(struct dt_state *state, size_t size) {
  struct dt_scratch **link = &state->idle, *scratch;
  while (*link && (*link)->size < size)
    link = &(*link)->next_idle;
  scratch = *link;
  if (scratch)
    *link = scratch->next_idle;
  return scratch;
}

/* Sizes are powers of two, so that a few buffers serve whatever is asked. */
static size_t rounded(size_t size) {
  size_t round = SCRATCH_MIN;
  while (round < size && round <= (size_t)-1 / 4)
    round *= 2;
  return round;
}

static void free_scratch(struct dt_state *state, struct dt_scratch *scratch) {
  struct dt_scratch **link = &state->all;
  while (*link != scratch)
    link = &(*link)->next;
  *link = scratch->next;
  free(scratch);
}

static void take_back(struct dt_state *state, struct dt_scratch *scratch) {
  if (scratch->size > SCRATCH_KEPT || state->loop.over) {
    free_scratch(state, scratch);
    return;
  }
  scratch->lent = false;
  scratch->next_idle = state->idle;
  state->idle = scratch;
}

/* An error has left the frame of whoever borrowed one and is not above us. */
static void take_back_lost(struct dt_state *state, const char *frame) {
  struct dt_scratch *scratch = state->all, *next;
  for (; scratch; scratch = next) {
    next = scratch->next;
    if (scratch->lent && scratch->frame && scratch->frame <= frame &&
        scratch->stack == state->loop.runner)
      take_back(state, scratch);
  }
}

static char *lend(lua_State *L, struct dt_state *state, size_t size,
                  const char *frame) {
  struct dt_scratch *scratch = take_idle(state, size);
  if (!scratch) {
    size_t round = rounded(size);
    scratch = round < size ? NULL : malloc(sizeof *scratch + round);
    if (!scratch) {
      luaL_error(L, "not enough memory");
      return NULL;
    }
    scratch->size = round;
    scratch->next = state->all;
    state->all = scratch;
  }
  scratch->lent = true;
  scratch->frame = frame;
  scratch->stack = state->loop.runner;
  return (char *)(scratch + 1);
}

char *dt_borrow(lua_State *L, struct dt_state *state, size_t size) {
  const char *frame = __builtin_frame_address(0);
  take_back_lost(state, frame);
  return lend(L, state, size, frame);
}

char *dt_borrow_long(lua_State *L, struct dt_state *state, size_t size) {
  take_back_lost(state, __builtin_frame_address(0));
  return lend(L, state, size, NULL);
}

void dt_borrow_shortly(struct dt_state *state, char *buffer) {
  struct dt_scratch *scratch = (struct dt_scratch *)(void *)buffer - 1;
  scratch->frame = __builtin_frame_address(0);
  scratch->stack = state->loop.runner;
}

void dt_return(struct dt_state *state, char *buffer) {
  take_back(state, (struct dt_scratch *)(void *)buffer - 1);
}

/* --- classes ------------------------------------------------------------- */

/* Adds functions to the table on top, under which the state lies. */
static void add(lua_State *L, const luaL_Reg *functions) {
  if (!functions)
    return;
  lua_pushvalue(L, -2);
  dt_setfuncs(L, functions, 1);
}

const void *dt_new_class(lua_State *L, const char *name,
                         const luaL_Reg *metamethods,
                         const struct dt_module *const *modules) {
  const void *identity;
  luaL_newmetatable(L, name); /* state, metatable */
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name"); /* 5.1 and 5.2 do not */
  if (modules) {
    lua_pushvalue(L, -2);
    lua_newtable(L); /* state, metatable, state, methods */
    for (; *modules; modules++)
      add(L, (*modules)->socket_methods);
    lua_setfield(L, -3, "__index");
    lua_pop(L, 1);
  }
  add(L, metamethods);
  identity = lua_topointer(L, -1);
  lua_pop(L, 1);
  return identity;
}

/* --- results ------------------------------------------------------------- */

/* Most messages fit here, and then are one string for Lua to make. */
#define MESSAGE_SIZE 256

static char *put(char *to, const char *text, size_t size) {
  memcpy(to, text, size);
  return to + size;
}

static void push_message(lua_State *L, const char *operation, const char *where,
                         size_t where_length, const char *reason) {
  size_t name = strlen(operation), why = strlen(reason);
  char text[MESSAGE_SIZE], *to;
  if (name + where_length + why + 3 > sizeof text) {
    lua_pushfstring(L, "%s ", operation);
    lua_pushlstring(L, where, where_length);
    lua_pushfstring(L, ": %s", reason);
    lua_concat(L, 3);
    return;
  }
  to = put(text, operation, name);
  *to++ = ' ';
  to = put(to, where, where_length);
  to = put(to, ": ", 2);
  to = put(to, reason, why);
  lua_pushlstring(L, text, (size_t)(to - text));
}

int dt_fail_because(lua_State *L, const char *operation, const char *where,
                    size_t where_length, const char *reason, const char *code) {
  lua_pushnil(L);
  if (where)
    push_message(L, operation, where, where_length, reason);
  else
    lua_pushfstring(L, "%s: %s", operation, reason);
  lua_pushstring(L, code);
  return 3;
}

int dt_fail(lua_State *L, const char *operation, const char *where, int error) {
  char reason[DT_REASON_MAX], code[DT_CODE_MAX];
  return dt_fail_because(L, operation, where, where ? strlen(where) : 0,
                         dt_error_reason(error, reason),
                         dt_error_code(error, code));
}

int dt_fail_closed(lua_State *L, const char *operation) {
  return dt_fail(L, operation, NULL, DT_CLOSED);
}

void dt_push_constant(lua_State *L, const struct dt_set *set, int value) {
  const char *name = dt_constant_name(set, value);
  if (name)
    lua_pushstring(L, name);
  else
    lua_pushinteger(L, value);
}

/* --- protected calls ------------------------------------------------------ */

struct attempt {
  int (*body)(lua_State *L, void *argument);
  void *argument;
};

static int do_attempt(lua_State *L) {
  const struct attempt *attempt = lua_touserdata(L, 1);
  lua_settop(L, 0);
  return attempt->body(L, attempt->argument);
}

void dt_open_try(lua_State *L, struct dt_state *state) {
  lua_pushvalue(L, -1); /* the state */
  lua_pushcclosure(L, do_attempt, 1);
  state->trier = luaL_ref(L, LUA_REGISTRYINDEX);
}

int dt_try(lua_State *L, const struct dt_state *state,
           int (*body)(lua_State *L, void *argument), void *argument) {
  struct attempt attempt = {body, argument};
  lua_rawgeti(L, LUA_REGISTRYINDEX, state->trier);
  lua_pushlightuserdata(L, &attempt);
  return lua_pcall(L, 1, LUA_MULTRET, 0);
}

/* --- errors -------------------------------------------------------------- */

bool dt_is_memory_error(lua_State *L, int status) {
  return status == LUA_ERRMEM ||
         (lua_type(L, -1) == LUA_TSTRING &&
          strcmp(lua_tostring(L, -1), "not enough memory") == 0);
}
