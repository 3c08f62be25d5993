/*
 * timer.h - what is due next: a heap of times.
 *
 * A timer is embedded in what it is for.  The heap holds the time beside the
 * pointer, so that comparing touches nothing else.  Putting in what is later
 * than the rest costs a few instructions, and so does taking out what was put
 * in last; else it is the heap's logarithm.
 */
#ifndef DT_TIMER_H
#define DT_TIMER_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

struct dt_timer {
  size_t place; /* in the heap, from 1; 0: not in it */
};

struct dt_timer_entry {
  dt_time when;
  struct dt_timer *timer;
};

struct dt_timers {
  struct dt_timer_entry *entries;
  size_t count, room;
};

DT_INTERNAL_BEGIN

/* Makes room for `more` timers beside those that are in: dt_timer_set cannot
   fail then.  False: no memory. */
bool dt_timers_reserve(struct dt_timers *timers, size_t more);

/* Puts the timer in, or moves it if it is in already. */
void dt_timer_set(struct dt_timers *timers, struct dt_timer *timer,
                  dt_time when);

/* Takes it out; harmless when it is not in. */
void dt_timer_clear(struct dt_timers *timers, struct dt_timer *timer);

/* Frees the heap; timers that are still in it are forgotten. */
void dt_timers_free(struct dt_timers *timers);

/* When a timer that is in is due. */
static inline dt_time dt_timer_when(const struct dt_timers *timers,
                                    const struct dt_timer *timer) {
  return timers->entries[timer->place].when;
}

/* When the first one is due; DT_FOREVER when there is none. */
static inline dt_time dt_timers_next(const struct dt_timers *timers) {
  return timers->count ? timers->entries[1].when : DT_FOREVER;
}

/* The first one. */
static inline struct dt_timer *dt_timers_first(const struct dt_timers *timers) {
  return timers->count ? timers->entries[1].timer : NULL;
}

DT_INTERNAL_END

#endif
