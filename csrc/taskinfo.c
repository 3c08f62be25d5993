/*
 * taskinfo.c - see taskinfo.h.  Nothing of it is noted while tasks run: it is
 * looked up when somebody asks.  Stands on await.h for what a task waits for,
 * on the interpreter's own record of calls for its function.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "await.h"
#include "taskinfo.h"

const char *dt_task_status(const struct dt_loop *loop,
                           const struct dt_task *task) {
  static const char *const names[] = {NULL, "done", "failed", "cancelled"};
  if (task->status != DT_TASK_ALIVE)
    return names[task->status];
  if (task == loop->task)
    return "running";
  return task->active && task->active->state == DT_READY ? "ready" : "waiting";
}

/* --- what it waits for
 * -------------------------------------------------------- */

/* NULL: nothing, or its coroutine is somebody else's by now, and what lies on
   its stack. */
static const struct dt_waiter *awaits(const struct dt_task *task) {
  const struct dt_waiter *waiter = task->active;
  if (!waiter || !waiter->operation ||
      (!waiter->stack && dt_task_is_lost(task)))
    return NULL;
  return waiter;
}

static void push_object(lua_State *L, const struct dt_operation *operation) {
  lua_State *caller = operation->caller;
  if (!operation->kind->on_argument && operation->socket) {
    dt_push_object(L, operation->socket);
  } else if (operation->kind->on_argument && lua_gettop(caller) > 0) {
    lua_pushvalue(caller, 1);
    if (caller != L)
      lua_xmove(caller, L, 1);
  } else {
    lua_pushnil(L);
  }
}

/* Nanoseconds, or DT_NO_LIMIT. */
static dt_time time_left(const struct dt_waiter *waiter) {
  dt_time now;
  if (waiter->deadline == DT_FOREVER)
    return DT_NO_LIMIT;
  now = dt_now();
  return waiter->deadline > now ? waiter->deadline - now : 0;
}

int dt_push_waiting(lua_State *L, const struct dt_task *task) {
  const struct dt_waiter *waiter = awaits(task);
  dt_time left;
  if (!waiter) {
    lua_pushnil(L);
    return 1;
  }
  left = time_left(waiter);
  lua_pushstring(L, waiter->operation->kind->name);
  waiter = awaits(task); /* pushing may run a finalizer, and that much else */
  if (waiter)
    push_object(L, waiter->operation);
  else
    lua_pushnil(L);
  if (left == DT_NO_LIMIT)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)left / 1e9);
  return 3;
}

/* --- its function
 * ------------------------------------------------------------- */

/* How many levels of calls there are.  Each look goes through all that are
   above. */
static int depth_of(lua_State *co) {
  lua_Debug call;
  int low = 0, high = 1;
  while (lua_getstack(co, high, &call)) {
    low = high;
    high *= 2;
  }
  while (low < high) {
    int middle = (low + high) / 2;
    if (lua_getstack(co, middle, &call))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A function in Lua, and not the one that task.c wraps others in. */
static bool is_users(const lua_Debug *call) {
  return (*call->what == 'L' || *call->what == 'm') &&
         strcmp(call->source, DT_OWN_SOURCE) != 0;
}

/* The first function in Lua that it has called, or will. */
static bool find_function(const struct dt_task *task, lua_Debug *call) {
  lua_State *co = task->co;
  if (!co)
    return false;
  if (!task->started) {
    if (!lua_checkstack(co, 1)) /* there is room, beside the arguments */
      return false;
    lua_pushvalue(co, 1);
    return lua_getinfo(co, ">S", call) && is_users(call);
  }
  for (int level = depth_of(co) - 1; level >= 0; level--)
    if (lua_getstack(co, level, call) && lua_getinfo(co, "S", call) &&
        is_users(call))
      return true;
  return false;
}

/* --- as text
 * ------------------------------------------------------------------ */

/* What is on top is an operation's object; replaces it by " 127.0.0.1:80", or
   by "" where there is nothing short to say. */
static void make_text(lua_State *L) {
  const struct dt_socket *socket = dt_test_socket(L, -1);
  const struct dt_task *task = dt_test_task(L, -1);
  if (socket && socket->fd >= 0) {
    lua_pushliteral(L, " ");
    dt_push_where(L, socket);
    lua_concat(L, 2);
  } else if (task) {
    lua_pushfstring(L, " task %d", task->number);
  } else if (lua_type(L, -1) == LUA_TNUMBER) {
    lua_pushfstring(L, " fd %d", (int)lua_tointeger(L, -1));
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    lua_pushfstring(L, " %s", lua_tostring(L, -1));
  } else {
    lua_pushliteral(L, "");
  }
  lua_replace(L, -2);
}

static void push_left(lua_State *L, lua_Number seconds) {
  char text[40];
  snprintf(text, sizeof text, ", %.1f s left", (double)seconds);
  lua_pushstring(L, text);
}

void dt_push_task_text(lua_State *L, const struct dt_loop *loop,
                       const struct dt_task *task) {
  const char *status = dt_task_status(loop, task);
  int top = lua_gettop(L);
  lua_Debug call;
  lua_pushfstring(L, "task %d ", task->number);
  if (find_function(task, &call))
    lua_pushfstring(L, "(%s:%d) ", call.short_src, call.linedefined);
  lua_pushstring(L, status);
  if (dt_push_waiting(L, task) == 3) { /* operation, object, seconds */
    lua_Number left = lua_tonumber(L, -1);
    bool limited = !lua_isnil(L, -1);
    lua_pop(L, 1);
    make_text(L);
    lua_pushliteral(L, ": ");
    lua_insert(L, -3);
    if (limited)
      push_left(L, left);
  } else {
    lua_pop(L, 1);
  }
  lua_concat(L, lua_gettop(L) - top);
}
