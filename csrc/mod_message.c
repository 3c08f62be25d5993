/*
 * mod_message.c - sendmsg and recvmsg.  What a message is stands in message.h,
 * control data in ancillary.h.
 */
#include "config.h"

#include <limits.h>
#include <errno.h>

#include "glue.h"
#include "message.h"

/* --- sendmsg ---------------------------------------------------------------
 */

static const struct dt_kind sendmsg_kind = {.name = "sendmsg",
                                            .step = dt_send_step,
                                            .size = sizeof(struct dt_sending),
                                            .can_block = true};

/* Reads the message at index 2 and sends it. */
static int send_table(lua_State *L, struct dt_socket *socket, int flags) {
  struct dt_message message;
  struct dt_address address;
  struct iovec buffers[DT_BUFFERS_MAX];
  union dt_control_room room;
  struct dt_ancillary control;
  struct dt_outgoing out;
  struct dt_batch batch = {&message, &address, buffers, NULL, 1, 0, 0};
  struct dt_sending sending = {.flags = flags};
  int failed;
  dt_begin_ancillary(L, &control, &room, 2, "sendmsg");
  dt_begin_reading(L, &out, buffers, DT_BUFFERS_MAX);
  out.header = &message.header;
  out.address = &address;
  failed = dt_read_message(L, 2, socket, &control, &out);
  if (failed)
    return failed;
  batch.room = message.header.msg_iovlen;
  message.header.msg_iov = buffers;
  if (message.header.msg_controllen > 0) {
    message.header.msg_control = control.bytes;
    batch.control = control.bytes;
    batch.control_size = control.used;
  }
  dt_prepare_sending(&sending, socket, &batch);
  sending.operation.kind = &sendmsg_kind;
  return dt_await(L, &sending.operation);
}

/***
Sends one message with one system call: data gathered from several buffers, an
address, control data. On a stream the kernel may take less than all. See
sendmsg(2), cmsg(3).

The message is a string, or a table: `[1]`, `[2]` ... the buffers (strings; none
is a message of no bytes; more than 1024 fail with `"EMSGSIZE"`), `address` and
`control`.

`control` is a list of `{ type =, value = }`, or has values under their types'
names, or both: the list goes first, and a type that stands in it is not sent
again by its name. `SCM_RIGHTS` takes a list of sockets, io files and
descriptors (what an io file has buffered is written before);
`SCM_CREDENTIALS` takes `{ pid =, uid =, gid = }`, each our own when left out;
`IP_PKTINFO` and `IPV6_PKTINFO` take `{ ifindex =, interface =, address = }`
(the interface's name counts when there is no index); `IP_TTL`, `IP_TOS`,
`IPV6_HOPLIMIT`, `IPV6_TCLASS` and `UDP_SEGMENT` take integers. Anything else is
`{ level =, type =, value = }` with the two as numbers, and bytes or an integer.

A message that recvmsg or recvmany gave may be sent as it is: its data to its
`address`. Its control data is not sent, as it tells how it came, and fields
that you have added to it are left alone; a message counts as received when
recvmany gave it, or when it has `flags`.
@function socket:sendmsg
@tparam string|table message
@tparam[opt] string|integer ... flags, such as `"MSG_MORE"`, `"MSG_EOR"`,
`"MSG_DONTWAIT"`
@treturn integer bytes taken
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EPIPE"`, `"EMSGSIZE"`, `"ENOTCONN"`,
`"timeout"`; `"EBADF"` for a closed descriptor in the list, `"EPERM"` for
credentials that are not ours, `"ENODEV"` for no such interface, `"EINVAL"` for
an address that is none and for what the kernel does not take
@usage assert(s:sendmsg({ "data", control = { SCM_RIGHTS = { file } } }))
@usage assert(udp:sendmsg({ "probe", address = to, control = { IP_TTL = 3 } }))
*/
static int socket_sendmsg(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  size_t count = dt_count_buffers(L, 2, 2);
  int flags = dt_check_flags(L, 3, &dt_message_flags);
  if (socket->fd < 0)
    return dt_fail_closed(L, "sendmsg");
  if (count > DT_BUFFERS_MAX)
    return dt_socket_fail(L, "sendmsg", socket, NULL, EMSGSIZE);
  return send_table(L, socket, flags);
}

/* --- recvmsg ---------------------------------------------------------------
 */

#define CONTROL_MAX 65536

/* Pushes the table that recvmsg gives. */
static int push_message(lua_State *L, struct dt_receiving *receiving,
                        struct dt_received *received) {
  size_t left =
      received->length < receiving->total ? received->length : receiving->total;
  const struct msghdr *header = &received->header;
  int count = (int)header->msg_iovlen;
  lua_createtable(L, count, 4);
  for (int i = 0; i < count; i++) {
    const struct iovec *buffer = &header->msg_iov[i];
    size_t size = buffer->iov_len < left ? buffer->iov_len : left;
    lua_pushlstring(L, buffer->iov_base, size);
    lua_rawseti(L, -2, i + 1);
    left -= size;
  }
  lua_pushinteger(L, (lua_Integer)received->length);
  lua_setfield(L, -2, "length");
  if (received->address.length > 0) {
    dt_push_sender(L, &received->address);
    lua_setfield(L, -2, "address");
  }
  dt_push_message_flags(L, header->msg_flags);
  lua_setfield(L, -2, "flags");
  dt_push_ancillary(L, receiving->operation.socket, header->msg_control,
                    header->msg_controllen, receiving->holder);
  lua_setfield(L, -2, "control");
  return 1;
}

static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  return dt_receive_step(L, (struct dt_receiving *)operation, push_message);
}

static const struct dt_kind recvmsg_kind = {.name = "recvmsg",
                                            .step = receive_step,
                                            .size = sizeof(struct dt_receiving),
                                            .can_block = true};

/* Reads the list of sizes at index 2 into `sizes`. */
static void check_list(lua_State *L, struct dt_receiving *receiving,
                       unsigned *sizes) {
  for (int i = 0; i < receiving->count; i++) {
    lua_Number size = -1;
    lua_rawgeti(L, 2, i + 1);
    if (lua_type(L, -1) != LUA_TNUMBER || !dt_tointeger(L, -1, &size) ||
        size < 0 || size > (lua_Number)(INT_MAX - receiving->total))
      dt_bad_message(L, 2,
                     "size %d: whole number >= 0 expected, all together below "
                     "2^31",
                     i + 1);
    lua_pop(L, 1);
    sizes[i] = (unsigned)size;
    receiving->total += sizes[i];
  }
  receiving->sizes = sizes;
}

/* Reads the size, or the list of sizes, at index 2. */
static void check_sizes(lua_State *L, struct dt_receiving *receiving,
                        unsigned local[DT_BUFFERS_MAX]) {
  size_t count;
  bool stays;
  if (!lua_istable(L, 2)) {
    receiving->total = (unsigned)dt_check_range(L, 2, 0, INT_MAX);
    return;
  }
  count = lua_rawlen(L, 2);
  if (count > DT_BUFFERS_MAX)
    dt_bad_message(L, 2, "at most %d sizes expected", DT_BUFFERS_MAX);
  receiving->count = (unsigned short)count;
  check_list(L, receiving,
             dt_frame(L, local, (count + 1) * sizeof *local, &stays));
}

/***
Receives one message with one system call, and all that came with it. Waits for
one, but not with `"MSG_ERRQUEUE"`: the error queue has something, or the call
fails with `"EAGAIN"`. See recvmsg(2), cmsg(3).

The message is a table: `[1]`, `[2]` ... a string for each buffer, filled in
order; `length`, the bytes that came (with the flag `"MSG_TRUNC"`: the length of
the whole datagram); `address`, the sender's, nil where it has none; `flags`, a
set such as `{ MSG_TRUNC = true }` (data was cut) and `{ MSG_CTRUNC = true }`
(control data was cut, descriptors among it were closed); `control`, a list of
`{ type =, level =, value = }` where each value stands also under its type's
name. Values are those of sendmsg, and `SO_TIMESTAMPNS` (`{ sec =, nsec = }`),
`SO_TIMESTAMP` (`{ sec =, usec = }`), `SO_RXQ_OVFL` and `UDP_GRO` (integers),
`SCM_PIDFD` (a list of one descriptor), `IP_RECVERR` and `IPV6_RECVERR`
(`{ errno =, origin =, type =, code =, info =, data =, offender = }`).
`IP_PKTINFO` has `destination` too, the address in the packet's head. What has
no name here has `level` and `type` as numbers, and bytes for a value. Control
data that was cut is left out, but for the descriptors that came whole.

Received descriptors are close-on-exec. Sockets come back as socket objects,
others as io files where Lua can make one, else as numbers.
@function socket:recvmsg
@tparam integer|table size how many bytes at most, or a list of sizes: data is
then spread over as many buffers
@tparam[opt] integer controlsize bytes of room for control data, up to 65536; 0:
none is taken. Without it there is room for 253 descriptors and all else
@tparam[opt] string|integer ... flags, such as `"MSG_PEEK"`, `"MSG_TRUNC"`,
`"MSG_ERRQUEUE"`, `"MSG_DONTWAIT"`
@treturn table message
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"eof"` at the end of a stream, else as for recv
@usage local m = assert(s:recvmsg(4096))
print(m[1], m.address, m.control.IP_TTL, m.flags.MSG_TRUNC)
*/
static int socket_recvmsg(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_receiving receiving = {.control_size = DT_CONTROL_DEFAULT};
  unsigned sizes[DT_BUFFERS_MAX];
  receiving.flags = dt_check_flags(L, 4, &dt_message_flags);
  if (!lua_isnoneornil(L, 3))
    receiving.control_size = (unsigned)dt_check_range(L, 3, 0, CONTROL_MAX);
  check_sizes(L, &receiving, sizes);
  if (socket->fd < 0)
    return dt_fail_closed(L, "recvmsg");
  dt_prepare_receiving(L, &receiving, socket);
  receiving.operation.kind = &recvmsg_kind;
  return dt_await(L, &receiving.operation);
}

static const luaL_Reg methods[] = {
    {"sendmsg", socket_sendmsg},
    {"recvmsg", socket_recvmsg},
    {NULL, NULL},
};

const struct dt_module dt_mod_message = {NULL, methods};
