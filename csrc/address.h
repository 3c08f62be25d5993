/*
 * address.h - socket addresses as values: from text, to text, compared.
 *
 * Plain C, on inet_pton(3) and inet_ntop(3).  The texts:
 *
 *   127.0.0.1:80   [::1]:80   [fe80::1%eth0]:80   *:80
 *   unix:/run/x    unix:@abstract     unix: (no name; bind chooses one)
 *   packet:eth0    packet:eth0/ETH_P_IP   netlink:PID/GROUPS   vsock:CID:PORT
 *   AF_UNSPEC      (connect undoes a datagram socket's association with it)
 *
 * A literal follows inet_pton's grammar only: 0127.0.0.1, 127.1 and 0x7f000001
 * are no addresses here, whatever the C library's resolver makes of them.
 *
 * IPv4 in IPv6 (::ffff:1.2.3.4) is kept as plain IPv4 wherever an address comes
 * in (dt_address_unmap), and mapped again when it goes to an AF_INET6 socket
 * (dt_address_map): equal peers are equal values.
 */
#ifndef DT_ADDRESS_H
#define DT_ADDRESS_H

#include "config.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct dt_address {
  socklen_t length; /* of the sockaddr: what the system calls take */
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
  } u;
};

/* The longest text of an address: a unix name of 108 bytes, or a bracketed
   IPv6 address with a scope's name and a port; with the final NUL. */
#define DT_ADDRESS_TEXT_MAX 160

/* What is known of the socket that an address is for. */
struct dt_address_hint {
  int family;         /* AF_UNSPEC when there is no socket */
  bool port_optional; /* raw and ICMP sockets have no ports */
};

DT_INTERNAL_BEGIN

/* Parses `text` of `size` bytes (which may hold NULs).  0, or -1 with *why a
   constant text that says what is wrong. */
int dt_address_parse(struct dt_address *address, const char *text, size_t size,
                     const struct dt_address_hint *hint, const char **why);

/* The same for a literal host ("::1", "fe80::1%2", "*") and a port that is
   known to lie in 0..65535. */
int dt_address_from_host(struct dt_address *address, const char *host,
                         size_t size, int port,
                         const struct dt_address_hint *hint, const char **why);

/* A unix name: a path, "@abstract" or "\0abstract", "" for none. */
int dt_address_from_path(struct dt_address *address, const char *path,
                         size_t size, const char **why);

/* Writes the text with a final NUL; returns its length (abstract names may
   hold further NULs).  Never fails: an unknown family prints as its number. */
size_t dt_address_format(const struct dt_address *address,
                         char text[DT_ADDRESS_TEXT_MAX]);

/* The host alone, without port or brackets, with its scope; 0 and "" for
   families that have none. */
size_t dt_address_host(const struct dt_address *address,
                       char text[DT_ADDRESS_TEXT_MAX]);

/* The unix name as dt_address_from_path takes it. */
size_t dt_address_path(const struct dt_address *address,
                       char text[DT_ADDRESS_TEXT_MAX]);

/* The port, or -1 for families that have none. */
int dt_address_port(const struct dt_address *address);

/* Equal by value: family and every field that the text shows. */
bool dt_address_equal(const struct dt_address *a, const struct dt_address *b);

/* Turns a v4-mapped IPv6 address into the IPv4 one. */
void dt_address_unmap(struct dt_address *address);

/* Turns an IPv4 address into the v4-mapped one, for an AF_INET6 socket. */
void dt_address_map(struct dt_address *address);

DT_INTERNAL_END

#endif
