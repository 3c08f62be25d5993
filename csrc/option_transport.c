/*
 * option_transport.c - the rows of tcp(7) and udp(7).
 */
#include "config.h"

#include "absent_option.h"
#include "optiontable.h"

static const struct dt_option tcp[] = {
    DT_OPTION(TCP_CC_INFO, BYTES, GET, "union tcp_cc_info", "Linux 4.1"),
    DT_OPTION(TCP_CONGESTION, STRING, GETSET, "", "Linux 2.6.13, FreeBSD"),
    DT_OPTION(TCP_CORK, BOOLEAN, GETSET, "", "Linux 2.2"),
    DT_OPTION(TCP_DEFER_ACCEPT, INTEGER, GETSET, "seconds", "Linux 2.4"),
    DT_OPTION(TCP_DELACK_MAX_US, INTEGER, GETSET, "microseconds", "Linux 6.15"),
    DT_OPTION(TCP_FASTOPEN, INTEGER, GETSET, "connections",
              "Linux 3.7, FreeBSD, macOS"),
    DT_OPTION(TCP_FASTOPEN_CONNECT, BOOLEAN, GETSET, "", "Linux 4.11"),
    DT_OPTION(TCP_FASTOPEN_KEY, BYTES, GETSET, "16 or 32 bytes", "Linux 4.15"),
    DT_OPTION(TCP_FASTOPEN_NO_COOKIE, BOOLEAN, GETSET, "", "Linux 4.15"),
    DT_OPTION(TCP_INFO, BYTES, GET, "struct tcp_info", "Linux 2.4, FreeBSD"),
    DT_OPTION(TCP_INQ, BOOLEAN, GETSET, "", "Linux 4.18"),
    DT_OPTION(TCP_IS_MPTCP, BOOLEAN, GET, "", "Linux 6.6"),
    DT_OPTION(TCP_KEEPALIVE, INTEGER, GETSET, "seconds", "macOS"),
    DT_OPTION(TCP_KEEPCNT, INTEGER, GETSET, "probes", "Linux 2.4, BSD, macOS"),
    DT_OPTION(TCP_KEEPIDLE, INTEGER, GETSET, "seconds", "Linux 2.4, BSD"),
    DT_OPTION(TCP_KEEPINTVL, INTEGER, GETSET, "seconds",
              "Linux 2.4, BSD, macOS"),
    DT_OPTION(TCP_LINGER2, INTEGER, GETSET, "seconds", "Linux 2.4"),
    DT_OPTION(TCP_MAXSEG, INTEGER, GETSET, "bytes", "Linux, BSD, macOS"),
    DT_OPTION(TCP_MD5SIG, BYTES, SET, "struct tcp_md5sig", "Linux 2.6.20"),
    DT_OPTION(TCP_MD5SIG_EXT, BYTES, SET, "struct tcp_md5sig", "Linux 4.13"),
    DT_OPTION(TCP_NODELAY, BOOLEAN, GETSET, "", "POSIX"),
    DT_OPTION(TCP_NOOPT, BOOLEAN, GETSET, "", "BSD, macOS"),
    DT_OPTION(TCP_NOPUSH, BOOLEAN, GETSET, "", "BSD, macOS"),
    DT_OPTION(TCP_NOTSENT_LOWAT, UNSIGNED, GETSET, "bytes",
              "Linux 3.12, macOS"),
    DT_OPTION(TCP_QUEUE_SEQ, UNSIGNED, GETSET, "", "Linux 3.5"),
    DT_OPTION(TCP_QUICKACK, BOOLEAN, GETSET, "", "Linux 2.4.4"),
    DT_OPTION(TCP_REPAIR, INTEGER, GETSET, "", "Linux 3.5"),
    DT_OPTION(TCP_REPAIR_OPTIONS, BYTES, SET, "struct tcp_repair_opt",
              "Linux 3.5"),
    DT_OPTION(TCP_REPAIR_QUEUE, INTEGER, GETSET, "", "Linux 3.5"),
    DT_OPTION(TCP_RTO_MAX_MS, INTEGER, GETSET, "milliseconds", "Linux 6.15"),
    DT_OPTION(TCP_RTO_MIN_US, INTEGER, GETSET, "microseconds", "Linux 6.15"),
    DT_OPTION(TCP_SAVED_SYN, BYTES, GET, "headers", "Linux 4.3"),
    DT_OPTION(TCP_SAVE_SYN, INTEGER, GETSET, "", "Linux 4.3"),
    DT_OPTION(TCP_SYNCNT, INTEGER, GETSET, "retransmissions", "Linux 2.4"),
    DT_OPTION(TCP_THIN_DUPACK, BOOLEAN, GETSET, "", "Linux 2.6.34"),
    DT_OPTION(TCP_THIN_LINEAR_TIMEOUTS, BOOLEAN, GETSET, "", "Linux 2.6.34"),
    DT_OPTION(TCP_TIMESTAMP, UNSIGNED, GETSET, "", "Linux 3.9"),
    DT_OPTION(TCP_TX_DELAY, INTEGER, GETSET, "microseconds", "Linux 5.3"),
    DT_OPTION(TCP_ULP, STRING, GETSET, "", "Linux 4.13"),
    DT_OPTION(TCP_USER_TIMEOUT, INTEGER, GETSET, "milliseconds",
              "Linux 2.6.37"),
    DT_OPTION(TCP_WINDOW_CLAMP, INTEGER, GETSET, "bytes", "Linux 2.4"),
};

static const struct dt_option udp[] = {
    DT_OPTION(UDP_CORK, BOOLEAN, GETSET, "", "Linux 2.5.44"),
    DT_OPTION(UDP_ENCAP, INTEGER, GETSET, "", "Linux 2.5.67"),
    DT_OPTION(UDP_GRO, BOOLEAN, GETSET, "", "Linux 5.0"),
    DT_OPTION(UDP_NO_CHECK6_RX, BOOLEAN, GETSET, "", "Linux 3.16"),
    DT_OPTION(UDP_NO_CHECK6_TX, BOOLEAN, GETSET, "", "Linux 3.16"),
    DT_OPTION(UDP_SEGMENT, INTEGER, GETSET, "bytes", "Linux 4.18"),
};

const struct dt_option_group dt_options_tcp = {
    "TCP_", "IPPROTO_TCP", IPPROTO_TCP, tcp, DT_OPTION_COUNT(tcp)};
const struct dt_option_group dt_options_udp = {
    "UDP_", "IPPROTO_UDP", IPPROTO_UDP, udp, DT_OPTION_COUNT(udp)};
