/*
 * mod_fault.c - the test build's fault interface for Lua: the table `fault` of
 * dialtone.core.  Stands on sys_fault.h; not part of the normal build.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "glue.h"
#include "mod_fault.h"
#include "sys_fault.h"
#include "variant_fault.h"

static int plan(lua_State *L, int error, size_t bytes) {
  const char *call = luaL_checkstring(L, 1);
  int nth = 1, times = lua_toboolean(L, 4) ? DT_FAULT_FOREVER : 1;
  if (!lua_isnoneornil(L, 3))
    nth = (int)dt_check_range(L, 3, 1, DT_FAULT_NTH_MAX);
  if (lua_type(L, 4) == LUA_TNUMBER)
    times = (int)dt_check_range(L, 4, 1, DT_FAULT_FOREVER);
  if (!dt_fault_plan(call, nth, times, error, bytes))
    return luaL_argerror(L, 1, "no such call");
  return 0;
}

/* fault.fail(call, errno [, nth [, forever]]); how often instead of true */
static int fault_fail(lua_State *L) {
  int error = dt_error_number(luaL_checkstring(L, 2));
  luaL_argcheck(L, error != 0, 2, "no such errno");
  return plan(L, error, 0);
}

/* fault.errno(name) -> its number */
static int fault_errno(lua_State *L) {
  lua_pushinteger(L, dt_error_number(luaL_checkstring(L, 1)));
  return 1;
}

/* fault.short(call, bytes [, nth [, forever]]) */
static int fault_short(lua_State *L) {
  return plan(L, 0, (size_t)dt_check_range(L, 2, 0, DT_FAULT_NTH_MAX));
}

/* fault.delay(call, seconds): each one sleeps first, from now on */
static int fault_delay(lua_State *L) {
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds >= 0 && seconds <= 3600, 2, "0 to 3600 seconds");
  if (!dt_fault_delay(luaL_checkstring(L, 1), (int)(seconds * 1000 + 0.5)))
    return luaL_argerror(L, 1, "no such call");
  return 0;
}

/* fault.clear() forgets plans, delays and counts. */
static int fault_clear(lua_State *L) {
  (void)L;
  dt_fault_clear();
  return 0;
}

/* fault.count(call) -> how often it was made since clear */
static int fault_count(lua_State *L) {
  int count = dt_fault_count(luaL_checkstring(L, 1));
  luaL_argcheck(L, count >= 0, 1, "no such call");
  lua_pushinteger(L, count);
  return 1;
}

/* fault.calls() -> list of names */
static int fault_calls(lua_State *L) {
  lua_newtable(L);
  for (int i = 0; dt_fault_name((size_t)i); i++) {
    lua_pushstring(L, dt_fault_name((size_t)i));
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* fault.census() -> list of { fd =, call = }: what we opened and still have */
static int fault_census(lua_State *L) {
  int n = 0;
  lua_newtable(L);
  for (int fd = 0; fd < dt_fault_descriptors(); fd++) {
    const char *call = dt_fault_opener(fd);
    if (!call)
      continue;
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, fd);
    lua_setfield(L, -2, "fd");
    lua_pushstring(L, call);
    lua_setfield(L, -2, "call");
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* fault.descriptors() -> { [fd] = what it is }, the whole process's */
static int fault_descriptors(lua_State *L) {
  char path[64], target[256];
  struct dirent *entry;
  DIR *directory;
  lua_newtable(L);
  directory = opendir("/proc/self/fd");
  if (!directory)
    return luaL_error(L, "/proc/self/fd cannot be read");
  while ((entry = readdir(directory)) != NULL) {
    int fd = atoi(entry->d_name);
    ssize_t length;
    if (entry->d_name[0] == '.' || fd == dirfd(directory) ||
        dt_variant_took(fd))
      continue;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    length = readlink(path, target, sizeof target);
    lua_pushlstring(L, target, length < 0 ? 0 : (size_t)length);
    lua_rawseti(L, -2, fd);
  }
  closedir(directory);
  return 1;
}

/* fault.fork() -> the child's process number, 0 in the child */
static int fault_fork(lua_State *L) {
  pid_t child = fork();
  if (child < 0)
    return luaL_error(L, "fork: %s", strerror(errno));
  lua_pushinteger(L, (lua_Integer)child);
  return 1;
}

/* fault.waitpid(number) -> its exit status, or minus the signal that ended it;
   blocks */
static int fault_waitpid(lua_State *L) {
  pid_t child = (pid_t)luaL_checkinteger(L, 1);
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return luaL_error(L, "waitpid: %s", strerror(errno));
  lua_pushinteger(L,
                  WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
  return 1;
}

/* fault.alarm(often) -> how often before.  SIGALRM comes so often a second from
   now on, 0: not any more; its handler is without SA_RESTART. */
static int fault_alarm(lua_State *L) {
  int often = (int)dt_check_range(L, 1, 0, 1000);
  lua_pushinteger(L, dt_variant_alarm(often));
  return 1;
}

/* fault.alarms() -> how many came */
static int fault_alarms(lua_State *L) {
  lua_pushinteger(L, dt_variant_alarms());
  return 1;
}

/* Where it is linked in (make cover): writes down what was run. */
void __gcov_dump(void) __attribute__((weak));

/* fault._exit(status): without any finalizer */
static int fault_exit(lua_State *L) {
  if (__gcov_dump)
    __gcov_dump();
  _exit((int)luaL_checkinteger(L, 1));
}

/* What is said when nobody has called fault.watch for so long. */
static char last_words[512];

static void give_up(int signal) {
  ssize_t unused = write(STDOUT_FILENO, last_words, strlen(last_words));
  (void)signal;
  (void)unused;
  _exit(1);
}

/* fault.watch(seconds, text): ends the process with these words unless it is
   called again in time; 0: not any more */
static int fault_watch(lua_State *L) {
  unsigned seconds = (unsigned)dt_check_range(L, 1, 0, 100000);
  alarm(0);
  signal(SIGALRM, give_up);
  snprintf(last_words, sizeof last_words, "%s", luaL_optstring(L, 2, ""));
  alarm(seconds);
  return 0;
}

/* fault.loop() -> how many there are of what the loop of this state holds */
static int fault_loop(lua_State *L) {
  const struct dt_loop *loop = dt_loop_of(L);
  const struct {
    const char *name;
    size_t count;
  } counts[] = {
      {"tasks", loop->task_count},
      {"watching", loop->watching}, /* waiters of descriptors */
      {"timers", loop->timers.count},
      {"ready", loop->ready_count},
      {"standing", loop->standing_count}, /* on C stacks */
      {"asked", loop->asked},             /* look-ups */
      {"stacks", loop->idle_count},
  };
  lua_newtable(L);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    lua_pushinteger(L, (lua_Integer)counts[i].count);
    lua_setfield(L, -2, counts[i].name);
  }
  return 1;
}

static const luaL_Reg functions[] = {
    {"_exit", fault_exit},
    {"alarm", fault_alarm},
    {"alarms", fault_alarms},
    {"errno", fault_errno},
    {"fail", fault_fail},
    {"short", fault_short},
    {"delay", fault_delay},
    {"clear", fault_clear},
    {"count", fault_count},
    {"calls", fault_calls},
    {"census", fault_census},
    {"descriptors", fault_descriptors},
    {"fork", fault_fork},
    {"loop", fault_loop},
    {"waitpid", fault_waitpid},
    {"watch", fault_watch},
    {NULL, NULL},
};

void dt_push_fault(lua_State *L) {
  lua_newtable(L);
  lua_pushvalue(L, -2);
  dt_setfuncs(L, functions, 1);
}
