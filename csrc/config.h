/*
 * config.h - what this system has.  Every C file includes it first, since it
 * also asks the C library for its extensions.
 *
 * This is the only file with an #if on an operating system: all others test
 * the DT_HAVE_ macros below, or names the system itself defines (SO_MARK).
 */
#ifndef DT_CONFIG_H
#define DT_CONFIG_H

#ifndef _GNU_SOURCE
#  define _GNU_SOURCE 1
#endif
#ifdef __APPLE__
#  define _DARWIN_C_SOURCE     1
#  define _XOPEN_SOURCE        700 /* ucontext.h, and its whole struct */
#  define __APPLE_USE_RFC_3542 1   /* IPV6_PKTINFO as the RFC has it */
#endif

#include <sys/types.h>

#if defined(__linux__)
#  define DT_HAVE_PACKET        1 /* AF_PACKET, struct sockaddr_ll */
#  define DT_HAVE_NETLINK       1 /* AF_NETLINK, struct sockaddr_nl */
#  define DT_HAVE_VSOCK         1 /* AF_VSOCK, struct sockaddr_vm */
#  define DT_HAVE_ABSTRACT      1 /* unix names outside the file system */
#  define DT_HAVE_SENDFILE      1 /* sendfile(out, in, &offset, count) */
#  define DT_HAVE_SPLICE        1 /* splice(2) between sockets and pipes */
#  define DT_HAVE_LINUX_TCPINFO 1
#  define DT_HAVE_CBPF          1 /* struct sock_filter, SO_ATTACH_FILTER */
#  define DT_HAVE_UCRED         1 /* struct ucred, SO_PEERCRED, SCM_CREDENTIALS */
#  define DT_HAVE_IP_MREQN      1
#  define DT_HAVE_IN_PKTINFO    1 /* struct in_pktinfo with ipi_spec_dst */
#  define DT_HAVE_EXTENDED_ERR  1 /* struct sock_extended_err, MSG_ERRQUEUE */
#  define DT_ACCEPT_INHERITS    1 /* SO_RCVTIMEO and SO_SNDTIMEO */
#  define DT_CONNECT_SETTLES    1 /* see mod_connect.c */
#  define DT_HAVE_SIOCOUTQ      1
#  define DT_HAVE_PIDFD         1 /* SCM_PIDFD, which few headers have yet */
#  define DT_HAVE_EPOLL         1
#elif defined(__FreeBSD__)
#  define DT_HAVE_SA_LEN   1 /* struct sockaddr begins with its length */
#  define DT_HAVE_IP_MREQN 1
#elif defined(__APPLE__)
#  define DT_HAVE_SA_LEN     1
#  define DT_HAVE_IP_MREQN   1
#  define DT_HAVE_IN_PKTINFO 1
#elif defined(__OpenBSD__) || defined(__NetBSD__) || defined(__DragonFly__)
#  define DT_HAVE_SA_LEN 1
#endif

#if defined(__linux__) || defined(__FreeBSD__) || defined(__OpenBSD__) ||      \
    defined(__NetBSD__) || defined(__DragonFly__)
#  define DT_HAVE_ACCEPT4 1 /* and SOCK_CLOEXEC, SOCK_NONBLOCK */
#endif
#if defined(__linux__) || defined(__FreeBSD__) || defined(__NetBSD__)
#  define DT_HAVE_MMSG 1 /* sendmmsg, recvmmsg */
#endif
/* makecontext(3) and its kin: gone from POSIX, musl and OpenBSD. */
#if (defined(__linux__) && defined(__GLIBC__)) || defined(__FreeBSD__) ||      \
    defined(__NetBSD__) || defined(__APPLE__)
#  define DT_HAVE_UCONTEXT 1
#endif
/* mmap's MAP_STACK asks for a stack of the given size.  FreeBSD's makes one
   that grows by itself, with a guard of its own. */
#if defined(__linux__) || defined(__NetBSD__)
#  define DT_HAVE_MAP_STACK 1
#endif
#if defined(__FreeBSD__) || defined(__APPLE__) || defined(__OpenBSD__) ||      \
    defined(__NetBSD__) || defined(__DragonFly__) ||                           \
    defined(DIALTONE_KQUEUE_SHIM) /* the test build's imitation */
#  define DT_HAVE_KQUEUE 1
#endif

/* Names shared between our files are no business of whoever loads the module:
   headers wrap their prototypes in these two. */
#if defined(__GNUC__)
#  define DT_INTERNAL_BEGIN _Pragma("GCC visibility push(hidden)")
#  define DT_INTERNAL_END   _Pragma("GCC visibility pop")
#  define DT_EXPORT         __attribute__((visibility("default")))
#else
#  define DT_INTERNAL_BEGIN
#  define DT_INTERNAL_END
#  define DT_EXPORT
#endif

#endif
