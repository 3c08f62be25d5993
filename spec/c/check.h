/*
 * check.h - the smallest frame for tests of the plain row: each spec/c/test_x.c
 * is a program, each test a function without arguments.
 *
 *   static void rounds_up(void) { CHECK(dt_duration(1e-12) == 1); }
 *
 *   int main(void) {
 *     RUN(rounds_up);
 *     return check_summary();
 *   }
 *
 * A check that fails prints its file, line and test, and the test goes on.  A
 * test passes when all its checks do, and it made one.  The last line, "N
 * passed, N failed", counts tests, and is for spec/support/run.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_passed, check_failed; /* tests */
static int check_good, check_bad;      /* checks of the test that runs */
static const char *check_test = "";

/* Counts a check, and says where it failed. */
static inline bool check_that(bool good, const char *what, const char *file,
                              int line) {
  if (good) {
    check_good++;
  } else {
    check_bad++;
    printf("%s:%d: %s: failed: %s\n", file, line, check_test, what);
  }
  return good;
}

static inline void check_int(long long got, long long want, const char *what,
                             const char *file, int line) {
  if (!check_that(got == want, what, file, line))
    printf("  got %lld, want %lld\n", got, want);
}

static inline void check_str(const char *got, const char *want,
                             const char *what, const char *file, int line) {
  bool equal = got && want ? strcmp(got, want) == 0 : got == want;
  if (!check_that(equal, what, file, line))
    printf("  got  %s\n  want %s\n", got ? got : "NULL", want ? want : "NULL");
}

static inline void check_mem(const void *got, const void *want, size_t size,
                             const char *what, const char *file, int line) {
  const unsigned char *a = got, *b = want;
  size_t i = 0;
  if (check_that(memcmp(a, b, size) == 0, what, file, line))
    return;
  while (a[i] == b[i])
    i++;
  printf("  byte %zu of %zu: got 0x%02x, want 0x%02x\n", i, size, a[i], b[i]);
}

static inline void check_run(const char *name, void (*test)(void)) {
  check_test = name;
  check_good = check_bad = 0;
  test();
  if (check_good + check_bad == 0)
    printf("%s: checks nothing\n", name);
  if (check_good > 0 && check_bad == 0)
    check_passed++;
  else
    check_failed++;
}

/* The last line; what main returns. */
static inline int check_summary(void) {
  printf("%d passed, %d failed\n", check_passed, check_failed);
  return check_failed > 0 || check_passed == 0;
}

#define CHECK(condition)                                                       \
  ((void)check_that((condition), #condition, __FILE__, __LINE__))
#define CHECK_EQ_INT(got, want)                                                \
  check_int((got), (want), #got " == " #want, __FILE__, __LINE__)
#define CHECK_EQ_STR(got, want)                                                \
  check_str((got), (want), #got " equals " #want, __FILE__, __LINE__)
#define CHECK_EQ_MEM(got, want, size)                                          \
  check_mem((got), (want), (size), #got " equals " #want, __FILE__, __LINE__)
#define RUN(test) check_run(#test, test)

#endif
