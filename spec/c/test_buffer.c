/*
 * test_buffer.c - csrc/buffer.c: what goes in comes out, in order, wherever it
 * is cut, in a time that grows with the bytes alone; blocks are lent.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "buffer.h"
#include "check.h"
#include "clock.h"

#define MIB (1024 * 1024)
#define MS  1000000LL

static unsigned random_state = 20240601;

/* 0 .. below - 1; the same ones in every run */
static size_t random_below(size_t below) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 8) % below;
}

static void check_holds(const struct dt_buffer *buffer, const char *text) {
  CHECK_EQ_INT(dt_buffer_length(buffer), strlen(text));
  if (dt_buffer_length(buffer) == strlen(text) && *text)
    CHECK_EQ_MEM(dt_buffer_bytes(buffer), text, strlen(text));
}

/* --- bytes in and out ----------------------------------------------------- */

static void an_empty_buffer_has_no_memory(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  CHECK_EQ_INT(dt_buffer_length(&buffer), 0);
  CHECK_EQ_INT(dt_buffer_spare(&buffer), 0);
  CHECK(dt_buffer_add(&buffer, "", 0, &pool));
  CHECK(!buffer.data);
  CHECK(dt_buffer_bytes(&buffer)); /* 0 of them can be copied */
  CHECK(dt_buffer_add(&buffer, "abc", 3, &pool));
  dt_buffer_take(&buffer, 2, &pool);
  check_holds(&buffer, "c");
  dt_buffer_take(&buffer, 1, &pool);
  CHECK(!buffer.data);
  CHECK_EQ_INT(dt_buffer_length(&buffer), 0);
  dt_pool_free(&pool);
}

static void room_that_was_not_used_goes_back(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_room(&buffer, 0, &pool));
  CHECK(dt_buffer_room(&buffer, 100, &pool));
  CHECK_EQ_INT(dt_buffer_spare(&buffer), DT_BLOCK);
  dt_buffer_take(&buffer, 0, &pool);
  CHECK(!buffer.data);
  CHECK_EQ_INT(pool.count, 1);
  dt_pool_free(&pool);
}

static void taking_more_than_there_is_takes_all(void) {
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_add(&buffer, "abc", 3, NULL));
  dt_buffer_take(&buffer, SIZE_MAX, NULL);
  check_holds(&buffer, "");
  CHECK(!buffer.data);
}

static void bytes_put_back_stand_in_front(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_unread(&buffer, "", 0, &pool));
  CHECK(!buffer.data);
  CHECK(dt_buffer_unread(&buffer, "def", 3, &pool));
  check_holds(&buffer, "def");
  CHECK(dt_buffer_unread(&buffer, "abc", 3, &pool));
  check_holds(&buffer, "abcdef");
  dt_buffer_take(&buffer, 4, &pool);
  CHECK(dt_buffer_unread(&buffer, "XY", 2, &pool));
  CHECK(dt_buffer_add(&buffer, "gh", 2, &pool));
  check_holds(&buffer, "XYefgh");
  dt_buffer_clear(&buffer, &pool);
  check_holds(&buffer, "");
  dt_pool_free(&pool);
}

static void much_can_be_put_back(void) {
  struct dt_buffer buffer = {0};
  char *much = malloc(MIB);
  memset(much, 'm', MIB);
  CHECK(dt_buffer_add(&buffer, "end", 3, NULL));
  CHECK(dt_buffer_unread(&buffer, much, MIB, NULL));
  CHECK_EQ_INT(dt_buffer_length(&buffer), MIB + 3);
  CHECK_EQ_MEM(dt_buffer_bytes(&buffer), much, MIB);
  dt_buffer_take(&buffer, MIB, NULL);
  check_holds(&buffer, "end");
  CHECK(dt_buffer_unread(&buffer, much, MIB, NULL));
  CHECK_EQ_INT(dt_buffer_length(&buffer), MIB + 3);
  dt_buffer_clear(&buffer, NULL);
  CHECK(dt_buffer_unread(&buffer, much, MIB, NULL)); /* nothing was there */
  CHECK_EQ_INT(dt_buffer_length(&buffer), MIB);
  dt_buffer_clear(&buffer, NULL);
  free(much);
}

static void sizes_that_no_memory_has_fail(void) {
  struct dt_buffer buffer = {0};
  char *block;
  CHECK(!dt_buffer_room(&buffer, SIZE_MAX, NULL));
  CHECK(!dt_buffer_room(&buffer, SIZE_MAX / 2 + 2, NULL));
  CHECK(!buffer.data);
  CHECK(dt_buffer_add(&buffer, "abc", 3, NULL));
  block = buffer.data;
  CHECK(!dt_buffer_room(&buffer, SIZE_MAX, NULL));
  CHECK(!dt_buffer_room(&buffer, SIZE_MAX - 3, NULL));
  CHECK(!dt_buffer_unread(&buffer, block, SIZE_MAX, NULL));
  CHECK(!dt_buffer_unread(&buffer, block, SIZE_MAX / 2 - 3, NULL));
  CHECK(!dt_buffer_unread(&buffer, block, SIZE_MAX / 4 + 1, NULL));
  CHECK(buffer.data == block);
  check_holds(&buffer, "abc");
  dt_buffer_clear(&buffer, NULL);
}

/* The oracle: the same bytes in one long array. */
struct oracle {
  char bytes[1 << 16];
  size_t begin, end;
};

static void add_random(struct dt_buffer *buffer, struct oracle *oracle,
                       struct dt_pool *pool) {
  size_t size = random_below(random_below(8) == 0 ? 20000 : 300);
  char *from = oracle->bytes + oracle->end;
  if (oracle->end + size > sizeof oracle->bytes)
    return;
  for (size_t i = 0; i < size; i++)
    from[i] = (char)random_below(256);
  if (random_below(2) == 0) {
    CHECK(dt_buffer_add(buffer, from, size, pool));
  } else { /* more room than is used, as a receive has it */
    char *room = dt_buffer_room(buffer, size + 100, pool);
    CHECK(room && dt_buffer_spare(buffer) >= size + 100);
    memcpy(room, from, size);
    dt_buffer_filled(buffer, size);
  }
  oracle->end += size;
}

static void unread_random(struct dt_buffer *buffer, struct oracle *oracle,
                          struct dt_pool *pool) {
  size_t size = random_below(random_below(4) == 0 ? 5000 : 100);
  if (size > oracle->begin)
    size = oracle->begin;
  oracle->begin -= size;
  for (size_t i = 0; i < size; i++)
    oracle->bytes[oracle->begin + i] = (char)random_below(256);
  CHECK(dt_buffer_unread(buffer, oracle->bytes + oracle->begin, size, pool));
}

static void take_random(struct dt_buffer *buffer, struct oracle *oracle,
                        struct dt_pool *pool) {
  size_t size = random_below(random_below(4) == 0 ? 20000 : 400);
  dt_buffer_take(buffer, size, pool);
  if (size > oracle->end - oracle->begin)
    size = oracle->end - oracle->begin;
  oracle->begin += size;
}

static void it_holds_what_an_array_would(void) {
  static struct oracle oracle;
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  for (int round = 0; round < 100; round++) {
    oracle.begin = oracle.end = 10000; /* before that: to put back */
    for (int step = 0; step < 200; step++) {
      static void (*const steps[])(struct dt_buffer *, struct oracle *,
                                   struct dt_pool *) = {
          add_random, add_random, take_random, unread_random};
      size_t length;
      steps[random_below(4)](&buffer, &oracle, &pool);
      length = oracle.end - oracle.begin;
      if (dt_buffer_length(&buffer) != length ||
          (length > 0 && memcmp(dt_buffer_bytes(&buffer),
                                oracle.bytes + oracle.begin, length) != 0)) {
        CHECK(!"holds the same");
        break;
      }
      if ((length == 0 && buffer.data && buffer.begin) || pool.count > 64)
        CHECK(!"the block is back");
    }
    dt_buffer_clear(&buffer, &pool);
  }
  CHECK(pool.count > 0);
  dt_pool_free(&pool);
}

/* --- blocks ----------------------------------------------------------------
 */

static void blocks_are_lent_again(void) {
  struct dt_pool pool = {0};
  struct dt_buffer one = {0}, two = {0};
  char *block;
  CHECK(dt_buffer_add(&one, "a", 1, &pool));
  block = one.data;
  dt_buffer_take(&one, 1, &pool);
  CHECK_EQ_INT(pool.count, 1);
  CHECK(dt_buffer_add(&two, "b", 1, &pool));
  CHECK(two.data == block);
  CHECK_EQ_INT(pool.count, 0);
  CHECK(!pool.free);
  dt_buffer_clear(&two, &pool);
  dt_pool_free(&pool);
  CHECK(!pool.free);
}

static void a_freed_pool_keeps_nothing(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  dt_pool_free(&pool);
  CHECK(dt_buffer_add(&buffer, "a", 1, &pool));
  dt_buffer_clear(&buffer, &pool);
  CHECK(!pool.free);
}

static void large_blocks_are_not_kept(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_room(&buffer, DT_BLOCK + 1, &pool));
  CHECK_EQ_INT(buffer.size, 2 * DT_BLOCK);
  dt_buffer_clear(&buffer, &pool);
  CHECK_EQ_INT(pool.count, 0);
  CHECK(dt_buffer_add(&buffer, "a", 1, &pool));
  CHECK(dt_buffer_room(&buffer, DT_BLOCK, &pool)); /* it grew out of one */
  CHECK_EQ_INT(pool.count, 1);
  dt_buffer_clear(&buffer, &pool);
  CHECK_EQ_INT(pool.count, 1);
  dt_pool_free(&pool);
}

static void a_pool_keeps_few_blocks(void) {
  enum { MANY = 200 };
  static struct dt_buffer buffers[MANY];
  struct dt_pool pool = {0};
  for (int i = 0; i < MANY; i++)
    CHECK(dt_buffer_add(&buffers[i], "a", 1, &pool));
  for (int i = 0; i < MANY; i++)
    dt_buffer_take(&buffers[i], 1, &pool);
  CHECK_EQ_INT(pool.count, 64);
  dt_pool_free(&pool);
}

/* A stream that is read as fast as it comes needs no second block. */
static void taken_bytes_make_room(void) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  char piece[1000];
  memset(piece, 'p', sizeof piece);
  CHECK(dt_buffer_add(&buffer, piece, 500, &pool));
  for (int i = 0; i < 1000; i++) {
    if (!dt_buffer_add(&buffer, piece, sizeof piece, &pool))
      CHECK(!"added");
    dt_buffer_take(&buffer, sizeof piece, &pool);
  }
  CHECK_EQ_INT(buffer.size, DT_BLOCK);
  CHECK_EQ_INT(dt_buffer_length(&buffer), 500);
  dt_buffer_clear(&buffer, &pool);
  dt_pool_free(&pool);
}

/* --- search ----------------------------------------------------------------
 */

static size_t one_shot(const char *bytes, size_t length, const char *delimiter,
                       size_t size) {
  for (size_t i = 0; i + size <= length; i++)
    if (memcmp(bytes + i, delimiter, size) == 0)
      return i;
  return DT_NOT_FOUND;
}

/* Feeds the text in random pieces, and takes each line with its delimiter as
   soon as it is there. */
static bool lines_are_those_of(const char *text, size_t length,
                               const char *delimiter, size_t size,
                               size_t pieces) {
  struct dt_pool pool = {0};
  struct dt_buffer buffer = {0};
  size_t begin = 0, fed = 0, found;
  bool good = true;
  while (good && fed < length) {
    size_t piece = 1 + random_below(pieces);
    piece = piece > length - fed ? length - fed : piece;
    good = dt_buffer_add(&buffer, text + fed, piece, &pool);
    fed += piece;
    do {
      found = dt_buffer_find(&buffer, delimiter, size);
      good = good &&
             found == one_shot(text + begin, fed - begin, delimiter, size) &&
             found == dt_buffer_find(&buffer, delimiter, size);
      if (good && found != DT_NOT_FOUND) {
        dt_buffer_take(&buffer, found + size, &pool);
        begin += found + size;
      }
    } while (good && found != DT_NOT_FOUND);
    good = good && dt_buffer_length(&buffer) == fed - begin;
  }
  dt_buffer_clear(&buffer, &pool);
  dt_pool_free(&pool);
  return good;
}

static void lines_do_not_depend_on_the_cut(void) {
  static const char *const delimiters[] = {"a",      "aa",  "ab",    "aba",
                                           "abcabd", "aab", "abaab", "aaaab"};
  char text[400];
  for (int round = 0; round < 2000; round++) {
    const char *delimiter = delimiters[random_below(8)];
    size_t letters = 2 + random_below(3), pieces = 1 + random_below(40);
    for (size_t i = 0; i < sizeof text; i++)
      text[i] = (char)('a' + random_below(letters));
    if (!lines_are_those_of(text, sizeof text, delimiter, strlen(delimiter),
                            pieces))
      CHECK_EQ_STR("one line", delimiter);
  }
  CHECK(true);
}

static void delimiters_that_overlap_themselves_are_found(void) {
  static const struct {
    const char *text, *delimiter;
    size_t found;
  } cases[] = {
      {"abcabcabd", "abcabd", 3},
      {"aaab", "aab", 1},
      {"\r\r\n", "\r\n", 1},
      {"\r\n\r\r\n\r\n", "\r\n\r\n", 3},
      {"ababababac", "ababac", 4},
      {"aaa", "aa", 0},
      {"abcabcabc", "abcabd", DT_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct dt_buffer buffer = {0};
    size_t size = strlen(cases[i].delimiter);
    size_t complete = cases[i].found == DT_NOT_FOUND ? strlen(cases[i].text)
                                                     : cases[i].found + size;
    for (size_t fed = 1; fed <= strlen(cases[i].text); fed++) {
      size_t found;
      CHECK(dt_buffer_add(&buffer, cases[i].text + fed - 1, 1, NULL));
      found = dt_buffer_find(&buffer, cases[i].delimiter, size);
      CHECK(found == (fed < complete ? DT_NOT_FOUND : cases[i].found));
    }
    dt_buffer_clear(&buffer, NULL);
  }
}

static void a_search_of_nothing_finds_nothing(void) {
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_find(&buffer, "\n", 1) == DT_NOT_FOUND);
  CHECK(dt_buffer_add(&buffer, "ab", 2, NULL));
  CHECK(dt_buffer_find(&buffer, "abc", 3) == DT_NOT_FOUND);
  CHECK(dt_buffer_add(&buffer, "c", 1, NULL));
  CHECK_EQ_INT(dt_buffer_find(&buffer, "abc", 3), 0);
  dt_buffer_clear(&buffer, NULL);
}

static void bytes_of_zero_are_bytes(void) {
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_add(&buffer, "a\0\0b\0c", 6, NULL));
  CHECK_EQ_INT(dt_buffer_find(&buffer, "\0c", 2), 4);
  buffer.scanned = 0; /* another delimiter */
  CHECK_EQ_INT(dt_buffer_find(&buffer, "\0", 1), 1);
  dt_buffer_clear(&buffer, NULL);
}

static void a_search_sees_what_was_put_back(void) {
  struct dt_buffer buffer = {0};
  CHECK(dt_buffer_add(&buffer, "abcdef", 6, NULL));
  CHECK(dt_buffer_find(&buffer, "\n", 1) == DT_NOT_FOUND);
  CHECK_EQ_INT(buffer.scanned, 6);
  dt_buffer_take(&buffer, 2, NULL);
  CHECK_EQ_INT(buffer.scanned, 4);
  CHECK(dt_buffer_unread(&buffer, "x\ny", 3, NULL));
  CHECK_EQ_INT(dt_buffer_find(&buffer, "\n", 1), 1);
  dt_buffer_take(&buffer, 2, NULL);
  check_holds(&buffer, "ycdef");
  CHECK_EQ_INT(buffer.scanned, 0);
  dt_buffer_clear(&buffer, NULL);
}

/* --- time ------------------------------------------------------------------
 */

/* Each takes some hundredths of a second; where a byte costs as much as all
   before it, it is a minute or more.  Under valgrind it is a second. */
static bool in_time(dt_time begin, int step) {
  return step % 1024 != 0 || dt_now() - begin < 10000 * MS;
}

static void drip_fed_bytes_are_searched_once(void) {
  struct dt_buffer buffer = {0};
  dt_time begin = dt_now();
  int fed = 0;
  while (fed < MIB && in_time(begin, fed) &&
         dt_buffer_add(&buffer, "\r", 1, NULL) &&
         dt_buffer_find(&buffer, "\r\n", 2) == DT_NOT_FOUND)
    fed++;
  CHECK_EQ_INT(fed, MIB);
  CHECK(dt_buffer_add(&buffer, "\n", 1, NULL));
  CHECK_EQ_INT(dt_buffer_find(&buffer, "\r\n", 2), MIB - 1);
  dt_buffer_clear(&buffer, NULL);
}

static void a_long_queue_moves_seldom(void) {
  struct dt_buffer buffer = {0};
  char piece[256] = {0};
  dt_time begin = dt_now();
  int moved = 0;
  for (int i = 0; i < MIB; i += (int)sizeof piece)
    CHECK(dt_buffer_add(&buffer, piece, sizeof piece, NULL));
  CHECK_EQ_INT(buffer.size, MIB); /* it is full */
  while (moved < MIB && in_time(begin, moved)) {
    dt_buffer_take(&buffer, 1, NULL);
    if (!dt_buffer_add(&buffer, "a", 1, NULL))
      break;
    moved++;
  }
  CHECK_EQ_INT(moved, MIB);
  CHECK_EQ_INT(dt_buffer_length(&buffer), MIB);
  CHECK(buffer.size <= 4 * MIB);
  dt_buffer_clear(&buffer, NULL);
}

static void bytes_put_back_one_by_one_move_seldom(void) {
  struct dt_buffer buffer = {0};
  dt_time begin = dt_now();
  int put = 0;
  while (put < MIB && in_time(begin, put) &&
         dt_buffer_unread(&buffer, "a", 1, NULL) &&
         dt_buffer_add(&buffer, "b", 1, NULL))
    put++;
  CHECK_EQ_INT(put, MIB);
  CHECK_EQ_INT(dt_buffer_length(&buffer), 2 * MIB);
  CHECK_EQ_INT(dt_buffer_find(&buffer, "b", 1), MIB);
  dt_buffer_clear(&buffer, NULL);
}

int main(void) {
  RUN(an_empty_buffer_has_no_memory);
  RUN(room_that_was_not_used_goes_back);
  RUN(taking_more_than_there_is_takes_all);
  RUN(bytes_put_back_stand_in_front);
  RUN(much_can_be_put_back);
  RUN(sizes_that_no_memory_has_fail);
  RUN(it_holds_what_an_array_would);
  RUN(blocks_are_lent_again);
  RUN(a_freed_pool_keeps_nothing);
  RUN(large_blocks_are_not_kept);
  RUN(a_pool_keeps_few_blocks);
  RUN(taken_bytes_make_room);
  RUN(lines_do_not_depend_on_the_cut);
  RUN(delimiters_that_overlap_themselves_are_found);
  RUN(a_search_of_nothing_finds_nothing);
  RUN(bytes_of_zero_are_bytes);
  RUN(a_search_sees_what_was_put_back);
  RUN(drip_fed_bytes_are_searched_once);
  RUN(a_long_queue_moves_seldom);
  RUN(bytes_put_back_one_by_one_move_seldom);
  return check_summary();
}
