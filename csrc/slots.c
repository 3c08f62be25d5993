/*
 * slots.c - see slots.h.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "slots.h"

#define ROOM_FIRST 16

bool dt_slots_reserve(struct dt_slots *slots) {
  int room = slots->room > 0 ? 2 * slots->room : ROOM_FIRST;
  int *more;
  if (slots->free_count > 0 || slots->count < slots->room)
    return true;
  more = realloc(slots->free, (size_t)room * sizeof *more);
  if (!more)
    return false;
  slots->free = more;
  slots->room = room;
  return true;
}

int dt_slots_take(struct dt_slots *slots) {
  return slots->free_count > 0 ? slots->free[--slots->free_count]
                               : slots->count++;
}

void dt_slots_give(struct dt_slots *slots, int slot) {
  if (slot < slots->count && slot != DT_NO_SLOT)
    slots->free[slots->free_count++] = slot;
}

void dt_slots_free(struct dt_slots *slots) {
  free(slots->free);
  memset(slots, 0, sizeof *slots);
}
