/*
 * constant.h - the manual's constants by name: families, types, protocols,
 * flags.  Data only; how an argument becomes a number is in glue.h.
 */
#ifndef DT_CONSTANT_H
#define DT_CONSTANT_H

#include "config.h"

#include <stddef.h>

/* What a system lacks is listed all the same, with this value (absent.h), so
   that the answer is "not on this system" and not "unknown". */
#define DT_ABSENT (-0x7fff0000)

struct dt_constant {
  const char *name;
  int value; /* DT_ABSENT when this system does not have it */
};

/* A named set of constants.  Where two names share a value, the one that is
   printed stands first (AF_UNIX before AF_LOCAL). */
struct dt_set {
  const char *what; /* in messages: "domain", "flag" */
  const struct dt_constant *items;
  size_t count;
  const struct dt_set *more; /* names that are found here too, but that no
                                value is printed by; may be NULL */
};

DT_INTERNAL_BEGIN

extern const struct dt_set dt_domains;   /* AF_, PF_ */
extern const struct dt_set dt_types;     /* SOCK_ */
extern const struct dt_set dt_protocols; /* IPPROTO_; finds the next two */
extern const struct dt_set dt_netlink_protocols; /* NETLINK_ */
extern const struct dt_set dt_ether_types;       /* ETH_P_, in host order */
extern const struct dt_set dt_message_flags;     /* MSG_ */
extern const struct dt_set dt_shutdown_hows;     /* SHUT_ */
extern const struct dt_set dt_levels;      /* SOL_, and IPPROTO_ as level */
extern const struct dt_set dt_ai_flags;    /* AI_ */
extern const struct dt_set dt_ni_flags;    /* NI_ */
extern const struct dt_set dt_poll_events; /* POLL */
extern const struct dt_set dt_if_flags;    /* IFF_ */
extern const struct dt_set dt_pmtu_modes;  /* IP_PMTUDISC_ */
extern const struct dt_set dt_pmtu6_modes; /* IPV6_PMTUDISC_ */
extern const struct dt_set dt_memberships; /* PACKET_MR_ */

/* All of them, for a list of every constant; NULL after the last. */
extern const struct dt_set *const dt_sets[];

/* What protocol numbers mean for sockets of this domain: dt_protocols for the
   internet's, dt_netlink_protocols, dt_ether_types; an empty set where they
   have no names (AF_UNIX). */
const struct dt_set *dt_protocols_of(int domain);

/* The item called `name` (`length` bytes), or NULL. */
const struct dt_constant *dt_constant_find(const struct dt_set *set,
                                           const char *name, size_t length);

/* The name of `value`, or NULL when the set has none for it. */
const char *dt_constant_name(const struct dt_set *set, int value);

DT_INTERNAL_END

#endif
