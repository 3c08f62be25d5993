/*
 * await.c - the one place that waits: see await.h.  How tasks wait is in
 * task.c, and how calls do that cannot yield while there are tasks, in
 * runner.c; here is who is alone.
 *
 * Stands on poll(2), and, for the simplest case, on the kernel itself: a
 * receive or send without any limit of time is one system call, as in C.  The
 * socket is then *patient*: its descriptor is in blocking mode.
 *
 * Signals.  An interpreter answers Ctrl-C with a handler that sets a debug
 * hook; the hook raises as soon as Lua code runs.  So after EINTR we run a
 * little Lua code.  poll is always interrupted.  A blocking receive is not, if
 * the handler was installed with SA_RESTART (as signal(2) does for Lua 5.1, 5.2
 * and LuaJIT), unless the socket has a time limit (signal(7)): a patient one
 * has a limit of 31 years.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "runner.h"
#include "stream.h"
#include "sys.h"
#include "task.h"
#include "yieldable.h"

#define EMPTY_FUNCTION "dialtone.empty" /* registry: the little Lua code */

/* --- signals ------------------------------------------------------------- */

/* The interpreter sets its hook on the thread that it runs, for every event.
   A coroutine that waits takes it over: it must not fire a second time. */
static lua_State *take_hook(lua_State *L) {
  const int every = LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT;
  lua_State *from = dt_state_of(L)->main;
  if (!from || from == L || lua_gethook(L) || !lua_gethook(from) ||
      (lua_gethookmask(from) & every) != every)
    return NULL;
  lua_sethook(L, lua_gethook(from), lua_gethookmask(from),
              lua_gethookcount(from));
  lua_sethook(from, NULL, 0, 0);
  return from;
}

void dt_let_hook_fire(lua_State *L) {
  lua_State *from = take_hook(L);
  if (!lua_gethook(L))
    return;
  luaL_checkstack(L, 1, "no room to call a hook");
  lua_getfield(L, LUA_REGISTRYINDEX, EMPTY_FUNCTION);
  lua_call(L, 0, 0);
  if (from) { /* it did not raise: it was somebody else's */
    lua_sethook(from, lua_gethook(L), lua_gethookmask(L), lua_gethookcount(L));
    lua_sethook(L, NULL, 0, 0);
  }
}

bool dt_touch(lua_State *L) {
  int status;
  if (!lua_checkstack(L, 1))
    return false;
  lua_getfield(L, LUA_REGISTRYINDEX, EMPTY_FUNCTION);
  status = lua_pcall(L, 0, 0, 0);
  if (status == LUA_OK)
    return true;
  if (!dt_is_memory_error(L, status)) /* a hook's */
    lua_error(L);
  lua_pop(L, 1);
  return false;
}

void dt_open_await(lua_State *L) {
  if (luaL_loadbuffer(L, "", 0, DT_OWN_SOURCE) != 0)
    lua_error(L);
  lua_setfield(L, LUA_REGISTRYINDEX, EMPTY_FUNCTION);
}

/* --- waiting ------------------------------------------------------------- */

/* One poll(2): as dt_wait, but -1 with EINTR when it is to be asked again. */
static int poll_once(struct pollfd *list, nfds_t count, dt_time deadline) {
  int ready = dt_poll(list, count, dt_poll_timeout(deadline));
  int error = errno;
  if (ready > 0)
    return ready;
  /* also after a signal: a storm of them must not outlast the deadline */
  if ((ready == 0 || error == EINTR) && deadline != DT_FOREVER &&
      dt_now() >= deadline)
    return 0;
  errno = ready == 0 ? EINTR : error;
  return -1;
}

int dt_wait(lua_State *L, struct pollfd *list, nfds_t count, dt_time deadline) {
  int ready;
  do {
    dt_let_hook_fire(L); /* a signal may have come just before, or ended poll */
    ready = poll_once(list, count, deadline);
  } while (ready < 0 && errno == EINTR);
  return ready;
}

/* Lets the kernel do the socket's waiting from now on.  The limits come first:
   without them a blocking call might not be interruptible. */
static bool become_patient(struct dt_socket *socket) {
  const struct timeval years = {DT_KERNEL_FOREVER, 0};
  socket->patient = DT_NEVER_PATIENT;
  if (dt_sys.setsockopt(socket->fd, SOL_SOCKET, SO_RCVTIMEO, &years,
                        sizeof years) == 0 &&
      dt_sys.setsockopt(socket->fd, SOL_SOCKET, SO_SNDTIMEO, &years,
                        sizeof years) == 0 &&
      dt_sys.set_nonblocking(socket->fd, 0) == 0)
    socket->patient = DT_PATIENT;
  return socket->patient == DT_PATIENT;
}

int dt_stop_patience(struct dt_socket *socket) {
  if (socket->patient == DT_PATIENT)
    socket->patient = DT_NOT_PATIENT;
  return dt_sys.set_nonblocking(socket->fd, 1) == 0 ? 0 : errno;
}

static bool has_limit(const struct dt_socket *socket) {
  return socket->limit != DT_NO_LIMIT || socket->receive_limit != DT_NO_LIMIT ||
         socket->send_limit != DT_NO_LIMIT;
}

/* What one call that waits keeps in mind.  Its limits become deadlines when it
   first has to wait. */
struct patience {
  dt_time own;    /* settimeout; 0: not known yet */
  dt_time kernel; /* SO_RCVTIMEO or SO_SNDTIMEO; 0: not known yet */
  bool reported;  /* poll said that it could go on, and it could not */
  dt_time pause;  /* then it sleeps for this long */
  int retries;    /* immediate ones, in a row */
};

#define PAUSE_FIRST 1000000  /* 1 ms, doubled */
#define PAUSE_LAST  50000000 /* to 50 ms */

static dt_time deadline_of(dt_time limit) {
  return limit == DT_NO_LIMIT ? DT_FOREVER : dt_deadline(limit);
}

/* An operation may have a deadline of its own. */
static dt_time own_deadline(const struct dt_operation *operation) {
  return operation->until ? operation->until
                          : deadline_of(operation->socket->limit);
}

/* The deadline that comes first. */
static dt_time first_deadline(struct patience *patience,
                              const struct dt_operation *operation,
                              bool reading) {
  const struct dt_socket *socket = operation->socket;
  if (patience->own == 0)
    patience->own = own_deadline(operation);
  if (patience->kernel == 0)
    patience->kernel =
        deadline_of(reading ? socket->receive_limit : socket->send_limit);
  return patience->own < patience->kernel ? patience->own : patience->kernel;
}

/* Sleeps a little, and longer the next time: for what poll(2) cannot tell.  A
   unix socket is writable though its peer's queue is full, and a unix listener
   that was shut down is readable for ever. */
static int rest(lua_State *L, struct patience *patience, dt_time deadline) {
  dt_time until = dt_deadline(patience->pause);
  patience->reported = false;
  if (patience->pause < PAUSE_LAST)
    patience->pause *= 2;
  if (until >= deadline)
    return dt_wait(L, NULL, 0, deadline);
  return dt_wait(L, NULL, 0, until) == 0 ? 1 : -1;
}

/* Polls the descriptor for `want` till the deadline.  A hook may close the
   socket, and open another that gets the same number. */
static int poll_one(lua_State *L, const struct dt_socket *socket,
                    enum dt_outcome want, dt_time deadline) {
  struct pollfd entry = {.events = want == DT_WANT_READ ? POLLIN : POLLOUT};
  int ready;
  do {
    dt_let_hook_fire(L);
    if (socket->fd < 0)
      return 1; /* who asked finds that it is closed */
    entry.fd = socket->fd;
    ready = poll_once(&entry, 1, deadline);
  } while (ready < 0 && errno == EINTR);
  return ready;
}

/* Leaves the waiting to the kernel, if it may. */
static bool leave_to_kernel(struct dt_operation *operation) {
  struct dt_socket *socket = operation->socket;
  if (operation->may_block)
    socket->patient = DT_NEVER_PATIENT; /* somebody else made it non-blocking */
  operation->may_block = operation->kind->can_block && operation->until == 0 &&
                         !has_limit(socket) &&
                         socket->patient == DT_NOT_PATIENT &&
                         become_patient(socket);
  return operation->may_block;
}

/* What has moved on need not rest, and may have its limits anew. */
static void note_move(struct dt_operation *operation,
                      struct patience *patience) {
  if (!operation->moved)
    return;
  operation->moved = false;
  patience->reported = false;
  patience->pause = PAUSE_FIRST;
  if (operation->kind->renews)
    patience->own = patience->kernel = 0;
}

/* Waits till the descriptor is ready for `want`: 0, or why not. */
static int wait_ready(lua_State *L, struct dt_operation *operation,
                      enum dt_outcome want, struct patience *patience) {
  struct dt_socket *socket = operation->socket;
  dt_time deadline;
  int ready;
  if (leave_to_kernel(operation))
    return 0;
  deadline = first_deadline(patience, operation, want == DT_WANT_READ);
  if (patience->reported) {
    ready = rest(L, patience, deadline);
  } else {
    ready = poll_one(L, socket, want, deadline);
    patience->reported = true;
  }
  if (ready > 0) {
    socket->watch.unready = 0; /* in a task's finalizer the step asks for it */
    return 0;
  }
  if (ready < 0)
    return errno;
  return deadline == patience->own ? DT_TIMEOUT : EAGAIN;
}

/* Waits for a time, since nobody is there who could do anything else. */
static int wait_until(lua_State *L, const struct dt_operation *operation) {
  if (operation->until == 0)
    return EDEADLK;
  if (dt_wait(L, NULL, 0, operation->until) < 0)
    return errno;
  return operation->alarm ? 0 : DT_TIMEOUT;
}

#define RETRIES_MAX                                                            \
  1000 /* without waiting; only a broken kernel gets there                     \
        */

/* net.wait is there for sockets that do not wait. */
static bool must_not_wait(const struct dt_operation *operation) {
  return operation->nonblocking ||
         (operation->socket && operation->socket->limit == 0 &&
          !operation->kind->on_argument);
}

/* An interrupted call goes on, unless a hook raises or its time is over. */
static int go_on(lua_State *L, struct dt_operation *operation,
                 enum dt_outcome outcome, struct patience *patience) {
  const struct dt_socket *socket = operation->socket;
  dt_let_hook_fire(L);
  if (outcome == DT_PROGRESS) {
    patience->retries = 0;
    patience->reported = false;
    patience->pause = PAUSE_FIRST;
  } else if (++patience->retries > RETRIES_MAX && must_not_wait(operation)) {
    return EAGAIN;
  }
  if (!socket || socket->limit <= 0)
    return 0;
  if (patience->own == 0)
    patience->own = own_deadline(operation);
  return dt_now() >= patience->own ? DT_TIMEOUT : 0;
}

bool dt_may_block(const struct dt_operation *operation) {
  return operation->kind->can_block && !operation->nonblocking &&
         !has_limit(operation->socket) &&
         !dt_loop_busy(operation->socket->loop) &&
         !operation->socket->loop->dirty;
}

/* What is to be done after an outcome that is not the end: 0, or why it ends
   all the same. */
static int prepare_next(lua_State *L, struct dt_operation *operation,
                        enum dt_outcome outcome, struct patience *patience) {
  int error;
  note_move(operation, patience);
  if (outcome == DT_AGAIN || outcome == DT_PROGRESS)
    error = go_on(L, operation, outcome, patience);
  else if (must_not_wait(operation))
    error =
        operation->error != 0 ? operation->error : EAGAIN; /* the kernel's */
  else if (outcome == DT_WANT_WAKE)
    error = wait_until(L, operation);
  else
    error = wait_ready(L, operation, outcome, patience);
  /* a hook or a finalizer may have closed it */
  return error == 0 && operation->socket && operation->socket->fd < 0
             ? DT_CLOSED
             : error;
}

/* Alone: nothing else is to go on meanwhile. */
static int wait_alone(lua_State *L, struct dt_operation *operation,
                      enum dt_outcome outcome) {
  struct patience patience = {.pause = PAUSE_FIRST};
  while (outcome != DT_DONE && outcome != DT_FAILED) {
    int error = prepare_next(L, operation, outcome, &patience);
    if (error != 0) {
      operation->error = error;
      break;
    }
    outcome = dt_step(L, operation);
  }
  if (outcome != DT_DONE)
    return dt_end_failed(L, operation);
  dt_release(L, dt_loop_for(L, operation), operation);
  return operation->results;
}

/* A cancelled task waits no more. */
static bool is_cancelled(lua_State *L, struct dt_loop *loop,
                         struct dt_operation *operation) {
  if (!loop->task || !loop->task->cancelled)
    return false;
  if (operation->kind->resist &&
      operation->kind->resist(L, loop, operation, DT_CANCELLED))
    return false;
  dt_release(L, loop, operation);
  dt_send_rest(operation);
  return true;
}

/* Others have a turn first, now and then: it may try again and again. */
static int raise_cancelled(lua_State *L, struct dt_loop *loop) {
  if ((loop->budget -= DT_OPERATION_COST) <= 0) {
    if (loop->running == L && dt_yieldable(L, loop->yieldable))
      return dt_task_raise(L, loop);
    if (dt_may_stand(L, loop) == DT_STANDS)
      dt_stand_aside(L, loop, 0);
  }
  dt_push_cancelled(L);
  return lua_error(L);
}

int dt_persist(lua_State *L, struct dt_operation *operation,
               enum dt_outcome outcome) {
  struct dt_loop *loop = dt_loop_for(L, operation);
  if (outcome == DT_FAILED)
    return dt_end_failed(L, operation);
  if (must_not_wait(operation))
    return wait_alone(L, operation, outcome);
  if (is_cancelled(L, loop, operation))
    return raise_cancelled(L, loop);
  if (loop->task && loop->task->cancelled)
    outcome = DT_AGAIN; /* it resists, and may have to be told once more */
  if (loop->running == L && dt_yieldable(L, loop->yieldable))
    return dt_task_wait(L, loop, operation, outcome);
  if (loop->dirty && !loop->task && !dt_loop_busy(loop))
    dt_flush_dirty(L, loop, operation); /* the loop sends what has no room */
  if (loop->task || dt_loop_busy(loop)) {
    enum dt_standable may = dt_may_stand(L, loop);
    if (may == DT_STANDS)
      return dt_stand(L, loop, operation, outcome);
    if (may == DT_STANDS_UNKNOWN) {
      operation->error = ENOMEM;
      return dt_end_failed(L, operation);
    }
  }
  if (loop->dirty) /* the others see to it when they have parked theirs */
    dt_flush_dirty(L, loop, operation);
  return wait_alone(L, operation, outcome);
}

int dt_push_failure(lua_State *L, struct dt_operation *operation) {
  struct dt_socket *socket = operation->socket;
  int results;
  if (operation->kind->mute) {
    lua_pushnil(L);
    return 1;
  }
  results = socket && (socket->domain != AF_UNSPEC || operation->where)
                ? dt_socket_fail(L, operation->kind->name, socket,
                                 operation->where, operation->error)
                : dt_fail(L, operation->kind->name, NULL, operation->error);
  return operation->kind->salvage ? operation->kind->salvage(L, operation)
                                  : results;
}

static int push_failure(lua_State *L, void *operation) {
  return dt_push_failure(L, operation);
}

/* What must be released, is also when there is no memory for the failure. */
static int push_and_release(lua_State *L, struct dt_operation *operation) {
  struct dt_loop *loop = dt_loop_for(L, operation);
  int top = lua_gettop(L);
  int status = dt_try(L, dt_state_with(loop), push_failure, operation);
  dt_release(L, loop, operation);
  if (status != LUA_OK)
    return lua_error(L);
  return lua_gettop(L) - top;
}

int dt_end_failed(lua_State *L, struct dt_operation *operation) {
  int results = operation->kind->release ? push_and_release(L, operation)
                                         : dt_push_failure(L, operation);
  dt_send_rest(operation);
  if (operation->kind->raises && !dt_is_end_of(operation)) {
    lua_pop(L, results - 2);
    return lua_error(L);
  }
  return results;
}

void *dt_frame(lua_State *L, void *local, size_t size, bool *stays) {
  *stays = dt_loop_of(L)->running == L;
  return *stays ? dt_newuserdata(L, size) : local;
}

enum dt_outcome dt_step_closed(struct dt_operation *operation) {
  operation->error = DT_CLOSED;
  return DT_FAILED;
}

enum dt_outcome dt_step_failed(struct dt_operation *operation, int error,
                               enum dt_outcome want) {
  operation->error = error;
  if (error == EAGAIN)
    return want;
  return error == EINTR ? DT_AGAIN : DT_FAILED;
}
