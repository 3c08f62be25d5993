/*
 * await.h - the one place that waits.
 *
 * A call that may have to wait is an operation: a struct that begins with
 * struct dt_operation, and one function, `step`, which tries the system call
 * once and says what came of it.  dt_await tries, waits for the descriptor,
 * and tries again, until it is done or the socket's time limit has run out.
 * Nobody else knows about waiting, signals and deadlines.
 */
#ifndef DT_AWAIT_H
#define DT_AWAIT_H

#include "config.h"

#include <lua.h>
#include <poll.h>
#include <stdbool.h>

#include "clock.h"
#include "socket.h"

enum dt_outcome {
  DT_DONE,       /* the results are on the stack, `results` of them */
  DT_WANT_READ,  /* the system call would block until there is input */
  DT_WANT_WRITE, /* ... until there is room for output */
  DT_AGAIN,      /* interrupted by a signal, or worth an immediate retry */
  DT_PROGRESS,   /* some of it is done: go on, if time is left */
  DT_FAILED      /* `error` says why */
};

struct dt_operation {
  const char *name; /* in messages: "recv" */
  struct dt_socket *socket;
  enum dt_outcome (*step)(lua_State *L, struct dt_operation *operation);
  /* When it fails after it has done something: nil, message, code are on top;
     adds to them, or puts something into nil's place; returns how many results
     there are then.  May be NULL. */
  int (*salvage)(lua_State *L, struct dt_operation *operation);
  const struct dt_address *where; /* in messages; NULL: the socket's peer */
  int results;                    /* of DT_DONE */
  int error;                      /* of DT_FAILED: an errno or a dt_word */
  bool nonblocking; /* MSG_DONTWAIT: fail with EAGAIN instead of waiting */
  bool can_block;   /* the step heeds may_block */
  /* Set by dt_await: the kernel may do the waiting, so leave out MSG_DONTWAIT.
     Every other time a step must pass it. */
  bool may_block;
};

DT_INTERNAL_BEGIN

/* Whether the kernel may do the waiting, on a patient socket. */
bool dt_may_block(const struct dt_operation *operation);

/* The rest of dt_await, when the first step was not enough. */
int dt_persist(lua_State *L, struct dt_operation *operation,
               enum dt_outcome outcome);

/* DT_FAILED, with "closed". */
enum dt_outcome dt_step_closed(struct dt_operation *operation);

/* Runs the operation to its end; returns how many results it pushed: its own,
   or nil, message, code (then operation->error is set). */
static inline int dt_await(lua_State *L, struct dt_operation *operation) {
  enum dt_outcome outcome;
  operation->may_block =
      operation->socket->patient == DT_PATIENT && dt_may_block(operation);
  /* reading the arguments may have run code that closed it */
  outcome = operation->socket->fd >= 0 ? operation->step(L, operation)
                                       : dt_step_closed(operation);
  if (outcome != DT_DONE)
    return dt_persist(L, operation, outcome);
  operation->error = 0;
  return operation->results;
}

/* What a step returns after a system call failed with `error` and would wait
   for `want`: sorts EAGAIN and EINTR from failures. */
enum dt_outcome dt_step_failed(struct dt_operation *operation, int error,
                               enum dt_outcome want);

/* poll(2) until `deadline`.  The number of ready entries, 0 when the deadline
   came first, -1 with errno.  A signal does not end the wait, but gives a
   debug hook its chance to raise: that is how interpreters answer Ctrl-C. */
int dt_wait(lua_State *L, struct pollfd *list, nfds_t count, dt_time deadline);

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
