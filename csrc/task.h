/*
 * task.h - a task: a function that runs beside others, on a coroutine that
 * the loop resumes.
 */
#ifndef DT_TASK_H
#define DT_TASK_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

#define DT_TASK_CLASS "dialtone.task"

/* There is room for so many values on a new coroutine of any Lua. */
#define DT_SPAWN_ARGUMENTS 30

enum dt_task_status {
  DT_TASK_ALIVE,
  DT_TASK_DONE,
  DT_TASK_FAILED,
  DT_TASK_CANCELLED
};

/* Operations up to this size wait inside their task. */
#define DT_INLINE 96

struct dt_task {
  struct dt_waiter waiter;         /* of the coroutine's own waits */
  const void *mark;                /* &dt_task_mark */
  lua_State *co;                   /* NULL: ended */
  struct dt_task *next, *previous; /* in loop->tasks */
  struct dt_waiter *active; /* where it waits: `waiter`, or a C stack's */
  struct dt_waiter *joiners;
  int number;             /* the first task of a state is 1 */
  int slot;               /* what is kept of it lies there */
  int top;                /* of co, when it yielded last */
  unsigned char status;   /* enum dt_task_status */
  unsigned char overtime; /* turns it had since it was cancelled */
  bool started, cancelled;
  bool closing;     /* it has ended, but for its to-be-closed variables */
  bool raising;     /* it is to be resumed with an error */
  bool has_results; /* they are the userdata's user value */
  bool has_ending;  /* a function to be called at its end is kept */
  bool has_subject; /* and a value that it is to be told */
  bool supervised;  /* somebody else sees to its failure: not reported */
  bool concluded;   /* it has ended, and who is to be told of it may not be */
  bool starved;     /* there was no memory for what it came to */
  union {
    long long aligned;
    void *pointer;
    unsigned char bytes[DT_INLINE];
  } operation;
};

DT_INTERNAL_BEGIN

/* Makes a task of the function and the `arguments` values after it on top of
   L, and replaces them by the task, which is a key of the table at `roster` (0:
   none) then.  It runs when the caller next waits. */
struct dt_task *dt_spawn(lua_State *L, int arguments, int roster);

/* What the functions in Lua that are ours say for their source. */
#define DT_OWN_SOURCE "=(dialtone)"

/* Pushes the object of a task that has not ended. */
void dt_push_task(lua_State *L, struct dt_loop *loop,
                  const struct dt_task *task);

/* The task at `arg`; raises for anything else. */
struct dt_task *dt_check_task(lua_State *L, int arg);

/* The same, or NULL. */
struct dt_task *dt_test_task(lua_State *L, int arg);

/* The function on top, or, with a subject, the function and above it the
   subject, which are popped: it is called at the task's end with the task, the
   subject, and what dt_push_end pushes. */
void dt_task_ending(lua_State *L, struct dt_task *task, bool has_subject);

/* Whether the running task's end is told to the function at `index`. */
bool dt_has_ending(lua_State *L, struct dt_loop *loop, int index);

/* Cancels the tasks whose end the function at `index` is told of. */
void dt_cancel_ending(lua_State *L, struct dt_loop *loop, int index);

/* The function on top, which is popped, is called the same way for tasks that
   fail and that nobody waits for. */
void dt_set_report(lua_State *L);

/* Keeps the value on top, which is popped, from the collector, under this
   address; nil: no more. */
void dt_keep(lua_State *L, void *address);

/* Parks the operation of the running task, which is L's, and yields: the value
   is to be returned. */
int dt_task_wait(lua_State *L, struct dt_loop *loop,
                 struct dt_operation *operation, int outcome);

/* The running task, which is cancelled, yields, and is resumed with what that
   raises: the value is to be returned. */
int dt_task_raise(lua_State *L, struct dt_loop *loop);

/* Goes on with a task that is ready: its waiter's results are on its stack. */
void dt_task_resume(lua_State *L, struct dt_loop *loop, struct dt_task *task);

/* Somebody else has resumed or closed the waiting task's coroutine: what its
   operation needs is not there any more. */
static inline bool dt_task_is_lost(const struct dt_task *task) {
  return task->started && task->co &&
         (lua_status(task->co) != LUA_YIELD ||
          lua_gettop(task->co) != task->top);
}

/* After its end was left by an error, for want of memory: it is tried again. */
void dt_task_end_again(struct dt_loop *loop, struct dt_task *task);

/* It ends, with a failure that says so; its coroutine is whoever's. */
void dt_task_lose(lua_State *L, struct dt_loop *loop, struct dt_task *task);

/* Its waits raise from now on, and the one that it is in. */
void dt_task_cancel(lua_State *L, struct dt_loop *loop, struct dt_task *task);

/* Pushes the value that waits in a cancelled task raise. */
void dt_push_cancelled(lua_State *L);

/* Pushes what a task that has ended came to: true and its results, or false and
   why not.  `index`: the task.  Returns how many. */
int dt_push_end(lua_State *L, int index);

/* Once for each state, which is on top. */
void dt_open_task(lua_State *L);

/* Makes the class; adds `inner`, for our own Lua files, to the table below the
   state (mod_task.c). */
void dt_open_tasks(lua_State *L);

DT_INTERNAL_END

#endif
