/*
 * runner.c - see runner.h.  Stands on cstack.h for C stacks.
 *
 * Each runner has a lua_State of its own: what is protected by pcall on one C
 * stack must not be mixed up with what is on another.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "cstack.h"
#include "error.h"
#include "runner.h"
#include "stream.h"
#include "task.h"

#define IDLE_MAX 32 /* runners; those above give their C stacks back */

struct dt_runner {
  struct dt_runner *next, **link; /* in loop->runners */
  struct dt_runner *next_idle;
  struct dt_cstack *stack;
  struct dt_loop *loop;
  lua_State *L;
  /* A call that runs the loop itself (dt_run) has these, and ends. */
  bool (*finished)(struct dt_loop *loop, void *argument);
  void *argument;
  dt_time until;
  bool stuck;
  int failures; /* of turns, in a row */
};

/* A call that waits on its C stack. */
struct dt_standing {
  struct dt_waiter waiter;
  struct dt_standing *next;
};

/* A call of dt_run that stands: until `finished` says so, or `until`. */
struct dt_run {
  struct dt_standing standing;
  bool (*finished)(struct dt_loop *loop, void *argument);
  void *argument;
  dt_time until;
  bool stuck;
};

/* --- switching -------------------------------------------------------------
 */

/* Takes an idle runner out of the list: a call that waits for its own end goes
   first, as what it does may be done. */
static struct dt_runner *take_idle(struct dt_loop *loop, bool ends) {
  struct dt_runner **link = &loop->idle, *runner;
  while (*link && ends && !(*link)->finished)
    link = &(*link)->next_idle;
  runner = *link;
  if (runner) {
    *link = runner->next_idle;
    loop->idle_count--;
  }
  return runner;
}

static void give_back(struct dt_loop *loop, struct dt_runner *runner) {
  runner->next_idle = loop->idle;
  loop->idle = runner;
  loop->idle_count++;
}

static void become_idle(struct dt_loop *loop) {
  give_back(loop, loop->runner);
}

/* Lets the collector have its memory, and the thread. */
static void forget(lua_State *L, struct dt_runner *runner) {
  lua_pushnil(L);
  dt_keep(L, runner);
}

/* There may have been many.  Each is in the middle of its last turn, of which
   nothing is left to be done. */
static void end_superfluous(lua_State *L, struct dt_loop *loop) {
  while (loop->idle_count > IDLE_MAX && !loop->idle->finished) {
    struct dt_runner *runner = take_idle(loop, false);
    *runner->link = runner->next;
    if (runner->next)
      runner->next->link = runner->link;
    dt_cstack_free(runner->stack);
    forget(L, runner);
  }
}

void dt_switch_to(struct dt_loop *loop, struct dt_waiter *waiter) {
  struct dt_runner *runner = loop->runner;
  end_superfluous(runner->L, loop);
  become_idle(loop);
  dt_cstack_switch(runner->stack, waiter->stack);
  loop->runner = runner;
  dt_touch(runner->L);
}

/* A runner that never ends leaves the loop to one that may. */
static void make_way(struct dt_loop *loop) {
  struct dt_runner *runner = loop->runner, *other = take_idle(loop, true);
  if (!other)
    return;
  become_idle(loop);
  loop->runner = other;
  dt_cstack_switch(runner->stack, other->stack);
  loop->runner = runner;
  dt_touch(runner->L);
}

/* --- running ---------------------------------------------------------------
 */

/* The error on top goes to a call that stands: the main program's, if it is
   among them.  NULL: there is none. */
static struct dt_standing *tell_standing(lua_State *L, struct dt_loop *loop) {
  struct dt_standing *standing = loop->standing;
  struct dt_operation *operation;
  while (standing && standing->waiter.task && standing->next)
    standing = standing->next;
  if (!standing || (standing->waiter.state != DT_PARKED &&
                    standing->waiter.state != DT_POKED))
    return NULL;
  operation = standing->waiter.operation;
  if (operation && operation->kind->resist) /* what it waits for ends, too */
    operation->kind->resist(L, loop, operation, DT_CANCELLED);
  dt_unpark(loop, &standing->waiter);
  standing->waiter.operation = NULL;
  if (!operation)
    loop->run = NULL;
  else
    dt_release(L, loop, operation);
  lua_xmove(L, standing->waiter.L, 1);
  standing->waiter.results = 1;
  standing->waiter.raise = true;
  return standing;
}

/* The call of dt_run ends. */
static void end_run(struct dt_loop *loop, struct dt_run *run) {
  loop->run = NULL;
  dt_unpark(loop, &run->standing.waiter);
  dt_switch_to(loop, &run->standing.waiter);
}

/* One turn, for those who stand.  False: nothing can ever happen. */
static bool turn(lua_State *L, struct dt_loop *loop) {
  struct dt_run *run;
  bool goes_on;
  make_way(loop);
  run = loop->run;
  if (run && run->finished(loop, run->argument)) {
    end_run(loop, run);
    return true;
  }
  goes_on = dt_loop_turn(L, loop, run ? run->until : DT_FOREVER);
  run = loop->run; /* much may have happened */
  if (!run)
    return goes_on;
  run->stuck = !goes_on;
  if (run->stuck || (run->until != DT_FOREVER && dt_now() >= run->until))
    end_run(loop, run);
  return true;
}

#define FAILURES                                                               \
  100 /* in a row; then there is no memory to be had any more                  \
       */

/* A turn was left by the error on top.  It is taken off and goes to whom it
   concerns, and others go on; or, without memory, all is tried again.  False:
   it stays, for whoever called. */
static bool goes_on_after(struct dt_runner *runner, int status) {
  lua_State *L = runner->L;
  int top = lua_gettop(L);
  bool passes = dt_is_memory_error(L, status);
  lua_pushvalue(L, -1);
  passes = dt_loop_failed(L, runner->loop) || passes;
  lua_settop(L, top);
  if (!passes || ++runner->failures > FAILURES) {
    runner->failures = 0;
    return false;
  }
  lua_pop(L, 1);
  return true;
}

/* The same here, where dt_run was called; till it ends. */
static void turns_here(lua_State *L, struct dt_runner *runner) {
  struct dt_loop *loop = runner->loop;
  while (!runner->stuck && !runner->finished(loop, runner->argument)) {
    runner->stuck = !dt_loop_turn(L, loop, runner->until);
    runner->failures = 0;
    if (runner->until != DT_FOREVER && dt_now() >= runner->until)
      return;
  }
}

/* Called through lua_pcall, with the runner. */
static int turns(lua_State *L) {
  struct dt_runner *runner = lua_touserdata(L, 1);
  if (runner->finished) {
    turns_here(L, runner);
    return 0;
  }
  while (turn(L, runner->loop))
    runner->failures = 0;
  return luaL_error(L, "nothing can end this wait: every task waits for "
                       "another");
}

/* What it needs is on top, and becomes an upvalue of it. */
static void push_turns(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, -2);
  lua_pushcclosure(L, turns, 2);
}

static int call_turns(struct dt_runner *runner) {
  lua_pushlightuserdata(runner->L, runner);
  return lua_pcall(runner->L, 1, 0, 0);
}

/* The loop runs no more here.  If its state has ended meanwhile, and nobody
   else runs it, it is closed now. */
static void stop_running(struct dt_loop *loop) {
  if (loop->ends && !loop->runner)
    dt_close_state(dt_state_with(loop), false);
}

/* On this C stack: calls that must stand upon it keep it from ending. */
static bool run_here(lua_State *L, struct dt_loop *loop,
                     bool (*finished)(struct dt_loop *loop, void *argument),
                     void *argument, dt_time until) {
  struct dt_runner runner = {.loop = loop,
                             .L = L,
                             .finished = finished,
                             .argument = argument,
                             .until = until};
  int status;
  luaL_checkstack(L, LUA_MINSTACK, "no room for the loop");
  lua_pushnil(L);
  push_turns(L); /* may raise */
  runner.stack = dt_cstack_here();
  if (!runner.stack)
    return luaL_error(L, "not enough memory"), false;
  loop->runner = &runner;
  do {
    lua_pushvalue(L, -1);
    status = call_turns(&runner);
  } while (status != 0 && goes_on_after(&runner, status));
  loop->runner = NULL;
  dt_cstack_free(runner.stack);
  stop_running(loop);
  if (status != 0)
    lua_error(L);
  lua_pop(L, 1);
  return !runner.stuck;
}

/* --- standing --------------------------------------------------------------
 */

static void take_itself_off(lua_State *L, lua_Debug *debug) {
  (void)debug;
  lua_sethook(L, NULL, 0, 0);
}

/* There are no hooks in hooks, and in finalizers. */
static enum dt_standable do_hooks_fire(lua_State *L) {
  lua_Hook hook = lua_gethook(L);
  int mask = lua_gethookmask(L), count = lua_gethookcount(L);
  bool fired, called;
  lua_sethook(L, take_itself_off, LUA_MASKCALL | LUA_MASKCOUNT, 1);
  called = dt_touch(L);
  fired = !lua_gethook(L);
  lua_sethook(L, hook, mask, count);
  if (!called)
    return DT_STANDS_UNKNOWN;
  return fired ? DT_STANDS : DT_STANDS_NOT;
}

enum dt_standable dt_may_stand(lua_State *L, const struct dt_loop *loop) {
  if (loop->stepping)
    return DT_STANDS_NOT;
  return loop->luajit ? do_hooks_fire(L) : DT_STANDS;
}

/* Goes on with the call that was told of an error: at once, as without memory
   nothing of Lua's may work any more. */
static void switch_to_told(struct dt_loop *loop, struct dt_standing *standing) {
  struct dt_runner *runner = loop->runner;
  dt_unpark(loop, &standing->waiter);
  become_idle(loop);
  dt_cstack_switch(runner->stack, standing->waiter.stack);
  loop->runner = runner;
}

/* The bottom of a C stack: nobody would catch what is raised here, and even to
   call a function there may be no memory. */
static void run_for_ever(void *argument) {
  struct dt_runner *runner = argument;
  for (;;) {
    struct dt_standing *told = NULL;
    int status;
    lua_settop(runner->L, 1);
    lua_pushvalue(runner->L, 1);
    status = call_turns(runner);
    if (status != 0 && !goes_on_after(runner, status))
      told = tell_standing(runner->L, runner->loop);
    if (told)
      switch_to_told(runner->loop, told);
  }
}

/* NULL with errno when there is no stack to be had.  May raise. */
static struct dt_runner *make_runner(lua_State *L, struct dt_loop *loop) {
  struct dt_runner *runner = dt_newuserdata(L, sizeof *runner);
  memset(runner, 0, sizeof *runner);
  runner->loop = loop;
  runner->until = DT_FOREVER;
  runner->L = lua_newthread(L);
  lua_insert(L, -2);
  push_turns(L); /* keeps the memory */
  lua_xmove(L, runner->L, 1);
  dt_keep(L, runner); /* the thread */
  if (loop->over)     /* the collector has closed it here */
    errno = ECANCELED;
  else
    runner->stack = dt_cstack_new(run_for_ever, runner);
  if (!runner->stack) {
    int error = errno;
    forget(L, runner);
    errno = error;
    return NULL;
  }
  runner->next = loop->runners;
  runner->link = &loop->runners;
  if (runner->next)
    runner->next->link = &runner->next;
  loop->runners = runner;
  return runner;
}

static int make(lua_State *L, void *made) {
  *(struct dt_runner **)made = make_runner(L, dt_loop_of(L));
  return 0;
}

/* NULL with errno when there is no stack to be had, or no memory. */
static struct dt_runner *new_runner(lua_State *L, struct dt_loop *loop) {
  struct dt_runner *made = NULL;
  if (dt_try(L, dt_state_with(loop), make, (void *)&made) == LUA_OK)
    return made;
  lua_pop(L, 1);
  errno = ENOMEM;
  return NULL;
}

static struct dt_runner *next_runner(lua_State *L, struct dt_loop *loop) {
  struct dt_runner *runner = take_idle(loop, true);
  if (!runner)
    runner = take_idle(loop, false);
  if (runner || !loop->over)
    return runner ? runner : new_runner(L, loop);
  errno = ECANCELED;
  return NULL;
}

/* The main thread, where 5.1 could not tell when the module was loaded. */
static void note_main(lua_State *L) {
  struct dt_state *state = dt_state_of(L);
  if (lua_pushthread(L) && !state->main)
    state->main = L;
  lua_pop(L, 1);
}

static void leave_standing(struct dt_loop *loop, struct dt_standing *standing) {
  struct dt_standing **link = &loop->standing;
  while (*link != standing)
    link = &(*link)->next;
  *link = standing->next;
  loop->standing_count--;
  dt_timer_clear(&loop->timers, &standing->waiter.timer);
  if (standing->waiter.stack)
    dt_cstack_free(standing->waiter.stack);
  stop_running(loop);
}

/* Leaves the C stack until the waiter is served. */
static void wait_standing(lua_State *L, struct dt_loop *loop,
                          struct dt_standing *standing,
                          struct dt_runner *other) {
  struct dt_runner *runner = loop->runner;
  struct dt_task *task = loop->task;
  lua_State *running = loop->running;
  if (task)
    task->active = &standing->waiter;
  loop->task = NULL;
  loop->running = NULL;
  loop->runner = other;
  if (loop->dirty)
    dt_flush_dirty(L, loop, NULL);
  dt_cstack_switch(standing->waiter.stack, other->stack);
  loop->runner = runner;
  loop->running = running;
  loop->task = task;
  if (task)
    task->active = NULL;
}

/* The main thread waits on another C stack, and runs here all the same: a task
   has closed the state (os.exit), and a finalizer waits.  Others would go on in
   what is half closed, and be left through C stacks that are not theirs. */
static void refuse_when_closing(lua_State *L, const struct dt_loop *loop) {
  if (dt_state_of(L)->main != L)
    return;
  for (const struct dt_standing *standing = loop->standing; standing;
       standing = standing->next)
    if (standing->waiter.L == L)
      luaL_error(L, "the Lua state ends: a finalizer cannot wait");
}

/* Makes ready for standing; returns the runner that goes on meanwhile.  NULL
   with errno: there is none to be had. */
static struct dt_runner *try_standing(lua_State *L, struct dt_loop *loop,
                                      struct dt_standing *standing) {
  struct dt_runner *other;
  if (!lua_checkstack(L, LUA_MINSTACK)) {
    errno = ENOMEM;
    return NULL;
  }
  note_main(L);
  refuse_when_closing(L, loop);
  other = next_runner(L, loop);
  if (!other)
    return NULL;
  memset(standing, 0, sizeof *standing);
  standing->waiter.L = L;
  standing->waiter.task = loop->task;
  standing->waiter.stack = dt_cstack_here();
  standing->next = loop->standing;
  loop->standing = standing;
  loop->standing_count++;
  return other;
}

#define TOO_MANY "too many calls wait where a task cannot yield: %s"

/* The same; raises. */
static struct dt_runner *begin_standing(lua_State *L, struct dt_loop *loop,
                                        struct dt_standing *standing) {
  struct dt_runner *other = try_standing(L, loop, standing);
  if (!other)
    luaL_error(L, TOO_MANY, strerror(errno));
  return other;
}

/* What the waiter was served with. */
static int end_standing(lua_State *L, const struct dt_waiter *waiter) {
  if (waiter->raise)
    return lua_error(L);
  if (waiter->task && waiter->task->raising) {
    waiter->task->raising = false;
    dt_push_cancelled(L);
    return lua_error(L);
  }
  return waiter->results;
}

static int cannot_stand(lua_State *L, struct dt_operation *operation,
                        int error) {
  char space[DT_REASON_MAX];
  if (operation->kind->mute || error == ENOMEM) {
    operation->error = error;
    return dt_end_failed(L, operation);
  }
  return luaL_error(L, TOO_MANY, dt_error_reason(error, space));
}

int dt_stand(lua_State *L, struct dt_loop *loop, struct dt_operation *operation,
             int outcome) {
  struct dt_standing standing = {.next = NULL};
  struct dt_waiter *waiter = &standing.waiter;
  struct dt_runner *other = try_standing(L, loop, &standing);
  int error = errno;
  if (!other)
    return cannot_stand(L, operation, error);
  waiter->operation = operation;
  error = waiter->stack ? dt_park(L, loop, waiter, outcome) : ENOMEM;
  if (error == 0) {
    if (outcome == DT_AGAIN || outcome == DT_PROGRESS)
      dt_poke(loop, waiter);
    wait_standing(L, loop, &standing, other);
  } else {
    dt_unpark(loop, waiter);
    give_back(loop, other);
  }
  leave_standing(loop, &standing);
  if (error == 0)
    dt_touch(L); /* may raise */
  if (error == 0)
    return end_standing(L, waiter);
  operation->error = error;
  return dt_end_failed(L, operation);
}

int dt_stand_aside(lua_State *L, struct dt_loop *loop, int results) {
  struct dt_standing standing = {.next = NULL};
  struct dt_waiter *waiter = &standing.waiter;
  struct dt_runner *other = begin_standing(L, loop, &standing);
  waiter->results = results;
  if (waiter->stack) {
    dt_make_ready(loop, waiter, DT_READY);
    wait_standing(L, loop, &standing, other);
  } else {
    give_back(loop, other);
  }
  leave_standing(loop, &standing);
  dt_touch(L); /* may raise */
  return end_standing(L, waiter);
}

/* The caller stands, so that calls that must stand while the loop runs do not
   do so upon him. */
bool dt_run(lua_State *L, struct dt_loop *loop,
            bool (*finished)(struct dt_loop *loop, void *argument),
            void *argument, dt_time until) {
  struct dt_run run = {
      .finished = finished, .argument = argument, .until = until};
  struct dt_waiter *waiter = &run.standing.waiter;
  struct dt_runner *other = try_standing(L, loop, &run.standing);
  if (!other)
    return run_here(L, loop, finished, argument, until);
  if (!waiter->stack) {
    give_back(loop, other);
    leave_standing(loop, &run.standing);
    return luaL_error(L, "not enough memory"), false;
  }
  waiter->state = DT_PARKED;
  loop->run = &run;
  wait_standing(L, loop, &run.standing, other);
  loop->run = NULL;
  leave_standing(loop, &run.standing);
  dt_touch(L); /* may raise */
  end_standing(L, waiter);
  return !run.stuck;
}

void dt_standing_forked(lua_State *L, struct dt_loop *loop) {
  struct dt_standing *standing;
  for (standing = loop->standing; standing; standing = standing->next)
    dt_tell_again(L, loop, &standing->waiter);
}

/* A state is closed upon its main thread.  That is not where a task runs, nor a
   runner with a thread of its own; and most versions empty its stack first. */
bool dt_is_left(lua_State *L, const struct dt_loop *loop) {
  lua_Debug level;
  bool main = lua_pushthread(L) != 0;
  lua_pop(L, 1);
  return main && (loop->running || (loop->runner && loop->runner->L != L) ||
                  !lua_getstack(L, 1, &level));
}

void dt_runners_free(struct dt_loop *loop) {
  /* the state ends: those who stand never go on */
  for (struct dt_standing *standing = loop->standing; standing;
       standing = standing->next) {
    dt_unlist(&standing->waiter);
    dt_cstack_free(standing->waiter.stack);
  }
  loop->standing = NULL;
  for (struct dt_runner *runner = loop->runners; runner; runner = runner->next)
    if (runner != loop->runner) /* os.exit in a task: we are on that stack */
      dt_cstack_free(runner->stack);
  loop->runners = loop->idle = NULL;
}
