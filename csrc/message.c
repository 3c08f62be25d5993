/*
 * message.c - one message, out of Lua and into it: see message.h.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "glue.h"
#include "message.h"
#include "sys.h"

/* --- messages of Lua -------------------------------------------------------
 */

size_t dt_count_buffers(lua_State *L, int arg, int index) {
  size_t count;
  int type = lua_type(L, index);
  if (type == LUA_TSTRING || type == LUA_TNUMBER)
    return 1;
  if (type != LUA_TTABLE)
    dt_bad_message(L, arg, "message expected (string or table), got %s",
                   luaL_typename(L, index));
  count = lua_rawlen(L, index);
  return count <= DT_BUFFERS_MAX ? count : DT_BUFFERS_MAX + 1;
}

/* Adds the text on top to the buffers, and keeps it. */
static void add_buffer(lua_State *L, int arg, struct dt_outgoing *out) {
  struct iovec *buffer = &out->buffers[out->header->msg_iovlen];
  size_t length;
  const char *data = lua_tolstring(L, -1, &length);
  if (out->room == 0) /* a fileno method in its control data has done that */
    luaL_argerror(L, arg, "the message grew while it was read");
  if (!data)
    dt_bad_message(L, arg, "buffer %d of the message: string expected, got %s",
                   (int)out->header->msg_iovlen + 1, luaL_typename(L, -1));
  buffer->iov_base = (void *)data; /* sendmsg(2) only reads it */
  buffer->iov_len = length;
  out->header->msg_iovlen++;
  out->room--;
  if (out->anchor)
    lua_rawseti(L, out->anchor, ++out->anchored);
}

/* What a message table has besides buffers. */
struct parts {
  bool address, control, received;
};

static struct parts check_keys(lua_State *L, int arg, int index) {
  struct parts parts = {false, false, false};
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    const char *key;
    if (lua_type(L, -2) == LUA_TNUMBER)
      continue;
    key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                         : luaL_typename(L, -2);
    if (strcmp(key, "address") == 0)
      parts.address = true;
    else if (strcmp(key, "control") == 0)
      parts.control = true;
    else if (strcmp(key, "flags") == 0)
      parts.received = true;
    else if (strcmp(key, "length") != 0)
      dt_bad_message(L, arg,
                     "unknown field '%s' of the message (valid: address, "
                     "control; buffers are [1], [2], ...)",
                     key);
  }
  return parts;
}

static int read_address(lua_State *L, const struct dt_socket *socket,
                        const struct dt_ancillary *control,
                        struct dt_outgoing *out) {
  int type = lua_type(L, -1);
  if (type != LUA_TSTRING && type != LUA_TTABLE && type != LUA_TUSERDATA)
    return dt_bad_message(L, control->arg,
                          "address of the message: address, text or table "
                          "expected, got %s",
                          lua_typename(L, type));
  if (dt_check_address(L, lua_gettop(L), control->operation, socket,
                       out->address) == 0)
    return 3;
  out->header->msg_name = &out->address->u;
  out->header->msg_namelen = out->address->length;
  lua_pop(L, 1);
  return 0;
}

static int read_control(lua_State *L, struct dt_ancillary *control,
                        struct dt_outgoing *out) {
  size_t before = control->used;
  int failed = dt_add_ancillary(L, control, lua_gettop(L));
  if (failed)
    return failed;
  out->header->msg_controllen = control->used - before;
  lua_pop(L, 1);
  return 0;
}

int dt_read_message(lua_State *L, int index, const struct dt_socket *socket,
                    struct dt_ancillary *control, struct dt_outgoing *out) {
  struct parts parts;
  int failed = 0, count;
  memset(out->header, 0, sizeof *out->header);
  out->header->msg_iov = out->buffers;
  if (!lua_istable(L, index)) {
    lua_pushvalue(L, index);
    add_buffer(L, control->arg, out);
    return 0;
  }
  count = (int)dt_count_buffers(L, control->arg, index);
  luaL_checkstack(L, 8 + (out->anchor ? 0 : count), "too many buffers");
  parts = check_keys(L, control->arg, index);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    add_buffer(L, control->arg, out);
  }
  if (parts.address) {
    lua_getfield(L, index, "address");
    failed = read_address(L, socket, control, out);
  }
  if (!failed && parts.control && !parts.received) {
    lua_getfield(L, index, "control");
    failed = read_control(L, control, out);
  }
  return failed;
}

/* --- sending ---------------------------------------------------------------
 */

enum dt_outcome dt_send_failed(lua_State *L, struct dt_operation *operation,
                               int error) {
  int type;
  socklen_t length = sizeof type;
  if (error == EBADF && dt_sys.getsockopt(operation->socket->fd, SOL_SOCKET,
                                          SO_TYPE, &type, &length) == 0) {
    operation->results =
        dt_fail_because(L, operation->name, NULL, 0,
                        "a descriptor to be sent is not open", "EBADF");
    return DT_DONE;
  }
  return dt_step_failed(operation, error, DT_WANT_WRITE);
}

static enum dt_outcome send_step(lua_State *L, struct dt_operation *operation) {
  const struct dt_sending *sending = (struct dt_sending *)operation;
  int wait = operation->may_block ? 0 : MSG_DONTWAIT;
  ssize_t sent = dt_sys.sendmsg(operation->socket->fd, &sending->header,
                                sending->flags | wait);
  if (sent < 0)
    return dt_send_failed(L, operation, errno);
  lua_pushinteger(L, (lua_Integer)sent);
  operation->results = 1;
  return DT_DONE;
}

int dt_send_message(lua_State *L, struct dt_sending *sending, const char *name,
                    struct dt_socket *socket) {
  struct dt_operation *operation = &sending->operation;
  memset(operation, 0, sizeof *operation);
  operation->name = name;
  operation->socket = socket;
  operation->step = send_step;
  operation->nonblocking = (sending->flags & MSG_DONTWAIT) != 0;
  operation->can_block = true;
  if (sending->header.msg_namelen > 0)
    operation->where = &sending->address;
  return dt_await(L, operation);
}

/* --- receiving -------------------------------------------------------------
 */

struct dt_descriptors *
dt_need_descriptors(lua_State *L, const struct dt_socket *socket, size_t size) {
  if (socket->domain == AF_UNIX && size > 0)
    return dt_push_descriptors(L, size);
  lua_pushnil(L);
  return NULL;
}

bool dt_is_end(const struct dt_socket *socket, const struct msghdr *header,
               int flags) {
#ifdef MSG_ERRQUEUE
  if (flags & MSG_ERRQUEUE)
    return false;
#endif
  (void)flags;
  if (socket->type == SOCK_STREAM)
    return true; /* whatever control data the kernel adds even then */
  /* a record of no bytes may carry control data, or have lost it */
  return socket->type == SOCK_SEQPACKET && header->msg_controllen == 0 &&
         !(header->msg_flags & MSG_CTRUNC);
}

void dt_prepare_receiving(struct dt_operation *operation, int flags) {
  operation->nonblocking = (flags & MSG_DONTWAIT) != 0;
#ifdef MSG_ERRQUEUE
  /* poll(2) cannot wait for it alone, and recvmsg(2) does not wait either */
  if (flags & MSG_ERRQUEUE)
    operation->nonblocking = true;
#endif
}

/* Points the header at the room there is. */
static void set_header(struct dt_receiving *receiving, char *data) {
  struct msghdr *header = &receiving->header;
  for (size_t i = 0; i < receiving->count; i++) {
    receiving->buffers[i].iov_base = data;
    data += receiving->buffers[i].iov_len;
  }
  memset(header, 0, sizeof *header);
  header->msg_name = &receiving->address.u;
  header->msg_namelen = sizeof receiving->address.u;
  header->msg_iov = receiving->buffers;
  header->msg_iovlen = receiving->count;
  if (receiving->control_size > 0) {
    header->msg_control = receiving->control;
    header->msg_controllen = receiving->control_size;
  }
}

/* Receives into `data`; everything but the pushing. */
static enum dt_outcome receive(struct dt_receiving *receiving, char *data) {
  struct dt_operation *operation = &receiving->operation;
  struct msghdr *header = &receiving->header;
  int wait = operation->may_block ? 0 : MSG_DONTWAIT;
  ssize_t got;
  set_header(receiving, data);
  if (receiving->flags & MSG_TRUNC)
    memset(data, 0, receiving->total); /* tcp(7): counts, but writes nothing */
  got = dt_sys.recvmsg(operation->socket->fd, header, receiving->flags | wait);
  if (got < 0)
    return dt_step_failed(operation, errno, DT_WANT_READ);
  if (receiving->holder)
    dt_take_descriptors(receiving->holder, header->msg_control,
                        header->msg_controllen);
  if (got == 0 && receiving->total > 0 &&
      dt_is_end(operation->socket, header, receiving->flags)) {
    operation->error = DT_EOF;
    return DT_FAILED;
  }
  receiving->address.length = header->msg_namelen;
  if (header->msg_namelen > sizeof receiving->address.u) /* it was cut */
    receiving->address.length = sizeof receiving->address.u;
  receiving->length = (size_t)got;
  return DT_DONE;
}

static enum dt_outcome receive_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct dt_receiving *receiving = (struct dt_receiving *)operation;
  char *data = dt_borrow(L, receiving->total);
  enum dt_outcome outcome = receive(receiving, data);
  if (outcome == DT_DONE)
    operation->results = receiving->push(L, receiving);
  dt_return(L, data);
  if (outcome == DT_DONE && receiving->holder)
    dt_finish_descriptors(receiving->holder);
  return outcome;
}

int dt_receive_message(lua_State *L, struct dt_receiving *receiving,
                       const char *name, struct dt_socket *socket) {
  struct dt_operation *operation = &receiving->operation;
  memset(operation, 0, sizeof *operation);
  operation->name = name;
  operation->socket = socket;
  operation->step = receive_step;
  operation->can_block = true;
  dt_prepare_receiving(operation, receiving->flags);
  receiving->holder = dt_need_descriptors(L, socket, receiving->control_size);
  return dt_await(L, operation);
}

/* --- flags -----------------------------------------------------------------
 */

static const struct dt_constant received_flags[] = {
    {"MSG_EOR", MSG_EOR},           {"MSG_TRUNC", MSG_TRUNC},
    {"MSG_CTRUNC", MSG_CTRUNC},     {"MSG_OOB", MSG_OOB},
#ifdef MSG_ERRQUEUE
    {"MSG_ERRQUEUE", MSG_ERRQUEUE},
#endif
};

#define FLAG_COUNT (sizeof received_flags / sizeof received_flags[0])

bool dt_has_message_flags(int flags) {
  for (size_t i = 0; i < FLAG_COUNT; i++)
    if (flags & received_flags[i].value)
      return true;
  return false;
}

void dt_push_message_flags(lua_State *L, int flags) {
  lua_newtable(L);
  for (size_t i = 0; i < FLAG_COUNT; i++)
    if (flags & received_flags[i].value) {
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, received_flags[i].name);
    }
}
