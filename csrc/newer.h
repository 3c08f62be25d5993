/*
 * newer.h - numbers of Linux that the C library's headers may be too old for,
 * or spread over headers that cannot be included together (<linux/tcp.h> and
 * <netinet/tcp.h>, <linux/in.h> and musl's <netinet/in.h>).
 *
 * Data only, and the kernel's ABI: they are the same on every processor but for
 * those at the end.  Whether the running kernel knows a name it will say itself
 * (ENOPROTOOPT).  Included by absent.h and absent_option.h; it includes the
 * system's headers first, since what they define must not be defined before.
 */
#ifndef DT_NEWER_H
#define DT_NEWER_H

#include "config.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#ifdef DT_HAVE_PACKET
#  include <linux/if_packet.h>
#endif
#ifdef DT_HAVE_NETLINK
#  include <linux/netlink.h>
#endif
#ifdef DT_HAVE_VSOCK
#  include <linux/vm_sockets.h>
#endif

#ifdef DT_HAVE_NETLINK /* Linux */

/* families, protocols, levels, flags */
#  ifndef AF_SMC
#    define AF_SMC 43
#  endif
#  ifndef AF_XDP
#    define AF_XDP 44
#  endif
#  ifndef AF_MCTP
#    define AF_MCTP 45
#  endif
#  ifndef IPPROTO_L2TP
#    define IPPROTO_L2TP 115
#  endif
#  ifndef IPPROTO_SMC
#    define IPPROTO_SMC 256
#  endif
#  ifndef IPPROTO_MPTCP
#    define IPPROTO_MPTCP 262
#  endif
#  ifndef SOL_TIPC
#    define SOL_TIPC 271
#  endif
#  ifndef SOL_ALG
#    define SOL_ALG 279
#  endif
#  ifndef SOL_KCM
#    define SOL_KCM 281
#  endif
#  ifndef SOL_TLS
#    define SOL_TLS 282
#  endif
#  ifndef SOL_XDP
#    define SOL_XDP 283
#  endif
#  ifndef SOL_MPTCP
#    define SOL_MPTCP 284
#  endif
#  ifndef SOL_VSOCK
#    define SOL_VSOCK 287
#  endif
#  ifndef IFF_LOWER_UP
#    define IFF_LOWER_UP 0x10000
#  endif
#  ifndef IFF_DORMANT
#    define IFF_DORMANT 0x20000
#  endif
#  ifndef IFF_ECHO
#    define IFF_ECHO 0x40000
#  endif
#  ifndef IP_PMTUDISC_INTERFACE
#    define IP_PMTUDISC_INTERFACE 4
#  endif
#  ifndef IP_PMTUDISC_OMIT
#    define IP_PMTUDISC_OMIT 5
#  endif
#  ifndef IPV6_PMTUDISC_INTERFACE
#    define IPV6_PMTUDISC_INTERFACE 4
#  endif
#  ifndef IPV6_PMTUDISC_OMIT
#    define IPV6_PMTUDISC_OMIT 5
#  endif

/* ip(7) */
#  ifndef IP_NODEFRAG
#    define IP_NODEFRAG 22
#  endif
#  ifndef IP_CHECKSUM
#    define IP_CHECKSUM 23
#  endif
#  ifndef IP_BIND_ADDRESS_NO_PORT
#    define IP_BIND_ADDRESS_NO_PORT 24
#  endif
#  ifndef IP_RECVFRAGSIZE
#    define IP_RECVFRAGSIZE 25
#  endif
#  ifndef IP_RECVERR_RFC4884
#    define IP_RECVERR_RFC4884 26
#  endif
#  ifndef IP_MULTICAST_ALL
#    define IP_MULTICAST_ALL 49
#  endif
#  ifndef IP_UNICAST_IF
#    define IP_UNICAST_IF 50
#  endif
#  ifndef IP_LOCAL_PORT_RANGE
#    define IP_LOCAL_PORT_RANGE 51
#  endif
#  ifndef MCAST_JOIN_GROUP
#    define MCAST_JOIN_GROUP 42
#  endif
#  ifndef MCAST_BLOCK_SOURCE
#    define MCAST_BLOCK_SOURCE 43
#  endif
#  ifndef MCAST_UNBLOCK_SOURCE
#    define MCAST_UNBLOCK_SOURCE 44
#  endif
#  ifndef MCAST_LEAVE_GROUP
#    define MCAST_LEAVE_GROUP 45
#  endif
#  ifndef MCAST_JOIN_SOURCE_GROUP
#    define MCAST_JOIN_SOURCE_GROUP 46
#  endif
#  ifndef MCAST_LEAVE_SOURCE_GROUP
#    define MCAST_LEAVE_SOURCE_GROUP 47
#  endif
#  ifndef ICMP_FILTER
#    define ICMP_FILTER 1
#  endif
#  ifndef SO_ORIGINAL_DST
#    define SO_ORIGINAL_DST 80
#  endif
#  ifndef IP6T_SO_ORIGINAL_DST
#    define IP6T_SO_ORIGINAL_DST 80
#  endif

/* ipv6(7) */
#  ifndef IPV6_FLOWINFO
#    define IPV6_FLOWINFO 11
#  endif
#  ifndef IPV6_MULTICAST_ALL
#    define IPV6_MULTICAST_ALL 29
#  endif
#  ifndef IPV6_ROUTER_ALERT_ISOLATE
#    define IPV6_ROUTER_ALERT_ISOLATE 30
#  endif
#  ifndef IPV6_RECVERR_RFC4884
#    define IPV6_RECVERR_RFC4884 31
#  endif
#  ifndef IPV6_FLOWINFO_SEND
#    define IPV6_FLOWINFO_SEND 33
#  endif
#  ifndef IPV6_HDRINCL
#    define IPV6_HDRINCL 36
#  endif
#  ifndef IPV6_AUTOFLOWLABEL
#    define IPV6_AUTOFLOWLABEL 70
#  endif
#  ifndef IPV6_ADDR_PREFERENCES
#    define IPV6_ADDR_PREFERENCES 72
#  endif
#  ifndef IPV6_MINHOPCOUNT
#    define IPV6_MINHOPCOUNT 73
#  endif
#  ifndef IPV6_RECVORIGDSTADDR
#    define IPV6_RECVORIGDSTADDR 74
#  endif
#  ifndef IPV6_TRANSPARENT
#    define IPV6_TRANSPARENT 75
#  endif
#  ifndef IPV6_UNICAST_IF
#    define IPV6_UNICAST_IF 76
#  endif
#  ifndef IPV6_RECVFRAGSIZE
#    define IPV6_RECVFRAGSIZE 77
#  endif
#  ifndef IPV6_FREEBIND
#    define IPV6_FREEBIND 78
#  endif

/* tcp(7), udp(7) */
#  ifndef TCP_THIN_LINEAR_TIMEOUTS
#    define TCP_THIN_LINEAR_TIMEOUTS 16
#  endif
#  ifndef TCP_THIN_DUPACK
#    define TCP_THIN_DUPACK 17
#  endif
#  ifndef TCP_USER_TIMEOUT
#    define TCP_USER_TIMEOUT 18
#  endif
#  ifndef TCP_REPAIR
#    define TCP_REPAIR 19
#  endif
#  ifndef TCP_REPAIR_QUEUE
#    define TCP_REPAIR_QUEUE 20
#  endif
#  ifndef TCP_QUEUE_SEQ
#    define TCP_QUEUE_SEQ 21
#  endif
#  ifndef TCP_REPAIR_OPTIONS
#    define TCP_REPAIR_OPTIONS 22
#  endif
#  ifndef TCP_FASTOPEN
#    define TCP_FASTOPEN 23
#  endif
#  ifndef TCP_TIMESTAMP
#    define TCP_TIMESTAMP 24
#  endif
#  ifndef TCP_NOTSENT_LOWAT
#    define TCP_NOTSENT_LOWAT 25
#  endif
#  ifndef TCP_CC_INFO
#    define TCP_CC_INFO 26
#  endif
#  ifndef TCP_SAVE_SYN
#    define TCP_SAVE_SYN 27
#  endif
#  ifndef TCP_SAVED_SYN
#    define TCP_SAVED_SYN 28
#  endif
#  ifndef TCP_FASTOPEN_CONNECT
#    define TCP_FASTOPEN_CONNECT 30
#  endif
#  ifndef TCP_ULP
#    define TCP_ULP 31
#  endif
#  ifndef TCP_MD5SIG_EXT
#    define TCP_MD5SIG_EXT 32
#  endif
#  ifndef TCP_FASTOPEN_KEY
#    define TCP_FASTOPEN_KEY 33
#  endif
#  ifndef TCP_FASTOPEN_NO_COOKIE
#    define TCP_FASTOPEN_NO_COOKIE 34
#  endif
#  ifndef TCP_INQ
#    define TCP_INQ 36
#  endif
#  ifndef TCP_TX_DELAY
#    define TCP_TX_DELAY 37
#  endif
#  ifndef TCP_IS_MPTCP
#    define TCP_IS_MPTCP 43
#  endif
#  ifndef TCP_RTO_MAX_MS
#    define TCP_RTO_MAX_MS 44
#  endif
#  ifndef TCP_RTO_MIN_US
#    define TCP_RTO_MIN_US 45
#  endif
#  ifndef TCP_DELACK_MAX_US
#    define TCP_DELACK_MAX_US 46
#  endif
#  ifndef UDP_CORK
#    define UDP_CORK 1
#  endif
#  ifndef UDP_ENCAP
#    define UDP_ENCAP 100
#  endif
#  ifndef UDP_NO_CHECK6_TX
#    define UDP_NO_CHECK6_TX 101
#  endif
#  ifndef UDP_NO_CHECK6_RX
#    define UDP_NO_CHECK6_RX 102
#  endif
#  ifndef UDP_SEGMENT
#    define UDP_SEGMENT 103
#  endif
#  ifndef UDP_GRO
#    define UDP_GRO 104
#  endif

/* netlink(7), packet(7) */
#  ifndef NETLINK_LISTEN_ALL_NSID
#    define NETLINK_LISTEN_ALL_NSID 8
#  endif
#  ifndef NETLINK_LIST_MEMBERSHIPS
#    define NETLINK_LIST_MEMBERSHIPS 9
#  endif
#  ifndef NETLINK_CAP_ACK
#    define NETLINK_CAP_ACK 10
#  endif
#  ifndef NETLINK_EXT_ACK
#    define NETLINK_EXT_ACK 11
#  endif
#  ifndef NETLINK_GET_STRICT_CHK
#    define NETLINK_GET_STRICT_CHK 12
#  endif
#  ifndef PACKET_QDISC_BYPASS
#    define PACKET_QDISC_BYPASS 20
#  endif
#  ifndef PACKET_IGNORE_OUTGOING
#    define PACKET_IGNORE_OUTGOING 23
#  endif

/* SOL_SOCKET's numbers differ between processors; where this one has its usual
   value, the newer ones have theirs. */
#  if defined(SO_PEERGROUPS) && SO_PEERGROUPS == 59
#    ifndef SO_PREFER_BUSY_POLL
#      define SO_PREFER_BUSY_POLL 69
#    endif
#    ifndef SO_BUSY_POLL_BUDGET
#      define SO_BUSY_POLL_BUDGET 70
#    endif
#    ifndef SO_NETNS_COOKIE
#      define SO_NETNS_COOKIE 71
#    endif
#    ifndef SO_BUF_LOCK
#      define SO_BUF_LOCK 72
#    endif
#    ifndef SO_RESERVE_MEM
#      define SO_RESERVE_MEM 73
#    endif
#    ifndef SO_TXREHASH
#      define SO_TXREHASH 74
#    endif
#    ifndef SO_RCVMARK
#      define SO_RCVMARK 75
#    endif
#    ifndef SO_PASSPIDFD
#      define SO_PASSPIDFD 76
#    endif
#    ifndef SO_RCVPRIORITY
#      define SO_RCVPRIORITY 82
#    endif
#    ifndef SO_PASSRIGHTS
#      define SO_PASSRIGHTS 83
#    endif
#    ifndef SO_INQ
#      define SO_INQ 84
#    endif
#  endif

#endif
#endif
