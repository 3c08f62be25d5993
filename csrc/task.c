/*
 * task.c - see task.h.  Stands on loop.h for waiting; what Lua sees of tasks is
 * in mod_task.c.
 *
 * A task that waits has yielded all its arguments, so that they stay on its
 * stack (LuaJIT keeps nothing else there), where its operation finds them at
 * their indices; the results are laid upon them before it is resumed.
 *
 * Raising in a task that has yielded: a C function cannot, once it is resumed.
 * So a debug hook is set that fires at the next instruction, takes itself off,
 * and raises.  That is the interpreters' own way to answer Ctrl-C.
 */
#include "config.h"

#include <stdio.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "await.h"
#include "error.h"
#include "runner.h"
#include "stream.h"
#include "task.h"
#include "yieldable.h"

/* Before others have a turn: 32 operations that end at once, or 256 lines that
   were there already. */
#define BUDGET (32 * DT_OPERATION_COST)

/* Turns in which a task that is cancelled may still clean up without a wait. */
#define OVERTIME 32

#define KEPT      "dialtone.kept"      /* registry: values by an address */
#define CANCELLED "dialtone.cancelled" /* registry: what unwinds a task */
#define RAISED    "dialtone.raised"    /* registry: what the hook raises */
#define REPORT    "dialtone.report"    /* registry: hears of failures */
#define STATE     "dialtone.state"     /* registry: for the hook */
#define WRAP      "dialtone.wrap"      /* registry: see wrap_body */

static const char task_mark = 0;

/* --- birth -----------------------------------------------------------------
 */

/* What is kept of each task that has not ended lies in one table, in places
   that are used again: no hashing. */
enum kept { KEPT_TASK, KEPT_ENDING, KEPT_SUBJECT, KEPT_COUNT };

static int place_of(const struct dt_task *task, enum kept what) {
  return task->slot * KEPT_COUNT + (int)what + 1;
}

/* Keeps the value on top, which is popped. */
static void keep(lua_State *L, struct dt_loop *loop, const struct dt_task *task,
                 enum kept what) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, loop->kept);
  lua_insert(L, -2);
  lua_rawseti(L, -2, place_of(task, what));
  lua_pop(L, 1);
}

static void push_kept(lua_State *L, struct dt_loop *loop,
                      const struct dt_task *task, enum kept what) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, loop->kept);
  lua_rawgeti(L, -1, place_of(task, what));
  lua_remove(L, -2);
}

/* Keeps nothing of it any more.  false, not nil: Lua must not take the table
   for one with holes. */
static void let_go(lua_State *L, struct dt_loop *loop,
                   const struct dt_task *task) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, loop->kept);
  for (int what = 0; what < KEPT_COUNT; what++) {
    if (what > 0 && !task->has_ending)
      break;
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, place_of(task, (enum kept)what));
  }
  lua_pop(L, 1);
  dt_slots_give(&loop->slots, task->slot);
}

/* So that nothing is kept later for which there would be no memory. */
static void make_places(lua_State *L, struct dt_loop *loop, int slot) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, loop->kept);
  for (int what = 0; what < KEPT_COUNT; what++) {
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, slot * KEPT_COUNT + what + 1);
  }
  lua_pop(L, 1);
}

static int take_slot(lua_State *L, struct dt_loop *loop) {
  if (!dt_slots_reserve(&loop->slots))
    luaL_error(L, "not enough memory");
  if (dt_slots_next_is_new(&loop->slots))
    make_places(L, loop, loop->slots.count);
  return dt_slots_take(&loop->slots);
}

static struct dt_task *push_task(lua_State *L) {
  struct dt_task *task = dt_newuserdata1(L, sizeof *task);
  memset(task, 0, sizeof *task);
  task->mark = &task_mark;
  luaL_getmetatable(L, DT_TASK_CLASS);
  lua_setmetatable(L, -2);
  return task;
}

static void join_others(struct dt_loop *loop, struct dt_task *task) {
  task->next = loop->tasks;
  if (loop->tasks)
    loop->tasks->previous = task;
  loop->tasks = task;
  loop->task_count++;
}

static void leave_others(struct dt_loop *loop, struct dt_task *task) {
  if (task->previous)
    task->previous->next = task->next;
  else
    loop->tasks = task->next;
  if (task->next)
    task->next->previous = task->previous;
  loop->task_count--;
}

/* A coroutine's body must be a Lua function: on 5.1 no other may yield, and
   nothing can be raised in one that has no instruction.  The body is at
   `index`. */
static void wrap_body(lua_State *L, int index) {
  if (lua_isfunction(L, index) && !lua_iscfunction(L, index))
    return;
  lua_getfield(L, LUA_REGISTRYINDEX, WRAP);
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
  lua_replace(L, index);
}

struct dt_task *dt_spawn(lua_State *L, int arguments, int roster) {
  struct dt_loop *loop = dt_loop_of(L);
  struct dt_task *task;
  if (arguments > DT_SPAWN_ARGUMENTS)
    luaL_error(L, "too many arguments for a task (%d at most)",
               DT_SPAWN_ARGUMENTS);
  luaL_checkstack(L, 6, "no room for a task");
  wrap_body(L, lua_gettop(L) - arguments);
  task = push_task(L);
  if (roster != 0) {
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, roster);
  }
  task->co = lua_newthread(L);
  if (!lua_checkstack(task->co, arguments + 1)) /* allocates nothing */
    luaL_error(L, "no room for a task's arguments");
  dt_setuservalue(L, -2);
  if (loop->over) /* a finalizer calls; the collector may have closed it here */
    luaL_error(L, "the Lua state ends: no task can begin");
  task->slot = take_slot(L, loop);
  task->number = loop->numbered = loop->numbered % INT_MAX + 1;
  lua_pushvalue(L, -1);
  keep(L, loop, task, KEPT_TASK);
  lua_insert(L, -(arguments + 2));
  lua_xmove(L, task->co, arguments + 1);
  task->waiter.L = task->co;
  task->waiter.task = task;
  task->waiter.results = arguments;
  task->active = &task->waiter;
  join_others(loop, task);
  dt_make_ready(loop, &task->waiter, DT_READY);
  return task;
}

void dt_push_task(lua_State *L, struct dt_loop *loop,
                  const struct dt_task *task) {
  push_kept(L, loop, task, KEPT_TASK);
}

struct dt_task *dt_test_task(lua_State *L, int arg) {
  struct dt_task *task = lua_touserdata(L, arg);
  return task && lua_rawlen(L, arg) == sizeof *task && task->mark == &task_mark
             ? task
             : NULL;
}

struct dt_task *dt_check_task(lua_State *L, int arg) {
  struct dt_task *task = dt_test_task(L, arg);
  if (!task) {
    lua_pushfstring(L, "%s expected, got %s", DT_TASK_CLASS,
                    luaL_typename(L, arg));
    luaL_argerror(L, arg, lua_tostring(L, -1));
  }
  return task;
}

/* --- waiting -----------------------------------------------------------------
 */

static int push_room(lua_State *L, void *size) {
  dt_newuserdata(L, *(const size_t *)size);
  return 1;
}

/* In the task, or, for a large operation, a userdata on the task's stack. NULL:
   there is no memory. */
static char *room_for(lua_State *L, struct dt_task *task, size_t size) {
  if (size <= sizeof task->operation)
    return (char *)task->operation.bytes;
  if (dt_try(L, dt_state_of(L), push_room, &size) == LUA_OK)
    return lua_touserdata(L, -1);
  lua_pop(L, 1);
  return NULL;
}

/* Moves the operation to where it stays.  NULL: there is no memory. */
static struct dt_operation *settle_down(lua_State *L, struct dt_task *task,
                                        struct dt_operation *operation) {
  const char *from = (const char *)operation, *where;
  size_t size = operation->kind->size;
  char *to;
  if (operation->stays)
    return operation;
  to = room_for(L, task, size);
  if (!to)
    return NULL;
  memcpy(to, from, size);
  operation = (struct dt_operation *)(void *)to;
  where = (const char *)operation->where;
  if (where >= from && where < from + size) /* points into itself */
    operation->where =
        (const struct dt_address *)(const void *)(to + (where - from));
  return operation;
}

int dt_task_wait(lua_State *L, struct dt_loop *loop,
                 struct dt_operation *operation, int outcome) {
  struct dt_task *task = loop->task;
  struct dt_waiter *waiter = &task->waiter;
  struct dt_operation *settled = NULL;
  int error;
  if (lua_checkstack(L, LUA_MINSTACK)) /* for results */
    settled = settle_down(L, task, operation);
  if (!settled) {
    operation->error = ENOMEM;
    return dt_end_failed(L, operation);
  }
  operation = waiter->operation = settled;
  error = dt_park(L, loop, waiter, outcome);
  if (error != 0) {
    dt_unpark(loop, waiter);
    waiter->operation = NULL;
    operation->error = error;
    return dt_end_failed(L, operation);
  }
  if (outcome == DT_AGAIN || outcome == DT_PROGRESS)
    dt_poke(loop, waiter);
  task->active = waiter;
  return lua_yield(L, lua_gettop(L));
}

int dt_task_raise(lua_State *L, struct dt_loop *loop) {
  struct dt_task *task = loop->task;
  task->raising = true;
  task->waiter.results = 0;
  task->active = &task->waiter;
  dt_make_ready(loop, &task->waiter, DT_READY);
  return lua_yield(L, lua_gettop(L));
}

int dt_give_way(lua_State *L, int results) {
  struct dt_loop *loop = dt_loop_of(L);
  struct dt_task *task = loop->task;
  loop->budget = BUDGET;
  if (task && task->cancelled && ++task->overtime > OVERTIME) {
    dt_push_cancelled(L); /* or it would never end */
    return lua_error(L);
  }
  if (task && loop->running == L && dt_yieldable(L, loop->yieldable)) {
    task->waiter.results = results;
    task->active = &task->waiter;
    dt_make_ready(loop, &task->waiter, DT_READY);
    return lua_yield(L, results);
  }
  if (!task && loop->runner) /* the loop itself, in somebody's function */
    return results;
  if (dt_may_stand(L, loop) != DT_STANDS)
    return results;
  return dt_stand_aside(L, loop, results);
}

/* --- raising ---------------------------------------------------------------
 */

void dt_push_cancelled(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, CANCELLED);
}

/* LuaJIT has one hook for all coroutines: it is for the running one. */
static void raise_hook(lua_State *L, lua_Debug *debug) {
  struct dt_loop *loop;
  (void)debug;
  lua_getfield(L, LUA_REGISTRYINDEX, STATE);
  loop = &((struct dt_state *)lua_touserdata(L, -1))->loop;
  lua_pop(L, 1);
  if (loop->running != L)
    return;
  lua_sethook(L, loop->hook, loop->hook_mask, loop->hook_count);
  loop->hook_set = false;
  lua_getfield(L, LUA_REGISTRYINDEX, RAISED);
  lua_error(L);
}

/* Takes the error off L. */
static void set_raise_hook(lua_State *L, struct dt_loop *loop, lua_State *co) {
  lua_setfield(L, LUA_REGISTRYINDEX, RAISED);
  loop->hook = lua_gethook(co);
  loop->hook_mask = lua_gethookmask(co);
  loop->hook_count = lua_gethookcount(co);
  loop->hook_set = true;
  lua_sethook(co, raise_hook,
              LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* True: it had not fired, since not one instruction was left. */
static bool clear_raise_hook(struct dt_loop *loop, lua_State *co) {
  if (!loop->hook_set)
    return false;
  lua_sethook(co, loop->hook, loop->hook_mask, loop->hook_count);
  loop->hook_set = false;
  return true;
}

/* A task that is to be resumed with an error, is. */
static void prepare_raise(lua_State *L, struct dt_loop *loop,
                          struct dt_task *task) {
  if (task->waiter.raise)
    lua_xmove(task->co, L, 1);
  else if (task->raising)
    dt_push_cancelled(L);
  else
    return;
  task->waiter.raise = false;
  task->waiter.results = 0;
  set_raise_hook(L, loop, task->co);
}

void dt_task_cancel(lua_State *L, struct dt_loop *loop, struct dt_task *task) {
  if (!task->co || task->cancelled)
    return;
  task->cancelled = true;
  if (task->active) /* else it runs: its next wait raises */
    dt_interrupt(L, loop, task->active, DT_CANCELLED);
}

/* --- the end
 * ------------------------------------------------------------------- */

/* Calls the function below its `arguments` on top; what it raises is printed,
   for want of anybody to tell.  False, with the error: there was no memory. */
static bool call_user(lua_State *L, int arguments) {
  int status = lua_pcall(L, arguments, 0, 0);
  if (status == 0)
    return true;
  if (dt_is_memory_error(L, status))
    return false;
  if (lua_type(L, -1) == LUA_TSTRING)
    fprintf(stderr, "dialtone: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return true;
}

/* Its results become the task's user value, in a table; the task is at
   `index`. */
static void keep_results(lua_State *L, struct dt_task *task, int index,
                         int count) {
  if (count > 0) {
    lua_createtable(L, count, 1);
    lua_insert(L, -(count + 1));
    for (int i = count; i > 0; i--)
      lua_rawseti(L, -(i + 1), i);
    lua_pushinteger(L, count);
    lua_setfield(L, -2, "n");
    task->has_results = true;
  } else {
    lua_pushnil(L);
  }
  dt_setuservalue(L, index);
}

static int object_tostring(lua_State *L) {
  dt_tolstring(L, 1, NULL);
  return 1;
}

/* Pushes the error object, which is on top, as a text: its __tostring may raise
   in its turn. */
static void push_text(lua_State *L) {
  if (lua_type(L, -1) == LUA_TSTRING) {
    lua_pushvalue(L, -1);
    return;
  }
  lua_pushcfunction(L, object_tostring);
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 1, 0) != 0 || lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    lua_pushfstring(L, "%s: %p", luaL_typename(L, -1), lua_topointer(L, -1));
  }
}

/* The error object is on top; pushes it as a text with a traceback. */
static void push_trace(lua_State *L, lua_State *co) {
  push_text(L);
  dt_traceback(L, co, lua_tostring(L, -1), 0);
  lua_remove(L, -2);
}

/* Pushes who is to be told of the end, and the task (at `index`), and what was
   given with it to be told; returns how many arguments these are.  -1: nobody.
   */
static int push_listener(lua_State *L, struct dt_loop *loop,
                         const struct dt_task *task, int index) {
  if (task->has_ending) {
    push_kept(L, loop, task, KEPT_ENDING);
    lua_pushvalue(L, index);
    if (!task->has_subject)
      return 1;
    push_kept(L, loop, task, KEPT_SUBJECT);
    return 2;
  }
  if (task->status != DT_TASK_FAILED || task->joiners || task->supervised)
    return -1;
  lua_getfield(L, LUA_REGISTRYINDEX, REPORT);
  if (lua_isnil(L, -1))
    return -1;
  lua_pushvalue(L, index);
  return 1;
}

/* Tells who is to know, and forgets the task, which is at `index`.  Without
   memory that is tried again: others wait for it. */
static void tell_end(lua_State *L, struct dt_loop *loop, struct dt_task *task,
                     int index) {
  int arguments;
  task->concluded = true;
  arguments = push_listener(L, loop, task, index);
  if (arguments >= 0) {
    arguments += dt_push_end(L, index);
    loop->ending = NULL; /* others may end meanwhile */
    if (!call_user(L, arguments)) {
      loop->ending = task;
      lua_error(L);
    }
  }
  loop->ending = NULL;
  let_go(L, loop, task);
  lua_settop(L, index - 1);
}

/* Its end, but for what was there when this was last tried. */
static void tell_end_again(lua_State *L, struct dt_loop *loop,
                           struct dt_task *task) {
  push_kept(L, loop, task, KEPT_TASK);
  loop->ending = task;
  tell_end(L, loop, task, lua_gettop(L));
}

void dt_task_end_again(struct dt_loop *loop, struct dt_task *task) {
  loop->ending = NULL;
  if (!task->concluded) {
    task->concluded = task->starved = true;
    task->status = DT_TASK_FAILED;
    dt_poke_all(loop, task->joiners);
  }
  dt_make_ready(loop, &task->waiter, DT_READY);
}

static bool is_cancelled(lua_State *L) {
  bool is;
  dt_push_cancelled(L);
  is = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 1);
  return is;
}

/* Whoever joins it waits for that too: what is run there may wait. */
static void close_variables(lua_State *L, struct dt_loop *loop,
                            struct dt_task *task, lua_State *co) {
  loop->ending = NULL; /* others may end meanwhile */
  task->closing = true;
  dt_close_coroutine(co, L);
  task->closing = false;
  loop->ending = task;
  dt_poke_all(loop, task->joiners);
}

/* The error object is on top of L; replaces it by the task's results, and
   returns how many they are. */
static int take_error(lua_State *L, struct dt_loop *loop, struct dt_task *task,
                      lua_State *co) {
  if (task->cancelled && is_cancelled(L)) {
    task->status = DT_TASK_CANCELLED;
    lua_pop(L, 1);
    close_variables(L, loop, task, co);
    return 0;
  }
  task->status = DT_TASK_FAILED;
  if (lua_type(L, -1) == LUA_TUSERDATA && is_cancelled(L)) {
    lua_pop(L, 1);
    lua_pushliteral(L, "a task that was cancelled");
  }
  push_trace(L, co);
  close_variables(L, loop, task, co);
  return 2;
}

/* Takes it off all lists; what follows may run out of memory. */
static void forget(struct dt_loop *loop, struct dt_task *task) {
  loop->ending = task;
  task->co = NULL;
  task->active = NULL;
  leave_others(loop, task);
  dt_timer_clear(&loop->timers, &task->waiter.timer);
  dt_poke_all(loop, task->joiners);
}

static void end_task(lua_State *L, struct dt_loop *loop, struct dt_task *task,
                     int status, int results) {
  lua_State *co = task->co;
  int index;
  push_kept(L, loop, task, KEPT_TASK);
  index = lua_gettop(L);
  forget(loop, task);
  if (status != LUA_OK) {
    lua_xmove(co, L, 1);
    results = take_error(L, loop, task, co);
  } else if (task->raising) { /* not one instruction was left to raise in */
    lua_getfield(L, LUA_REGISTRYINDEX, task->started ? RAISED : CANCELLED);
    results = take_error(L, loop, task, co);
  } else {
    luaL_checkstack(L, results + 4, "no room for a task's results");
    lua_xmove(co, L, results);
  }
  task->raising = false;
  keep_results(L, task, index, results);
  if (task->status == DT_TASK_ALIVE)
    task->status = DT_TASK_DONE;
  tell_end(L, loop, task, index);
}

void dt_task_lose(lua_State *L, struct dt_loop *loop, struct dt_task *task) {
  int index;
  push_kept(L, loop, task, KEPT_TASK);
  index = lua_gettop(L);
  forget(loop, task);
  task->status = DT_TASK_FAILED;
  lua_pushliteral(L, "the coroutine of a task that waits was resumed or closed "
                     "by somebody else");
  lua_pushvalue(L, -1);
  keep_results(L, task, index, 2);
  tell_end(L, loop, task, index);
}

int dt_push_end(lua_State *L, int index) {
  const struct dt_task *task = lua_touserdata(L, index);
  int count = 0, top;
  lua_pushboolean(L, task->status == DT_TASK_DONE);
  if (task->status == DT_TASK_CANCELLED) {
    lua_pushliteral(L, "the task was cancelled");
    lua_pushliteral(L, "cancelled");
    return 3;
  }
  if (task->starved) {
    lua_pushliteral(L, "not enough memory");
    lua_pushvalue(L, -1);
    return 3;
  }
  if (!task->has_results)
    return 1;
  dt_getuservalue(L, index);
  top = lua_gettop(L);
  lua_getfield(L, top, "n");
  count = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, count + 1, "no room for a task's results");
  for (int i = 1; i <= count; i++)
    lua_rawgeti(L, top, i);
  lua_remove(L, top);
  return 1 + count;
}

/* --- running
 * -------------------------------------------------------------------- */

/* Runs it till it waits or ends; returns the status. */
static int run(lua_State *L, struct dt_loop *loop, struct dt_task *task,
               int *results) {
  int status;
  loop->going = task;
  prepare_raise(L, loop, task);
  loop->going = NULL;
  task->started = true;
  task->active = NULL;
  loop->running = task->co;
  loop->task = task;
  loop->budget = BUDGET;
  status = dt_resume(task->co, L, task->waiter.results, results);
  task->raising = clear_raise_hook(loop, task->co);
  loop->running = NULL;
  loop->task = NULL;
  if (loop->dirty)
    dt_flush_dirty(L, loop, NULL);
  return status;
}

void dt_task_resume(lua_State *L, struct dt_loop *loop, struct dt_task *task) {
  struct dt_waiter *waiter = &task->waiter;
  int status, results;
  if (task->concluded) {
    tell_end_again(L, loop, task);
    return;
  }
  if (!task->started && waiter->raise) { /* there was no memory to start it */
    end_task(L, loop, task, LUA_ERRRUN, 1);
    return;
  }
  if (!task->started && task->cancelled) { /* it never runs */
    task->raising = true;
    end_task(L, loop, task, LUA_OK, 0);
    return;
  }
  status = run(L, loop, task, &results);
  if (status != LUA_YIELD) {
    end_task(L, loop, task, status, results);
    return;
  }
  if (waiter->state == DT_AWAKE) { /* the function's own yield */
    lua_pop(task->co, results);
    waiter->results = 0;
    task->raising = task->cancelled; /* or it would never end */
    task->active = waiter;
    dt_make_ready(loop, waiter, DT_READY);
  }
  task->top = lua_gettop(task->co);
}

/* --- the class -------------------------------------------------------------
 */

static int cancelled_tostring(lua_State *L) {
  lua_pushliteral(L, "cancelled");
  return 1;
}

/* Makes what waits in cancelled tasks raise. */
static void open_cancelled(lua_State *L) {
  dt_newuserdata(L, 1);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, cancelled_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, CANCELLED);
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, CANCELLED);
}

void dt_open_task(lua_State *L) {
  static const char wrapper[] =
      "local f = ... return function(...) return f(...) end";
  struct dt_state *state = lua_touserdata(L, -1);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, KEPT);
  lua_newtable(L);
  state->loop.kept = luaL_ref(L, LUA_REGISTRYINDEX);
  if (luaL_loadbuffer(L, wrapper, sizeof wrapper - 1, DT_OWN_SOURCE) != 0)
    lua_error(L);
  lua_setfield(L, LUA_REGISTRYINDEX, WRAP);
  lua_pushvalue(L, -1); /* the state */
  lua_setfield(L, LUA_REGISTRYINDEX, STATE);
  lua_pushnil(L);
  open_cancelled(L);
  lua_pop(L, 1);
}

void dt_task_ending(lua_State *L, struct dt_task *task, bool has_subject) {
  struct dt_loop *loop = dt_loop_of(L);
  task->has_ending = true; /* the places are cleared at its end */
  task->has_subject = has_subject;
  if (has_subject)
    keep(L, loop, task, KEPT_SUBJECT);
  keep(L, loop, task, KEPT_ENDING);
}

static bool is_ending(lua_State *L, struct dt_loop *loop,
                      const struct dt_task *task, int index) {
  bool is;
  if (!task || !task->has_ending)
    return false;
  push_kept(L, loop, task, KEPT_ENDING);
  is = lua_rawequal(L, -1, index) != 0;
  lua_pop(L, 1);
  return is;
}

bool dt_has_ending(lua_State *L, struct dt_loop *loop, int index) {
  return is_ending(L, loop, loop->task, index);
}

void dt_cancel_ending(lua_State *L, struct dt_loop *loop, int index) {
  struct dt_task *next;
  for (struct dt_task *task = loop->tasks; task; task = next) {
    next = task->next;
    if (is_ending(L, loop, task, index))
      dt_task_cancel(L, loop, task);
  }
}

void dt_set_report(lua_State *L) {
  lua_setfield(L, LUA_REGISTRYINDEX, REPORT);
}

void dt_keep(lua_State *L, void *address) {
  lua_getfield(L, LUA_REGISTRYINDEX, KEPT);
  lua_pushlightuserdata(L, address);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}
