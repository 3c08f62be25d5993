/*
 * loop.c - see loop.h.  Stands on poller.h and timer.h for what happens, on
 * await.h for operations, and goes on with whoever waited by way of task.h and
 * runner.h.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "error.h"
#include "lookup.h"
#include "runner.h"
#include "stream.h"
#include "sys.h"
#include "task.h"

#define TRIES 16 /* of an operation that goes on, before others have a turn */

/* --- lists --------------------------------------------------------------- */

void dt_enlist(struct dt_waiter **list, struct dt_waiter *waiter) {
  struct dt_waiter *first = *list;
  waiter->list = list;
  if (!first) {
    waiter->next = waiter->previous = waiter;
    *list = waiter;
    return;
  }
  waiter->next = first;
  waiter->previous = first->previous;
  first->previous->next = waiter;
  first->previous = waiter;
}

void dt_unlist(struct dt_waiter *waiter) {
  if (!waiter->list)
    return;
  if (waiter->next == waiter) {
    *waiter->list = NULL;
  } else {
    waiter->next->previous = waiter->previous;
    waiter->previous->next = waiter->next;
    if (*waiter->list == waiter)
      *waiter->list = waiter->next;
  }
  waiter->list = NULL;
}

void dt_make_ready(struct dt_loop *loop, struct dt_waiter *waiter,
                   enum dt_waiting state) {
  bool there = waiter->state >= DT_POKED;
  waiter->state = (unsigned char)state;
  if (there)
    return;
  waiter->next_ready = NULL;
  *loop->ready_end = waiter;
  loop->ready_end = &waiter->next_ready;
  loop->ready_count++;
}

static struct dt_waiter *first_ready(struct dt_loop *loop) {
  struct dt_waiter *waiter = loop->ready;
  loop->ready = waiter->next_ready;
  if (!loop->ready)
    loop->ready_end = &loop->ready;
  loop->ready_count--;
  return waiter;
}

/* Seldom: who is ready is not often taken back. */
static void leave_ready(struct dt_loop *loop, struct dt_waiter *waiter) {
  struct dt_waiter **link = &loop->ready;
  while (*link && *link != waiter)
    link = &(*link)->next_ready;
  if (!*link)
    return;
  *link = waiter->next_ready;
  if (!*link)
    loop->ready_end = link;
  loop->ready_count--;
}

/* --- descriptors -----------------------------------------------------------
 */

static unsigned wanted(const struct dt_watch *watch) {
  return (watch->readers ? DT_READ : 0U) | (watch->writers ? DT_WRITE : 0U);
}

/* Who waited for a descriptor waits no more. */
static void stop_watching(struct dt_loop *loop, struct dt_waiter *waiter) {
  struct dt_watch *watch = &waiter->watched->watch;
  waiter->watched = NULL;
  loop->watching--;
  dt_unlist(waiter);
  if (loop->poller && loop->type->level && watch->fd >= 0)
    loop->type->want(loop->poller, watch, watch->fd, wanted(watch));
}

static void leave_list(struct dt_loop *loop, struct dt_waiter *waiter) {
  if (waiter->watched)
    stop_watching(loop, waiter);
  else
    dt_unlist(waiter);
}

/* Edges are asked for once; levels as long as somebody waits. */
static int tell_poller(lua_State *L, struct dt_loop *loop,
                       struct dt_socket *socket, unsigned direction) {
  struct dt_watch *watch = &socket->watch;
  int error = dt_loop_open(L, loop);
  if (error != 0)
    return error;
  if (watch->generation !=
      loop->generation) { /* known to the parent's poller */
    watch->generation = loop->generation;
    watch->registered = 0;
    watch->fd = -1;
  }
  if ((watch->registered & direction) && !loop->type->level)
    return 0;
  return loop->type->want(loop->poller, watch, socket->fd,
                          wanted(watch) | watch->registered);
}

static int park_watching(lua_State *L, struct dt_loop *loop,
                         struct dt_waiter *waiter, unsigned direction) {
  struct dt_operation *operation = waiter->operation;
  struct dt_watch *watch = &operation->socket->watch;
  struct dt_waiter **list =
      direction == DT_READ ? &watch->readers : &watch->writers;
  int error;
  if (waiter->list != list) {
    if (direction == DT_WRITE && operation->kind != &dt_flush_kind &&
        operation->socket->stream)
      dt_stop_flusher(operation->socket->stream);
    if (*list && !operation->kind->shared)
      return DT_BUSY;
    leave_list(loop, waiter);
    dt_enlist(list, waiter);
    waiter->watched = operation->socket;
    loop->watching++;
  }
  if (!watch->ended)
    watch->unready |= (unsigned char)direction;
  error = tell_poller(L, loop, operation->socket, direction);
  if (error != 0)
    stop_watching(loop, waiter);
  return error;
}

/* Events of the batch in hand must not find it any more: its memory may be
   somebody else's by then. */
static void drop_events(struct dt_loop *loop, const struct dt_watch *watch) {
  for (int i = loop->event_next; i < loop->event_count; i++)
    if (loop->events[i].watch == watch)
      loop->events[i].watch = NULL;
}

static void fail_all(lua_State *L, struct dt_loop *loop,
                     struct dt_waiter **list, int error) {
  while (*list) {
    struct dt_waiter *waiter = *list;
    leave_list(loop, waiter);
    dt_interrupt(L, loop, waiter, error);
  }
}

void dt_unwatch(lua_State *L, struct dt_loop *loop, struct dt_watch *watch,
                int error) {
  fail_all(L, loop, &watch->readers, error);
  fail_all(L, loop, &watch->writers, error);
  for (struct dt_ear *ear = loop->ears; ear && watch->polled; ear = ear->next)
    dt_poke_all(loop, ear->watch->readers);
  if (watch->fd >= 0) {
    drop_events(loop, watch);
    if (loop->poller && watch->generation == loop->generation &&
        !dt_forked(&loop->fork)) /* or the parent's poller would forget it */
      loop->type->remove(loop->poller, watch);
  }
  dt_watch_init(watch);
}

/* --- parking ---------------------------------------------------------------
 */

static dt_time deadline_of(dt_time limit) {
  return limit == DT_NO_LIMIT ? DT_FOREVER : dt_deadline(limit);
}

static bool goes_on(int outcome) {
  return outcome == DT_AGAIN || outcome == DT_PROGRESS;
}

/* The socket's own limit, or that of SO_RCVTIMEO and SO_SNDTIMEO, which ends a
   call with EAGAIN; or the operation's.  Those that begin anew do so when it
   does wait. */
static void set_deadline(struct dt_waiter *waiter, int outcome) {
  const struct dt_operation *operation = waiter->operation;
  const struct dt_socket *socket = operation->socket;
  dt_time limit, kernel;
  waiter->late = DT_TIMEOUT;
  if (operation->until != 0 || !socket ||
      (operation->kind->renews && goes_on(outcome))) {
    waiter->deadline = operation->until ? operation->until : DT_FOREVER;
    return;
  }
  limit = socket->limit;
  kernel = outcome == DT_WANT_READ ? socket->receive_limit : socket->send_limit;
  if (kernel != DT_NO_LIMIT && (limit == DT_NO_LIMIT || kernel < limit)) {
    limit = kernel;
    waiter->late = EAGAIN;
  }
  waiter->deadline = deadline_of(limit);
}

/* A timer that is earlier than needed is left alone, and looked at when it is
   due: connections that set the same limit again and again never move it. */
static int set_timer(struct dt_loop *loop, struct dt_waiter *waiter) {
  struct dt_timer *timer = &waiter->timer;
  if (waiter->deadline == DT_FOREVER)
    return 0;
  if (timer->place != 0 &&
      dt_timer_when(&loop->timers, timer) <= waiter->deadline)
    return 0;
  if (timer->place == 0 && !dt_timers_reserve(&loop->timers, 1))
    return ENOMEM;
  dt_timer_set(&loop->timers, timer, waiter->deadline);
  return 0;
}

int dt_park(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
            int outcome) {
  struct dt_operation *operation = waiter->operation;
  int error = 0;
  if (waiter->state == DT_AWAKE ||
      (operation->moved && operation->kind->renews)) {
    set_deadline(waiter, outcome);
    error = set_timer(loop, waiter);
  }
  operation->moved = goes_on(outcome);
  if (operation->moved && operation->kind->sends)
    outcome = DT_WANT_WRITE; /* keeps its place */
  if (error == 0 && (outcome == DT_WANT_READ || outcome == DT_WANT_WRITE))
    error = park_watching(L, loop, waiter,
                          outcome == DT_WANT_READ ? DT_READ : DT_WRITE);
  else if (error == 0 && outcome == DT_WANT_WAKE && operation->queue &&
           waiter->list != operation->queue) {
    leave_list(loop, waiter);
    dt_enlist(operation->queue, waiter);
  }
  if (error == 0 && waiter->state == DT_AWAKE)
    waiter->state = DT_PARKED;
  return error;
}

void dt_unpark(struct dt_loop *loop, struct dt_waiter *waiter) {
  leave_list(loop, waiter);
  if (waiter->state >= DT_POKED)
    leave_ready(loop, waiter);
  waiter->state = DT_AWAKE;
}

void dt_poke(struct dt_loop *loop, struct dt_waiter *waiter) {
  if (waiter->state == DT_PARKED)
    dt_make_ready(loop, waiter, DT_POKED);
}

void dt_poke_first(struct dt_loop *loop, struct dt_waiter *list) {
  struct dt_waiter *waiter = list;
  if (!list)
    return;
  do {
    if (waiter->state == DT_PARKED) {
      dt_poke(loop, waiter);
      return;
    }
    waiter = waiter->next;
  } while (waiter != list);
}

void dt_poke_all(struct dt_loop *loop, struct dt_waiter *list) {
  struct dt_waiter *waiter = list;
  if (!list)
    return;
  do {
    dt_poke(loop, waiter);
    waiter = waiter->next;
  } while (waiter != list);
}

/* Of what many wait for there may be more than this waiter takes, or it takes
   nothing: the next one is to look. */
static void pass_on(struct dt_loop *loop, struct dt_waiter *waiter) {
  struct dt_waiter **list = waiter->list;
  leave_list(loop, waiter);
  if (list && waiter->operation->kind->shared)
    dt_poke_first(loop, *list);
}

void dt_interrupt(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
                  int error) {
  struct dt_operation *operation = waiter->operation;
  if (waiter->state != DT_PARKED && waiter->state != DT_POKED)
    return;
  if (operation->kind->resist &&
      operation->kind->resist(L, loop, operation, error))
    return;
  if (waiter->state == DT_POKED)
    pass_on(loop, waiter);
  leave_list(loop, waiter);
  operation->error = error;
  dt_make_ready(loop, waiter, DT_FAILING);
}

/* --- going on --------------------------------------------------------------
 */

static void go_on(lua_State *L, struct dt_loop *loop,
                  struct dt_waiter *waiter) {
  if (waiter->stack)
    dt_switch_to(loop, waiter);
  else
    dt_task_resume(L, loop, waiter->task);
}

/* The operation has ended, with `results` values on top of L. */
static void finish(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
                   int results) {
  struct dt_operation *operation = waiter->operation;
  loop->stepping = NULL;
  dt_unpark(loop, waiter);
  waiter->operation = NULL;
  dt_release(L, loop, operation);
  if (operation->kind != &dt_flush_kind)
    dt_send_rest(operation);
  if (!waiter->L) { /* nobody's */
    lua_pop(L, results);
    return;
  }
  waiter->results = results;
  lua_xmove(L, waiter->L, results);
  go_on(L, loop, waiter);
}

/* It has ended without results: with a failure, or, if its task is cancelled,
   with what raises. */
static void fail(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter) {
  int results = 0;
  loop->stepping = waiter;
  if (waiter->task && waiter->task->cancelled &&
      waiter->operation->error == DT_CANCELLED)
    waiter->task->raising = true;
  else
    results = dt_push_failure(L, waiter->operation);
  if (results > 0 && waiter->operation->kind->raises &&
      !dt_is_end_of(waiter->operation)) {
    lua_pop(L, results - 2); /* the message is raised */
    waiter->raise = true;
    results = 1;
  }
  finish(L, loop, waiter, results);
}

/* After a step of a parked operation.  False: it is to be tried again. */
static bool settle(lua_State *L, struct dt_loop *loop, struct dt_waiter *waiter,
                   enum dt_outcome outcome) {
  struct dt_operation *operation = waiter->operation;
  int error;
  switch (outcome) {
  case DT_DONE:
    pass_on(loop, waiter);
    finish(L, loop, waiter, operation->results);
    return true;
  case DT_AGAIN:
  case DT_PROGRESS:
    return false;
  case DT_FAILED:
    pass_on(loop, waiter);
    fail(L, loop, waiter);
    return true;
  default:
    if (waiter->state == DT_FAILING) /* closed by a finalizer meanwhile */
      return true;
    error = dt_park(L, loop, waiter, outcome);
    if (error != 0) {
      operation->error = error;
      fail(L, loop, waiter);
    }
    return true;
  }
}

/* Whether the waiter's task cannot go on any more; then it ends. */
static bool is_lost(lua_State *L, struct dt_loop *loop,
                    struct dt_waiter *waiter) {
  struct dt_operation *operation = waiter->operation;
  if (!waiter->task || waiter->stack || waiter->raise ||
      !dt_task_is_lost(waiter->task))
    return false;
  dt_unpark(loop, waiter);
  waiter->operation = NULL;
  if (operation)
    dt_release(L, loop, operation);
  dt_task_lose(L, loop, waiter->task);
  return true;
}

/* Tries the operation of a parked waiter. */
static void advance(lua_State *L, struct dt_loop *loop,
                    struct dt_waiter *waiter) {
  int top = lua_gettop(L);
  for (int i = 0; i < TRIES; i++) {
    enum dt_outcome outcome;
    loop->stepping = waiter;
    outcome = dt_step(L, waiter->operation);
    loop->stepping = NULL;
    if (settle(L, loop, waiter, outcome)) {
      lua_settop(L, top);
      return;
    }
  }
  dt_poke(loop, waiter);
}

static void serve_ready(lua_State *L, struct dt_loop *loop) {
  size_t count = loop->ready_count;
  int top = lua_gettop(L);
  while (count-- > 0 && loop->ready) {
    struct dt_waiter *waiter = first_ready(loop);
    unsigned char state = waiter->state;
    waiter->state = state == DT_POKED ? DT_PARKED : DT_AWAKE;
    if (is_lost(L, loop, waiter))
      ; /* it has ended */
    else if (state == DT_READY)
      go_on(L, loop, waiter);
    else if (state == DT_POKED)
      advance(L, loop, waiter);
    else
      fail(L, loop, waiter);
    lua_settop(L, top);
  }
}

/* --- one turn --------------------------------------------------------------
 */

/* An event: the reader goes on at once, the writer soon.  After that the watch
   may be gone. */
static void serve_event(lua_State *L, struct dt_loop *loop,
                        const struct dt_event *event) {
  struct dt_watch *watch = event->watch;
  watch->unready &= (unsigned char)~event->ready;
  if (event->ready & DT_ENDED)
    watch->ended = true;
  if (event->ready & DT_WRITE) {
    if (watch->writers)
      dt_poke_first(loop, watch->writers);
    else if (!watch->quiet && !loop->type->level)
      loop->type->want(loop->poller, watch, watch->fd, DT_READ);
  }
  if ((event->ready & DT_READ) && watch->readers) {
    struct dt_waiter *reader = watch->readers;
    if (reader->state == DT_PARKED && !is_lost(L, loop, reader))
      advance(L, loop, reader);
  }
}

static void serve_events(lua_State *L, struct dt_loop *loop) {
  while (loop->event_next < loop->event_count) {
    struct dt_event event = loop->events[loop->event_next++];
    if (event.watch)
      serve_event(L, loop, &event);
  }
}

/* A timer may be older than the wait that its waiter is in. */
static void serve_timers(lua_State *L, struct dt_loop *loop) {
  dt_time now;
  if (dt_timers_next(&loop->timers) == DT_FOREVER)
    return;
  now = dt_now();
  while (dt_timers_next(&loop->timers) <= now) {
    struct dt_waiter *waiter =
        (struct dt_waiter *)dt_timers_first(&loop->timers);
    bool waits = waiter->state == DT_PARKED || waiter->state == DT_POKED;
    if (waits && waiter->deadline > now && waiter->deadline != DT_FOREVER) {
      dt_timer_set(&loop->timers, &waiter->timer, waiter->deadline);
      continue;
    }
    dt_timer_clear(&loop->timers, &waiter->timer);
    if (!waits || waiter->deadline > now)
      continue;
    waiter->deadline = DT_FOREVER; /* once */
    if (waiter->operation->alarm)
      dt_poke(loop, waiter);
    else
      dt_interrupt(L, loop, waiter, waiter->late);
  }
}

dt_time dt_loop_due(const struct dt_loop *loop) {
  return loop->ready || loop->event_next < loop->event_count
             ? 0
             : dt_timers_next(&loop->timers);
}

static bool poller_failed(lua_State *L, int error) {
  char space[DT_REASON_MAX];
  luaL_error(L, "the poller does not work: %s", dt_error_reason(error, space));
  return false;
}

/* Asks the poller.  0 or an errno. */
static int ask_poller(struct dt_loop *loop, int milliseconds) {
  int count = loop->poller ? loop->type->wait(loop->poller, loop->events,
                                              DT_BATCH, milliseconds)
                           : dt_poll(NULL, 0, milliseconds);
  int error = count < 0 ? errno : 0;
  loop->event_next = 0;
  loop->event_count = count > 0 ? count : 0;
  return error;
}

bool dt_loop_turn(lua_State *L, struct dt_loop *loop, dt_time until) {
  int error = dt_loop_open(L, loop); /* in a child: much is ready then */
  dt_time due = dt_loop_due(loop);
  if (error != 0 && loop->watching > 0)
    return poller_failed(L, error);
  if (loop->event_next == loop->event_count) {
    if (due > until)
      due = until;
    if (due == DT_FOREVER && loop->watching == 0)
      return false;
    error = ask_poller(loop, due == 0 ? 0 : dt_poll_timeout(due));
    if (error == EINTR)
      dt_let_hook_fire(L);
    else if (error != 0 && !loop->ready) /* somebody closed its descriptor */
      return poller_failed(L, error);
  }
  loop->interrupted = error == EINTR && dt_loop_due(loop) > dt_now();
  serve_timers(L, loop);
  serve_events(L, loop);
  serve_ready(L, loop);
  return true;
}

/* The error on top is raised where the waiter waits. */
static void raise_in(lua_State *L, struct dt_loop *loop,
                     struct dt_waiter *waiter) {
  lua_xmove(L, waiter->L, 1);
  waiter->results = 1;
  waiter->raise = true;
  dt_make_ready(loop, waiter, DT_READY);
}

bool dt_loop_failed(lua_State *L, struct dt_loop *loop) {
  struct dt_waiter *waiter = loop->stepping;
  struct dt_operation *operation;
  if (loop->going) {
    waiter = &loop->going->waiter;
    loop->going = NULL;
    raise_in(L, loop, waiter);
    return true;
  }
  if (loop->ending) {
    dt_task_end_again(loop, loop->ending);
    lua_pop(L, 1);
    return true;
  }
  if (!waiter)
    return false;
  operation = waiter->operation;
  loop->stepping = NULL;
  dt_unpark(loop, waiter);
  waiter->operation = NULL;
  dt_release(L, loop, operation);
  if (!waiter->L) {
    lua_pop(L, 1);
    return true;
  }
  raise_in(L, loop, waiter);
  return true;
}

/* --- birth, death, fork ----------------------------------------------------
 */

void dt_tell_again(lua_State *L, struct dt_loop *loop,
                   struct dt_waiter *waiter) {
  int error;
  if (!waiter || !waiter->watched)
    return;
  error = tell_poller(
      L, loop, waiter->watched,
      waiter->list == &waiter->watched->watch.readers ? DT_READ : DT_WRITE);
  if (error != 0)
    dt_interrupt(L, loop, waiter, error);
}

static int open_poller(struct dt_loop *loop) {
  if (!loop->type)
    loop->type = dt_poller_type(NULL);
  loop->poller = loop->type->open();
  return loop->poller ? 0 : errno;
}

/* The parent goes on with what we have as copies: its poller is left alone. */
static void leave_parent(struct dt_loop *loop) {
  loop->type->close(loop->poller);
  loop->poller = NULL;
  loop->event_next = loop->event_count = 0;
  loop->generation++;
}

int dt_loop_reopen(lua_State *L, struct dt_loop *loop) {
  int error;
  if (loop->poller && !dt_forked(&loop->fork))
    return 0;
  if (loop->over)
    return ECANCELED;
  if (loop->poller)
    leave_parent(loop);
  dt_fork_mark(&loop->fork);
  error = open_poller(loop);
  if (error != 0 || loop->generation == 0)
    return error;
  for (struct dt_task *task = loop->tasks; task; task = task->next)
    dt_tell_again(L, loop, task->active);
  dt_standing_forked(L, loop);
  dt_flushers_forked(L, loop);
  dt_lookup_forked(L, loop);
  return 0;
}

void dt_loop_choose(lua_State *L, struct dt_loop *loop) {
  const char *name = getenv("DIALTONE_POLLER");
  if (!name || *name == '\0')
    return;
  loop->type = dt_poller_type(name);
  if (!loop->type)
    luaL_error(L, "DIALTONE_POLLER: there is no poller '%s' here (valid: %s)",
               name, dt_poller_names());
}

void dt_loop_init(struct dt_loop *loop) {
  memset(loop, 0, sizeof *loop);
  loop->ready_end = &loop->ready;
}

/* Finalizers that run later may still have tasks, and what these wait in: it
   must not lead them to C stacks that are gone. */
static void end_tasks(struct dt_loop *loop) {
  for (struct dt_task *task = loop->tasks; task; task = task->next) {
    if (task->active)
      dt_unlist(task->active);
    task->active = NULL;
    task->co = NULL;
    task->status = DT_TASK_CANCELLED;
  }
}

/* What goes on to be used: the pool, which keeps nothing any more, and pins. */
static void begin_anew(struct dt_loop *loop) {
  struct dt_pool pool = loop->pool;
  struct dt_pin pins[DT_PINS];
  int count = loop->pin_count;
  memcpy(pins, loop->pins, sizeof pins);
  dt_loop_init(loop);
  loop->pool = pool;
  memcpy(loop->pins, pins, sizeof pins);
  loop->pin_count = count;
}

void dt_loop_close(struct dt_loop *loop, bool left) {
  end_tasks(loop);
  dt_runners_free(loop);
  if (loop->poller)
    loop->type->close(loop->poller);
  dt_fork_unmark(&loop->fork);
  dt_timers_free(&loop->timers);
  dt_slots_free(&loop->slots);
  dt_pipe_close(&loop->pipe);
  dt_lookup_close(loop);
  if (left)
    dt_forget_pins(loop);
  dt_pool_free(&loop->pool);
  begin_anew(loop);
  loop->over = true;
}
