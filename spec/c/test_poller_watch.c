/*
 * test_poller_watch.c - csrc/poller*.c: registering, many watches, waiting, and
 * the system calls.  What is reported: test_poller.c.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "poller_case.h"

/* --- registering --------------------------------------------------------- */

static void check_removed(struct pair *pair, unsigned directions) {
  int copy;
  fill(pair->fd);
  CHECK_EQ_INT(want(pair, directions), 0);
  settle(pair);
  copy = dup(pair->fd);
  type->remove(poller, &pair->watch);
  CHECK_EQ_INT(pair->watch.fd, -1);
  CHECK_EQ_INT(pair->watch.registered, 0);
  close(pair->fd);
  put(pair->peer);
  drain(pair->peer);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  close(pair->peer);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  close(copy);
}

static void a_removed_watch_is_not_reported(void) {
  struct pair pair;
  make_pair(&pair);
  check_removed(&pair, DT_READ);
  make_pair(&pair);
  check_removed(&pair, DT_READ | DT_WRITE);
  make_tcp_pair(&pair);
  check_removed(&pair, DT_READ | DT_WRITE);
}

static void removing_forgets_and_is_harmless_twice(void) {
  struct pair pair;
  make_pair(&pair);
  type->remove(poller, &pair.watch); /* never registered */
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  pair.watch.unready = DT_READ;
  pair.watch.ended = true;
  type->remove(poller, &pair.watch);
  CHECK_EQ_INT(pair.watch.unready, 0);
  CHECK(!pair.watch.ended);
  type->remove(poller, &pair.watch);
  put(pair.peer);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  CHECK_EQ_INT(want(&pair, DT_READ), 0); /* and back */
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  drop_pair(&pair);
}

static void a_number_may_be_used_again(void) {
  struct pair old, fresh;
  make_pair(&old);
  make_pair(&fresh);
  CHECK_EQ_INT(want(&old, DT_READ | DT_WRITE), 0);
  settle(&old);
  type->remove(poller, &old.watch);
  CHECK_EQ_INT(dup2(fresh.fd, old.fd), old.fd); /* which closes it */
  close(fresh.fd);
  fresh.fd = old.fd;
  CHECK_EQ_INT(want(&fresh, DT_READ), 0);
  put(fresh.peer);
  CHECK_EQ_INT(reported(&fresh, SOON), DT_READ);
  type->remove(poller, &old.watch); /* once more: not the other's */
  drain(fresh.fd);
  put(fresh.peer);
  CHECK_EQ_INT(reported(&fresh, SOON), DT_READ);
  drop_pair(&fresh);
  close(old.peer);
}

/* Closed without being removed, and the number is another's before it is. */
static void who_has_lost_a_number_leaves_it_alone(void) {
  struct pair old, fresh;
  make_pair(&old);
  make_pair(&fresh);
  CHECK_EQ_INT(want(&old, DT_READ), 0);
  CHECK_EQ_INT(dup2(fresh.fd, old.fd), old.fd);
  close(fresh.fd);
  fresh.fd = old.fd;
  CHECK_EQ_INT(want(&fresh, DT_READ), 0);
  type->remove(poller, &old.watch);
  put(fresh.peer);
  CHECK_EQ_INT(reported(&fresh, SOON), DT_READ);
  drop_pair(&fresh);
  close(old.peer);
}

/* Closed without being removed, while a duplicate keeps the registration: what
   it reports is nobody's, and its number is free for another. */
static void a_close_behind_our_back_does_no_harm(void) {
  struct pair old, fresh;
  int copy, count;
  if (!is("epoll")) {
    CHECK(true); /* kqueue forgets what is closed, poll asks each time */
    return;
  }
  make_pair(&old);
  make_pair(&fresh);
  CHECK_EQ_INT(want(&old, DT_READ), 0);
  copy = dup(old.fd);
  CHECK_EQ_INT(dup2(fresh.fd, old.fd), old.fd);
  close(fresh.fd);
  fresh.fd = old.fd;
  CHECK_EQ_INT(want(&fresh, DT_READ), 0);
  put(old.peer);
  count = type->wait(poller, events, MOST, SOON);
  CHECK_EQ_INT(count, 1);
  CHECK(events[0].watch == NULL);
  type->remove(poller, &old.watch); /* must leave the other's alone */
  put(fresh.peer);
  CHECK_EQ_INT(reported(&fresh, SOON), DT_READ);
  drop_pair(&fresh);
  /* the first one's file comes back to the number */
  old.fd = dup2(copy, old.fd);
  CHECK_EQ_INT(want(&old, DT_READ), 0);
  (void)reported_until(&old, DT_READ);
  close(copy);
  drop_pair(&old);
}

static void a_descriptor_that_is_not_open_is_an_error(void) {
  struct pair pair;
  make_pair(&pair);
  close(pair.fd);
  if (type->level) { /* found out by who tries it */
    CHECK_EQ_INT(want(&pair, DT_READ), 0);
    CHECK_EQ_INT(reported(&pair, SOON), DT_READ | DT_ENDED);
    type->remove(poller, &pair.watch);
  } else {
    CHECK_EQ_INT(want(&pair, DT_READ), EBADF);
    CHECK_EQ_INT(pair.watch.fd, -1);
    CHECK_EQ_INT(pair.watch.registered, 0);
    CHECK_EQ_INT(type->want(poller, &pair.watch, -1, DT_READ), EBADF);
  }
  close(pair.peer);
}

static void a_regular_file_is_always_ready(void) {
  FILE *file = tmpfile();
  struct pair pair = {.fd = dup(fileno(file)), .peer = -1};
  dt_watch_init(&pair.watch);
  if (is("epoll")) {
    CHECK_EQ_INT(want(&pair, DT_READ), EPERM);
    CHECK_EQ_INT(pair.watch.fd, -1);
  } else if (is("poll")) {
    CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
    CHECK_EQ_INT(reported(&pair, SOON), DT_READ | DT_WRITE);
  } else {
    CHECK(true); /* kqueue: as the system has it */
  }
  fclose(file);
  drop_pair(&pair);
}

/* --- many ---------------------------------------------------------------- */

static void allow_descriptors(rlim_t count) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count) {
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

/* Whose watch it is; `count`: nobody's. */
static int owner(const struct pair *list, int count,
                 const struct dt_watch *watch) {
  int i = 0;
  while (i < count && &list[i].watch != watch)
    i++;
  return i;
}

/* Waits until nothing more comes; marks each watch's slot of `seen`, and says
   how many there were that are marked already, or are nobody's. */
static int collect(const struct pair *list, int count, int most, bool *seen) {
  int bad = 0, got;
  memset(seen, 0, (size_t)count);
  while ((got = type->wait(poller, events, most, 0)) > 0) {
    for (int i = 0; i < got; i++) {
      int which = owner(list, count, events[i].watch);
      if (which == count || seen[which]) {
        bad++;
      } else {
        seen[which] = true;
        drain(list[which].fd);
      }
    }
  }
  return bad;
}

static void thousands_are_reported_each(void) {
  enum { COUNT = 2000 };
  struct pair *list = calloc(COUNT, sizeof *list);
  bool *seen = calloc(COUNT, sizeof *seen);
  int wrong = 0;
  for (int i = 0; i < COUNT; i++) {
    make_pair(&list[i]);
    wrong += want(&list[i], DT_READ) != 0;
  }
  for (int step = 1; step <= 1000; step *= 10) {
    for (int i = 0; i < COUNT; i += step)
      wrong += write(list[i].peer, "x", 1) != 1;
    wrong += collect(list, COUNT, MOST, seen);
    for (int i = 0; i < COUNT; i++)
      wrong += seen[i] != (i % step == 0);
  }
  for (int i = 0; i < COUNT; i += 2) /* every other one goes */
    type->remove(poller, &list[i].watch);
  for (int i = 0; i < COUNT; i++)
    wrong += write(list[i].peer, "x", 1) != 1;
  wrong += collect(list, COUNT, MOST, seen);
  for (int i = 0; i < COUNT; i++)
    wrong += seen[i] != (i % 2 == 1);
  CHECK_EQ_INT(wrong, 0);
  for (int i = 0; i < COUNT; i++)
    drop_pair(&list[i]);
  free(seen);
  free(list);
}

/* More are ready, and stay so, than one wait reports. */
static void everybody_has_a_turn(void) {
  enum { COUNT = 12, AT_ONCE = 4 };
  struct pair list[COUNT];
  bool seen[COUNT] = {false};
  int missing = COUNT;
  for (int i = 0; i < COUNT; i++) {
    make_pair(&list[i]);
    CHECK_EQ_INT(want(&list[i], DT_READ), 0);
    put(list[i].peer);
  }
  for (int round = 0; round < COUNT && missing > 0; round++) {
    int count = type->wait(poller, events, AT_ONCE, 0);
    CHECK(count > 0 && count <= AT_ONCE);
    for (int i = 0; i < count; i++) {
      int which = owner(list, COUNT, events[i].watch);
      if (which < COUNT && !seen[which]) {
        seen[which] = true;
        missing--;
      }
    }
  }
  CHECK_EQ_INT(missing, 0);
  for (int i = 0; i < COUNT; i++)
    drop_pair(&list[i]);
}

/* --- waiting ------------------------------------------------------------- */

static void a_wait_lasts_as_long_as_it_may(void) {
  struct pair pair;
  dt_time before = dt_now();
  CHECK_EQ_INT(type->wait(poller, events, MOST, 30),
               0); /* nothing registered */
  CHECK(dt_now() - before >= 30 * 1000000LL);
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  before = dt_now();
  CHECK_EQ_INT(type->wait(poller, events, MOST, 30), 0);
  CHECK(dt_now() - before >= 30 * 1000000LL);
  put(pair.peer);
  CHECK_EQ_INT(reported(&pair, -1), DT_READ);
  drop_pair(&pair);
}

static void on_alarm(int signal) {
  (void)signal;
}

static void a_wait_without_end_is_ended_by_a_signal(void) {
  const struct itimerval none = {{0, 0}, {0, 0}};
  const struct itimerval often = {{0, 20000}, {0, 20000}}; /* or it is missed */
  const struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  CHECK_EQ_INT(type->wait(poller, events, MOST, -1), -1);
  CHECK_EQ_INT(errno, EINTR);
  setitimer(ITIMER_REAL, &none, NULL);
}

static void its_descriptor_is_readable_when_there_are_events(void) {
  struct pair pair;
  struct pollfd entry = {.fd = type->descriptor(poller), .events = POLLIN};
  if (type->level) {
    CHECK_EQ_INT(entry.fd, -1);
    return;
  }
  CHECK(fcntl(entry.fd, F_GETFD) & FD_CLOEXEC);
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(poll(&entry, 1, 0), 0);
  put(pair.peer);
  CHECK_EQ_INT(poll(&entry, 1, SOON), 1);
  CHECK_EQ_INT(reported(&pair, 0), DT_READ);
  CHECK_EQ_INT(poll(&entry, 1, 0), 0);
  drop_pair(&pair);
}

/* --- system calls -------------------------------------------------------- */

static const struct calls {
  const char *name, *open, *change, *wait;
} all_calls[] = {
    {"epoll", "epoll_create", "epoll_ctl", "epoll_wait"},
    {"kqueue", "kqueue", "kevent", "kevent"},
    {"poll", NULL, NULL, "poll"},
};

static const struct calls *calls(void) {
  const struct calls *entry = all_calls;
  while (!is(entry->name))
    entry++;
  return entry;
}

static void tcp_is_registered_by_one_call(void) {
  struct pair pair;
  if (!is("epoll")) {
    CHECK(true); /* kqueue: one for each writer; poll: none */
    return;
  }
  make_tcp_pair(&pair);
  dt_fault_clear();
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
  CHECK_EQ_INT(want(&pair, DT_WRITE), 0);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(dt_fault_count("epoll_ctl"), 1);
  CHECK_EQ_INT(pair.watch.registered, DT_READ | DT_WRITE);
  drop_pair(&pair);
}

static void a_reader_is_registered_by_one_call(void) {
  struct pair pair;
  make_pair(&pair);
  if (calls()->change) {
    dt_fault_clear();
    for (int i = 0; i < 3; i++)
      CHECK_EQ_INT(want(&pair, DT_READ), 0);
    CHECK_EQ_INT(dt_fault_count(calls()->change), 1);
  } else {
    CHECK_EQ_INT(want(&pair, DT_READ), 0);
  }
  drop_pair(&pair);
}

static void a_poller_that_cannot_be_opened_says_why(void) {
  const char *call = calls()->open;
  if (!call) {
    CHECK(true);
    return;
  }
  dt_fault_plan(call, 1, 1, EMFILE, 0);
  errno = 0;
  CHECK(type->open() == NULL);
  CHECK_EQ_INT(errno, EMFILE);
}

static void a_failed_registration_changes_nothing(void) {
  const char *call = calls()->change;
  for (int nth = 1; call && nth <= 2; nth++) {
    struct pair pair;
    int error;
    make_pair(&pair);
    put(pair.peer);
    dt_fault_plan(call, nth, 1, ENOMEM, 0);
    error = want(&pair, DT_READ | DT_WRITE);
    dt_fault_clear();
    if (nth == 1 || error != 0) { /* the second is kqueue's alone */
      CHECK_EQ_INT(error, ENOMEM);
      CHECK_EQ_INT(pair.watch.fd, -1);
      CHECK_EQ_INT(pair.watch.registered, 0);
      CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
      CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
    }
    (void)reported_until(&pair, DT_READ | DT_WRITE);
    drop_pair(&pair);
  }
  CHECK(true);
}

static void a_failed_wait_says_why(void) {
  static const int errors[] = {EINTR, ENOMEM};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    dt_fault_plan(calls()->wait, 1, 1, errors[i], 0);
    errno = 0;
    CHECK_EQ_INT(type->wait(poller, events, MOST, 0), -1);
    CHECK_EQ_INT(errno, errors[i]);
    CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  }
}

/* --- the types
 * ---------------------------------------------------------------- */

static void types_are_known_by_name(void) {
  char names[100], *name;
  CHECK(strlen(dt_poller_names()) < sizeof names);
  snprintf(names, sizeof names, "%s", dt_poller_names());
  name = strtok(names, ", ");
  CHECK(dt_poller_type(NULL) == dt_poller_type(name)); /* the best is first */
  for (; name; name = strtok(NULL, ", "))
    if (dt_poller_type(name))
      CHECK_EQ_STR(dt_poller_type(name)->name, name);
    else
      CHECK(dt_poller_type(name));
  CHECK(dt_poller_type("poll"));
  CHECK(!dt_poller_type("select"));
  CHECK(!dt_poller_type(""));
  CHECK(!dt_poller_type("epoll, kqueue"));
}

int main(void) {
  allow_descriptors(4200);
  RUN(types_are_known_by_name);
  RUN_ON_EACH(a_removed_watch_is_not_reported);
  RUN_ON_EACH(removing_forgets_and_is_harmless_twice);
  RUN_ON_EACH(a_number_may_be_used_again);
  RUN_ON_EACH(who_has_lost_a_number_leaves_it_alone);
  RUN_ON_EACH(a_close_behind_our_back_does_no_harm);
  RUN_ON_EACH(a_descriptor_that_is_not_open_is_an_error);
  RUN_ON_EACH(a_regular_file_is_always_ready);
  RUN_ON_EACH(thousands_are_reported_each);
  RUN_ON_EACH(everybody_has_a_turn);
  RUN_ON_EACH(a_wait_lasts_as_long_as_it_may);
  RUN_ON_EACH(a_wait_without_end_is_ended_by_a_signal);
  RUN_ON_EACH(its_descriptor_is_readable_when_there_are_events);
  RUN_ON_EACH(tcp_is_registered_by_one_call);
  RUN_ON_EACH(a_reader_is_registered_by_one_call);
  RUN_ON_EACH(a_poller_that_cannot_be_opened_says_why);
  RUN_ON_EACH(a_failed_registration_changes_nothing);
  RUN_ON_EACH(a_failed_wait_says_why);
  return check_summary();
}
