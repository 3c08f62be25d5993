/*
 * test_timer.c - csrc/timer.c: what is due comes out in order, whatever was
 * put in, moved and taken out before.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "timer.h"

/* Numbers that look random and are the same each time. */
static unsigned number(unsigned *seed, unsigned below) {
  *seed = *seed * 1664525U + 1013904223U;
  return (*seed >> 8) % below;
}

/* Takes the first one out. */
static struct dt_timer *next(struct dt_timers *timers) {
  struct dt_timer *timer = dt_timers_first(timers);
  dt_timer_clear(timers, timer);
  return timer;
}

static void none_is_due_never(void) {
  struct dt_timers timers = {0};
  CHECK(dt_timers_next(&timers) == DT_FOREVER);
  CHECK(dt_timers_first(&timers) == NULL);
  dt_timers_free(&timers);
}

static void the_earliest_comes_first(void) {
  static const dt_time whens[] = {5, 3, 9, 1, 7, 0, 8, 2, 6, 4};
  enum { COUNT = sizeof whens / sizeof *whens };
  struct dt_timers timers = {0};
  struct dt_timer list[COUNT] = {{0}};
  CHECK(dt_timers_reserve(&timers, COUNT));
  for (int i = 0; i < COUNT; i++)
    dt_timer_set(&timers, &list[i], whens[i]);
  for (int i = 0; i < COUNT; i++) {
    struct dt_timer *first = dt_timers_first(&timers);
    CHECK_EQ_INT(dt_timers_next(&timers), i);
    CHECK_EQ_INT(dt_timer_when(&timers, first), i);
    CHECK_EQ_INT(whens[first - list], i);
    dt_timer_clear(&timers, first);
    CHECK_EQ_INT(first->place, 0);
  }
  CHECK_EQ_INT(timers.count, 0);
  dt_timers_free(&timers);
}

static void setting_it_again_moves_it(void) {
  struct dt_timers timers = {0};
  struct dt_timer list[40] = {{0}};
  CHECK(dt_timers_reserve(&timers, 40));
  for (int i = 0; i < 40; i++)
    dt_timer_set(&timers, &list[i], 10 + i);
  dt_timer_set(&timers, &list[39], 1);   /* earlier, to the front */
  dt_timer_set(&timers, &list[0], 1000); /* later, to the back */
  dt_timer_set(&timers, &list[20], 30);  /* where it is */
  CHECK_EQ_INT(timers.count, 40);
  CHECK_EQ_INT(dt_timer_when(&timers, &list[0]), 1000);
  CHECK(next(&timers) == &list[39]);
  for (int i = 1; i < 39; i++)
    CHECK(next(&timers) == &list[i]);
  CHECK(next(&timers) == &list[0]);
  dt_timers_free(&timers);
}

static void clearing_what_is_not_in_is_harmless(void) {
  struct dt_timers timers = {0};
  struct dt_timer in = {0}, out = {0};
  dt_timer_clear(&timers, &out);
  CHECK(dt_timers_reserve(&timers, 1));
  dt_timer_set(&timers, &in, 5);
  dt_timer_clear(&timers, &out);
  CHECK_EQ_INT(timers.count, 1);
  dt_timer_clear(&timers, &in);
  dt_timer_clear(&timers, &in);
  CHECK_EQ_INT(timers.count, 0);
  dt_timers_free(&timers);
}

static void any_place_can_be_cleared(void) {
  enum { COUNT = 64 };
  struct dt_timers timers = {0};
  struct dt_timer list[COUNT] = {{0}};
  CHECK(dt_timers_reserve(&timers, COUNT));
  for (int out = 0; out < COUNT; out++) {
    unsigned seed = 7;
    dt_time last = -1;
    for (int i = 0; i < COUNT; i++)
      dt_timer_set(&timers, &list[i], number(&seed, 1000));
    dt_timer_clear(&timers, timers.entries[out + 1].timer);
    CHECK_EQ_INT(timers.count, COUNT - 1);
    while (timers.count > 0) {
      if (dt_timers_next(&timers) < last)
        CHECK(dt_timers_next(&timers) >= last);
      last = dt_timers_next(&timers);
      next(&timers);
    }
  }
  dt_timers_free(&timers);
}

static void equal_times_all_come(void) {
  struct dt_timers timers = {0};
  struct dt_timer list[100] = {{0}};
  CHECK(dt_timers_reserve(&timers, 100));
  for (int i = 0; i < 100; i++)
    dt_timer_set(&timers, &list[i], 42);
  for (int i = 0; i < 100; i++) {
    CHECK_EQ_INT(dt_timers_next(&timers), 42);
    next(&timers);
  }
  for (int i = 0; i < 100; i++)
    CHECK_EQ_INT(list[i].place, 0);
  dt_timers_free(&timers);
}

static void the_ends_of_time_are_times(void) {
  struct dt_timers timers = {0};
  struct dt_timer never = {0}, always = {0}, now = {0};
  CHECK(dt_timers_reserve(&timers, 3));
  dt_timer_set(&timers, &never, DT_FOREVER);
  dt_timer_set(&timers, &always, INT64_MIN);
  dt_timer_set(&timers, &now, 0);
  CHECK(next(&timers) == &always);
  CHECK(next(&timers) == &now);
  CHECK(dt_timers_next(&timers) == DT_FOREVER);
  CHECK(next(&timers) == &never);
  dt_timers_free(&timers);
}

static void reserving_makes_room_beside_what_is_in(void) {
  struct dt_timers timers = {0};
  struct dt_timer *list = calloc(1000, sizeof *list);
  for (size_t i = 0; i < 1000; i++) {
    CHECK(dt_timers_reserve(&timers, 3));
    CHECK(timers.room - timers.count >= 3);
    dt_timer_set(&timers, &list[i], (dt_time)i);
  }
  CHECK(timers.room <= 2048); /* doubled each time */
  CHECK(!dt_timers_reserve(&timers, SIZE_MAX));
  CHECK(!dt_timers_reserve(&timers, SIZE_MAX / sizeof(struct dt_timer_entry)));
  CHECK_EQ_INT(timers.count, 1000);
  for (size_t i = 0; i < 1000; i++)
    CHECK(next(&timers) == &list[i]);
  dt_timers_free(&timers);
  free(list);
}

static void freeing_forgets_what_is_in(void) {
  struct dt_timers timers = {0};
  struct dt_timer timer = {0};
  CHECK(dt_timers_reserve(&timers, 1));
  dt_timer_set(&timers, &timer, 1);
  dt_timers_free(&timers);
  CHECK(dt_timers_next(&timers) == DT_FOREVER);
  dt_timer_clear(&timers, &timer);
  CHECK_EQ_INT(timer.place, 0);
  CHECK(dt_timers_reserve(&timers, 1)); /* and it can be used again */
  dt_timer_set(&timers, &timer, 2);
  CHECK_EQ_INT(dt_timers_next(&timers), 2);
  dt_timer_clear(&timers, &timer);
  dt_timers_free(&timers);
}

/* --- against a plain list --------------------------------------------------
 */

#define MANY 300

struct oracle {
  dt_time when[MANY];
  bool in[MANY];
};

static dt_time oracle_next(const struct oracle *oracle) {
  dt_time best = DT_FOREVER;
  for (int i = 0; i < MANY; i++)
    if (oracle->in[i] && oracle->when[i] < best)
      best = oracle->when[i];
  return best;
}

/* Each entry's timer points back, and no entry is before the one above. */
static bool is_sound(const struct dt_timers *timers) {
  for (size_t i = 1; i <= timers->count; i++) {
    const struct dt_timer_entry *entries = timers->entries;
    if (entries[i].timer->place != i ||
        (i > 1 && entries[(i + 2) / 4].when > entries[i].when))
      return false;
  }
  return true;
}

static void step(struct dt_timers *timers, struct dt_timer *list,
                 struct oracle *oracle, unsigned *seed) {
  unsigned i = number(seed, MANY), what = number(seed, 8);
  if (what < 5) {
    oracle->when[i] = number(seed, 500); /* often one that is there */
    oracle->in[i] = true;
    if (list[i].place == 0 && !dt_timers_reserve(timers, 1))
      return;
    dt_timer_set(timers, &list[i], oracle->when[i]);
  } else if (what < 7) {
    oracle->in[i] = false;
    dt_timer_clear(timers, &list[i]);
  } else if (timers->count > 0) {
    oracle->in[next(timers) - list] = false;
  }
}

static void it_agrees_with_a_plain_list(void) {
  struct dt_timers timers = {0};
  struct dt_timer list[MANY] = {{0}};
  struct oracle oracle = {{0}, {0}};
  unsigned seed = 1;
  int wrong = 0;
  for (int round = 0; round < 40000; round++) {
    step(&timers, list, &oracle, &seed);
    wrong += dt_timers_next(&timers) != oracle_next(&oracle);
    if (round % 16 == 0)
      wrong += !is_sound(&timers);
  }
  CHECK_EQ_INT(wrong, 0);
  for (int i = 0; i < MANY; i++) {
    CHECK_EQ_INT(list[i].place != 0, oracle.in[i]);
    if (oracle.in[i])
      CHECK_EQ_INT(dt_timer_when(&timers, &list[i]), oracle.when[i]);
  }
  dt_timers_free(&timers);
}

int main(void) {
  RUN(none_is_due_never);
  RUN(the_earliest_comes_first);
  RUN(setting_it_again_moves_it);
  RUN(clearing_what_is_not_in_is_harmless);
  RUN(any_place_can_be_cleared);
  RUN(equal_times_all_come);
  RUN(the_ends_of_time_are_times);
  RUN(reserving_makes_room_beside_what_is_in);
  RUN(freeing_forgets_what_is_in);
  RUN(it_agrees_with_a_plain_list);
  return check_summary();
}
