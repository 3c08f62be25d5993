/*
 * fuzz_buffer.c - a buffer against the simplest one there is: an array from
 * which bytes are moved away.  The input is a row of operations.
 */
#include "config.h"

#include "buffer.h"
#include "fuzz.h"

#define ROOM      (1 << 15)
#define STEPS_MAX 100

struct model {
  char bytes[ROOM];
  size_t length;
};

struct state {
  struct dt_buffer buffer;
  struct dt_pool pool;
  struct dt_pool *used; /* or NULL */
  struct model *model;
  unsigned next; /* what is put in next */
  unsigned last; /* delimiter that was looked for */
};

static void check(struct state *state) {
  const struct dt_buffer *buffer = &state->buffer;
  size_t length = dt_buffer_length(buffer);
  REQUIRE(length == state->model->length);
  REQUIRE(buffer->begin <= buffer->end && buffer->end <= buffer->size);
  REQUIRE(buffer->scanned <= length);
  REQUIRE(length > 0 || !buffer->data); /* nothing costs nothing */
  REQUIRE(length == 0 ||
          same_bytes(dt_buffer_bytes(buffer), state->model->bytes, length));
}

/* Few different ones, so that delimiters are found. */
static void fill(struct state *state, char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    bytes[i] = (char)('a' + (state->next++ & 7) % 3);
}

/* Sizes around a block's are the ones that matter. */
static size_t take_size(struct fuzz_input *input) {
  unsigned kind = take_byte(input);
  size_t size = kind & 7;
  if (kind >= 192)
    size = DT_BLOCK - 3 + (kind & 7);
  else if (kind >= 128)
    size = (size_t)take_number(input, 2) % (3 * DT_BLOCK);
  else if (kind >= 64)
    size = take_byte(input);
  return size;
}

static void put_behind(struct state *state, size_t size, bool in_place) {
  struct model *model = state->model;
  char *added = model->bytes + model->length, *room;
  if (size > ROOM - model->length)
    return;
  fill(state, added, size);
  if (in_place) {
    room = dt_buffer_room(&state->buffer, size, state->used);
    REQUIRE(room && dt_buffer_spare(&state->buffer) >= size);
    memcpy(room, added, size);
    dt_buffer_filled(&state->buffer, size);
    if (size == 0)
      dt_buffer_take(&state->buffer, 0, state->used);
  } else {
    REQUIRE(dt_buffer_add(&state->buffer, added, size, state->used));
  }
  model->length += size;
}

static void put_in_front(struct state *state, size_t size) {
  struct model *model = state->model;
  if (size > ROOM - model->length)
    return;
  memmove(model->bytes + size, model->bytes, model->length);
  fill(state, model->bytes, size);
  model->length += size;
  REQUIRE(dt_buffer_unread(&state->buffer, model->bytes, size, state->used));
}

static void take(struct state *state, size_t size) {
  struct model *model = state->model;
  size_t gone = size < model->length ? size : model->length;
  memmove(model->bytes, model->bytes + gone, model->length - gone);
  model->length -= gone;
  dt_buffer_take(&state->buffer, size, state->used);
}

static void find(struct state *state, const char *delimiter, size_t size) {
  const struct model *model = state->model;
  size_t expected = DT_NOT_FOUND;
  for (size_t i = 0; i + size <= model->length; i++)
    if (memcmp(model->bytes + i, delimiter, size) == 0) {
      expected = i;
      break;
    }
  REQUIRE(dt_buffer_find(&state->buffer, delimiter, size) == expected);
}

/* For one delimiter after the other, as `scanned` is about one of them. */
static void find_some(struct state *state, unsigned which) {
  static const char *const delimiters[] = {"a",  "b",   "ab",  "aa",   "abc",
                                           "cc", "abb", "bab", "abca", "cccc"};
  which %= sizeof delimiters / sizeof *delimiters;
  if (which != state->last)
    state->buffer.scanned = 0;
  state->last = which;
  find(state, delimiters[which], strlen(delimiters[which]));
}

static void step(struct state *state, struct fuzz_input *input) {
  unsigned which = take_byte(input);
  switch (which % 8) {
  case 0:
  case 1:
    put_behind(state, take_size(input), false);
    break;
  case 2:
    put_behind(state, take_size(input), true);
    break;
  case 3:
    put_in_front(state, take_size(input));
    break;
  case 4:
  case 5:
    take(state, take_size(input));
    break;
  case 6:
    find_some(state, which / 8);
    break;
  default:
    if (which == 255) {
      dt_buffer_clear(&state->buffer, state->used);
      state->model->length = 0;
    }
  }
  check(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct model model;
  struct fuzz_input input = {data, size};
  struct state state = {.model = &model};
  model.length = 0;
  state.used = take_byte(&input) & 1 ? &state.pool : NULL;
  for (int i = 0; i < STEPS_MAX && input.size > 0; i++)
    step(&state, &input);
  dt_buffer_clear(&state.buffer, state.used);
  model.length = 0;
  check(&state);
  dt_pool_free(&state.pool);
  return 0;
}
