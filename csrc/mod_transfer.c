/*
 * mod_transfer.c - send, recv, sendto, recvfrom, datagrams: one piece of data,
 * one system call.  Stands on await.h.  Messages with ancillary data are in
 * mod_message.c, many at once in mod_many.c, files in mod_sendfile.c.
 *
 * These are the calls that scripts make most, so their steps do no more than
 * the system call and the string.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "stream.h"
#include "sys.h"

/* --- receiving ----------------------------------------------------------- */

/* Bytes land on the C stack up to this size, in a borrowed buffer above. */
#define SMALL 4096

struct receiving {
  struct dt_operation operation;
  size_t size;
  int flags;
};

static const struct dt_kind recv_kind;

/* The sender's address is wanted too. */
static bool is_named(const struct receiving *receiving) {
  return receiving->operation.kind != &recv_kind;
}

static int flags_of(const struct dt_operation *operation, int flags) {
  return operation->may_block ? flags : flags | MSG_DONTWAIT;
}

static bool has_end(const struct dt_socket *socket) {
  return socket->type == SOCK_STREAM || socket->type == SOCK_SEQPACKET;
}

static enum dt_outcome receive_failed(struct receiving *receiving, ssize_t got,
                                      int error) {
  if (got < 0)
    return dt_step_failed(&receiving->operation, error, DT_WANT_READ);
  receiving->operation.error = DT_EOF;
  return DT_FAILED;
}

/* `from`: NULL, or where the sender's address goes. */
static ssize_t receive(const struct receiving *receiving, char *data,
                       struct dt_address *from) {
  int fd = receiving->operation.socket->fd;
  int flags = flags_of(&receiving->operation, receiving->flags);
  if (flags & MSG_TRUNC)
    memset(data, 0, receiving->size); /* tcp(7): counts, but writes nothing */
  if (!from)
    return dt_sys.recv(fd, data, receiving->size, flags);
  from->length = sizeof from->u;
  return dt_sys.recvfrom(fd, data, receiving->size, flags, &from->u.any,
                         &from->length);
}

/* Receives into `data`, and pushes what came. */
static enum dt_outcome receive_into(lua_State *L, struct receiving *receiving,
                                    char *data) {
  struct dt_address from;
  struct dt_socket *socket = receiving->operation.socket;
  const bool named = is_named(receiving);
  ssize_t got;
  if (dt_is_unready(&receiving->operation, DT_READ))
    return DT_WANT_READ;
  got = receive(receiving, data, named ? &from : NULL);
  if (got < 0 || (got == 0 && receiving->size > 0 && has_end(socket)))
    return receive_failed(receiving, got, errno);
  if (receiving->flags == 0)
    dt_note_received(socket, (size_t)got, receiving->size);
  if ((size_t)got > receiving->size) /* MSG_TRUNC tells the whole length */
    got = (ssize_t)receiving->size;
  lua_pushlstring(L, data, (size_t)got);
  receiving->operation.results = 1;
  if (named) {
    receiving->operation.results = 2;
    if (from.length == 0) /* a stream, or a peer without an address */
      lua_pushnil(L);
    else
      dt_push_sender(L, &from);
  }
  return DT_DONE;
}

/* What was received before, and not read, goes first. */
static enum dt_outcome receive_buffered(lua_State *L,
                                        struct receiving *receiving) {
  struct dt_socket *socket = receiving->operation.socket;
  struct dt_stream *stream = socket->stream;
  size_t size = dt_unread_bytes(socket);
  if (size > receiving->size)
    size = receiving->size;
  dt_stream_pin(L, socket->loop, stream);
  lua_pushlstring(L, dt_buffer_bytes(&stream->in), size);
  if (!(receiving->flags & MSG_PEEK) && socket->stream == stream)
    dt_buffer_take(&stream->in, size, &socket->loop->pool);
  dt_stream_unpin(socket->loop, stream);
  receiving->operation.results = 1;
  if (is_named(receiving)) { /* a stream's bytes have no sender */
    lua_pushnil(L);
    receiving->operation.results = 2;
  }
  return DT_DONE;
}

/* Finds room for the bytes, on the C stack if they are few. */
static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct receiving *receiving = (struct receiving *)operation;
  struct dt_state *state;
  enum dt_outcome outcome;
  char *room;
  if (dt_unread_bytes(operation->socket) > 0 && !(receiving->flags & MSG_OOB))
    return receive_buffered(L, receiving);
  if (receiving->size <= SMALL) {
    char small[SMALL];
    return receive_into(L, receiving, small);
  }
  state = dt_state_with(operation->socket->loop);
  room = dt_borrow(L, state, receiving->size);
  outcome = receive_into(L, receiving, room);
  dt_return(state, room);
  return outcome;
}

/* --- MSG_WAITALL: all that was asked for --------------------------------- */

/* The kernel waits for all of it only in a call that blocks.  Ours may have to
   be many, and what they bring is put together here. */
struct collecting {
  struct receiving receiving;
  char *room;
  size_t filled;
};

static enum dt_outcome collect_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct collecting *collecting = (struct collecting *)operation;
  struct receiving *receiving = &collecting->receiving;
  size_t left = receiving->size - collecting->filled;
  ssize_t got = left == 0
                    ? 0
                    : dt_sys.recv(operation->socket->fd,
                                  collecting->room + collecting->filled, left,
                                  flags_of(operation, receiving->flags));
  if (left > 0 && got <= 0)
    return receive_failed(receiving, got, errno);
  collecting->filled += (size_t)got;
  if (collecting->filled < receiving->size)
    return DT_PROGRESS;
  dt_borrow_shortly(dt_state_with(operation->socket->loop), collecting->room);
  lua_pushlstring(L, collecting->room, collecting->filled);
  operation->results = 1;
  return DT_DONE;
}

/* What came before the failure takes nil's place: nothing is lost. */
static int push_collected(lua_State *L, struct dt_operation *operation) {
  const struct collecting *collecting = (struct collecting *)operation;
  if (collecting->filled > 0) {
    lua_pushlstring(L, collecting->room, collecting->filled);
    lua_replace(L, -4);
  }
  return 3;
}

static void collect_release(lua_State *L, struct dt_loop *loop,
                            struct dt_operation *operation) {
  (void)L;
  dt_return(dt_state_with(loop), ((struct collecting *)operation)->room);
}

static const struct dt_kind collect_kind = {.name = "recv",
                                            .step = collect_step,
                                            .salvage = push_collected,
                                            .release = collect_release,
                                            .size = sizeof(struct collecting),
                                            .can_block = true};

static int collect(lua_State *L, const struct receiving *receiving) {
  struct collecting collecting = {.receiving = *receiving};
  struct dt_socket *socket = receiving->operation.socket;
  size_t buffered = dt_unread_bytes(socket);
  collecting.room = dt_borrow_long(L, dt_state_of(L), receiving->size);
  collecting.receiving.operation.kind = &collect_kind;
  if (buffered > 0 && socket->fd >= 0) {
    collecting.filled = buffered < receiving->size ? buffered : receiving->size;
    memcpy(collecting.room, dt_buffer_bytes(&socket->stream->in),
           collecting.filled);
    dt_buffer_take(&socket->stream->in, collecting.filled, &socket->loop->pool);
  }
  return dt_await(L, &collecting.receiving.operation);
}

/* A stream, and nothing but the data: else one system call has it all. */
static bool is_collected(const struct receiving *receiving) {
  const struct dt_operation *operation = &receiving->operation;
  return (receiving->flags & (MSG_WAITALL | MSG_PEEK | MSG_TRUNC)) ==
             MSG_WAITALL &&
         !is_named(receiving) && receiving->size > 0 &&
         operation->socket->type == SOCK_STREAM && !operation->nonblocking &&
         operation->socket->limit != 0;
}

#define SIZE_MAX_LUA 2147483647.0 /* recv(2) moves no more at once on Linux */

static const struct dt_kind recv_kind = {.name = "recv",
                                         .step = receive_step,
                                         .size = sizeof(struct receiving),
                                         .can_block = true};
static const struct dt_kind recvfrom_kind = {.name = "recvfrom",
                                             .step = receive_step,
                                             .size = sizeof(struct receiving),
                                             .can_block = true};

static int start_receiving(lua_State *L, struct receiving *receiving) {
  struct dt_operation *operation = &receiving->operation;
  operation->socket = dt_check_socket(L, 1);
  receiving->size = (size_t)dt_check_range(L, 2, 0, SIZE_MAX_LUA);
  receiving->flags = dt_check_flags(L, 3, &dt_message_flags);
  operation->nonblocking = (receiving->flags & MSG_DONTWAIT) != 0;
  if (receiving->flags != 0 && is_collected(receiving))
    return collect(L, receiving);
  return dt_await(L, operation);
}

/***
Receives what is there, at most `size` bytes; waits for something. From a
datagram socket it takes one datagram, and cuts it to `size`. See recv(2).
@function socket:recv
@tparam integer size how many bytes at most
@tparam[opt] string|integer ... flags, such as `"MSG_PEEK"`, `"MSG_DONTWAIT"`;
with `"MSG_WAITALL"` a stream is waited on until all `size` bytes are there, and
if it ends or fails before, what came is given with the message and the code
@treturn string data; a datagram of no bytes is `""`
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"eof"` at the end of a stream, `"timeout"`,
`"ECONNRESET"`, `"ECONNREFUSED"` (an earlier datagram was refused), ...
@usage local data = assert(s:recv(4096))
*/
static int socket_recv(lua_State *L) {
  struct receiving receiving = {.operation = {.kind = &recv_kind}};
  return start_receiving(L, &receiving);
}

/***
Receives one datagram, and says who sent it. See recvfrom(2).
@function socket:recvfrom
@tparam integer size how many bytes at most; the rest is cut off
@tparam[opt] string|integer ... flags
@treturn string data
@treturn ?address the sender; nil where it has no address
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for recv
@usage local data, from = assert(udp:recvfrom(65535))
*/
static int socket_recvfrom(lua_State *L) {
  struct receiving receiving = {.operation = {.kind = &recvfrom_kind}};
  return start_receiving(L, &receiving);
}

/* --- datagrams ----------------------------------------------------------- */

static const struct dt_kind datagrams_kind = {.name = "recvfrom",
                                              .step = receive_step,
                                              .size = sizeof(struct receiving),
                                              .can_block = true,
                                              .raises = true,
                                              .ends_closed = true};

/* Upvalues: the state, the socket, the size. */
static int datagrams_next(lua_State *L) {
  struct receiving receiving = {.operation = {.kind = &datagrams_kind}};
  receiving.operation.socket = lua_touserdata(L, lua_upvalueindex(2));
  receiving.size = (size_t)lua_tonumber(L, lua_upvalueindex(3));
  return dt_await(L, &receiving.operation);
}

#define DATAGRAM_MAX 65535

/***
An iterator that receives datagrams until the socket is closed, by a task or in
the loop itself. It raises what else goes wrong.
@function socket:datagrams
@tparam[opt=65535] integer size how many bytes of each at most
@treturn function iterator, which gives what recvfrom gives: the data, and the
sender's address
@raise the message of a failure: a time limit; on a connected socket also a
refusal of what was sent before
@usage for data, from in udp:datagrams() do udp:sendto(data, from) end
*/
static int socket_datagrams(lua_State *L) {
  lua_Number size = DATAGRAM_MAX;
  dt_check_socket(L, 1);
  if (!lua_isnoneornil(L, 2))
    size = (lua_Number)dt_check_range(L, 2, 0, SIZE_MAX_LUA);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushnumber(L, size);
  lua_pushcclosure(L, datagrams_next, 3);
  return 1;
}

/* --- sending ------------------------------------------------------------- */

struct sending {
  struct dt_operation operation;
  const char *data; /* anchored by the caller's stack */
  size_t size;
  int flags;
  struct dt_address address; /* of sendto */
};

static enum dt_outcome sent(lua_State *L, struct dt_operation *operation,
                            ssize_t count, int error) {
  if (count < 0)
    return dt_step_failed(operation, error, DT_WANT_WRITE);
  lua_pushinteger(L, (lua_Integer)count);
  operation->results = 1;
  return DT_DONE;
}

static enum dt_outcome send_step(lua_State *L, struct dt_operation *operation) {
  const struct sending *sending = (struct sending *)operation;
  enum dt_outcome before = dt_send_gathered(operation);
  ssize_t count;
  if (before != DT_DONE)
    return before;
  count = dt_sys.send(operation->socket->fd, sending->data, sending->size,
                      flags_of(operation, sending->flags));
  return sent(L, operation, count, errno);
}

static enum dt_outcome send_to_step(lua_State *L,
                                    struct dt_operation *operation) {
  const struct sending *sending = (struct sending *)operation;
  ssize_t count =
      dt_sys.sendto(operation->socket->fd, sending->data, sending->size,
                    flags_of(operation, sending->flags),
                    &sending->address.u.any, sending->address.length);
  return sent(L, operation, count, errno);
}

static const struct dt_kind send_kind = {.name = "send",
                                         .step = send_step,
                                         .size =
                                             offsetof(struct sending, address),
                                         .can_block = true};
static const struct dt_kind sendto_kind = {.name = "sendto",
                                           .step = send_to_step,
                                           .size = sizeof(struct sending),
                                           .can_block = true};

static void prepare_sending(lua_State *L, struct sending *sending) {
  sending->operation.socket = dt_check_socket(L, 1);
  sending->data = luaL_checklstring(L, 2, &sending->size);
}

static int start_sending(lua_State *L, struct sending *sending, int flags_arg) {
  struct dt_operation *operation = &sending->operation;
  sending->flags = dt_check_flags(L, flags_arg, &dt_message_flags);
  operation->nonblocking = (sending->flags & MSG_DONTWAIT) != 0;
  return dt_await(L, operation);
}

/***
Sends data with one system call, and says how much of it the kernel has taken:
on a stream that may be less than all. Waits until there is room for some. See
send(2).
@function socket:send
@tparam string data
@tparam[opt] string|integer ... flags, such as `"MSG_MORE"`, `"MSG_OOB"`,
`"MSG_DONTWAIT"`
@treturn integer bytes taken
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EPIPE"`, `"ECONNRESET"`, `"timeout"`,
`"EMSGSIZE"`, `"ENOTCONN"`
@usage local n = assert(s:send("hello\n"))
*/
static int socket_send(lua_State *L) {
  struct sending sending;
  sending.operation = (struct dt_operation){.kind = &send_kind};
  prepare_sending(L, &sending);
  return start_sending(L, &sending, 3);
}

/***
Sends one datagram to an address. See sendto(2).
@function socket:sendto
@tparam string data
@tparam address|string|table address or the host, when a port follows
@tparam[opt] integer port
@tparam[opt] string|integer ... flags
@treturn integer bytes
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EMSGSIZE"`, `"ENETUNREACH"`; `"EINVAL"` for
what is no address
@usage assert(udp:sendto("ping", "127.0.0.1:9000"))
*/
static int socket_sendto(lua_State *L) {
  struct sending sending;
  int taken;
  sending.operation = (struct dt_operation){.kind = &sendto_kind};
  prepare_sending(L, &sending);
  if (sending.operation.socket->fd < 0)
    return dt_fail_closed(L, "sendto");
  taken = dt_check_address(L, 3, "sendto", sending.operation.socket,
                           &sending.address);
  if (taken == 0)
    return 3;
  sending.operation.where = &sending.address;
  return start_sending(L, &sending, 3 + taken);
}

static const luaL_Reg methods[] = {
    {"datagrams", socket_datagrams}, {"recv", socket_recv},
    {"recvfrom", socket_recvfrom},   {"send", socket_send},
    {"sendto", socket_sendto},       {NULL, NULL},
};

const struct dt_module dt_mod_transfer = {NULL, methods};
