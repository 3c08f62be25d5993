/*
 * host_api.c - csrc/dialtone.h as a host program uses it: what the functions
 * give, that they leave the stack as it was, and that nothing is raised through
 * them.  Linked with each Lua; spec/host_spec.lua runs it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "compat.h"
#include "dialtone.h"
#include "process.h"

static lua_State *open_state(void) {
  lua_State *L = bare_state();
  CHECK_EQ_INT(dialtone_open(L), 0);
  return L;
}

/* Runs Lua source; what it fails with is a failed check. */
static void run(lua_State *L, const char *source) {
  int status = luaL_loadstring(L, source);
  if (status == LUA_OK)
    status = lua_pcall(L, 0, LUA_MULTRET, 0);
  if (status != LUA_OK) {
    CHECK_EQ_STR(lua_tostring(L, -1), "no error");
    lua_pop(L, 1);
  }
}

static void pair(int fds[2]) {
  CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

static int count_open(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++)
    count += is_open(fd);
  return count;
}

/* --- opening -------------------------------------------------------------- */

static void opening_makes_require_find_it(void) {
  lua_State *L = open_state();
  CHECK_EQ_INT(lua_gettop(L), 0);
  run(L, "assert(type(require('dialtone.core').socket) == 'function')");
  lua_close(L);
}

static void opening_again_changes_nothing(void) {
  lua_State *L = open_state();
  run(L, "return require 'dialtone.core'");
  CHECK_EQ_INT(dialtone_open(L), 0);
  run(L, "return require 'dialtone.core'");
  CHECK_EQ_INT(lua_gettop(L), 2);
  CHECK(lua_rawequal(L, 1, 2));
  lua_close(L);
}

static void opening_needs_no_other_library(void) {
  lua_State *L = luaL_newstate();
  CHECK_EQ_INT(dialtone_open(L), 0);
  CHECK_EQ_INT(dialtone_step(L, 0, NULL), 0);
  lua_close(L);
}

static void another_copy_of_the_module_is_an_error(void) {
  lua_State *L = bare_state();
  run(L, "package.loaded['dialtone.core'] = {}");
  CHECK_EQ_INT(dialtone_open(L), -1);
  CHECK_EQ_INT(lua_gettop(L), 1);
  CHECK(strstr(lua_tostring(L, -1), "loaded already"));
  lua_close(L);
}

static void what_require_opens_serves_too(void) {
  lua_State *L = bare_state();
  int fds[2];
  pair(fds);
  lua_pushcfunction(L, luaopen_dialtone_core);
  lua_call(L, 0, 1);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), 0);
  CHECK_EQ_INT(dialtone_fileno(L, -1), fds[0]);
  lua_close(L);
  close(fds[1]);
}

static void without_opening_each_function_fails(void) {
  lua_State *L = bare_state();
  double next = 7;
  int fds[2];
  pair(fds);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), EINVAL);
  CHECK(is_open(fds[0]));
  CHECK_EQ_INT(dialtone_fileno(L, 1), -1);
  CHECK_EQ_INT(dialtone_descriptor(L), -1);
  CHECK_EQ_INT(lua_gettop(L), 0);
  CHECK_EQ_INT(dialtone_step(L, 0, &next), -1);
  CHECK_EQ_INT(lua_gettop(L), 1);
  CHECK(strstr(lua_tostring(L, -1), "dialtone_open"));
  lua_close(L);
  close(fds[0]);
  close(fds[1]);
}

/* --- sockets -------------------------------------------------------------- */

static void a_pushed_descriptor_is_a_socket(void) {
  lua_State *L = open_state();
  char bytes[8] = "";
  int fds[2];
  pair(fds);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), 0);
  CHECK_EQ_INT(lua_gettop(L), 1);
  CHECK_EQ_INT(dialtone_fileno(L, 1), fds[0]);
  CHECK_EQ_INT(dialtone_fileno(L, -1), fds[0]);
  CHECK((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
  lua_setglobal(L, "s");
  run(L, "assert(s:send('hello') == 5 and s:family() == 'AF_UNIX')");
  CHECK_EQ_INT(read(fds[1], bytes, sizeof bytes), 5);
  CHECK_EQ_STR(bytes, "hello");
  lua_close(L);
  close(fds[1]);
}

static void a_pushed_descriptor_is_the_objects(void) {
  lua_State *L = open_state();
  int fds[2];
  pair(fds);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), 0);
  lua_setglobal(L, "s");
  run(L, "s:close()");
  CHECK(!is_open(fds[0]));
  lua_getglobal(L, "s");
  CHECK_EQ_INT(dialtone_fileno(L, -1), -1);
  CHECK_EQ_INT(dialtone_push(L, fds[1]), 0);
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  CHECK(!is_open(fds[1]));
  lua_close(L);
}

static void what_is_no_socket_is_not_pushed(void) {
  lua_State *L = open_state();
  int ends[2];
  CHECK_EQ_INT(pipe(ends), 0);
  CHECK_EQ_INT(dialtone_push(L, ends[0]), ENOTSOCK);
  CHECK(is_open(ends[0]));
  close(ends[0]);
  close(ends[1]);
  CHECK_EQ_INT(dialtone_push(L, ends[0]), EBADF);
  CHECK_EQ_INT(dialtone_push(L, -1), EBADF);
  CHECK_EQ_INT(lua_gettop(L), 0);
  lua_close(L);
}

static void other_values_have_no_descriptor(void) {
  lua_State *L = open_state();
  run(L, "return nil, 3, 'x', {}, print, io.stdout, "
         "coroutine.create(function() end)");
  lua_pushlightuserdata(L, L);
  lua_newuserdata(L, 400);
  for (int index = 1; index <= lua_gettop(L) + 1; index++)
    CHECK_EQ_INT(dialtone_fileno(L, index), -1);
  CHECK_EQ_INT(dialtone_fileno(L, LUA_REGISTRYINDEX), -1);
  lua_close(L);
}

/* --- the loop ------------------------------------------------------------- */

static bool is_readable(int fd, int milliseconds) {
  struct pollfd entry = {fd, POLLIN, 0};
  return poll(&entry, 1, milliseconds) == 1;
}

static void a_step_without_tasks_has_nothing_to_do(void) {
  lua_State *L = open_state();
  double next = 7;
  CHECK_EQ_INT(dialtone_step(L, 0, &next), 0);
  CHECK(next < 0);
  CHECK_EQ_INT(dialtone_step(L, HUGE_VAL, NULL), 0);
  CHECK_EQ_INT(lua_gettop(L), 0);
  lua_close(L);
}

static void a_step_says_when_the_next_is_due(void) {
  lua_State *L = open_state();
  double next = -1;
  run(L, "local net = require 'dialtone.core'\n"
         "net.spawn(function() net.sleep(60) end)");
  CHECK_EQ_INT(dialtone_step(L, 0, &next), 1);
  CHECK(next > 50 && next <= 60);
  run(L, "require('dialtone.core').spawn(function() done = true end)");
  CHECK_EQ_INT(dialtone_step(L, 0, &next), 1);
  run(L, "assert(done)");
  CHECK_EQ_INT(lua_gettop(L), 0);
  lua_close(L);
}

static void a_step_waits_no_longer_than_it_was_told(void) {
  lua_State *L = open_state();
  run(L, "net = require 'dialtone.core'\n"
         "net.spawn(function() net.sleep(60) end)");
  CHECK_EQ_INT(dialtone_step(L, 1, NULL), 1); /* what is ready does not wait */
  run(L, "start = net.now()");
  CHECK_EQ_INT(dialtone_step(L, 0.02, NULL), 1);
  run(L, "local took = net.now() - start\n"
         "assert(took >= 0.02 and took < 10, took)");
  lua_close(L);
}

static void a_step_serves_until_no_task_is_left(void) {
  lua_State *L = open_state();
  int left = 1;
  run(L, "local net = require 'dialtone.core'\n"
         "net.spawn(function() net.sleep(0.01) end)");
  for (int i = 0; left == 1 && i < 1000; i++)
    left = dialtone_step(L, HUGE_VAL, NULL);
  CHECK_EQ_INT(left, 0);
  lua_close(L);
}

static void the_descriptor_tells_when_to_step(void) {
  lua_State *L = open_state();
  double next;
  int fds[2], descriptor = dialtone_descriptor(L);
  pair(fds);
  CHECK(descriptor >= 0);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), 0);
  lua_setglobal(L, "s");
  run(L, "require('dialtone.core').spawn(function() got = s:recv(10) end)");
  CHECK_EQ_INT(dialtone_step(L, 0, &next), 1);
  CHECK(next < 0);
  CHECK(!is_readable(descriptor, 0));
  CHECK_EQ_INT(write(fds[1], "x", 1), 1);
  CHECK(is_readable(descriptor, 10000));
  CHECK_EQ_INT(dialtone_step(L, 0, &next), 0);
  CHECK(!is_readable(descriptor, 0));
  run(L, "assert(got == 'x')");
  CHECK_EQ_INT(dialtone_descriptor(L), descriptor);
  CHECK_EQ_INT(lua_gettop(L), 0);
  lua_close(L);
  close(fds[1]);
}

static void a_failed_task_is_no_failure_of_the_step(void) {
  lua_State *L = open_state();
  run(L, "local net = require 'dialtone.core'\n"
         "task = net.spawn(function() error('no') end)");
  CHECK_EQ_INT(dialtone_step(L, 0, NULL), 0);
  CHECK_EQ_INT(lua_gettop(L), 0);
  run(L, "assert(task:status() == 'failed')");
  lua_close(L);
}

/* A function for Lua: step(seconds). */
static int lua_step(lua_State *L) {
  double next = 7;
  int result = dialtone_step(L, lua_tonumber(L, 1), &next);
  lua_pushinteger(L, result);
  if (result < 0)
    lua_insert(L, -2);
  return result < 0 ? 2 : 1;
}

static void a_step_within_a_task_fails_and_harms_nothing(void) {
  lua_State *L = open_state();
  lua_pushcfunction(L, lua_step);
  lua_setglobal(L, "step");
  run(L, "net = require 'dialtone.core'\n"
         "task = net.spawn(function()\n"
         "  result, message = step(0)\n"
         "  net.sleep(0)\n"
         "  done = true\n"
         "end)");
  while (dialtone_step(L, 0, NULL) == 1)
    continue;
  run(L, "assert(done and result == -1, result)\n"
         "assert(message:find('runs already'), message)");
  lua_close(L);
}

static void a_wrong_time_is_an_error(void) {
  lua_State *L = open_state();
  double next = 7;
  CHECK_EQ_INT(dialtone_step(L, -1, &next), -1);
  CHECK_EQ_INT(lua_gettop(L), 1);
  CHECK(strstr(lua_tostring(L, -1), "seconds"));
  CHECK(next == 0);
  lua_close(L);
}

static void a_coroutine_may_step(void) {
  lua_State *L = open_state();
  lua_pushcfunction(L, lua_step);
  lua_setglobal(L, "step");
  run(L, "require('dialtone.core').spawn(function() done = true end)\n"
         "coroutine.wrap(function() assert(step(0) == 0) end)()\n"
         "assert(done)");
  lua_close(L);
}

/* Each Lua state lists its own; whose sockets are gone has none. */
static void two_states_do_not_see_each_other(void) {
  lua_State *one = open_state(), *other = open_state();
  run(one, "net = require 'dialtone.core'\n"
           "a, b = net.socketpair()\n"
           "net.spawn(function() net.sleep(60) end)");
  run(other, "net = require 'dialtone.core'\n"
             "s = net.socket('AF_UNIX', 'SOCK_DGRAM')\n"
             "assert(#net.sockets() == 1 and net.sockets()[1] == s)\n"
             "assert(#net.tasks() == 0)");
  run(one, "assert(#net.sockets() == 2 and #net.tasks() == 1)\n"
           "assert(tostring(net.tasks()[1]):find('^task 1 '))");
  lua_close(one);
  run(other, "assert(#net.sockets() == 1 and net.sockets()[1] == s)");
  lua_close(other);
}

static void the_end_of_the_state_closes_all(void) {
  int before = count_open();
  lua_State *L = open_state();
  int fds[2];
  pair(fds);
  CHECK_EQ_INT(dialtone_push(L, fds[0]), 0);
  lua_setglobal(L, "s");
  run(L, "local net = require 'dialtone.core'\n"
         "net.spawn(function() s:recv(10) end)\n"
         "net.spawn(function() net.sleep(60) end)");
  CHECK_EQ_INT(dialtone_step(L, 0, NULL), 1);
  lua_close(L);
  close(fds[1]);
  CHECK_EQ_INT(count_open(), before);
}

/* --- want of memory ------------------------------------------------------- */

static struct {
  lua_Alloc allocate;
  void *argument;
  long left;  /* how many allocations succeed; < 0: all */
  long asked; /* while they are counted */
  jmp_buf panicked;
} memory;

/* Frees and shrinks always. */
static void *allocate(void *argument, void *block, size_t old, size_t size) {
  (void)argument;
  if (memory.left >= 0 && size > 0 && (!block || size > old)) {
    memory.asked++;
    if (memory.left == 0)
      return NULL;
    memory.left--;
  }
  return memory.allocate(memory.argument, block, old, size);
}

static int panic(lua_State *L) {
  (void)L;
  longjmp(memory.panicked, 1);
}

static lua_State *starving_state(void) {
  lua_State *L = bare_state();
  memory.left = -1;
  memory.allocate = lua_getallocf(L, &memory.argument);
  lua_setallocf(L, allocate, NULL);
  lua_atpanic(L, panic);
  return L;
}

/* Calls `function`, which makes checks of its own, in a new state, with `count`
   allocations that succeed.  Whether it needed no more, or panicked. */
static bool starve_once(void (*prepare)(lua_State *L),
                        void (*function)(lua_State *L), long count) {
  lua_State *L = starving_state();
  if (prepare)
    prepare(L);
  memory.left = count;
  memory.asked = 0;
  if (setjmp(memory.panicked) != 0) {
    memory.left = -1;
    CHECK(!"an error was raised outside of all protected calls");
    return true;
  }
  function(L);
  memory.left = -1;
  lua_close(L);
  return memory.asked <= count;
}

/* The same with 0, 1, 2 ... allocations, until no more are needed. */
static void starve(void (*prepare)(lua_State *L),
                   void (*function)(lua_State *L)) {
  long count = 0;
  while (count < 5000 && !starve_once(prepare, function, count))
    count++;
  CHECK(count < 5000);
}

static void open_starving(lua_State *L) {
  int result = dialtone_open(L);
  CHECK_EQ_INT(lua_gettop(L), result == 0 ? 0 : 1);
  memory.left = -1;
  CHECK_EQ_INT(dialtone_open(L), 0);
}

static void opening_raises_nothing_for_want_of_memory(void) {
  starve(NULL, open_starving);
}

static void prepare_open(lua_State *L) {
  CHECK_EQ_INT(dialtone_open(L), 0);
  run(L, "net = require 'dialtone.core'\n"
         "net.spawn(function() net.sleep(60) end)\n"
         "net.spawn(function() net.sleep(0) end)");
}

static void push_starving(lua_State *L) {
  int fds[2], error;
  pair(fds);
  error = dialtone_push(L, fds[0]);
  CHECK(error == 0 || error == ENOMEM);
  CHECK_EQ_INT(lua_gettop(L), error == 0 ? 1 : 0);
  CHECK(is_open(fds[0]));
  if (error != 0)
    close(fds[0]);
  close(fds[1]);
}

static void pushing_raises_nothing_for_want_of_memory(void) {
  starve(prepare_open, push_starving);
}

static void step_starving(lua_State *L) {
  int result = dialtone_step(L, 0, NULL);
  CHECK(result == 1 || result == -1);
  CHECK_EQ_INT(lua_gettop(L), result < 0 ? 1 : 0);
  CHECK_EQ_INT(dialtone_fileno(L, 1), -1);
  (void)dialtone_descriptor(L); /* may fail, too */
  CHECK_EQ_INT(lua_gettop(L), result < 0 ? 1 : 0);
  memory.left = -1;
  CHECK(dialtone_step(L, 0, NULL) >= 0);
}

static void a_step_raises_nothing_for_want_of_memory(void) {
  starve(prepare_open, step_starving);
}

int main(void) {
  unsetenv("DIALTONE_POLLER"); /* poll has no descriptor */
  RUN(opening_makes_require_find_it);
  RUN(opening_again_changes_nothing);
  RUN(opening_needs_no_other_library);
  RUN(another_copy_of_the_module_is_an_error);
  RUN(what_require_opens_serves_too);
  RUN(without_opening_each_function_fails);
  RUN(a_pushed_descriptor_is_a_socket);
  RUN(a_pushed_descriptor_is_the_objects);
  RUN(what_is_no_socket_is_not_pushed);
  RUN(other_values_have_no_descriptor);
  RUN(a_step_without_tasks_has_nothing_to_do);
  RUN(a_step_says_when_the_next_is_due);
  RUN(a_step_waits_no_longer_than_it_was_told);
  RUN(a_step_serves_until_no_task_is_left);
  RUN(the_descriptor_tells_when_to_step);
  RUN(a_failed_task_is_no_failure_of_the_step);
  RUN(a_step_within_a_task_fails_and_harms_nothing);
  RUN(a_wrong_time_is_an_error);
  RUN(a_coroutine_may_step);
  RUN(two_states_do_not_see_each_other);
  RUN(the_end_of_the_state_closes_all);
  RUN(opening_raises_nothing_for_want_of_memory);
  RUN(pushing_raises_nothing_for_want_of_memory);
  RUN(a_step_raises_nothing_for_want_of_memory);
  return check_summary();
}
