/*
 * mod_queue.c - net.queue: values from task to task.  Stands on await.h; the
 * values lie in a table that is the userdata's user value.
 *
 * Fair: who waits is served in the order in which he came, and who comes waits
 * behind those who wait already.  So only the first of a list may go on; he is
 * poked when there is something for him, and passes it on when he leaves the
 * list, in whatever way ("shared").
 */
#include "config.h"

#include <string.h>

#include "await.h"
#include "error.h"
#include "glue.h"

#define QUEUE_CLASS "dialtone.queue"

struct queue {
  const void *mark;
  struct dt_waiter *takers, *givers;
  lua_Integer first, count, capacity; /* values lie at first, first + 1, ... */
  bool closed;
};

static const char queue_mark = 0;

struct passing {
  struct dt_operation operation;
  struct queue *queue;
};

static struct queue *check_queue(lua_State *L, int arg) {
  struct queue *queue = lua_touserdata(L, arg);
  if (queue && lua_rawlen(L, arg) == sizeof *queue &&
      queue->mark == &queue_mark)
    return queue;
  lua_pushfstring(L, QUEUE_CLASS " expected, got %s", luaL_typename(L, arg));
  luaL_argerror(L, arg, lua_tostring(L, -1));
  return NULL;
}

/* Pushes a copy of the call's argument `arg`. */
static void push_argument(lua_State *L, const struct dt_operation *operation,
                          int arg) {
  lua_pushvalue(operation->caller, arg);
  if (operation->caller != L)
    lua_xmove(operation->caller, L, 1);
}

/* Pushes the table of the values. */
static void push_values(lua_State *L, const struct dt_operation *operation) {
  push_argument(L, operation, 1);
  dt_getuservalue(L, -1);
  lua_remove(L, -2);
}

static bool is_first(const struct passing *passing,
                     const struct dt_waiter *list) {
  return !list || list->operation == &passing->operation;
}

static enum dt_outcome wait_turn(struct passing *passing,
                                 struct dt_waiter **list) {
  passing->operation.queue = list;
  return DT_WANT_WAKE;
}

/* --- put -------------------------------------------------------------------
 */

static enum dt_outcome put_step(lua_State *L, struct dt_operation *operation) {
  struct passing *passing = (struct passing *)operation;
  struct queue *queue = passing->queue;
  if (queue->closed) {
    operation->error = DT_QUEUE_CLOSED;
    return DT_FAILED;
  }
  if (queue->count >= queue->capacity || !is_first(passing, queue->givers))
    return wait_turn(passing, &queue->givers);
  push_values(L, operation);
  push_argument(L, operation, 2);
  lua_rawseti(L, -2, (int)(queue->first + queue->count));
  lua_pop(L, 1);
  queue->count++;
  dt_poke_first(dt_loop_of(L), queue->takers);
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

static const struct dt_kind put_kind = {.name = "put",
                                        .step = put_step,
                                        .size = sizeof(struct passing),
                                        .on_argument = true,
                                        .shared = true};

static void begin(lua_State *L, struct passing *passing, int seconds_arg) {
  dt_time limit = dt_check_seconds(L, seconds_arg);
  if (limit != DT_NO_LIMIT)
    passing->operation.until = dt_deadline(limit);
}

/***
Puts a value at the end; waits while the queue is full.
@function queue:put
@tparam any value anything but nil
@tparam[opt] number seconds how long to wait at most
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`, `"timeout"`
@usage assert(queue:put(job))
*/
static int queue_put(lua_State *L) {
  struct passing passing = {.operation = {.kind = &put_kind}};
  passing.queue = check_queue(L, 1);
  luaL_argcheck(L, !lua_isnoneornil(L, 2), 2, "a value that is not nil");
  begin(L, &passing, 3);
  return dt_await(L, &passing.operation);
}

/* --- get -------------------------------------------------------------------
 */

static enum dt_outcome get_step(lua_State *L, struct dt_operation *operation) {
  struct passing *passing = (struct passing *)operation;
  struct queue *queue = passing->queue;
  if (queue->count == 0 && queue->closed) {
    operation->error = DT_QUEUE_CLOSED;
    return DT_FAILED;
  }
  if (queue->count == 0 || !is_first(passing, queue->takers))
    return wait_turn(passing, &queue->takers);
  push_values(L, operation);
  lua_rawgeti(L, -1, (int)queue->first);
  lua_pushnil(L);
  lua_rawseti(L, -3, (int)queue->first);
  lua_remove(L, -2);
  queue->first = --queue->count == 0 ? 1 : queue->first + 1;
  dt_poke_first(dt_loop_of(L), queue->givers);
  operation->results = 1;
  return DT_DONE;
}

static const struct dt_kind get_kind = {.name = "get",
                                        .step = get_step,
                                        .size = sizeof(struct passing),
                                        .on_argument = true,
                                        .shared = true};

/***
Takes the first value; waits while there is none. Values that were put before
the queue was closed can still be taken.
@function queue:get
@tparam[opt] number seconds how long to wait at most
@treturn any the value
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"` (and empty), `"timeout"`
@usage local job = assert(queue:get())
*/
static int queue_get(lua_State *L) {
  struct passing passing = {.operation = {.kind = &get_kind}};
  passing.queue = check_queue(L, 1);
  begin(L, &passing, 2);
  return dt_await(L, &passing.operation);
}

/* --- the rest --------------------------------------------------------------
 */

/***
Closes the queue: nothing more can be put, and what is in it can still be taken.
Whoever waits wakes up.
@function queue:close
@treturn boolean true
@usage queue:close()
*/
static int queue_close(lua_State *L) {
  struct queue *queue = check_queue(L, 1);
  struct dt_loop *loop = dt_loop_of(L);
  queue->closed = true;
  dt_poke_all(loop, queue->takers);
  dt_poke_all(loop, queue->givers);
  lua_pushboolean(L, 1);
  return 1;
}

/***
How many values are in the queue; `#queue` is the same.
@function queue:count
@treturn integer count
@usage print(queue:count())
*/
static int queue_count(lua_State *L) {
  lua_pushinteger(L, check_queue(L, 1)->count);
  return 1;
}

static int queue_tostring(lua_State *L) {
  const struct queue *queue = check_queue(L, 1);
  lua_pushfstring(L, "queue %d%s", (int)queue->count,
                  queue->closed ? " closed" : "");
  return 1;
}

/***
Makes a queue: tasks put values in at one end and take them out at the other, in
the order in which they came.
@function queue
@tparam[opt] integer capacity how many values it holds; a put to a full queue
waits. Left out: as many as memory holds
@treturn queue
@usage local jobs = net.queue(10)
net.spawn(function() for i = 1, 100 do jobs:put(i) end jobs:close() end)
*/
static int net_queue(lua_State *L) {
  lua_Integer capacity = 0x7ffffff0;
  struct queue *queue;
  if (!lua_isnoneornil(L, 1))
    capacity = dt_check_range(L, 1, 1, 0x7ffffff0);
  queue = dt_newuserdata1(L, sizeof *queue);
  memset(queue, 0, sizeof *queue);
  queue->mark = &queue_mark;
  queue->first = 1;
  queue->capacity = capacity;
  lua_newtable(L);
  dt_setuservalue(L, -2);
  luaL_getmetatable(L, QUEUE_CLASS);
  lua_setmetatable(L, -2);
  return 1;
}

static const luaL_Reg functions[] = {{"queue", net_queue}, {NULL, NULL}};

const struct dt_module dt_mod_queue = {functions, NULL};

static const luaL_Reg queue_methods[] = {{"put", queue_put},
                                         {"get", queue_get},
                                         {"close", queue_close},
                                         {"count", queue_count},
                                         {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__len", queue_count}, {"__tostring", queue_tostring}, {NULL, NULL}};

void dt_open_queue(lua_State *L) {
  static const struct dt_module methods = {NULL, queue_methods};
  static const struct dt_module *const list[] = {&methods, NULL};
  dt_new_class(L, QUEUE_CLASS, metamethods, list);
}
