/*
 * absent_option.h - absent.h for the names of socket options: see there.
 * For the files that hold the options' rows.
 */
#ifndef DT_ABSENT_OPTION_H
#define DT_ABSENT_OPTION_H

#include "config.h"

#include "constant.h"
#include "newer.h"

/* --- socket(7) ------------------------------------------------------------ */
#ifndef SO_ATTACH_BPF
#  define SO_ATTACH_BPF DT_ABSENT
#endif
#ifndef SO_ATTACH_FILTER
#  define SO_ATTACH_FILTER DT_ABSENT
#endif
#ifndef SO_ATTACH_REUSEPORT_CBPF
#  define SO_ATTACH_REUSEPORT_CBPF DT_ABSENT
#endif
#ifndef SO_ATTACH_REUSEPORT_EBPF
#  define SO_ATTACH_REUSEPORT_EBPF DT_ABSENT
#endif
#ifndef SO_BINDTODEVICE
#  define SO_BINDTODEVICE DT_ABSENT
#endif
#ifndef SO_BINDTOIFINDEX
#  define SO_BINDTOIFINDEX DT_ABSENT
#endif
#ifndef SO_BPF_EXTENSIONS
#  define SO_BPF_EXTENSIONS DT_ABSENT
#endif
#ifndef SO_BSDCOMPAT
#  define SO_BSDCOMPAT DT_ABSENT
#endif
#ifndef SO_BUF_LOCK
#  define SO_BUF_LOCK DT_ABSENT
#endif
#ifndef SO_BUSY_POLL
#  define SO_BUSY_POLL DT_ABSENT
#endif
#ifndef SO_BUSY_POLL_BUDGET
#  define SO_BUSY_POLL_BUDGET DT_ABSENT
#endif
#ifndef SO_CNX_ADVICE
#  define SO_CNX_ADVICE DT_ABSENT
#endif
#ifndef SO_COOKIE
#  define SO_COOKIE DT_ABSENT
#endif
#ifndef SO_DETACH_BPF
#  define SO_DETACH_BPF DT_ABSENT
#endif
#ifndef SO_DETACH_FILTER
#  define SO_DETACH_FILTER DT_ABSENT
#endif
#ifndef SO_DETACH_REUSEPORT_BPF
#  define SO_DETACH_REUSEPORT_BPF DT_ABSENT
#endif
#ifndef SO_DOMAIN
#  define SO_DOMAIN DT_ABSENT
#endif
#ifndef SO_GET_FILTER
#  define SO_GET_FILTER DT_ABSENT
#endif
#ifndef SO_INCOMING_CPU
#  define SO_INCOMING_CPU DT_ABSENT
#endif
#ifndef SO_INCOMING_NAPI_ID
#  define SO_INCOMING_NAPI_ID DT_ABSENT
#endif
#ifndef SO_INQ
#  define SO_INQ DT_ABSENT
#endif
#ifndef SO_LOCK_FILTER
#  define SO_LOCK_FILTER DT_ABSENT
#endif
#ifndef SO_MARK
#  define SO_MARK DT_ABSENT
#endif
#ifndef SO_MAX_PACING_RATE
#  define SO_MAX_PACING_RATE DT_ABSENT
#endif
#ifndef SO_MEMINFO
#  define SO_MEMINFO DT_ABSENT
#endif
#ifndef SO_NETNS_COOKIE
#  define SO_NETNS_COOKIE DT_ABSENT
#endif
#ifndef SO_NOFCS
#  define SO_NOFCS DT_ABSENT
#endif
#ifndef SO_NOSIGPIPE
#  define SO_NOSIGPIPE DT_ABSENT
#endif
#ifndef SO_NO_CHECK
#  define SO_NO_CHECK DT_ABSENT
#endif
#ifndef SO_NREAD
#  define SO_NREAD DT_ABSENT
#endif
#ifndef SO_NWRITE
#  define SO_NWRITE DT_ABSENT
#endif
#ifndef SO_PASSCRED
#  define SO_PASSCRED DT_ABSENT
#endif
#ifndef SO_PASSPIDFD
#  define SO_PASSPIDFD DT_ABSENT
#endif
#ifndef SO_PASSRIGHTS
#  define SO_PASSRIGHTS DT_ABSENT
#endif
#ifndef SO_PASSSEC
#  define SO_PASSSEC DT_ABSENT
#endif
#ifndef SO_PEEK_OFF
#  define SO_PEEK_OFF DT_ABSENT
#endif
#ifndef SO_PEERCRED
#  define SO_PEERCRED DT_ABSENT
#endif
#ifndef SO_PEERGROUPS
#  define SO_PEERGROUPS DT_ABSENT
#endif
#ifndef SO_PEERSEC
#  define SO_PEERSEC DT_ABSENT
#endif
#ifndef SO_PREFER_BUSY_POLL
#  define SO_PREFER_BUSY_POLL DT_ABSENT
#endif
#ifndef SO_PRIORITY
#  define SO_PRIORITY DT_ABSENT
#endif
#ifndef SO_PROTOCOL
#  define SO_PROTOCOL DT_ABSENT
#endif
#ifndef SO_RCVBUFFORCE
#  define SO_RCVBUFFORCE DT_ABSENT
#endif
#ifndef SO_RCVMARK
#  define SO_RCVMARK DT_ABSENT
#endif
#ifndef SO_RCVPRIORITY
#  define SO_RCVPRIORITY DT_ABSENT
#endif
#ifndef SO_RESERVE_MEM
#  define SO_RESERVE_MEM DT_ABSENT
#endif
#ifndef SO_REUSEPORT
#  define SO_REUSEPORT DT_ABSENT
#endif
#ifndef SO_REUSEPORT_LB
#  define SO_REUSEPORT_LB DT_ABSENT
#endif
#ifndef SO_RXQ_OVFL
#  define SO_RXQ_OVFL DT_ABSENT
#endif
#ifndef SO_SELECT_ERR_QUEUE
#  define SO_SELECT_ERR_QUEUE DT_ABSENT
#endif
#ifndef SO_SNDBUFFORCE
#  define SO_SNDBUFFORCE DT_ABSENT
#endif
#ifndef SO_TIMESTAMP
#  define SO_TIMESTAMP DT_ABSENT
#endif
#ifndef SO_TIMESTAMPING
#  define SO_TIMESTAMPING DT_ABSENT
#endif
#ifndef SO_TIMESTAMPNS
#  define SO_TIMESTAMPNS DT_ABSENT
#endif
#ifndef SO_TXREHASH
#  define SO_TXREHASH DT_ABSENT
#endif
#ifndef SO_TXTIME
#  define SO_TXTIME DT_ABSENT
#endif
#ifndef SO_USELOOPBACK
#  define SO_USELOOPBACK DT_ABSENT
#endif
#ifndef SO_WIFI_STATUS
#  define SO_WIFI_STATUS DT_ABSENT
#endif
#ifndef SO_ZEROCOPY
#  define SO_ZEROCOPY DT_ABSENT
#endif

/* --- ip(7) ---------------------------------------------------------------- */
#ifndef IP_ADD_MEMBERSHIP
#  define IP_ADD_MEMBERSHIP DT_ABSENT
#endif
#ifndef IP_ADD_SOURCE_MEMBERSHIP
#  define IP_ADD_SOURCE_MEMBERSHIP DT_ABSENT
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#  define IP_BIND_ADDRESS_NO_PORT DT_ABSENT
#endif
#ifndef IP_BLOCK_SOURCE
#  define IP_BLOCK_SOURCE DT_ABSENT
#endif
#ifndef IP_CHECKSUM
#  define IP_CHECKSUM DT_ABSENT
#endif
#ifndef IP_DONTFRAG
#  define IP_DONTFRAG DT_ABSENT
#endif
#ifndef IP_DROP_MEMBERSHIP
#  define IP_DROP_MEMBERSHIP DT_ABSENT
#endif
#ifndef IP_DROP_SOURCE_MEMBERSHIP
#  define IP_DROP_SOURCE_MEMBERSHIP DT_ABSENT
#endif
#ifndef IP_FREEBIND
#  define IP_FREEBIND DT_ABSENT
#endif
#ifndef IP_HDRINCL
#  define IP_HDRINCL DT_ABSENT
#endif
#ifndef IP_LOCAL_PORT_RANGE
#  define IP_LOCAL_PORT_RANGE DT_ABSENT
#endif
#ifndef IP_MINTTL
#  define IP_MINTTL DT_ABSENT
#endif
#ifndef IP_MTU
#  define IP_MTU DT_ABSENT
#endif
#ifndef IP_MTU_DISCOVER
#  define IP_MTU_DISCOVER DT_ABSENT
#endif
#ifndef IP_MULTICAST_ALL
#  define IP_MULTICAST_ALL DT_ABSENT
#endif
#ifndef IP_MULTICAST_IF
#  define IP_MULTICAST_IF DT_ABSENT
#endif
#ifndef IP_MULTICAST_LOOP
#  define IP_MULTICAST_LOOP DT_ABSENT
#endif
#ifndef IP_MULTICAST_TTL
#  define IP_MULTICAST_TTL DT_ABSENT
#endif
#ifndef IP_NODEFRAG
#  define IP_NODEFRAG DT_ABSENT
#endif
#ifndef IP_OPTIONS
#  define IP_OPTIONS DT_ABSENT
#endif
#ifndef IP_PASSSEC
#  define IP_PASSSEC DT_ABSENT
#endif
#ifndef IP_PKTINFO
#  define IP_PKTINFO DT_ABSENT
#endif
#ifndef IP_PORTRANGE
#  define IP_PORTRANGE DT_ABSENT
#endif
#ifndef IP_RECVDSTADDR
#  define IP_RECVDSTADDR DT_ABSENT
#endif
#ifndef IP_RECVERR
#  define IP_RECVERR DT_ABSENT
#endif
#ifndef IP_RECVERR_RFC4884
#  define IP_RECVERR_RFC4884 DT_ABSENT
#endif
#ifndef IP_RECVFRAGSIZE
#  define IP_RECVFRAGSIZE DT_ABSENT
#endif
#ifndef IP_RECVIF
#  define IP_RECVIF DT_ABSENT
#endif
#ifndef IP_RECVOPTS
#  define IP_RECVOPTS DT_ABSENT
#endif
#ifndef IP_RECVORIGDSTADDR
#  define IP_RECVORIGDSTADDR DT_ABSENT
#endif
#ifndef IP_RECVTOS
#  define IP_RECVTOS DT_ABSENT
#endif
#ifndef IP_RECVTTL
#  define IP_RECVTTL DT_ABSENT
#endif
#ifndef IP_RETOPTS
#  define IP_RETOPTS DT_ABSENT
#endif
#ifndef IP_ROUTER_ALERT
#  define IP_ROUTER_ALERT DT_ABSENT
#endif
#ifndef IP_TOS
#  define IP_TOS DT_ABSENT
#endif
#ifndef IP_TRANSPARENT
#  define IP_TRANSPARENT DT_ABSENT
#endif
#ifndef IP_TTL
#  define IP_TTL DT_ABSENT
#endif
#ifndef IP_UNBLOCK_SOURCE
#  define IP_UNBLOCK_SOURCE DT_ABSENT
#endif
#ifndef IP_UNICAST_IF
#  define IP_UNICAST_IF DT_ABSENT
#endif

/* --- RFC 3678 ------------------------------------------------------------- */
#ifndef MCAST_BLOCK_SOURCE
#  define MCAST_BLOCK_SOURCE DT_ABSENT
#endif
#ifndef MCAST_JOIN_GROUP
#  define MCAST_JOIN_GROUP DT_ABSENT
#endif
#ifndef MCAST_JOIN_SOURCE_GROUP
#  define MCAST_JOIN_SOURCE_GROUP DT_ABSENT
#endif
#ifndef MCAST_LEAVE_GROUP
#  define MCAST_LEAVE_GROUP DT_ABSENT
#endif
#ifndef MCAST_LEAVE_SOURCE_GROUP
#  define MCAST_LEAVE_SOURCE_GROUP DT_ABSENT
#endif
#ifndef MCAST_UNBLOCK_SOURCE
#  define MCAST_UNBLOCK_SOURCE DT_ABSENT
#endif

/* --- raw(7) --------------------------------------------------------------- */
#ifndef ICMP_FILTER
#  define ICMP_FILTER DT_ABSENT
#endif

/* --- iptables(8) ---------------------------------------------------------- */
#ifndef SO_ORIGINAL_DST
#  define SO_ORIGINAL_DST DT_ABSENT
#endif

/* --- ipv6(7) -------------------------------------------------------------- */
#ifndef IPV6_ADDRFORM
#  define IPV6_ADDRFORM DT_ABSENT
#endif
#ifndef IPV6_ADDR_PREFERENCES
#  define IPV6_ADDR_PREFERENCES DT_ABSENT
#endif
#ifndef IPV6_ADD_MEMBERSHIP
#  define IPV6_ADD_MEMBERSHIP DT_ABSENT
#endif
#ifndef IPV6_AUTOFLOWLABEL
#  define IPV6_AUTOFLOWLABEL DT_ABSENT
#endif
#ifndef IPV6_CHECKSUM
#  define IPV6_CHECKSUM DT_ABSENT
#endif
#ifndef IPV6_DONTFRAG
#  define IPV6_DONTFRAG DT_ABSENT
#endif
#ifndef IPV6_DROP_MEMBERSHIP
#  define IPV6_DROP_MEMBERSHIP DT_ABSENT
#endif
#ifndef IPV6_DSTOPTS
#  define IPV6_DSTOPTS DT_ABSENT
#endif
#ifndef IPV6_FLOWINFO
#  define IPV6_FLOWINFO DT_ABSENT
#endif
#ifndef IPV6_FLOWINFO_SEND
#  define IPV6_FLOWINFO_SEND DT_ABSENT
#endif
#ifndef IPV6_FREEBIND
#  define IPV6_FREEBIND DT_ABSENT
#endif
#ifndef IPV6_HDRINCL
#  define IPV6_HDRINCL DT_ABSENT
#endif
#ifndef IPV6_HOPOPTS
#  define IPV6_HOPOPTS DT_ABSENT
#endif
#ifndef IPV6_JOIN_ANYCAST
#  define IPV6_JOIN_ANYCAST DT_ABSENT
#endif
#ifndef IPV6_LEAVE_ANYCAST
#  define IPV6_LEAVE_ANYCAST DT_ABSENT
#endif
#ifndef IPV6_MINHOPCOUNT
#  define IPV6_MINHOPCOUNT DT_ABSENT
#endif
#ifndef IPV6_MTU
#  define IPV6_MTU DT_ABSENT
#endif
#ifndef IPV6_MTU_DISCOVER
#  define IPV6_MTU_DISCOVER DT_ABSENT
#endif
#ifndef IPV6_MULTICAST_ALL
#  define IPV6_MULTICAST_ALL DT_ABSENT
#endif
#ifndef IPV6_RECVDSTOPTS
#  define IPV6_RECVDSTOPTS DT_ABSENT
#endif
#ifndef IPV6_RECVERR
#  define IPV6_RECVERR DT_ABSENT
#endif
#ifndef IPV6_RECVERR_RFC4884
#  define IPV6_RECVERR_RFC4884 DT_ABSENT
#endif
#ifndef IPV6_RECVFRAGSIZE
#  define IPV6_RECVFRAGSIZE DT_ABSENT
#endif
#ifndef IPV6_RECVHOPLIMIT
#  define IPV6_RECVHOPLIMIT DT_ABSENT
#endif
#ifndef IPV6_RECVHOPOPTS
#  define IPV6_RECVHOPOPTS DT_ABSENT
#endif
#ifndef IPV6_RECVORIGDSTADDR
#  define IPV6_RECVORIGDSTADDR DT_ABSENT
#endif
#ifndef IPV6_RECVPATHMTU
#  define IPV6_RECVPATHMTU DT_ABSENT
#endif
#ifndef IPV6_RECVPKTINFO
#  define IPV6_RECVPKTINFO DT_ABSENT
#endif
#ifndef IPV6_RECVRTHDR
#  define IPV6_RECVRTHDR DT_ABSENT
#endif
#ifndef IPV6_RECVTCLASS
#  define IPV6_RECVTCLASS DT_ABSENT
#endif
#ifndef IPV6_ROUTER_ALERT
#  define IPV6_ROUTER_ALERT DT_ABSENT
#endif
#ifndef IPV6_ROUTER_ALERT_ISOLATE
#  define IPV6_ROUTER_ALERT_ISOLATE DT_ABSENT
#endif
#ifndef IPV6_RTHDR
#  define IPV6_RTHDR DT_ABSENT
#endif
#ifndef IPV6_RTHDRDSTOPTS
#  define IPV6_RTHDRDSTOPTS DT_ABSENT
#endif
#ifndef IPV6_TCLASS
#  define IPV6_TCLASS DT_ABSENT
#endif
#ifndef IPV6_TRANSPARENT
#  define IPV6_TRANSPARENT DT_ABSENT
#endif
#ifndef IPV6_UNICAST_IF
#  define IPV6_UNICAST_IF DT_ABSENT
#endif
#ifndef IPV6_USE_MIN_MTU
#  define IPV6_USE_MIN_MTU DT_ABSENT
#endif

/* --- RFC 3542 ------------------------------------------------------------- */
#ifndef ICMP6_FILTER
#  define ICMP6_FILTER DT_ABSENT
#endif

/* --- iptables(8) ---------------------------------------------------------- */
#ifndef IP6T_SO_ORIGINAL_DST
#  define IP6T_SO_ORIGINAL_DST DT_ABSENT
#endif

/* --- tcp(7) --------------------------------------------------------------- */
#ifndef TCP_CC_INFO
#  define TCP_CC_INFO DT_ABSENT
#endif
#ifndef TCP_CONGESTION
#  define TCP_CONGESTION DT_ABSENT
#endif
#ifndef TCP_CORK
#  define TCP_CORK DT_ABSENT
#endif
#ifndef TCP_DEFER_ACCEPT
#  define TCP_DEFER_ACCEPT DT_ABSENT
#endif
#ifndef TCP_DELACK_MAX_US
#  define TCP_DELACK_MAX_US DT_ABSENT
#endif
#ifndef TCP_FASTOPEN
#  define TCP_FASTOPEN DT_ABSENT
#endif
#ifndef TCP_FASTOPEN_CONNECT
#  define TCP_FASTOPEN_CONNECT DT_ABSENT
#endif
#ifndef TCP_FASTOPEN_KEY
#  define TCP_FASTOPEN_KEY DT_ABSENT
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#  define TCP_FASTOPEN_NO_COOKIE DT_ABSENT
#endif
#ifndef TCP_INFO
#  define TCP_INFO DT_ABSENT
#endif
#ifndef TCP_INQ
#  define TCP_INQ DT_ABSENT
#endif
#ifndef TCP_IS_MPTCP
#  define TCP_IS_MPTCP DT_ABSENT
#endif
#ifndef TCP_KEEPALIVE
#  define TCP_KEEPALIVE DT_ABSENT
#endif
#ifndef TCP_KEEPCNT
#  define TCP_KEEPCNT DT_ABSENT
#endif
#ifndef TCP_KEEPIDLE
#  define TCP_KEEPIDLE DT_ABSENT
#endif
#ifndef TCP_KEEPINTVL
#  define TCP_KEEPINTVL DT_ABSENT
#endif
#ifndef TCP_LINGER2
#  define TCP_LINGER2 DT_ABSENT
#endif
#ifndef TCP_MAXSEG
#  define TCP_MAXSEG DT_ABSENT
#endif
#ifndef TCP_MD5SIG
#  define TCP_MD5SIG DT_ABSENT
#endif
#ifndef TCP_MD5SIG_EXT
#  define TCP_MD5SIG_EXT DT_ABSENT
#endif
#ifndef TCP_NOOPT
#  define TCP_NOOPT DT_ABSENT
#endif
#ifndef TCP_NOPUSH
#  define TCP_NOPUSH DT_ABSENT
#endif
#ifndef TCP_NOTSENT_LOWAT
#  define TCP_NOTSENT_LOWAT DT_ABSENT
#endif
#ifndef TCP_QUEUE_SEQ
#  define TCP_QUEUE_SEQ DT_ABSENT
#endif
#ifndef TCP_QUICKACK
#  define TCP_QUICKACK DT_ABSENT
#endif
#ifndef TCP_REPAIR
#  define TCP_REPAIR DT_ABSENT
#endif
#ifndef TCP_REPAIR_OPTIONS
#  define TCP_REPAIR_OPTIONS DT_ABSENT
#endif
#ifndef TCP_REPAIR_QUEUE
#  define TCP_REPAIR_QUEUE DT_ABSENT
#endif
#ifndef TCP_RTO_MAX_MS
#  define TCP_RTO_MAX_MS DT_ABSENT
#endif
#ifndef TCP_RTO_MIN_US
#  define TCP_RTO_MIN_US DT_ABSENT
#endif
#ifndef TCP_SAVED_SYN
#  define TCP_SAVED_SYN DT_ABSENT
#endif
#ifndef TCP_SAVE_SYN
#  define TCP_SAVE_SYN DT_ABSENT
#endif
#ifndef TCP_SYNCNT
#  define TCP_SYNCNT DT_ABSENT
#endif
#ifndef TCP_THIN_DUPACK
#  define TCP_THIN_DUPACK DT_ABSENT
#endif
#ifndef TCP_THIN_LINEAR_TIMEOUTS
#  define TCP_THIN_LINEAR_TIMEOUTS DT_ABSENT
#endif
#ifndef TCP_TIMESTAMP
#  define TCP_TIMESTAMP DT_ABSENT
#endif
#ifndef TCP_TX_DELAY
#  define TCP_TX_DELAY DT_ABSENT
#endif
#ifndef TCP_ULP
#  define TCP_ULP DT_ABSENT
#endif
#ifndef TCP_USER_TIMEOUT
#  define TCP_USER_TIMEOUT DT_ABSENT
#endif
#ifndef TCP_WINDOW_CLAMP
#  define TCP_WINDOW_CLAMP DT_ABSENT
#endif

/* --- udp(7) --------------------------------------------------------------- */
#ifndef UDP_CORK
#  define UDP_CORK DT_ABSENT
#endif
#ifndef UDP_ENCAP
#  define UDP_ENCAP DT_ABSENT
#endif
#ifndef UDP_GRO
#  define UDP_GRO DT_ABSENT
#endif
#ifndef UDP_NO_CHECK6_RX
#  define UDP_NO_CHECK6_RX DT_ABSENT
#endif
#ifndef UDP_NO_CHECK6_TX
#  define UDP_NO_CHECK6_TX DT_ABSENT
#endif
#ifndef UDP_SEGMENT
#  define UDP_SEGMENT DT_ABSENT
#endif

/* --- packet(7) ------------------------------------------------------------ */
#ifndef PACKET_ADD_MEMBERSHIP
#  define PACKET_ADD_MEMBERSHIP DT_ABSENT
#endif
#ifndef PACKET_AUXDATA
#  define PACKET_AUXDATA DT_ABSENT
#endif
#ifndef PACKET_COPY_THRESH
#  define PACKET_COPY_THRESH DT_ABSENT
#endif
#ifndef PACKET_DROP_MEMBERSHIP
#  define PACKET_DROP_MEMBERSHIP DT_ABSENT
#endif
#ifndef PACKET_FANOUT
#  define PACKET_FANOUT DT_ABSENT
#endif
#ifndef PACKET_IGNORE_OUTGOING
#  define PACKET_IGNORE_OUTGOING DT_ABSENT
#endif
#ifndef PACKET_LOSS
#  define PACKET_LOSS DT_ABSENT
#endif
#ifndef PACKET_ORIGDEV
#  define PACKET_ORIGDEV DT_ABSENT
#endif
#ifndef PACKET_QDISC_BYPASS
#  define PACKET_QDISC_BYPASS DT_ABSENT
#endif
#ifndef PACKET_RESERVE
#  define PACKET_RESERVE DT_ABSENT
#endif
#ifndef PACKET_STATISTICS
#  define PACKET_STATISTICS DT_ABSENT
#endif
#ifndef PACKET_TIMESTAMP
#  define PACKET_TIMESTAMP DT_ABSENT
#endif
#ifndef PACKET_TX_HAS_OFF
#  define PACKET_TX_HAS_OFF DT_ABSENT
#endif
#ifndef PACKET_VERSION
#  define PACKET_VERSION DT_ABSENT
#endif
#ifndef PACKET_VNET_HDR
#  define PACKET_VNET_HDR DT_ABSENT
#endif

/* --- netlink(7) ----------------------------------------------------------- */
#ifndef NETLINK_ADD_MEMBERSHIP
#  define NETLINK_ADD_MEMBERSHIP DT_ABSENT
#endif
#ifndef NETLINK_BROADCAST_ERROR
#  define NETLINK_BROADCAST_ERROR DT_ABSENT
#endif
#ifndef NETLINK_CAP_ACK
#  define NETLINK_CAP_ACK DT_ABSENT
#endif
#ifndef NETLINK_DROP_MEMBERSHIP
#  define NETLINK_DROP_MEMBERSHIP DT_ABSENT
#endif
#ifndef NETLINK_EXT_ACK
#  define NETLINK_EXT_ACK DT_ABSENT
#endif
#ifndef NETLINK_GET_STRICT_CHK
#  define NETLINK_GET_STRICT_CHK DT_ABSENT
#endif
#ifndef NETLINK_LISTEN_ALL_NSID
#  define NETLINK_LISTEN_ALL_NSID DT_ABSENT
#endif
#ifndef NETLINK_LIST_MEMBERSHIPS
#  define NETLINK_LIST_MEMBERSHIPS DT_ABSENT
#endif
#ifndef NETLINK_NO_ENOBUFS
#  define NETLINK_NO_ENOBUFS DT_ABSENT
#endif
#ifndef NETLINK_PKTINFO
#  define NETLINK_PKTINFO DT_ABSENT
#endif

/* --- vsock(7) ------------------------------------------------------------- */
#ifndef SO_VM_SOCKETS_BUFFER_MAX_SIZE
#  define SO_VM_SOCKETS_BUFFER_MAX_SIZE DT_ABSENT
#endif
#ifndef SO_VM_SOCKETS_BUFFER_MIN_SIZE
#  define SO_VM_SOCKETS_BUFFER_MIN_SIZE DT_ABSENT
#endif
#ifndef SO_VM_SOCKETS_BUFFER_SIZE
#  define SO_VM_SOCKETS_BUFFER_SIZE DT_ABSENT
#endif
#ifndef SO_VM_SOCKETS_CONNECT_TIMEOUT
#  define SO_VM_SOCKETS_CONNECT_TIMEOUT DT_ABSENT
#endif

#endif
