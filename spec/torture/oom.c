/*
 * oom.c - a Lua whose memory ends when a script says so.
 *
 *   oom SCRIPT [ARGUMENT...]
 *
 * The script has a table `oom`:
 *
 *   arm(n, forever)   the n-th allocation from now on fails: that one, or it
 * and all that follow disarm()          gives how many were refused, and how
 * many were asked for live()            how many blocks of the library's own
 * are there watch(seconds)    ends the process if this is not called again in
 * time
 *
 * Counted are the interpreter's allocations, through its allocator, and the
 * library's own (malloc, calloc, realloc, mmap, pthread_create), through
 * --wrap of the linker.  The C library's are not.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat.h"
#include "dialtone.h"

/* --- the plan ------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool armed, forever;
static long left, asked, refused;
static atomic_long live;

static bool refuse(void) {
  bool refuses = false;
  if (!armed)
    return false;
  pthread_mutex_lock(&lock);
  asked++;
  if (left > 1) {
    left--;
  } else if (left == 1) {
    refuses = true;
    refused++;
    if (!forever)
      left = 0;
  }
  pthread_mutex_unlock(&lock);
  return refuses;
}

/* --- the interpreter's --------------------------------------------------- */

/* Since 5.2 the interpreter asks once more for what was refused, after a full
   collection: that is the same allocation. */
static struct {
  const void *block;
  size_t size;
  bool expected;
} again;

static bool refuse_block(const void *block, size_t size) {
  bool same = again.expected && again.block == block && again.size == size;
  again.expected = false;
  if (same)
    return true;
  if (!refuse())
    return false;
  again.block = block;
  again.size = size;
  again.expected = LUA_VERSION_NUM >= 502;
  return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);

/* Growth only: to shrink, and to free, must not fail. */
static void *allocate(void *unused, void *block, size_t old, size_t size) {
  (void)unused;
  if (size == 0) {
    __real_free(block);
    return NULL;
  }
  if (armed && (!block || size > old) && refuse_block(block, size))
    return NULL;
  return __real_realloc(block, size);
}

/* --- the library's own --------------------------------------------------- */

static void *count_block(void *block) {
  if (block)
    atomic_fetch_add(&live, 1);
  return block;
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return refuse() ? NULL : count_block(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
  return refuse() ? NULL : count_block(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
  if (refuse())
    return NULL;
  return block ? __real_realloc(block, size)
               : count_block(__real_realloc(NULL, size));
}

void __wrap_free(void *block);
void __wrap_free(void *block) {
  if (block)
    atomic_fetch_sub(&live, 1);
  __real_free(block);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset) {
  if (!refuse())
    return __real_mmap(at, size, protection, flags, fd, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument) {
  return refuse() ? EAGAIN
                  : __real_pthread_create(thread, attributes, start, argument);
}

/* --- for the script ------------------------------------------------------ */

static int oom_arm(lua_State *L) {
  pthread_mutex_lock(&lock);
  left = (long)luaL_checknumber(L, 1);
  forever = lua_toboolean(L, 2);
  asked = refused = 0;
  again.expected = false;
  armed = true;
  pthread_mutex_unlock(&lock);
  return 0;
}

static int oom_disarm(lua_State *L) {
  armed = false;
  again.expected = false;
  lua_pushnumber(L, (lua_Number)refused);
  lua_pushnumber(L, (lua_Number)asked);
  return 2;
}

static int oom_live(lua_State *L) {
  lua_pushnumber(L, (lua_Number)atomic_load(&live));
  return 1;
}

static int oom_watch(lua_State *L) {
  alarm((unsigned)luaL_checknumber(L, 1));
  return 0;
}

static const luaL_Reg functions[] = {
    {"arm", oom_arm},     {"disarm", oom_disarm}, {"live", oom_live},
    {"watch", oom_watch}, {NULL, NULL},
};

static int run(lua_State *L, int argc, char **argv) {
  luaL_openlibs(L);
  lua_newtable(L);
  dt_setfuncs(L, functions, 0);
  lua_setglobal(L, "oom");
  lua_newtable(L);
  for (int i = 1; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  if (dialtone_open(L) == 0 && luaL_loadfile(L, argv[1]) == 0 &&
      lua_pcall(L, 0, 0, 0) == 0)
    return 0;
  fprintf(stderr, "oom: %s\n", lua_tostring(L, -1));
  return 1;
}

int main(int argc, char **argv) {
  lua_State *L = argc > 1 ? lua_newstate(allocate, NULL) : NULL;
  int status;
  if (!L) {
    fputs(argc > 1 ? "oom: no state\n" : "usage: oom SCRIPT [ARGUMENT...]\n",
          stderr);
    return 2;
  }
  status = run(L, argc, argv);
  lua_close(L);
  return status;
}
