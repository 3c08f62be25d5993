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
  DT_FAILED      /* `error` says why */
};

struct dt_operation {
  const char *name; /* in messages: "recv" */
  struct dt_socket *socket;
  enum dt_outcome (*step)(lua_State *L, struct dt_operation *operation);
  const struct dt_address *where; /* in messages; NULL: the socket's peer */
  int results;                    /* of DT_DONE */
  int error;                      /* of DT_FAILED: an errno or a dt_word */
  bool nonblocking;               /* MSG_DONTWAIT: fail with EAGAIN instead */
  /* Set by dt_await for steps that read it (recv, send): the kernel may do
     the waiting, so leave out MSG_DONTWAIT.  Otherwise they must pass it. */
  bool may_block;
};

DT_INTERNAL_BEGIN

/* Runs the operation to its end; returns how many results it pushed: its own,
   or nil, message, code (then operation->error is set). */
int dt_await(lua_State *L, struct dt_operation *operation);

/* What a step returns after a system call failed with `error` and would wait
   for `want`: sorts EAGAIN and EINTR from failures. */
enum dt_outcome dt_step_failed(struct dt_operation *operation, int error,
                               enum dt_outcome want);

/* poll(2) until `deadline`.  The number of ready entries, 0 when the deadline
   came first, -1 with errno.  A signal does not end the wait, but gives a
   debug hook its chance to raise: that is how interpreters answer Ctrl-C. */
int dt_wait(lua_State *L, struct pollfd *list, nfds_t count, dt_time deadline);

DT_INTERNAL_END

#endif
