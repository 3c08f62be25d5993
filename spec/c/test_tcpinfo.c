/*
 * test_tcpinfo.c - csrc/tcpinfo.c: the offsets are the kernel's, and what a
 * kernel does not give is not made up.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>

#include "check.h"
#include "sys.h"
#include "tcpinfo.h"

static const struct dt_tcpinfo_field *field_named(const char *name) {
  for (size_t i = 0; i < dt_tcpinfo_count; i++)
    if (strcmp(dt_tcpinfo_fields[i].name, name) == 0)
      return &dt_tcpinfo_fields[i];
  return NULL;
}

static uint64_t value_in(const unsigned char *info, size_t length,
                         const char *name) {
  uint64_t value = 0;
  const struct dt_tcpinfo_field *field = field_named(name);
  CHECK(field && dt_tcpinfo_value(field, info, length, &value));
  return value;
}

static void fields_follow_each_other(void) {
  size_t end = 0;
  for (size_t i = 0; i < dt_tcpinfo_count; i++) {
    const struct dt_tcpinfo_field *field = &dt_tcpinfo_fields[i];
    CHECK(field_named(field->name) == field); /* no name stands twice */
    CHECK(field->width == 1 || field->width == 2 || field->width == 4 ||
          field->width == 8);
    CHECK_EQ_INT(field->offset % field->width, 0);
    CHECK(field->offset + field->width <= DT_TCPINFO_MAX);
    if (field->bits) {
      CHECK(field->width == 1 && field->shift + field->bits <= 8);
    } else {
      CHECK(field->offset >= end);
      end = (size_t)field->offset + field->width;
    }
  }
}

static void fields_have_their_value_alone(void) {
  for (size_t i = 0; i < dt_tcpinfo_count; i++) {
    const struct dt_tcpinfo_field *field = &dt_tcpinfo_fields[i];
    unsigned char info[DT_TCPINFO_MAX];
    uint64_t value = 1;
    if (field->bits)
      continue;
    memset(info, 0xff, sizeof info);
    memset(info + field->offset, 0, field->width);
    CHECK(dt_tcpinfo_value(field, info, sizeof info, &value));
    CHECK(value == 0);
    memset(info, 0, sizeof info);
    memset(info + field->offset, 0xff, field->width);
    CHECK(dt_tcpinfo_value(field, info, sizeof info, &value));
    CHECK(value == UINT64_MAX >> (64 - 8 * field->width));
  }
}

static void a_short_answer_has_fewer_fields(void) {
  unsigned char info[DT_TCPINFO_MAX] = {0};
  const struct dt_tcpinfo_field *rtt = field_named("rtt");
  uint64_t value = 0;
  CHECK(rtt != NULL);
  if (!rtt)
    return;
  CHECK(dt_tcpinfo_value(rtt, info, (size_t)rtt->offset + 4, &value));
  CHECK(!dt_tcpinfo_value(rtt, info, (size_t)rtt->offset + 3, &value));
  CHECK(!dt_tcpinfo_value(rtt, info, rtt->offset, &value));
  CHECK(!dt_tcpinfo_value(&dt_tcpinfo_fields[0], info, 0, &value));
}

static void states_have_names(void) {
  CHECK_EQ_STR(dt_tcp_state_name(1), "ESTABLISHED");
  CHECK_EQ_STR(dt_tcp_state_name(DT_TCP_LISTEN), "LISTEN");
  CHECK_EQ_STR(dt_tcp_state_name(11), "CLOSING");
  CHECK_EQ_STR(dt_tcp_state_name(0), "UNKNOWN");
  CHECK_EQ_STR(dt_tcp_state_name(-1), "UNKNOWN");
  CHECK_EQ_STR(dt_tcp_state_name(99), "UNKNOWN");
  CHECK_EQ_STR(dt_tcp_ca_state_name(0), "Open");
  CHECK_EQ_STR(dt_tcp_ca_state_name(4), "Loss");
  CHECK(dt_tcp_ca_state_name(5) == NULL && dt_tcp_ca_state_name(-1) == NULL);
  CHECK_EQ_STR(dt_tcp_option_name(1), "SACK");
  CHECK(dt_tcp_option_name(8) == NULL && dt_tcp_option_name(-1) == NULL);
}

#ifdef DT_HAVE_LINUX_TCPINFO

/* glibc's struct has the old fields under their names. */
static void offsets_are_the_kernels(void) {
  struct tcp_info info;
  unsigned char bytes[sizeof info];
  memset(&info, 0, sizeof info);
  info.tcpi_state = 10;
  info.tcpi_snd_wscale = 3;
  info.tcpi_rcv_wscale = 9;
  info.tcpi_rto = 200000;
  info.tcpi_unacked = 5;
  info.tcpi_last_ack_recv = 77;
  info.tcpi_rtt = 1234;
  info.tcpi_snd_cwnd = 10;
  info.tcpi_total_retrans = 42;
  memcpy(bytes, &info, sizeof bytes);
  CHECK(value_in(bytes, sizeof bytes, "state") == 10);
  CHECK(value_in(bytes, sizeof bytes, "snd_wscale") == 3);
  CHECK(value_in(bytes, sizeof bytes, "rcv_wscale") == 9);
  CHECK(value_in(bytes, sizeof bytes, "rto") == 200000);
  CHECK(value_in(bytes, sizeof bytes, "unacked") == 5);
  CHECK(value_in(bytes, sizeof bytes, "last_ack_recv") == 77);
  CHECK(value_in(bytes, sizeof bytes, "rtt") == 1234);
  CHECK(value_in(bytes, sizeof bytes, "snd_cwnd") == 10);
  CHECK(value_in(bytes, sizeof bytes, "total_retrans") == 42);
}

static void a_listener_says_so(void) {
  unsigned char info[DT_TCPINFO_MAX];
  int fd = dt_sys.socket(AF_INET, SOCK_STREAM, 0), length;
  CHECK(fd >= 0);
  CHECK_EQ_STR(dt_tcp_state_name(dt_tcpinfo_state(fd)), "CLOSE");
  CHECK_EQ_INT(dt_sys.listen(fd, 7), 0);
  CHECK_EQ_INT(dt_tcpinfo_state(fd), DT_TCP_LISTEN);
  length = dt_tcpinfo_read(fd, info);
  CHECK(length >= 104); /* Linux 2.4's */
  if (length >= 104) {
    CHECK(value_in(info, (size_t)length, "state") == DT_TCP_LISTEN);
    CHECK(value_in(info, (size_t)length, "unacked") == 0);
    CHECK(value_in(info, (size_t)length, "sacked") == 7);
  }
  dt_sys.close(fd);
}

#endif

static void other_sockets_have_none(void) {
  unsigned char info[DT_TCPINFO_MAX];
  int fd = dt_sys.socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(fd >= 0);
  CHECK_EQ_INT(dt_tcpinfo_state(fd), -1);
  errno = 0;
  CHECK_EQ_INT(dt_tcpinfo_read(fd, info), -1);
  CHECK(errno == ENOPROTOOPT || errno == EOPNOTSUPP);
  dt_sys.close(fd);
  CHECK_EQ_INT(dt_tcpinfo_state(-1), -1);
}

int main(void) {
  RUN(fields_follow_each_other);
  RUN(fields_have_their_value_alone);
  RUN(a_short_answer_has_fewer_fields);
  RUN(states_have_names);
#ifdef DT_HAVE_LINUX_TCPINFO
  RUN(offsets_are_the_kernels);
  RUN(a_listener_says_so);
#endif
  RUN(other_sockets_have_none);
  return check_summary();
}
