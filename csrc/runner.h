/*
 * runner.h - who runs the loop: a call that was made for it (net.run), or, when
 * a call must wait on its C stack, another C stack.
 *
 * There is always one runner at work at most.  When it is to go on with a call
 * that waits on a C stack, it stays where it is and becomes idle; and when a
 * call must wait on the stack that a runner works on, in the middle of a task
 * that the runner has resumed, the next idle runner goes on with the loop, or a
 * new one.  So nobody has to wait for what lies upon him on a stack, and
 * nothing can lock up but a circle in the program itself.
 */
#ifndef DT_RUNNER_H
#define DT_RUNNER_H

#include "config.h"

#include <stdbool.h>

#include "loop.h"

DT_INTERNAL_BEGIN

/* Whether others may go on while a call waits on its C stack.  They may not
   where a finalizer has come between the steps of a call of ours, nor, on
   LuaJIT, in any finalizer or debug hook: nobody can yield then. */
enum dt_standable {
  DT_STANDS_NOT,
  DT_STANDS,
  DT_STANDS_UNKNOWN /* there is no memory to find out */
};

enum dt_standable dt_may_stand(lua_State *L, const struct dt_loop *loop);

/* Waits on the C stack for the operation, whose step has just said `outcome`.
   Returns how many results there are on L, or raises. */
int dt_stand(lua_State *L, struct dt_loop *loop, struct dt_operation *operation,
             int outcome);

/* Lets others have a turn, and returns `results`, which are on top of L. */
int dt_stand_aside(lua_State *L, struct dt_loop *loop, int results);

/* Goes on with a waiter that stands on a C stack; returns when this runner is
   needed again. */
void dt_switch_to(struct dt_loop *loop, struct dt_waiter *waiter);

/* Runs the loop here until `finished` says so, or `until`.  Raises what nobody
   else can be told.  False: nothing can ever happen any more. */
bool dt_run(lua_State *L, struct dt_loop *loop,
            bool (*finished)(struct dt_loop *loop, void *argument),
            void *argument, dt_time until);

/* dt_tell_again for all calls that stand. */
void dt_standing_forked(lua_State *L, struct dt_loop *loop);

/* Whether the functions that run the loop and its tasks, and all others that
   are under way, never go on: L, which calls the state's finalizer, was closed
   in the middle of them (os.exit).  False where that cannot be told. */
bool dt_is_left(lua_State *L, const struct dt_loop *loop);

/* Frees the C stacks. */
void dt_runners_free(struct dt_loop *loop);

DT_INTERNAL_END

#endif
