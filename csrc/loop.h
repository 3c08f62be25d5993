/*
 * loop.h - what goes on while somebody waits: the loop of one Lua state.
 *
 * An operation (await.h) that cannot end at once is parked: its waiter lies in
 * a list, that of a socket's readers, of a task's joiners, of a queue's takers.
 * When something has happened the loop itself tries the operation again, and
 * only when it has ended, with results or a failure, goes on with whoever
 * waits: it resumes the task, or switches to the C stack that waits.
 *
 * Nobody is in two lists, and who is taken out is taken out of everything
 * before any Lua code runs: that code may close, cancel and spawn what it
 * likes.
 */
#ifndef DT_LOOP_H
#define DT_LOOP_H

#include "config.h"

#include <stdbool.h>

#include "buffer.h"
#include "clock.h"
#include "compat.h"
#include "fork.h"
#include "pipe.h"
#include "poller.h"
#include "slots.h"
#include "timer.h"

struct dt_cstack;
struct dt_operation;
struct dt_lookups;
struct dt_run;
struct dt_stream;
struct dt_task;

enum dt_waiting {
  DT_AWAKE,  /* it does not wait */
  DT_PARKED, /* it waits in a list, or for a time */
  DT_POKED,  /* ready: the operation is to be tried again */
  DT_READY,  /* ready: the results are on its L */
  DT_FAILING /* ready: operation->error is to be turned into results */
};

struct dt_waiter {
  struct dt_timer timer; /* first: the loop finds the waiter by it */
  struct dt_waiter *next, *previous;
  struct dt_waiter **list;      /* whose head points to the first; or NULL */
  struct dt_socket *watched;    /* whose list it is; NULL: not a socket's */
  struct dt_waiter *next_ready; /* in the loop's list */
  struct dt_operation *operation;
  lua_State *L;            /* where the results go; NULL: nobody waits for it */
  struct dt_task *task;    /* NULL: none */
  struct dt_cstack *stack; /* the C stack that waits; NULL: the task yielded */
  dt_time deadline;
  int results;
  int late;            /* the error when the deadline comes */
  unsigned char state; /* enum dt_waiting */
  bool raise;          /* what lies on top of L is an error */
};

/* Who waits for `watch` is poked when a descriptor whose watch is `polled` is
   closed. */
struct dt_ear {
  struct dt_ear *next, **link; /* in the loop's list */
  struct dt_watch *watch;
};

#define DT_BATCH 128 /* events of one wait */

/* A stream that must stay while one of its functions runs: stream.h. */
struct dt_pin {
  struct dt_stream *stream;
  const char *frame; /* the function's */
  const void *stack; /* the C stack that it is on */
};

#define DT_PINS 16

struct dt_loop {
  const struct dt_poller_type *type; /* NULL: the best one, when it is opened */
  struct dt_poller *poller;
  struct dt_fork fork;
  bool interrupted; /* a signal ended the last turn's wait, nothing was due */
  unsigned generation; /* of the poller: each fork(2) has another one */
  struct dt_timers timers;
  struct dt_waiter *ready, **ready_end;
  size_t ready_count;
  struct dt_event events[DT_BATCH];
  int event_next, event_count; /* what is still to be done of them */
  lua_State *running;          /* the running task's coroutine, or NULL */
  struct dt_task *task;        /* the running task */
  int budget; /* what it may still do before others have a turn */
  struct dt_waiter *stepping; /* whose operation is being tried */
  struct dt_task *ending;     /* what is done of its end may raise */
  bool telling;               /* a scope that it is to end */
  struct dt_task *going;      /* what is done before it goes on may raise */
  struct dt_task *tasks;      /* all that have not ended */
  size_t task_count;
  int kept; /* registry: what is kept of tasks, by their slots */
  struct dt_slots slots;
  int numbered; /* tasks that there were: the next one has the next number */
  struct dt_ear *ears;
  size_t watching;         /* waiters of descriptors */
  struct dt_stream *dirty; /* have gathered output to send */
  struct dt_flusher *flushers;
  struct dt_pin pins[DT_PINS];
  int pin_count;
  struct dt_pool pool;
  struct dt_pipe pipe;              /* net.copy's */
  struct dt_lookups *lookups;       /* names being looked up (lookup.c) */
  size_t asked;                     /* look-ups under way */
  struct dt_runner *runners, *idle; /* who may run the loop: runner.h */
  size_t idle_count;
  struct dt_runner *runner;     /* who does */
  struct dt_run *run;           /* the call that it does it for, or NULL */
  struct dt_standing *standing; /* calls that wait on their C stacks */
  size_t standing_count;
  int yieldable; /* how to know: yieldable.h */
  bool luajit;
  bool ends; /* it is to be closed by whoever runs it */
  bool over; /* it is closed: finalizers may call, but nothing waits */
  /* The user's debug hook, while one of ours takes its place (task.c). */
  lua_Hook hook;
  int hook_mask, hook_count;
  bool hook_set;
};

DT_INTERNAL_BEGIN

/* --- lists --------------------------------------------------------------- */

/* Adds a waiter behind the others. */
void dt_enlist(struct dt_waiter **list, struct dt_waiter *waiter);

/* Takes it out of its list, if it is in one. */
void dt_unlist(struct dt_waiter *waiter);

/* --- waiting ---------------------------------------------------------------
 */

/* Parks the waiter, whose operation's step has just said `outcome`; it has no
   deadline yet, or that of an earlier park for the same operation.  0, or an
   error: then it does not wait. */
int dt_park(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
            int outcome);

/* Takes the waiter out of everything. */
void dt_unpark(struct dt_loop *loop, struct dt_waiter *waiter);

/* The operation of a parked waiter may be able to go on. */
void dt_poke(struct dt_loop *loop, struct dt_waiter *waiter);

/* The first of a list, or all. */
void dt_poke_first(struct dt_loop *loop, struct dt_waiter *list);
void dt_poke_all(struct dt_loop *loop, struct dt_waiter *list);

/* The operation of a parked waiter fails with `error`, unless it resists. */
void dt_interrupt(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
                  int error);

/* Puts a waiter that is in no list into the ready list. */
void dt_make_ready(struct dt_loop *loop, struct dt_waiter *waiter,
                   enum dt_waiting state);

/* --- descriptors ------------------------------------------------------------
 */

/* Before the descriptor is closed: its waiters fail with `error`, its events
   are dropped, the poller forgets it. */
void dt_unwatch(lua_State *L, struct dt_loop *loop, struct dt_watch *watch,
                int error);

/* --- running ----------------------------------------------------------------
 */

/* Whether anything may happen but for the caller's own call: a call that waits
   must run the loop then. */
static inline bool dt_loop_busy(const struct dt_loop *loop) {
  return loop->task_count > 0 || loop->ready || loop->watching > 0 ||
         loop->standing_count > 0;
}

/* One turn: waits until `until` at most, then serves what is ready.  `L` runs a
   function of ours, and may be left by an error of a step or of a debug hook.
   False: nothing can ever happen. */
bool dt_loop_turn(lua_State *L, struct dt_loop *loop, dt_time until);

/* After dt_loop_turn was left by an error, which is on top of L: gives it to
   whom it concerns.  False: nobody; it stays on top. */
bool dt_loop_failed(lua_State *L, struct dt_loop *loop);

int dt_loop_reopen(lua_State *L, struct dt_loop *loop);

/* In a child after fork(2) every descriptor that is waited for must be told to
   the new poller.  The waiter may be NULL. */
void dt_tell_again(lua_State *L, struct dt_loop *loop,
                   struct dt_waiter *waiter);

/* Opens the poller if there is none; after fork(2) another one.  0 or errno. */
static inline int dt_loop_open(lua_State *L, struct dt_loop *loop) {
  return loop->poller && !dt_forked(&loop->fork) ? 0 : dt_loop_reopen(L, loop);
}

/* When the loop must be run again though no descriptor is ready. */
dt_time dt_loop_due(const struct dt_loop *loop);

void dt_loop_init(struct dt_loop *loop);

/* The poller that the environment names.  Raises if there is none of that
   name. */
void dt_loop_choose(lua_State *L, struct dt_loop *loop);

/* Frees what it has; pins stay, unless the functions are `left` that set them.
 */
void dt_loop_close(struct dt_loop *loop, bool left);

DT_INTERNAL_END

#endif
