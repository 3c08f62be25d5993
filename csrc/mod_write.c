/*
 * mod_write.c - writing: what is written is gathered and sent (stream.h), or
 * waits till it is; and what must come after it: flush, shutdown, close.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "error.h"
#include "glue.h"
#include "stream.h"
#include "sys.h"

/* Pushes the socket, the call's first argument: what a step gives that was
   called for the socket's own sake. */
static enum dt_outcome push_socket(lua_State *L,
                                   struct dt_operation *operation) {
  lua_pushvalue(operation->caller, 1);
  if (operation->caller != L)
    lua_xmove(operation->caller, L, 1);
  operation->results = 1;
  return DT_DONE;
}

/* --- write -----------------------------------------------------------------
 */

struct writing {
  struct dt_operation operation;
  const char *data; /* a long text, after what is gathered; anchored by the
                       caller's stack */
  size_t size;
  size_t own;     /* how many bytes this call added to what was gathered */
  ptrdiff_t gone; /* how many of its bytes went; < 0: of what was gathered
                     before so many are to go yet */
};

/* One system call for what is gathered and for the long text. */
static ssize_t send_both(const struct writing *writing) {
  const struct dt_operation *operation = &writing->operation;
  const struct dt_socket *socket = operation->socket;
  int flags = operation->may_block ? 0 : MSG_DONTWAIT;
  size_t gathered = dt_unsent_bytes(socket);
  struct msghdr message = {.msg_iovlen = 2};
  struct iovec parts[2];
  if (gathered == 0)
    return dt_sys.send(socket->fd, writing->data, writing->size, flags);
  parts[0].iov_base = (void *)dt_buffer_bytes(&socket->stream->out);
  parts[0].iov_len = gathered;
  if (writing->size == 0)
    return dt_sys.send(socket->fd, parts[0].iov_base, gathered, flags);
  parts[1].iov_base = (void *)writing->data;
  parts[1].iov_len = writing->size;
  message.msg_iov = parts;
  return dt_sys.sendmsg(socket->fd, &message, flags);
}

/* Takes off what went. */
static void account(struct writing *writing, size_t count) {
  struct dt_socket *socket = writing->operation.socket;
  size_t gathered = dt_unsent_bytes(socket);
  writing->gone += (ptrdiff_t)count;
  writing->operation.moved = count > 0;
  dt_charge(socket->loop, count);
  if (gathered > 0) {
    size_t part = count < gathered ? count : gathered;
    dt_buffer_take(&socket->stream->out, part, &socket->loop->pool);
    count -= part;
  }
  writing->data += count;
  writing->size -= count;
}

static enum dt_outcome write_step(lua_State *L,
                                  struct dt_operation *operation) {
  struct writing *writing = (struct writing *)operation;
  struct dt_socket *socket = operation->socket;
  ssize_t count;
  if (dt_is_sending(socket, operation)) {
    operation->error = DT_BUSY;
    return DT_FAILED;
  }
  if (writing->size + dt_unsent_bytes(socket) == 0)
    return push_socket(L, operation);
  if (socket->stream)
    dt_stop_flusher(socket->stream);
  count = send_both(writing);
  if (count < 0) {
    enum dt_outcome outcome = dt_step_failed(operation, errno, DT_WANT_WRITE);
    if (outcome == DT_FAILED && socket->stream)
      dt_buffer_clear(&socket->stream->out, &socket->loop->pool);
    return outcome;
  }
  account(writing, (size_t)count);
  if (writing->size + dt_unsent_bytes(socket) == 0)
    return push_socket(L, operation);
  operation->error = EAGAIN;
  return operation->may_block ? DT_PROGRESS : DT_WANT_WRITE;
}

/* Drops what this call was given and did not go, so that it can be written
   again; what was gathered before stays.  Gives how much of it went. */
static size_t drop_rest(struct writing *writing) {
  struct dt_socket *socket = writing->operation.socket;
  size_t went = writing->gone > 0 ? (size_t)writing->gone : 0;
  size_t left = dt_unsent_bytes(socket), mine = 0;
  if (writing->own > 0)
    mine = writing->own - went < left ? writing->own - went : left;
  writing->own = 0;
  if (mine > 0)
    socket->stream->out.end -= mine;
  if (left > 0 && left == mine)
    dt_buffer_clear(&socket->stream->out, &socket->loop->pool);
  return went;
}

/* The fourth value. */
static int write_salvage(lua_State *L, struct dt_operation *operation) {
  lua_pushinteger(L, (lua_Integer)drop_rest((struct writing *)operation));
  return 4;
}

/* The same when it is cancelled. */
static void write_release(lua_State *L, struct dt_loop *loop,
                          struct dt_operation *operation) {
  (void)L;
  (void)loop;
  drop_rest((struct writing *)operation);
}

static const struct dt_kind write_kind = {.name = "write",
                                          .step = write_step,
                                          .salvage = write_salvage,
                                          .release = write_release,
                                          .size = sizeof(struct writing),
                                          .can_block = true,
                                          .sends = true};

/* Adds all arguments to what is gathered. */
static void gather(lua_State *L, struct dt_stream *stream, int last) {
  struct dt_pool *pool = &stream->socket->loop->pool;
  size_t added = 0;
  for (int i = 2; i <= last; i++) {
    size_t size;
    const char *data = lua_tolstring(L, i, &size);
    if (!dt_buffer_add(&stream->out, data, size, pool)) {
      stream->out.end -= added; /* all of it or nothing */
      luaL_error(L, "not enough memory");
    }
    added += size;
  }
}

/* How many bytes the arguments have; raises for what is no text or number. */
static size_t measure(lua_State *L, int last) {
  size_t total = 0, size;
  for (int i = 2; i <= last; i++) {
    luaL_checklstring(L, i, &size);
    total += size;
  }
  return total;
}

static bool is_gathering(lua_State *L, const struct dt_socket *socket) {
  enum dt_gathering gathering =
      socket->stream ? socket->stream->gathering : DT_GATHER_IN_TASKS;
  return gathering == DT_GATHER_ALWAYS ||
         (gathering == DT_GATHER_IN_TASKS && socket->loop->running == L);
}

static size_t gather_size(const struct dt_socket *socket) {
  return socket->stream ? socket->stream->gather : DT_GATHER_DEFAULT;
}

/* A failure that came when nobody waited for it. */
static int fail_late(lua_State *L, const char *name, struct dt_socket *socket) {
  int error = socket->stream->sent_error;
  socket->stream->sent_error = 0;
  return dt_socket_fail(L, name, socket, NULL, error);
}

/* Sends it all, in as few system calls as there are texts longer than what is
   gathered. */
static int write_through(lua_State *L, struct dt_socket *socket, int last,
                         size_t total) {
  struct writing writing = {
      .operation = {.kind = &write_kind, .socket = socket},
      .gone = -(ptrdiff_t)dt_unsent_bytes(socket)};
  if (last == 2) {
    writing.data = lua_tolstring(L, 2, &writing.size);
  } else if (last > 2) {
    gather(L, dt_stream_of(L, socket), last);
    writing.own = total;
  }
  return dt_await(L, &writing.operation);
}

/* False; a block that nothing came into is given back. */
static bool keep_nothing(struct dt_buffer *out, struct dt_pool *pool) {
  if (dt_buffer_length(out) == 0)
    dt_buffer_clear(out, pool);
  return false;
}

/* Adds the arguments to what is gathered, if all of them are texts that fit in
   its block: the way of most writes.  False: nothing was added. */
static bool gather_here(lua_State *L, struct dt_socket *socket, int last) {
  struct dt_stream *stream = socket->stream;
  struct dt_buffer *out;
  char *to, *end;
  if (!stream || stream->sent_error != 0 || dt_is_sending(socket, NULL))
    return false;
  out = &stream->out;
  if (out->size == 0 && !dt_buffer_room(out, DT_BLOCK / 2, &socket->loop->pool))
    return false;
  to = out->data + out->end;
  end = out->data + out->size;
  for (int i = 2; i <= last; i++) {
    size_t size;
    const char *data;
    if (lua_type(L, i) != LUA_TSTRING) /* a number: makes a string, and the */
      return keep_nothing(out, &socket->loop->pool); /* collector may run */
    data = lua_tolstring(L, i, &size);
    if (size > (size_t)(end - to))
      return keep_nothing(out, &socket->loop->pool);
    memcpy(to, data, size);
    to += size;
  }
  if ((size_t)(to - (out->data + out->begin)) >= stream->gather ||
      to == out->data + out->end)
    return keep_nothing(out, &socket->loop->pool);
  out->end = (size_t)(to - out->data);
  dt_mark_dirty(socket->loop, stream);
  return true;
}

/***
Writes texts and numbers, and gives the socket, as io does. In a task they are
gathered, and leave together: when the task next waits or ends, when 64 KiB are
gathered (then the write waits until the peer has taken them), or at `flush`.
Elsewhere they are sent at once, and write waits until all have gone.

A failure of what was gathered comes with the next write, flush or close.
@function socket:write
@tparam string|number ... data
@treturn socket itself
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EPIPE"`, `"ECONNRESET"`, `"timeout"`,
`"closed"`, `"busy"` (another task's write waits)
@treturn[2] ?integer how many bytes of these did go; the rest is dropped
@usage assert(conn:write("HELO ", name, "\r\n"))
*/
static int socket_write(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  int last = lua_gettop(L);
  size_t total;
  if (is_gathering(L, socket) && gather_here(L, socket, last)) {
    lua_settop(L, 1);
    return 1;
  }
  total = measure(L, last);
  if (socket->fd < 0)
    return dt_fail_closed(L, "write");
  if (socket->stream && socket->stream->sent_error != 0)
    return fail_late(L, "write", socket);
  if (dt_is_sending(socket, NULL))
    return dt_socket_fail(L, "write", socket, NULL, DT_BUSY);
  if (!is_gathering(L, socket) ||
      dt_unsent_bytes(socket) + total >= gather_size(socket))
    return write_through(L, socket, last, total);
  if (total > 0) {
    struct dt_stream *stream = dt_stream_of(L, socket);
    gather(L, stream, last);
    dt_mark_dirty(socket->loop, stream);
  }
  lua_settop(L, 1);
  return 1;
}

/* --- flush, and what comes after it ------------------------------------------
 */

static enum dt_outcome flush_step(lua_State *L,
                                  struct dt_operation *operation) {
  enum dt_outcome outcome = dt_send_gathered(operation);
  return outcome == DT_DONE ? push_socket(L, operation) : outcome;
}

static const struct dt_kind flush_kind = {.name = "flush",
                                          .step = flush_step,
                                          .size = sizeof(struct dt_operation),
                                          .sends = true};

/***
Sends what write has gathered, and waits until it has gone.
@function socket:flush
@treturn socket itself
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for write; after `"timeout"` what is left is still
there
@usage assert(conn:flush())
*/
static int socket_flush(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_operation operation = {.kind = &flush_kind, .socket = socket};
  if (socket->fd >= 0 && socket->stream && socket->stream->sent_error != 0)
    return fail_late(L, "flush", socket);
  lua_settop(L, 1);
  return dt_await(L, &operation);
}

/***
Says how write gathers. `"no"`: each write is a system call at least.
`"full"`: writes are gathered also outside of tasks; they leave at `flush`, at
`close`, when so much is gathered, or when a call of this Lua state waits.
Without a call they are gathered in tasks only.
@function socket:setvbuf
@tparam string mode `"no"` or `"full"`
@tparam[opt=65536] integer size how many bytes are gathered before a write waits
for them
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
@usage conn:setvbuf("no")
*/
static int socket_setvbuf(lua_State *L) {
  static const char *const modes[] = {"no", "full", NULL};
  static const enum dt_gathering values[] = {DT_GATHER_NEVER, DT_GATHER_ALWAYS};
  struct dt_socket *socket = dt_check_socket(L, 1);
  int mode = luaL_checkoption(L, 2, NULL, modes);
  size_t size = DT_GATHER_DEFAULT;
  if (!lua_isnoneornil(L, 3))
    size = (size_t)dt_check_range(L, 3, 1, 2147483647.0);
  if (socket->fd < 0)
    return dt_fail_closed(L, "setvbuf");
  dt_stream_of(L, socket)->gathering = (unsigned char)values[mode];
  socket->stream->gather = size;
  lua_pushboolean(L, 1);
  return 1;
}

struct shutting {
  struct dt_operation operation;
  int how;
};

static enum dt_outcome shutdown_step(lua_State *L,
                                     struct dt_operation *operation) {
  const struct shutting *shutting = (struct shutting *)operation;
  enum dt_outcome outcome =
      shutting->how == SHUT_RD ? DT_DONE : dt_send_gathered(operation);
  if (outcome != DT_DONE)
    return outcome;
  if (dt_sys.shutdown(operation->socket->fd, shutting->how) != 0) {
    operation->error = errno;
    return DT_FAILED;
  }
  /* the poller says nothing of a unix socket whose peer's queue is full */
  if (shutting->how != SHUT_RD)
    dt_poke_all(operation->socket->loop, operation->socket->watch.writers);
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

static const struct dt_kind shutdown_kind = {.name = "shutdown",
                                             .step = shutdown_step,
                                             .size = sizeof(struct shutting),
                                             .sends = true};

/***
Ends one direction of a connection, or both; the descriptor stays open. What
write has gathered goes before. See shutdown(2).
@function socket:shutdown
@tparam string|integer how `"SHUT_RD"`, `"SHUT_WR"` (the peer sees the end of
the stream), `"SHUT_RDWR"`
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"ENOTCONN"`, `"timeout"`
@usage assert(s:shutdown("SHUT_WR"))
*/
static int socket_shutdown(lua_State *L) {
  struct shutting shutting = {.operation = {.kind = &shutdown_kind}};
  shutting.operation.socket = dt_check_socket(L, 1);
  shutting.how = dt_check_constant(L, 2, &dt_shutdown_hows);
  return dt_await(L, &shutting.operation);
}

static enum dt_outcome close_step(lua_State *L,
                                  struct dt_operation *operation) {
  enum dt_outcome outcome = dt_is_sending(operation->socket, operation)
                                ? DT_DONE /* another's write: it fails then */
                                : dt_send_gathered(operation);
  int error;
  if (outcome != DT_DONE)
    return outcome;
  error = dt_socket_close(L, operation->socket);
  if (error != 0 && error != EINTR) {
    operation->error = error;
    return DT_FAILED;
  }
  lua_pushboolean(L, 1);
  operation->results = 1;
  return DT_DONE;
}

/* It is closed in any case. */
static void close_release(lua_State *L, struct dt_loop *loop,
                          struct dt_operation *operation) {
  (void)loop;
  dt_socket_close(L, operation->socket);
}

static const struct dt_kind close_kind = {.name = "close",
                                          .step = close_step,
                                          .release = close_release,
                                          .size = sizeof(struct dt_operation),
                                          .sends = true};

/***
Closes the socket. What write has gathered is sent before, and waited for,
within the socket's time limit. Whoever waits for the socket wakes up, and fails
with
`"closed"`. Closing one that is closed is no failure. Where close(2) itself
fails, or the rest cannot be sent, it is closed all the same. See close(2).
@function socket:close
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"timeout"`, `"EPIPE"`, `"EIO"`
@usage s:close()
*/
static int socket_close(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_operation operation = {.kind = &close_kind, .socket = socket};
  if (socket->fd < 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (socket->stream && socket->stream->sent_error != 0) {
    int results = fail_late(L, "close", socket);
    dt_socket_close(L, socket);
    return results;
  }
  return dt_await(L, &operation);
}

static const luaL_Reg methods[] = {
    {"close", socket_close},     {"flush", socket_flush},
    {"setvbuf", socket_setvbuf}, {"shutdown", socket_shutdown},
    {"write", socket_write},     {NULL, NULL},
};

const struct dt_module dt_mod_write = {NULL, methods};
