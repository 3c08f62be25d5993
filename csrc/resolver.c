/*
 * resolver.c - getaddrinfo(3) in worker threads: see resolver.h.
 *
 * Stands on pthreads and sys.h.  A query goes through three lists: `waiting`,
 * `working` (a thread has it), `answers`.  They and all flags are under one
 * mutex, which nobody holds for longer than a system call that does not wait.
 *
 * The resolver is counted: its owner has it once and each thread once, and the
 * last one frees it.  So nobody ever waits for a thread that the C library
 * keeps for half a minute.  Only under the mutex, and only while the resolver
 * is not closed, does a thread touch the descriptors: dt_resolver_close closes
 * them at once.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "resolver.h"
#include "sys.h"

#define IDLE_MS   5000         /* a thread without work ends after this */
#define RETRY_MS  10           /* when the owner could not be woken */
#define STACK_MIN (256 * 1024) /* what the C library's modules may need */

#if defined(_POSIX_CLOCK_SELECTION) && _POSIX_CLOCK_SELECTION > 0
#  define WAIT_CLOCK CLOCK_MONOTONIC
#else
#  define WAIT_CLOCK                                                           \
    CLOCK_REALTIME /* a clock that is set ends it early or late */
#endif

struct list {
  struct dt_query *first, **end;
};

struct dt_resolver {
  pthread_mutex_t mutex;
  pthread_cond_t work;
  struct list waiting, working, answers;
  unsigned queued;     /* how many wait */
  unsigned threads;    /* how many there are */
  unsigned idle;       /* how many of them have nothing to do */
  unsigned references; /* the owner's and the threads' */
  bool closed;
  bool woken;  /* there is a byte in the wake descriptor */
  int wake[2]; /* the owner's end, the threads' end */
};

/* --- queries ------------------------------------------------------------- */

static char *copy_text(char **room, const char *text) {
  size_t size = text ? strlen(text) + 1 : 0;
  char *copy = *room;
  if (!text)
    return NULL;
  *room += size;
  return memcpy(copy, text, size);
}

/* The texts lie behind the query, in the same piece of memory. */
struct dt_query *dt_query_new(const char *host, const char *service,
                              const struct addrinfo *hints) {
  size_t size =
      (host ? strlen(host) + 1 : 0) + (service ? strlen(service) + 1 : 0);
  struct dt_query *query = malloc(sizeof *query + size);
  char *room;
  if (!query)
    return NULL;
  memset(query, 0, sizeof *query);
  room = (char *)(query + 1);
  query->host = copy_text(&room, host);
  query->service = copy_text(&room, service);
  query->hints = *hints;
  return query;
}

void dt_query_free(struct dt_query *query) {
  if (query->list)
    freeaddrinfo(query->list);
  free(query);
}

static void make_empty(struct list *list) {
  list->first = NULL;
  list->end = &list->first;
}

static void append(struct list *list, struct dt_query *query) {
  query->next = NULL;
  query->link = list->end;
  *list->end = query;
  list->end = &query->next;
}

static void take_out(struct list *list, struct dt_query *query) {
  *query->link = query->next;
  if (query->next)
    query->next->link = query->link;
  else
    list->end = query->link;
}

static void free_all(struct list *list) {
  struct dt_query *query = list->first;
  while (query) {
    struct dt_query *next = query->next;
    dt_query_free(query);
    query = next;
  }
  make_empty(list);
}

/* --- birth and death ----------------------------------------------------- */

/* An errno.  Where it can be done, it waits by the clock that nobody sets. */
static int make_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  int error = pthread_condattr_init(&attributes);
  if (error != 0)
    return error;
#if defined(_POSIX_CLOCK_SELECTION) && _POSIX_CLOCK_SELECTION > 0
  error = pthread_condattr_setclock(&attributes, WAIT_CLOCK);
#endif
  if (error == 0)
    error = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return error;
}

static int make_locks(struct dt_resolver *resolver) {
  int error = pthread_mutex_init(&resolver->mutex, NULL);
  if (error != 0)
    return error;
  error = make_condition(&resolver->work);
  if (error != 0)
    pthread_mutex_destroy(&resolver->mutex);
  return error;
}

/* Nobody else has it any more. */
static void destroy(struct dt_resolver *resolver) {
  pthread_cond_destroy(&resolver->work);
  pthread_mutex_destroy(&resolver->mutex);
  free(resolver);
}

struct dt_resolver *dt_resolver_open(void) {
  struct dt_resolver *resolver = calloc(1, sizeof *resolver);
  int error;
  if (!resolver)
    return NULL;
  error = make_locks(resolver);
  if (error != 0) {
    free(resolver);
    errno = error;
    return NULL;
  }
  if (dt_sys.socketpair(AF_UNIX, SOCK_STREAM, 0, resolver->wake) < 0) {
    error = errno;
    destroy(resolver);
    errno = error;
    return NULL;
  }
  make_empty(&resolver->waiting);
  make_empty(&resolver->working);
  make_empty(&resolver->answers);
  resolver->references = 1;
  return resolver;
}

int dt_resolver_descriptor(const struct dt_resolver *resolver) {
  return resolver->wake[0];
}

static void close_descriptors(struct dt_resolver *resolver) {
  dt_sys.close(resolver->wake[0]);
  dt_sys.close(resolver->wake[1]);
}

/* Gives the mutex and one reference back. */
static void release(struct dt_resolver *resolver) {
  bool last = --resolver->references == 0;
  pthread_mutex_unlock(&resolver->mutex);
  if (last)
    destroy(resolver);
}

void dt_resolver_close(struct dt_resolver *resolver) {
  pthread_mutex_lock(&resolver->mutex);
  resolver->closed = true;
  free_all(&resolver->waiting);
  free_all(&resolver->answers);
  close_descriptors(resolver);
  pthread_cond_broadcast(&resolver->work);
  release(resolver);
}

/* The mutex may be a dead thread's, and then the lists may be half changed:
   they are lost.  What the C library had in hand is lost in any case.
   pthread_cond_destroy could wait for threads that are not there. */
void dt_resolver_forget(struct dt_resolver *resolver) {
  close_descriptors(resolver);
  if (pthread_mutex_trylock(&resolver->mutex) == 0) {
    free_all(&resolver->waiting);
    free_all(&resolver->working);
    free_all(&resolver->answers);
  }
  free(resolver);
}

/* --- threads (with the mutex held, but in look_up) ----------------------- */

/* Wakes the owner if there is something it does not know of; false: it could
   not be done now. */
static bool announce(struct dt_resolver *resolver) {
  if (resolver->answers.first && !resolver->woken)
    resolver->woken = dt_sys.send(resolver->wake[1], "", 1, 0) > 0;
  return !resolver->answers.first || resolver->woken;
}

/* False when the time is over. */
static bool wait_for_work(struct dt_resolver *resolver, long milliseconds) {
  struct timespec until;
  int error;
  clock_gettime(WAIT_CLOCK, &until);
  until.tv_sec += milliseconds / 1000;
  until.tv_nsec += milliseconds % 1000 * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  resolver->idle++;
  error = pthread_cond_timedwait(&resolver->work, &resolver->mutex, &until);
  resolver->idle--;
  return error != ETIMEDOUT;
}

/* NULL: the thread shall end. */
static struct dt_query *next_query(struct dt_resolver *resolver) {
  bool over = false;
  while (!resolver->closed) {
    bool announced = announce(resolver);
    struct dt_query *query = resolver->waiting.first;
    if (query) {
      take_out(&resolver->waiting, query);
      resolver->queued--;
      append(&resolver->working, query);
      query->working = true;
      return query;
    }
    if (over)
      break;
    over =
        !wait_for_work(resolver, announced ? IDLE_MS : RETRY_MS) && announced;
  }
  return NULL;
}

/* Another's eyes are on the query meanwhile (after a fork), so the answer is
   put in with the mutex only. */
static void look_up(struct dt_resolver *resolver, struct dt_query *query) {
  struct addrinfo *list = NULL;
  int result, error;
  pthread_mutex_unlock(&resolver->mutex);
  result =
      dt_sys.getaddrinfo(query->host, query->service, &query->hints, &list);
  error = errno;
  pthread_mutex_lock(&resolver->mutex);
  query->result = result;
  query->error = error;
  query->list = result == 0 ? list : NULL; /* after a failure it is anything */
}

static void *work(void *argument) {
  struct dt_resolver *resolver = argument;
  struct dt_query *query;
  pthread_mutex_lock(&resolver->mutex);
  while ((query = next_query(resolver)) != NULL) {
    look_up(resolver, query);
    take_out(&resolver->working, query);
    query->working = false;
    if (resolver->closed || !query->owner) {
      dt_query_free(query);
    } else {
      query->answered = true;
      append(&resolver->answers, query);
    }
  }
  resolver->threads--;
  release(resolver);
  return NULL;
}

/* A thread may be at work still when the last Lua state has closed the module:
   its code must stay where it is.  Where this does not work (the module is
   part of the program, say), it stays anyway. */
static void pin_library(void) {
#if defined(RTLD_NODELETE) && defined(RTLD_NOLOAD)
  static const char here;
  Dl_info library;
  if (dladdr(&here, &library) && library.dli_fname)
    (void)dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

/* An errno.  Signals are the program's own threads' business. */
static int create_thread(struct dt_resolver *resolver) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  size_t stack = 0;
  int error = pthread_attr_init(&attributes);
  if (error != 0)
    return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (pthread_attr_getstacksize(&attributes, &stack) == 0 && stack < STACK_MIN)
    pthread_attr_setstacksize(&attributes, STACK_MIN);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&thread, &attributes, work, resolver);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

/* An errno. */
static int start_thread(struct dt_resolver *resolver) {
  int error;
  if (resolver->threads == 0)
    pin_library();
  error = create_thread(resolver);
  if (error == 0) {
    resolver->threads++;
    resolver->references++;
  }
  return error;
}

/* --- what the owner calls ------------------------------------------------ */

/* A thread that is busy will come to it, too: only without any it fails. */
int dt_resolver_ask(struct dt_resolver *resolver, struct dt_query *query) {
  int error = 0;
  pthread_mutex_lock(&resolver->mutex);
  if (resolver->queued >= resolver->idle &&
      resolver->threads < DT_RESOLVER_THREADS)
    error = start_thread(resolver);
  if (resolver->threads > 0) {
    error = 0;
    append(&resolver->waiting, query);
    resolver->queued++;
    pthread_cond_signal(&resolver->work);
  }
  pthread_mutex_unlock(&resolver->mutex);
  return error;
}

/* Whether or not it works the next answer brings a new byte, and the next time
   more than one byte is read: a poller that reports edges sees one. */
static void empty_descriptor(struct dt_resolver *resolver) {
  char bytes[16];
  (void)dt_sys.recv(resolver->wake[0], bytes, sizeof bytes, 0);
  resolver->woken = false;
}

struct dt_query *dt_resolver_answer(struct dt_resolver *resolver) {
  struct dt_query *query;
  pthread_mutex_lock(&resolver->mutex);
  query = resolver->answers.first;
  if (query)
    take_out(&resolver->answers, query);
  else if (resolver->woken)
    empty_descriptor(resolver);
  pthread_mutex_unlock(&resolver->mutex);
  return query;
}

void dt_resolver_abandon(struct dt_resolver *resolver, struct dt_query *query) {
  pthread_mutex_lock(&resolver->mutex);
  if (query->working) {
    query->owner = NULL;
    query = NULL;
  } else if (query->answered) {
    take_out(&resolver->answers, query);
  } else {
    take_out(&resolver->waiting, query);
    resolver->queued--;
  }
  pthread_mutex_unlock(&resolver->mutex);
  if (query)
    dt_query_free(query);
}
