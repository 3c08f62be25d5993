/*
 * mod_descriptor.c - sendfds and recvfds: descriptors with a little data, the
 * plain case of sendmsg and recvmsg.  What keeps received ones from being lost
 * is in descriptor.c.
 */
#include "config.h"

#include <limits.h>

#include "control.h"
#include "glue.h"
#include "message.h"

static const struct dt_kind sendfds_kind = {.name = "sendfds",
                                            .step = dt_send_step,
                                            .size = sizeof(struct dt_sending),
                                            .can_block = true};

/* Sends the one buffer, and the control data. */
static int send_data(lua_State *L, struct dt_socket *socket, struct iovec *data,
                     const struct dt_ancillary *control) {
  struct dt_message message = {.header = {.msg_iov = data, .msg_iovlen = 1}};
  struct dt_address none = {.length = 0};
  struct dt_batch batch = {&message, &none, data,         control->bytes,
                           1,        1,     control->used};
  struct dt_sending sending = {.flags = 0};
  if (control->used > 0) {
    message.header.msg_control = control->bytes;
    message.header.msg_controllen = control->used;
  }
  dt_prepare_sending(&sending, socket, &batch);
  sending.operation.kind = &sendfds_kind;
  return dt_await(L, &sending.operation);
}

/***
Sends data and descriptors over an `AF_UNIX` socket. The receiver gets
descriptors of its own, for the same open files; ours stay open. What an io file
has buffered is written before. See unix(7), SCM_RIGHTS.
@function socket:sendfds
@tparam string data at least one byte on a stream, as nothing else would carry
the descriptors
@tparam table list of sockets, io files, descriptors, or objects with a `fileno`
method
@treturn integer bytes taken; the descriptors go with the first one
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EBADF"` (one of the list is closed),
`"EPIPE"`,
`"EINVAL"` (more than 253), `"ETOOMANYREFS"`, `"timeout"`
@usage assert(s:sendfds("take these", { listener, io.stdout }))
*/
static int socket_sendfds(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  union dt_control_room room;
  struct dt_ancillary control;
  struct iovec data;
  int failed;
  const char *text = luaL_checklstring(L, 2, &data.iov_len);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (socket->fd < 0)
    return dt_fail_closed(L, "sendfds");
  luaL_argcheck(L, data.iov_len > 0 || socket->type != SOCK_STREAM, 2,
                "at least one byte expected: a stream carries no descriptors "
                "without data");
  data.iov_base = (void *)text; /* sendmsg(2) only reads it */
  dt_begin_ancillary(L, &control, &room, 3, "sendfds");
  failed = dt_add_rights(L, &control, 3);
  return failed ? failed : send_data(L, socket, &data, &control);
}

/* Control data that may come before the descriptors, unasked: credentials, a
   security label.  Without room for it there would be none for them. */
#define OTHERS 512

#define FDS_DEFAULT 253 /* as many as Linux sends at once */
#define FDS_MAX     4096

/* Pushes the list of at most `most` descriptors; true if there were more. */
static bool push_list(lua_State *L, const struct dt_receiving *receiving,
                      const struct msghdr *header) {
  struct dt_control_item item;
  size_t offset = 0;
  int length = 0;
  bool dropped = false;
  lua_newtable(L);
  while (receiving->holder &&
         dt_control_next(header->msg_control, header->msg_controllen, &offset,
                         &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    size_t count = item.size / sizeof(int),
           left = receiving->most - (size_t)length;
    if (!type || type->kind != DT_CONTROL_FDS)
      continue;
    if (type->type != SCM_RIGHTS) /* a pidfd, which was not asked for here */
      left = 0;
    else if (count > left)
      dropped = true;
    if (count < left)
      left = count;
    length = dt_append_received(L, receiving->holder, left, length);
    dt_skip_received(receiving->holder, count - left);
  }
  return dropped;
}

static int push_data(lua_State *L, struct dt_receiving *receiving,
                     struct dt_received *received) {
  const struct msghdr *header = &received->header;
  bool dropped;
  lua_pushlstring(L, header->msg_iov[0].iov_base, received->length);
  dropped = push_list(L, receiving, header);
  if (!dropped && !(header->msg_flags & MSG_CTRUNC))
    return 2;
  lua_pushliteral(L, "MSG_CTRUNC");
  return 3;
}

static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  return dt_receive_step(L, (struct dt_receiving *)operation, push_data);
}

static const struct dt_kind recvfds_kind = {.name = "recvfds",
                                            .step = receive_step,
                                            .size = sizeof(struct dt_receiving),
                                            .can_block = true};

/***
Receives data, and the descriptors that came with it. They are close-on-exec.
Sockets come back as socket objects, others as io files where Lua can make one,
else as numbers (LuaJIT). See unix(7), SCM_RIGHTS.
@function socket:recvfds
@tparam[opt=4096] integer size how many bytes at most
@tparam[opt=253] integer max how many descriptors at most; more are closed
@treturn string data
@treturn table list of descriptors; empty when none came
@treturn ?string `"MSG_CTRUNC"` when some were dropped: more than `max` came, or
this process may not open as many
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"eof"` at the end of a stream, else as for recv
@usage local data, list = assert(s:recvfds())
*/
static int socket_recvfds(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_receiving receiving = {.total = 4096, .most = FDS_DEFAULT};
  if (!lua_isnoneornil(L, 2))
    receiving.total = (unsigned)dt_check_range(L, 2, 0, INT_MAX);
  if (!lua_isnoneornil(L, 3))
    receiving.most = (unsigned short)dt_check_range(L, 3, 0, FDS_MAX);
  if (socket->fd < 0)
    return dt_fail_closed(L, "recvfds");
  receiving.control_size = CMSG_SPACE(receiving.most * sizeof(int)) + OTHERS;
  dt_prepare_receiving(L, &receiving, socket);
  receiving.operation.kind = &recvfds_kind;
  return dt_await(L, &receiving.operation);
}

static const luaL_Reg methods[] = {
    {"sendfds", socket_sendfds},
    {"recvfds", socket_recvfds},
    {NULL, NULL},
};

const struct dt_module dt_mod_descriptor = {NULL, methods};
