/*
 * pair.c - the C side of bench/pair: the least that a blocking program does.
 *
 *   pair serve echo|bulk    listens, prints its port, and sends back all that
 *                           comes, or swallows it in pieces of 64 KiB
 *   pair echo PORT N        N round trips of 64 bytes
 *   pair bulk PORT N        N pieces of 64 KiB out
 *
 * Each prints in the end the CPU time that it took for that, in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, LINE = 64 };

static char piece[PIECE];

static void check(int ok, const char *what) {
  if (ok)
    return;
  perror(what);
  exit(1);
}

static double cpu(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void send_all(int fd, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = send(fd, piece + done, size - done, MSG_NOSIGNAL);
    check(n > 0, "send");
    done += (size_t)n;
  }
}

static void receive_all(int fd, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = recv(fd, piece, size - done, 0);
    check(n > 0, "recv");
    done += (size_t)n;
  }
}

static int open_socket(void) {
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  check(fd >= 0, "socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int served(int argc, char **argv) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int listener = open_socket(), fd, echo = argc > 2 && argv[2][0] == 'e';
  double before;
  ssize_t n;
  check(bind(listener, (struct sockaddr *)&address, length) == 0, "bind");
  check(listen(listener, 1) == 0, "listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  fd = accept(listener, NULL, NULL);
  check(fd >= 0, "accept");
  before = cpu();
  while ((n = recv(fd, piece, PIECE, 0)) > 0)
    if (echo)
      send_all(fd, (size_t)n);
  printf("%.0f\n", cpu() - before);
  return 0;
}

int main(int argc, char **argv) {
  struct sockaddr_in address;
  double before;
  int fd;
  if (argc > 1 && !strcmp(argv[1], "serve"))
    return served(argc, argv);
  check(argc == 4, "usage: pair serve MODE | echo|bulk PORT N");
  address = loopback(atoi(argv[2]));
  fd = open_socket();
  check(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
        "connect");
  before = cpu();
  for (long count = atol(argv[3]); count > 0; count--) {
    if (argv[1][0] == 'e') {
      send_all(fd, LINE);
      receive_all(fd, LINE);
    } else {
      send_all(fd, PIECE);
    }
  }
  printf("%.0f\n", cpu() - before);
}
