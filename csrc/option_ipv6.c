/*
 * option_ipv6.c - the rows of ipv6(7) and RFC 3542.
 */
#include "config.h"

#include "absent_option.h"
#include "optiontable.h"

static const struct dt_option ipv6[] = {
    DT_OPTION(IPV6_ADDRFORM, DOMAIN, GETSET, "", "Linux"),
    DT_OPTION(IPV6_ADDR_PREFERENCES, INTEGER, GETSET, "", "Linux 2.6.26"),
    DT_OPTION(IPV6_ADD_MEMBERSHIP, GROUP6, SET, "", "Linux"),
    DT_OPTION(IPV6_AUTOFLOWLABEL, BOOLEAN, GETSET, "", "Linux 3.17"),
    DT_OPTION(IPV6_CHECKSUM, INTEGER, GETSET, "offset, -1: none", "RFC 3542"),
    DT_OPTION(IPV6_DONTFRAG, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_DROP_MEMBERSHIP, GROUP6, SET, "", "Linux"),
    DT_OPTION(IPV6_DSTOPTS, BYTES, GETSET, "extension header", "RFC 3542"),
    DT_OPTION(IPV6_FLOWINFO, BOOLEAN, GETSET, "", "Linux"),
    DT_OPTION(IPV6_FLOWINFO_SEND, BOOLEAN, GETSET, "", "Linux"),
    DT_OPTION(IPV6_FREEBIND, BOOLEAN, GETSET, "", "Linux 4.15"),
    DT_OPTION(IPV6_HDRINCL, BOOLEAN, GETSET, "", "Linux 4.5"),
    DT_OPTION(IPV6_HOPOPTS, BYTES, GETSET, "extension header", "RFC 3542"),
    DT_OPTION(IPV6_JOIN_ANYCAST, GROUP6, SET, "", "Linux"),
    DT_OPTION(IPV6_JOIN_GROUP, GROUP6, SET, "", "POSIX"),
    DT_OPTION(IPV6_LEAVE_ANYCAST, GROUP6, SET, "", "Linux"),
    DT_OPTION(IPV6_LEAVE_GROUP, GROUP6, SET, "", "POSIX"),
    DT_OPTION(IPV6_MINHOPCOUNT, INTEGER, GETSET, "hops", "Linux 2.6.35"),
    DT_OPTION(IPV6_MTU, INTEGER, GETSET, "bytes", "Linux"),
    DT_OPTION(IPV6_MTU_DISCOVER, PMTU6, GETSET, "", "Linux"),
    DT_OPTION(IPV6_MULTICAST_ALL, BOOLEAN, GETSET, "", "Linux 4.20"),
    DT_OPTION(IPV6_MULTICAST_HOPS, INTEGER, GETSET, "hops", "POSIX"),
    DT_OPTION(IPV6_MULTICAST_IF, INTERFACE, GETSET, "", "POSIX"),
    DT_OPTION(IPV6_MULTICAST_LOOP, BOOLEAN, GETSET, "", "POSIX"),
    DT_OPTION(IPV6_RECVDSTOPTS, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVERR, BOOLEAN, GETSET, "", "Linux"),
    DT_OPTION(IPV6_RECVERR_RFC4884, BOOLEAN, GETSET, "", "Linux 5.9"),
    DT_OPTION(IPV6_RECVFRAGSIZE, BOOLEAN, GETSET, "", "Linux 4.10"),
    DT_OPTION(IPV6_RECVHOPLIMIT, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVHOPOPTS, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVORIGDSTADDR, BOOLEAN, GETSET, "", "Linux 2.6.37"),
    DT_OPTION(IPV6_RECVPATHMTU, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVPKTINFO, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVRTHDR, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_RECVTCLASS, BOOLEAN, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_ROUTER_ALERT, INTEGER, GETSET, "alert value, -1: none",
              "Linux"),
    DT_OPTION(IPV6_ROUTER_ALERT_ISOLATE, BOOLEAN, GETSET, "", "Linux 5.1"),
    DT_OPTION(IPV6_RTHDR, BYTES, GETSET, "extension header", "RFC 3542"),
    DT_OPTION(IPV6_RTHDRDSTOPTS, BYTES, GETSET, "extension header", "RFC 3542"),
    DT_OPTION(IPV6_TCLASS, INTEGER, GETSET, "", "RFC 3542"),
    DT_OPTION(IPV6_TRANSPARENT, BOOLEAN, GETSET, "", "Linux 2.6.37"),
    DT_OPTION(IPV6_UNICAST_HOPS, INTEGER, GETSET, "hops", "POSIX"),
    DT_OPTION(IPV6_UNICAST_IF, INTERFACE_NET, GETSET, "", "Linux 3.4"),
    DT_OPTION(IPV6_USE_MIN_MTU, INTEGER, GETSET, "", "BSD, macOS"),
    DT_OPTION(IPV6_V6ONLY, BOOLEAN, GETSET, "", "POSIX"),
};

static const struct dt_option icmpv6[] = {
    DT_OPTION(ICMP6_FILTER, BYTES, GETSET, "struct icmp6_filter", "RFC 3542"),
};

static const struct dt_option redirected[] = {
    DT_OPTION(IP6T_SO_ORIGINAL_DST, ADDRESS, GET, "", "Linux"),
};

const struct dt_option_group dt_options_ipv6 = {
    "IPV6_", "IPPROTO_IPV6", IPPROTO_IPV6, ipv6, DT_OPTION_COUNT(ipv6)};
const struct dt_option_group dt_options_icmpv6 = {"ICMP6_", "IPPROTO_ICMPV6",
                                                  IPPROTO_ICMPV6, icmpv6,
                                                  DT_OPTION_COUNT(icmpv6)};
const struct dt_option_group dt_options_redirected6 = {
    "IP6T_", "IPPROTO_IPV6", IPPROTO_IPV6, redirected,
    DT_OPTION_COUNT(redirected)};
