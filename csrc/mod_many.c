/*
 * mod_many.c - sendmany and recvmany: many messages with one system call, where
 * the system has sendmmsg(2) and recvmmsg(2).  Stands on message.h for the
 * single one.
 *
 * A server spends most of its time on what it makes for each datagram: a table
 * and a string.  The rest is shared: the sender's address value
 * (dt_push_sender), the names of the fields, and by way of a metatable what has
 * nothing to say.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "error.h"
#include "glue.h"
#include "message.h"
#include "stream.h"
#include "sys.h"

#define CALL_MAX 1024U /* sendmmsg(2), recvmmsg(2): messages in one call */

/* --- sendmany --------------------------------------------------------------
 */

struct sending {
  struct dt_sending base;
  unsigned gone;
  size_t part; /* bytes of the next one that went, on a stream */
};

/* A batch that needs no memory from Lua. */
#define SMALL 64
struct small_batch {
  struct dt_message messages[SMALL];
  struct dt_address addresses[SMALL];
  struct iovec buffers[2 * SMALL];
};

static bool has_begun(const struct sending *sending) {
  return sending->gone + sending->part > 0;
}

static int push_gone(lua_State *L, const struct sending *sending) {
  lua_pushinteger(L, (lua_Integer)sending->gone);
  if (sending->part == 0)
    return 1;
  lua_pushinteger(L, (lua_Integer)sending->part);
  return 2;
}

/* A stream takes part of a message, and the next must not go before the rest:
   takes `count` bytes off.  True when nothing is left of it. */
static bool take_off(struct msghdr *header, size_t count) {
  while (header->msg_iovlen > 0 && count >= header->msg_iov[0].iov_len) {
    count -= header->msg_iov[0].iov_len;
    header->msg_iov++;
    header->msg_iovlen--;
  }
  if (header->msg_iovlen == 0)
    return true;
  header->msg_iov[0].iov_base = (char *)header->msg_iov[0].iov_base + count;
  header->msg_iov[0].iov_len -= count;
  header->msg_control = NULL; /* went with the first byte */
  header->msg_controllen = 0;
  return false;
}

static void account(struct sending *sending, int sent) {
  struct dt_message *message = &sending->base.batch->messages[sending->gone];
  if (sending->base.operation.socket->type != SOCK_STREAM) {
    sending->gone += (unsigned)sent;
  } else if (take_off(&message->header, message->length)) {
    sending->gone++;
    sending->part = 0;
  } else {
    sending->part += message->length;
  }
}

static enum dt_outcome send_some(lua_State *L, struct sending *sending) {
  struct dt_operation *operation = &sending->base.operation;
  const struct dt_batch *batch = sending->base.batch;
  unsigned left = (unsigned)batch->count - sending->gone;
  unsigned most = operation->socket->type == SOCK_STREAM ? 1 : CALL_MAX;
  enum dt_outcome before =
      has_begun(sending) ? DT_DONE : dt_send_gathered(operation);
  int sent;
  if (before != DT_DONE)
    return before;
  sent = dt_sys.sendmany(operation->socket->fd, batch->messages + sending->gone,
                         left < most ? left : most,
                         sending->base.flags | MSG_DONTWAIT);
  if (sent < 0) {
    int error = errno;
    if (!has_begun(sending) || error == EAGAIN || error == EINTR)
      return dt_send_failed(L, operation, error);
  } else {
    if (sent > 0)
      account(sending, sent);
    if (sending->gone < batch->count)
      return DT_PROGRESS;
  }
  operation->results = push_gone(L, sending);
  return DT_DONE;
}

static enum dt_outcome send_step(lua_State *L, struct dt_operation *operation) {
  struct sending *sending = (struct sending *)operation;
  return dt_keep_batch(L, &sending->base, send_some(L, sending));
}

/* A time limit, when some have gone, is none. */
static int forget_failure(lua_State *L, struct dt_operation *operation) {
  const struct sending *sending = (struct sending *)operation;
  if (!has_begun(sending))
    return 3;
  lua_pop(L, 3);
  return push_gone(L, sending);
}

static const struct dt_kind sendmany_kind = {.name = "sendmany",
                                             .step = send_step,
                                             .salvage = forget_failure,
                                             .size = sizeof(struct sending),
                                             .sends = true};

/* Finds room for a batch. */
static void begin_batch(lua_State *L, struct dt_batch *batch,
                        struct small_batch *small, size_t count) {
  memset(batch, 0, sizeof *batch);
  batch->count = count;
  if (count <= SMALL) {
    batch->messages = small->messages;
    batch->addresses = small->addresses;
    return;
  }
  batch->messages = dt_newuserdata(L, count * sizeof *batch->messages);
  batch->addresses = dt_newuserdata(L, count * sizeof *batch->addresses);
}

/* Says in the headers where buffers and control data are, now that they move
   no more. */
static void complete_batch(struct dt_batch *batch,
                           const struct dt_outgoing *out,
                           const struct dt_ancillary *control) {
  struct iovec *buffers = out->buffers;
  unsigned char *bytes = control->bytes;
  batch->buffers = buffers;
  batch->room = out->used;
  batch->control = bytes;
  batch->control_size = control->used;
  for (size_t i = 0; i < batch->count; i++) {
    struct msghdr *header = &batch->messages[i].header;
    header->msg_iov = buffers;
    buffers += header->msg_iovlen;
    if (header->msg_controllen == 0)
      continue;
    header->msg_control = bytes;
    bytes += header->msg_controllen;
  }
}

/* Reads the list at index 2 into the batch. */
static int read_batch(lua_State *L, const struct dt_socket *socket,
                      struct dt_ancillary *control, struct dt_batch *batch,
                      struct small_batch *small) {
  struct dt_outgoing out;
  int message;
  dt_begin_reading(L, &out, small->buffers, 2 * SMALL);
  out.fields = dt_push_fields(L);
  lua_createtable(L, (int)batch->count, 0);
  out.anchor = lua_gettop(L);
  message = out.anchor + 1;
  for (size_t i = 0; i < batch->count; i++) {
    int failed;
    out.header = &batch->messages[i].header;
    out.address = &batch->addresses[i];
    lua_rawgeti(L, 2, (int)i + 1);
    failed = dt_read_message(L, message, socket, control, &out);
    if (failed)
      return failed;
    lua_settop(L, out.anchor);
  }
  complete_batch(batch, &out, control);
  return 0;
}

static int send_batch(lua_State *L, struct dt_socket *socket, size_t count,
                      int flags) {
  struct small_batch small;
  struct dt_batch batch;
  union dt_control_room room;
  struct dt_ancillary control;
  struct sending sending = {.base.flags = flags};
  int failed;
  begin_batch(L, &batch, &small, count);
  dt_begin_ancillary(L, &control, &room, 2, "sendmany");
  failed = read_batch(L, socket, &control, &batch, &small);
  if (failed)
    return failed;
  dt_prepare_sending(&sending.base, socket, &batch);
  sending.base.operation.kind = &sendmany_kind;
  return dt_await(L, &sending.base.operation);
}

/***
Sends many messages, with as few system calls as the system allows, and waits
until all have gone. If a failure comes after some went, their number is
returned, and the failure comes again when the rest is sent. On a stream each
message is a system call of its own, and goes whole before the next. See
sendmmsg(2).
@function socket:sendmany
@tparam table list of messages as sendmsg takes them: strings, or tables
`{ data, address =, control = }`; the list that recvmany gives is one
@tparam[opt] string|integer ... flags
@treturn integer how many messages went
@treturn ?integer on a stream: how many bytes of the next one went, if some did
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for sendmsg, if the first could not be sent
@usage assert(udp:sendmany({ { "one", address = a }, { "two", address = b } }))
@usage udp:sendmany(udp:recvmany(64)) -- echo
*/
static int socket_sendmany(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  size_t count;
  int flags;
  luaL_checktype(L, 2, LUA_TTABLE);
  count = lua_rawlen(L, 2);
  luaL_argcheck(L, count <= INT_MAX / 1024, 2, "too many messages");
  flags = dt_check_flags(L, 3, &dt_message_flags);
  if (socket->fd < 0)
    return dt_fail_closed(L, "sendmany");
  if (count > 0)
    return send_batch(L, socket, count, flags);
  lua_pushinteger(L, 0);
  return 1;
}

/* --- recvmany --------------------------------------------------------------
 */

#define SIZE_DEFAULT 2048

/* Each message's room for control data: all that UDP sockets can be asked for,
   and a few descriptors. */
#define CONTROL_SIZE 256

struct receiving {
  struct dt_operation operation;
  struct dt_descriptors *holder;
  unsigned count, size; /* of each */
  int flags;
};

/* What each message has beside its data. */
struct slot {
  struct iovec buffer;
  struct dt_address address;
  union {
    struct cmsghdr aligned;
    unsigned char bytes[CONTROL_SIZE];
  } control;
};

/* A borrowed buffer, divided up: headers, slots, data. */
struct room {
  struct dt_message *messages;
  struct slot *slots;
  char *data;
};

static size_t room_size(const struct receiving *receiving) {
  return (size_t)receiving->count *
         (sizeof(struct dt_message) + sizeof(struct slot) + receiving->size);
}

static void divide(const struct receiving *receiving, char *buffer,
                   struct room *room) {
  unsigned count = receiving->count;
  room->messages = (struct dt_message *)(void *)buffer;
  room->slots = (struct slot *)(void *)(room->messages + count);
  room->data = (char *)(room->slots + count);
  if (receiving->flags & MSG_TRUNC)
    memset(room->data, 0, (size_t)count * receiving->size);
  for (unsigned i = 0; i < count; i++) {
    struct slot *slot = &room->slots[i];
    slot->buffer.iov_base = room->data + (size_t)i * receiving->size;
    slot->buffer.iov_len = receiving->size;
    room->messages[i] = (struct dt_message){
        .header = {.msg_name = &slot->address.u,
                   .msg_namelen = sizeof slot->address.u,
                   .msg_iov = &slot->buffer,
                   .msg_iovlen = 1,
                   .msg_control = slot->control.bytes,
                   .msg_controllen = sizeof slot->control.bytes}};
  }
}

/* How many of the `got` messages stand before the end of a stream.  Only the
   last ones can be the end: a record of no bytes in between is a record. */
static int before_end(const struct receiving *receiving,
                      const struct room *room, int got) {
  while (got > 0 && receiving->size > 0 &&
         room->messages[got - 1].length == 0 &&
         dt_is_end(receiving->operation.socket, &room->messages[got - 1].header,
                   receiving->flags))
    got--;
  return got;
}

/* Where on the stack there is what the messages of a batch share. */
struct shared {
  int fields, senders; /* dt_push_fields, dt_push_senders */
  int class;           /* dt_open_message */
};

/* A field is set by its name, its value, and lua_rawset. */
static void push_name(lua_State *L, const struct shared *shared,
                      enum dt_field field) {
  lua_pushvalue(L, shared->fields + (int)field);
}

/* Sets message.address for the table on top. */
static void set_address(lua_State *L, const struct shared *shared,
                        const struct msghdr *header,
                        struct dt_address *address) {
  if (header->msg_namelen == 0)
    return;
  address->length = header->msg_namelen < sizeof address->u
                        ? header->msg_namelen
                        : sizeof address->u;
  push_name(L, shared, DT_ADDRESS);
  dt_push_known(L, address, shared->senders);
  lua_rawset(L, -3);
}

/* Sets message.flags and message.control for the table on top, if there are
   any. */
static void set_rest(lua_State *L, const struct shared *shared,
                     const struct receiving *receiving,
                     const struct msghdr *header) {
  if (dt_has_message_flags(header->msg_flags)) {
    push_name(L, shared, DT_FLAGS);
    dt_push_message_flags(L, header->msg_flags);
    lua_rawset(L, -3);
  }
  if (header->msg_controllen > 0) {
    push_name(L, shared, DT_CONTROL);
    dt_push_ancillary(L, receiving->operation.socket, header->msg_control,
                      header->msg_controllen, receiving->holder);
    lua_rawset(L, -3);
  }
}

/* Pushes the message in a slot.  Most have no flags and no control data; they
   find an empty table for those in their class. */
static void push_message(lua_State *L, const struct receiving *receiving,
                         const struct shared *shared,
                         const struct dt_message *message, struct slot *slot) {
  size_t size =
      message->length < receiving->size ? message->length : receiving->size;
  lua_createtable(L, 1, 2);
  lua_pushlstring(L, slot->buffer.iov_base, size);
  lua_rawseti(L, -2, 1);
  push_name(L, shared, DT_LENGTH);
  lua_pushinteger(L, (lua_Integer)message->length);
  lua_rawset(L, -3);
  set_address(L, shared, &message->header, &slot->address);
  set_rest(L, shared, receiving, &message->header);
  lua_pushvalue(L, shared->class);
  lua_setmetatable(L, -2);
}

static void push_messages(lua_State *L, const struct receiving *receiving,
                          struct room *room, int count) {
  struct shared shared;
  luaL_checkstack(L, 20, "no room for messages");
  shared.fields = dt_push_fields(L);
  dt_push_senders(L);
  shared.senders = shared.fields + DT_FIELDS;
  lua_rawgeti(L, LUA_REGISTRYINDEX, dt_state_of(L)->message_ref);
  shared.class = shared.senders + 1;
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    push_message(L, receiving, &shared, &room->messages[i], &room->slots[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* Receives; how many messages, or -1 with errno. */
static int receive(const struct receiving *receiving, struct room *room) {
  const struct dt_socket *socket = receiving->operation.socket;
  struct dt_message *first = &room->messages[0];
  size_t unread =
      dt_take_unread(socket, room->data, receiving->size, receiving->flags);
  int got;
  if (unread > 0) {
    first->length = (unsigned)unread;
    first->header.msg_namelen = 0;
    first->header.msg_controllen = 0;
    return 1;
  }
  got = dt_sys.recvmany(socket->fd, room->messages, receiving->count,
                        receiving->flags | MSG_DONTWAIT |
                            dt_receive_flag(socket));
  for (int i = 0; i < got && receiving->holder; i++)
    dt_take_descriptors(receiving->holder, room->messages[i].header.msg_control,
                        room->messages[i].header.msg_controllen);
  return got;
}

/* ... and pushes what came. */
static enum dt_outcome
receive_and_push(lua_State *L, struct receiving *receiving, struct room *room) {
  struct dt_operation *operation = &receiving->operation;
  int count, got = receive(receiving, room);
  if (got < 0)
    return dt_step_failed(operation, errno, DT_WANT_READ);
  count = before_end(receiving, room, got);
  if (count == 0) {
    operation->error = DT_EOF;
    return DT_FAILED;
  }
  push_messages(L, receiving, room, count);
  operation->results = 1;
  return DT_DONE;
}

static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct receiving *receiving = (struct receiving *)operation;
  char *buffer = dt_borrow(L, dt_state_of(L), room_size(receiving));
  enum dt_outcome outcome;
  struct room room;
  divide(receiving, buffer, &room);
  outcome = receive_and_push(L, receiving, &room);
  dt_return(dt_state_of(L), buffer);
  if (outcome == DT_DONE && receiving->holder)
    dt_finish_descriptors(receiving->holder);
  return outcome;
}

static const struct dt_kind recvmany_kind = {
    .name = "recvmany", .step = receive_step, .size = sizeof(struct receiving)};

/***
Receives the messages that are there, at most `count`, with one system call; if
there is none, it waits for one. See recvmmsg(2).
@function socket:recvmany
@tparam integer count how many messages at most, 1 to 1024
@tparam[opt=2048] integer size how many bytes of each at most; the rest is cut
off, and `flags.MSG_TRUNC` says so. With UDP_GRO: 65535
@tparam[opt] string|integer ... flags
@treturn table list of messages as recvmsg gives them, in order; their control
data has room for 256 bytes each. Where there are no flags or no control data,
`flags` and `control` are an empty table, one for all, that comes from a
metatable, is not seen by `pairs`, and refuses to be written to
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for recvmsg
@usage for _, message in ipairs(assert(udp:recvmany(64))) do
  print(message.address, message[1])
end
*/
static int socket_recvmany(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct receiving receiving = {.size = SIZE_DEFAULT};
  receiving.count = (unsigned)dt_check_range(L, 2, 1, CALL_MAX);
  if (!lua_isnoneornil(L, 3))
    receiving.size = (unsigned)dt_check_range(L, 3, 0, INT_MAX);
  luaL_argcheck(L, receiving.size <= INT_MAX / receiving.count, 3,
                "2^31 bytes or more in all");
  receiving.flags = dt_check_flags(L, 4, &dt_message_flags);
  if (socket->fd < 0)
    return dt_fail_closed(L, "recvmany");
  receiving.operation.kind = &recvmany_kind;
  receiving.operation.socket = socket;
  receiving.operation.nonblocking = dt_never_waits(receiving.flags);
  receiving.holder =
      dt_need_descriptors(L, socket, receiving.count * CONTROL_SIZE);
  return dt_await(L, &receiving.operation);
}

static const luaL_Reg methods[] = {
    {"sendmany", socket_sendmany},
    {"recvmany", socket_recvmany},
    {NULL, NULL},
};

const struct dt_module dt_mod_many = {NULL, methods};
