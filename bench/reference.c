/*
 * reference.c - the least that a C server does, which the others are compared
 * with: level-triggered epoll, one buffer, nothing stored.
 *
 *   reference echo|sink|source|udp|udpmany PORT
 *
 * sink reads and forgets; source writes "0123456789abcdef" over and over.  udp
 * is recvfrom and sendto, which block; udpmany takes and sends 64 at a time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  PIECE = 65536,
  PERIOD = 16, /* bytes, of what source writes */
  EVENTS = 256,
  CONNECTIONS = 65536,
  MANY = 64, /* datagrams */
  DATAGRAM = 2048
};

static char piece[PIECE + PERIOD];
static unsigned char written[CONNECTIONS]; /* modulo PERIOD, of each source */

static void check(int ok, const char *what) {
  if (ok)
    return;
  perror(what);
  exit(1);
}

static int open_at(int port, int type) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port)};
  int on = 1, fd = socket(AF_INET, type, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  return fd;
}

/* --- streams ------------------------------------------------------------- */

static void echo(int fd) {
  ssize_t n = recv(fd, piece, PIECE, 0);
  if (n <= 0 || send(fd, piece, (size_t)n, MSG_NOSIGNAL) != n)
    close(fd);
}

static void sink(int fd) {
  if (recv(fd, piece, PIECE, 0) <= 0)
    close(fd);
}

static void source(int fd) {
  ssize_t n = send(fd, piece + written[fd], PIECE, MSG_NOSIGNAL);
  if (n >= 0)
    written[fd] = (unsigned char)((written[fd] + n) % PERIOD);
  else
    close(fd);
}

static void watch(int epoll, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void take_all(int epoll, int listener, unsigned events) {
  int on = 1, fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
         0) {
    check(fd < CONNECTIONS, "too many connections");
    written[fd] = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, fd, events);
  }
}

static void serve(int port, unsigned events, void (*work)(int)) {
  struct epoll_event ready[EVENTS];
  int listener = open_at(port, SOCK_STREAM | SOCK_NONBLOCK), n;
  int epoll = epoll_create1(0);
  check(listen(listener, SOMAXCONN) == 0, "listen");
  watch(epoll, listener, EPOLLIN);
  while ((n = epoll_wait(epoll, ready, EVENTS, -1)) > 0)
    for (int i = 0; i < n; i++)
      if (ready[i].data.fd == listener)
        take_all(epoll, listener, events);
      else
        work(ready[i].data.fd);
}

/* --- datagrams ----------------------------------------------------------- */

static void udp(int port) {
  int fd = open_at(port, SOCK_DGRAM);
  for (;;) {
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t n =
        recvfrom(fd, piece, PIECE, 0, (struct sockaddr *)&from, &length);
    if (n >= 0)
      sendto(fd, piece, (size_t)n, 0, (struct sockaddr *)&from, length);
  }
}

static void udpmany(int port) {
  static char room[MANY][DATAGRAM];
  struct sockaddr_in from[MANY];
  struct mmsghdr messages[MANY];
  struct iovec parts[MANY];
  int fd = open_at(port, SOCK_DGRAM), n;
  for (;;) {
    for (int i = 0; i < MANY; i++) {
      parts[i] = (struct iovec){room[i], DATAGRAM};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                            .msg_namelen = sizeof from[i],
                                            .msg_iov = &parts[i],
                                            .msg_iovlen = 1};
    }
    n = recvmmsg(fd, messages, MANY, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++)
      parts[i].iov_len = messages[i].msg_len;
    if (n > 0)
      sendmmsg(fd, messages, (unsigned)n, 0);
  }
}

int main(int argc, char **argv) {
  const char *mode = argc == 3 ? argv[1] : "";
  int port = argc == 3 ? atoi(argv[2]) : 0;
  for (size_t i = 0; i < sizeof piece; i++)
    piece[i] = "0123456789abcdef"[i % PERIOD];
  if (!strcmp(mode, "echo"))
    serve(port, EPOLLIN, echo);
  else if (!strcmp(mode, "sink"))
    serve(port, EPOLLIN, sink);
  else if (!strcmp(mode, "source"))
    serve(port, EPOLLOUT, source);
  else if (!strcmp(mode, "udp"))
    udp(port);
  else if (!strcmp(mode, "udpmany"))
    udpmany(port);
  fprintf(stderr, "usage: reference echo|sink|source|udp|udpmany PORT\n");
  return 2;
}
