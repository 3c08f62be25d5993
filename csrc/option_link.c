/*
 * option_link.c - the rows of packet(7), netlink(7) and vsock(7).
 *
 * Rings and what else needs mapped memory are left out.
 */
#include "config.h"

#include "absent.h"
#include "absent_option.h"
#include "optiontable.h"

static const struct dt_option packet[] = {
    DT_OPTION(PACKET_ADD_MEMBERSHIP, MEMBERSHIP, SET, "", "Linux 2.2"),
    DT_OPTION(PACKET_AUXDATA, BOOLEAN, GETSET, "", "Linux 2.6.21"),
    DT_OPTION(PACKET_COPY_THRESH, INTEGER, SET, "packets", "Linux 2.4"),
    DT_OPTION(PACKET_DROP_MEMBERSHIP, MEMBERSHIP, SET, "", "Linux 2.2"),
    DT_OPTION(PACKET_FANOUT, UNSIGNED, GETSET, "group and mode", "Linux 3.1"),
    DT_OPTION(PACKET_IGNORE_OUTGOING, BOOLEAN, GETSET, "", "Linux 4.20"),
    DT_OPTION(PACKET_LOSS, BOOLEAN, GETSET, "", "Linux 2.6.31"),
    DT_OPTION(PACKET_ORIGDEV, BOOLEAN, GETSET, "", "Linux 2.6.24"),
    DT_OPTION(PACKET_QDISC_BYPASS, BOOLEAN, GETSET, "", "Linux 3.14"),
    DT_OPTION(PACKET_RESERVE, INTEGER, GETSET, "bytes", "Linux 2.6.27"),
    DT_OPTION(PACKET_STATISTICS, LIST, GET, "packets, drops", "Linux 2.4"),
    DT_OPTION(PACKET_TIMESTAMP, INTEGER, GETSET, "", "Linux 2.6.36"),
    DT_OPTION(PACKET_TX_HAS_OFF, BOOLEAN, GETSET, "", "Linux 3.12"),
    DT_OPTION(PACKET_VERSION, INTEGER, GETSET, "", "Linux 2.6.27"),
    DT_OPTION(PACKET_VNET_HDR, BOOLEAN, GETSET, "", "Linux 2.6.34"),
};

static const struct dt_option netlink[] = {
    DT_OPTION(NETLINK_ADD_MEMBERSHIP, INTEGER, SET, "group number",
              "Linux 2.6.14"),
    DT_OPTION(NETLINK_BROADCAST_ERROR, BOOLEAN, GETSET, "", "Linux 2.6.30"),
    DT_OPTION(NETLINK_CAP_ACK, BOOLEAN, GETSET, "", "Linux 4.3"),
    DT_OPTION(NETLINK_DROP_MEMBERSHIP, INTEGER, SET, "group number",
              "Linux 2.6.14"),
    DT_OPTION(NETLINK_EXT_ACK, BOOLEAN, GETSET, "", "Linux 4.12"),
    DT_OPTION(NETLINK_GET_STRICT_CHK, BOOLEAN, GETSET, "", "Linux 4.20"),
    DT_OPTION(NETLINK_LISTEN_ALL_NSID, BOOLEAN, SET, "", "Linux 4.2"),
    DT_OPTION(NETLINK_LIST_MEMBERSHIPS, BITMAP, GET, "group numbers",
              "Linux 4.2"),
    DT_OPTION(NETLINK_NO_ENOBUFS, BOOLEAN, GETSET, "", "Linux 2.6.30"),
    DT_OPTION(NETLINK_PKTINFO, BOOLEAN, GETSET, "", "Linux 2.6.14"),
};

static const struct dt_option vsock[] = {
    DT_OPTION(SO_VM_SOCKETS_BUFFER_MAX_SIZE, UNSIGNED64, GETSET, "bytes",
              "Linux 3.9"),
    DT_OPTION(SO_VM_SOCKETS_BUFFER_MIN_SIZE, UNSIGNED64, GETSET, "bytes",
              "Linux 3.9"),
    DT_OPTION(SO_VM_SOCKETS_BUFFER_SIZE, UNSIGNED64, GETSET, "bytes",
              "Linux 3.9"),
    DT_OPTION(SO_VM_SOCKETS_CONNECT_TIMEOUT, SECONDS, GETSET, "seconds",
              "Linux 3.9"),
};

const struct dt_option_group dt_options_packet = {
    "PACKET_", "SOL_PACKET", SOL_PACKET, packet, DT_OPTION_COUNT(packet)};
const struct dt_option_group dt_options_netlink = {
    "NETLINK_", "SOL_NETLINK", SOL_NETLINK, netlink, DT_OPTION_COUNT(netlink)};
const struct dt_option_group dt_options_vsock = {
    "SO_VM_SOCKETS_", "AF_VSOCK", AF_VSOCK, vsock, DT_OPTION_COUNT(vsock)};
