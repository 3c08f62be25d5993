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

/* The socket's, made when there is none; raises when memory ends. */
struct dt_stream *dt_stream_of(lua_State *L, struct dt_socket *socket);

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

/* Frees what was closed while it was pinned. */
void dt_streams_end(struct dt_loop *loop);

/* Until the next call the stream is not freed, though its socket be closed:
   the collector may run any code while a string is made of its bytes.  Tasks do
   not go on before dt_stream_unpin (dt_may_stand). */
static inline void dt_stream_pin(struct dt_stream *stream) {
  struct dt_loop *loop = stream->socket->loop;
  if (loop->zombie)
    dt_streams_end(loop);
  loop->pinned = stream;
}

static inline void dt_stream_unpin(const struct dt_socket *socket) {
  socket->loop->pinned = NULL;
}

/* There is something to send when the task next waits. */
void dt_mark_dirty(struct dt_loop *loop, struct dt_stream *stream);

/* Sends what the streams of the loop have gathered, as far as it goes. */
void dt_flush_dirty(lua_State *L, struct dt_loop *loop);

/* For the steps of operations that send: what was written before goes first.
   DT_DONE when nothing is left of it. */
enum dt_outcome dt_send_before(struct dt_operation *operation);

static inline enum dt_outcome dt_send_gathered(struct dt_operation *operation) {
  return dt_unsent_bytes(operation->socket) == 0 ? DT_DONE
                                                 : dt_send_before(operation);
}

/* Somebody else sends now: the flusher, if there is one, leaves it to him. */
void dt_stop_flusher(struct dt_stream *stream);

/* Frees it, with all that is in it. */
void dt_stream_free(struct dt_socket *socket);

DT_INTERNAL_END

#endif
