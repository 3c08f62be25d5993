/*
 * host_threads.c - a Lua state in each of several threads, all of them at work
 * at once, as dialtone.h allows: made for ThreadSanitizer (make tsan), and run
 * without it by spec/host_spec.lua.
 *
 *   host_threads SCRIPT [ROUNDS]
 *
 * The script (spec/support/load.lua) is what each thread does, ROUNDS times,
 * each time in a new state.  Every other thread runs the loop by steps, as a
 * host does that has a loop of its own.
 */
#include "config.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "compat.h"
#include "dialtone.h"
#include "process.h"

#define THREADS 4  /* at most */
#define ENDINGS 10 /* seconds for threads to end that look something up */

static const char *script;
static int rounds = 2;

struct worker {
  pthread_t thread;
  int number, count; /* of how many */
  int listener;
  const unsigned short *ports; /* of all */
  long done[2];                /* in the first round, and in all */
  char error[512];             /* the first that went wrong */
};

/* --- in each thread --------------------------------------------------------
 */

static void complain(struct worker *worker, lua_State *L) {
  const char *text = lua_tostring(L, -1);
  if (worker->error[0] == '\0')
    snprintf(worker->error, sizeof worker->error, "thread %d: %s",
             worker->number, text ? text : "an error without a text");
}

static void push_peers(lua_State *L, const struct worker *worker) {
  lua_createtable(L, worker->count, 0);
  for (int i = 0; i < worker->count; i++) {
    lua_pushfstring(L, "127.0.0.1:%d", (int)worker->ports[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* Leaves the script's function on the stack, or an error. */
static bool load(lua_State *L, const struct worker *worker) {
  if (dialtone_open(L) != 0 || luaL_loadfile(L, script) != 0)
    return false;
  if (dialtone_push(L, dup(worker->listener)) != 0) {
    lua_pushliteral(L, "the listener is no socket");
    return false;
  }
  push_peers(L, worker);
  return lua_pcall(L, 2, 1, 0) == 0;
}

/* The function is on the stack; its result is a global. */
static const char by_run[] = "done = require('dialtone').run(...)";
static const char by_steps[] =
    "local work = ...\n"
    "require('dialtone').spawn(function() done = work() end)";

static bool call(lua_State *L, const char *way) {
  if (luaL_loadstring(L, way) != 0)
    return false;
  lua_insert(L, -2);
  return lua_pcall(L, 1, 0, 0) == 0;
}

static bool step(lua_State *L) {
  int left;
  do
    left = dialtone_step(L, HUGE_VAL, NULL);
  while (left > 0);
  return left == 0;
}

static bool work(lua_State *L, const struct worker *worker) {
  if (!load(L, worker))
    return false;
  if (worker->number % 2 == 0)
    return call(L, by_run);
  return call(L, by_steps) && step(L);
}

static void *run_worker(void *argument) {
  struct worker *worker = argument;
  for (int round = 0; round < rounds; round++) {
    lua_State *L = bare_state();
    if (!work(L, worker))
      complain(worker, L);
    lua_getglobal(L, "done");
    worker->done[1] += (long)lua_tonumber(L, -1);
    if (round == 0)
      worker->done[0] = worker->done[1];
    lua_close(L);
  }
  return NULL;
}

/* --- threads ----------------------------------------------------------------
 */

static int new_listener(unsigned short *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
      listen(fd, 1000) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) != 0)
    abort();
  *port = ntohs(address.sin_port);
  return fd;
}

static void run_threads(struct worker *workers, int count,
                        void *(*function)(void *argument)) {
  for (int i = 0; i < count; i++)
    if (pthread_create(&workers[i].thread, NULL, function, &workers[i]) != 0)
      abort();
  for (int i = 0; i < count; i++)
    pthread_join(workers[i].thread, NULL);
}

static void work_in(int count) {
  struct worker workers[THREADS] = {{.number = 0}};
  unsigned short ports[THREADS];
  int descriptors = entries(DESCRIPTORS_NOW);
  int threads = entries(THREADS_NOW);
  for (int i = 0; i < count; i++) {
    workers[i] = (struct worker){.number = i, .count = count, .ports = ports};
    workers[i].listener = new_listener(&ports[i]);
  }
  run_threads(workers, count, run_worker);
  for (int i = 0; i < count; i++) {
    CHECK_EQ_STR(workers[i].error, "");
    CHECK(workers[i].done[0] > 1000);
    CHECK_EQ_INT(workers[i].done[1], workers[i].done[0] * rounds);
    printf("thread %d of %d: %ld things done\n", i + 1, count,
           workers[i].done[1]);
    close(workers[i].listener);
  }
  CHECK(fall_to(threads, THREADS_NOW,
                ENDINGS)); /* which open files while they look up */
  CHECK_EQ_INT(entries(DESCRIPTORS_NOW), descriptors);
}

static void two_threads_work_at_once(void) {
  work_in(2);
}

static void four_threads_work_at_once(void) {
  work_in(4);
}

/* --- birth and death --------------------------------------------------------
 */

#define STATES 30 /* in each thread and round */

static const char short_life[] =
    "local net = require 'dialtone'\n"
    "local a, b = assert(net.socketpair())\n"
    "local reader = net.spawn(a.read, a, 'l')\n"
    "b:write('x\\n')\n"
    "assert(select(2, reader:join()) == 'x')\n"
    "net.spawn(net.getaddrinfo, 'localhost', '1')\n"
    "net.spawn(net.sleep, 60)\n"
    "net.sleep(0)\n";

static void *open_and_close(void *argument) {
  struct worker *worker = argument;
  for (int i = 0; i < STATES * rounds; i++) {
    lua_State *L = bare_state();
    if (dialtone_open(L) != 0 || luaL_loadstring(L, short_life) != 0 ||
        lua_pcall(L, 0, 0, 0) != 0)
      complain(worker, L);
    else
      worker->done[1]++;
    lua_close(L);
  }
  return NULL;
}

static void states_open_and_close_while_others_do(void) {
  struct worker workers[THREADS] = {{.number = 0}};
  int descriptors = entries(DESCRIPTORS_NOW);
  int threads = entries(THREADS_NOW);
  run_threads(workers, THREADS, open_and_close);
  for (int i = 0; i < THREADS; i++) {
    CHECK_EQ_STR(workers[i].error, "");
    CHECK_EQ_INT(workers[i].done[1], (long)STATES * rounds);
  }
  CHECK(fall_to(threads, THREADS_NOW,
                ENDINGS)); /* which open files while they look up */
  CHECK_EQ_INT(entries(DESCRIPTORS_NOW), descriptors);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: host_threads SCRIPT [ROUNDS]\n");
    return 2;
  }
  script = argv[1];
  if (argc > 2)
    rounds = (int)strtol(argv[2], NULL, 10);
  start_first_thread();
  RUN(two_threads_work_at_once);
  RUN(four_threads_work_at_once);
  RUN(states_open_and_close_while_others_do);
  return check_summary();
}
