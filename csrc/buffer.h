/*
 * buffer.h - bytes on their way: put in behind, taken out in front.
 *
 * A buffer that holds nothing has no memory.  Blocks are kept in a pool and
 * lent, so that ten thousand connections that wait cost nothing, and one that
 * works costs no call of malloc.
 */
#ifndef DT_BUFFER_H
#define DT_BUFFER_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#define DT_BLOCK 8192 /* the smallest block; the pool keeps blocks of this */

/* Blocks for buffers to come. */
struct dt_pool {
  void *free; /* a list */
  unsigned count;
};

struct dt_buffer {
  char *data;
  size_t begin, end; /* what it holds: data[begin] .. data[end - 1] */
  size_t size;
  size_t scanned;      /* from `begin`: where no delimiter begins, as the last
                          search found */
  const void *scanner; /* whose search that was (search.c) */
};

#define DT_NOT_FOUND ((size_t)-1)

DT_INTERNAL_BEGIN

static inline size_t dt_buffer_length(const struct dt_buffer *buffer) {
  return buffer->end - buffer->begin;
}

/* Never NULL, as C forbids even to add 0 to it, or to copy 0 bytes from it. */
static inline const char *dt_buffer_bytes(const struct dt_buffer *buffer) {
  return buffer->data ? buffer->data + buffer->begin : "";
}

/* In all calls `pool` may be NULL: blocks come from malloc then.  A buffer of
   zeros is empty. */

/* Room for `size` more bytes behind those that are there; NULL: no memory (all
   is as before).  What was written there is added by dt_buffer_filled; if that
   was nothing after all, dt_buffer_take of 0 gives an empty one's block
   back. */
char *dt_buffer_room(struct dt_buffer *buffer, size_t size,
                     struct dt_pool *pool);

/* How many bytes there is room for without moving anything. */
static inline size_t dt_buffer_spare(const struct dt_buffer *buffer) {
  return buffer->size - buffer->end;
}

static inline void dt_buffer_filled(struct dt_buffer *buffer, size_t size) {
  buffer->end += size;
}

/* Adds bytes behind; false: no memory. */
bool dt_buffer_add(struct dt_buffer *buffer, const char *bytes, size_t size,
                   struct dt_pool *pool);

/* Puts bytes back in front; false: no memory. */
bool dt_buffer_unread(struct dt_buffer *buffer, const char *bytes, size_t size,
                      struct dt_pool *pool);

/* Takes `size` bytes away in front (at most what is there); when nothing is
   left the block goes back. */
void dt_buffer_take(struct dt_buffer *buffer, size_t size,
                    struct dt_pool *pool);

/* Forgets all, and gives the block back. */
void dt_buffer_clear(struct dt_buffer *buffer, struct dt_pool *pool);

/* Where (from `begin`) the delimiter begins, or DT_NOT_FOUND; searches only
   what the last call had not seen.  Whoever changes the delimiter sets
   `scanned` to 0 first.  `size` >= 1. */
size_t dt_buffer_find(struct dt_buffer *buffer, const char *delimiter,
                      size_t size);

/* Frees the blocks of a pool, which keeps none from now on. */
void dt_pool_free(struct dt_pool *pool);

DT_INTERNAL_END

#endif
