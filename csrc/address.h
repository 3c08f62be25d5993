/*
 * address.h - socket addresses as values: from text, to text, compared.
 *
 * Plain C, on inet_pton(3) and inet_ntop(3).  The texts:
 *
 *   127.0.0.1:80   [::1]:80   [fe80::1%eth0]:80   *:80
 *   unix:/run/x    unix:@abstract     unix: (no name; bind chooses one)
 *   packet:eth0    packet:eth0/ETH_P_IP   packet:eth0/0x88b5/aa:bb:cc:dd:ee:ff
 *   netlink:PID/GROUPS      vsock:CID:PORT      ("*" where any will do)
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
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct dt_address {
  socklen_t length; /* of the sockaddr: what the system calls take */
  uint32_t tag;     /* in a value of Lua's: mod_address.c */
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

/* Families that a system may lack: such a one has a number that no address
   has. */
#ifdef DT_HAVE_PACKET
#  define DT_AF_PACKET AF_PACKET
#else
#  define DT_AF_PACKET (-1)
#endif
#ifdef DT_HAVE_NETLINK
#  define DT_AF_NETLINK AF_NETLINK
#else
#  define DT_AF_NETLINK (-2)
#endif
#ifdef DT_HAVE_VSOCK
#  define DT_AF_VSOCK AF_VSOCK
#else
#  define DT_AF_VSOCK (-3)
#endif

#define DT_HWADDR_MAX      32 /* bytes of a link layer's address */
#define DT_HWADDR_TEXT_MAX (3 * DT_HWADDR_MAX)

/* The numbers in an address, in the host's byte order; those that its family
   has not are 0. */
struct dt_address_fields {
  unsigned port;                                    /* IP, AF_VSOCK */
  unsigned scope, flowinfo;                         /* IPv6 */
  unsigned ifindex, protocol, hatype, pkttype;      /* AF_PACKET */
  unsigned char hwaddr[DT_HWADDR_MAX], hwaddr_size; /* AF_PACKET */
  unsigned pid, groups;                             /* AF_NETLINK */
  unsigned cid;                                     /* AF_VSOCK */
};

#define DT_FLOWINFO_MAX 0x0fffffffU /* traffic class and flow label */
#define DT_VSOCK_ANY    0xffffffffU /* as cid or port: "*" */

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

/* An address of AF_PACKET, AF_NETLINK, AF_VSOCK or AF_UNSPEC. */
int dt_address_from_fields(struct dt_address *address, int family,
                           const struct dt_address_fields *fields,
                           const char **why);

/* Copies what a system call or getaddrinfo gave; what is too long for any
   address is cut. */
void dt_address_from_sockaddr(struct dt_address *address,
                              const struct sockaddr *from, socklen_t length);

/* Copies no more than `length` says: a value in Lua is stored without the rest
   of the struct, so it must not be copied by assignment. */
void dt_address_copy(struct dt_address *to, const struct dt_address *from);

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

/* The port, or -1 for families that have none (a vsock port is a field). */
int dt_address_port(const struct dt_address *address);

/* The family; AF_UNSPEC when the address is too short to have one. */
int dt_address_family(const struct dt_address *address);

/* The numbers.  Returns the family, but AF_UNSPEC when the address is shorter
   than its family's. */
int dt_address_fields(const struct dt_address *address,
                      struct dt_address_fields *fields);

/* Equal by value: family and every field that the text shows. */
bool dt_address_equal(const struct dt_address *a, const struct dt_address *b);

/* Turns a v4-mapped IPv6 address into the IPv4 one. */
void dt_address_unmap(struct dt_address *address);

/* Turns an IPv4 address into the v4-mapped one, for an AF_INET6 socket. */
void dt_address_map(struct dt_address *address);

/* --- the pieces of texts ------------------------------------------------ */

/* An interface's index from its name, or from its number in digits; false
   when there is no such interface.  In calls it is an int; in addresses it has
   32 bits, and the kernel says what it thinks of them. */
bool dt_scope_from_text(const char *text, size_t size, unsigned *index);
bool dt_interface_from_text(const char *text, size_t size, unsigned *index);

/* "aa:bb:cc:dd:ee:ff", from and to; formatting cuts at DT_HWADDR_MAX. */
bool dt_hwaddr_parse(struct dt_address_fields *fields, const char *text,
                     size_t size);
void dt_hwaddr_format(char text[DT_HWADDR_TEXT_MAX], const unsigned char *bytes,
                      size_t size);

/* A port in decimal digits and nothing else: 0..65535, or -1. */
int dt_port_from_text(const char *text, size_t size);

/* Why the resolver is not to be asked about `host`, or NULL.  It is not for
   what would be cut on the way, and for numbers that inet_aton(3) would make
   an address of (0x7f.1). */
const char *dt_host_refusal(const char *host, size_t size, bool idn);

DT_INTERNAL_END

#endif
