/*
 * option_ip.c - the rows of ip(7) and raw(7), and RFC 3678's for multicast
 * groups of both families.
 */
#include "config.h"

#include "absent.h"
#include "absent_option.h"
#include "optiontable.h"

static const struct dt_option ip[] = {
    DT_OPTION(IP_ADD_MEMBERSHIP, GROUP4, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_ADD_SOURCE_MEMBERSHIP, SOURCE4, SET, "",
              "Linux 2.4.22, BSD, macOS"),
    DT_OPTION(IP_BIND_ADDRESS_NO_PORT, BOOLEAN, GETSET, "", "Linux 4.2"),
    DT_OPTION(IP_BLOCK_SOURCE, SOURCE4, SET, "", "Linux 2.4.22, BSD, macOS"),
    DT_OPTION(IP_CHECKSUM, BOOLEAN, GETSET, "", "Linux 4.0"),
    DT_OPTION(IP_DONTFRAG, BOOLEAN, GETSET, "", "FreeBSD, macOS"),
    DT_OPTION(IP_DROP_MEMBERSHIP, GROUP4, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_DROP_SOURCE_MEMBERSHIP, SOURCE4, SET, "",
              "Linux 2.4.22, BSD, macOS"),
    DT_OPTION(IP_FREEBIND, BOOLEAN, GETSET, "", "Linux 2.4"),
    DT_OPTION(IP_HDRINCL, BOOLEAN, GETSET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_LOCAL_PORT_RANGE, PORT_RANGE, GETSET, "first port, last port",
              "Linux 6.3"),
    DT_OPTION(IP_MINTTL, INTEGER, GETSET, "hops", "Linux 2.6.34, FreeBSD"),
    DT_OPTION(IP_MTU, INTEGER, GET, "bytes", "Linux 2.2"),
    DT_OPTION(IP_MTU_DISCOVER, PMTU, GETSET, "", "Linux 2.2"),
    DT_OPTION(IP_MULTICAST_ALL, BOOLEAN, GETSET, "", "Linux 2.6.31"),
    DT_OPTION(IP_MULTICAST_IF, INTERFACE4, GETSET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_MULTICAST_LOOP, BYTE_BOOLEAN, GETSET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_MULTICAST_TTL, BYTE, GETSET, "hops", "Linux, BSD, macOS"),
    DT_OPTION(IP_NODEFRAG, BOOLEAN, GETSET, "", "Linux 2.6.36"),
    DT_OPTION(IP_OPTIONS, BYTES, GETSET, "IP header options",
              "Linux, BSD, macOS"),
    DT_OPTION(IP_PASSSEC, BOOLEAN, GETSET, "", "Linux 2.6.17"),
    DT_OPTION(IP_PKTINFO, BOOLEAN, GETSET, "", "Linux 2.2, macOS"),
    DT_OPTION(IP_PORTRANGE, INTEGER, GETSET, "", "BSD, macOS"),
    DT_OPTION(IP_RECVDSTADDR, BOOLEAN, GETSET, "", "BSD, macOS"),
    DT_OPTION(IP_RECVERR, BOOLEAN, GETSET, "", "Linux 2.2"),
    DT_OPTION(IP_RECVERR_RFC4884, BOOLEAN, GETSET, "", "Linux 5.9"),
    DT_OPTION(IP_RECVFRAGSIZE, BOOLEAN, GETSET, "", "Linux 4.10"),
    DT_OPTION(IP_RECVIF, BOOLEAN, GETSET, "", "BSD, macOS"),
    DT_OPTION(IP_RECVOPTS, BOOLEAN, GETSET, "", "Linux 2.2, BSD, macOS"),
    DT_OPTION(IP_RECVORIGDSTADDR, BOOLEAN, GETSET, "", "Linux 2.6.29, FreeBSD"),
    DT_OPTION(IP_RECVTOS, BOOLEAN, GETSET, "", "Linux 2.2, FreeBSD, macOS"),
    DT_OPTION(IP_RECVTTL, BOOLEAN, GETSET, "", "Linux 2.2, BSD, macOS"),
    DT_OPTION(IP_RETOPTS, BOOLEAN, GETSET, "", "Linux 2.2"),
    DT_OPTION(IP_ROUTER_ALERT, BOOLEAN, GETSET, "", "Linux 2.2"),
    DT_OPTION(IP_TOS, INTEGER, GETSET, "", "Linux, BSD, macOS"),
    DT_OPTION(IP_TRANSPARENT, BOOLEAN, GETSET, "", "Linux 2.6.24"),
    DT_OPTION(IP_TTL, INTEGER, GETSET, "hops", "Linux, BSD, macOS"),
    DT_OPTION(IP_UNBLOCK_SOURCE, SOURCE4, SET, "", "Linux 2.4.22, BSD, macOS"),
    DT_OPTION(IP_UNICAST_IF, INTERFACE_NET, GETSET, "", "Linux 3.4"),
};

static const struct dt_option multicast[] = {
    DT_OPTION(MCAST_BLOCK_SOURCE, SOURCE, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(MCAST_JOIN_GROUP, GROUP, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(MCAST_JOIN_SOURCE_GROUP, SOURCE, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(MCAST_LEAVE_GROUP, GROUP, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(MCAST_LEAVE_SOURCE_GROUP, SOURCE, SET, "", "Linux, BSD, macOS"),
    DT_OPTION(MCAST_UNBLOCK_SOURCE, SOURCE, SET, "", "Linux, BSD, macOS"),
};

/* Its level is that of raw sockets, its name that of the protocol. */
static const struct dt_option raw[] = {
    DT_OPTION(ICMP_FILTER, UNSIGNED, GETSET, "bits: types to drop",
              "Linux 2.2"),
};

/* What a packet filter's redirection hid: iptables(8), REDIRECT. */
static const struct dt_option redirected[] = {
    DT_OPTION(SO_ORIGINAL_DST, ADDRESS, GET, "", "Linux"),
};

const struct dt_option_group dt_options_ip = {"IP_", "IPPROTO_IP", IPPROTO_IP,
                                              ip, DT_OPTION_COUNT(ip)};
const struct dt_option_group dt_options_multicast = {
    "MCAST_", "IPPROTO_IP, IPPROTO_IPV6", DT_LEVEL_OF_DOMAIN, multicast,
    DT_OPTION_COUNT(multicast)};
const struct dt_option_group dt_options_raw = {"ICMP_", "SOL_RAW", SOL_RAW, raw,
                                               DT_OPTION_COUNT(raw)};
const struct dt_option_group dt_options_redirected = {
    "SO_ORIGINAL_DST", "IPPROTO_IP", IPPROTO_IP, redirected,
    DT_OPTION_COUNT(redirected)};
