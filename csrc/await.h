/*
 * await.h - the one place that waits.
 *
 * A call that may have to wait is an operation: a struct that begins with
 * struct dt_operation, and its kind, which has one function, `step`, that tries
 * once and says what came of it.  dt_await tries, waits, and tries again, until
 * it is done or a time limit has run out.  Nobody else knows about waiting,
 * signals, deadlines and tasks.
 *
 * How it waits depends on who calls.  In a task the operation is parked, and
 * the task yields (task.c).  Where a task cannot yield, and in the main program
 * while there are tasks, the call stays on its C stack and the loop runs on
 * another (runner.c).  Alone, it waits in the kernel or in poll(2) (await.c).
 *
 * So a C function that waits ends with `return dt_await(L, operation)`: after a
 * yield nothing of it is there any more.  What is to be done with the results
 * belongs into the step, and what is to be done in any case into `release`.
 * The operation itself is moved where it can stay, unless dt_frame made it:
 * pointers into the C stack do not survive.  The caller's arguments do:
 * `caller` has them at their indices, also while another coroutine runs.
 */
#ifndef DT_AWAIT_H
#define DT_AWAIT_H

#include "config.h"

#include <lua.h>
#include <poll.h>
#include <stdbool.h>

#include "clock.h"
#include "error.h"
#include "glue.h"
#include "loop.h"
#include "socket.h"

enum dt_outcome {
  DT_DONE,       /* the results are on top of the stack, `results` of them */
  DT_WANT_READ,  /* the system call would block until there is input */
  DT_WANT_WRITE, /* ... until there is room for output */
  DT_WANT_WAKE,  /* nothing to be asked of the kernel: somebody will poke */
  DT_AGAIN,      /* interrupted by a signal, or worth an immediate retry */
  DT_PROGRESS,   /* some of it is done: go on, if time is left */
  DT_FAILED      /* `error` says why */
};

struct dt_operation;

struct dt_kind {
  const char *name; /* in messages: "recv" */
  enum dt_outcome (*step)(lua_State *L, struct dt_operation *operation);
  /* When it fails after it has done something: nil, message, code are on top;
     adds to them, or puts something into nil's place; returns how many results
     there are then.  May be NULL. */
  int (*salvage)(lua_State *L, struct dt_operation *operation);
  /* Called once when it has ended, in whatever way; must not raise, leaves the
     stack alone, and may be called where no function of ours runs.  May be
     NULL. */
  void (*release)(lua_State *L, struct dt_loop *loop,
                  struct dt_operation *operation);
  /* While it waits it is to end with `error` (a time limit, "cancelled").
     True: it sees to that itself, and ends later.  As release.  May be NULL. */
  bool (*resist)(lua_State *L, struct dt_loop *loop,
                 struct dt_operation *operation, int error);
  size_t size;    /* of the whole operation, to be moved */
  bool can_block; /* the step heeds may_block */
  bool sends;     /* nobody else may send while it is under way */
  bool mute;      /* a failure is nil alone, for which no memory is needed */
  bool raises;    /* iterators: a failure raises its message, but for the end */
  bool ends_closed; /* ... and closing it is its end */
  bool on_argument; /* what it waits for is the call's first argument, and no
                       socket, or not that alone */
  bool shared;      /* many may wait for the same thing (accept) */
  bool renews;      /* time limits bound each wait: they begin anew whenever it
                       has moved on */
};

struct dt_operation {
  const struct dt_kind *kind;
  struct dt_socket *socket;       /* NULL: none */
  const struct dt_address *where; /* in messages; NULL: the socket's peer */
  struct dt_waiter **queue;       /* of DT_WANT_WAKE: where to wait, or NULL */
  lua_State *caller;              /* set by dt_await */
  dt_time until;    /* without a socket: when it fails; 0: never */
  int results;      /* of DT_DONE */
  int error;        /* of DT_FAILED: an errno or a dt_word */
  bool nonblocking; /* MSG_DONTWAIT: fail with EAGAIN instead of waiting */
  bool stays;       /* in memory that the call's end does not take away */
  bool alarm;       /* at `until` it does not fail, but is tried again */
  bool moved;       /* set by a step: something has come or gone since the
                       last wait */
  /* Set by dt_await: the kernel may do the waiting, so leave out MSG_DONTWAIT.
     Every other time a step must pass it. */
  bool may_block;
};

/* Of the budget that each turn has (loop.h); what needs no system call costs 1.
 */
#define DT_OPERATION_COST 8

DT_INTERNAL_BEGIN

/* What sending many bytes costs besides: a turn is over after some 250 KiB.
   More at once leaves the processor's cache before the peer has read it (seen:
   half as much time again for bulk). */
static inline void dt_charge(struct dt_loop *loop, size_t bytes) {
  if (loop->task_count > 0)
    loop->budget -= (int)(bytes >> 10);
}

/* Whether the kernel may do the waiting, on a patient socket. */
bool dt_may_block(const struct dt_operation *operation);

/* The rest of dt_await, when the first step was not enough. */
int dt_persist(lua_State *L, struct dt_operation *operation,
               enum dt_outcome outcome);

/* For a task that may wait: the system call is not worth making.  There was
   nothing more the last time, and the poller will tell of what came since, or
   knows nothing of the socket yet and will tell at once. */
static inline bool dt_is_unready(const struct dt_operation *operation,
                                 unsigned direction) {
  const struct dt_socket *socket = operation->socket;
  return (socket->watch.unready & direction) != 0 &&
         socket->loop->running == operation->caller &&
         !operation->nonblocking && socket->limit != 0;
}

/* DT_FAILED, with "closed". */
enum dt_outcome dt_step_closed(struct dt_operation *operation);

/* One step, if there is anything to step on. */
static inline enum dt_outcome dt_step(lua_State *L,
                                      struct dt_operation *operation) {
  /* reading the arguments may have run code that closed it */
  return operation->socket && operation->socket->fd < 0
             ? dt_step_closed(operation)
             : operation->kind->step(L, operation);
}

/* The operation has ended, in whatever way. */
static inline void dt_release(lua_State *L, struct dt_loop *loop,
                              struct dt_operation *operation) {
  if (operation->kind->release)
    operation->kind->release(L, loop, operation);
}

/* The loop that runs it. */
static inline struct dt_loop *
dt_loop_for(lua_State *L, const struct dt_operation *operation) {
  return operation->socket ? operation->socket->loop : dt_loop_of(L);
}

/* Who never has to wait gives way to tasks now and then: his results wait with
   him. */
int dt_give_way(lua_State *L, int results);

/* Runs the operation to its end; returns how many results it pushed: its own,
   or nil, message, code.  To be returned at once. */
static inline int dt_await(lua_State *L, struct dt_operation *operation) {
  struct dt_loop *loop = dt_loop_for(L, operation);
  enum dt_outcome outcome;
  operation->caller = L;
  operation->may_block = operation->socket &&
                         operation->socket->patient == DT_PATIENT &&
                         dt_may_block(operation);
  outcome = dt_step(L, operation);
  if (outcome != DT_DONE)
    return dt_persist(L, operation, outcome);
  dt_release(L, loop, operation);
  if (loop->task_count > 0 && (loop->budget -= DT_OPERATION_COST) <= 0)
    return dt_give_way(L, operation->results);
  return operation->results;
}

/* Whether an operation of a kind that raises has failed with what just ends it:
   the stream's end, and for what has no other end, that it was closed. */
static inline bool dt_is_end_of(const struct dt_operation *operation) {
  return operation->error == DT_EOF ||
         (operation->error == DT_CLOSED && operation->kind->ends_closed);
}

/* Room for an operation (and what it points to) that stays when the call must
   be left: `local`, on the C stack, where that will do.  Else a userdata, which
   is pushed; in both cases `stays` is what the operation's field is to be. */
void *dt_frame(lua_State *L, void *local, size_t size, bool *stays);

/* Pushes nil, message, code for an operation that has failed, with what it
   saved; returns how many results. */
int dt_push_failure(lua_State *L, struct dt_operation *operation);

/* The same, and releases it; raises the message if the operation's kind does.
 */
int dt_end_failed(lua_State *L, struct dt_operation *operation);

/* What a step returns after a system call failed with `error` and would wait
   for `want`: sorts EAGAIN and EINTR from failures. */
enum dt_outcome dt_step_failed(struct dt_operation *operation, int error,
                               enum dt_outcome want);

/* poll(2) until `deadline`.  The number of ready entries, 0 when the deadline
   came first, -1 with errno.  A signal does not end the wait, but gives a
   debug hook its chance to raise: that is how interpreters answer Ctrl-C. */
int dt_wait(lua_State *L, struct pollfd *list, nfds_t count, dt_time deadline);

/* After a signal may have come: lets a debug hook that is set fire, which may
   raise. */
void dt_let_hook_fire(lua_State *L);

/* Calls an empty Lua function: after a switch of C stacks LuaJIT must be shown
   which lua_State it is in.  Raises what a hook raises; false: there is no
   memory to call it. */
bool dt_touch(lua_State *L);

/* What a patient socket has for SO_RCVTIMEO and SO_SNDTIMEO, in seconds: none,
   as far as anybody is concerned, but a limit in the eyes of signal(7). */
#define DT_KERNEL_FOREVER 1000000000

/* Before a call that knows no MSG_DONTWAIT: puts the descriptor into
   non-blocking mode, in which it is anyhow unless the socket is patient, or
   shares its open file with one that is (dup).  0 or an errno. */
int dt_stop_patience(struct dt_socket *socket);

/* Once for each state. */
void dt_open_await(lua_State *L);

DT_INTERNAL_END

#endif
