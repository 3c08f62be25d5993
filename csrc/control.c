/*
 * control.c - control messages: see control.h.
 *
 * Stands on cmsg(3)'s CMSG_LEN and CMSG_SPACE for the layout, and on nothing
 * that follows pointers: CMSG_NXTHDR and CMSG_DATA trust lengths and alignment
 * that a buffer which was cut short does not have.  The addresses in bodies are
 * made by address.h.
 */
#include "config.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#ifdef DT_HAVE_EXTENDED_ERR
#  include <linux/errqueue.h>
#endif

#include "constant.h"
#include "control.h"

/* --- the types ------------------------------------------------------------ */

#if defined(DT_HAVE_PIDFD) && !defined(SCM_PIDFD)
#  define SCM_PIDFD 4
#endif

#ifndef SCM_CREDENTIALS
#  define SCM_CREDENTIALS DT_ABSENT
#endif
#ifndef SCM_PIDFD
#  define SCM_PIDFD DT_ABSENT
#endif
#ifndef SCM_TIMESTAMP
#  define SCM_TIMESTAMP DT_ABSENT
#endif
#ifndef SCM_TIMESTAMPNS
#  ifdef SO_TIMESTAMPNS
#    define SCM_TIMESTAMPNS SO_TIMESTAMPNS
#  else
#    define SCM_TIMESTAMPNS DT_ABSENT
#  endif
#endif
#ifndef SO_RXQ_OVFL
#  define SO_RXQ_OVFL DT_ABSENT
#endif
#ifndef DT_HAVE_IN_PKTINFO
#  undef IP_PKTINFO
#  define IP_PKTINFO DT_ABSENT
#endif
#ifndef IP_RECVERR
#  define IP_RECVERR DT_ABSENT
#endif
#ifndef IPV6_PKTINFO
#  define IPV6_PKTINFO DT_ABSENT
#endif
#ifndef IPV6_HOPLIMIT
#  define IPV6_HOPLIMIT DT_ABSENT
#endif
#ifndef IPV6_TCLASS
#  define IPV6_TCLASS DT_ABSENT
#endif
#ifndef IPV6_RECVERR
#  define IPV6_RECVERR DT_ABSENT
#endif
#ifndef UDP_SEGMENT
#  define UDP_SEGMENT DT_ABSENT
#endif
#ifndef UDP_GRO
#  define UDP_GRO DT_ABSENT
#endif

static const struct dt_control_type types[] = {
    {"SCM_RIGHTS", SOL_SOCKET, SCM_RIGHTS, DT_CONTROL_FDS, true},
    {"SCM_CREDENTIALS", SOL_SOCKET, SCM_CREDENTIALS, DT_CONTROL_CREDENTIALS,
     true},
    {"SCM_PIDFD", SOL_SOCKET, SCM_PIDFD, DT_CONTROL_FDS, false},
    {"SO_TIMESTAMP", SOL_SOCKET, SCM_TIMESTAMP, DT_CONTROL_TIMEVAL, false},
    {"SO_TIMESTAMPNS", SOL_SOCKET, SCM_TIMESTAMPNS, DT_CONTROL_TIMESPEC, false},
    {"SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, DT_CONTROL_UINT32, false},
    {"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, DT_CONTROL_PKTINFO4, true},
    {"IP_TTL", IPPROTO_IP, IP_TTL, DT_CONTROL_INT, true},
    {"IP_TOS", IPPROTO_IP, IP_TOS, DT_CONTROL_BYTE, true},
    {"IP_RECVERR", IPPROTO_IP, IP_RECVERR, DT_CONTROL_ERROR, false},
    {"IPV6_PKTINFO", IPPROTO_IPV6, IPV6_PKTINFO, DT_CONTROL_PKTINFO6, true},
    {"IPV6_HOPLIMIT", IPPROTO_IPV6, IPV6_HOPLIMIT, DT_CONTROL_INT, true},
    {"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, DT_CONTROL_INT, true},
    {"IPV6_RECVERR", IPPROTO_IPV6, IPV6_RECVERR, DT_CONTROL_ERROR, false},
    {"UDP_SEGMENT", IPPROTO_UDP, UDP_SEGMENT, DT_CONTROL_UINT16, true},
    {"UDP_GRO", IPPROTO_UDP, UDP_GRO, DT_CONTROL_UINT16, false},
/* The BSDs report under the name of the option that asks for it. */
#ifdef IP_RECVTTL
    {"IP_TTL", IPPROTO_IP, IP_RECVTTL, DT_CONTROL_BYTE, false},
#endif
#ifdef IP_RECVTOS
    {"IP_TOS", IPPROTO_IP, IP_RECVTOS, DT_CONTROL_BYTE, false},
#endif
};

#define TYPE_COUNT (sizeof types / sizeof types[0])

const struct dt_control_type *dt_control_at(size_t index) {
  return index < TYPE_COUNT ? &types[index] : NULL;
}

const struct dt_control_type *dt_control_named(const char *name,
                                               size_t length) {
  for (size_t i = 0; i < TYPE_COUNT; i++)
    if (strlen(types[i].name) == length &&
        memcmp(types[i].name, name, length) == 0)
      return &types[i];
  return NULL;
}

const struct dt_control_type *dt_control_known(int level, int type) {
  for (size_t i = 0; i < TYPE_COUNT; i++)
    if (types[i].level == level && types[i].type == type && type != DT_ABSENT)
      return &types[i];
  return NULL;
}

/* --- the layout ----------------------------------------------------------- */

#define HEAD CMSG_LEN(0) /* from a message's start to its body */

bool dt_control_next(const void *buffer, size_t size, size_t *offset,
                     struct dt_control_item *item) {
  struct cmsghdr header;
  size_t room, step;
  if (*offset > size || size - *offset < HEAD)
    return false;
  memcpy(&header, (const unsigned char *)buffer + *offset, sizeof header);
  if (header.cmsg_len < HEAD)
    return false;
  room = size - *offset - HEAD;
  item->level = header.cmsg_level;
  item->type = header.cmsg_type;
  item->data = (const unsigned char *)buffer + *offset + HEAD;
  item->size = header.cmsg_len - HEAD;
  if (item->size > room) /* macOS says the full length of one that was cut */
    item->size = room;
  step = CMSG_SPACE(item->size);
  *offset = step < size - *offset ? *offset + step : size;
  return true;
}

size_t dt_control_space(size_t size) {
  /* Linux has a size_t for cmsg_len, others a socklen_t: stay below both */
  return size < 0x7fffff00 ? CMSG_SPACE(size) : 0;
}

unsigned char *dt_control_put(void *space, int level, int type,
                              const void *data, size_t size) {
  struct cmsghdr header;
  unsigned char *body = (unsigned char *)space + HEAD;
  memset(space, 0, CMSG_SPACE(size)); /* no stale bytes in the gaps */
  memset(&header, 0, sizeof header);
  header.cmsg_len = CMSG_LEN(size);
  header.cmsg_level = level;
  header.cmsg_type = type;
  memcpy(space, &header, sizeof header);
  if (data && size > 0)
    memcpy(body, data, size);
  return body;
}

size_t dt_control_descriptors(const void *buffer, size_t size, int *fds) {
  struct dt_control_item item;
  size_t offset = 0, count = 0;
  while (dt_control_next(buffer, size, &offset, &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    if (type && type->kind == DT_CONTROL_FDS) {
      size_t whole = item.size / sizeof(int);
      memcpy(fds + count, item.data, whole * sizeof(int));
      count += whole;
    }
  }
  return count;
}

/* --- reading bodies ------------------------------------------------------- */

/* An integer of whatever size of at least `smallest` bytes the kernel chose. */
static bool read_integer(const struct dt_control_item *item, size_t smallest,
                         bool is_signed, long long *integer) {
  if (item->size < smallest)
    return false;
  if (item->size >= sizeof(uint32_t)) {
    uint32_t wide;
    memcpy(&wide, item->data, sizeof wide);
    *integer = is_signed ? (long long)(int32_t)wide : (long long)wide;
  } else if (item->size >= sizeof(uint16_t)) {
    uint16_t narrow;
    memcpy(&narrow, item->data, sizeof narrow);
    *integer = narrow;
  } else {
    *integer = item->data[0];
  }
  return true;
}

static bool read_credentials(const struct dt_control_item *item,
                             struct dt_control_value *value) {
#ifdef DT_HAVE_UCRED
  struct ucred body;
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.credentials.pid = (long)body.pid;
  value->u.credentials.uid = (long)body.uid;
  value->u.credentials.gid = (long)body.gid;
  return true;
#else
  (void)item, (void)value;
  return false;
#endif
}

static void set_host4(struct dt_address *address, struct in_addr host) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = host};
  dt_address_from_sockaddr(address, (struct sockaddr *)&in, sizeof in);
}

static bool read_pktinfo4(const struct dt_control_item *item,
                          struct dt_control_value *value) {
#ifdef DT_HAVE_IN_PKTINFO
  struct in_pktinfo body;
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.packet.ifindex = (unsigned)body.ipi_ifindex;
  set_host4(&value->u.packet.local, body.ipi_spec_dst);
  set_host4(&value->u.packet.destination, body.ipi_addr);
  return true;
#else
  (void)item, (void)value, (void)set_host4;
  return false;
#endif
}

static bool read_pktinfo6(const struct dt_control_item *item,
                          struct dt_control_value *value) {
#if IPV6_PKTINFO != DT_ABSENT
  struct in6_pktinfo body;
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.packet.ifindex = body.ipi6_ifindex;
  in6.sin6_addr = body.ipi6_addr;
  dt_address_from_sockaddr(&value->u.packet.local, (struct sockaddr *)&in6,
                           sizeof in6);
  value->u.packet.destination.length = 0;
  return true;
#else
  (void)item, (void)value;
  return false;
#endif
}

static bool read_timespec(const struct dt_control_item *item,
                          struct dt_control_value *value) {
  struct timespec body;
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.time.sec = (long long)body.tv_sec;
  value->u.time.part = (long)body.tv_nsec;
  return true;
}

static bool read_timeval(const struct dt_control_item *item,
                         struct dt_control_value *value) {
  struct timeval body;
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.time.sec = (long long)body.tv_sec;
  value->u.time.part = (long)body.tv_usec;
  return true;
}

#ifdef DT_HAVE_EXTENDED_ERR

/* The address behind an extended error, of which `size` bytes are there. */
static void read_offender(struct dt_address *offender,
                          const unsigned char *data, size_t size) {
  struct sockaddr_storage copy = {.ss_family = AF_UNSPEC};
  size_t length = 0;
  memcpy(&copy, data, size < sizeof copy ? size : sizeof copy);
  if (copy.ss_family == AF_INET)
    length = sizeof(struct sockaddr_in);
  else if (copy.ss_family == AF_INET6)
    length = sizeof(struct sockaddr_in6);
  if (length > size)
    length = 0;
  dt_address_from_sockaddr(offender, (struct sockaddr *)&copy,
                           (socklen_t)length);
}

#endif

static bool read_error(const struct dt_control_item *item,
                       struct dt_control_value *value) {
#ifdef DT_HAVE_EXTENDED_ERR
  struct sock_extended_err body;
  if (item->size < sizeof body)
    return false;
  memcpy(&body, item->data, sizeof body);
  value->u.error.number = (int)body.ee_errno;
  value->u.error.origin = body.ee_origin;
  value->u.error.type = body.ee_type;
  value->u.error.code = body.ee_code;
  value->u.error.info = body.ee_info;
  value->u.error.data = body.ee_data;
  read_offender(&value->u.error.offender, item->data + sizeof body,
                item->size - sizeof body);
  return true;
#else
  (void)item, (void)value;
  return false;
#endif
}

bool dt_control_decode(const struct dt_control_type *type,
                       const struct dt_control_item *item,
                       struct dt_control_value *value) {
  switch (type->kind) {
  case DT_CONTROL_FDS:
    return false;
  case DT_CONTROL_CREDENTIALS:
    return read_credentials(item, value);
  case DT_CONTROL_PKTINFO4:
    return read_pktinfo4(item, value);
  case DT_CONTROL_PKTINFO6:
    return read_pktinfo6(item, value);
  case DT_CONTROL_BYTE:
    return read_integer(item, 1, true, &value->u.integer);
  case DT_CONTROL_UINT16:
    return read_integer(item, sizeof(uint16_t), true, &value->u.integer);
  case DT_CONTROL_INT:
    return read_integer(item, sizeof(uint32_t), true, &value->u.integer);
  case DT_CONTROL_UINT32:
    return read_integer(item, sizeof(uint32_t), false, &value->u.integer);
  case DT_CONTROL_TIMESPEC:
    return read_timespec(item, value);
  case DT_CONTROL_TIMEVAL:
    return read_timeval(item, value);
  case DT_CONTROL_ERROR:
    return read_error(item, value);
  }
  return false;
}

/* --- writing bodies ------------------------------------------------------- */

bool dt_control_range(enum dt_control_kind kind, long long *low,
                      long long *high) {
  *low = 0;
  switch (kind) {
  case DT_CONTROL_BYTE:
    *high = UINT8_MAX;
    return true;
  case DT_CONTROL_UINT16:
    *high = UINT16_MAX;
    return true;
  case DT_CONTROL_INT:
    *low = INT32_MIN;
    *high = INT32_MAX;
    return true;
  default:
    return false;
  }
}

static size_t write_credentials(const struct dt_control_value *value,
                                unsigned char *body) {
#ifdef DT_HAVE_UCRED
  struct ucred credentials;
  credentials.pid = (pid_t)value->u.credentials.pid;
  credentials.uid = (uid_t)value->u.credentials.uid;
  credentials.gid = (gid_t)value->u.credentials.gid;
  memcpy(body, &credentials, sizeof credentials);
  return sizeof credentials;
#else
  (void)value, (void)body;
  return 0;
#endif
}

static size_t write_pktinfo4(const struct dt_control_value *value,
                             unsigned char *body) {
#ifdef DT_HAVE_IN_PKTINFO
  struct in_pktinfo packet;
  memset(&packet, 0, sizeof packet);
  packet.ipi_ifindex = (int)value->u.packet.ifindex;
  if (value->u.packet.local.length > 0) /* else the kernel chooses */
    packet.ipi_spec_dst = value->u.packet.local.u.in.sin_addr;
  memcpy(body, &packet, sizeof packet);
  return sizeof packet;
#else
  (void)value, (void)body;
  return 0;
#endif
}

static size_t write_pktinfo6(const struct dt_control_value *value,
                             unsigned char *body) {
#if IPV6_PKTINFO != DT_ABSENT
  struct in6_pktinfo packet;
  memset(&packet, 0, sizeof packet);
  packet.ipi6_ifindex = value->u.packet.ifindex;
  if (value->u.packet.local.length > 0)
    packet.ipi6_addr = value->u.packet.local.u.in6.sin6_addr;
  memcpy(body, &packet, sizeof packet);
  return sizeof packet;
#else
  (void)value, (void)body;
  return 0;
#endif
}

size_t dt_control_encode(enum dt_control_kind kind,
                         const struct dt_control_value *value,
                         unsigned char body[DT_CONTROL_BODY_MAX]) {
  int integer;
  uint16_t narrow;
  switch (kind) {
  case DT_CONTROL_CREDENTIALS:
    return write_credentials(value, body);
  case DT_CONTROL_PKTINFO4:
    return write_pktinfo4(value, body);
  case DT_CONTROL_PKTINFO6:
    return write_pktinfo6(value, body);
  case DT_CONTROL_BYTE:
    body[0] = (unsigned char)value->u.integer;
    return 1;
  case DT_CONTROL_UINT16:
    narrow = (uint16_t)value->u.integer;
    memcpy(body, &narrow, sizeof narrow);
    return sizeof narrow;
  case DT_CONTROL_INT:
    integer = (int)value->u.integer;
    memcpy(body, &integer, sizeof integer);
    return sizeof integer;
  default:
    return 0;
  }
}
