/*
 * timer.c - see timer.h.  Stands on malloc(3) alone.
 *
 * Each entry has up to four below it, which are later: half as many levels as
 * with two, and those four lie side by side.  Place 1 is the top; below place
 * p are 4p - 2 to 4p + 1.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "timer.h"

#define BELOW      4
#define FIRST_ROOM 16

static size_t above(size_t place) {
  return (place + 2) / BELOW;
}

static size_t first_below(size_t place) {
  return place * BELOW - 2;
}

static void put(struct dt_timers *timers, size_t place,
                struct dt_timer_entry entry) {
  timers->entries[place] = entry;
  entry.timer->place = place;
}

/* `place` is free, and so may be those above it in turn: each that is later
   than `entry` comes down. */
static void rise(struct dt_timers *timers, size_t place,
                 struct dt_timer_entry entry) {
  const struct dt_timer_entry *entries = timers->entries;
  while (place > 1 && entries[above(place)].when > entry.when) {
    put(timers, place, entries[above(place)]);
    place = above(place);
  }
  put(timers, place, entry);
}

/* The earliest of those below `place`; 0: there are none. */
static size_t earliest_below(const struct dt_timers *timers, size_t place) {
  const struct dt_timer_entry *entries = timers->entries;
  size_t best = first_below(place), last = best + BELOW - 1;
  if (best > timers->count)
    return 0;
  if (last > timers->count)
    last = timers->count;
  for (size_t i = best + 1; i <= last; i++)
    if (entries[i].when < entries[best].when)
      best = i;
  return best;
}

/* The other way: the earliest below goes up, while it is before `entry`. */
static void sink(struct dt_timers *timers, size_t place,
                 struct dt_timer_entry entry) {
  size_t next;
  while ((next = earliest_below(timers, place)) != 0 &&
         timers->entries[next].when < entry.when) {
    put(timers, place, timers->entries[next]);
    place = next;
  }
  put(timers, place, entry);
}

/* Puts the entry in at `place`, which is free, or where it belongs. */
static void settle(struct dt_timers *timers, size_t place,
                   struct dt_timer_entry entry) {
  if (place > 1 && timers->entries[above(place)].when > entry.when)
    rise(timers, place, entry);
  else
    sink(timers, place, entry);
}

bool dt_timers_reserve(struct dt_timers *timers, size_t more) {
  const size_t most = SIZE_MAX / sizeof *timers->entries / 2;
  size_t room = timers->room ? timers->room : FIRST_ROOM;
  struct dt_timer_entry *entries;
  if (timers->room - timers->count >= more)
    return true;
  if (more > most - timers->count)
    return false;
  while (room < timers->count + more)
    room *= 2;
  entries = realloc(timers->entries, (room + 1) * sizeof *entries);
  if (!entries)
    return false;
  timers->entries = entries;
  timers->room = room;
  return true;
}

void dt_timer_set(struct dt_timers *timers, struct dt_timer *timer,
                  dt_time when) {
  struct dt_timer_entry entry = {when, timer};
  if (timer->place != 0) {
    settle(timers, timer->place, entry);
    return;
  }
  assert(timers->count < timers->room); /* dt_timers_reserve */
  rise(timers, ++timers->count, entry);
}

void dt_timer_clear(struct dt_timers *timers, struct dt_timer *timer) {
  size_t place = timer->place;
  timer->place = 0;
  if (place == 0 || place > timers->count) /* more: dt_timers_free was called */
    return;
  if (place < timers->count--)
    settle(timers, place, timers->entries[timers->count + 1]);
}

void dt_timers_free(struct dt_timers *timers) {
  free(timers->entries);
  timers->entries = NULL;
  timers->count = timers->room = 0;
}
