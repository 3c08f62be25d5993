/*
 * mod_task.c - what Lua sees of tasks and of the loop: spawn, run, sleep, now,
 * step, fileno, wait, and the methods of tasks.  Stands on task.h and await.h;
 * what is composed of them (scopes, queues, time limits) is Lua's.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "await.h"
#include "error.h"
#include "runner.h"
#include "stream.h"
#include "sys.h"
#include "task.h"
#include "taskinfo.h"

/* --- spawn
 * --------------------------------------------------------------------- */

/* A function, or what can be called like one. */
static void check_function(lua_State *L, int arg) {
  if (lua_isfunction(L, arg))
    return;
  if (luaL_getmetafield(L, arg, "__call"))
    lua_pop(L, 1);
  else
    luaL_checktype(L, arg, LUA_TFUNCTION);
}

/***
Starts a task: a function that runs beside the others. It begins when the caller
next waits (or with `net.run`), and whenever it waits itself, the others go on.
@function spawn
@tparam function fn
@param ... its arguments, at most 30
@treturn task
@usage local task = net.spawn(function(name) print("hello " .. name) end, "you")
*/
static int net_spawn(lua_State *L) {
  check_function(L, 1);
  dt_spawn(L, lua_gettop(L) - 1, 0);
  return 1;
}

/* supervise(ending, roster, fn, ...): as spawn, and at its end `ending` is
   called with the task and what join would give; nothing is reported.  The task
   is a key of the table `roster` (nil: none) before it can begin. */
static int net_supervise(lua_State *L) {
  struct dt_task *task;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  check_function(L, 3);
  task = dt_spawn(L, lua_gettop(L) - 3, lua_istable(L, 2) ? 2 : 0);
  lua_pushvalue(L, 1);
  dt_task_ending(L, task, false);
  return 1;
}

/* attend(ending, subject, fn, ...): the same, and `ending` is called with the
   task, the subject, and the rest. */
static int net_attend(lua_State *L) {
  struct dt_task *task;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  check_function(L, 3);
  task = dt_spawn(L, lua_gettop(L) - 3, 0); /* ending, subject, task */
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  dt_task_ending(L, task, true);
  return 1;
}

/* cancelall(ending): cancels the tasks that have this ending. */
static int net_cancelall(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  dt_cancel_ending(L, dt_loop_of(L), 1);
  return 0;
}

/* attending(ending): whether the running task has this ending */
static int net_attending(lua_State *L) {
  lua_pushboolean(L, dt_has_ending(L, dt_loop_of(L), 1));
  return 1;
}

/* report(fn): who hears of tasks that fail. */
static int net_report(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  dt_set_report(L);
  return 0;
}

/* --- tasks
 * ----------------------------------------------------------------------- */

struct joining {
  struct dt_operation operation;
  struct dt_task *task; /* the caller's first argument */
};

static enum dt_outcome join_step(lua_State *L, struct dt_operation *operation) {
  struct joining *joining = (struct joining *)operation;
  int index;
  if (joining->task->status == DT_TASK_ALIVE || joining->task->co ||
      joining->task->closing)
    return DT_WANT_WAKE;
  lua_pushvalue(operation->caller, 1);
  if (operation->caller != L)
    lua_xmove(operation->caller, L, 1);
  index = lua_gettop(L);
  operation->results = dt_push_end(L, index);
  lua_remove(L, index);
  if (operation->caller != L &&
      !lua_checkstack(operation->caller, operation->results))
    luaL_error(L, "no room for a task's results");
  return DT_DONE;
}

static const struct dt_kind join_kind = {.name = "join",
                                         .step = join_step,
                                         .size = sizeof(struct joining),
                                         .on_argument = true};

/***
Waits for the end of the task.
@function task:join
@tparam[opt] number seconds how long at most
@treturn boolean whether its function returned
@return what it returned; or the error and its traceback; or a message and
`"cancelled"`
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"timeout"`: the task goes on
@usage local ok, answer = task:join()
*/
static int task_join(lua_State *L) {
  struct joining joining = {.operation = {.kind = &join_kind}};
  dt_time limit = dt_check_seconds(L, 2);
  joining.task = dt_check_task(L, 1);
  if (joining.task == dt_loop_of(L)->task)
    return luaL_error(L, "a task cannot wait for its own end");
  joining.operation.queue = &joining.task->joiners;
  if (limit != DT_NO_LIMIT)
    joining.operation.until = dt_deadline(limit);
  return dt_await(L, &joining.operation);
}

/***
Ends the task: what it waits for, or the next time it waits, raises a value that
is no string. pcall sees it, but waiting raises it again; `to-be-closed`
variables are closed. A task that has not begun never does.
@function task:cancel
@treturn boolean true, also when it has ended already
@usage task:cancel()
*/
static int task_cancel(lua_State *L) {
  dt_task_cancel(L, dt_loop_of(L), dt_check_task(L, 1));
  lua_pushboolean(L, 1);
  return 1;
}

/***
What the task is at.
@function task:status
@treturn string `"ready"` (to begin or to go on), `"running"`, `"waiting"`,
`"done"`, `"failed"` or `"cancelled"`
@usage print(task:status())
*/
static int task_status(lua_State *L) {
  lua_pushstring(L, dt_task_status(dt_loop_of(L), dt_check_task(L, 1)));
  return 1;
}

/***
What the task waits for.
@function task:waiting
@treturn ?string operation `"read"`, `"accept"`, `"sleep"`, `"join"`, `"scope"`
(for the end of tasks) or whatever call it is in; nil: it does not wait
@treturn ?any object the socket; or the task it joins, the queue, what
`net.wait` or `net.poll` was given, the host that is looked up; nil: none
@treturn ?number seconds that the call has left; nil: it has no limit of its own
@usage print(task:waiting()) --> read	socket AF_INET SOCK_STREAM ...	4.8
*/
static int task_waiting(lua_State *L) {
  return dt_push_waiting(L, dt_check_task(L, 1));
}

/***
Where the task is: what `tostring` says of it, and below that the calls that it
is in, as debug.traceback gives them.
@function task:traceback
@treturn string text
@usage for _, task in ipairs(net.tasks()) do print(task:traceback()) end
*/
static int task_traceback(lua_State *L) {
  const struct dt_task *task = dt_check_task(L, 1);
  dt_push_task_text(L, dt_loop_of(L), task);
  if (task->co && task->started)
    dt_traceback(L, task->co, lua_tostring(L, -1), task->co == L ? 1 : 0);
  return 1;
}

/* task 3 (server.lua:12) waiting: read 127.0.0.1:7000 */
static int task_tostring(lua_State *L) {
  dt_push_task_text(L, dt_loop_of(L), dt_check_task(L, 1));
  return 1;
}

/***
Lists the tasks that have not ended, in the order in which they were made: also
those that servers, scopes and `net.connect` have for themselves. With
`tostring` each says where its function stands, and what it waits for.
@function tasks
@treturn {task,...} list
@usage for _, task in ipairs(net.tasks()) do print(task) end
*/
static int net_tasks(lua_State *L) {
  struct dt_loop *loop = dt_loop_of(L);
  int place;
  lua_createtable(L, (int)loop->task_count, 0);
  place = (int)loop->task_count; /* a finalizer may have begun more */
  for (const struct dt_task *task = loop->tasks; task; task = task->next) {
    dt_push_task(L, loop, task);
    lua_rawseti(L, -2, place--);
  }
  return 1;
}

/* --- gates
 * ---------------------------------------------------------------------------
 */

/* What scopes wait for: a gate that somebody opens.  Whoever waits at it is not
   interrupted: a function is called instead, once for each reason, which sees
   to it that the gate is opened soon. */
struct gate {
  const void *mark;
  struct dt_waiter *waiters;
  bool open;
};

static const char gate_mark = 0;

struct passing {
  struct dt_operation operation;
  struct gate *gate;
  int untold;   /* the reason, when there was no memory to tell it; or 0 */
  int attempts; /* to tell it, in vain */
};

#define ATTEMPTS 100 /* then memory has ended for good */

static struct gate *check_gate(lua_State *L, int arg) {
  struct gate *gate = lua_touserdata(L, arg);
  luaL_argcheck(L, gate && gate->mark == &gate_mark, arg, "gate expected");
  return gate;
}

/* gate() */
static int net_gate(lua_State *L) {
  struct gate *gate = dt_newuserdata(L, sizeof *gate);
  memset(gate, 0, sizeof *gate);
  gate->mark = &gate_mark;
  return 1;
}

/* open(gate): lets through whoever waits, or will. */
static int net_open(lua_State *L) {
  struct gate *gate = check_gate(L, 1);
  gate->open = true;
  dt_poke_all(dt_loop_of(L), gate->waiters);
  return 0;
}

/* The loop is to try again, soon. */
static bool tell_later(struct dt_loop *loop, struct passing *passing,
                       int error) {
  if (passing->untold != DT_CANCELLED)
    passing->untold = error;
  dt_poke_all(loop, passing->gate->waiters);
  return true;
}

/* For which no memory is needed. */
static void cancel_all(lua_State *L, struct dt_loop *loop, lua_State *caller) {
  lua_pushvalue(caller, 4);
  if (caller != L)
    lua_xmove(caller, L, 1);
  if (lua_isfunction(L, -1))
    dt_cancel_ending(L, loop, lua_gettop(L));
  lua_pop(L, 1);
}

/* Calls the caller's second argument with the code of the reason.  Later, while
   another one is called: it may be nested in that, and more in it, deeper than
   calls can be.  And later without memory. */
static bool pass_resist(lua_State *L, struct dt_loop *loop,
                        struct dt_operation *operation, int error) {
  struct passing *passing = (struct passing *)operation;
  bool memory;
  int status;
  if (loop->telling)
    return tell_later(loop, passing, error);
  lua_pushvalue(operation->caller, 2);
  lua_pushvalue(operation->caller, error == DT_TIMEOUT ? 5 : 6);
  if (operation->caller != L)
    lua_xmove(operation->caller, L, 2);
  passing->untold = 0;
  loop->telling = true;
  status = lua_pcall(L, 1, 0, 0);
  loop->telling = false;
  if (status == 0)
    return true;
  memory = dt_is_memory_error(L, status);
  lua_pop(L, 1);
  if (!memory)
    return true;
  if (++passing->attempts <= ATTEMPTS)
    return tell_later(loop, passing, error);
  cancel_all(L, loop, operation->caller);
  return true;
}

static enum dt_outcome pass_step(lua_State *L, struct dt_operation *operation) {
  const struct passing *passing = (struct passing *)operation;
  if (passing->untold != 0)
    pass_resist(L, dt_loop_of(L), operation, passing->untold);
  if (!passing->gate->open)
    return DT_WANT_WAKE;
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

static const struct dt_kind pass_kind = {.name = "scope",
                                         .step = pass_step,
                                         .resist = pass_resist,
                                         .size = sizeof(struct passing),
                                         .mute = true};

/* There is no memory to wait with: those who are waited for are to end. */
static int give_up(lua_State *L, struct passing *passing) {
  struct dt_loop *loop = dt_loop_of(L);
  passing->attempts = ATTEMPTS;
  pass_resist(L, loop, &passing->operation, DT_CANCELLED);
  return luaL_error(L, "not enough memory");
}

/* pass(gate, interrupted [, until [, ending]]): waits till the gate is open. At
   `until` (of net.now), when the task is cancelled, and when it raises since it
   cannot wait, interrupted(code) is called; then the tasks that have this
   ending are cancelled, too. */
static int net_pass(lua_State *L) {
  struct passing passing = {.operation = {.kind = &pass_kind}};
  passing.gate = check_gate(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  passing.operation.queue = &passing.gate->waiters;
  if (!lua_isnoneornil(L, 3)) {
    dt_time until = dt_duration(luaL_checknumber(L, 3));
    passing.operation.until = until > 0 ? until : 1;
  }
  lua_settop(L, 4);
  lua_pushliteral(L, "timeout"); /* made while there is memory */
  lua_pushliteral(L, "cancelled");
  for (int i = 0; i < ATTEMPTS; i++) {
    int results = dt_await(L, &passing.operation);
    if (results != 1 || !lua_isnil(L, -1)) /* it has yielded, or waited */
      return results;
    lua_pop(L, 1);
  }
  return give_up(L, &passing);
}

/* class(name): the metatable of our objects of that class, or nil */
static int net_class(lua_State *L) {
  luaL_getmetatable(L, luaL_checkstring(L, 1));
  return 1;
}

/* unsent(socket): whether bytes wait to be sent */
static int net_unsent(lua_State *L) {
  lua_pushboolean(L, dt_unsent_bytes(dt_check_socket(L, 1)) > 0);
  return 1;
}

/* unwind(): in a task that was cancelled raises what ends it. */
static int net_unwind(lua_State *L) {
  const struct dt_loop *loop = dt_loop_of(L);
  if (!loop->task || !loop->task->cancelled)
    return 0;
  dt_push_cancelled(L);
  return lua_error(L);
}

/* --- time
 * ------------------------------------------------------------------------------
 */

static enum dt_outcome sleep_step(lua_State *L,
                                  struct dt_operation *operation) {
  if (dt_now() < operation->until)
    return DT_WANT_WAKE;
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

static const struct dt_kind sleep_kind = {
    .name = "sleep", .step = sleep_step, .size = sizeof(struct dt_operation)};

/***
Waits for a time. Other tasks go on meanwhile; with 0 each of those that are
ready has a turn.
@function sleep
@tparam number seconds
@treturn boolean true
@usage net.sleep(0.5)
*/
static int net_sleep(lua_State *L) {
  struct dt_operation operation = {.kind = &sleep_kind, .alarm = true};
  dt_time duration = dt_check_seconds(L, 1);
  struct dt_loop *loop = dt_loop_of(L);
  luaL_argcheck(L, duration != DT_NO_LIMIT, 1, "seconds expected");
  operation.until = dt_deadline(duration);
  if (duration == 0 && loop->task && loop->task->cancelled) {
    dt_push_cancelled(L);
    return lua_error(L);
  }
  if (duration == 0)
    loop->budget = 1; /* gives way */
  return dt_await(L, &operation);
}

/***
The time on a clock that only goes on: for measuring, not for dates. See
clock_gettime(2), CLOCK_MONOTONIC.
@function now
@treturn number seconds since some time in the past
@usage local start = net.now()
*/
static int net_now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)dt_now() / 1e9);
  return 1;
}

/* core.inner.wallclock(): the system's time of day, seconds and nanoseconds, as
   timestamps of packets have it. */
static int net_wallclock(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
  lua_pushinteger(L, (lua_Integer)now.tv_sec);
  lua_pushinteger(L, (lua_Integer)now.tv_nsec);
  return 2;
}

/* --- the loop
 * ----------------------------------------------------------------------------
 */

/* Both are for whoever runs nothing yet. */
static struct dt_loop *check_idle(lua_State *L, const char *name) {
  struct dt_loop *loop = dt_loop_of(L);
  enum dt_standable may;
  if (loop->task || loop->runner)
    luaL_error(L, "net.%s: the loop runs already, and this is called by it",
               name);
  may = dt_may_stand(L, loop);
  if (may == DT_STANDS_UNKNOWN)
    luaL_error(L, "not enough memory");
  if (may == DT_STANDS_NOT)
    luaL_error(L, "net.%s: this is called by a finalizer or a debug hook",
               name);
  return loop;
}

static bool all_ended(struct dt_loop *loop, void *argument) {
  const struct dt_task *task = argument;
  if (task && task->status == DT_TASK_FAILED && !task->closing)
    return true;
  return loop->task_count == 0 && loop->watching == 0 && !loop->ready &&
         loop->standing_count <= 1; /* net.run itself */
}

/* In a task: waits for the one task. */
static int run_in_task(lua_State *L) {
  return luaL_error(L, "net.run: this is a task; net.spawn(fn):join() waits "
                       "for another, net.scope for many");
}

/* run_all([task]) -> whether all have ended, or the task has failed; else they
   wait for each other. */
static int run_all(lua_State *L) {
  lua_pushboolean(
      L, dt_run(L, dt_loop_of(L), all_ended, lua_touserdata(L, 1), DT_FOREVER));
  return 1;
}

/* What run_all has given is on top. */
static void check_ended(lua_State *L, const struct dt_loop *loop) {
  if (!lua_toboolean(L, -1))
    luaL_error(L, "net.run: %d tasks are left, and each waits for another",
               (int)loop->task_count);
  lua_pop(L, 1);
}

static void push_run_all(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushcclosure(L, run_all, 1);
}

/***
Runs tasks until all have ended. With a function this is the first of them, and
its results are given; if it fails, its error is raised at once.
@function run
@tparam[opt] function fn
@param[opt] ... its arguments
@return what `fn` returned
@raise what `fn` raised, with its traceback; that tasks are left which only wait
for each other
@usage net.run(function() print(net.connect("localhost:80")) end)
*/
static int net_run(lua_State *L) {
  struct dt_loop *loop = dt_loop_of(L);
  struct dt_task *task;
  int results;
  if (loop->task)
    return run_in_task(L);
  check_idle(L, "run");
  if (lua_isnoneornil(L, 1)) {
    run_all(L);
    check_ended(L, loop);
    return 0;
  }
  check_function(L, 1);
  push_run_all(L); /* while nothing is begun */
  lua_insert(L, 1);
  task = dt_spawn(L, lua_gettop(L) - 2, 0);
  task->supervised = true;
  lua_insert(L, 1);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    dt_task_cancel(L, loop, task);
    return lua_error(L);
  }
  check_ended(L, loop);
  results = dt_push_end(L, 1);
  if (task->status == DT_TASK_FAILED) {
    if (lua_type(L, 3) == LUA_TSTRING) /* with the traceback */
      lua_settop(L, 4);
    else
      lua_settop(L, 3);
    return lua_error(L);
  }
  if (task->status == DT_TASK_CANCELLED) {
    lua_pushnil(L);
    lua_replace(L, 2);
    return 3;
  }
  return results - 1;
}

/* One turn is enough, if it was not a signal that ended it before its time. */
struct turn {
  bool begun;
  dt_time until;
};

static bool one_turn(struct dt_loop *loop, void *argument) {
  struct turn *turn = argument;
  if (turn->begun && !(loop->interrupted && dt_now() < turn->until))
    return true;
  turn->begun = true;
  return false;
}

/***
Lets tasks run for one turn: waits until something happens, for `seconds` at
most, and serves it. For programs that have a loop of their own: they watch
`net.fileno()`, and call this when it is readable and when the time it gave is
over.
@function step
@tparam[opt=0] number seconds how long to wait at most
@treturn boolean whether there are tasks left
@treturn ?number in how many seconds it must be called again though the
descriptor is not readable; nil: not before it is
@usage repeat local more = net.step(1) until not more
*/
static int net_step(lua_State *L) {
  struct dt_loop *loop = check_idle(L, "step");
  dt_time limit = dt_check_seconds(L, 1), due, now;
  struct turn turn = {.until = dt_deadline(limit == DT_NO_LIMIT ? 0 : limit)};
  dt_run(L, loop, one_turn, &turn, turn.until);
  due = dt_loop_due(loop);
  now = dt_now();
  lua_pushboolean(L, loop->task_count > 0 || loop->watching > 0);
  if (due == DT_FOREVER)
    lua_pushnil(L);
  else
    lua_pushnumber(L, due > now ? (lua_Number)(due - now) / 1e9 : 0);
  return 2;
}

/***
The descriptor that is readable when a task may go on: for the poll(2) of a host
program. See `step`.
@function fileno
@treturn integer descriptor
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOTSUP"` where poll(2) is the poller, `"EMFILE"`
*/
static int net_fileno(lua_State *L) {
  struct dt_loop *loop = dt_loop_of(L);
  int error = dt_loop_open(L, loop), fd;
  if (error != 0)
    return dt_fail(L, "fileno", NULL, error);
  fd = loop->type->descriptor(loop->poller);
  if (fd < 0)
    return dt_fail(L, "fileno", NULL, ENOTSUP);
  lua_pushinteger(L, fd);
  return 1;
}

/* poller(): the name of the one in use */
static int net_poller(lua_State *L) {
  struct dt_loop *loop = dt_loop_of(L);
  int error = dt_loop_open(L, loop);
  if (error != 0)
    return dt_fail(L, "poller", NULL, error);
  lua_pushstring(L, loop->type->name);
  return 1;
}

/* --- wait
 * --------------------------------------------------------------------------------
 */

struct watching {
  struct dt_operation operation;
  short events;
  bool ours; /* the socket is a duplicate that this call made */
};

static enum dt_outcome wait_step(lua_State *L, struct dt_operation *operation) {
  const struct watching *watching = (struct watching *)operation;
  struct pollfd entry = {operation->socket->fd, watching->events, 0};
  int ready = dt_poll(&entry, 1, 0);
  if (ready < 0)
    return dt_step_failed(operation, errno, DT_WANT_READ);
  if (ready == 0)
    return watching->events == POLLIN ? DT_WANT_READ : DT_WANT_WRITE;
  if (entry.revents & POLLNVAL) {
    operation->error = EBADF;
    return DT_FAILED;
  }
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

static void wait_release(lua_State *L, struct dt_loop *loop,
                         struct dt_operation *operation) {
  (void)loop;
  if (((struct watching *)operation)->ours)
    dt_socket_close(L, operation->socket);
}

static const struct dt_kind wait_kind = {.name = "wait",
                                         .step = wait_step,
                                         .release = wait_release,
                                         .size = sizeof(struct watching),
                                         .on_argument = true};

/* Other libraries' descriptors are theirs to close: a duplicate is waited for,
   which nobody else knows. */
static int watch_duplicate(lua_State *L, struct watching *watching, int fd) {
  struct dt_socket *socket = dt_push_hidden_socket(L);
  int duplicate = dt_sys.dup(fd);
  if (duplicate < 0)
    return dt_fail(L, "wait", NULL, errno);
  dt_socket_open(socket, duplicate, AF_UNSPEC, 0, 0);
  watching->operation.socket = socket;
  watching->ours = true;
  return 0;
}

/***
Waits until a descriptor is ready: for other libraries' connections (a database
client's), and for pipes.
@function wait
@tparam socket|file|integer|table object a socket, an io file, a descriptor, or
an object with a `fileno` (or `getfd`) method
@tparam[opt="read"] string direction `"read"` or `"write"`
@tparam[opt] number seconds how long at most
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"timeout"`, `"EBADF"`, `"busy"` (another task waits for
the same socket), `"closed"`
@usage assert(net.wait(connection:socket(), "read"))
*/
static int net_wait(lua_State *L) {
  static const char *const directions[] = {"read", "write", NULL};
  struct watching watching = {.operation = {.kind = &wait_kind}};
  struct dt_socket *socket = dt_test_socket(L, 1);
  int fd = dt_check_descriptor(L, 1);
  bool writing = luaL_checkoption(L, 2, "read", directions) == 1;
  dt_time limit = dt_check_seconds(L, 3);
  watching.events = writing ? POLLOUT : POLLIN;
  if (limit != DT_NO_LIMIT)
    watching.operation.until = dt_deadline(limit);
  else
    watching.operation.until = DT_FOREVER;
  watching.operation.socket = socket;
  if (!socket) {
    int failed =
        fd < 0 ? dt_fail_closed(L, "wait") : watch_duplicate(L, &watching, fd);
    if (failed)
      return failed;
  }
  return dt_await(L, &watching.operation);
}

static const luaL_Reg functions[] = {
    {"fileno", net_fileno}, {"now", net_now},     {"run", net_run},
    {"sleep", net_sleep},   {"spawn", net_spawn}, {"step", net_step},
    {"tasks", net_tasks},   {"wait", net_wait},   {NULL, NULL},
};

const struct dt_module dt_mod_task = {functions, NULL};

/* For dialtone's own Lua files: core.inner. */
static const luaL_Reg inner[] = {
    {"attend", net_attend},       {"attending", net_attending},
    {"cancelall", net_cancelall}, {"class", net_class},
    {"gate", net_gate},           {"open", net_open},
    {"pass", net_pass},           {"poller", net_poller},
    {"report", net_report},       {"supervise", net_supervise},
    {"unsent", net_unsent},       {"unwind", net_unwind},
    {"wallclock", net_wallclock}, {NULL, NULL},
};

static const luaL_Reg task_methods[] = {
    {"join", task_join},           {"cancel", task_cancel},
    {"status", task_status},       {"waiting", task_waiting},
    {"traceback", task_traceback}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__tostring", task_tostring},
                                       {NULL, NULL}};

void dt_open_tasks(lua_State *L) {
  static const struct dt_module methods = {NULL, task_methods};
  static const struct dt_module *const list[] = {&methods, NULL};
  dt_open_task(L);
  dt_new_class(L, DT_TASK_CLASS, metamethods, list);
  lua_newtable(L);
  lua_pushvalue(L, -2);
  dt_setfuncs(L, inner, 1);
  lua_setfield(L, -3, "inner"); /* core, state */
}
