/*
 * test_poller.c - csrc/poller*.c: what is reported.  A poller of edges must
 * report each change, one of levels what is wanted and nothing else.
 */
#include "config.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "poller_case.h"

/* --- reading ------------------------------------------------------------- */

static void data_is_reported(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(pair.watch.fd, pair.fd);
  CHECK_EQ_INT(pair.watch.registered, DT_READ);
  put(pair.peer);
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  drop_pair(&pair);
}

static void data_from_before_is_reported(void) {
  struct pair pair;
  make_pair(&pair);
  put(pair.peer);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  drop_pair(&pair);
}

static void nothing_is_reported_without_data(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  put(pair.peer);
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  drain(pair.fd);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  drop_pair(&pair);
}

static void new_data_is_reported_again(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  for (int i = 0; i < 3; i++) { /* the old is still there */
    put(pair.peer);
    CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  }
  for (int i = 0; i < 3; i++) { /* it is not */
    drain(pair.fd);
    put(pair.peer);
    CHECK_EQ_INT(want(&pair, DT_READ), 0);
    CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  }
  drop_pair(&pair);
}

static void old_data_is_a_level_and_no_edge(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  put(pair.peer);
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  CHECK_EQ_INT(reported(&pair, 0), type->level ? DT_READ : 0);
  drop_pair(&pair);
}

/* --- writing ------------------------------------------------------------- */

static void check_room(struct pair *pair) {
  fill(pair->fd);
  CHECK_EQ_INT(want(pair, DT_WRITE), 0);
  CHECK(pair->watch.registered & DT_WRITE);
  CHECK_EQ_INT(reported(pair, 0) & DT_WRITE, 0);
  for (int i = 0; i < 3; i++) {
    drain(pair->peer);
    (void)reported_until(pair, DT_WRITE);
    fill(pair->fd); /* and the same again */
    CHECK_EQ_INT(want(pair, DT_WRITE), 0);
    settle(pair); /* room that came and went while it was filled */
    CHECK_EQ_INT(want(pair, DT_WRITE), 0);
  }
  drop_pair(pair);
}

static void room_after_none_is_reported(void) {
  struct pair pair;
  make_pair(&pair);
  check_room(&pair);
}

static void room_after_none_is_reported_for_tcp(void) {
  struct pair pair;
  make_tcp_pair(&pair);
  check_room(&pair);
}

static void room_is_reported_to_who_asks_late(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
    CHECK_EQ_INT(reported(&pair, SOON), DT_WRITE);
    CHECK_EQ_INT(want(&pair, DT_READ), 0); /* nobody asks any more */
    CHECK_EQ_INT(pair.watch.registered, DT_READ);
    put(pair.fd);
    drain(pair.peer);
    CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  }
  put(pair.peer);
  CHECK_EQ_INT(reported(&pair, SOON), DT_READ);
  drop_pair(&pair);
}

static void both_directions_are_reported(void) {
  struct pair pair;
  make_pair(&pair);
  put(pair.peer);
  CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
  CHECK_EQ_INT(reported_until(&pair, DT_READ | DT_WRITE), 0);
  drop_pair(&pair);
}

static void a_reader_does_not_end_what_a_writer_waits_for(void) {
  struct pair pair;
  make_pair(&pair);
  fill(pair.fd);
  CHECK_EQ_INT(want(&pair, DT_WRITE), 0);
  CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
  settle(&pair);
  put(pair.peer);
  CHECK_EQ_INT(reported_until(&pair, DT_READ), 0);
  drain(pair.fd);
  drain(pair.peer);
  (void)reported_until(&pair, DT_WRITE);
  drop_pair(&pair);
}

static void a_writer_does_not_end_what_a_reader_waits_for(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  CHECK_EQ_INT(want(&pair, type->level ? DT_READ | DT_WRITE : DT_WRITE), 0);
  CHECK_EQ_INT(pair.watch.registered, DT_READ | DT_WRITE);
  put(pair.peer);
  CHECK_EQ_INT(reported_until(&pair, DT_READ | DT_WRITE), 0);
  drop_pair(&pair);
}

/* --- the end ------------------------------------------------------------- */

static void check_end(struct pair *pair, unsigned directions) {
  unsigned more;
  CHECK_EQ_INT(want(pair, directions), 0);
  if (pair->peer >= 0) {
    settle(pair);
    close_peer(pair);
  }
  more = reported_until(pair, directions | DT_ENDED);
  if (type->level)
    CHECK_EQ_INT(more, 0); /* or it would not stop */
  drop_pair(pair);
}

static void a_hang_up_is_an_end_to_all_who_wait(void) {
  static const unsigned lists[] = {DT_READ, DT_WRITE, DT_READ | DT_WRITE};
  struct pair pair;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    make_pair(&pair);
    fill(pair.fd); /* not writable before */
    check_end(&pair, lists[i]);
    make_pair(&pair);
    close_peer(&pair); /* before anybody asks */
    check_end(&pair, lists[i]);
  }
}

/* The system reports the error alone, since there is no room. */
static void a_full_pipe_without_a_reader_is_writable(void) {
  int fds[2] = {-1, -1};
  struct pair pair;
  CHECK_EQ_INT(pipe(fds), 0);
  pair.fd = fds[1];
  pair.peer = fds[0];
  fcntl(pair.fd, F_SETFL, O_NONBLOCK);
  dt_watch_init(&pair.watch);
  fill(pair.fd);
  CHECK_EQ_INT(want(&pair, DT_WRITE), 0);
  CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
  close_peer(&pair);
  (void)reported_until(&pair, is("kqueue") ? DT_WRITE : DT_WRITE | DT_ENDED);
  drop_pair(&pair);
}

static void a_shutdown_is_an_end(void) {
  for (int tcp = 0; tcp < 2; tcp++) {
    struct pair pair;
    if (tcp)
      make_tcp_pair(&pair);
    else
      make_pair(&pair);
    CHECK_EQ_INT(want(&pair, DT_READ), 0);
    settle(&pair);
    shutdown(pair.peer, SHUT_WR);
    (void)reported_until(&pair, DT_READ | DT_ENDED);
    drop_pair(&pair);
  }
}

static void a_reset_is_an_end_to_both(void) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  struct pair pair;
  make_tcp_pair(&pair);
  fill(pair.fd);
  setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  check_end(&pair, DT_READ | DT_WRITE);
}

/* A read of TCP ends short before it, so who reads must not take that for the
   end of what is there.  For levels that is no question. */
static void urgent_data_is_reported_as_an_end(void) {
  struct pair pair;
  make_tcp_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ), 0);
  settle(&pair);
  put(pair.peer);
  CHECK_EQ_INT(send(pair.peer, "!", 1, MSG_OOB), 1);
  put(pair.peer);
  (void)reported_until(&pair, is("epoll") ? DT_READ | DT_ENDED : DT_READ);
  drop_pair(&pair);
}

static void what_nobody_waits_for_is_not_in_the_list(void) {
  struct pair pair;
  make_pair(&pair);
  CHECK_EQ_INT(want(&pair, DT_READ | DT_WRITE), 0);
  CHECK_EQ_INT(want(&pair, type->level ? 0 : DT_READ), 0);
  settle(&pair);
  if (type->level) {
    put(pair.peer);
    close_peer(&pair);
    CHECK_EQ_INT(type->wait(poller, events, MOST, 0), 0);
    CHECK_EQ_INT(want(&pair, DT_READ), 0);
  } else {
    put(pair.peer);
  }
  (void)reported_until(&pair, DT_READ);
  drop_pair(&pair);
}

int main(void) {
  RUN_ON_EACH(data_is_reported);
  RUN_ON_EACH(data_from_before_is_reported);
  RUN_ON_EACH(nothing_is_reported_without_data);
  RUN_ON_EACH(new_data_is_reported_again);
  RUN_ON_EACH(old_data_is_a_level_and_no_edge);
  RUN_ON_EACH(room_after_none_is_reported);
  RUN_ON_EACH(room_after_none_is_reported_for_tcp);
  RUN_ON_EACH(room_is_reported_to_who_asks_late);
  RUN_ON_EACH(both_directions_are_reported);
  RUN_ON_EACH(a_reader_does_not_end_what_a_writer_waits_for);
  RUN_ON_EACH(a_writer_does_not_end_what_a_reader_waits_for);
  RUN_ON_EACH(a_hang_up_is_an_end_to_all_who_wait);
  RUN_ON_EACH(a_full_pipe_without_a_reader_is_writable);
  RUN_ON_EACH(a_shutdown_is_an_end);
  RUN_ON_EACH(a_reset_is_an_end_to_both);
  RUN_ON_EACH(urgent_data_is_reported_as_an_end);
  RUN_ON_EACH(what_nobody_waits_for_is_not_in_the_list);
  return check_summary();
}
