/*
 * client.h - one connection of the load, or one datagram socket, and what all
 * of them share.  A client is its descriptor and two functions: `begin` when it
 * is connected, `ready` at each event.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "child.h"

#include <stddef.h>
#include <stdint.h>

#define MS 1000000u /* nanoseconds */

enum {
  SOURCE_PERIOD = 16, /* bytes, of what a source sends */
  PIECE = 65536,      /* one send of bulk */
  GULP = 262144,      /* one receive of bulk */
  BURST = 32,         /* datagrams */
  RESEND_MS = 200,    /* a datagram without an answer is lost then */
  SLOWEST = 1 << 17   /* microseconds that the quantiles can tell apart */
};

struct load;
struct client;

typedef void handler(struct load *load, struct client *client, uint32_t events);

struct client {
  int fd; /* -1 after a fault */
  handler *begin;
  handler *ready;
  unsigned up;   /* it has been connected, at least once */
  unsigned turn; /* which of the different requests */
  size_t sent, got;
  uint64_t since; /* when the request began */
};

struct mode {
  const char *name;
  int type;
  handler *begin;
  size_t step, turns; /* request number i begins at text + i % turns * step */
  unsigned burst;     /* datagrams in one request */
};

struct load {
  const struct mode *mode;
  size_t connections, bytes, idle; /* the settings: see load.c */
  double seconds, warm;
  struct child child;
  int epoll;
  char *text, *received;
  struct client *clients; /* the idle ones, then the active ones */
  size_t opened, opening; /* begun to connect; of these, not yet up */
  uint64_t operations, moved, errors, lost;
  uint32_t times[SLOWEST]; /* how many operations took so many microseconds */
};

/* Begins to connect.  When such a socket is closed it sends a reset, so that no
   port is left in TIME-WAIT and a long run does not use them up. */
void open_client(struct load *load, struct client *client);

/* Counts an error, names the first one on the standard error, and closes. */
void fault(struct load *load, struct client *client, const char *what);

/* epoll_ctl(2). */
void watch(struct load *load, struct client *client, int how, uint32_t events);

/* Counts a request as answered: `count` operations.  The next one begins. */
void completed(struct load *load, struct client *client, unsigned count);

/* What the request consists of; it differs from one turn to the next, so that
   neither an old answer nor another client's passes for the right one. */
const char *request(const struct load *load, const struct client *client);

/* stream.c */
handler echo_begin, connect_begin, idle_begin, sink_begin, source_begin;

/* datagram.c */
handler udp_begin;
void udp_resend(struct load *load); /* asks again where no answer came */

#endif
