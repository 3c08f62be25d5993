/*
 * cstack.c - see cstack.h.  Stands on makecontext(3) and mmap(2).
 *
 * A switch takes two system calls, both for the signal mask: 0.4 us. Sanitizers
 * and valgrind take a stack pointer that jumps for an error, so they are told
 * of each switch: the functions watch_x.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "cstack.h"

#if defined(DT_HAVE_UCONTEXT)
#  include <signal.h>
#  include <stdbool.h>
#  include <stdint.h>
#  include <sys/mman.h>
#  include <ucontext.h>
#  include <unistd.h>

struct dt_cstack {
  ucontext_t context;     /* where it was left */
  struct dt_cstack *from; /* who switched to it last */
  void (*run)(void *argument);
  void *argument;
  void *map; /* with the guard page; NULL: not ours (dt_cstack_here) */
  size_t map_size;
  /* what the tools want to know: see below */
  const void *bottom; /* its lowest address, NULL: not known yet */
  size_t size;
  void *frames;      /* of AddressSanitizer, while nobody is on it */
  void *fiber;       /* of ThreadSanitizer */
  unsigned valgrind; /* its number there */
};

/* Lua 5.1 to 5.3 nest up to 200 C calls and may have 9 KiB of buffers in each
   (string.gsub): 1 MiB is not enough for them to say "C stack overflow".  Pages
   that are never touched cost nothing. */
#  define STACK_SIZE (sizeof(void *) * 512 * 1024)

/* --- what compilers and valgrind want to be told -------------------------- */

#  if defined(__SANITIZE_ADDRESS__)
#    define WATCH_ADDRESS 1
#  elif defined(__SANITIZE_THREAD__)
#    define WATCH_THREAD 1
#  elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#      define WATCH_ADDRESS 1
#    elif __has_feature(thread_sanitizer)
#      define WATCH_THREAD 1
#    endif
#  endif

#  if defined(__has_include)
#    if __has_include(<valgrind/valgrind.h>)
#      include <valgrind/valgrind.h>
#    endif
#  endif
#  if !defined(VALGRIND_STACK_REGISTER) /* it guesses well, too */
#    define VALGRIND_STACK_REGISTER(low, high) 0
#    define VALGRIND_STACK_DEREGISTER(number)  ((void)(number))
#  endif

#  if defined(WATCH_ADDRESS)
#    include <sanitizer/asan_interface.h>
#    include <sanitizer/common_interface_defs.h>
#    include <sanitizer/lsan_interface.h>

/* A stack has its bounds, and "fake" frames elsewhere when use after return is
   looked for.  Those of a stack we did not make are learnt when it is left. */
static void watch_here(struct dt_cstack *stack) {
  (void)stack;
}

static void watch_new(struct dt_cstack *stack) {
  __lsan_register_root_region(stack->bottom, stack->size);
}

static void watch_leave(struct dt_cstack *from, const struct dt_cstack *to) {
  __sanitizer_start_switch_fiber(&from->frames, to->bottom, to->size);
}

static void watch_arrive(struct dt_cstack *self) {
  __sanitizer_finish_switch_fiber(self->frames, &self->from->bottom,
                                  &self->from->size);
  self->frames = NULL;
}

/* Frames are freed by whoever leaves his stack for good, so we pretend to be on
   it and to leave it. */
__attribute__((no_sanitize_address)) static void
free_frames(const struct dt_cstack *stack) {
  void *ours;
  const void *bottom;
  size_t size;
  __sanitizer_start_switch_fiber(&ours, stack->bottom, stack->size);
  __sanitizer_finish_switch_fiber(stack->frames, &bottom, &size);
  __sanitizer_start_switch_fiber(NULL, bottom, size);
  __sanitizer_finish_switch_fiber(ours, &bottom, &size);
}

static void watch_free(const struct dt_cstack *stack) {
  if (stack->frames)
    free_frames(stack);
  __lsan_unregister_root_region(stack->bottom, stack->size);
  __asan_unpoison_memory_region(stack->bottom, stack->size);
}
#  elif defined(WATCH_THREAD)
#    include <sanitizer/tsan_interface.h>

/* Each stack is a fiber. */
static void watch_here(struct dt_cstack *stack) {
  stack->fiber = __tsan_get_current_fiber();
}

static void watch_new(struct dt_cstack *stack) {
  stack->fiber = __tsan_create_fiber(0);
}

static void watch_leave(struct dt_cstack *from, const struct dt_cstack *to) {
  (void)from;
  __tsan_switch_to_fiber(to->fiber, 0);
}

static void watch_arrive(struct dt_cstack *self) {
  (void)self;
}

static void watch_free(const struct dt_cstack *stack) {
  __tsan_destroy_fiber(stack->fiber);
}
#  else
static void watch_here(struct dt_cstack *stack) {
  (void)stack;
}

static void watch_new(struct dt_cstack *stack) {
  stack->valgrind = VALGRIND_STACK_REGISTER(
      stack->bottom, (const char *)stack->bottom + stack->size);
}

static void watch_leave(struct dt_cstack *from, const struct dt_cstack *to) {
  (void)from;
  (void)to;
}

static void watch_arrive(struct dt_cstack *self) {
  (void)self;
}

static void watch_free(const struct dt_cstack *stack) {
  VALGRIND_STACK_DEREGISTER(stack->valgrind);
}
#  endif

/* --- memory --------------------------------------------------------------- */

#  ifndef MAP_NORESERVE
#    define MAP_NORESERVE 0
#  endif
#  if defined(DT_HAVE_MAP_STACK)
#    define STACK_FLAGS                                                        \
      (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK)
#  else
#    define STACK_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#  endif

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

/* Maps `stack`'s memory, above a page that stops whoever runs off its end. */
static bool map_stack(struct dt_cstack *stack) {
  size_t page = page_size();
  char *map =
      mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, STACK_FLAGS, -1, 0);
  if (map == MAP_FAILED)
    return false;
#  if defined(MADV_NOHUGEPAGE)
  /* else the first call might take 2 MiB; where it fails there are none */
  (void)madvise(map, STACK_SIZE, MADV_NOHUGEPAGE);
#  endif
  stack->map = map;
  stack->map_size = STACK_SIZE;
  stack->bottom = map + page;
  stack->size = STACK_SIZE - page;
  return mprotect(map, page, PROT_NONE) == 0;
}

static void unmap_stack(const struct dt_cstack *stack) {
  if (stack->map)
    munmap(stack->map, stack->map_size);
}

struct dt_cstack *dt_cstack_here(void) {
  struct dt_cstack *stack = calloc(1, sizeof *stack);
  if (stack)
    watch_here(stack);
  return stack;
}

void dt_cstack_free(struct dt_cstack *stack) {
  if (!stack)
    return;
  if (stack->map)
    watch_free(stack);
  unmap_stack(stack);
  free(stack);
}

/* --- switching ------------------------------------------------------------ */

/* The first function on a new stack.  makecontext(3) passes ints only, so a
   pointer comes in two halves. */
static void enter(unsigned high, unsigned low) {
  uintptr_t whole = (uintptr_t)((uint64_t)high << 32 | low);
  /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
  struct dt_cstack *self = (struct dt_cstack *)whole;
  watch_arrive(self);
  self->run(self->argument);
  abort(); /* there is nothing to return to */
}

/* Makes `enter` the place to go on at. */
static bool set_context(struct dt_cstack *stack) {
  uint64_t self = (uintptr_t)stack;
  if (getcontext(&stack->context) != 0)
    return false;
  stack->context.uc_stack.ss_sp = (char *)stack->map + page_size();
  stack->context.uc_stack.ss_size = stack->size;
  stack->context.uc_link = NULL;
  makecontext(&stack->context, (void (*)(void))enter, 2, (unsigned)(self >> 32),
              (unsigned)self);
  return true;
}

struct dt_cstack *dt_cstack_new(void (*run)(void *argument), void *argument) {
  struct dt_cstack *stack = calloc(1, sizeof *stack);
  if (!stack)
    return NULL;
  stack->run = run;
  stack->argument = argument;
  if (!map_stack(stack) || !set_context(stack)) {
    int error = errno;
    unmap_stack(stack);
    free(stack);
    errno = error;
    return NULL;
  }
  watch_new(stack);
  return stack;
}

/* swapcontext(3). */
static void swap(ucontext_t *from, const ucontext_t *to) {
#  if defined(WATCH_ADDRESS)
  /* AddressSanitizer has a swapcontext of its own, which only warns that it
     cannot follow; we lead it. */
  volatile bool left = false;
  if (getcontext(from) != 0)
    abort();
  if (!left) {
    left = true;
    setcontext(to);
    abort();
  }
#  else
  if (swapcontext(from, to) != 0)
    abort();
#  endif
}

void dt_cstack_switch(struct dt_cstack *from, struct dt_cstack *to) {
  to->from = from;
  /* the mask is the thread's, not the stack's: do not bring back an old one */
  pthread_sigmask(SIG_SETMASK, NULL, &to->context.uc_sigmask);
  watch_leave(from, to);
  swap(&from->context, &to->context);
  watch_arrive(from);
}

#else

struct dt_cstack {
  char nothing;
};

struct dt_cstack *dt_cstack_here(void) {
  return calloc(1, sizeof(struct dt_cstack));
}

struct dt_cstack *dt_cstack_new(void (*run)(void *argument), void *argument) {
  (void)run;
  (void)argument;
  errno = ENOSYS;
  return NULL;
}

void dt_cstack_switch(struct dt_cstack *from, struct dt_cstack *to) {
  (void)from; /* there is only one */
  (void)to;
  abort();
}

void dt_cstack_free(struct dt_cstack *stack) {
  free(stack);
}
#endif
