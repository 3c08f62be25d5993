/*
 * mod_transfer.c - send, recv, sendto, recvfrom: one piece of data, one system
 * call.  Stands on await.h.  Messages with ancillary data are in mod_message.c,
 * many at once in mod_many.c, files in mod_sendfile.c.
 *
 * These are the calls that scripts make most, so their steps do no more than
 * the system call and the string.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "sys.h"

/* --- receiving ----------------------------------------------------------- */

/* Bytes land on the C stack up to this size, in a borrowed buffer above. */
#define SMALL 4096

struct receiving {
  struct dt_operation operation;
  size_t size;
  int flags;
  bool named; /* recvfrom: the sender's address too */
};

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

static ssize_t receive(const struct receiving *receiving, char *data,
                       struct dt_address *from) {
  int fd = receiving->operation.socket->fd;
  int flags = flags_of(&receiving->operation, receiving->flags);
  if (flags & MSG_TRUNC)
    memset(data, 0, receiving->size); /* tcp(7): counts, but writes nothing */
  if (!receiving->named)
    return dt_sys.recv(fd, data, receiving->size, flags);
  from->length = sizeof from->u;
  return dt_sys.recvfrom(fd, data, receiving->size, flags, &from->u.any,
                         &from->length);
}

/* Receives into `data`, and pushes what came. */
static enum dt_outcome receive_into(lua_State *L, struct receiving *receiving,
                                    char *data) {
  struct dt_address from;
  ssize_t got = receive(receiving, data, &from);
  if (got < 0 ||
      (got == 0 && receiving->size > 0 && has_end(receiving->operation.socket)))
    return receive_failed(receiving, got, errno);
  if ((size_t)got > receiving->size) /* MSG_TRUNC tells the whole length */
    got = (ssize_t)receiving->size;
  lua_pushlstring(L, data, (size_t)got);
  receiving->operation.results = 1;
  if (receiving->named) {
    receiving->operation.results = 2;
    if (from.length == 0) /* a stream, or a peer without an address */
      lua_pushnil(L);
    else
      dt_push_address(L, &from);
  }
  return DT_DONE;
}

/* Finds room for the bytes, on the C stack if they are few. */
static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct receiving *receiving = (struct receiving *)operation;
  enum dt_outcome outcome;
  char *room;
  if (receiving->size <= SMALL) {
    char small[SMALL];
    return receive_into(L, receiving, small);
  }
  room = dt_borrow(L, receiving->size);
  outcome = receive_into(L, receiving, room);
  dt_return(L, room);
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
  ssize_t got =
      dt_sys.recv(operation->socket->fd, collecting->room + collecting->filled,
                  receiving->size - collecting->filled,
                  flags_of(operation, receiving->flags));
  if (got <= 0)
    return receive_failed(receiving, got, errno);
  collecting->filled += (size_t)got;
  if (collecting->filled < receiving->size)
    return DT_PROGRESS;
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

static int collect(lua_State *L, const struct receiving *receiving) {
  struct collecting collecting = {.receiving = *receiving};
  int results;
  collecting.room = dt_borrow(L, receiving->size);
  collecting.receiving.operation.step = collect_step;
  collecting.receiving.operation.salvage = push_collected;
  results = dt_await(L, &collecting.receiving.operation);
  dt_return(L, collecting.room);
  return results;
}

/* A stream, and nothing but the data: else one system call has it all. */
static bool is_collected(const struct receiving *receiving) {
  const struct dt_operation *operation = &receiving->operation;
  return (receiving->flags & (MSG_WAITALL | MSG_PEEK | MSG_TRUNC)) ==
             MSG_WAITALL &&
         !receiving->named && receiving->size > 0 &&
         operation->socket->type == SOCK_STREAM && !operation->nonblocking &&
         operation->socket->limit != 0;
}

#define SIZE_MAX_LUA 2147483647.0 /* recv(2) moves no more at once on Linux */

static int start_receiving(lua_State *L, struct receiving *receiving) {
  struct dt_operation *operation = &receiving->operation;
  operation->socket = dt_check_socket(L, 1);
  receiving->size = (size_t)dt_check_range(L, 2, 0, SIZE_MAX_LUA);
  receiving->flags = dt_check_flags(L, 3, &dt_message_flags);
  operation->nonblocking = (receiving->flags & MSG_DONTWAIT) != 0;
  operation->can_block = true;
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
  struct receiving receiving = {
      .operation = {.name = "recv", .step = receive_step}};
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
  struct receiving receiving = {
      .operation = {.name = "recvfrom", .step = receive_step}, .named = true};
  return start_receiving(L, &receiving);
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
  ssize_t count =
      dt_sys.send(operation->socket->fd, sending->data, sending->size,
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

static void prepare_sending(lua_State *L, struct sending *sending) {
  sending->operation.socket = dt_check_socket(L, 1);
  sending->data = luaL_checklstring(L, 2, &sending->size);
}

static int start_sending(lua_State *L, struct sending *sending, int flags_arg) {
  struct dt_operation *operation = &sending->operation;
  sending->flags = dt_check_flags(L, flags_arg, &dt_message_flags);
  operation->nonblocking = (sending->flags & MSG_DONTWAIT) != 0;
  operation->can_block = true;
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
  sending.operation = (struct dt_operation){.name = "send", .step = send_step};
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
  sending.operation =
      (struct dt_operation){.name = "sendto", .step = send_to_step};
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
    {"recv", socket_recv}, {"recvfrom", socket_recvfrom},
    {"send", socket_send}, {"sendto", socket_sendto},
    {NULL, NULL},
};

const struct dt_module dt_mod_transfer = {NULL, methods};
