/*
 * collect.c - see collect.h.  It also puts an allocator before the state's own:
 * memory that is freed is overwritten, and what grows or shrinks moves.  A
 * pointer to it that somebody has kept is seen at its next use.
 */
#include "collect.h"

#undef lua_pushlightuserdata

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FREED      0x5a
#define OFTEN      20 /* at its first calls; and so often in each doubling */
#define REGISTERED ((void *)&key)

static const char key; /* its address is one of the registry's */

/* States are used in threads. */
static _Thread_local bool collecting;
static _Thread_local unsigned seed = 1;

struct allocator {
  lua_Alloc function;
  void *data;
};

static void *allocate(void *data, void *block, size_t before, size_t size) {
  const struct allocator *next = data;
  void *moved;
  if (!block)
    return next->function(next->data, NULL, before, size);
  if (size == 0) {
    memset(block, FREED, before);
    return next->function(next->data, block, before, 0);
  }
  moved = next->function(next->data, NULL, 0, size);
  if (!moved) /* to shrink must never fail */
    return next->function(next->data, block, before, size);
  memcpy(moved, block, before < size ? before : size);
  memset(block, FREED, before);
  next->function(next->data, block, before, 0);
  return moved;
}

static void begin(lua_State *L) {
  struct allocator *next;
  bool begun;
  lua_pushlightuserdata(L, REGISTERED);
  lua_rawget(L, LUA_REGISTRYINDEX);
  begun = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (begun)
    return;
  next = malloc(sizeof *next); /* as long as the state, which does not tell */
  if (!next)
    return;
  next->function = lua_getallocf(L, &next->data);
  lua_setallocf(L, allocate, next);
  lua_pushlightuserdata(L, REGISTERED);
  lua_pushboolean(L, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* What a finalizer calls collects nothing more. */
void dt_collect_at(lua_State *L, dt_collect_place *place) {
  unsigned passed = (*place)++;
  seed = seed * 1664525u + 1013904223u;
  if (collecting || (passed >= OFTEN && (seed >> 8) % passed >= OFTEN))
    return;
  collecting = true;
  if (lua_checkstack(L, 4))
    begin(L);
  lua_gc(L, LUA_GCCOLLECT, 0);
  collecting = false;
}
