/*
 * message.h - what sendmsg(2) and recvmsg(2) take and give, for the files that
 * call them: mod_message.c, mod_descriptor.c and, for many at once, mod_many.c.
 */
#ifndef DT_MESSAGE_H
#define DT_MESSAGE_H

#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include "ancillary.h"
#include "await.h"
#include "descriptor.h"

#define DT_BUFFERS_MAX                                                         \
  1024 /* of one message: IOV_MAX, as all systems have it */

DT_INTERNAL_BEGIN

/* --- out -------------------------------------------------------------------
 */

/* Where a message that is read from Lua goes. */
struct dt_outgoing {
  struct msghdr *header;
  struct dt_address *address;
  struct iovec *buffers; /* where the message's begin */
  size_t room;           /* how many are left there: it is counted down */
  int anchor;   /* where on the stack there is a table that keeps the texts */
  int anchored; /* how many it keeps; with no table they stay on the stack */
};

/* How many buffers the message at `index` has.  Raises if it is no message. */
size_t dt_count_buffers(lua_State *L, int arg, int index);

/* Reads the message at `index` (absolute): a text, or a table.  Its control
   data goes to `control`, and the header says only how long it is, as a later
   message may move it: dt_set_control.  0, or 3 with a failure pushed. */
int dt_read_message(lua_State *L, int index, const struct dt_socket *socket,
                    struct dt_ancillary *control, struct dt_outgoing *out);

/* An operation that sends one message. */
struct dt_sending {
  struct dt_operation operation;
  struct msghdr header;
  struct dt_address address; /* if the header has one */
  int flags;
};

/* Runs it: all but the operation is set; `name` is for messages. */
int dt_send_message(lua_State *L, struct dt_sending *sending, const char *name,
                    struct dt_socket *socket);

/* What a step returns when a system call that sent control data has failed.
   EBADF may be about a descriptor to be sent, when the socket is all right:
   then it is no failure of the socket, `results` are nil, message, code. */
enum dt_outcome dt_send_failed(lua_State *L, struct dt_operation *operation,
                               int error);

/* --- in --------------------------------------------------------------------
 */

/* An operation that receives one message. */
struct dt_receiving {
  struct dt_operation operation;
  int flags;
  struct iovec *buffers; /* their lengths are set */
  size_t count, total;   /* of the buffers; of their lengths */
  void *control;
  size_t control_size;
  struct dt_descriptors *holder; /* NULL where no descriptors can come */
  /* Pushes the results, and returns how many: what came is below. */
  int (*push)(lua_State *L, struct dt_receiving *receiving);
  struct msghdr header;
  struct dt_address address;
  size_t length; /* more than `total` when MSG_TRUNC asked for the whole */
};

/* Runs it: all but the last group of fields is set, `holder` is made here. */
int dt_receive_message(lua_State *L, struct dt_receiving *receiving,
                       const char *name, struct dt_socket *socket);

/* A holder where descriptors can come with `size` bytes of control data,
   pushed; else NULL, and nil is pushed. */
struct dt_descriptors *
dt_need_descriptors(lua_State *L, const struct dt_socket *socket, size_t size);

/* Whether a message of no bytes means the end of a stream. */
bool dt_is_end(const struct dt_socket *socket, const struct msghdr *header,
               int flags);

/* Readies an operation that receives: the error queue is never waited for. */
void dt_prepare_receiving(struct dt_operation *operation, int flags);

/* Whether a received message has flags to show, and the set of them. */
bool dt_has_message_flags(int flags);
void dt_push_message_flags(lua_State *L, int flags);

DT_INTERNAL_END

#endif
