/*
 * process.h - what the host programs of the tests share: a bare Lua state, how
 * many descriptors and threads the process has, and waiting till they are gone.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "compat.h"

#define THREADS_NOW     "/proc/self/task"
#define DESCRIPTORS_NOW "/proc/self/fd"

/* The thread sanitizer does not follow mremap(2), by which LuaJIT's heap moves
   to where a thread's stack was, and takes the dead thread for a witness.
   LuaJIT does without. */
#if defined(__SANITIZE_THREAD__) && defined(__linux__)
#  include <errno.h>
#  include <sys/mman.h>

__attribute__((visibility("default"))) void *
mremap(void *address, size_t old_size, size_t size, int flags, ...) {
  (void)address, (void)old_size, (void)size, (void)flags;
  errno = ENOSYS;
  return MAP_FAILED;
}
#endif

/* How many there are; -1 where nothing can be compared: not Linux. */
static inline int entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  if (!directory)
    return -1;
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

/* Whether there are no more than `before`, within so many seconds: threads that
   still look something up open files, too. */
static inline bool fall_to(int before, const char *path, double seconds) {
  const struct timespec pause = {0, 5000000};
  for (double waited = 0; entries(path) > before; waited += 0.005) {
    if (waited > seconds)
      return false;
    nanosleep(&pause, NULL);
  }
  return true;
}

/* A state without dialtone. */
static inline lua_State *bare_state(void) {
  lua_State *L = luaL_newstate();
  if (!L)
    abort();
  luaL_openlibs(L);
  return L;
}

static inline void *do_nothing(void *argument) {
  return argument;
}

/* ThreadSanitizer starts one of its own with the first: not to be counted. */
static inline void start_first_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, do_nothing, NULL) != 0)
    abort();
  pthread_join(thread, NULL);
}

#endif
