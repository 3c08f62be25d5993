/*
 * mod_descriptor.c - sendfds and recvfds: descriptors with a little data, the
 * plain case of sendmsg and recvmsg.  What keeps received ones from being lost
 * is in descriptor.c.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "control.h"
#include "glue.h"
#include "message.h"

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
  struct dt_sending sending;
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
  memset(&sending, 0, sizeof sending);
  data.iov_base = (void *)text; /* sendmsg(2) only reads it */
  dt_begin_ancillary(L, &control, &room, 3, "sendfds");
  failed = dt_add_rights(L, &control, 3);
  if (failed)
    return failed;
  sending.header.msg_iov = &data;
  sending.header.msg_iovlen = 1;
  if (control.used > 0) {
    sending.header.msg_control = control.bytes;
    sending.header.msg_controllen = control.used;
  }
  return dt_send_message(L, &sending, "sendfds", socket);
}

/* Control data that may come before the descriptors, unasked: credentials, a
   security label.  Without room for it there would be none for them. */
#define OTHERS 512

#define FDS_DEFAULT 253 /* as many as Linux sends at once */
#define FDS_MAX     4096

struct receiving {
  struct dt_receiving message;
  size_t most;
};

/* Pushes the list of at most `most` descriptors; true if there were more. */
static bool push_list(lua_State *L, const struct dt_receiving *message,
                      size_t most) {
  const struct msghdr *header = &message->header;
  struct dt_control_item item;
  size_t offset = 0;
  int length = 0;
  bool dropped = false;
  lua_newtable(L);
  while (message->holder &&
         dt_control_next(header->msg_control, header->msg_controllen, &offset,
                         &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    size_t count = item.size / sizeof(int), left = most - (size_t)length;
    if (!type || type->kind != DT_CONTROL_FDS)
      continue;
    if (type->type != SCM_RIGHTS) /* a pidfd, which was not asked for here */
      left = 0;
    else if (count > left)
      dropped = true;
    if (count < left)
      left = count;
    length = dt_append_received(L, message->holder, left, length);
    dt_skip_received(message->holder, count - left);
  }
  return dropped;
}

static int push_data(lua_State *L, struct dt_receiving *message) {
  const struct receiving *receiving = (struct receiving *)message;
  bool dropped;
  lua_pushlstring(L, message->buffers[0].iov_base, message->length);
  dropped = push_list(L, message, receiving->most);
  if (!dropped && !(message->header.msg_flags & MSG_CTRUNC))
    return 2;
  lua_pushliteral(L, "MSG_CTRUNC");
  return 3;
}

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
  struct receiving receiving;
  struct dt_receiving *message = &receiving.message;
  struct iovec data;
  union {
    struct cmsghdr aligned;
    unsigned char bytes[CMSG_SPACE(FDS_DEFAULT * sizeof(int)) + OTHERS];
  } room;
  memset(&receiving, 0, sizeof receiving);
  message->total =
      lua_isnoneornil(L, 2) ? 4096 : (size_t)dt_check_range(L, 2, 0, INT_MAX);
  receiving.most = lua_isnoneornil(L, 3)
                       ? FDS_DEFAULT
                       : (size_t)dt_check_range(L, 3, 0, FDS_MAX);
  if (socket->fd < 0)
    return dt_fail_closed(L, "recvfds");
  data.iov_len = message->total;
  message->buffers = &data;
  message->count = 1;
  message->push = push_data;
  message->control = room.bytes;
  message->control_size = CMSG_SPACE(receiving.most * sizeof(int)) + OTHERS;
  if (message->control_size > sizeof room.bytes)
    message->control = dt_newuserdata(L, message->control_size);
  return dt_receive_message(L, message, "recvfds", socket);
}

static const luaL_Reg methods[] = {
    {"sendfds", socket_sendfds},
    {"recvfds", socket_recvfds},
    {NULL, NULL},
};

const struct dt_module dt_mod_descriptor = {NULL, methods};
