/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target, spec/fuzz/fuzz_x.c, is one function over some bytes: it gives them
 * to a part of the library and to an oracle, which does the same in another,
 * simpler way, and ends the program where the two disagree (REQUIRE).  With
 * libFuzzer (make fuzz) the bytes are made up; replay.c gives it those of the
 * corpus (make fuzz-replay).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                     \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,        \
              #condition);                                                     \
      abort();                                                                 \
    }                                                                          \
  } while (0)

/* --- taking the input apart ---------------------------------------------- */

struct fuzz_input {
  const uint8_t *data;
  size_t size;
};

/* 0 when there are none left: so every input means something. */
static inline unsigned take_byte(struct fuzz_input *input) {
  if (input->size == 0)
    return 0;
  input->size--;
  return *input->data++;
}

/* `count` bytes, the low one first. */
static inline uint64_t take_number(struct fuzz_input *input, unsigned count) {
  uint64_t number = 0;
  for (unsigned i = 0; i < count; i++)
    number |= (uint64_t)take_byte(input) << (8 * i);
  return number;
}

/* The next `size` bytes, or those that are left; *got says how many. */
static inline const uint8_t *take_bytes(struct fuzz_input *input, size_t size,
                                        size_t *got) {
  const uint8_t *bytes = input->data;
  *got = size < input->size ? size : input->size;
  input->data += *got;
  input->size -= *got;
  return bytes;
}

/* --- memory -------------------------------------------------------------- */

/* A copy with nothing behind it, so that a read too far is noticed.  To be
   freed. */
static inline void *exact_copy(const void *bytes, size_t size) {
  void *copy = malloc(size > 0 ? size : 1);
  REQUIRE(copy);
  if (size > 0)
    memcpy(copy, bytes, size);
  return copy;
}

/* memcmp, which is not to be given NULL. */
static inline bool same_bytes(const void *a, const void *b, size_t size) {
  return size == 0 || memcmp(a, b, size) == 0;
}

#endif
