/*
 * address_parse.c - socket addresses from texts.
 *
 * Stands on inet_pton(3) and if_nametoindex(3).  A text comes with its size and
 * may hold any bytes: what is too long or has a NUL inside is refused and never
 * cut, as a cut host is another host.  Every refusal has a reason, a constant.
 */
#include "config.h"

#include <sys/socket.h> /* before net/if.h, on the BSDs */
#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "address.h"
#include "constant.h"

#define NOT_A_PORT "port is not a whole number in 0..65535"
#define NO_PORT    "no port (write HOST:PORT)"

static int refuse(const char **why, const char *reason) {
  *why = reason;
  return -1;
}

/* --- pieces ------------------------------------------------------------- */

static bool is_text(const char *text, size_t size, const char *word) {
  return size == strlen(word) && memcmp(text, word, size) == 0;
}

static bool begins(const char *text, size_t size, const char *word) {
  return size >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* Where the first `byte` stands; `size` when there is none. */
static size_t find(const char *text, size_t size, char byte) {
  const char *found = size > 0 ? memchr(text, byte, size) : NULL;
  return found ? (size_t)(found - text) : size;
}

static int digit_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return 16;
}

/* Digits of `base`, at least one, and nothing else: at most `max`. */
static bool parse_number(const char *text, size_t size, unsigned base,
                         unsigned max, unsigned *number) {
  unsigned long long value = 0;
  for (size_t i = 0; i < size; i++) {
    unsigned digit = (unsigned)digit_value(text[i]);
    if (digit >= base)
      return false;
    value = value * base + digit;
    if (value > max)
      return false;
  }
  *number = (unsigned)value;
  return size > 0;
}

int dt_port_from_text(const char *text, size_t size) {
  unsigned port;
  return parse_number(text, size, 10, 65535, &port) ? (int)port : -1;
}

/* A name goes first: Linux lets an interface be called "7". */
bool dt_scope_from_text(const char *text, size_t size, unsigned *index) {
  char name[IF_NAMESIZE];
  if (size > 0 && size < sizeof name && !memchr(text, '\0', size)) {
    memcpy(name, text, size);
    name[size] = '\0';
    *index = if_nametoindex(name);
    if (*index != 0)
      return true;
  }
  return parse_number(text, size, 10, 0xffffffffU, index);
}

bool dt_interface_from_text(const char *text, size_t size, unsigned *index) {
  return dt_scope_from_text(text, size, index) && *index <= INT_MAX;
}

bool dt_hwaddr_parse(struct dt_address_fields *fields, const char *text,
                     size_t size) {
  size_t count = (size + 1) / 3;
  if ((size + 1) % 3 != 0 || count > DT_HWADDR_MAX)
    return false;
  for (size_t i = 0; i < count; i++) {
    unsigned byte;
    if (!parse_number(text + 3 * i, 2, 16, 255, &byte) ||
        (i + 1 < count && text[3 * i + 2] != ':'))
      return false;
    fields->hwaddr[i] = (unsigned char)byte;
  }
  fields->hwaddr_size = (unsigned char)count;
  return true;
}

void dt_hwaddr_format(char text[DT_HWADDR_TEXT_MAX], const unsigned char *bytes,
                      size_t size) {
  static const char digits[] = "0123456789abcdef";
  if (size > DT_HWADDR_MAX)
    size = DT_HWADDR_MAX;
  for (size_t i = 0; i < size; i++) {
    *text++ = digits[bytes[i] >> 4];
    *text++ = digits[bytes[i] & 15];
    if (i + 1 < size)
      *text++ = ':';
  }
  *text = '\0';
}

/* --- IP ----------------------------------------------------------------- */

/* inet_pton for a text without a final NUL. */
static bool literal(int family, const char *host, size_t size, void *bytes) {
  char text[INET6_ADDRSTRLEN];
  if (size == 0 || size >= sizeof text || memchr(host, '\0', size))
    return false;
  memcpy(text, host, size);
  text[size] = '\0';
  return inet_pton(family, text, bytes) == 1;
}

static int from_ipv4(struct dt_address *address, const struct in_addr *bytes) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = *bytes};
  dt_address_from_sockaddr(address, (struct sockaddr *)&in, sizeof in);
  return 0;
}

/* "fe80::1%eth0" */
static int from_ipv6(struct dt_address *address, const char *host, size_t size,
                     const char **why) {
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  size_t percent = find(host, size, '%');
  unsigned scope = 0;
  if (!literal(AF_INET6, host, percent, &in6.sin6_addr))
    return refuse(why, "not an IPv6 address");
  if (percent < size) {
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
      return refuse(why, "an IPv4 address has no scope");
    if (!dt_scope_from_text(host + percent + 1, size - percent - 1, &scope))
      return refuse(why, "unknown interface in the scope");
  }
  in6.sin6_scope_id = scope;
  dt_address_from_sockaddr(address, (struct sockaddr *)&in6, sizeof in6);
  dt_address_unmap(address);
  return 0;
}

/* Whether the host was meant to be a number: to inet_aton(3) it may be one. */
static bool looks_numeric(const char *host, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (digit_value(host[i]) > 15 && !strchr(".xX", host[i]))
      return false;
  return size > 0 && digit_value(host[0]) < 10;
}

/* The address with port 0. */
static int from_literal(struct dt_address *address, const char *host,
                        size_t size, const struct dt_address_hint *hint,
                        const char **why) {
  struct in_addr in = {0};
  if (size == 0)
    return refuse(why, "no host (write HOST:PORT, or *:PORT for any)");
  if (memchr(host, '\0', size))
    return refuse(why, "NUL in the host");
  if (is_text(host, size, "*"))
    return hint->family == AF_INET ? from_ipv4(address, &in)
                                   : from_ipv6(address, "::", 2, why);
  if (memchr(host, ':', size))
    return from_ipv6(address, host, size, why);
  if (literal(AF_INET, host, size, &in))
    return from_ipv4(address, &in);
  if (looks_numeric(host, size))
    return refuse(why, "not an IPv4 address (four decimal numbers, without "
                       "leading zeros)");
  return refuse(why, "not an address (names are looked up with getaddrinfo)");
}

/* Both families have the port at the same place. */
static void set_port(struct dt_address *address, int port) {
  if (address->u.any.sa_family == AF_INET)
    address->u.in.sin_port = htons((uint16_t)port);
  else
    address->u.in6.sin6_port = htons((uint16_t)port);
}

int dt_address_from_host(struct dt_address *address, const char *host,
                         size_t size, int port,
                         const struct dt_address_hint *hint, const char **why) {
  if (from_literal(address, host, size, hint, why) < 0)
    return -1;
  if (port < 0 || port > 65535)
    return refuse(why, NOT_A_PORT);
  set_port(address, port);
  return 0;
}

/* `size` bytes of host, which `text` begins with, and after them nothing or a
   colon and a port. */
static int from_parts(struct dt_address *address, const char *host, size_t size,
                      const char *rest, size_t rest_size,
                      const struct dt_address_hint *hint, const char **why) {
  int port;
  if (from_literal(address, host, size, hint, why) < 0)
    return -1;
  if (rest_size == 0 && hint->port_optional)
    return 0;
  if (rest_size <= 1)
    return refuse(why, NO_PORT);
  port = dt_port_from_text(rest + 1, rest_size - 1);
  if (port < 0)
    return refuse(why, NOT_A_PORT);
  set_port(address, port);
  return 0;
}

/* "[::1]:80" */
static int parse_bracketed(struct dt_address *address, const char *text,
                           size_t size, const struct dt_address_hint *hint,
                           const char **why) {
  size_t end = find(text, size, ']');
  if (end == size)
    return refuse(why, "no ] after the IPv6 address");
  if (find(text, end, ':') == end)
    return refuse(why, "only IPv6 addresses stand in brackets");
  if (end + 1 < size && text[end + 1] != ':')
    return refuse(why, "no colon between ] and the port");
  return from_parts(address, text + 1, end - 1, text + end + 1, size - end - 1,
                    hint, why);
}

static int parse_ip(struct dt_address *address, const char *text, size_t size,
                    const struct dt_address_hint *hint, const char **why) {
  size_t colon = find(text, size, ':');
  if (size > 0 && text[0] == '[')
    return parse_bracketed(address, text, size, hint, why);
  if (colon < size && find(text + colon + 1, size - colon - 1, ':') <
                          size - colon - 1) { /* two colons */
    if (hint->port_optional)
      return from_literal(address, text, size, hint, why);
    return refuse(why,
                  "an IPv6 address needs brackets before a port ([::1]:80)");
  }
  return from_parts(address, text, colon, text + colon, size - colon, hint,
                    why);
}

/* --- unix --------------------------------------------------------------- */

/* The text of a path "@x" is "./@x", of "./@x" it is "././@x", and so on: see
   needs_dot in address.c. */
static bool has_extra_dot(const char *path, size_t size) {
  if (!begins(path, size, "./"))
    return false;
  while (begins(path, size, "./")) {
    path += 2;
    size -= 2;
  }
  return size > 0 && path[0] == '@';
}

int dt_address_from_path(struct dt_address *address, const char *path,
                         size_t size, const char **why) {
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  bool abstract = size > 0 && (path[0] == '@' || path[0] == '\0');
  size_t length = offsetof(struct sockaddr_un, sun_path) + size;
  if (has_extra_dot(path, size)) {
    path += 2;
    size -= 2;
    length -= 2;
  }
  if (size > sizeof un.sun_path - (abstract ? 0 : 1))
    return refuse(why, sizeof un.sun_path == 108
                           ? "unix path longer than 107 bytes"
                           : "unix path longer than 103 bytes");
  if (!abstract && size > 0) {
    if (memchr(path, '\0', size))
      return refuse(why, "NUL in a unix path");
    length++; /* a path's length counts its final NUL */
  }
  memcpy(un.sun_path, path, size);
  if (abstract) {
#ifdef DT_HAVE_ABSTRACT
    un.sun_path[0] = '\0';
#else
    return refuse(why, "this system has no abstract unix names");
#endif
  }
  dt_address_from_sockaddr(address, (struct sockaddr *)&un, (socklen_t)length);
  return 0;
}

/* --- the rarer families ------------------------------------------------- */

static bool parse_protocol(const char *text, size_t size, unsigned *protocol) {
  const struct dt_constant *known =
      dt_constant_find(&dt_ether_types, text, size);
  if (known && known->value != DT_ABSENT) {
    *protocol = (unsigned)known->value;
    return true;
  }
  if (begins(text, size, "0x") || begins(text, size, "0X"))
    return parse_number(text + 2, size - 2, 16, 0xffff, protocol);
  return parse_number(text, size, 10, 0xffff, protocol);
}

/* IFNAME[/PROTOCOL[/HWADDR]] */
static int parse_packet(struct dt_address *address, const char *text,
                        size_t size, const char **why) {
  struct dt_address_fields fields = {0};
  size_t slash = find(text, size, '/');
  if (!is_text(text, slash, "*") &&
      !dt_scope_from_text(text, slash, &fields.ifindex))
    return refuse(why, "unknown interface (write packet:NAME/PROTOCOL)");
  if (slash < size) {
    text += slash + 1;
    size -= slash + 1;
    slash = find(text, size, '/');
    if (!parse_protocol(text, slash, &fields.protocol))
      return refuse(why, "the protocol is no ETH_P_ name and no number in "
                         "0..65535");
    if (slash < size &&
        !dt_hwaddr_parse(&fields, text + slash + 1, size - slash - 1))
      return refuse(why, "not a hardware address (aa:bb:cc:dd:ee:ff)");
  }
  return dt_address_from_fields(address, DT_AF_PACKET, &fields, why);
}

/* PID/GROUPS */
static int parse_netlink(struct dt_address *address, const char *text,
                         size_t size, const char **why) {
  struct dt_address_fields fields = {0};
  size_t slash = find(text, size, '/');
  if (slash == size ||
      !parse_number(text, slash, 10, 0xffffffffU, &fields.pid) ||
      !parse_number(text + slash + 1, size - slash - 1, 10, 0xffffffffU,
                    &fields.groups))
    return refuse(why, "not a netlink address (netlink:PID/GROUPS, decimal)");
  return dt_address_from_fields(address, DT_AF_NETLINK, &fields, why);
}

static bool parse_any(const char *text, size_t size, unsigned *number) {
  *number = DT_VSOCK_ANY;
  return is_text(text, size, "*") ||
         parse_number(text, size, 10, 0xffffffffU, number);
}

/* CID:PORT */
static int parse_vsock(struct dt_address *address, const char *text,
                       size_t size, const char **why) {
  struct dt_address_fields fields = {0};
  size_t colon = find(text, size, ':');
  if (colon == size || !parse_any(text, colon, &fields.cid) ||
      !parse_any(text + colon + 1, size - colon - 1, &fields.port))
    return refuse(why, "not a vsock address (vsock:CID:PORT, decimal or *)");
  return dt_address_from_fields(address, DT_AF_VSOCK, &fields, why);
}

/* --- all ---------------------------------------------------------------- */

static const struct scheme {
  const char *prefix;
  int (*parse)(struct dt_address *address, const char *text, size_t size,
               const char **why);
} schemes[] = {
    {"unix:", dt_address_from_path},
    {"packet:", parse_packet},
    {"netlink:", parse_netlink},
    {"vsock:", parse_vsock},
};

int dt_address_parse(struct dt_address *address, const char *text, size_t size,
                     const struct dt_address_hint *hint, const char **why) {
  const struct dt_address_fields none = {0};
  if (is_text(text, size, "AF_UNSPEC"))
    return dt_address_from_fields(address, AF_UNSPEC, &none, why);
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    size_t prefix = strlen(schemes[i].prefix);
    if (begins(text, size, schemes[i].prefix))
      return schemes[i].parse(address, text + prefix, size - prefix, why);
    if (hint->family == AF_UNIX)
      break; /* all else is a name: "packet:x" is a file */
  }
  if (hint->family == AF_UNIX || begins(text, size, "/") ||
      begins(text, size, "./") || begins(text, size, "@"))
    return dt_address_from_path(address, text, size, why);
  return parse_ip(address, text, size, hint, why);
}

/* --- what the resolver may be asked ------------------------------------- */

/* Digits, or 0x and hex digits. */
static bool is_number(const char *label, size_t size) {
  bool hex = begins(label, size, "0x") || begins(label, size, "0X");
  for (size_t i = hex ? 2 : 0; i < size; i++)
    if (digit_value(label[i]) >= (hex ? 16 : 10))
      return false;
  return size > 0;
}

/* No top level domain is a number, so a host that ends in one is an address,
   as in the WHATWG's URLs; and then inet_pton is to have the say, not
   inet_aton. */
static bool is_false_number(const char *host, size_t size) {
  unsigned char bytes[16];
  size_t end = size, start;
  if (end > 0 && host[end - 1] == '.')
    end--;
  for (start = end; start > 0 && host[start - 1] != '.'; start--)
    ;
  return is_number(host + start, end - start) &&
         !literal(AF_INET, host, size, bytes) &&
         !literal(AF_INET6, host, size, bytes);
}

const char *dt_host_refusal(const char *host, size_t size, bool idn) {
  if (size == 0)
    return "the host is empty";
  if (memchr(host, '\0', size))
    return "NUL in the host";
  if (size > 253 + (host[size - 1] == '.'))
    return "host longer than 253 bytes";
  for (size_t i = 0; i < size; i++) {
    unsigned char byte = (unsigned char)host[i];
    if (byte <= ' ' || byte == 127)
      return "space or control byte in the host";
    if (byte > 127 && !idn)
      return "host is not ASCII (the flag AI_IDN converts it)";
  }
  if (is_text(host, size, "*"))
    return "not a host (nil and the flag AI_PASSIVE give the wildcard)";
  if (is_false_number(host, size))
    return "not an IPv4 address (four decimal numbers, without leading zeros)";
  return NULL;
}
