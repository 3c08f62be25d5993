/*
 * optiontable.h - the socket options of the manual pages, one row each: name,
 * number, what kind of value, whether it can be read or written, in what unit.
 *
 * Data and look-up only; how a Lua value becomes an option's struct is in
 * optionvalue.h, one converter for each kind.  The rows stand in option_*.c,
 * one file for each group of manual pages.  An option that this system lacks
 * has a row all the same (absent_option.h): the answer is then "not on this
 * system", and not "unknown".
 */
#ifndef DT_OPTIONTABLE_H
#define DT_OPTIONTABLE_H

#include "config.h"

#include <stddef.h>

#include "constant.h"

/* What C passes, and the public name of the type (dt_option_type). */
enum dt_option_kind {
  DT_OPT_BOOLEAN,       /* int */
  DT_OPT_INTEGER,       /* int */
  DT_OPT_BYTE,          /* int; unsigned char on the BSDs, and set so */
  DT_OPT_BYTE_BOOLEAN,  /* the same */
  DT_OPT_UNSIGNED,      /* 32 bits */
  DT_OPT_UNSIGNED64,    /* 64 bits */
  DT_OPT_RATE,          /* unsigned long; all ones: without limit */
  DT_OPT_SECONDS,       /* struct timeval */
  DT_OPT_TIMEOUT,       /* the same; SO_RCVTIMEO and SO_SNDTIMEO */
  DT_OPT_LINGER,        /* struct linger */
  DT_OPT_STRING,        /* bytes up to a NUL */
  DT_OPT_BYTES,         /* bytes */
  DT_OPT_ERRNO,         /* int */
  DT_OPT_DOMAIN,        /* int that has a name; so the next four */
  DT_OPT_TYPE,          /* SOCK_ */
  DT_OPT_PROTOCOL,      /* by the socket's domain */
  DT_OPT_PMTU,          /* IP_PMTUDISC_ */
  DT_OPT_PMTU6,         /* IPV6_PMTUDISC_ */
  DT_OPT_CREDENTIALS,   /* struct ucred */
  DT_OPT_FILTER,        /* struct sock_fprog */
  DT_OPT_GROUP4,        /* struct ip_mreqn (or ip_mreq) */
  DT_OPT_GROUP6,        /* struct ipv6_mreq */
  DT_OPT_GROUP,         /* struct group_req */
  DT_OPT_SOURCE4,       /* struct ip_mreq_source */
  DT_OPT_SOURCE,        /* struct group_source_req */
  DT_OPT_DEVICE,        /* an interface's name */
  DT_OPT_INTERFACE,     /* its index */
  DT_OPT_INTERFACE_NET, /* its index in network order */
  DT_OPT_INTERFACE4,    /* struct ip_mreqn; read as struct in_addr */
  DT_OPT_LIST,          /* 32-bit unsigned integers, one after the other */
  DT_OPT_BITMAP,        /* 32-bit words; the list has the bits' numbers */
  DT_OPT_PORT_RANGE,    /* two ports in one word */
  DT_OPT_MEMBERSHIP,    /* struct packet_mreq */
  DT_OPT_DESCRIPTOR,    /* int */
  DT_OPT_ADDRESS,       /* struct sockaddr */
  DT_OPT_NONE,          /* no value: the call is the message */
  DT_OPT_KINDS          /* how many there are */
};

enum dt_option_access { DT_OPT_GET = 1, DT_OPT_SET = 2, DT_OPT_GETSET = 3 };

struct dt_option {
  const char *name;
  int number; /* DT_ABSENT when this system does not have it */
  unsigned char kind, access;
  const char *unit;    /* of the value: "bytes", or ""; see dt_option_type */
  const char *systems; /* "POSIX", "Linux 3.9", "BSD" */
};

/* The options of one level. */
struct dt_option_group {
  const char *prefix; /* of all names in it: "SO_" */
  const char *level_name;
  int level; /* DT_LEVEL_OF_DOMAIN, DT_ABSENT */
  const struct dt_option *options;
  size_t count;
};

/* IPPROTO_IP or IPPROTO_IPV6, as the socket is. */
#define DT_LEVEL_OF_DOMAIN (-1)

/* For the files that hold rows. */
#define DT_OPTION(name, kind, access, unit, systems)                           \
  { #name, name, DT_OPT_##kind, DT_OPT_##access, unit, systems }
#define DT_OPTION_COUNT(array) (sizeof(array) / sizeof *(array))

DT_INTERNAL_BEGIN

extern const struct dt_option_group dt_options_socket, dt_options_ip,
    dt_options_multicast, dt_options_raw, dt_options_redirected,
    dt_options_ipv6, dt_options_icmpv6, dt_options_redirected6, dt_options_tcp,
    dt_options_udp, dt_options_packet, dt_options_netlink, dt_options_vsock;

/* All of them; NULL after the last. */
extern const struct dt_option_group *const dt_option_groups[];

/* The option called `name` (`length` bytes) and its group, or NULL. */
const struct dt_option *dt_option_find(const char *name, size_t length,
                                       const struct dt_option_group **group);

/* The group whose options begin as `name` does, or NULL. */
const struct dt_option_group *dt_option_group_of(const char *name);

/* The public name of a kind: "boolean", "source group". */
const char *dt_option_type(unsigned kind);

/* The level of the group's options on sockets of `domain`. */
int dt_option_level(const struct dt_option_group *group, int domain);

DT_INTERNAL_END

#endif
