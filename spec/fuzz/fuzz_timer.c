/*
 * fuzz_timer.c - the heap of timers against a list that is searched from end to
 * end.  The input is a row of operations on a few dozen timers.
 */
#include "config.h"

#include "fuzz.h"
#include "timer.h"

#define COUNT 64

struct model {
  struct dt_timer timers[COUNT];
  dt_time when[COUNT];
  bool set[COUNT];
};

/* The first ones are due at the same time, maybe: any of them will do. */
static void check(const struct dt_timers *timers, const struct model *model) {
  dt_time first = DT_FOREVER;
  size_t count = 0;
  for (size_t i = 0; i < COUNT; i++) {
    REQUIRE((model->timers[i].place != 0) == model->set[i]);
    if (!model->set[i])
      continue;
    count++;
    REQUIRE(dt_timer_when(timers, &model->timers[i]) == model->when[i]);
    REQUIRE(timers->entries[model->timers[i].place].timer == &model->timers[i]);
    if (model->when[i] < first)
      first = model->when[i];
  }
  REQUIRE(timers->count == count && count <= timers->room);
  REQUIRE(dt_timers_next(timers) == first);
  REQUIRE((count == 0) == !dt_timers_first(timers));
}

static dt_time take_time(struct fuzz_input *input, unsigned kind) {
  switch (kind % 3) {
  case 0:
    return take_byte(input);
  case 1:
    return (dt_time)take_number(input, 3);
  default:
    return (dt_time)(take_number(input, 8) & INT64_MAX);
  }
}

static void step(struct dt_timers *timers, struct model *model,
                 struct fuzz_input *input) {
  unsigned what = take_byte(input);
  size_t i = take_byte(input) % COUNT;
  if (what < 160) { /* set, or move */
    REQUIRE(dt_timers_reserve(timers, 1));
    model->when[i] = take_time(input, what);
    model->set[i] = true;
    dt_timer_set(timers, &model->timers[i], model->when[i]);
    return;
  }
  if (what >= 208) { /* the first one is due */
    if (!dt_timers_first(timers))
      return;
    i = (size_t)(dt_timers_first(timers) - model->timers);
    REQUIRE(i < COUNT && model->when[i] == dt_timers_next(timers));
  }
  model->set[i] = false;
  dt_timer_clear(timers, &model->timers[i]);
}

/* They come out in the order of their times. */
static void drain(struct dt_timers *timers) {
  dt_time last = 0;
  while (dt_timers_first(timers)) {
    REQUIRE(dt_timers_next(timers) >= last);
    last = dt_timers_next(timers);
    dt_timer_clear(timers, dt_timers_first(timers));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  struct dt_timers timers = {NULL, 0, 0};
  struct model model;
  bool forget;
  memset(&model, 0, sizeof model);
  forget = take_byte(&input) & 1;
  while (input.size > 0) {
    step(&timers, &model, &input);
    check(&timers, &model);
  }
  if (!forget)
    drain(&timers);
  dt_timers_free(&timers);
  for (size_t i = 0; i < COUNT; i++) /* as what is collected later does */
    dt_timer_clear(&timers, &model.timers[i]);
  return 0;
}
