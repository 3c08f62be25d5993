/*
 * stream.c - see stream.h.  Stands on buffer.h for the bytes, and on loop.h for
 * sending on when nobody waits for it.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "stream.h"
#include "sys.h"

/* An operation that nobody waits for: it sends what the kernel did not take at
   once, and is there only while there is such. */
struct dt_flusher {
  struct dt_waiter waiter;
  struct dt_operation operation;
};

struct dt_stream *dt_stream_of(lua_State *L, struct dt_socket *socket) {
  struct dt_stream *stream = socket->stream;
  if (stream)
    return stream;
  stream = calloc(1, sizeof *stream);
  if (!stream) {
    luaL_error(L, "not enough memory");
    return NULL;
  }
  stream->socket = socket;
  stream->limit = DT_LIMIT_DEFAULT;
  stream->gather = DT_GATHER_DEFAULT;
  socket->stream = stream;
  return stream;
}

void dt_mark_dirty(struct dt_loop *loop, struct dt_stream *stream) {
  if (stream->dirty)
    return;
  stream->dirty = true;
  stream->next_dirty = loop->dirty;
  loop->dirty = stream;
}

static void unmark_dirty(struct dt_loop *loop, struct dt_stream *stream) {
  struct dt_stream **link = &loop->dirty;
  if (!stream->dirty)
    return;
  while (*link != stream)
    link = &(*link)->next_dirty;
  *link = stream->next_dirty;
  stream->dirty = false;
}

/* One send(2) of what is gathered: 0, or an errno.  EAGAIN also when something
   is left. */
static int send_once(struct dt_stream *stream) {
  struct dt_buffer *out = &stream->out;
  size_t length = dt_buffer_length(out);
  ssize_t count = dt_sys.send(stream->socket->fd, dt_buffer_bytes(out), length,
                              MSG_DONTWAIT);
  if (count < 0)
    return errno;
  dt_buffer_take(out, (size_t)count, &stream->socket->loop->pool);
  return (size_t)count == length ? 0 : EAGAIN;
}

enum dt_outcome dt_send_before(struct dt_operation *operation) {
  struct dt_stream *stream = operation->socket->stream;
  int error;
  dt_stop_flusher(stream);
  error = send_once(stream);
  if (error == 0)
    return DT_DONE;
  if (error != EAGAIN && error != EINTR)
    dt_buffer_clear(&stream->out, &operation->socket->loop->pool);
  return dt_step_failed(operation, error, DT_WANT_WRITE);
}

/* --- in the background -------------------------------------------------------
 */

static enum dt_outcome flush_step(lua_State *L,
                                  struct dt_operation *operation) {
  struct dt_stream *stream = operation->socket->stream;
  int error = send_once(stream);
  (void)L;
  operation->error = error;
  if (error == EAGAIN)
    return DT_WANT_WRITE;
  if (error == EINTR)
    return DT_AGAIN;
  if (error != 0) {
    stream->sent_error = error;
    dt_buffer_clear(&stream->out, &operation->socket->loop->pool);
  }
  operation->results = 0;
  return DT_DONE;
}

/* The socket is being closed, and frees it itself. */
static bool flush_resist(lua_State *L, struct dt_operation *operation,
                         int error) {
  (void)L, (void)operation, (void)error;
  return true;
}

static const struct dt_kind flush_kind = {.name = "flush",
                                          .step = flush_step,
                                          .resist = flush_resist,
                                          .size = sizeof(struct dt_operation)};

/* 0 or an errno. */
static int start_flusher(lua_State *L, struct dt_loop *loop,
                         struct dt_stream *stream) {
  struct dt_flusher *flusher = stream->flusher;
  int error;
  if (stream->socket->watch.writers) /* somebody is at it */
    return 0;
  if (!flusher) {
    flusher = stream->flusher = calloc(1, sizeof *flusher);
    if (!flusher)
      return ENOMEM;
    flusher->operation.kind = &flush_kind;
    flusher->operation.socket = stream->socket;
    flusher->operation.until = DT_FOREVER;
    flusher->waiter.operation = &flusher->operation;
  }
  flusher->waiter.operation = &flusher->operation;
  error = dt_park(L, loop, &flusher->waiter, DT_WANT_WRITE);
  if (error != 0)
    dt_unpark(loop, &flusher->waiter);
  return error;
}

void dt_stop_flusher(struct dt_stream *stream) {
  if (stream->flusher)
    dt_unpark(stream->socket->loop, &stream->flusher->waiter);
}

static void flush(lua_State *L, struct dt_loop *loop,
                  struct dt_stream *stream) {
  int error = 0;
  if (dt_buffer_length(&stream->out) == 0)
    return;
  if (stream->flusher && stream->flusher->waiter.state != DT_AWAKE)
    return; /* there is no room, and it will be told */
  do
    error = send_once(stream);
  while (error == EINTR);
  if (error == EAGAIN)
    error = start_flusher(L, loop, stream);
  if (error != 0) {
    stream->sent_error = error;
    dt_buffer_clear(&stream->out, &loop->pool);
  }
}

void dt_flush_dirty(lua_State *L, struct dt_loop *loop) {
  while (loop->dirty) {
    struct dt_stream *stream = loop->dirty;
    loop->dirty = stream->next_dirty;
    stream->dirty = false;
    flush(L, loop, stream);
  }
}

/* --- the end -----------------------------------------------------------------
 */

static void free_stream(struct dt_loop *loop, struct dt_stream *stream) {
  dt_buffer_clear(&stream->in, &loop->pool);
  dt_buffer_clear(&stream->out, &loop->pool);
  free(stream->flusher);
  free(stream);
}

void dt_streams_end(struct dt_loop *loop) {
  if (loop->zombie)
    free_stream(loop, loop->zombie);
  loop->zombie = loop->pinned = NULL;
}

void dt_stream_free(struct dt_socket *socket) {
  struct dt_stream *stream = socket->stream;
  struct dt_loop *loop = socket->loop;
  if (!stream)
    return;
  socket->stream = NULL;
  unmark_dirty(loop, stream);
  if (stream->flusher) {
    dt_unpark(loop, &stream->flusher->waiter);
    dt_timer_clear(&loop->timers, &stream->flusher->waiter.timer);
  }
  if (loop->pinned != stream) {
    free_stream(loop, stream);
    return;
  }
  loop->pinned = NULL;
  loop->zombie = stream;
}
