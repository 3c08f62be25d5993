/*
 * poller_case.h - the frame of test_poller*.c: each case runs on every type of
 * poller that is here, with a poller of its own.
 */
#ifndef POLLER_CASE_H
#define POLLER_CASE_H

#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "poller.h"
#include "sys_fault.h"

#define SOON 2000 /* ms: long enough for what comes at once */
#define MOST 64

/* What the test that runs works with. */
static const struct dt_poller_type *type;
static struct dt_poller *poller;
static struct dt_event events[MOST];

static inline bool is(const char *name) {
  return strcmp(type->name, name) == 0;
}

/* --- sockets -------------------------------------------------------------- */

struct pair {
  int fd, peer;
  struct dt_watch watch; /* of fd */
};

static inline void make_pair(struct pair *pair) {
  int fds[2] = {-1, -1};
  CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  pair->fd = fds[0];
  pair->peer = fds[1];
  fcntl(pair->fd, F_SETFL, O_NONBLOCK);
  fcntl(pair->peer, F_SETFL, O_NONBLOCK);
  dt_watch_init(&pair->watch);
}

static inline void make_tcp_pair(struct pair *pair) {
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t length = sizeof name;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ_INT(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
  CHECK_EQ_INT(listen(listener, 1), 0);
  CHECK_EQ_INT(getsockname(listener, (struct sockaddr *)&name, &length), 0);
  pair->peer = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_EQ_INT(connect(pair->peer, (struct sockaddr *)&name, length), 0);
  pair->fd = accept(listener, NULL, NULL);
  CHECK(pair->fd >= 0);
  close(listener);
  fcntl(pair->fd, F_SETFL, O_NONBLOCK);
  fcntl(pair->peer, F_SETFL, O_NONBLOCK);
  dt_watch_init(&pair->watch);
  pair->watch.quiet = true;
}

static inline void close_peer(struct pair *pair) {
  close(pair->peer);
  pair->peer = -1;
}

static inline void drop_pair(struct pair *pair) {
  type->remove(poller, &pair->watch);
  close(pair->fd);
  if (pair->peer >= 0)
    close(pair->peer);
}

static inline void put(int fd) {
  CHECK_EQ_INT(write(fd, "x", 1), 1);
}

static inline void drain(int fd) {
  static char buffer[65536];
  while (read(fd, buffer, sizeof buffer) > 0)
    ;
}

/* Writes until nothing more is taken: TCP may have some on its way. */
static inline void fill(int fd) {
  static const char buffer[65536];
  struct pollfd entry = {.fd = fd, .events = POLLOUT};
  do {
    while (write(fd, buffer, sizeof buffer) > 0)
      ;
  } while (poll(&entry, 1, 50) > 0);
}

/* --- the poller ----------------------------------------------------------- */

static inline int want(struct pair *pair, unsigned directions) {
  return type->want(poller, &pair->watch, pair->fd, directions);
}

/* Waits once; all that was reported for the watch.  There must be nothing for
   another. */
static inline unsigned reported(const struct pair *pair, int milliseconds) {
  unsigned ready = 0;
  int count = type->wait(poller, events, MOST, milliseconds);
  CHECK(count >= 0);
  for (int i = 0; i < count; i++) {
    CHECK(events[i].watch == &pair->watch);
    ready |= events[i].ready;
  }
  return ready;
}

/* Waits until all of `ready` have been reported; what was reported beside. */
static inline unsigned reported_until(const struct pair *pair, unsigned ready) {
  unsigned all = 0;
  dt_time end = dt_deadline((dt_time)SOON * 1000000);
  while ((all & ready) != ready && dt_now() < end)
    all |= reported(pair, dt_poll_timeout(end));
  CHECK_EQ_INT(all & ready, ready);
  return all & ~ready;
}

/* Takes away what is there from before. */
static inline void settle(const struct pair *pair) {
  for (int i = 0; i < 4; i++)
    (void)reported(pair, 0);
}

/* --- running -------------------------------------------------------------- */

/* One case on one type, with a poller that leaves nothing behind. */
static inline void run_case(const char *name, void (*run)(void)) {
  char title[100];
  int fd;
  snprintf(title, sizeof title, "%s, %s", type->name, name);
  dt_fault_clear();
  poller = type->open();
  fd = type->descriptor(poller);
  check_run(title, run);
  type->close(poller);
  if (fd >= 0 && (fcntl(fd, F_GETFD) >= 0 || dt_fault_opener(fd))) {
    printf("%s: its descriptor is still open\n", title);
    check_failed++;
  }
}

static inline void run_on_each(const char *name, void (*run)(void)) {
  static const char *const names[] = {"epoll", "kqueue", "poll"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    type = dt_poller_type(names[i]);
    if (type)
      run_case(name, run);
  }
}

#define RUN_ON_EACH(test) run_on_each(#test, test)

#endif
