/*
 * constant.c - see constant.h.  The names of the manual pages: socket(2),
 * send(2), recv(2), getaddrinfo(3), getnameinfo(3), poll(2), netdevice(7) and
 * those of each family in section 7.
 */
#include "config.h"

#include <string.h>

#include "absent.h"
#include "constant.h"

#define CONSTANT(name)                                                         \
  { #name, name }

/* Where two names have one value, the first is printed.  What people use most
   stands first: a look-up goes through the rows in order. */

static const struct dt_constant domains[] = {
    CONSTANT(AF_UNIX),
    CONSTANT(AF_LOCAL),
    CONSTANT(AF_INET),
    CONSTANT(AF_INET6),
    CONSTANT(AF_UNSPEC),
    CONSTANT(AF_PACKET),
    CONSTANT(AF_NETLINK),
    CONSTANT(AF_VSOCK),
    CONSTANT(AF_BLUETOOTH),
    CONSTANT(AF_CAN),
    CONSTANT(AF_ALG),
    CONSTANT(AF_TIPC),
    CONSTANT(AF_XDP),
    CONSTANT(AF_KEY),
    CONSTANT(AF_ROUTE),
    CONSTANT(AF_LINK),
    CONSTANT(AF_SYSTEM),
    CONSTANT(AF_NDRV),
    CONSTANT(AF_NFC),
    CONSTANT(AF_KCM),
    CONSTANT(AF_SMC),
    CONSTANT(AF_RDS),
    CONSTANT(AF_MCTP),
    CONSTANT(AF_QIPCRTR),
    CONSTANT(AF_IB),
    CONSTANT(AF_MPLS),
    CONSTANT(AF_IEEE802154),
    CONSTANT(AF_CAIF),
    CONSTANT(AF_PHONET),
    CONSTANT(AF_PPPOX),
    CONSTANT(AF_IUCV),
    CONSTANT(AF_RXRPC),
    CONSTANT(AF_LLC),
    CONSTANT(AF_ISDN),
    CONSTANT(AF_IRDA),
    CONSTANT(AF_AX25),
    CONSTANT(AF_ROSE),
    CONSTANT(AF_NETROM),
    CONSTANT(AF_X25),
    CONSTANT(AF_IPX),
    CONSTANT(AF_APPLETALK),
    CONSTANT(AF_DECnet),
    CONSTANT(AF_ATMPVC),
    CONSTANT(AF_ATMSVC),
    CONSTANT(AF_FILE),
    /* the other spelling; the numbers are the same on every system */
    {"PF_UNIX", AF_UNIX},
    {"PF_LOCAL", AF_LOCAL},
    {"PF_INET", AF_INET},
    {"PF_INET6", AF_INET6},
    {"PF_UNSPEC", AF_UNSPEC},
    {"PF_PACKET", AF_PACKET},
    {"PF_NETLINK", AF_NETLINK},
    {"PF_VSOCK", AF_VSOCK},
    {"PF_BLUETOOTH", AF_BLUETOOTH},
    {"PF_CAN", AF_CAN},
    {"PF_ALG", AF_ALG},
    {"PF_TIPC", AF_TIPC},
    {"PF_XDP", AF_XDP},
    {"PF_KEY", AF_KEY},
    {"PF_ROUTE", AF_ROUTE},
    {"PF_LINK", AF_LINK},
    {"PF_SYSTEM", AF_SYSTEM},
    {"PF_NDRV", AF_NDRV},
    {"PF_NFC", AF_NFC},
    {"PF_KCM", AF_KCM},
    {"PF_SMC", AF_SMC},
    {"PF_RDS", AF_RDS},
    {"PF_MCTP", AF_MCTP},
    {"PF_QIPCRTR", AF_QIPCRTR},
    {"PF_IB", AF_IB},
    {"PF_MPLS", AF_MPLS},
    {"PF_IEEE802154", AF_IEEE802154},
    {"PF_CAIF", AF_CAIF},
    {"PF_PHONET", AF_PHONET},
    {"PF_PPPOX", AF_PPPOX},
    {"PF_IUCV", AF_IUCV},
    {"PF_RXRPC", AF_RXRPC},
    {"PF_LLC", AF_LLC},
    {"PF_ISDN", AF_ISDN},
    {"PF_IRDA", AF_IRDA},
    {"PF_AX25", AF_AX25},
    {"PF_ROSE", AF_ROSE},
    {"PF_NETROM", AF_NETROM},
    {"PF_X25", AF_X25},
    {"PF_IPX", AF_IPX},
    {"PF_APPLETALK", AF_APPLETALK},
    {"PF_DECnet", AF_DECnet},
    {"PF_ATMPVC", AF_ATMPVC},
    {"PF_ATMSVC", AF_ATMSVC},
    {"PF_FILE", AF_FILE},
};

static const struct dt_constant types[] = {
    CONSTANT(SOCK_STREAM),    CONSTANT(SOCK_DGRAM), CONSTANT(SOCK_RAW),
    CONSTANT(SOCK_SEQPACKET), CONSTANT(SOCK_RDM),   CONSTANT(SOCK_DCCP),
    CONSTANT(SOCK_PACKET),
};

static const struct dt_constant protocols[] = {
    CONSTANT(IPPROTO_IP),       CONSTANT(IPPROTO_ICMP),
    CONSTANT(IPPROTO_TCP),      CONSTANT(IPPROTO_UDP),
    CONSTANT(IPPROTO_IPV6),     CONSTANT(IPPROTO_ICMPV6),
    CONSTANT(IPPROTO_RAW),      CONSTANT(IPPROTO_IGMP),
    CONSTANT(IPPROTO_SCTP),     CONSTANT(IPPROTO_UDPLITE),
    CONSTANT(IPPROTO_DCCP),     CONSTANT(IPPROTO_MPTCP),
    CONSTANT(IPPROTO_SMC),      CONSTANT(IPPROTO_L2TP),
    CONSTANT(IPPROTO_IPIP),     CONSTANT(IPPROTO_EGP),
    CONSTANT(IPPROTO_PUP),      CONSTANT(IPPROTO_IDP),
    CONSTANT(IPPROTO_TP),       CONSTANT(IPPROTO_HOPOPTS),
    CONSTANT(IPPROTO_ROUTING),  CONSTANT(IPPROTO_FRAGMENT),
    CONSTANT(IPPROTO_RSVP),     CONSTANT(IPPROTO_GRE),
    CONSTANT(IPPROTO_ESP),      CONSTANT(IPPROTO_AH),
    CONSTANT(IPPROTO_NONE),     CONSTANT(IPPROTO_DSTOPTS),
    CONSTANT(IPPROTO_MTP),      CONSTANT(IPPROTO_BEETPH),
    CONSTANT(IPPROTO_ENCAP),    CONSTANT(IPPROTO_PIM),
    CONSTANT(IPPROTO_COMP),     CONSTANT(IPPROTO_IPCOMP),
    CONSTANT(IPPROTO_MH),       CONSTANT(IPPROTO_MPLS),
    CONSTANT(IPPROTO_ETHERNET), CONSTANT(IPPROTO_DIVERT),
    CONSTANT(IPPROTO_CARP),     CONSTANT(IPPROTO_PFSYNC),
};

static const struct dt_constant netlink_protocols[] = {
    CONSTANT(NETLINK_ROUTE),      CONSTANT(NETLINK_USERSOCK),
    CONSTANT(NETLINK_FIREWALL),   CONSTANT(NETLINK_SOCK_DIAG),
    CONSTANT(NETLINK_INET_DIAG),  CONSTANT(NETLINK_NFLOG),
    CONSTANT(NETLINK_XFRM),       CONSTANT(NETLINK_SELINUX),
    CONSTANT(NETLINK_ISCSI),      CONSTANT(NETLINK_AUDIT),
    CONSTANT(NETLINK_FIB_LOOKUP), CONSTANT(NETLINK_CONNECTOR),
    CONSTANT(NETLINK_NETFILTER),  CONSTANT(NETLINK_IP6_FW),
    CONSTANT(NETLINK_DNRTMSG),    CONSTANT(NETLINK_KOBJECT_UEVENT),
    CONSTANT(NETLINK_GENERIC),    CONSTANT(NETLINK_SCSITRANSPORT),
    CONSTANT(NETLINK_ECRYPTFS),   CONSTANT(NETLINK_RDMA),
    CONSTANT(NETLINK_CRYPTO),     CONSTANT(NETLINK_SMC),
};

static const struct dt_constant ether_types[] = {
    CONSTANT(ETH_P_ALL),      CONSTANT(ETH_P_IP),
    CONSTANT(ETH_P_IPV6),     CONSTANT(ETH_P_ARP),
    CONSTANT(ETH_P_RARP),     CONSTANT(ETH_P_LOOP),
    CONSTANT(ETH_P_LOOPBACK), CONSTANT(ETH_P_802_2),
    CONSTANT(ETH_P_802_3),    CONSTANT(ETH_P_SNAP),
    CONSTANT(ETH_P_8021Q),    CONSTANT(ETH_P_8021AD),
    CONSTANT(ETH_P_8021AH),   CONSTANT(ETH_P_QINQ1),
    CONSTANT(ETH_P_QINQ2),    CONSTANT(ETH_P_QINQ3),
    CONSTANT(ETH_P_SLOW),     CONSTANT(ETH_P_PAUSE),
    CONSTANT(ETH_P_LLDP),     CONSTANT(ETH_P_PAE),
    CONSTANT(ETH_P_PREAUTH),  CONSTANT(ETH_P_MACSEC),
    CONSTANT(ETH_P_1588),     CONSTANT(ETH_P_PRP),
    CONSTANT(ETH_P_HSR),      CONSTANT(ETH_P_MRP),
    CONSTANT(ETH_P_CFM),      CONSTANT(ETH_P_NCSI),
    CONSTANT(ETH_P_PPP_DISC), CONSTANT(ETH_P_PPP_SES),
    CONSTANT(ETH_P_PPP_MP),   CONSTANT(ETH_P_WAN_PPP),
    CONSTANT(ETH_P_MPLS_UC),  CONSTANT(ETH_P_MPLS_MC),
    CONSTANT(ETH_P_ATALK),    CONSTANT(ETH_P_AARP),
    CONSTANT(ETH_P_IPX),      CONSTANT(ETH_P_X25),
    CONSTANT(ETH_P_AX25),     CONSTANT(ETH_P_TEB),
    CONSTANT(ETH_P_ERSPAN),   CONSTANT(ETH_P_ERSPAN2),
    CONSTANT(ETH_P_TSN),      CONSTANT(ETH_P_NSH),
    CONSTANT(ETH_P_BATMAN),   CONSTANT(ETH_P_TIPC),
    CONSTANT(ETH_P_FCOE),     CONSTANT(ETH_P_FIP),
    CONSTANT(ETH_P_IBOE),     CONSTANT(ETH_P_AOE),
    CONSTANT(ETH_P_ETHERCAT), CONSTANT(ETH_P_PROFINET),
    CONSTANT(ETH_P_REALTEK),  CONSTANT(ETH_P_LINK_CTL),
    CONSTANT(ETH_P_WCCP),     CONSTANT(ETH_P_CAN),
    CONSTANT(ETH_P_CANFD),    CONSTANT(ETH_P_CANXL),
    CONSTANT(ETH_P_ARCNET),   CONSTANT(ETH_P_DSA),
    CONSTANT(ETH_P_EDSA),     CONSTANT(ETH_P_XDSA),
    CONSTANT(ETH_P_HDLC),     CONSTANT(ETH_P_CONTROL),
    CONSTANT(ETH_P_PHONET),   CONSTANT(ETH_P_IEEE802154),
    CONSTANT(ETH_P_CAIF),     CONSTANT(ETH_P_MAP),
    CONSTANT(ETH_P_MCTP),
};

static const struct dt_constant message_flags[] = {
    CONSTANT(MSG_PEEK),         CONSTANT(MSG_DONTWAIT),
    CONSTANT(MSG_TRUNC),        CONSTANT(MSG_CTRUNC),
    CONSTANT(MSG_WAITALL),      CONSTANT(MSG_OOB),
    CONSTANT(MSG_NOSIGNAL),     CONSTANT(MSG_MORE),
    CONSTANT(MSG_EOR),          CONSTANT(MSG_ERRQUEUE),
    CONSTANT(MSG_CMSG_CLOEXEC), CONSTANT(MSG_DONTROUTE),
    CONSTANT(MSG_CONFIRM),      CONSTANT(MSG_FASTOPEN),
    CONSTANT(MSG_WAITFORONE),   CONSTANT(MSG_BATCH),
    CONSTANT(MSG_PROXY),        CONSTANT(MSG_EOF),
    CONSTANT(MSG_NBIO),         CONSTANT(MSG_BCAST),
    CONSTANT(MSG_MCAST),        CONSTANT(MSG_NOTIFICATION),
    CONSTANT(MSG_HOLD),         CONSTANT(MSG_HAVEMORE),
    CONSTANT(MSG_NEEDSA),
};

static const struct dt_constant shutdown_hows[] = {
    CONSTANT(SHUT_RD),
    CONSTANT(SHUT_WR),
    CONSTANT(SHUT_RDWR),
};

/* SOL_IP and its like are Linux's second names of protocol numbers that are
   the levels everywhere. */
static const struct dt_constant levels[] = {
    CONSTANT(SOL_SOCKET),
    CONSTANT(IPPROTO_IP),
    CONSTANT(IPPROTO_IPV6),
    CONSTANT(IPPROTO_TCP),
    CONSTANT(IPPROTO_UDP),
    {"SOL_IP", IPPROTO_IP},
    {"SOL_IPV6", IPPROTO_IPV6},
    {"SOL_TCP", IPPROTO_TCP},
    {"SOL_UDP", IPPROTO_UDP},
    CONSTANT(SOL_RAW),
    CONSTANT(IPPROTO_RAW),
    /* 1 is SOL_SOCKET on Linux: IPPROTO_ICMP is found, but not printed */
    CONSTANT(IPPROTO_ICMP),
    CONSTANT(IPPROTO_ICMPV6),
    {"SOL_ICMPV6", IPPROTO_ICMPV6},
    CONSTANT(SOL_PACKET),
    CONSTANT(SOL_NETLINK),
    CONSTANT(AF_VSOCK),
    CONSTANT(SOL_VSOCK),
    CONSTANT(SOL_LOCAL),
    CONSTANT(IPPROTO_SCTP),
    CONSTANT(IPPROTO_UDPLITE),
    CONSTANT(IPPROTO_DCCP),
    CONSTANT(SOL_DCCP),
    CONSTANT(SOL_MPTCP),
    CONSTANT(SOL_TLS),
    CONSTANT(SOL_ALG),
    CONSTANT(SOL_BLUETOOTH),
    CONSTANT(SOL_TIPC),
    CONSTANT(SOL_KCM),
    CONSTANT(SOL_RDS),
    CONSTANT(SOL_RXRPC),
    CONSTANT(SOL_XDP),
};

static const struct dt_constant ai_flags[] = {
    CONSTANT(AI_PASSIVE),      CONSTANT(AI_CANONNAME),
    CONSTANT(AI_NUMERICHOST),  CONSTANT(AI_NUMERICSERV),
    CONSTANT(AI_V4MAPPED),     CONSTANT(AI_ALL),
    CONSTANT(AI_ADDRCONFIG),   CONSTANT(AI_IDN),
    CONSTANT(AI_CANONIDN),     CONSTANT(AI_DEFAULT),
    CONSTANT(AI_V4MAPPED_CFG), CONSTANT(AI_UNUSABLE),
    CONSTANT(AI_MASK),
};

static const struct dt_constant ni_flags[] = {
    CONSTANT(NI_NUMERICHOST), CONSTANT(NI_NUMERICSERV),
    CONSTANT(NI_NAMEREQD),    CONSTANT(NI_NOFQDN),
    CONSTANT(NI_DGRAM),       CONSTANT(NI_NUMERICSCOPE),
    CONSTANT(NI_IDN),         CONSTANT(NI_WITHSCOPEID),
};

static const struct dt_constant poll_events[] = {
    CONSTANT(POLLIN),     CONSTANT(POLLOUT),    CONSTANT(POLLERR),
    CONSTANT(POLLHUP),    CONSTANT(POLLPRI),    CONSTANT(POLLNVAL),
    CONSTANT(POLLRDHUP),  CONSTANT(POLLRDNORM), CONSTANT(POLLRDBAND),
    CONSTANT(POLLWRNORM), CONSTANT(POLLWRBAND), CONSTANT(POLLMSG),
};

static const struct dt_constant if_flags[] = {
    CONSTANT(IFF_UP),       CONSTANT(IFF_BROADCAST),   CONSTANT(IFF_DEBUG),
    CONSTANT(IFF_LOOPBACK), CONSTANT(IFF_POINTOPOINT), CONSTANT(IFF_RUNNING),
    CONSTANT(IFF_NOARP),    CONSTANT(IFF_PROMISC),     CONSTANT(IFF_NOTRAILERS),
    CONSTANT(IFF_ALLMULTI), CONSTANT(IFF_MULTICAST),   CONSTANT(IFF_MASTER),
    CONSTANT(IFF_SLAVE),    CONSTANT(IFF_PORTSEL),     CONSTANT(IFF_AUTOMEDIA),
    CONSTANT(IFF_DYNAMIC),  CONSTANT(IFF_LOWER_UP),    CONSTANT(IFF_DORMANT),
    CONSTANT(IFF_ECHO),     CONSTANT(IFF_SIMPLEX),     CONSTANT(IFF_OACTIVE),
    CONSTANT(IFF_LINK0),    CONSTANT(IFF_LINK1),       CONSTANT(IFF_LINK2),
};

static const struct dt_constant pmtu_modes[] = {
    CONSTANT(IP_PMTUDISC_DONT),      CONSTANT(IP_PMTUDISC_WANT),
    CONSTANT(IP_PMTUDISC_DO),        CONSTANT(IP_PMTUDISC_PROBE),
    CONSTANT(IP_PMTUDISC_INTERFACE), CONSTANT(IP_PMTUDISC_OMIT),
};

static const struct dt_constant pmtu6_modes[] = {
    CONSTANT(IPV6_PMTUDISC_DONT),      CONSTANT(IPV6_PMTUDISC_WANT),
    CONSTANT(IPV6_PMTUDISC_DO),        CONSTANT(IPV6_PMTUDISC_PROBE),
    CONSTANT(IPV6_PMTUDISC_INTERFACE), CONSTANT(IPV6_PMTUDISC_OMIT),
};

static const struct dt_constant memberships[] = {
    CONSTANT(PACKET_MR_MULTICAST),
    CONSTANT(PACKET_MR_PROMISC),
    CONSTANT(PACKET_MR_ALLMULTI),
    CONSTANT(PACKET_MR_UNICAST),
};

#define ROWS(array) array, sizeof array / sizeof *array

const struct dt_set dt_domains = {"domain", ROWS(domains), NULL};
const struct dt_set dt_types = {"type", ROWS(types), NULL};
const struct dt_set dt_ether_types = {"ethernet type", ROWS(ether_types), NULL};
const struct dt_set dt_netlink_protocols = {"protocol", ROWS(netlink_protocols),
                                            NULL};
static const struct dt_set other_protocols = {
    "protocol", ROWS(netlink_protocols), &dt_ether_types};
const struct dt_set dt_protocols = {"protocol", ROWS(protocols),
                                    &other_protocols};
const struct dt_set dt_message_flags = {"flag", ROWS(message_flags), NULL};
const struct dt_set dt_shutdown_hows = {"how", ROWS(shutdown_hows), NULL};
const struct dt_set dt_levels = {"level", ROWS(levels), NULL};
const struct dt_set dt_ai_flags = {"flag", ROWS(ai_flags), NULL};
const struct dt_set dt_ni_flags = {"flag", ROWS(ni_flags), NULL};
const struct dt_set dt_poll_events = {"event", ROWS(poll_events), NULL};
const struct dt_set dt_if_flags = {"flag", ROWS(if_flags), NULL};
const struct dt_set dt_pmtu_modes = {"mode", ROWS(pmtu_modes), NULL};
const struct dt_set dt_pmtu6_modes = {"mode", ROWS(pmtu6_modes), NULL};
const struct dt_set dt_memberships = {"type", ROWS(memberships), NULL};
static const struct dt_set no_names = {"protocol", NULL, 0, NULL};

const struct dt_set *const dt_sets[] = {
    &dt_domains,       &dt_types,
    &dt_protocols,     &dt_netlink_protocols,
    &dt_ether_types,   &dt_message_flags,
    &dt_shutdown_hows, &dt_levels,
    &dt_ai_flags,      &dt_ni_flags,
    &dt_poll_events,   &dt_if_flags,
    &dt_pmtu_modes,    &dt_pmtu6_modes,
    &dt_memberships,   NULL};

const struct dt_set *dt_protocols_of(int domain) {
  if (domain == AF_INET || domain == AF_INET6)
    return &dt_protocols;
  if (domain == AF_NETLINK)
    return &dt_netlink_protocols;
  if (domain == AF_PACKET)
    return &dt_ether_types;
  return &no_names;
}

const struct dt_constant *dt_constant_find(const struct dt_set *set,
                                           const char *name, size_t length) {
  for (; set; set = set->more)
    for (size_t i = 0; i < set->count; i++) {
      const char *item = set->items[i].name;
      if (strlen(item) == length && memcmp(item, name, length) == 0)
        return &set->items[i];
    }
  return NULL;
}

const char *dt_constant_name(const struct dt_set *set, int value) {
  if (value == DT_ABSENT)
    return NULL;
  for (size_t i = 0; i < set->count; i++)
    if (set->items[i].value == value)
      return set->items[i].name;
  return NULL;
}
