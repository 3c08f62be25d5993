/*
 * control.h - control messages (cmsg(3)): which types have a name here, what
 * their bodies hold, and how a buffer of them is written and read.
 *
 * Plain C.  Nothing here trusts the buffer: the reader stays inside it
 * whatever lengths it claims, and bodies need not be aligned.
 */
#ifndef DT_CONTROL_H
#define DT_CONTROL_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address.h"

enum dt_control_kind {
  DT_CONTROL_FDS,         /* an array of descriptors */
  DT_CONTROL_CREDENTIALS, /* struct ucred */
  DT_CONTROL_PKTINFO4,    /* struct in_pktinfo */
  DT_CONTROL_PKTINFO6,    /* struct in6_pktinfo */
  DT_CONTROL_BYTE,        /* sent as a byte, received as that or an int */
  DT_CONTROL_UINT16,      /* sent as 16 bits, received as that or an int */
  DT_CONTROL_INT,
  DT_CONTROL_UINT32,
  DT_CONTROL_TIMESPEC,
  DT_CONTROL_TIMEVAL,
  DT_CONTROL_ERROR /* struct sock_extended_err and an address */
};

struct dt_control_type {
  const char *name;
  int level;
  int type; /* DT_ABSENT when this system does not have it */
  enum dt_control_kind kind;
  bool sendable; /* the others only the kernel makes */
};

/* One control message in a buffer.  `data` points into it, unaligned. */
struct dt_control_item {
  int level;
  int type;
  const unsigned char *data;
  size_t size; /* what is there of the body, however long it says it is */
};

/* What a body says, except for DT_CONTROL_FDS. */
struct dt_control_value {
  union {
    long long integer; /* BYTE to UINT32 */
    struct {
      long pid, uid, gid;
    } credentials;
    struct { /* without ports, as they came: v4-mapped ones too */
      unsigned ifindex;
      struct dt_address local, destination; /* PKTINFO6: local alone */
    } packet;
    struct {
      long long sec;
      long part; /* nanoseconds or microseconds */
    } time;
    struct {
      int number; /* errno */
      unsigned origin, type, code;
      unsigned long info, data;
      struct dt_address offender; /* of length 0: unknown */
    } error;
  } u;
};

#define DT_CONTROL_BODY_MAX 64 /* the longest that dt_control_encode writes */

DT_INTERNAL_BEGIN

/* All types that have a name, present or not; NULL past the last. */
const struct dt_control_type *dt_control_at(size_t index);

/* The type called `name` (`length` bytes), or NULL. */
const struct dt_control_type *dt_control_named(const char *name, size_t length);

/* The type with these numbers, or NULL. */
const struct dt_control_type *dt_control_known(int level, int type);

/* Reads the control message at *offset (0 at first) and moves on.  False at
   the end, and for what cannot be a control message. */
bool dt_control_next(const void *buffer, size_t size, size_t *offset,
                     struct dt_control_item *item);

/* Bytes of a buffer that one message with a body of `size` takes; 0 when that
   is more than a size_t holds. */
size_t dt_control_space(size_t size);

/* Writes a message into `space`, which has dt_control_space(size) bytes.
   `data` may be NULL: the body is zeros then.  Returns where the body is. */
unsigned char *dt_control_put(void *space, int level, int type,
                              const void *data, size_t size);

/* What the body of a message of this type says.  False for DT_CONTROL_FDS, and
   for a body that was cut or is of another shape. */
bool dt_control_decode(const struct dt_control_type *type,
                       const struct dt_control_item *item,
                       struct dt_control_value *value);

/* Writes the body for the value; returns its size, 0 for what cannot be
   sent.  An integer is in the range of its kind: dt_control_range. */
size_t dt_control_encode(enum dt_control_kind kind,
                         const struct dt_control_value *value,
                         unsigned char body[DT_CONTROL_BODY_MAX]);

/* The integers that a kind can hold; false when it holds none. */
bool dt_control_range(enum dt_control_kind kind, long long *low,
                      long long *high);

/* Copies the descriptors of all messages of kind DT_CONTROL_FDS to `fds`,
   which has room for size / sizeof(int); returns how many.  Those that the
   kernel failed to make (they are negative) count too. */
size_t dt_control_descriptors(const void *buffer, size_t size, int *fds);

DT_INTERNAL_END

#endif
