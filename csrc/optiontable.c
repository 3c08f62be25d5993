/*
 * optiontable.c - see optiontable.h: the look-up over the rows of option_*.c.
 */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "optiontable.h"

/* In the order of the manual; dt_option_group_of takes the first that fits. */
const struct dt_option_group *const dt_option_groups[] = {
    &dt_options_socket,      &dt_options_ip,
    &dt_options_multicast,   &dt_options_redirected,
    &dt_options_ipv6,        &dt_options_icmpv6,
    &dt_options_redirected6, &dt_options_tcp,
    &dt_options_udp,         &dt_options_raw,
    &dt_options_packet,      &dt_options_netlink,
    &dt_options_vsock,       NULL};

static const char *const types[DT_OPT_KINDS] = {
    [DT_OPT_BOOLEAN] = "boolean",
    [DT_OPT_INTEGER] = "integer",
    [DT_OPT_BYTE] = "integer",
    [DT_OPT_BYTE_BOOLEAN] = "boolean",
    [DT_OPT_UNSIGNED] = "integer",
    [DT_OPT_UNSIGNED64] = "integer",
    [DT_OPT_RATE] = "rate",
    [DT_OPT_SECONDS] = "seconds",
    [DT_OPT_TIMEOUT] = "seconds",
    [DT_OPT_LINGER] = "linger",
    [DT_OPT_STRING] = "string",
    [DT_OPT_BYTES] = "bytes",
    [DT_OPT_ERRNO] = "errno",
    [DT_OPT_DOMAIN] = "constant",
    [DT_OPT_TYPE] = "constant",
    [DT_OPT_PROTOCOL] = "constant",
    [DT_OPT_PMTU] = "constant",
    [DT_OPT_PMTU6] = "constant",
    [DT_OPT_CREDENTIALS] = "credentials",
    [DT_OPT_FILTER] = "filter",
    [DT_OPT_GROUP4] = "group",
    [DT_OPT_GROUP6] = "group",
    [DT_OPT_GROUP] = "group",
    [DT_OPT_SOURCE4] = "source group",
    [DT_OPT_SOURCE] = "source group",
    [DT_OPT_DEVICE] = "interface",
    [DT_OPT_INTERFACE] = "interface",
    [DT_OPT_INTERFACE_NET] = "interface",
    [DT_OPT_INTERFACE4] = "interface",
    [DT_OPT_LIST] = "list",
    [DT_OPT_BITMAP] = "list",
    [DT_OPT_PORT_RANGE] = "list",
    [DT_OPT_MEMBERSHIP] = "membership",
    [DT_OPT_DESCRIPTOR] = "descriptor",
    [DT_OPT_ADDRESS] = "address",
    [DT_OPT_NONE] = "none"};

const struct dt_option_group *dt_option_group_of(const char *name) {
  for (size_t i = 0; dt_option_groups[i]; i++) {
    const char *prefix = dt_option_groups[i]->prefix;
    if (strncmp(name, prefix, strlen(prefix)) == 0)
      return dt_option_groups[i];
  }
  return NULL;
}

/* The prefix is the same in all rows: comparing what comes after it is what
   makes a wrong row cheap. */
static const struct dt_option *find_in(const struct dt_option_group *group,
                                       const char *name, size_t length) {
  size_t skip = strlen(group->prefix);
  for (size_t i = 0; i < group->count; i++) {
    const char *row = group->options[i].name;
    if (strcmp(row + skip, name + skip) == 0)
      return strlen(row) == length ? &group->options[i] : NULL;
  }
  return NULL;
}

const struct dt_option *dt_option_find(const char *name, size_t length,
                                       const struct dt_option_group **group) {
  for (size_t i = 0; dt_option_groups[i]; i++) {
    const struct dt_option_group *candidate = dt_option_groups[i];
    const struct dt_option *option;
    if (strncmp(name, candidate->prefix, strlen(candidate->prefix)) != 0)
      continue;
    option = find_in(candidate, name, length);
    if (option) {
      *group = candidate;
      return option;
    }
  }
  return NULL;
}

const char *dt_option_type(unsigned kind) {
  return kind < DT_OPT_KINDS ? types[kind] : "unknown";
}

int dt_option_level(const struct dt_option_group *group, int domain) {
  if (group->level != DT_LEVEL_OF_DOMAIN)
    return group->level;
  return domain == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}
