/*
 * test_clock.c - csrc/clock.c: durations and deadlines never come out short,
 * and never wrap round.
 */
#include "config.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <poll.h>

#include "check.h"
#include "clock.h"

#define MS     1000000LL
#define SECOND 1000000000LL

static void exact_durations_stay_exact(void) {
  CHECK_EQ_INT(dt_duration(0), 0);
  CHECK_EQ_INT(dt_duration(1), SECOND);
  CHECK_EQ_INT(dt_duration(0.5), SECOND / 2);
  CHECK_EQ_INT(dt_duration(86400), 86400 * SECOND);
}

static void tiny_durations_round_up(void) {
  CHECK_EQ_INT(dt_duration(DBL_MIN), 1);
  CHECK_EQ_INT(dt_duration(1e-12), 1);
  CHECK_EQ_INT(dt_duration(1e-9), 1);
  CHECK_EQ_INT(dt_duration(1.5e-9), 2);
}

static void huge_durations_saturate(void) {
  CHECK(dt_duration(1e30) == DT_FOREVER);
  CHECK(dt_duration(DBL_MAX) == DT_FOREVER);
  CHECK(dt_duration(HUGE_VAL) == DT_FOREVER);
  CHECK(dt_duration(9.3e9) == DT_FOREVER); /* just past 2^63 ns */
  CHECK(dt_duration(9.2e9) < DT_FOREVER);
}

static void the_clock_never_goes_back(void) {
  dt_time last = dt_now();
  for (int i = 0; i < 1000; i++) {
    dt_time now = dt_now();
    if (now < last)
      CHECK(now >= last);
    last = now;
  }
  CHECK(last > 0);
}

static void deadlines_lie_ahead(void) {
  dt_time before = dt_now();
  dt_time deadline = dt_deadline(SECOND);
  CHECK(deadline >= before + SECOND);
  CHECK(deadline <= dt_now() + SECOND);
}

static void deadlines_out_of_range_are_forever(void) {
  CHECK(dt_deadline(DT_FOREVER) == DT_FOREVER);
  CHECK(dt_deadline(DT_FOREVER - 1) == DT_FOREVER);
}

static void forever_is_polls_minus_one(void) {
  CHECK_EQ_INT(dt_poll_timeout(DT_FOREVER), -1);
}

static void past_deadlines_wait_no_time(void) {
  CHECK_EQ_INT(dt_poll_timeout(0), 0);
  CHECK_EQ_INT(dt_poll_timeout(dt_now()), 0);
  CHECK_EQ_INT(dt_poll_timeout(dt_now() - SECOND), 0);
}

static void waits_round_up_to_milliseconds(void) {
  /* from before the call, so the time left can only be less */
  int left = dt_poll_timeout(dt_now() + 100 * MS);
  CHECK(left > 0 && left <= 100);
  left = dt_poll_timeout(dt_now() + MS / 2);
  CHECK(left == 1 || left == 0); /* 0 only if it has passed by now */
}

static void long_waits_saturate(void) {
  CHECK_EQ_INT(dt_poll_timeout(DT_FOREVER - 1), INT_MAX);
  CHECK_EQ_INT(dt_poll_timeout(dt_now() + (INT_MAX + 10LL) * MS), INT_MAX);
}

static void a_wait_never_ends_early(void) {
  static const dt_time durations[] = {1, MS / 3, MS, 3 * MS + 1};
  for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
    dt_time deadline = dt_deadline(durations[i]);
    (void)poll(NULL, 0, dt_poll_timeout(deadline)); /* no descriptors */
    CHECK(dt_now() >= deadline);
  }
}

int main(void) {
  RUN(exact_durations_stay_exact);
  RUN(tiny_durations_round_up);
  RUN(huge_durations_saturate);
  RUN(the_clock_never_goes_back);
  RUN(deadlines_lie_ahead);
  RUN(deadlines_out_of_range_are_forever);
  RUN(forever_is_polls_minus_one);
  RUN(past_deadlines_wait_no_time);
  RUN(waits_round_up_to_milliseconds);
  RUN(long_waits_saturate);
  RUN(a_wait_never_ends_early);
  return check_summary();
}
