/*
 * test_slots.c - csrc/slots.c: no number is out twice, and those that were
 * given back come again before new ones.
 */
#include "config.h"

#include "check.h"
#include "slots.h"

static void new_ones_count_up(void) {
  struct dt_slots slots = {0};
  for (int i = 0; i < 100; i++) {
    CHECK(dt_slots_reserve(&slots));
    CHECK(dt_slots_next_is_new(&slots));
    CHECK_EQ_INT(slots.count, i);
    CHECK_EQ_INT(dt_slots_take(&slots), i);
  }
  dt_slots_free(&slots);
}

static void those_given_back_come_first(void) {
  struct dt_slots slots = {0};
  bool out[40] = {false};
  for (int i = 0; i < 40; i++) {
    CHECK(dt_slots_reserve(&slots));
    out[dt_slots_take(&slots)] = true;
  }
  for (int i = 0; i < 40; i += 3) {
    dt_slots_give(&slots, i);
    out[i] = false;
  }
  for (int i = 0; i < 40; i += 3) {
    int slot;
    CHECK(dt_slots_reserve(&slots));
    CHECK(!dt_slots_next_is_new(&slots));
    slot = dt_slots_take(&slots);
    CHECK(slot < 40 && !out[slot]);
    out[slot] = true;
  }
  CHECK_EQ_INT(slots.count, 40);
  CHECK(dt_slots_next_is_new(&slots));
  dt_slots_free(&slots);
}

static void all_can_be_given_back(void) {
  struct dt_slots slots = {0};
  for (int i = 0; i < 33; i++) {
    CHECK(dt_slots_reserve(&slots));
    dt_slots_take(&slots);
  }
  for (int i = 0; i < 33; i++)
    dt_slots_give(&slots, i);
  CHECK_EQ_INT(slots.free_count, 33);
  CHECK(slots.room >= 33);
  dt_slots_free(&slots);
}

/* Finalizers give back what they had when the state is closed. */
static void what_comes_after_the_end_is_none(void) {
  struct dt_slots slots = {0};
  CHECK(dt_slots_reserve(&slots));
  dt_slots_take(&slots);
  dt_slots_give(&slots, DT_NO_SLOT);
  CHECK_EQ_INT(slots.free_count, 0);
  dt_slots_free(&slots);
  dt_slots_give(&slots, 0);
  CHECK_EQ_INT(slots.free_count, 0);
}

int main(void) {
  RUN(new_ones_count_up);
  RUN(those_given_back_come_first);
  RUN(all_can_be_given_back);
  RUN(what_comes_after_the_end_is_none);
  return check_summary();
}
