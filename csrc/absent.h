/*
 * absent.h - names of constants that not every system has, for constant.c.
 *
 * Data only.  What the headers of this system do not define is defined here as
 * DT_ABSENT, so that a table has one plain row for every name.  It includes the
 * headers that have them.  For files that hold tables: behind it #ifdef says
 * nothing any more.
 *
 * In C libraries where these names are enumerators (glibc's IPPROTO_, MSG_,
 * SOCK_, IFF_) each is a macro of the same name too, so #ifndef can tell.
 */
#ifndef DT_ABSENT_H
#define DT_ABSENT_H

#include "config.h"

#include <netdb.h>
#include <poll.h>
#ifdef DT_HAVE_PACKET
#  include <netinet/if_ether.h>
#endif

#include "constant.h"
#include "newer.h"

/* --- families ------------------------------------------------------------- */
#ifndef AF_LOCAL
#  define AF_LOCAL DT_ABSENT
#endif
#ifndef AF_FILE
#  define AF_FILE DT_ABSENT
#endif
#ifndef AF_PACKET
#  define AF_PACKET DT_ABSENT
#endif
#ifndef AF_NETLINK
#  define AF_NETLINK DT_ABSENT
#endif
#ifndef AF_VSOCK
#  define AF_VSOCK DT_ABSENT
#endif
#ifndef AF_BLUETOOTH
#  define AF_BLUETOOTH DT_ABSENT
#endif
#ifndef AF_CAN
#  define AF_CAN DT_ABSENT
#endif
#ifndef AF_ALG
#  define AF_ALG DT_ABSENT
#endif
#ifndef AF_TIPC
#  define AF_TIPC DT_ABSENT
#endif
#ifndef AF_XDP
#  define AF_XDP DT_ABSENT
#endif
#ifndef AF_KEY
#  define AF_KEY DT_ABSENT
#endif
#ifndef AF_ROUTE
#  define AF_ROUTE DT_ABSENT
#endif
#ifndef AF_LINK
#  define AF_LINK DT_ABSENT
#endif
#ifndef AF_SYSTEM
#  define AF_SYSTEM DT_ABSENT
#endif
#ifndef AF_NDRV
#  define AF_NDRV DT_ABSENT
#endif
#ifndef AF_NFC
#  define AF_NFC DT_ABSENT
#endif
#ifndef AF_KCM
#  define AF_KCM DT_ABSENT
#endif
#ifndef AF_SMC
#  define AF_SMC DT_ABSENT
#endif
#ifndef AF_RDS
#  define AF_RDS DT_ABSENT
#endif
#ifndef AF_MCTP
#  define AF_MCTP DT_ABSENT
#endif
#ifndef AF_QIPCRTR
#  define AF_QIPCRTR DT_ABSENT
#endif
#ifndef AF_IB
#  define AF_IB DT_ABSENT
#endif
#ifndef AF_MPLS
#  define AF_MPLS DT_ABSENT
#endif
#ifndef AF_IEEE802154
#  define AF_IEEE802154 DT_ABSENT
#endif
#ifndef AF_CAIF
#  define AF_CAIF DT_ABSENT
#endif
#ifndef AF_PHONET
#  define AF_PHONET DT_ABSENT
#endif
#ifndef AF_PPPOX
#  define AF_PPPOX DT_ABSENT
#endif
#ifndef AF_IUCV
#  define AF_IUCV DT_ABSENT
#endif
#ifndef AF_RXRPC
#  define AF_RXRPC DT_ABSENT
#endif
#ifndef AF_LLC
#  define AF_LLC DT_ABSENT
#endif
#ifndef AF_ISDN
#  define AF_ISDN DT_ABSENT
#endif
#ifndef AF_IRDA
#  define AF_IRDA DT_ABSENT
#endif
#ifndef AF_AX25
#  define AF_AX25 DT_ABSENT
#endif
#ifndef AF_ROSE
#  define AF_ROSE DT_ABSENT
#endif
#ifndef AF_NETROM
#  define AF_NETROM DT_ABSENT
#endif
#ifndef AF_X25
#  define AF_X25 DT_ABSENT
#endif
#ifndef AF_IPX
#  define AF_IPX DT_ABSENT
#endif
#ifndef AF_APPLETALK
#  define AF_APPLETALK DT_ABSENT
#endif
#ifndef AF_DECnet
#  define AF_DECnet DT_ABSENT
#endif
#ifndef AF_ATMPVC
#  define AF_ATMPVC DT_ABSENT
#endif
#ifndef AF_ATMSVC
#  define AF_ATMSVC DT_ABSENT
#endif

/* --- types ---------------------------------------------------------------- */
#ifndef SOCK_SEQPACKET
#  define SOCK_SEQPACKET DT_ABSENT
#endif
#ifndef SOCK_RDM
#  define SOCK_RDM DT_ABSENT
#endif
#ifndef SOCK_DCCP
#  define SOCK_DCCP DT_ABSENT
#endif
#ifndef SOCK_PACKET
#  define SOCK_PACKET DT_ABSENT
#endif

/* --- protocols ------------------------------------------------------------ */
#ifndef IPPROTO_HOPOPTS
#  define IPPROTO_HOPOPTS DT_ABSENT
#endif
#ifndef IPPROTO_IGMP
#  define IPPROTO_IGMP DT_ABSENT
#endif
#ifndef IPPROTO_IPIP
#  define IPPROTO_IPIP DT_ABSENT
#endif
#ifndef IPPROTO_EGP
#  define IPPROTO_EGP DT_ABSENT
#endif
#ifndef IPPROTO_PUP
#  define IPPROTO_PUP DT_ABSENT
#endif
#ifndef IPPROTO_IDP
#  define IPPROTO_IDP DT_ABSENT
#endif
#ifndef IPPROTO_TP
#  define IPPROTO_TP DT_ABSENT
#endif
#ifndef IPPROTO_DCCP
#  define IPPROTO_DCCP DT_ABSENT
#endif
#ifndef IPPROTO_ROUTING
#  define IPPROTO_ROUTING DT_ABSENT
#endif
#ifndef IPPROTO_FRAGMENT
#  define IPPROTO_FRAGMENT DT_ABSENT
#endif
#ifndef IPPROTO_RSVP
#  define IPPROTO_RSVP DT_ABSENT
#endif
#ifndef IPPROTO_GRE
#  define IPPROTO_GRE DT_ABSENT
#endif
#ifndef IPPROTO_ESP
#  define IPPROTO_ESP DT_ABSENT
#endif
#ifndef IPPROTO_AH
#  define IPPROTO_AH DT_ABSENT
#endif
#ifndef IPPROTO_ICMPV6
#  define IPPROTO_ICMPV6 DT_ABSENT
#endif
#ifndef IPPROTO_NONE
#  define IPPROTO_NONE DT_ABSENT
#endif
#ifndef IPPROTO_DSTOPTS
#  define IPPROTO_DSTOPTS DT_ABSENT
#endif
#ifndef IPPROTO_MTP
#  define IPPROTO_MTP DT_ABSENT
#endif
#ifndef IPPROTO_BEETPH
#  define IPPROTO_BEETPH DT_ABSENT
#endif
#ifndef IPPROTO_ENCAP
#  define IPPROTO_ENCAP DT_ABSENT
#endif
#ifndef IPPROTO_PIM
#  define IPPROTO_PIM DT_ABSENT
#endif
#ifndef IPPROTO_COMP
#  define IPPROTO_COMP DT_ABSENT
#endif
#ifndef IPPROTO_L2TP
#  define IPPROTO_L2TP DT_ABSENT
#endif
#ifndef IPPROTO_SCTP
#  define IPPROTO_SCTP DT_ABSENT
#endif
#ifndef IPPROTO_MH
#  define IPPROTO_MH DT_ABSENT
#endif
#ifndef IPPROTO_UDPLITE
#  define IPPROTO_UDPLITE DT_ABSENT
#endif
#ifndef IPPROTO_MPLS
#  define IPPROTO_MPLS DT_ABSENT
#endif
#ifndef IPPROTO_ETHERNET
#  define IPPROTO_ETHERNET DT_ABSENT
#endif
#ifndef IPPROTO_SMC
#  define IPPROTO_SMC DT_ABSENT
#endif
#ifndef IPPROTO_MPTCP
#  define IPPROTO_MPTCP DT_ABSENT
#endif
#ifndef IPPROTO_DIVERT
#  define IPPROTO_DIVERT DT_ABSENT
#endif
#ifndef IPPROTO_CARP
#  define IPPROTO_CARP DT_ABSENT
#endif
#ifndef IPPROTO_PFSYNC
#  define IPPROTO_PFSYNC DT_ABSENT
#endif
#ifndef IPPROTO_IPCOMP
#  define IPPROTO_IPCOMP DT_ABSENT
#endif

/* --- netlink protocols ---------------------------------------------------- */
#ifndef NETLINK_ROUTE
#  define NETLINK_ROUTE DT_ABSENT
#endif
#ifndef NETLINK_USERSOCK
#  define NETLINK_USERSOCK DT_ABSENT
#endif
#ifndef NETLINK_FIREWALL
#  define NETLINK_FIREWALL DT_ABSENT
#endif
#ifndef NETLINK_SOCK_DIAG
#  define NETLINK_SOCK_DIAG DT_ABSENT
#endif
#ifndef NETLINK_INET_DIAG
#  define NETLINK_INET_DIAG DT_ABSENT
#endif
#ifndef NETLINK_NFLOG
#  define NETLINK_NFLOG DT_ABSENT
#endif
#ifndef NETLINK_XFRM
#  define NETLINK_XFRM DT_ABSENT
#endif
#ifndef NETLINK_SELINUX
#  define NETLINK_SELINUX DT_ABSENT
#endif
#ifndef NETLINK_ISCSI
#  define NETLINK_ISCSI DT_ABSENT
#endif
#ifndef NETLINK_AUDIT
#  define NETLINK_AUDIT DT_ABSENT
#endif
#ifndef NETLINK_FIB_LOOKUP
#  define NETLINK_FIB_LOOKUP DT_ABSENT
#endif
#ifndef NETLINK_CONNECTOR
#  define NETLINK_CONNECTOR DT_ABSENT
#endif
#ifndef NETLINK_NETFILTER
#  define NETLINK_NETFILTER DT_ABSENT
#endif
#ifndef NETLINK_IP6_FW
#  define NETLINK_IP6_FW DT_ABSENT
#endif
#ifndef NETLINK_DNRTMSG
#  define NETLINK_DNRTMSG DT_ABSENT
#endif
#ifndef NETLINK_KOBJECT_UEVENT
#  define NETLINK_KOBJECT_UEVENT DT_ABSENT
#endif
#ifndef NETLINK_GENERIC
#  define NETLINK_GENERIC DT_ABSENT
#endif
#ifndef NETLINK_SCSITRANSPORT
#  define NETLINK_SCSITRANSPORT DT_ABSENT
#endif
#ifndef NETLINK_ECRYPTFS
#  define NETLINK_ECRYPTFS DT_ABSENT
#endif
#ifndef NETLINK_RDMA
#  define NETLINK_RDMA DT_ABSENT
#endif
#ifndef NETLINK_CRYPTO
#  define NETLINK_CRYPTO DT_ABSENT
#endif
#ifndef NETLINK_SMC
#  define NETLINK_SMC DT_ABSENT
#endif

/* --- ethernet types ------------------------------------------------------- */
#ifndef ETH_P_ALL
#  define ETH_P_ALL DT_ABSENT
#endif
#ifndef ETH_P_IP
#  define ETH_P_IP DT_ABSENT
#endif
#ifndef ETH_P_IPV6
#  define ETH_P_IPV6 DT_ABSENT
#endif
#ifndef ETH_P_ARP
#  define ETH_P_ARP DT_ABSENT
#endif
#ifndef ETH_P_RARP
#  define ETH_P_RARP DT_ABSENT
#endif
#ifndef ETH_P_LOOP
#  define ETH_P_LOOP DT_ABSENT
#endif
#ifndef ETH_P_LOOPBACK
#  define ETH_P_LOOPBACK DT_ABSENT
#endif
#ifndef ETH_P_802_2
#  define ETH_P_802_2 DT_ABSENT
#endif
#ifndef ETH_P_802_3
#  define ETH_P_802_3 DT_ABSENT
#endif
#ifndef ETH_P_SNAP
#  define ETH_P_SNAP DT_ABSENT
#endif
#ifndef ETH_P_8021Q
#  define ETH_P_8021Q DT_ABSENT
#endif
#ifndef ETH_P_8021AD
#  define ETH_P_8021AD DT_ABSENT
#endif
#ifndef ETH_P_8021AH
#  define ETH_P_8021AH DT_ABSENT
#endif
#ifndef ETH_P_QINQ1
#  define ETH_P_QINQ1 DT_ABSENT
#endif
#ifndef ETH_P_QINQ2
#  define ETH_P_QINQ2 DT_ABSENT
#endif
#ifndef ETH_P_QINQ3
#  define ETH_P_QINQ3 DT_ABSENT
#endif
#ifndef ETH_P_SLOW
#  define ETH_P_SLOW DT_ABSENT
#endif
#ifndef ETH_P_PAUSE
#  define ETH_P_PAUSE DT_ABSENT
#endif
#ifndef ETH_P_LLDP
#  define ETH_P_LLDP DT_ABSENT
#endif
#ifndef ETH_P_PAE
#  define ETH_P_PAE DT_ABSENT
#endif
#ifndef ETH_P_PREAUTH
#  define ETH_P_PREAUTH DT_ABSENT
#endif
#ifndef ETH_P_MACSEC
#  define ETH_P_MACSEC DT_ABSENT
#endif
#ifndef ETH_P_1588
#  define ETH_P_1588 DT_ABSENT
#endif
#ifndef ETH_P_PRP
#  define ETH_P_PRP DT_ABSENT
#endif
#ifndef ETH_P_HSR
#  define ETH_P_HSR DT_ABSENT
#endif
#ifndef ETH_P_MRP
#  define ETH_P_MRP DT_ABSENT
#endif
#ifndef ETH_P_CFM
#  define ETH_P_CFM DT_ABSENT
#endif
#ifndef ETH_P_NCSI
#  define ETH_P_NCSI DT_ABSENT
#endif
#ifndef ETH_P_PPP_DISC
#  define ETH_P_PPP_DISC DT_ABSENT
#endif
#ifndef ETH_P_PPP_SES
#  define ETH_P_PPP_SES DT_ABSENT
#endif
#ifndef ETH_P_PPP_MP
#  define ETH_P_PPP_MP DT_ABSENT
#endif
#ifndef ETH_P_WAN_PPP
#  define ETH_P_WAN_PPP DT_ABSENT
#endif
#ifndef ETH_P_MPLS_UC
#  define ETH_P_MPLS_UC DT_ABSENT
#endif
#ifndef ETH_P_MPLS_MC
#  define ETH_P_MPLS_MC DT_ABSENT
#endif
#ifndef ETH_P_ATALK
#  define ETH_P_ATALK DT_ABSENT
#endif
#ifndef ETH_P_AARP
#  define ETH_P_AARP DT_ABSENT
#endif
#ifndef ETH_P_IPX
#  define ETH_P_IPX DT_ABSENT
#endif
#ifndef ETH_P_X25
#  define ETH_P_X25 DT_ABSENT
#endif
#ifndef ETH_P_AX25
#  define ETH_P_AX25 DT_ABSENT
#endif
#ifndef ETH_P_TEB
#  define ETH_P_TEB DT_ABSENT
#endif
#ifndef ETH_P_ERSPAN
#  define ETH_P_ERSPAN DT_ABSENT
#endif
#ifndef ETH_P_ERSPAN2
#  define ETH_P_ERSPAN2 DT_ABSENT
#endif
#ifndef ETH_P_TSN
#  define ETH_P_TSN DT_ABSENT
#endif
#ifndef ETH_P_NSH
#  define ETH_P_NSH DT_ABSENT
#endif
#ifndef ETH_P_BATMAN
#  define ETH_P_BATMAN DT_ABSENT
#endif
#ifndef ETH_P_TIPC
#  define ETH_P_TIPC DT_ABSENT
#endif
#ifndef ETH_P_FCOE
#  define ETH_P_FCOE DT_ABSENT
#endif
#ifndef ETH_P_FIP
#  define ETH_P_FIP DT_ABSENT
#endif
#ifndef ETH_P_IBOE
#  define ETH_P_IBOE DT_ABSENT
#endif
#ifndef ETH_P_AOE
#  define ETH_P_AOE DT_ABSENT
#endif
#ifndef ETH_P_ETHERCAT
#  define ETH_P_ETHERCAT DT_ABSENT
#endif
#ifndef ETH_P_PROFINET
#  define ETH_P_PROFINET DT_ABSENT
#endif
#ifndef ETH_P_REALTEK
#  define ETH_P_REALTEK DT_ABSENT
#endif
#ifndef ETH_P_LINK_CTL
#  define ETH_P_LINK_CTL DT_ABSENT
#endif
#ifndef ETH_P_WCCP
#  define ETH_P_WCCP DT_ABSENT
#endif
#ifndef ETH_P_CAN
#  define ETH_P_CAN DT_ABSENT
#endif
#ifndef ETH_P_CANFD
#  define ETH_P_CANFD DT_ABSENT
#endif
#ifndef ETH_P_CANXL
#  define ETH_P_CANXL DT_ABSENT
#endif
#ifndef ETH_P_ARCNET
#  define ETH_P_ARCNET DT_ABSENT
#endif
#ifndef ETH_P_DSA
#  define ETH_P_DSA DT_ABSENT
#endif
#ifndef ETH_P_EDSA
#  define ETH_P_EDSA DT_ABSENT
#endif
#ifndef ETH_P_XDSA
#  define ETH_P_XDSA DT_ABSENT
#endif
#ifndef ETH_P_HDLC
#  define ETH_P_HDLC DT_ABSENT
#endif
#ifndef ETH_P_CONTROL
#  define ETH_P_CONTROL DT_ABSENT
#endif
#ifndef ETH_P_PHONET
#  define ETH_P_PHONET DT_ABSENT
#endif
#ifndef ETH_P_IEEE802154
#  define ETH_P_IEEE802154 DT_ABSENT
#endif
#ifndef ETH_P_CAIF
#  define ETH_P_CAIF DT_ABSENT
#endif
#ifndef ETH_P_MAP
#  define ETH_P_MAP DT_ABSENT
#endif
#ifndef ETH_P_MCTP
#  define ETH_P_MCTP DT_ABSENT
#endif

/* --- flags of send and recv ----------------------------------------------- */
#ifndef MSG_DONTWAIT
#  define MSG_DONTWAIT DT_ABSENT
#endif
#ifndef MSG_NOSIGNAL
#  define MSG_NOSIGNAL DT_ABSENT
#endif
#ifndef MSG_MORE
#  define MSG_MORE DT_ABSENT
#endif
#ifndef MSG_CONFIRM
#  define MSG_CONFIRM DT_ABSENT
#endif
#ifndef MSG_ERRQUEUE
#  define MSG_ERRQUEUE DT_ABSENT
#endif
#ifndef MSG_FASTOPEN
#  define MSG_FASTOPEN DT_ABSENT
#endif
#ifndef MSG_PROXY
#  define MSG_PROXY DT_ABSENT
#endif
#ifndef MSG_BATCH
#  define MSG_BATCH DT_ABSENT
#endif
#ifndef MSG_WAITFORONE
#  define MSG_WAITFORONE DT_ABSENT
#endif
#ifndef MSG_CMSG_CLOEXEC
#  define MSG_CMSG_CLOEXEC DT_ABSENT
#endif
#ifndef MSG_EOF
#  define MSG_EOF DT_ABSENT
#endif
#ifndef MSG_NBIO
#  define MSG_NBIO DT_ABSENT
#endif
#ifndef MSG_BCAST
#  define MSG_BCAST DT_ABSENT
#endif
#ifndef MSG_MCAST
#  define MSG_MCAST DT_ABSENT
#endif
#ifndef MSG_NOTIFICATION
#  define MSG_NOTIFICATION DT_ABSENT
#endif
#ifndef MSG_HOLD
#  define MSG_HOLD DT_ABSENT
#endif
#ifndef MSG_HAVEMORE
#  define MSG_HAVEMORE DT_ABSENT
#endif
#ifndef MSG_NEEDSA
#  define MSG_NEEDSA DT_ABSENT
#endif

/* --- levels --------------------------------------------------------------- */
#ifndef SOL_PACKET
#  define SOL_PACKET DT_ABSENT
#endif
#ifndef SOL_NETLINK
#  define SOL_NETLINK DT_ABSENT
#endif
#ifndef SOL_RAW
#  define SOL_RAW DT_ABSENT
#endif
#ifndef SOL_ALG
#  define SOL_ALG DT_ABSENT
#endif
#ifndef SOL_TLS
#  define SOL_TLS DT_ABSENT
#endif
#ifndef SOL_TIPC
#  define SOL_TIPC DT_ABSENT
#endif
#ifndef SOL_BLUETOOTH
#  define SOL_BLUETOOTH DT_ABSENT
#endif
#ifndef SOL_DCCP
#  define SOL_DCCP DT_ABSENT
#endif
#ifndef SOL_MPTCP
#  define SOL_MPTCP DT_ABSENT
#endif
#ifndef SOL_KCM
#  define SOL_KCM DT_ABSENT
#endif
#ifndef SOL_RDS
#  define SOL_RDS DT_ABSENT
#endif
#ifndef SOL_RXRPC
#  define SOL_RXRPC DT_ABSENT
#endif
#ifndef SOL_XDP
#  define SOL_XDP DT_ABSENT
#endif
#ifndef SOL_VSOCK
#  define SOL_VSOCK DT_ABSENT
#endif
#ifndef SOL_LOCAL
#  define SOL_LOCAL DT_ABSENT
#endif

/* --- getaddrinfo and getnameinfo ------------------------------------------ */
#ifndef AI_V4MAPPED
#  define AI_V4MAPPED DT_ABSENT
#endif
#ifndef AI_ALL
#  define AI_ALL DT_ABSENT
#endif
#ifndef AI_ADDRCONFIG
#  define AI_ADDRCONFIG DT_ABSENT
#endif
#ifndef AI_IDN
#  define AI_IDN DT_ABSENT
#endif
#ifndef AI_CANONIDN
#  define AI_CANONIDN DT_ABSENT
#endif
#ifndef AI_DEFAULT
#  define AI_DEFAULT DT_ABSENT
#endif
#ifndef AI_V4MAPPED_CFG
#  define AI_V4MAPPED_CFG DT_ABSENT
#endif
#ifndef AI_UNUSABLE
#  define AI_UNUSABLE DT_ABSENT
#endif
#ifndef AI_MASK
#  define AI_MASK DT_ABSENT
#endif
#ifndef NI_NUMERICSCOPE
#  define NI_NUMERICSCOPE DT_ABSENT
#endif
#ifndef NI_IDN
#  define NI_IDN DT_ABSENT
#endif
#ifndef NI_WITHSCOPEID
#  define NI_WITHSCOPEID DT_ABSENT
#endif

/* --- poll ----------------------------------------------------------------- */
#ifndef POLLRDHUP
#  define POLLRDHUP DT_ABSENT
#endif
#ifndef POLLRDNORM
#  define POLLRDNORM DT_ABSENT
#endif
#ifndef POLLRDBAND
#  define POLLRDBAND DT_ABSENT
#endif
#ifndef POLLWRNORM
#  define POLLWRNORM DT_ABSENT
#endif
#ifndef POLLWRBAND
#  define POLLWRBAND DT_ABSENT
#endif
#ifndef POLLMSG
#  define POLLMSG DT_ABSENT
#endif

/* --- interfaces ----------------------------------------------------------- */
#ifndef IFF_NOTRAILERS
#  define IFF_NOTRAILERS DT_ABSENT
#endif
#ifndef IFF_MASTER
#  define IFF_MASTER DT_ABSENT
#endif
#ifndef IFF_SLAVE
#  define IFF_SLAVE DT_ABSENT
#endif
#ifndef IFF_PORTSEL
#  define IFF_PORTSEL DT_ABSENT
#endif
#ifndef IFF_AUTOMEDIA
#  define IFF_AUTOMEDIA DT_ABSENT
#endif
#ifndef IFF_DYNAMIC
#  define IFF_DYNAMIC DT_ABSENT
#endif
#ifndef IFF_LOWER_UP
#  define IFF_LOWER_UP DT_ABSENT
#endif
#ifndef IFF_DORMANT
#  define IFF_DORMANT DT_ABSENT
#endif
#ifndef IFF_ECHO
#  define IFF_ECHO DT_ABSENT
#endif
#ifndef IFF_SIMPLEX
#  define IFF_SIMPLEX DT_ABSENT
#endif
#ifndef IFF_OACTIVE
#  define IFF_OACTIVE DT_ABSENT
#endif
#ifndef IFF_LINK0
#  define IFF_LINK0 DT_ABSENT
#endif
#ifndef IFF_LINK1
#  define IFF_LINK1 DT_ABSENT
#endif
#ifndef IFF_LINK2
#  define IFF_LINK2 DT_ABSENT
#endif

/* --- values of options ---------------------------------------------------- */
#ifndef IP_PMTUDISC_DONT
#  define IP_PMTUDISC_DONT DT_ABSENT
#endif
#ifndef IP_PMTUDISC_WANT
#  define IP_PMTUDISC_WANT DT_ABSENT
#endif
#ifndef IP_PMTUDISC_DO
#  define IP_PMTUDISC_DO DT_ABSENT
#endif
#ifndef IP_PMTUDISC_PROBE
#  define IP_PMTUDISC_PROBE DT_ABSENT
#endif
#ifndef IP_PMTUDISC_INTERFACE
#  define IP_PMTUDISC_INTERFACE DT_ABSENT
#endif
#ifndef IP_PMTUDISC_OMIT
#  define IP_PMTUDISC_OMIT DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_DONT
#  define IPV6_PMTUDISC_DONT DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_WANT
#  define IPV6_PMTUDISC_WANT DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_DO
#  define IPV6_PMTUDISC_DO DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_PROBE
#  define IPV6_PMTUDISC_PROBE DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_INTERFACE
#  define IPV6_PMTUDISC_INTERFACE DT_ABSENT
#endif
#ifndef IPV6_PMTUDISC_OMIT
#  define IPV6_PMTUDISC_OMIT DT_ABSENT
#endif
#ifndef PACKET_MR_MULTICAST
#  define PACKET_MR_MULTICAST DT_ABSENT
#endif
#ifndef PACKET_MR_PROMISC
#  define PACKET_MR_PROMISC DT_ABSENT
#endif
#ifndef PACKET_MR_ALLMULTI
#  define PACKET_MR_ALLMULTI DT_ABSENT
#endif
#ifndef PACKET_MR_UNICAST
#  define PACKET_MR_UNICAST DT_ABSENT
#endif

#endif
