/*
 * tcpinfo.c - see tcpinfo.h.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "sys.h"
#include "tcpinfo.h"

#define US       "microseconds"
#define MS       "milliseconds"
#define BYTES    "bytes"
#define RATE     "bytes per second"
#define SEGMENTS "segments"

#define WHOLE(name, offset, width, unit)                                       \
  { name, offset, width, 0, 0, DT_TCPINFO_NUMBER, unit }
#define KIND(name, offset, width, kind, unit)                                  \
  { name, offset, width, 0, 0, DT_TCPINFO_##kind, unit }

/* What the struct of 2024 (Linux 6.18) has after received_ce_bytes has been
   changed since, and is left out. */
const struct dt_tcpinfo_field dt_tcpinfo_fields[] = {
    KIND("state", 0, 1, STATE, ""),
    KIND("ca_state", 1, 1, CA_STATE, ""),
    WHOLE("retransmits", 2, 1, ""),
    WHOLE("probes", 3, 1, ""),
    WHOLE("backoff", 4, 1, ""),
    KIND("options", 5, 1, OPTIONS, ""),
    {"snd_wscale", 6, 1, 0, 4, DT_TCPINFO_NUMBER, "bits"},
    {"rcv_wscale", 6, 1, 4, 4, DT_TCPINFO_NUMBER, "bits"},
    {"delivery_rate_app_limited", 7, 1, 0, 1, DT_TCPINFO_FLAG, ""},
    {"fastopen_client_fail", 7, 1, 1, 2, DT_TCPINFO_NUMBER, ""},
    WHOLE("rto", 8, 4, US),
    WHOLE("ato", 12, 4, US),
    WHOLE("snd_mss", 16, 4, BYTES),
    WHOLE("rcv_mss", 20, 4, BYTES),
    WHOLE("unacked", 24, 4, SEGMENTS),
    WHOLE("sacked", 28, 4, SEGMENTS),
    WHOLE("lost", 32, 4, SEGMENTS),
    WHOLE("retrans", 36, 4, SEGMENTS),
    WHOLE("fackets", 40, 4, SEGMENTS),
    WHOLE("last_data_sent", 44, 4, MS),
    WHOLE("last_ack_sent", 48, 4, MS),
    WHOLE("last_data_recv", 52, 4, MS),
    WHOLE("last_ack_recv", 56, 4, MS),
    WHOLE("pmtu", 60, 4, BYTES),
    WHOLE("rcv_ssthresh", 64, 4, BYTES),
    WHOLE("rtt", 68, 4, US),
    WHOLE("rttvar", 72, 4, US),
    WHOLE("snd_ssthresh", 76, 4, SEGMENTS),
    WHOLE("snd_cwnd", 80, 4, SEGMENTS),
    WHOLE("advmss", 84, 4, BYTES),
    WHOLE("reordering", 88, 4, SEGMENTS),
    WHOLE("rcv_rtt", 92, 4, US),
    WHOLE("rcv_space", 96, 4, BYTES),
    WHOLE("total_retrans", 100, 4, SEGMENTS),
    KIND("pacing_rate", 104, 8, RATE, RATE),
    KIND("max_pacing_rate", 112, 8, RATE, RATE),
    WHOLE("bytes_acked", 120, 8, BYTES),
    WHOLE("bytes_received", 128, 8, BYTES),
    WHOLE("segs_out", 136, 4, SEGMENTS),
    WHOLE("segs_in", 140, 4, SEGMENTS),
    WHOLE("notsent_bytes", 144, 4, BYTES),
    KIND("min_rtt", 148, 4, SAMPLE, US),
    WHOLE("data_segs_in", 152, 4, SEGMENTS),
    WHOLE("data_segs_out", 156, 4, SEGMENTS),
    KIND("delivery_rate", 160, 8, RATE, RATE),
    WHOLE("busy_time", 168, 8, US),
    WHOLE("rwnd_limited", 176, 8, US),
    WHOLE("sndbuf_limited", 184, 8, US),
    WHOLE("delivered", 192, 4, SEGMENTS),
    WHOLE("delivered_ce", 196, 4, SEGMENTS),
    WHOLE("bytes_sent", 200, 8, BYTES),
    WHOLE("bytes_retrans", 208, 8, BYTES),
    WHOLE("dsack_dups", 216, 4, SEGMENTS),
    WHOLE("reord_seen", 220, 4, ""),
    WHOLE("rcv_ooopack", 224, 4, SEGMENTS),
    WHOLE("snd_wnd", 228, 4, BYTES),
    WHOLE("rcv_wnd", 232, 4, BYTES),
    WHOLE("rehash", 236, 4, ""),
    WHOLE("total_rto", 240, 2, ""),
    WHOLE("total_rto_recoveries", 242, 2, ""),
    WHOLE("total_rto_time", 244, 4, MS),
    WHOLE("received_ce", 248, 4, SEGMENTS),
    WHOLE("delivered_e1_bytes", 252, 4, BYTES),
    WHOLE("delivered_e0_bytes", 256, 4, BYTES),
    WHOLE("delivered_ce_bytes", 260, 4, BYTES),
    WHOLE("received_e1_bytes", 264, 4, BYTES),
    WHOLE("received_e0_bytes", 268, 4, BYTES),
    WHOLE("received_ce_bytes", 272, 4, BYTES),
};
const size_t dt_tcpinfo_count =
    sizeof dt_tcpinfo_fields / sizeof *dt_tcpinfo_fields;

/* The other systems have structs of their own by the same name. */
int dt_tcpinfo_read(int fd, unsigned char info[DT_TCPINFO_MAX]) {
#ifdef DT_HAVE_LINUX_TCPINFO
  socklen_t length = DT_TCPINFO_MAX;
  memset(info, 0, DT_TCPINFO_MAX);
  if (dt_sys.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) != 0)
    return -1;
  return (int)length;
#else
  (void)fd;
  (void)info;
  errno = ENOPROTOOPT;
  return -1;
#endif
}

/* The first bit field of a byte lies in the low bits of a little-endian
   processor, in the high ones of a big-endian. */
static unsigned bit_field(const struct dt_tcpinfo_field *field, unsigned byte) {
  const uint16_t probe = 1;
  unsigned char first;
  unsigned shift = field->shift;
  memcpy(&first, &probe, 1);
  if (first == 0)
    shift = 8U - field->shift - field->bits;
  return byte >> shift & ((1U << field->bits) - 1);
}

bool dt_tcpinfo_value(const struct dt_tcpinfo_field *field,
                      const unsigned char *info, size_t length,
                      uint64_t *value) {
  const unsigned char *bytes = info + field->offset;
  uint16_t half;
  uint32_t word;
  if (length < (size_t)field->offset + field->width)
    return false;
  switch (field->width) {
  case sizeof half:
    memcpy(&half, bytes, sizeof half);
    *value = half;
    break;
  case sizeof word:
    memcpy(&word, bytes, sizeof word);
    *value = word;
    break;
  case sizeof *value:
    memcpy(value, bytes, sizeof *value);
    break;
  default:
    *value = field->bits ? bit_field(field, *bytes) : *bytes;
    break;
  }
  return true;
}

int dt_tcpinfo_state(int fd) {
#ifdef DT_HAVE_LINUX_TCPINFO
  unsigned char state;
  socklen_t length = sizeof state;
  if (dt_sys.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &length) == 0 &&
      length == sizeof state)
    return state;
#else
  (void)fd;
#endif
  return -1;
}

/* --- names ------------------------------------------------------------------
 */

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *dt_tcp_state_name(int state) {
  static const char *const names[] = {
      "UNKNOWN",   "ESTABLISHED", "SYN_SENT",     "SYN_RECV",      "FIN_WAIT1",
      "FIN_WAIT2", "TIME_WAIT",   "CLOSE",        "CLOSE_WAIT",    "LAST_ACK",
      "LISTEN",    "CLOSING",     "NEW_SYN_RECV", "BOUND_INACTIVE"};
  return names[state >= 0 && (size_t)state < COUNT(names) ? state : 0];
}

const char *dt_tcp_ca_state_name(int state) {
  static const char *const names[] = {"Open", "Disorder", "CWR", "Recovery",
                                      "Loss"};
  return state >= 0 && (size_t)state < COUNT(names) ? names[state] : NULL;
}

const char *dt_tcp_option_name(int bit) {
  static const char *const names[] = {"TIMESTAMPS", "SACK",     "WSCALE",
                                      "ECN",        "ECN_SEEN", "SYN_DATA",
                                      "USEC_TS",    "TFO_CHILD"};
  return bit >= 0 && (size_t)bit < COUNT(names) ? names[bit] : NULL;
}
