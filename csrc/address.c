/*
 * address.c - socket addresses as values: made, taken apart, printed, compared.
 *
 * Here alone stands what the families' structs look like; how a text becomes an
 * address is in address_parse.c.  An address may come from the kernel with any
 * length and any bytes, so nothing is read before `length` was checked.
 */
#include "config.h"

#include <sys/socket.h> /* before net/if.h, on the BSDs */
#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#ifdef DT_HAVE_PACKET
#  include <netpacket/packet.h>
#endif
#ifdef DT_HAVE_NETLINK
#  include <linux/netlink.h>
#endif
#ifdef DT_HAVE_VSOCK
#  include <linux/vm_sockets.h>
#endif

#include "address.h"
#include "constant.h"

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)

/* --- making and copying ------------------------------------------------- */

/* How many bytes of the sockaddr there are. */
static size_t stored(const struct dt_address *address) {
  return address->length < sizeof address->u ? (size_t)address->length
                                             : sizeof address->u;
}

void dt_address_from_sockaddr(struct dt_address *address,
                              const struct sockaddr *from, socklen_t length) {
  memset(address, 0, sizeof *address);
  address->length = length;
  address->length = (socklen_t)stored(address);
  if (address->length > 0)
    memcpy(&address->u, from, address->length);
#ifdef DT_HAVE_SA_LEN
  if (address->length > 0)
    address->u.any.sa_len = (unsigned char)address->length;
#endif
}

void dt_address_copy(struct dt_address *to, const struct dt_address *from) {
  to->length = (socklen_t)stored(from);
  memcpy(&to->u, &from->u, stored(from));
}

int dt_address_family(const struct dt_address *address) {
  struct sockaddr head;
  size_t end = offsetof(struct sockaddr, sa_family) + sizeof head.sa_family;
  return stored(address) < end ? AF_UNSPEC : address->u.any.sa_family;
}

/* --- IPv4 in IPv6 ------------------------------------------------------- */

/* Whether the address is of `family` and has its struct's `size`. */
static bool is(const struct dt_address *address, int family, size_t size) {
  return dt_address_family(address) == family && stored(address) >= size;
}

void dt_address_unmap(struct dt_address *address) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  if (!is(address, AF_INET6, sizeof address->u.in6) ||
      !IN6_IS_ADDR_V4MAPPED(&address->u.in6.sin6_addr))
    return;
  in.sin_port = address->u.in6.sin6_port;
  memcpy(&in.sin_addr, &address->u.in6.sin6_addr.s6_addr[12], 4);
  dt_address_from_sockaddr(address, (struct sockaddr *)&in, sizeof in);
}

void dt_address_map(struct dt_address *address) {
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  if (!is(address, AF_INET, sizeof address->u.in))
    return;
  in6.sin6_port = address->u.in.sin_port;
  memset(&in6.sin6_addr.s6_addr[10], 0xff, 2);
  memcpy(&in6.sin6_addr.s6_addr[12], &address->u.in.sin_addr, 4);
  dt_address_from_sockaddr(address, (struct sockaddr *)&in6, sizeof in6);
}

/* --- the rarer families ------------------------------------------------- */

/* Each has two functions: `get` fills in the fields of an address whose family
   is right, and says whether it was long enough; `set` makes an address. */

#ifdef DT_HAVE_PACKET
#  define HWADDR_OFFSET offsetof(struct sockaddr_ll, sll_addr)

static bool get_packet(const struct dt_address *address,
                       struct dt_address_fields *fields) {
  const unsigned char *bytes = (const unsigned char *)&address->u;
  struct sockaddr_ll head;
  size_t room = stored(address);
  if (room < HWADDR_OFFSET)
    return false;
  memcpy(&head, bytes, HWADDR_OFFSET);
  fields->ifindex = (unsigned)head.sll_ifindex;
  fields->protocol = ntohs(head.sll_protocol);
  fields->hatype = head.sll_hatype;
  fields->pkttype = head.sll_pkttype;
  room -= HWADDR_OFFSET; /* a long hwaddr goes on after the struct's end */
  if (room > head.sll_halen)
    room = head.sll_halen;
  if (room > DT_HWADDR_MAX)
    room = DT_HWADDR_MAX;
  fields->hwaddr_size = (unsigned char)room;
  memcpy(fields->hwaddr, bytes + HWADDR_OFFSET, room);
  return true;
}

static void set_packet(struct dt_address *address,
                       const struct dt_address_fields *fields) {
  struct sockaddr_ll head = {.sll_family = AF_PACKET};
  size_t size = HWADDR_OFFSET + fields->hwaddr_size;
  head.sll_ifindex = (int)fields->ifindex;
  head.sll_protocol = htons((uint16_t)fields->protocol);
  head.sll_hatype = (unsigned short)fields->hatype;
  head.sll_pkttype = (unsigned char)fields->pkttype;
  head.sll_halen = fields->hwaddr_size;
  dt_address_from_sockaddr(address, (struct sockaddr *)&head, sizeof head);
  memcpy((unsigned char *)&address->u + HWADDR_OFFSET, fields->hwaddr,
         fields->hwaddr_size);
  if (size > sizeof head)
    address->length = (socklen_t)size;
}
#endif

#ifdef DT_HAVE_NETLINK
static bool get_netlink(const struct dt_address *address,
                        struct dt_address_fields *fields) {
  struct sockaddr_nl nl;
  if (stored(address) < sizeof nl)
    return false;
  memcpy(&nl, &address->u, sizeof nl);
  fields->pid = nl.nl_pid;
  fields->groups = nl.nl_groups;
  return true;
}

static void set_netlink(struct dt_address *address,
                        const struct dt_address_fields *fields) {
  struct sockaddr_nl nl = {.nl_family = AF_NETLINK,
                           .nl_pid = fields->pid,
                           .nl_groups = fields->groups};
  dt_address_from_sockaddr(address, (struct sockaddr *)&nl, sizeof nl);
}
#endif

#ifdef DT_HAVE_VSOCK
static bool get_vsock(const struct dt_address *address,
                      struct dt_address_fields *fields) {
  struct sockaddr_vm vm;
  if (stored(address) < sizeof vm)
    return false;
  memcpy(&vm, &address->u, sizeof vm);
  fields->cid = vm.svm_cid;
  fields->port = vm.svm_port;
  return true;
}

static void set_vsock(struct dt_address *address,
                      const struct dt_address_fields *fields) {
  struct sockaddr_vm vm = {
      .svm_family = AF_VSOCK, .svm_cid = fields->cid, .svm_port = fields->port};
  dt_address_from_sockaddr(address, (struct sockaddr *)&vm, sizeof vm);
}
#endif

int dt_address_from_fields(struct dt_address *address, int family,
                           const struct dt_address_fields *fields,
                           const char **why) {
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  (void)fields; /* where there is none of these */
  switch (family) {
  case AF_UNSPEC:
    dt_address_from_sockaddr(address, &none, sizeof none);
    return 0;
#ifdef DT_HAVE_PACKET
  case AF_PACKET:
    if (fields->ifindex > INT_MAX) { /* an int in the struct */
      *why = "unknown interface (its number is too large)";
      return -1;
    }
    set_packet(address, fields);
    return 0;
#endif
#ifdef DT_HAVE_NETLINK
  case AF_NETLINK:
    set_netlink(address, fields);
    return 0;
#endif
#ifdef DT_HAVE_VSOCK
  case AF_VSOCK:
    set_vsock(address, fields);
    return 0;
#endif
  default:
    *why = "this system has no addresses of that family";
    return -1;
  }
}

/* --- taking apart ------------------------------------------------------- */

static bool get_ip(const struct dt_address *address,
                   struct dt_address_fields *fields) {
  if (is(address, AF_INET, sizeof address->u.in)) {
    fields->port = ntohs(address->u.in.sin_port);
    return true;
  }
  if (is(address, AF_INET6, sizeof address->u.in6)) {
    fields->port = ntohs(address->u.in6.sin6_port);
    fields->scope = address->u.in6.sin6_scope_id;
    fields->flowinfo = ntohl(address->u.in6.sin6_flowinfo);
    return true;
  }
  return false;
}

int dt_address_fields(const struct dt_address *address,
                      struct dt_address_fields *fields) {
  int family = dt_address_family(address);
  bool whole = true;
  memset(fields, 0, sizeof *fields);
  switch (family) {
  case AF_INET:
  case AF_INET6:
    whole = get_ip(address, fields);
    break;
#ifdef DT_HAVE_PACKET
  case AF_PACKET:
    whole = get_packet(address, fields);
    break;
#endif
#ifdef DT_HAVE_NETLINK
  case AF_NETLINK:
    whole = get_netlink(address, fields);
    break;
#endif
#ifdef DT_HAVE_VSOCK
  case AF_VSOCK:
    whole = get_vsock(address, fields);
    break;
#endif
  default:
    break;
  }
  return whole ? family : AF_UNSPEC;
}

int dt_address_port(const struct dt_address *address) {
  struct dt_address_fields fields;
  memset(&fields, 0, sizeof fields);
  return get_ip(address, &fields) ? (int)fields.port : -1;
}

/* The bytes of a unix name, without a path's final NUL; an abstract name
   begins with one. */
static size_t unix_name(const struct dt_address *address, const char **name) {
  size_t size = stored(address);
  *name = (const char *)&address->u + NAME_OFFSET;
  size = size > NAME_OFFSET ? size - NAME_OFFSET : 0;
#ifdef DT_HAVE_ABSTRACT
  if (size > 0 && (*name)[0] == '\0')
    return size;
#endif
  return strnlen(*name, size);
}

/* --- printing ----------------------------------------------------------- */

/* "@x" in the file system is written "./@x", as "@x" is abstract; and what is
   "./@x" there "././@x", so that every name has a text of its own. */
static bool needs_dot(const char *name, size_t size) {
  while (size >= 2 && name[0] == '.' && name[1] == '/') {
    name += 2;
    size -= 2;
  }
  return size > 0 && name[0] == '@';
}

static size_t put_path(const struct dt_address *address, char *text) {
  const char *name;
  size_t size = unix_name(address, &name), before = 0;
  if (needs_dot(name, size)) {
    memcpy(text, "./", 2);
    before = 2;
  }
  memcpy(text + before, name, size);
  if (size > 0 && name[0] == '\0')
    text[0] = '@';
  text[before + size] = '\0';
  return before + size;
}

size_t dt_address_path(const struct dt_address *address,
                       char text[DT_ADDRESS_TEXT_MAX]) {
  text[0] = '\0';
  return dt_address_family(address) == AF_UNIX ? put_path(address, text) : 0;
}

static void put_interface(unsigned index, char name[IF_NAMESIZE]) {
  if (!if_indextoname(index, name))
    snprintf(name, IF_NAMESIZE, "%u", index);
}

size_t dt_address_host(const struct dt_address *address,
                       char text[DT_ADDRESS_TEXT_MAX]) {
  size_t size;
  text[0] = '\0';
  if (is(address, AF_INET, sizeof address->u.in)) {
    inet_ntop(AF_INET, &address->u.in.sin_addr, text, INET_ADDRSTRLEN);
  } else if (is(address, AF_INET6, sizeof address->u.in6)) {
    inet_ntop(AF_INET6, &address->u.in6.sin6_addr, text, INET6_ADDRSTRLEN);
    if (address->u.in6.sin6_scope_id != 0) {
      size = strlen(text);
      text[size] = '%';
      put_interface(address->u.in6.sin6_scope_id, text + size + 1);
    }
  }
  return strlen(text);
}

/* packet:eth0/ETH_P_IP/aa:bb:cc:dd:ee:ff; the last two only if they are set. */
static size_t put_packet(const struct dt_address_fields *fields, char *text) {
  char name[IF_NAMESIZE] = "*", hwaddr[DT_HWADDR_TEXT_MAX], protocol[8];
  const char *known = dt_constant_name(&dt_ether_types, (int)fields->protocol);
  if (fields->ifindex != 0)
    put_interface(fields->ifindex, name);
  snprintf(protocol, sizeof protocol, "0x%04x", fields->protocol & 0xffff);
  dt_hwaddr_format(hwaddr, fields->hwaddr, fields->hwaddr_size);
  if (fields->hwaddr_size > 0)
    snprintf(text, DT_ADDRESS_TEXT_MAX, "packet:%s/%s/%s", name,
             known ? known : protocol, hwaddr);
  else if (fields->protocol != 0)
    snprintf(text, DT_ADDRESS_TEXT_MAX, "packet:%s/%s", name,
             known ? known : protocol);
  else
    snprintf(text, DT_ADDRESS_TEXT_MAX, "packet:%s", name);
  return strlen(text);
}

static size_t put_vsock(const struct dt_address_fields *fields, char *text) {
  char cid[12] = "*", port[12] = "*";
  if (fields->cid != DT_VSOCK_ANY)
    snprintf(cid, sizeof cid, "%u", fields->cid);
  if (fields->port != DT_VSOCK_ANY)
    snprintf(port, sizeof port, "%u", fields->port);
  return (size_t)snprintf(text, DT_ADDRESS_TEXT_MAX, "vsock:%s:%s", cid, port);
}

/* Writes a number; returns where the text goes on. */
static char *put_number(char *to, unsigned number) {
  char digits[10];
  int count = 0;
  do
    digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0)
    *to++ = digits[--count];
  return to;
}

/* The most frequent one, since it is in every message: printf is ten times
   slower. */
static size_t format_ipv4(const struct dt_address *address, char *text) {
  unsigned char bytes[4];
  char *to = text;
  memcpy(bytes, &address->u.in.sin_addr, 4);
  for (int i = 0; i < 4; i++) {
    to = put_number(to, bytes[i]);
    *to++ = i < 3 ? '.' : ':';
  }
  to = put_number(to, ntohs(address->u.in.sin_port));
  *to = '\0';
  return (size_t)(to - text);
}

size_t dt_address_format(const struct dt_address *address,
                         char text[DT_ADDRESS_TEXT_MAX]) {
  struct dt_address_fields fields;
  char host[DT_ADDRESS_TEXT_MAX];
  int family = dt_address_family(address), size;
  switch (dt_address_fields(address, &fields)) {
  case AF_INET:
    return format_ipv4(address, text);
  case AF_INET6:
    dt_address_host(address, host);
    size = snprintf(text, DT_ADDRESS_TEXT_MAX, "[%.80s]:%u", host, fields.port);
    return (size_t)size;
  case AF_UNIX:
    memcpy(text, "unix:", 5);
    return 5 + put_path(address, text + 5);
  case DT_AF_PACKET:
    return put_packet(&fields, text);
  case DT_AF_NETLINK:
    size = snprintf(text, DT_ADDRESS_TEXT_MAX, "netlink:%u/%u", fields.pid,
                    fields.groups);
    return (size_t)size;
  case DT_AF_VSOCK:
    return put_vsock(&fields, text);
  default: /* none, unknown, or shorter than its family's */
    size = family == AF_UNSPEC
               ? snprintf(text, DT_ADDRESS_TEXT_MAX, "AF_UNSPEC")
               : snprintf(text, DT_ADDRESS_TEXT_MAX, "family %d", family);
    return (size_t)size;
  }
}

/* --- comparing ---------------------------------------------------------- */

static bool equal_names(const struct dt_address *a,
                        const struct dt_address *b) {
  const char *name, *other;
  size_t size = unix_name(a, &name);
  return size == unix_name(b, &other) && memcmp(name, other, size) == 0;
}

/* flowinfo, hatype and pkttype say how something came, not from whom. */
static bool equal_fields(const struct dt_address_fields *a,
                         const struct dt_address_fields *b) {
  return a->port == b->port && a->scope == b->scope &&
         a->ifindex == b->ifindex && a->protocol == b->protocol &&
         a->hwaddr_size == b->hwaddr_size &&
         memcmp(a->hwaddr, b->hwaddr, a->hwaddr_size) == 0 &&
         a->pid == b->pid && a->groups == b->groups && a->cid == b->cid;
}

bool dt_address_equal(const struct dt_address *a, const struct dt_address *b) {
  struct dt_address_fields fields, others;
  int family = dt_address_fields(a, &fields);
  if (family != dt_address_fields(b, &others) ||
      dt_address_family(a) != dt_address_family(b) ||
      !equal_fields(&fields, &others))
    return false;
  switch (family) {
  case AF_INET:
    return a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
  case AF_INET6:
    return memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16) == 0;
  case AF_UNIX:
    return equal_names(a, b);
  case DT_AF_PACKET:
  case DT_AF_NETLINK:
  case DT_AF_VSOCK:
    return true;
  default:
    return stored(a) == stored(b) && memcmp(&a->u, &b->u, stored(a)) == 0;
  }
}
