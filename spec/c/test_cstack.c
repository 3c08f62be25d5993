/*
 * test_cstack.c - csrc/cstack.c: what was on a stack is there when somebody
 * comes back to it, and nothing is left of one that was freed.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "cstack.h"

#ifdef DT_HAVE_UCONTEXT

/* A stack, and who is to be gone back to. */
struct visit {
  struct dt_cstack *home, *away;
  int count;
  void *data;
};

static void start(void (*run)(void *argument), struct visit *visit) {
  struct visit clean = {dt_cstack_here(), NULL, 0, NULL};
  *visit = clean;
  visit->away = dt_cstack_new(run, visit);
  CHECK(visit->home != NULL && visit->away != NULL);
}

static void go(struct visit *visit) {
  dt_cstack_switch(visit->home, visit->away);
}

static void back(struct visit *visit) {
  dt_cstack_switch(visit->away, visit->home);
}

static void end(struct visit *visit) {
  dt_cstack_free(visit->away);
  dt_cstack_free(visit->home);
}

/* --- going and coming back ------------------------------------------------ */

static void count_visits(void *argument) {
  struct visit *visit = argument;
  for (;;) {
    visit->count++;
    back(visit);
  }
}

static void a_new_stack_runs_its_function_and_comes_back(void) {
  struct visit visit;
  start(count_visits, &visit);
  CHECK_EQ_INT(visit.count, 0);
  go(&visit);
  CHECK_EQ_INT(visit.count, 1);
  go(&visit);
  CHECK_EQ_INT(visit.count, 2);
  end(&visit);
}

static void note_place(void *argument) {
  struct visit *visit = argument;
  visit->data = __builtin_frame_address(0); /* a sanitizer may move variables */
  for (;;)
    back(visit);
}

static void a_new_stack_lies_elsewhere(void) {
  struct visit visit;
  intptr_t distance;
  start(note_place, &visit);
  go(&visit);
  distance = (intptr_t)__builtin_frame_address(0) - (intptr_t)visit.data;
  CHECK(distance > 1 << 16 || distance < -(1 << 16));
  end(&visit);
}

static void add_up(void *argument) {
  struct visit *visit = argument;
  int numbers[100];
  double half = 0.5;
  char text[64];
  for (int i = 0; i < 100; i++)
    numbers[i] = i;
  for (;;) {
    visit->count = 0;
    for (int i = 0; i < 100; i++)
      visit->count += numbers[i];
    half += 1;
    snprintf(text, sizeof text, "%.2f", half); /* wants its stack aligned */
    visit->data = text;
    back(visit);
  }
}

static void values_survive_on_both_sides(void) {
  struct visit visit;
  int mine[100];
  double sum = 0;
  start(add_up, &visit);
  for (int i = 0; i < 100; i++)
    mine[i] = i * 3;
  for (int i = 0; i < 100; i++) {
    go(&visit);
    sum += visit.count + mine[i];
  }
  CHECK(sum == 100 * 4950.0 + 3 * 4950.0);
  CHECK_EQ_STR(visit.data, "100.50");
  end(&visit);
}

static void visit_others(void *argument) {
  struct visit *outer = argument, inner;
  start(count_visits, &inner);
  for (;;) {
    go(&inner);
    outer->count += inner.count;
    if (inner.count == 3)
      end(&inner);
    back(outer);
  }
}

static void a_stack_on_a_stack_comes_back_to_it(void) {
  struct visit visit;
  start(visit_others, &visit);
  go(&visit);
  go(&visit);
  go(&visit);
  CHECK_EQ_INT(visit.count, 1 + 2 + 3);
  end(&visit);
}

/* As Lua's errors do. */
static void jump(void *argument) {
  struct visit *visit = argument;
  for (;;) {
    jmp_buf place;
    if (setjmp(place) == 0)
      longjmp(place, 1);
    visit->count++;
    back(visit);
  }
}

static void longjmp_works_on_a_new_stack(void) {
  struct visit visit;
  start(jump, &visit);
  go(&visit);
  go(&visit);
  CHECK_EQ_INT(visit.count, 2);
  end(&visit);
}

static void block_a_signal(void *argument) {
  struct visit *visit = argument;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  back(visit);
  pthread_sigmask(SIG_SETMASK, NULL, &set);
  visit->count = sigismember(&set, SIGUSR1);
  for (;;)
    back(visit);
}

static void the_signal_mask_is_the_threads(void) {
  struct visit visit;
  sigset_t before, set;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  start(block_a_signal, &visit);
  go(&visit);
  pthread_sigmask(SIG_SETMASK, &before, &set);
  CHECK(sigismember(&set, SIGUSR1)); /* set there, valid here */
  visit.count = -1;
  go(&visit);
  CHECK_EQ_INT(visit.count, 0); /* taken away here, gone there */
  end(&visit);
}

/* --- many ----------------------------------------------------------------- */

enum { MANY = 1000, SWITCHES = 100000 };

/* `MANY` stacks that switch to each other, without going home between. */
struct crowd {
  struct dt_cstack *home, *stacks[MANY];
  struct member {
    struct crowd *crowd;
    int number, visits;
  } members[MANY];
  unsigned seed;
  int left, wrong;
};

static int pick(struct crowd *crowd) {
  crowd->seed = crowd->seed * 1103515245u + 12345u;
  return (int)((crowd->seed >> 16) % MANY);
}

static void wander(void *argument) {
  struct member *self = argument;
  struct crowd *crowd = self->crowd;
  int visits = 0, mark[16];
  for (int i = 0; i < 16; i++)
    mark[i] = self->number + i;
  for (;;) {
    int next;
    visits++;
    self->visits++;
    for (int i = 0; i < 16; i++)
      crowd->wrong += mark[i] != self->number + i;
    crowd->wrong += visits != self->visits;
    next = pick(crowd);
    if (--crowd->left <= 0)
      dt_cstack_switch(crowd->stacks[self->number], crowd->home);
    else if (next != self->number)
      dt_cstack_switch(crowd->stacks[self->number], crowd->stacks[next]);
  }
}

/* How many of them were there; `*wrong` counts damage. */
static int wander_about(unsigned seed, int *wrong) {
  struct crowd *crowd = calloc(1, sizeof *crowd);
  int seen = 0;
  crowd->home = dt_cstack_here();
  crowd->seed = seed;
  crowd->left = SWITCHES;
  for (int i = 0; i < MANY; i++) {
    crowd->members[i].crowd = crowd;
    crowd->members[i].number = i;
    crowd->stacks[i] = dt_cstack_new(wander, &crowd->members[i]);
  }
  dt_cstack_switch(crowd->home, crowd->stacks[0]);
  for (int i = 0; i < MANY; i++) {
    seen += crowd->members[i].visits > 0;
    dt_cstack_free(crowd->stacks[i]);
  }
  *wrong = crowd->wrong;
  dt_cstack_free(crowd->home);
  free(crowd);
  return seen;
}

static void a_thousand_stacks_keep_apart(void) {
  int wrong;
  CHECK_EQ_INT(wander_about(1, &wrong), MANY);
  CHECK_EQ_INT(wrong, 0);
}

static void *wander_in_thread(void *argument) {
  int *result = argument;
  int wrong, seen = wander_about((unsigned)*result, &wrong);
  *result = seen == MANY && wrong == 0;
  return NULL;
}

static void each_thread_has_stacks_of_its_own(void) {
  pthread_t threads[3];
  int results[3] = {1, 2, 3};
  for (int i = 0; i < 3; i++)
    pthread_create(&threads[i], NULL, wander_in_thread, &results[i]);
  for (int i = 0; i < 3; i++) {
    pthread_join(threads[i], NULL);
    CHECK_EQ_INT(results[i], 1);
  }
}

/* --- memory --------------------------------------------------------------- */

/* Uses `size` bytes of the stack, in frames of a bit more than 1 KiB. */
static int dig(size_t size) { /* NOLINT(misc-no-recursion) */
  volatile char frame[1024];
  memset((char *)frame, 1, sizeof frame);
  return frame[size % sizeof frame] +
         (size > sizeof frame ? dig(size - sizeof frame) : 0);
}

static void dig_deep(void *argument) {
  struct visit *visit = argument;
  for (;;) {
    visit->count = dig(500 * 1024);
    back(visit);
  }
}

static void half_a_mebibyte_can_be_used(void) {
  struct visit visit;
  start(dig_deep, &visit);
  go(&visit);
  CHECK_EQ_INT(visit.count, 500);
  end(&visit);
}

/* Looks for the mapping that ends where that of `place` begins; whether it has
   no access.  -1 where the system does not tell. */
static int below_is_guarded(const void *place) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512], access[8], last_access[8] = "";
  uintptr_t low, high, last = 0;
  int guarded = -1;
  if (!maps)
    return -1;
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &low, &high, access) != 3)
      continue;
    if ((uintptr_t)place >= low && (uintptr_t)place < high)
      guarded = last == low && strncmp(last_access, "---", 3) == 0;
    last = high;
    memcpy(last_access, access, sizeof access);
  }
  fclose(maps);
  return guarded;
}

static void a_guard_lies_below(void) {
  struct visit visit;
  start(note_place, &visit);
  go(&visit);
  CHECK(below_is_guarded(visit.data) != 0);
  end(&visit);
}

static void a_stack_may_be_freed_unused_or_suspended(void) {
  struct visit visit;
  start(count_visits, &visit);
  end(&visit); /* never run */
  start(add_up, &visit);
  go(&visit);
  end(&visit); /* in the middle */
  dt_cstack_free(NULL);
  CHECK_EQ_INT(visit.count, 4950);
}

/* KiB of this process: mapped, and in memory; 0 where the system does not
   tell. */
static void measure(long kib[2]) {
  FILE *statm = fopen("/proc/self/statm", "r");
  long page = sysconf(_SC_PAGESIZE) / 1024;
  kib[0] = kib[1] = 0;
  if (statm && fscanf(statm, "%ld %ld", &kib[0], &kib[1]) == 2) {
    kib[0] *= page;
    kib[1] *= page;
  }
  if (statm)
    fclose(statm);
}

static void use_and_free(int times) {
  for (int i = 0; i < times; i++) {
    struct visit visit;
    start(add_up, &visit);
    go(&visit);
    end(&visit);
  }
}

/* A leak of the stacks would be 40 MB at least, and 40 GB of addresses.
   Sanitizers keep 10 MB of freed memory back. */
static void freed_stacks_take_no_memory(void) {
  long before[2], after[2];
  use_and_free(100);
  measure(before);
  use_and_free(10000);
  measure(after);
  CHECK(after[0] - before[0] < 64L * 1024);
  CHECK(after[1] - before[1] < 32L * 1024);
}

static void no_memory_is_an_error(void) {
  struct rlimit limit, none;
  struct dt_cstack *stack;
  int error;
  if (getrlimit(RLIMIT_AS, &limit) != 0)
    return;
  dt_cstack_free(dt_cstack_new(count_visits, NULL));
  none = limit;
  none.rlim_cur = 1;
  setrlimit(RLIMIT_AS, &none);
  errno = 0;
  stack = dt_cstack_new(count_visits, NULL);
  error = errno;
  setrlimit(RLIMIT_AS, &limit);
  CHECK(stack == NULL);
  CHECK_EQ_INT(error, ENOMEM);
  dt_cstack_free(stack);
}

int main(void) {
  RUN(a_new_stack_runs_its_function_and_comes_back);
  RUN(a_new_stack_lies_elsewhere);
  RUN(values_survive_on_both_sides);
  RUN(a_stack_on_a_stack_comes_back_to_it);
  RUN(longjmp_works_on_a_new_stack);
  RUN(the_signal_mask_is_the_threads);
  RUN(a_thousand_stacks_keep_apart);
  RUN(each_thread_has_stacks_of_its_own);
  RUN(half_a_mebibyte_can_be_used);
  RUN(a_guard_lies_below);
  RUN(a_stack_may_be_freed_unused_or_suspended);
  RUN(freed_stacks_take_no_memory);
  RUN(no_memory_is_an_error);
  return check_summary();
}

#else

static void never_runs(void *argument) {
  (void)argument;
}

static void a_new_stack_is_not_to_be_had(void) {
  struct dt_cstack *here = dt_cstack_here();
  CHECK(here != NULL);
  errno = 0;
  CHECK(dt_cstack_new(never_runs, NULL) == NULL);
  CHECK_EQ_INT(errno, ENOSYS);
  dt_cstack_free(here);
}

int main(void) {
  RUN(a_new_stack_is_not_to_be_had);
  return check_summary();
}
#endif
