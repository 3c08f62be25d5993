/*
 * stream.h - what a socket has buffered: bytes that were received and not yet
 * read, and bytes that were written and not yet sent.
 *
 * In a task, what is written is gathered.  It leaves in one system call when
 * the task next waits or ends, or when so much is gathered that a write waits
 * for it.  What the kernel does not take then is sent as soon as it does
 * (stream.c); mod_stream.c has the methods.
 */
#ifndef DT_STREAM_H
#define DT_STREAM_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>

#include "await.h"
#include "buffer.h"

#define DT_LIMIT_DEFAULT  1048576 /* of a line, in bytes */
#define DT_GATHER_DEFAULT 65536

enum dt_gathering {
  DT_GATHER_IN_TASKS, /* as long as nobody asked for anything else */
  DT_GATHER_ALWAYS,
  DT_GATHER_NEVER
};

struct dt_stream {
  struct dt_socket *socket;
  struct dt_buffer in, out;
  size_t limit;  /* of what is read up to a delimiter */
  size_t gather; /* so many bytes are gathered before a write waits */
  struct dt_stream *next_dirty;
  struct dt_flusher *flusher; /* sends when nobody waits for it; or NULL */
  int received_error;         /* what ended the incoming stream, for good */
  int sent_error; /* of what was sent behind the writer's back: told next */
  unsigned char gathering; /* enum dt_gathering */
  bool dirty;              /* in the loop's list */
};

DT_INTERNAL_BEGIN

/* Of the operations that nobody waits for. */
extern const struct dt_kind dt_flush_kind;

/* The socket's, made when there is none; raises when memory ends. */
struct dt_stream *dt_stream_of(lua_State *L, struct dt_socket *socket);

/* For the functions below. */
void dt_clear_pins(lua_State *L, struct dt_loop *loop, const char *frame);
void dt_take_pin(struct dt_loop *loop, struct dt_stream *stream);

/* Frees the streams of which only a pin is left. */
void dt_forget_pins(struct dt_loop *loop);

/* Bytes that wait to be read. */
static inline size_t dt_unread_bytes(const struct dt_socket *socket) {
  return socket->stream ? dt_buffer_length(&socket->stream->in) : 0;
}

/* Bytes that wait to be sent. */
static inline size_t dt_unsent_bytes(const struct dt_socket *socket) {
  return socket->stream ? dt_buffer_length(&socket->stream->out) : 0;
}

/* After a receive of `got` bytes when `asked` were asked for: TCP had no more,
   and the poller will tell when it has. */
static inline void dt_note_received(struct dt_socket *socket, size_t got,
                                    size_t asked) {
  if (got < asked && socket->watch.quiet && !socket->watch.ended)
    socket->watch.unready |= DT_READ;
}

/* After a receive failed: what has ended the stream is kept for the reads to
   come, since the kernel tells it once. */
void dt_note_receive_error(struct dt_stream *stream, int error);

/* Between the two, which are called by the same function, the stream is not
   freed, though its socket be closed: the collector may run any code while a
   string is made of its bytes.  When an error keeps it from being unpinned,
   that is noticed later.  To pin may raise. */
static inline void dt_stream_pin(lua_State *L, struct dt_loop *loop,
                                 struct dt_stream *stream) {
  const char *frame = __builtin_frame_address(0);
  struct dt_pin *pin;
  if (loop->pin_count > 0)
    dt_clear_pins(L, loop, frame);
  pin = &loop->pins[loop->pin_count++];
  pin->stream = stream;
  pin->frame = frame;
  pin->stack = loop->runner;
}

static inline void dt_stream_unpin(struct dt_loop *loop,
                                   struct dt_stream *stream) {
  const struct dt_pin *pin = &loop->pins[loop->pin_count - 1];
  if (pin->stream == stream && stream->socket)
    loop->pin_count--;
  else
    dt_take_pin(loop, stream);
}

/* There is something to send when the task next waits. */
void dt_mark_dirty(struct dt_loop *loop, struct dt_stream *stream);

/* Before a socket is collected: what the kernel takes of it at once. */
void dt_send_last(struct dt_socket *socket);

/* Sends what the streams of the loop have gathered, as far as it goes; not what
   `sender` sends itself, an operation that waits alone, or NULL. */
void dt_flush_dirty(lua_State *L, struct dt_loop *loop,
                    const struct dt_operation *sender);

/* For the steps of operations that send: what was written before goes first.
   DT_DONE when nothing is left of it; fails with "busy". */
enum dt_outcome dt_send_before(struct dt_operation *operation);

static inline enum dt_outcome dt_send_gathered(struct dt_operation *operation) {
  const struct dt_socket *socket = operation->socket;
  return !socket->watch.writers && dt_unsent_bytes(socket) == 0
             ? DT_DONE
             : dt_send_before(operation);
}

/* Whether somebody else's sending is under way, which must not be mixed up with
   any other. */
bool dt_is_sending(const struct dt_socket *socket,
                   const struct dt_operation *operation);

/* After an operation has ended, in whatever way: what is gathered still is sent
   when the caller next waits. */
static inline void dt_send_rest(const struct dt_operation *operation) {
  struct dt_socket *socket = operation->socket;
  if (socket && dt_unsent_bytes(socket) > 0)
    dt_mark_dirty(socket->loop, socket->stream);
}

/* Somebody else sends now: the flusher, if there is one, leaves it to him. */
void dt_stop_flusher(struct dt_stream *stream);

/* dt_tell_again for all flushers. */
void dt_flushers_forked(lua_State *L, struct dt_loop *loop);

/* Frees it, with all that is in it. */
void dt_stream_free(struct dt_socket *socket);

DT_INTERNAL_END

#endif
