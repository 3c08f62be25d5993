/*
 * message.c - one message, to the system and from it: see message.h.  What it
 * is in Lua is in message_table.c.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "glue.h"
#include "message.h"
#include "stream.h"
#include "sys.h"

/* --- sending ---------------------------------------------------------------
 */

enum dt_outcome dt_send_failed(lua_State *L, struct dt_operation *operation,
                               int error) {
  int type;
  socklen_t length = sizeof type;
  if (error == EBADF && dt_sys.getsockopt(operation->socket->fd, SOL_SOCKET,
                                          SO_TYPE, &type, &length) == 0) {
    operation->results =
        dt_fail_because(L, operation->kind->name, NULL, 0,
                        "a descriptor to be sent is not open", "EBADF");
    return DT_DONE;
  }
  return dt_step_failed(operation, error, DT_WANT_WRITE);
}

/* A copy of a batch, and all that it points to, on top of the stack. */
static struct dt_batch *copy_batch(lua_State *L, const struct dt_batch *from) {
  struct dt_batch *to = dt_newuserdata(
      L, sizeof *to +
             from->count * (sizeof *to->messages + sizeof *to->addresses) +
             from->room * sizeof *to->buffers + from->control_size);
  unsigned char *control;
  *to = *from;
  to->messages = (struct dt_message *)(void *)(to + 1);
  to->addresses = (struct dt_address *)(void *)(to->messages + to->count);
  to->buffers = (struct iovec *)(void *)(to->addresses + to->count);
  to->control = control = (unsigned char *)(to->buffers + to->room);
  memcpy(to->messages, from->messages, to->count * sizeof *to->messages);
  memcpy(to->addresses, from->addresses, to->count * sizeof *to->addresses);
  memcpy(to->buffers, from->buffers, to->room * sizeof *to->buffers);
  if (to->control_size > 0)
    memcpy(control, from->control, to->control_size);
  for (size_t i = 0; i < to->count; i++) {
    struct msghdr *header = &to->messages[i].header;
    header->msg_iov = to->buffers + (header->msg_iov - from->buffers);
    if (header->msg_name)
      header->msg_name = &to->addresses[i].u;
    if (header->msg_control)
      header->msg_control =
          control + ((unsigned char *)header->msg_control - from->control);
  }
  return to;
}

enum dt_outcome dt_keep_batch(lua_State *L, struct dt_sending *sending,
                              enum dt_outcome outcome) {
  struct dt_operation *operation = &sending->operation;
  if (outcome == DT_DONE || outcome == DT_FAILED || sending->moved ||
      dt_loop_of(L)->running != L)
    return outcome;
  if (outcome == DT_WANT_WRITE &&
      (operation->nonblocking || operation->socket->limit == 0))
    return outcome; /* it will not wait */
  luaL_checkstack(L, 1, "no room for a message");
  sending->batch = copy_batch(L, sending->batch);
  sending->moved = true;
  if (operation->where)
    operation->where = sending->batch->addresses;
  return outcome;
}

static enum dt_outcome send_one(lua_State *L,
                                const struct dt_sending *sending) {
  struct dt_operation *operation = (struct dt_operation *)&sending->operation;
  int wait = operation->may_block ? 0 : MSG_DONTWAIT;
  enum dt_outcome before = dt_send_gathered(operation);
  ssize_t sent;
  if (before != DT_DONE)
    return before;
  sent =
      dt_sys.sendmsg(operation->socket->fd, &sending->batch->messages[0].header,
                     sending->flags | wait);
  if (sent < 0)
    return dt_send_failed(L, operation, errno);
  lua_pushinteger(L, (lua_Integer)sent);
  operation->results = 1;
  return DT_DONE;
}

enum dt_outcome dt_send_step(lua_State *L, struct dt_operation *operation) {
  struct dt_sending *sending = (struct dt_sending *)operation;
  return dt_keep_batch(L, sending, send_one(L, sending));
}

void dt_prepare_sending(struct dt_sending *sending, struct dt_socket *socket,
                        struct dt_batch *batch) {
  struct dt_operation *operation = &sending->operation;
  memset(operation, 0, sizeof *operation);
  operation->socket = socket;
  operation->nonblocking = (sending->flags & MSG_DONTWAIT) != 0;
  if (batch->messages[0].header.msg_namelen > 0)
    operation->where = batch->addresses;
  sending->batch = batch;
  sending->moved = false;
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

int dt_receive_flag(const struct dt_socket *socket) {
#ifdef MSG_CMSG_CLOEXEC
  if (socket->domain == AF_UNIX)
    return MSG_CMSG_CLOEXEC;
#endif
  (void)socket;
  return 0;
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

bool dt_never_waits(int flags) {
#ifdef MSG_ERRQUEUE
  /* poll(2) cannot wait for it alone, and recvmsg(2) does not wait either */
  if (flags & MSG_ERRQUEUE)
    return true;
#endif
  return (flags & MSG_DONTWAIT) != 0;
}

size_t dt_take_unread(const struct dt_socket *socket, char *data, size_t size,
                      int flags) {
  size_t unread = dt_unread_bytes(socket);
  if (unread == 0 || (flags & MSG_OOB))
    return 0;
#ifdef MSG_ERRQUEUE
  if (flags & MSG_ERRQUEUE)
    return 0;
#endif
  if (size > unread)
    size = unread;
  memcpy(data, dt_buffer_bytes(&socket->stream->in), size);
  if (!(flags & MSG_PEEK))
    dt_buffer_take(&socket->stream->in, size, &socket->loop->pool);
  return size;
}

/* Where one message lands. */
struct landing {
  union {
    struct cmsghdr aligned;
    unsigned char bytes[DT_CONTROL_DEFAULT];
  } control;
  struct iovec buffers[DT_BUFFERS_MAX];
  char *data, *large_control; /* borrowed; the second only if it must be */
};

/* Points the header at the room there is. */
static void set_header(const struct dt_receiving *receiving,
                       struct landing *landing, struct dt_received *received) {
  struct msghdr *header = &received->header;
  char *data = landing->data;
  memset(header, 0, sizeof *header);
  header->msg_name = &received->address.u;
  header->msg_namelen = sizeof received->address.u;
  header->msg_iov = landing->buffers;
  header->msg_iovlen = receiving->sizes ? receiving->count : 1;
  landing->buffers[0].iov_base = data;
  landing->buffers[0].iov_len = receiving->total;
  for (size_t i = 0; receiving->sizes && i < receiving->count; i++) {
    landing->buffers[i].iov_base = data;
    landing->buffers[i].iov_len = receiving->sizes[i];
    data += receiving->sizes[i];
  }
  if (receiving->control_size > 0) {
    header->msg_control = landing->large_control
                              ? (void *)landing->large_control
                              : landing->control.bytes;
    header->msg_controllen = receiving->control_size;
  }
}

/* Receives; everything but the pushing. */
static enum dt_outcome receive(struct dt_receiving *receiving,
                               struct landing *landing,
                               struct dt_received *received) {
  struct dt_operation *operation = &receiving->operation;
  struct msghdr *header = &received->header;
  int flags = receiving->flags | dt_receive_flag(operation->socket) |
              (operation->may_block ? 0 : MSG_DONTWAIT);
  ssize_t got;
  set_header(receiving, landing, received);
  received->length = dt_take_unread(operation->socket, landing->data,
                                    receiving->total, receiving->flags);
  if (received->length > 0) {
    header->msg_controllen = 0;
    received->address.length = 0;
    return DT_DONE;
  }
  if (receiving->flags & MSG_TRUNC) /* tcp(7): counts, but writes nothing */
    memset(landing->data, 0, receiving->total);
  got = dt_sys.recvmsg(operation->socket->fd, header, flags);
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
  received->address.length = header->msg_namelen;
  if (header->msg_namelen > sizeof received->address.u) /* it was cut */
    received->address.length = sizeof received->address.u;
  received->length = (size_t)got;
  return DT_DONE;
}

#define ALIGNMENT 16

enum dt_outcome dt_receive_step(lua_State *L, struct dt_receiving *receiving,
                                dt_push_received *push) {
  struct dt_operation *operation = &receiving->operation;
  struct landing landing;
  struct dt_received received;
  enum dt_outcome outcome;
  size_t control =
      receiving->control_size > sizeof landing.control
          ? (receiving->control_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
          : 0;
  char *room = dt_borrow(L, dt_state_of(L), control + receiving->total);
  landing.large_control = control > 0 ? room : NULL;
  landing.data = room + control;
  outcome = receive(receiving, &landing, &received);
  if (outcome == DT_DONE)
    operation->results = push(L, receiving, &received);
  dt_return(dt_state_of(L), room);
  if (outcome == DT_DONE && receiving->holder)
    dt_finish_descriptors(receiving->holder);
  return outcome;
}

void dt_prepare_receiving(lua_State *L, struct dt_receiving *receiving,
                          struct dt_socket *socket) {
  struct dt_operation *operation = &receiving->operation;
  operation->socket = socket;
  operation->nonblocking = dt_never_waits(receiving->flags);
  receiving->holder = dt_need_descriptors(L, socket, receiving->control_size);
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
  int shown = 0;
  for (size_t i = 0; i < FLAG_COUNT; i++)
    shown |= received_flags[i].value;
  return (flags & shown) != 0;
}

void dt_push_message_flags(lua_State *L, int flags) {
  lua_newtable(L);
  for (size_t i = 0; i < FLAG_COUNT; i++)
    if (flags & received_flags[i].value) {
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, received_flags[i].name);
    }
}
