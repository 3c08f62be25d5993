/*
 * test_control.c - csrc/control.c: what is written is read again, and no buffer
 * of control data, however it was cut or made up, is read outside of itself.
 *
 * Buffers under test are exactly as long as they claim, on the heap, so that
 * the address sanitizer sees a byte too many.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#ifdef DT_HAVE_EXTENDED_ERR
#  include <linux/errqueue.h>
#endif

#include "check.h"
#include "constant.h"
#include "control.h"

/* A copy that begins at an odd address and ends where the heap block does. */
struct exact {
  unsigned char *block, *bytes;
};

static struct exact exact_copy(const void *bytes, size_t size) {
  struct exact copy;
  copy.block = malloc(size + 1);
  copy.bytes = copy.block + 1;
  memcpy(copy.bytes, bytes, size);
  return copy;
}

static const struct dt_control_type *named(const char *name) {
  return dt_control_named(name, strlen(name));
}

/* Puts messages in a row, and says how long the row is. */
struct row {
  unsigned char bytes[4096];
  size_t size;
};

static void put(struct row *row, int level, int type, const void *data,
                size_t size) {
  dt_control_put(row->bytes + row->size, level, type, data, size);
  row->size += dt_control_space(size);
}

/* --- types ---------------------------------------------------------------- */

static void every_type_is_found_by_name_and_number(void) {
  const struct dt_control_type *type;
  for (size_t i = 0; (type = dt_control_at(i)) != NULL; i++) {
    const struct dt_control_type *by_name = named(type->name);
    CHECK(by_name && strcmp(by_name->name, type->name) == 0);
    if (type->type != DT_ABSENT)
      CHECK(dt_control_known(type->level, type->type) == type);
  }
}

static void unknown_types_are_not_found(void) {
  CHECK(named("SCM_RIGHT") == NULL);
  CHECK(named("SCM_RIGHTSX") == NULL);
  CHECK(named("") == NULL);
  CHECK(dt_control_named("IP_TTLx", 6) == named("IP_TTL"));
  CHECK(dt_control_known(SOL_SOCKET, 9999) == NULL);
  CHECK(dt_control_known(IPPROTO_IP, DT_ABSENT) == NULL);
}

/* --- rows ----------------------------------------------------------------- */

static void what_is_put_is_read_in_order(void) {
  struct row row = {.size = 0};
  struct dt_control_item item;
  size_t offset = 0;
  put(&row, 1, 2, "abc", 3);
  put(&row, -3, 4, NULL, 0);
  put(&row, 5, 6, "12345678", 8);
  CHECK(dt_control_next(row.bytes, row.size, &offset, &item));
  CHECK(item.level == 1 && item.type == 2);
  CHECK_EQ_INT((long long)item.size, 3);
  CHECK_EQ_MEM(item.data, "abc", 3);
  CHECK(dt_control_next(row.bytes, row.size, &offset, &item));
  CHECK(item.level == -3 && item.type == 4 && item.size == 0);
  CHECK(dt_control_next(row.bytes, row.size, &offset, &item));
  CHECK_EQ_INT((long long)item.size, 8);
  CHECK_EQ_MEM(item.data, "12345678", 8);
  CHECK(!dt_control_next(row.bytes, row.size, &offset, &item));
  CHECK(!dt_control_next(row.bytes, row.size, &offset, &item));
}

static void the_systems_macros_read_the_same(void) {
  union {
    struct cmsghdr aligned;
    unsigned char bytes[256];
  } space;
  struct msghdr header = {.msg_control = space.bytes};
  struct cmsghdr *message;
  struct row row = {.size = 0};
  put(&row, 1, 2, "abc", 3);
  put(&row, 5, 6, "12345678", 8);
  memcpy(space.bytes, row.bytes, row.size);
  header.msg_controllen = row.size;
  message = CMSG_FIRSTHDR(&header);
  CHECK(message && message->cmsg_len == CMSG_LEN(3));
  CHECK(message && memcmp(CMSG_DATA(message), "abc", 3) == 0);
  message = CMSG_NXTHDR(&header, message);
  CHECK(message && message->cmsg_level == 5 && message->cmsg_type == 6);
  CHECK(message && memcmp(CMSG_DATA(message), "12345678", 8) == 0);
}

static void gaps_hold_no_stale_bytes(void) {
  unsigned char space[64], zeros[64] = {0};
  size_t size = dt_control_space(1);
  memset(space, 0xaa, sizeof space);
  dt_control_put(space, 1, 2, "x", 1);
  CHECK_EQ_MEM(space + CMSG_LEN(1), zeros, size - CMSG_LEN(1));
  CHECK(space[size] == 0xaa);
}

static void absurd_sizes_have_no_space(void) {
  CHECK(dt_control_space(0) == CMSG_SPACE(0));
  CHECK(dt_control_space((size_t)-1) == 0);
  CHECK(dt_control_space((size_t)-1 / 2) == 0);
}

/* Reads everything there is, as the library does; returns the messages. */
static int read_all(const void *buffer, size_t size) {
  struct dt_control_item item;
  size_t offset = 0;
  int count = 0;
  int *fds = malloc(size + 1);
  size_t found = dt_control_descriptors(buffer, size, fds);
  unsigned sum = 0;
  CHECK(found <= size / sizeof(int));
  while (dt_control_next(buffer, size, &offset, &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    struct dt_control_value value;
    for (size_t i = 0; i < item.size; i++)
      sum += item.data[i];
    if (type)
      (void)dt_control_decode(type, &item, &value);
    if (++count > (int)size)
      break;
  }
  free(fds);
  CHECK(count <= (int)size);
  return sum == 0xffffffff ? 0 : count; /* so that the sum is not left out */
}

static void every_cut_of_a_row_is_read_inside_it(void) {
  struct row row = {.size = 0};
  int fds[3] = {7, 8, 9}, last = 0;
  put(&row, SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds);
  put(&row, IPPROTO_IP, IP_TTL, fds, sizeof fds[0]);
  put(&row, IPPROTO_IP, IP_TOS, fds, 1);
  for (size_t size = 0; size <= row.size; size++) {
    struct exact copy = exact_copy(row.bytes, size);
    int count = read_all(copy.bytes, size);
    CHECK(count >= last);
    last = count;
    free(copy.block);
  }
  CHECK_EQ_INT(last, 3);
}

static void lengths_that_lie_are_not_believed(void) {
  static const size_t lengths[] = {
      0,  1,  CMSG_LEN(0) - 1, CMSG_LEN(0), CMSG_LEN(0) + 1, 63,
      64, 65, 0x7fffffffffUL,  (size_t)-1,  (size_t)-8};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    unsigned char bytes[64] = {0};
    struct cmsghdr header;
    struct exact copy;
    memset(&header, 0, sizeof header);
    header.cmsg_len = lengths[i];
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = SCM_RIGHTS;
    memcpy(bytes, &header, sizeof header);
    copy = exact_copy(bytes, sizeof bytes);
    read_all(copy.bytes, sizeof bytes);
    free(copy.block);
  }
}

static void an_offset_outside_is_the_end(void) {
  struct row row = {.size = 0};
  struct dt_control_item item;
  size_t offset = 1000;
  put(&row, 1, 2, "abc", 3);
  CHECK(!dt_control_next(row.bytes, row.size, &offset, &item));
}

/* A cheap generator, the same every time. */
static unsigned random_state = 1;
static unsigned next_random(void) {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}

static void noise_is_read_inside_itself(void) {
  for (int round = 0; round < 20000; round++) {
    unsigned char bytes[256];
    size_t size = next_random() % sizeof bytes;
    const struct dt_control_type *type = dt_control_at(next_random() % 16);
    struct cmsghdr header;
    struct exact copy;
    for (size_t i = 0; i < size; i++)
      bytes[i] = (unsigned char)next_random();
    memset(&header, 0, sizeof header);
    header.cmsg_len = CMSG_LEN(next_random() % 64);
    header.cmsg_level = type->level;
    header.cmsg_type = type->type;
    if (size >= sizeof header && round % 4 > 0)
      memcpy(bytes, &header, sizeof header);
    copy = exact_copy(bytes, size);
    read_all(copy.bytes, size);
    free(copy.block);
  }
}

/* --- descriptors ---------------------------------------------------------- */

static void descriptors_of_all_messages_are_found(void) {
  struct row row = {.size = 0};
  int one[3] = {7, 8, 9}, two[1] = {10}, fds[64];
  put(&row, SOL_SOCKET, SCM_RIGHTS, one, sizeof one);
  put(&row, IPPROTO_IP, IP_TTL, one, sizeof one[0]);
  put(&row, SOL_SOCKET, SCM_RIGHTS, two, sizeof two);
  CHECK_EQ_INT((long long)dt_control_descriptors(row.bytes, row.size, fds), 4);
  CHECK(fds[0] == 7 && fds[1] == 8 && fds[2] == 9 && fds[3] == 10);
}

static void only_whole_descriptors_are_found(void) {
  struct row row = {.size = 0};
  int fds[8] = {0}, sent[3] = {7, 8, 9};
  put(&row, SOL_SOCKET, SCM_RIGHTS, sent, sizeof sent);
  for (size_t size = 0; size <= sizeof sent; size++) {
    struct exact copy = exact_copy(row.bytes, CMSG_LEN(size));
    CHECK_EQ_INT(
        (long long)dt_control_descriptors(copy.bytes, CMSG_LEN(size), fds),
        (long long)(size / sizeof(int)));
    free(copy.block);
  }
}

/* --- bodies --------------------------------------------------------------- */

static bool decode(const char *name, const void *body, size_t size,
                   struct dt_control_value *value) {
  struct exact copy = exact_copy(body, size);
  struct dt_control_item item = {.data = copy.bytes, .size = size};
  bool good = dt_control_decode(named(name), &item, value);
  free(copy.block);
  return good;
}

static void integers_keep_their_value(void) {
  static const char *const names[] = {"IP_TOS", "IP_TTL", "IPV6_HOPLIMIT",
                                      "IPV6_TCLASS", "UDP_SEGMENT"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct dt_control_type *type = named(names[i]);
    long long low, high;
    CHECK(dt_control_range(type->kind, &low, &high));
    for (int end = 0; end < 3; end++) {
      struct dt_control_value value, back;
      unsigned char body[DT_CONTROL_BODY_MAX];
      size_t size;
      value.u.integer = end == 0 ? low : end == 1 ? high : 17;
      size = dt_control_encode(type->kind, &value, body);
      CHECK(size > 0 && decode(names[i], body, size, &back));
      CHECK_EQ_INT(back.u.integer, value.u.integer);
      CHECK(size == 1 || !decode(names[i], body, size - 1, &back));
    }
  }
}

static void integers_are_read_as_the_kernel_sized_them(void) {
  struct dt_control_value value;
  int wide = -1;
  unsigned char byte = 200;
  uint16_t narrow = 65535;
  uint32_t drops = 4000000000u;
  CHECK(decode("IP_TOS", &byte, 1, &value) && value.u.integer == 200);
  CHECK(decode("IPV6_TCLASS", &wide, sizeof wide, &value) &&
        value.u.integer == -1);
  CHECK(decode("UDP_GRO", &narrow, sizeof narrow, &value) &&
        value.u.integer == 65535);
  wide = 1400;
  CHECK(decode("UDP_GRO", &wide, sizeof wide, &value) &&
        value.u.integer == 1400);
  CHECK(decode("SO_RXQ_OVFL", &drops, sizeof drops, &value) &&
        value.u.integer == 4000000000LL);
  CHECK(!decode("IP_TTL", &byte, 1, &value)); /* was cut */
  CHECK(!decode("IP_TOS", &byte, 0, &value));
}

/* They are taken while the message is: see descriptor.h. */
static void descriptors_are_no_value(void) {
  struct dt_control_value value;
  int fd = 0;
  CHECK(!decode("SCM_RIGHTS", &fd, sizeof fd, &value));
}

static void times_keep_their_value(void) {
  struct dt_control_value value;
  struct timespec spec = {.tv_sec = 1700000000, .tv_nsec = 999999999};
  struct timeval val = {.tv_sec = -1, .tv_usec = 999999};
  CHECK(decode("SO_TIMESTAMPNS", &spec, sizeof spec, &value));
  CHECK(value.u.time.sec == 1700000000 && value.u.time.part == 999999999);
  CHECK(decode("SO_TIMESTAMP", &val, sizeof val, &value));
  CHECK(value.u.time.sec == -1 && value.u.time.part == 999999);
  CHECK(!decode("SO_TIMESTAMPNS", &spec, sizeof spec - 1, &value));
}

static void credentials_keep_their_value(void) {
#ifdef DT_HAVE_UCRED
  struct dt_control_value value = {
      .u.credentials = {.pid = 1, .uid = 4294967294, .gid = 3}};
  struct dt_control_value back;
  unsigned char body[DT_CONTROL_BODY_MAX];
  size_t size = dt_control_encode(DT_CONTROL_CREDENTIALS, &value, body);
  CHECK(size > 0 && decode("SCM_CREDENTIALS", body, size, &back));
  CHECK(back.u.credentials.pid == 1 && back.u.credentials.gid == 3);
  CHECK(back.u.credentials.uid == 4294967294);
  CHECK(!decode("SCM_CREDENTIALS", body, size - 1, &back));
#endif
}

static void packet_information_keeps_its_value(void) {
#ifdef DT_HAVE_IN_PKTINFO
  struct dt_control_value value, back;
  unsigned char body[DT_CONTROL_BODY_MAX];
  size_t size;
  memset(&value, 0, sizeof value);
  value.u.packet.ifindex = 3;
  value.u.packet.local.length = sizeof(struct sockaddr_in);
  value.u.packet.local.u.in.sin_family = AF_INET;
  value.u.packet.local.u.in.sin_addr.s_addr = htonl(0x7f000009);
  size = dt_control_encode(DT_CONTROL_PKTINFO4, &value, body);
  CHECK(size > 0 && decode("IP_PKTINFO", body, size, &back));
  CHECK_EQ_INT(back.u.packet.ifindex, 3);
  CHECK(dt_address_equal(&back.u.packet.local, &value.u.packet.local));
  CHECK(back.u.packet.destination.u.in.sin_addr.s_addr == 0);
  CHECK(!decode("IP_PKTINFO", body, size - 1, &back));
#endif
}

static void packet_information_6_keeps_its_value(void) {
  struct dt_control_value value, back;
  unsigned char body[DT_CONTROL_BODY_MAX];
  size_t size;
  memset(&value, 0, sizeof value);
  value.u.packet.ifindex = 70000;
  value.u.packet.local.length = sizeof(struct sockaddr_in6);
  value.u.packet.local.u.in6.sin6_family = AF_INET6;
  value.u.packet.local.u.in6.sin6_addr = in6addr_loopback;
  size = dt_control_encode(DT_CONTROL_PKTINFO6, &value, body);
  CHECK(size > 0 && decode("IPV6_PKTINFO", body, size, &back));
  CHECK_EQ_INT(back.u.packet.ifindex, 70000);
  CHECK(dt_address_equal(&back.u.packet.local, &value.u.packet.local));
  CHECK(back.u.packet.destination.length == 0);
  CHECK(!decode("IPV6_PKTINFO", body, size - 1, &back));
}

static void errors_are_read_with_and_without_an_address(void) {
#ifdef DT_HAVE_EXTENDED_ERR
  struct {
    struct sock_extended_err error;
    struct sockaddr_in6 offender;
  } body;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9)};
  struct dt_control_value value;
  memset(&body, 0, sizeof body);
  body.error.ee_errno = 111;
  body.error.ee_origin = SO_EE_ORIGIN_ICMP;
  body.error.ee_type = 3;
  body.error.ee_info = 4000000000u;
  CHECK(decode("IP_RECVERR", &body, sizeof body.error, &value));
  CHECK(value.u.error.number == 111 && value.u.error.type == 3);
  CHECK(value.u.error.info == 4000000000u);
  CHECK(value.u.error.offender.length == 0);
  CHECK(decode("IP_RECVERR", &body, sizeof body, &value)); /* AF_UNSPEC */
  CHECK(value.u.error.offender.length == 0);
  memcpy(&body.offender, &in, sizeof in);
  CHECK(decode("IP_RECVERR", &body, sizeof body, &value));
  CHECK_EQ_INT(dt_address_port(&value.u.error.offender), 9);
  CHECK(decode("IP_RECVERR", &body, sizeof body.error + sizeof in - 1, &value));
  CHECK(value.u.error.offender.length == 0);
  body.offender.sin6_family = AF_INET6;
  CHECK(decode("IPV6_RECVERR", &body, sizeof body, &value));
  CHECK_EQ_INT(value.u.error.offender.length, sizeof body.offender);
  CHECK(!decode("IP_RECVERR", &body, sizeof body.error - 1, &value));
#endif
}

static void what_only_the_system_makes_is_not_encoded(void) {
  struct dt_control_value value = {.u.integer = 0};
  unsigned char body[DT_CONTROL_BODY_MAX];
  const struct dt_control_type *type;
  long long low, high;
  for (size_t i = 0; (type = dt_control_at(i)) != NULL; i++)
    if (!type->sendable && type->kind != DT_CONTROL_UINT16 &&
        type->kind != DT_CONTROL_BYTE)
      CHECK(dt_control_encode(type->kind, &value, body) == 0);
  CHECK(!dt_control_range(DT_CONTROL_ERROR, &low, &high));
}

int main(void) {
  RUN(every_type_is_found_by_name_and_number);
  RUN(unknown_types_are_not_found);
  RUN(what_is_put_is_read_in_order);
  RUN(the_systems_macros_read_the_same);
  RUN(gaps_hold_no_stale_bytes);
  RUN(absurd_sizes_have_no_space);
  RUN(every_cut_of_a_row_is_read_inside_it);
  RUN(lengths_that_lie_are_not_believed);
  RUN(an_offset_outside_is_the_end);
  RUN(noise_is_read_inside_itself);
  RUN(descriptors_of_all_messages_are_found);
  RUN(only_whole_descriptors_are_found);
  RUN(integers_keep_their_value);
  RUN(integers_are_read_as_the_kernel_sized_them);
  RUN(descriptors_are_no_value);
  RUN(times_keep_their_value);
  RUN(credentials_keep_their_value);
  RUN(packet_information_keeps_its_value);
  RUN(packet_information_6_keeps_its_value);
  RUN(errors_are_read_with_and_without_an_address);
  RUN(what_only_the_system_makes_is_not_encoded);
  return check_summary();
}
