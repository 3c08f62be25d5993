/*
 * buffer.c - bytes on their way: see buffer.h.
 *
 * Stands on malloc alone.  A block has DT_BLOCK bytes or that doubled a few
 * times.  Bytes are copied only when at least as many were taken, added or put
 * back since the last copy, so each byte costs a constant time on average,
 * however it comes and goes.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

#define POOL_MAX 64 /* blocks that a pool keeps */

/* --- blocks -------------------------------------------------------------- */

/* A free block begins with the address of the next. */
static char *take_block(struct dt_pool *pool, size_t size) {
  char *block;
  if (size != DT_BLOCK || !pool || !pool->free)
    return malloc(size);
  block = pool->free;
  memcpy(&pool->free, block, sizeof pool->free);
  pool->count--;
  return block;
}

static void give_block(struct dt_pool *pool, char *block, size_t size) {
  if (!block)
    return;
  if (size != DT_BLOCK || !pool || pool->count >= POOL_MAX) {
    free(block);
    return;
  }
  memcpy(block, &pool->free, sizeof pool->free);
  pool->free = block;
  pool->count++;
}

void dt_pool_free(struct dt_pool *pool) {
  while (pool->free) {
    char *block = pool->free;
    memcpy(&pool->free, block, sizeof pool->free);
    free(block);
  }
  pool->count = POOL_MAX;
}

/* The smallest block, `size` or twice that and so on, that holds `need`; 0:
   none does. */
static size_t block_size(size_t size, size_t need) {
  while (size < need) {
    if (size > SIZE_MAX / 2)
      return 0;
    size *= 2;
  }
  return size;
}

/* Into another block, with `front` bytes free before what it holds. */
static bool move_to_block(struct dt_buffer *buffer, size_t size, size_t front,
                          struct dt_pool *pool) {
  size_t length = dt_buffer_length(buffer);
  char *block = take_block(pool, size);
  if (!block)
    return false;
  if (length > 0)
    memcpy(block + front, dt_buffer_bytes(buffer), length);
  give_block(pool, buffer->data, buffer->size);
  buffer->data = block;
  buffer->size = size;
  buffer->begin = front;
  buffer->end = front + length;
  return true;
}

static void move_within_block(struct dt_buffer *buffer, size_t front) {
  size_t length = dt_buffer_length(buffer);
  memmove(buffer->data + front, buffer->data + buffer->begin, length);
  buffer->begin = front;
  buffer->end = front + length;
}

/* --- bytes in ------------------------------------------------------------ */

/* Makes room behind: in front there is what was taken, and when that is as
   much as what is left, moving is paid for. */
static bool make_room(struct dt_buffer *buffer, size_t size,
                      struct dt_pool *pool) {
  size_t length = dt_buffer_length(buffer);
  size_t larger;
  if (size > SIZE_MAX - length) {
    errno = ENOMEM;
    return false;
  }
  if (buffer->data && length <= buffer->begin &&
      length + size <= buffer->size) {
    move_within_block(buffer, 0);
    return true;
  }
  larger = buffer->data ? block_size(buffer->size, buffer->size + 1) : DT_BLOCK;
  if (larger > 0)
    larger = block_size(larger, length + size);
  if (larger == 0) {
    errno = ENOMEM;
    return false;
  }
  return move_to_block(buffer, larger, 0, pool);
}

char *dt_buffer_room(struct dt_buffer *buffer, size_t size,
                     struct dt_pool *pool) {
  if (!buffer->data || dt_buffer_spare(buffer) < size)
    if (!make_room(buffer, size, pool))
      return NULL;
  return buffer->data + buffer->end;
}

bool dt_buffer_add(struct dt_buffer *buffer, const char *bytes, size_t size,
                   struct dt_pool *pool) {
  char *room;
  if (size == 0)
    return true;
  room = dt_buffer_room(buffer, size, pool);
  if (!room)
    return false;
  memcpy(room, bytes, size);
  dt_buffer_filled(buffer, size);
  return true;
}

/* Makes room in front: at least as much will be free as is held, half of it on
   either side, so that as many bytes pay for the next move as this one took. */
static bool make_front(struct dt_buffer *buffer, size_t size,
                       struct dt_pool *pool) {
  size_t length = dt_buffer_length(buffer);
  size_t need, block, front;
  if (size > SIZE_MAX / 2 - length) {
    errno = ENOMEM;
    return false;
  }
  need = length + size;
  block = block_size(buffer->size, 2 * need);
  if (block == 0) {
    errno = ENOMEM;
    return false;
  }
  front = size + (block - need) / 2;
  if (block != buffer->size)
    return move_to_block(buffer, block, front, pool);
  move_within_block(buffer, front);
  return true;
}

bool dt_buffer_unread(struct dt_buffer *buffer, const char *bytes, size_t size,
                      struct dt_pool *pool) {
  if (size == 0)
    return true;
  if (dt_buffer_length(buffer) == 0) {
    buffer->begin = buffer->end = buffer->scanned = 0;
    return dt_buffer_add(buffer, bytes, size, pool);
  }
  if (buffer->begin < size && !make_front(buffer, size, pool))
    return false;
  buffer->begin -= size;
  buffer->scanned = 0;
  memcpy(buffer->data + buffer->begin, bytes, size);
  return true;
}

/* --- bytes out ----------------------------------------------------------- */

void dt_buffer_take(struct dt_buffer *buffer, size_t size,
                    struct dt_pool *pool) {
  if (size >= dt_buffer_length(buffer)) {
    dt_buffer_clear(buffer, pool);
    return;
  }
  buffer->begin += size;
  buffer->scanned = buffer->scanned > size ? buffer->scanned - size : 0;
}

void dt_buffer_clear(struct dt_buffer *buffer, struct dt_pool *pool) {
  give_block(pool, buffer->data, buffer->size);
  memset(buffer, 0, sizeof *buffer);
}

/* --- search -------------------------------------------------------------- */

/* Where in bytes[from] .. bytes[length - 1] the delimiter begins. */
static size_t find_from(const char *bytes, size_t from, size_t length,
                        const char *delimiter, size_t size) {
  while (length - from >= size) {
    const char *first =
        memchr(bytes + from, delimiter[0], length - from - size + 1);
    if (!first)
      break;
    if (memcmp(first, delimiter, size) == 0)
      return (size_t)(first - bytes);
    from = (size_t)(first - bytes) + 1;
  }
  return DT_NOT_FOUND;
}

/* Only a place with `size` bytes behind it has been looked at, so a delimiter
   that comes in pieces is found whichever way it overlaps itself. */
size_t dt_buffer_find(struct dt_buffer *buffer, const char *delimiter,
                      size_t size) {
  size_t length = dt_buffer_length(buffer);
  size_t found;
  if (length - buffer->scanned < size)
    return DT_NOT_FOUND;
  found = find_from(dt_buffer_bytes(buffer), buffer->scanned, length, delimiter,
                    size);
  buffer->scanned = found != DT_NOT_FOUND ? found : length - size + 1;
  return found;
}
