/*
 * tcpinfo.h - what the kernel tells of a TCP connection (TCP_INFO of tcp(7)).
 *
 * Linux's struct tcp_info only grows at its end, and the kernel says how much
 * of it there is.  So the fields stand here with their offsets, whatever the
 * age of the headers: a newer kernel's fields are given, an older kernel's are
 * left out.
 */
#ifndef DT_TCPINFO_H
#define DT_TCPINFO_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dt_tcpinfo_kind {
  DT_TCPINFO_NUMBER,
  DT_TCPINFO_FLAG,     /* one bit */
  DT_TCPINFO_STATE,    /* dt_tcp_state_name */
  DT_TCPINFO_CA_STATE, /* dt_tcp_ca_state_name */
  DT_TCPINFO_OPTIONS,  /* bits: dt_tcp_option_name */
  DT_TCPINFO_RATE,     /* all ones: no bound */
  DT_TCPINFO_SAMPLE    /* all ones: none was taken yet */
};

struct dt_tcpinfo_field {
  const char *name; /* the kernel's, without tcpi_ */
  unsigned short offset;
  unsigned char width;       /* bytes */
  unsigned char shift, bits; /* of a bit field in the byte, in the order of
                                their declaration; bits 0: the whole */
  unsigned char kind;
  const char *unit; /* "microseconds", or "" */
};

/* Larger than any kernel's struct so far. */
#define DT_TCPINFO_MAX 512

DT_INTERNAL_BEGIN

extern const struct dt_tcpinfo_field dt_tcpinfo_fields[];
extern const size_t dt_tcpinfo_count;

/* Fills `info` with what the kernel says and returns how many bytes it has; -1
   with errno. */
int dt_tcpinfo_read(int fd, unsigned char info[DT_TCPINFO_MAX]);

/* The field's value.  False when the `length` bytes do not hold it. */
bool dt_tcpinfo_value(const struct dt_tcpinfo_field *field,
                      const unsigned char *info, size_t length,
                      uint64_t *value);

/* The state of the socket's connection; -1 when it is no TCP socket, or the
   system does not tell. */
int dt_tcpinfo_state(int fd);

/* "ESTABLISHED"; "UNKNOWN" for a number without a name. */
const char *dt_tcp_state_name(int state);

/* "Open", as the kernel calls the states of its congestion control; or NULL. */
const char *dt_tcp_ca_state_name(int state);

/* The name of bit number `bit` of the options: "SACK"; or NULL. */
const char *dt_tcp_option_name(int bit);

#define DT_TCP_LISTEN 10 /* Linux's number of the state */

DT_INTERNAL_END

#endif
