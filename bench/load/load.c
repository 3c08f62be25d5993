/*
 * load.c - the load of bench/compare and bench/table: starts a server, plays
 * its clients, and reports the CPU time that the server took for them.  One
 * thread, epoll, bounded in time; every byte that comes back is compared.
 * Stands on child.c, stream.c and datagram.c.
 *
 *   load MODE [SETTING=NUMBER]... -- COMMAND [ARGUMENT]...
 *
 * "%p" in COMMAND stands for the port of 127.0.0.1 to serve.  Modes, and what
 * they count as one operation:
 *
 *   echo     a request of `bytes`, and the same bytes back
 *   lines    a batch of 64 lines of 32 bytes, answered line by line
 *   connect  connect, echo `bytes`, close; `connections` at a time
 *   sink     a megabyte (10^6 bytes) into the server
 *   source   a megabyte out of it: "0123456789abcdef" over and over
 *   udp      a datagram of `bytes`, and the same back
 *   udpmany  the same in bursts of 32
 *
 * Settings: connections=100, bytes=64, seconds=1, warm=0.2 (seconds of load
 * before the measurement), idle=0 (connections besides, that echo once and
 * stay).  It prints one line of NAME=NUMBER; the status is 1 when bytes were
 * wrong or connections lost, 2 when there was no measurement.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  LINE = 32,
  LINES = 64,        /* in a batch */
  BATCHES = 16,      /* different batches */
  PERIOD = 251,      /* different requests: a prime */
  HANDSHAKES = 256,  /* at a time, so that no backlog overflows */
  OPEN_SECONDS = 30, /* for all connections to come up */
  EVENTS = 256
};

/* --- the run ------------------------------------------------------------- */

static const struct mode modes[] = {
    {"echo", SOCK_STREAM, echo_begin, 1, PERIOD, 0},
    {"lines", SOCK_STREAM, echo_begin, LINE, BATCHES, 0},
    {"connect", SOCK_STREAM, connect_begin, 1, PERIOD, 0},
    {"sink", SOCK_STREAM, sink_begin, 1, 1, 0},
    {"source", SOCK_STREAM, source_begin, 1, 1, 0},
    {"udp", SOCK_DGRAM, udp_begin, 1, PERIOD, 1},
    {"udpmany", SOCK_DGRAM, udp_begin, 1, PERIOD, BURST},
};

/* Handles events until `end`, or with `opening` only until nobody is. */
static void run(struct load *load, uint64_t end, int opening) {
  struct epoll_event events[EVENTS];
  uint64_t time, check = now() + RESEND_MS * (uint64_t)MS;
  while ((time = now()) < end && (!opening || load->opening > 0)) {
    uint64_t left = (end - time) / MS;
    int n =
        epoll_wait(load->epoll, events, EVENTS, left < 100 ? (int)left : 100);
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      if (client->fd >= 0)
        client->ready(load, client, events[i].events);
    }
    if (load->mode->type == SOCK_DGRAM && time > check) {
      udp_resend(load);
      check = time + RESEND_MS * (uint64_t)MS;
    }
  }
}

/* Opens `count` more clients, some at a time, each of which begins with
   `begin` as soon as it can. */
static void open_clients(struct load *load, size_t count, handler *begin) {
  uint64_t end = now() + (uint64_t)OPEN_SECONDS * 1000 * MS;
  size_t all = load->opened + count;
  while (load->opened < all) {
    for (size_t i = 0; i < HANDSHAKES && load->opened < all; i++) {
      load->clients[load->opened].begin = begin;
      load->opening++;
      open_client(load, &load->clients[load->opened++]);
    }
    run(load, end, 1);
    if (load->opening)
      die("not all connections came up in time");
  }
}

/* The microseconds that a `share` of the operations did not exceed. */
static size_t quantile(const struct load *load, double share) {
  uint64_t all = 0, seen = 0;
  size_t us = 0;
  for (size_t i = 0; i < SLOWEST; i++)
    all += load->times[i];
  while (us < SLOWEST - 1 &&
         (double)(seen += load->times[us]) < share * (double)all)
    us++;
  return us;
}

static void report(const struct load *load, uint64_t ns, uint64_t cpu,
                   double idle_kib) {
  double count = (double)load->operations;
  if (!load->operations)
    count = (double)load->moved / 1e6;
  printf("operations=%.0f per_second=%.0f cpu_us=%.4f busy=%.3f p50_us=%zu "
         "p99_us=%zu peak_kib=%ld idle_kib=%.3f lost=%llu errors=%llu\n",
         count, count * 1e9 / (double)ns, (double)cpu / 1e3 / count,
         (double)cpu / (double)ns, quantile(load, 0.5), quantile(load, 0.99),
         child_memory(&load->child, "VmHWM:"), idle_kib,
         (unsigned long long)load->lost, (unsigned long long)load->errors);
}

/* Idle clients first, then the load, a moment for the server to get warm, and
   the measurement.  The program's status. */
static int measure(struct load *load) {
  double idle_kib = 0;
  uint64_t start, cpu;
  if (load->idle) {
    long before = child_memory(&load->child, "VmRSS:");
    open_clients(load, load->idle, idle_begin);
    idle_kib = (double)(child_memory(&load->child, "VmRSS:") - before) /
               (double)load->idle;
  }
  open_clients(load, load->connections, load->mode->begin);
  run(load, now() + (uint64_t)(load->warm * 1e9), 0);
  load->operations = load->moved = 0;
  memset(load->times, 0, sizeof load->times);
  start = now();
  cpu = child_cpu(&load->child);
  run(load, start + (uint64_t)(load->seconds * 1e9), 0);
  cpu = child_cpu(&load->child) - cpu;
  if (child_ended(&load->child))
    return 2;
  if (load->operations + load->moved == 0) {
    fprintf(stderr, "load: the server did nothing\n");
    return 2;
  }
  report(load, now() - start, cpu, idle_kib);
  return load->errors != 0;
}

/* --- settings ------------------------------------------------------------ */

static _Noreturn void usage(void) {
  fprintf(stderr,
          "usage: load echo|lines|connect|sink|source|udp|udpmany\n"
          "       [connections=N] [bytes=N] [seconds=S] [warm=S] [idle=N]\n"
          "       -- COMMAND [ARGUMENT]...    (%%p: the port)\n");
  exit(2);
}

/* The number in "name=number"; negative when `setting` is another one. */
static double number(const char *setting, const char *name) {
  size_t length = strlen(name);
  if (strncmp(setting, name, length) != 0 || setting[length] != '=')
    return -1;
  return strtod(setting + length + 1, NULL);
}

static void set(struct load *load, const char *setting) {
  double value;
  if ((value = number(setting, "connections")) >= 0)
    load->connections = (size_t)value;
  else if ((value = number(setting, "bytes")) >= 0)
    load->bytes = (size_t)value;
  else if ((value = number(setting, "idle")) >= 0)
    load->idle = (size_t)value;
  else if ((value = number(setting, "seconds")) >= 0)
    load->seconds = value;
  else if ((value = number(setting, "warm")) >= 0)
    load->warm = value;
  else
    usage();
}

/* What is sent, and room for what comes. */
static void fill(struct load *load) {
  const struct mode *mode = load->mode;
  size_t size;
  int lines = !strcmp(mode->name, "lines"),
      source = !strcmp(mode->name, "source");
  if (lines)
    load->bytes = (size_t)LINE * LINES;
  size = load->bytes + mode->turns * mode->step + GULP + SOURCE_PERIOD;
  load->text = malloc(size);
  load->received = malloc(GULP + (load->bytes + 1) * BURST);
  if (!load->text || !load->received)
    die("memory");
  for (size_t i = 0; i < size; i++)
    if (source)
      load->text[i] = "0123456789abcdef"[i % SOURCE_PERIOD];
    else if (lines)
      load->text[i] =
          i % LINE == LINE - 1 ? '\n' : (char)('a' + (i / LINE + i) % 16);
    else
      load->text[i] = (char)(i % PERIOD);
}

/* Descriptors for all clients, and as many for the server. */
static void raise_limit(size_t clients) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < clients + 64)
    die("too few descriptors are allowed (ulimit -n)");
}

int main(int argc, char **argv) {
  static struct load load = {
      .connections = 100, .bytes = 64, .seconds = 1, .warm = 0.2};
  int i, status;
  for (size_t m = 0; argc > 1 && m < sizeof modes / sizeof *modes; m++)
    if (!strcmp(argv[1], modes[m].name))
      load.mode = &modes[m];
  for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
    set(&load, argv[i]);
  if (!load.mode || i + 1 >= argc || !load.connections || !load.bytes)
    usage();
  raise_limit(load.idle + load.connections);
  fill(&load);
  load.clients = calloc(load.idle + load.connections, sizeof *load.clients);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!load.clients || load.epoll < 0)
    die("epoll_create1");
  child_start(&load.child, load.mode->type, argv + i + 1);
  child_ready(&load.child);
  status = measure(&load);
  child_stop(&load.child);
  return status;
}
