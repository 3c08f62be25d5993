/*
 * mod_copy.c - from one socket to another, without a detour through Lua.
 *
 * What was received and not yet sent lies where it would be read next: in the
 * receiver's buffer (stream.h).  So whatever ends a copy, nothing is lost.
 *
 * Small pieces are received there and sent from there.  Large ones go through a
 * pipe inside the kernel (pipe.h), where splice(2) will do that, and what the
 * other side does not take at once comes into the buffer after all: no wait
 * begins with anything in the pipe.
 */
#include "config.h"

#include <errno.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "pipe.h"
#include "stream.h"
#include "sys.h"

#define PIECE 65536 /* what a pipe holds; sixteen make a turn (loop.c) */
#define LARGE 8192  /* less than that is copied twice sooner than spliced */
#define ALL   9007199254740992.0

struct copying {
  struct dt_operation operation; /* its socket is the one that it waits for */
  struct dt_socket *from, *to;
  lua_Number left;   /* bytes still to move */
  lua_Number copied; /* bytes that `to` has taken */
  bool large;        /* the last piece was */
  bool by_hand;      /* splice(2) is not for this pair */
  bool joined;       /* it uses the pipe */
};

static size_t wanted(const struct copying *copying, size_t most) {
  return copying->left < (lua_Number)most ? (size_t)copying->left : most;
}

static void account(struct copying *copying, size_t count) {
  copying->left -= (lua_Number)count;
  copying->copied += (lua_Number)count;
  copying->operation.moved = true;
}

/* What follows concerns this one, and its limit: one of 0 waits for nothing. */
static enum dt_outcome conclude(struct copying *copying,
                                struct dt_socket *socket,
                                enum dt_outcome outcome) {
  struct dt_operation *operation = &copying->operation;
  operation->socket = socket;
  if ((outcome != DT_WANT_READ && outcome != DT_WANT_WRITE) ||
      socket->limit != 0)
    return outcome;
  operation->error = EAGAIN;
  return DT_FAILED;
}

static enum dt_outcome fail(struct copying *copying, struct dt_socket *socket,
                            int error) {
  copying->operation.error = error;
  return conclude(copying, socket, DT_FAILED);
}

/* A system call on the socket has failed. */
static enum dt_outcome failed(struct copying *copying, struct dt_socket *socket,
                              int error, enum dt_outcome want) {
  return conclude(copying, socket,
                  dt_step_failed(&copying->operation, error, want));
}

/* --- receiving ---------------------------------------------------------------
 */

static enum dt_outcome failed_to_receive(struct copying *copying, int error) {
  dt_note_receive_error(copying->from->stream, error);
  return failed(copying, copying->from, error, DT_WANT_READ);
}

/* The end of the stream goes on to the other side. */
static enum dt_outcome end(lua_State *L, struct copying *copying, bool onward) {
  if (onward && dt_sys.shutdown(copying->to->fd, SHUT_WR) != 0)
    return fail(copying, copying->to, errno);
  lua_pushinteger(L, (lua_Integer)copying->copied);
  copying->operation.results = 1;
  return DT_DONE;
}

/* Into the buffer, in which there is nothing. */
static enum dt_outcome receive(lua_State *L, struct copying *copying) {
  struct dt_socket *from = copying->from;
  struct dt_buffer *in = &from->stream->in;
  size_t size = wanted(copying, PIECE);
  char *room = dt_buffer_room(in, size, &from->loop->pool);
  ssize_t got;
  int error;
  if (!room)
    return fail(copying, from, ENOMEM);
  got = dt_sys.recv(from->fd, room, size, MSG_DONTWAIT);
  error = errno;
  if (got > 0) {
    dt_buffer_filled(in, (size_t)got);
    dt_note_received(from, (size_t)got, size);
    copying->operation.moved = true;
    copying->large = got >= LARGE;
    return DT_PROGRESS;
  }
  dt_buffer_clear(in, &from->loop->pool);
  return got == 0 ? end(L, copying, true) : failed_to_receive(copying, error);
}

/* --- through the pipe --------------------------------------------------------
 */

/* Whether the next piece is to go that way. */
static bool may_splice(struct copying *copying) {
  struct dt_pipe *pipe = &copying->from->loop->pipe;
  if (!copying->large || copying->by_hand)
    return false;
  if (!copying->joined) { /* it knows no MSG_DONTWAIT */
    copying->by_hand = copying->from->shared || copying->to->shared ||
                       dt_stop_patience(copying->from) != 0 ||
                       dt_stop_patience(copying->to) != 0;
    if (copying->by_hand)
      return false;
    dt_pipe_join(pipe);
    copying->joined = true;
  }
  copying->by_hand = !dt_pipe_open(pipe);
  return !copying->by_hand;
}

/* Takes what is in the pipe into the buffer, in which there is nothing.  0, or
   an errno (there is no memory for it): then the stream has a hole, and no read
   goes on behind. */
static int keep(struct copying *copying, size_t size) {
  struct dt_loop *loop = copying->from->loop;
  struct dt_stream *stream = copying->from->stream;
  char *room = dt_buffer_room(&stream->in, size, &loop->pool);
  int error = room ? 0 : ENOMEM;
  while (error == 0 && size > 0) {
    ssize_t got = dt_sys.read(loop->pipe.ends[0], room, size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      error = got < 0 ? errno : EPIPE;
      break;
    }
    dt_buffer_filled(&stream->in, (size_t)got);
    room += got;
    size -= (size_t)got;
  }
  if (error == 0)
    return 0;
  stream->received_error = error;
  dt_pipe_close(&loop->pipe);
  return error;
}

static bool is_refusal(int error) {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

/* From the pipe to the other side, `size` bytes. */
static enum dt_outcome send_spliced(struct copying *copying, size_t size) {
  struct dt_socket *to = copying->to;
  int out = copying->from->loop->pipe.ends[0], error, lost;
  while (size > 0) {
    ssize_t count = dt_sys.splice(out, to->fd, size, true);
    error = count == 0 ? EINVAL : errno;
    if (count <= 0)
      break;
    account(copying, (size_t)count);
    size -= (size_t)count;
  }
  if (size == 0)
    return DT_PROGRESS;
  lost = keep(copying, size);
  if (lost != 0)
    return fail(copying, copying->from, lost);
  copying->by_hand = is_refusal(error);
  return copying->by_hand ? DT_PROGRESS
                          : failed(copying, to, error, DT_WANT_WRITE);
}

/* Where splice finds nothing, or an end, it may have come upon a byte
   that is urgent: recv goes on behind it. */
static enum dt_outcome splice_piece(lua_State *L, struct copying *copying) {
  struct dt_socket *from = copying->from;
  ssize_t got = dt_sys.splice(from->fd, from->loop->pipe.ends[1],
                              wanted(copying, PIECE), false);
  int error = got == 0 ? EAGAIN : errno;
  if (got > 0) {
    copying->large = got >= LARGE;
    copying->operation.moved = true;
    return send_spliced(copying, (size_t)got);
  }
  copying->by_hand = is_refusal(error);
  return copying->by_hand || error == EAGAIN
             ? receive(L, copying)
             : failed_to_receive(copying, error);
}

/* --- one step ----------------------------------------------------------------
 */

/* What must be before anything can be copied. */
static enum dt_outcome prepare(struct copying *copying) {
  struct dt_operation *operation = &copying->operation;
  struct dt_socket *from = copying->from, *to = copying->to;
  enum dt_outcome outcome;
  if (from->fd < 0 || to->fd < 0)
    return fail(copying, from->fd < 0 ? from : to, DT_CLOSED);
  if (to->stream && to->stream->sent_error != 0) {
    operation->error = to->stream->sent_error;
    to->stream->sent_error = 0;
    return conclude(copying, to, DT_FAILED);
  }
  operation->socket = to;
  outcome = dt_send_gathered(operation);
  return conclude(copying, to, outcome);
}

static enum dt_outcome send_buffered(struct copying *copying) {
  struct dt_socket *from = copying->from, *to = copying->to;
  struct dt_buffer *in = &from->stream->in;
  ssize_t count =
      dt_sys.send(to->fd, dt_buffer_bytes(in),
                  wanted(copying, dt_buffer_length(in)), MSG_DONTWAIT);
  if (count < 0)
    return failed(copying, to, errno, DT_WANT_WRITE);
  dt_buffer_take(in, (size_t)count, &from->loop->pool);
  account(copying, (size_t)count);
  return DT_PROGRESS;
}

/* As dt_is_unready, but also where it is the loop that goes on: it was told of
   all that came before. */
static bool is_unready(const struct copying *copying) {
  const struct dt_operation *operation = &copying->operation;
  const struct dt_socket *from = copying->from;
  const struct dt_loop *loop = from->loop;
  return (from->watch.unready & DT_READ) != 0 && from->limit != 0 &&
         (loop->running == operation->caller ||
          (loop->stepping && loop->stepping->operation == operation));
}

static enum dt_outcome take_piece(lua_State *L, struct copying *copying) {
  struct dt_operation *operation = &copying->operation;
  struct dt_socket *from = copying->from;
  operation->socket = from;
  if (from->stream->received_error != 0)
    return fail(copying, from, from->stream->received_error);
  if (is_unready(copying))
    return failed(copying, from, EAGAIN, DT_WANT_READ);
  return may_splice(copying) ? splice_piece(L, copying) : receive(L, copying);
}

static enum dt_outcome copy_piece(lua_State *L, struct copying *copying) {
  enum dt_outcome outcome = prepare(copying);
  if (outcome != DT_DONE)
    return outcome;
  if (copying->left == 0)
    return end(L, copying, false);
  if (dt_unread_bytes(copying->from) == 0) {
    outcome = take_piece(L, copying);
    if (outcome != DT_PROGRESS || dt_unread_bytes(copying->from) == 0)
      return outcome;
  }
  return send_buffered(copying);
}

/* As long as it goes on, it is the other side's sender. */
static enum dt_outcome copy_step(lua_State *L, struct dt_operation *operation) {
  struct copying *copying = (struct copying *)operation;
  enum dt_outcome outcome = copy_piece(L, copying);
  if (outcome == DT_PROGRESS || outcome == DT_AGAIN)
    operation->socket = copying->to;
  return outcome;
}

static int push_copied(lua_State *L, struct dt_operation *operation) {
  lua_pushinteger(L, (lua_Integer)((const struct copying *)operation)->copied);
  return 4;
}

static void leave_pipe(lua_State *L, struct dt_loop *loop,
                       struct dt_operation *operation) {
  const struct copying *copying = (const struct copying *)operation;
  (void)L;
  if (copying->joined)
    dt_pipe_leave(&loop->pipe);
}

static const struct dt_kind copy_kind = {.name = "copy",
                                         .step = copy_step,
                                         .salvage = push_copied,
                                         .release = leave_pipe,
                                         .size = sizeof(struct copying),
                                         .sends = true,
                                         .renews = true};

/* --- the call ----------------------------------------------------------------
 */

static struct dt_socket *check_stream(lua_State *L, int arg) {
  struct dt_socket *socket = dt_check_socket(L, arg);
  luaL_argcheck(L, socket->type == SOCK_STREAM, arg,
                "a stream socket (SOCK_STREAM) expected");
  return socket;
}

/***
Copies what comes from one socket to another, until the stream ends; then the
other side is told so (SHUT_WR), while its answers may go on. With a count it
ends after so many bytes, and nobody is told. What `from` has buffered goes
first, and what was written to `to` goes before all.

Time limits bound each wait, not the whole: that of `from` how long nothing may
come, that of `to` how long nothing may be taken. What was received and could
not be sent stays with `from`, for the next read or copy. Both directions of a
connection may be copied at once, in two tasks. A copy that waits for input
learns what became of `to` when the next bytes come.
@function copy
@tparam socket from a stream socket
@tparam socket to another
@tparam[opt] integer count how many bytes at most; left out: to the end
@treturn integer bytes that `to` has taken
@treturn[2] nil
@treturn[2] string message which names the one that failed
@treturn[2] string code as for read and for write: `"timeout"`, `"ECONNRESET"`,
`"EPIPE"`, `"closed"`, `"busy"` (another task reads `from`, or writes `to`)
@treturn[2] integer bytes that `to` had taken by then
@usage net.spawn(net.copy, server, client)
net.copy(client, server)
*/
static int net_copy(lua_State *L) {
  struct copying copying = {.operation = {.kind = &copy_kind}};
  struct dt_socket *from = check_stream(L, 1), *to = check_stream(L, 2);
  luaL_argcheck(L, from != to, 2, "it is the one to copy from");
  copying.left =
      lua_isnoneornil(L, 3) ? ALL : (lua_Number)dt_check_range(L, 3, 0, ALL);
  copying.operation.socket = copying.from = from;
  copying.to = to;
  if (from->fd >= 0)
    dt_stream_of(L, from);
  return dt_await(L, &copying.operation);
}

static const luaL_Reg functions[] = {
    {"copy", net_copy},
    {NULL, NULL},
};

const struct dt_module dt_mod_copy = {functions, NULL};
