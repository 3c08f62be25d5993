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
#include "sys.h"

#define DT_BUFFERS_MAX                                                         \
  1024 /* of one message: IOV_MAX, as all systems have it */

/* Room for as many descriptors as Linux sends at once, and all the rest. */
#define DT_CONTROL_DEFAULT 2048

/* The fields of a message's table.  Their names stand in this order on the
   stack while many messages are read or made: a look-up by a value on the stack
   costs half of what lua_getfield does. */
enum dt_field { DT_ADDRESS, DT_CONTROL, DT_FLAGS, DT_LENGTH, DT_FIELDS };

DT_INTERNAL_BEGIN

/* Makes the class of recvmany's messages: a message has the fields that say
   something.  Flags and control data that are not there are one empty table,
   and the length is that of the data. */
void dt_open_message(lua_State *L, struct dt_state *state);

/* Pushes the names; returns where the first stands. */
int dt_push_fields(lua_State *L);

/* --- out -------------------------------------------------------------------
 */

/* Where messages that are read from Lua go, one after the other. */
struct dt_outgoing {
  struct msghdr *header;      /* of the next */
  struct dt_address *address; /* of the next */
  struct iovec *buffers;      /* of all */
  size_t used, room;          /* how many buffers */
  int larger; /* where on the stack more of them are kept when they grow */
  int fields; /* where on the stack the fields' names are; 0: nowhere */
  const void *class; /* the metatable of recvmany's messages */
  int anchor;   /* where on the stack there is a table that keeps the texts */
  int anchored; /* how many it keeps; with no table they stay on the stack */
};

/* Begins with room for `room` buffers, and pushes what it needs. */
void dt_begin_reading(lua_State *L, struct dt_outgoing *out,
                      struct iovec *buffers, size_t room);

/* How many buffers the message at `index` has.  Raises if it is no message. */
size_t dt_count_buffers(lua_State *L, int arg, int index);

/* Reads the message at `index` (absolute): a text, or a table.  The header says
   only how many buffers and how much control data it has, not where: a later
   message may move both.  Leaves a few values on the stack.  0, or 3 with a
   failure pushed. */
int dt_read_message(lua_State *L, int index, const struct dt_socket *socket,
                    struct dt_ancillary *control, struct dt_outgoing *out);

/* Messages that are ready to be sent. */
struct dt_batch {
  struct dt_message *messages;
  struct dt_address *addresses; /* one for each message, used or not */
  struct iovec *buffers;
  const unsigned char *control;
  size_t count, room, control_size; /* messages (and addresses), buffers */
};

/* What an operation that sends a batch begins with. */
struct dt_sending {
  struct dt_operation operation;
  struct dt_batch *batch;
  int flags;
  bool moved; /* away from the C stack */
};

/* Readies all but the kind; the flags are set. */
void dt_prepare_sending(struct dt_sending *sending, struct dt_socket *socket,
                        struct dt_batch *batch);

/* Sends a batch of one; `kind` is for names, and has dt_send_step. */
enum dt_outcome dt_send_step(lua_State *L, struct dt_operation *operation);

/* For `outcome`, which a step is to return: when a task may have to wait now,
   the batch moves from its C stack to where it stays. */
enum dt_outcome dt_keep_batch(lua_State *L, struct dt_sending *sending,
                              enum dt_outcome outcome);

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
  struct dt_descriptors *holder; /* NULL where no descriptors can come */
  const unsigned *sizes; /* of buffers; NULL: there is one, of `total` */
  unsigned total, control_size;
  int flags;
  unsigned short count; /* of sizes */
  unsigned short most;  /* recvfds: how many descriptors */
};

/* What came. */
struct dt_received {
  struct msghdr header;
  struct dt_address address;
  size_t length; /* more than `total` when MSG_TRUNC asked for the whole */
};

/* Pushes the results, and returns how many. */
typedef int dt_push_received(lua_State *L, struct dt_receiving *receiving,
                             struct dt_received *received);

/* Readies all but the kind, and pushes the holder; sizes and flags are set. */
void dt_prepare_receiving(lua_State *L, struct dt_receiving *receiving,
                          struct dt_socket *socket);

/* The step. */
enum dt_outcome dt_receive_step(lua_State *L, struct dt_receiving *receiving,
                                dt_push_received *push);

/* A holder where descriptors can come with `size` bytes of control data,
   pushed; else NULL, and nil is pushed. */
struct dt_descriptors *
dt_need_descriptors(lua_State *L, const struct dt_socket *socket, size_t size);

/* A flag more for whoever receives: descriptors are born close-on-exec.  They
   come over unix sockets alone, and packet sockets refuse the flag. */
int dt_receive_flag(const struct dt_socket *socket);

/* Whether a message of no bytes means the end of a stream. */
bool dt_is_end(const struct dt_socket *socket, const struct msghdr *header,
               int flags);

/* What was received before, and not read, goes first: moves at most `size`
   bytes of that to `data`, and returns how many. */
size_t dt_take_unread(const struct dt_socket *socket, char *data, size_t size,
                      int flags);

/* Whether a receive with these flags fails when there is nothing: the error
   queue is never waited for. */
bool dt_never_waits(int flags);

/* Whether a received message has flags to show, and the set of them. */
bool dt_has_message_flags(int flags);
void dt_push_message_flags(lua_State *L, int flags);

DT_INTERNAL_END

#endif
