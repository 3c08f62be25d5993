/*
 * host_close.c - Lua states that are closed while their tasks wait, in every
 * way there is: nothing breaks, nothing is left, and nothing takes long.
 *
 *   host_close SCRIPT [STRIDE]
 *
 * The script (spec/support/closing.lua) has the cases, of which every STRIDEth
 * is run; all, when it is not told.  spec/host_spec.lua runs it, also with
 * AddressSanitizer, and make tsan with ThreadSanitizer.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#  include <malloc.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "compat.h"
#include "dialtone.h"
#include "process.h"

#define SLOW    1.5 /* seconds: each look-up */
#define SOON    0.7 /* seconds: a state must be closed by then; < SLOW */
#define WAIT    20  /* seconds for everything to wait */
#define MINIMUM 150 /* cases */
/* KiB more that a second pass may need: less than one C stack.  What the
   sanitizers themselves need is no measure. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define GROWTH LONG_MAX
#else
#  define GROWTH 2048
#endif

static const char *script;
static int stride = 1;

struct closing {
  pthread_t thread;
  int cases;        /* how many there were */
  double longest;   /* seconds that closing took */
  char slowest[80]; /* which */
  char error[512];  /* the first that went wrong */
  bool alone;       /* no other thread: what is left can be told */
};

/* --- what the process has --------------------------------------------------
 */

/* The C library keeps stacks of threads that have ended, glibc 40 MiB of them:
   how many there are is chance, but not after more than these have been there
   at once. */
#define STACKS 8

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_others(void *argument) {
  pthread_mutex_lock(&starting);
  pthread_mutex_unlock(&starting);
  return argument;
}

static void fill_stacks(void) {
  pthread_t threads[STACKS];
  pthread_mutex_lock(&starting);
  for (int i = 0; i < STACKS; i++)
    if (pthread_create(&threads[i], NULL, wait_for_others, NULL) != 0)
      abort();
  pthread_mutex_unlock(&starting);
  for (int i = 0; i < STACKS; i++)
    pthread_join(threads[i], NULL);
}

/* KiB of address space. */
static long mapped(void) {
  FILE *file;
  long pages = 0;
  fill_stacks();
  file = fopen("/proc/self/statm", "r");
  if (!file)
    return 0;
  if (fscanf(file, "%ld", &pages) != 1)
    pages = 0;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* --- one case ---------------------------------------------------------------
 */

static void complain(struct closing *closing, const char *name,
                     const char *text) {
  if (closing->error[0] == '\0')
    snprintf(closing->error, sizeof closing->error, "%s: %s", name,
             text ? text : "an error without a text");
}

/* The case of this number: its name and its function are left on the stack.
   False: there is none, or an error. */
static bool load(lua_State *L, int number) {
  int top = lua_gettop(L);
  lua_getglobal(L, "package"); /* what the script does before comes before */
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_dialtone_core);
  lua_setfield(L, -2, "dialtone.core");
  lua_settop(L, top);
  if (luaL_loadfile(L, script) != 0)
    return false;
  lua_pushinteger(L, number);
  lua_pushnumber(L, SLOW);
  return lua_pcall(L, 2, LUA_MULTRET, 0) == 0 && lua_gettop(L) == top + 2;
}

/* Runs the loop until all tasks wait, which the function on the stack says;
   NULL, or what went wrong. */
static const char *until_all_wait(lua_State *L) {
  dt_time deadline = dt_deadline(dt_duration(WAIT));
  for (int turn = 0;; turn++) {
    bool waits;
    if (dialtone_step(L, turn < 5 ? 0 : 0.002, NULL) < 0)
      return lua_tostring(L, -1);
    lua_pushvalue(L, -1);
    if (lua_pcall(L, 0, 1, 0) != 0)
      return lua_tostring(L, -1);
    waits = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (waits)
      return NULL;
    if (dt_now() > deadline)
      return "it does not wait";
  }
}

static void close_state(struct closing *closing, lua_State *L,
                        const char *name) {
  dt_time start = dt_now();
  double took;
  lua_close(L);
  took = (double)(dt_now() - start) / 1e9;
  if (took <= closing->longest)
    return;
  closing->longest = took;
  snprintf(closing->slowest, sizeof closing->slowest, "%s", name);
}

/* False: there are no more cases. */
static bool run_case(struct closing *closing, int number) {
  lua_State *L = luaL_newstate();
  int descriptors = closing->alone ? entries(DESCRIPTORS_NOW) : 0;
  const char *name = "loading", *error = NULL;
  char copy[80];
  bool found = L != NULL;
  if (!L)
    abort();
  luaL_openlibs(L);
  if (load(L, number)) {
    name = lua_tostring(L, -2);
    error =
        lua_pcall(L, 0, 1, 0) != 0 ? lua_tostring(L, -1) : until_all_wait(L);
    if (error)
      complain(closing, name, error);
    closing->cases++;
  } else {
    found = false;
    if (lua_gettop(L) > 0)
      complain(closing, name, lua_tostring(L, -1));
  }
  snprintf(copy, sizeof copy, "%s", name);
  close_state(closing, L, copy);
  if (closing->alone && !fall_to(descriptors, DESCRIPTORS_NOW, 2 * SLOW))
    complain(closing, copy, "descriptors are left");
  return found;
}

static void *run_cases(void *argument) {
  struct closing *closing = argument;
  int number = 1;
  while (run_case(closing, number))
    number += stride;
  return NULL;
}

/* --- the tests
 * ---------------------------------------------------------------- */

static void check_closing(const struct closing *closing) {
  CHECK_EQ_STR(closing->error, "");
  CHECK(closing->cases >= MINIMUM / stride);
  if (closing->longest > SOON)
    printf("closing took %.3f s: %s\n", closing->longest, closing->slowest);
  CHECK(closing->longest <= SOON);
}

/* A leak of memory is the leak sanitizer's to find, but it does not know of
   mappings: a second pass needs no more of them. */
static void closing_leaves_nothing(void) {
  struct closing first = {.alone = true}, second = {.alone = true};
  int threads = entries(THREADS_NOW);
  long before, more;
  run_cases(&first);
  CHECK(fall_to(threads, THREADS_NOW, 2 * SLOW));
  before = mapped();
  run_cases(&second);
  check_closing(&first);
  check_closing(&second);
  CHECK(fall_to(threads, THREADS_NOW, 2 * SLOW));
  more = mapped() - before;
  CHECK(more < GROWTH);
  printf("%d states closed, the slowest in %.4f s (%s), %ld KiB more mapped\n",
         first.cases + second.cases, second.longest, second.slowest, more);
}

static void closing_disturbs_no_other_thread(void) {
  struct closing closing[2] = {{.cases = 0}};
  int descriptors = entries(DESCRIPTORS_NOW);
  int threads = entries(THREADS_NOW);
  for (int i = 0; i < 2; i++)
    if (pthread_create(&closing[i].thread, NULL, run_cases, &closing[i]) != 0)
      abort();
  for (int i = 0; i < 2; i++)
    pthread_join(closing[i].thread, NULL);
  check_closing(&closing[0]);
  check_closing(&closing[1]);
  CHECK(fall_to(threads, THREADS_NOW, 2 * SLOW));
  CHECK(fall_to(descriptors, DESCRIPTORS_NOW, 2 * SLOW));
}

/* In a process of its own: all that a task started waits, and it ends the
   program. */
static const char leaving[] = "local start = ...\n"
                              "local net = require 'dialtone'\n"
                              "net.run(function()\n"
                              "  local all_wait = start()\n"
                              "  while not all_wait() do net.sleep(0.001) end\n"
                              "  os.exit(0, true)\n"
                              "end)";

static void leave(int number) {
  lua_State *L = luaL_newstate();
  alarm(WAIT);
  if (!L)
    abort();
  luaL_openlibs(L);
  if (!load(L, number))
    _exit(77); /* there are no more */
  if (luaL_loadstring(L, leaving) == 0) {
    lua_insert(L, -2);
    (void)lua_pcall(L, 1, 0, 0);
  }
  printf("%d: %s\n", number, lua_tostring(L, -1));
  _exit(1);
}

static int status_of(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) != child)
    if (errno != EINTR)
      abort();
  return status;
}

/* ThreadSanitizer has nothing to see there, and makes it slow. */
static void a_program_may_end_in_a_task(void) {
#if defined(__SANITIZE_THREAD__)
  int number = MINIMUM + 1, status = 77 << 8;
#else
  int number = 0, status = 0;
#endif
  while (status == 0) {
    pid_t child;
    fflush(stdout);
    child = fork();
    number += stride;
    if (child == 0)
      leave(number);
    if (child < 0)
      abort();
    status = status_of(child);
  }
  CHECK(number > MINIMUM);
  CHECK(WIFEXITED(status));
  CHECK_EQ_INT(WEXITSTATUS(status), 77);
  if (status != 77 << 8)
    printf("case %d\n", number);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: host_close SCRIPT [STRIDE]\n");
    return 2;
  }
  script = argv[1];
  if (argc > 2)
    stride = (int)strtol(argv[2], NULL, 10);
#if defined(M_ARENA_MAX) /* a thread's own would be mistaken for a leak */
  mallopt(M_ARENA_MAX, 1);
#endif
  RUN(a_program_may_end_in_a_task);
  start_first_thread();
  RUN(closing_leaves_nothing);
  RUN(closing_disturbs_no_other_thread);
  return check_summary();
}
