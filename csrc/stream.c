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
  struct dt_flusher *next, **link; /* in the loop's list */
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

/* The flusher makes way. */
bool dt_is_sending(const struct dt_socket *socket,
                   const struct dt_operation *operation) {
  const struct dt_waiter *writer = socket->watch.writers;
  return writer && writer->operation != operation &&
         writer->operation->kind->sends;
}

void dt_send_last(struct dt_socket *socket) {
  if (socket->fd >= 0 && dt_unsent_bytes(socket) > 0 &&
      !dt_is_sending(socket, NULL))
    send_once(socket->stream);
}

enum dt_outcome dt_send_before(struct dt_operation *operation) {
  struct dt_stream *stream = operation->socket->stream;
  size_t unsent;
  int error;
  if (dt_is_sending(operation->socket, operation)) {
    operation->error = DT_BUSY;
    return DT_FAILED;
  }
  if (dt_unsent_bytes(operation->socket) == 0)
    return DT_DONE;
  dt_stop_flusher(stream);
  unsent = dt_buffer_length(&stream->out);
  error = send_once(stream);
  operation->moved |= dt_buffer_length(&stream->out) < unsent;
  if (error == 0)
    return DT_DONE;
  if (error != EAGAIN && error != EINTR)
    dt_buffer_clear(&stream->out, &operation->socket->loop->pool);
  return dt_step_failed(operation, error, DT_WANT_WRITE);
}

void dt_note_receive_error(struct dt_stream *stream, int error) {
  static const int final[] = {ECONNRESET, ETIMEDOUT,    ECONNABORTED,
                              EPIPE,      EHOSTUNREACH, ENETUNREACH};
  for (size_t i = 0; i < sizeof final / sizeof final[0]; i++)
    if (final[i] == error)
      stream->received_error = error;
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
static bool flush_resist(lua_State *L, struct dt_loop *loop,
                         struct dt_operation *operation, int error) {
  (void)L, (void)loop, (void)operation, (void)error;
  return true;
}

const struct dt_kind dt_flush_kind = {.name = "flush",
                                      .step = flush_step,
                                      .resist = flush_resist,
                                      .size = sizeof(struct dt_operation)};

static struct dt_flusher *new_flusher(struct dt_loop *loop,
                                      struct dt_socket *socket) {
  struct dt_flusher *flusher = calloc(1, sizeof *flusher);
  if (!flusher)
    return NULL;
  flusher->operation.kind = &dt_flush_kind;
  flusher->operation.socket = socket;
  flusher->operation.until = DT_FOREVER;
  flusher->next = loop->flushers;
  flusher->link = &loop->flushers;
  if (flusher->next)
    flusher->next->link = &flusher->next;
  loop->flushers = flusher;
  return flusher;
}

static void free_flusher(struct dt_loop *loop, struct dt_flusher *flusher) {
  dt_unpark(loop, &flusher->waiter);
  dt_timer_clear(&loop->timers, &flusher->waiter.timer);
  *flusher->link = flusher->next;
  if (flusher->next)
    flusher->next->link = flusher->link;
  free(flusher);
}

/* 0 or an errno. */
static int start_flusher(lua_State *L, struct dt_loop *loop,
                         struct dt_stream *stream) {
  struct dt_flusher *flusher = stream->flusher;
  int error;
  if (stream->socket->watch.writers) /* somebody is at it */
    return 0;
  if (!flusher) {
    flusher = stream->flusher = new_flusher(loop, stream->socket);
    if (!flusher)
      return ENOMEM;
  }
  flusher->waiter.operation = &flusher->operation;
  error = dt_park(L, loop, &flusher->waiter, DT_WANT_WRITE);
  if (error != 0)
    dt_unpark(loop, &flusher->waiter);
  return error;
}

void dt_flushers_forked(lua_State *L, struct dt_loop *loop) {
  struct dt_flusher *flusher;
  for (flusher = loop->flushers; flusher; flusher = flusher->next)
    dt_tell_again(L, loop, &flusher->waiter);
}

void dt_stop_flusher(struct dt_stream *stream) {
  if (stream->flusher)
    dt_unpark(stream->socket->loop, &stream->flusher->waiter);
}

static void flush(lua_State *L, struct dt_loop *loop,
                  struct dt_stream *stream) {
  int error = 0;
  if (dt_buffer_length(&stream->out) == 0 ||
      dt_is_sending(stream->socket, NULL)) /* it is sent with that */
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

void dt_flush_dirty(lua_State *L, struct dt_loop *loop,
                    const struct dt_operation *sender) {
  if (sender && sender->kind->sends && sender->socket->stream)
    unmark_dirty(loop, sender->socket->stream);
  while (loop->dirty) {
    struct dt_stream *stream = loop->dirty;
    loop->dirty = stream->next_dirty;
    stream->dirty = false;
    flush(L, loop, stream);
  }
}

/* --- the end -----------------------------------------------------------------
 */

static void end_stream(struct dt_stream *stream) {
  dt_buffer_clear(&stream->in, NULL);
  dt_buffer_clear(&stream->out, NULL);
  free(stream);
}

static bool is_pinned(const struct dt_loop *loop,
                      const struct dt_stream *stream) {
  for (int i = 0; i < loop->pin_count; i++)
    if (loop->pins[i].stream == stream)
      return true;
  return false;
}

/* The last pin of a stream whose socket is closed takes it along. */
static void remove_pin(struct dt_loop *loop, int index) {
  struct dt_stream *stream = loop->pins[index].stream;
  loop->pin_count--;
  memmove(&loop->pins[index], &loop->pins[index + 1],
          (size_t)(loop->pin_count - index) * sizeof loop->pins[0]);
  if (!stream->socket && !is_pinned(loop, stream))
    end_stream(stream);
}

void dt_take_pin(struct dt_loop *loop, struct dt_stream *stream) {
  int index = loop->pin_count - 1;
  while (index > 0 && loop->pins[index].stream != stream)
    index--;
  remove_pin(loop, index);
}

/* An error has left the frame of whoever set a pin and is not above us. */
void dt_clear_pins(lua_State *L, struct dt_loop *loop, const char *frame) {
  for (int i = loop->pin_count - 1; i >= 0; i--)
    if (loop->pins[i].stack == loop->runner && loop->pins[i].frame <= frame)
      remove_pin(loop, i);
  if (loop->pin_count == DT_PINS)
    luaL_error(L, "finalizers read within finalizers, too many of them");
}

void dt_forget_pins(struct dt_loop *loop) {
  while (loop->pin_count > 0)
    remove_pin(loop, loop->pin_count - 1);
}

void dt_stream_free(struct dt_socket *socket) {
  struct dt_stream *stream = socket->stream;
  struct dt_loop *loop = socket->loop;
  if (!stream)
    return;
  socket->stream = NULL;
  unmark_dirty(loop, stream);
  if (stream->flusher)
    free_flusher(loop, stream->flusher);
  stream->flusher = NULL;
  stream->socket = NULL;
  dt_buffer_clear(&stream->out, &loop->pool);
  if (!is_pinned(loop, stream))
    end_stream(stream);
}
