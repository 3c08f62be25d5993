/*
 * slots.h - places in a table of Lua's for what comes and goes: each thing has
 * a number, and numbers that are given back are used again, so the table stays
 * small and without hashing.  To give one back needs no memory: a finalizer
 * may.
 */
#ifndef DT_SLOTS_H
#define DT_SLOTS_H

#include "config.h"

#include <stdbool.h>

#define DT_NO_SLOT (-1)

struct dt_slots {
  int *free; /* those given back; there is room for all */
  int free_count;
  int count; /* 0 to count - 1 have been taken once */
  int room;
};

DT_INTERNAL_BEGIN

/* Makes sure that one can be taken.  False: there is no memory. */
bool dt_slots_reserve(struct dt_slots *slots);

/* Takes one; it was reserved. */
int dt_slots_take(struct dt_slots *slots);

/* Whether the next one was never taken before: it is `count`. */
static inline bool dt_slots_next_is_new(const struct dt_slots *slots) {
  return slots->free_count == 0;
}

/* Gives one back; DT_NO_SLOT is none. */
void dt_slots_give(struct dt_slots *slots, int slot);

/* All at once: those that are given back after that are none either. */
void dt_slots_free(struct dt_slots *slots);

DT_INTERNAL_END

#endif
