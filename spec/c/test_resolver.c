/*
 * test_resolver.c - csrc/resolver.c: every look-up is answered once, by few
 * threads, and may be abandoned or left behind at any time.
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "resolver.h"
#include "sys.h"
#include "sys_fault.h"

#define MS      1000000LL
#define PATIENT 20000 /* milliseconds: more than anything here takes */

/* --- threads -------------------------------------------------------------- */

/* How many more threads may be made; -1: any number. */
static int threads_allowed = -1;

/* Stands before the C library's, which it calls. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument) {
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  void *symbol = dlsym(RTLD_NEXT, "pthread_create");
  memcpy(&real, &symbol, sizeof real);
  if (threads_allowed == 0)
    return EAGAIN;
  if (threads_allowed > 0)
    threads_allowed--;
  return real(thread, attributes, start, argument);
}

/* The threads of this process, but those that were there from the beginning;
   -1 where the system does not tell. */
static int count_threads(void) {
  DIR *directory = opendir("/proc/self/task");
  struct dirent *entry;
  int count = 0;
  if (!directory)
    return -1;
  while ((entry = readdir(directory)) != NULL)
    count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

static int first_threads;
static sigset_t first_mask;

static void check_threads(int want) {
  if (first_threads > 0)
    CHECK_EQ_INT(count_threads() - first_threads, want);
}

static void nap(void) {
  static const struct timespec a_while = {0, MS};
  nanosleep(&a_while, NULL);
}

/* Waits until all threads of the tests before have ended. */
static void wait_for_threads_to_end(void) {
  dt_time deadline = dt_deadline(PATIENT * MS);
  while (first_threads > 0 && count_threads() > first_threads &&
         dt_now() < deadline)
    nap();
  check_threads(0);
}

/* Waits until so many calls of getaddrinfo have begun. */
static void wait_for_calls(int count) {
  dt_time deadline = dt_deadline(PATIENT * MS);
  while (dt_fault_count("getaddrinfo") < count && dt_now() < deadline)
    nap();
  CHECK(dt_fault_count("getaddrinfo") >= count);
}

/* --- asking ----------------------------------------------------------------
 */

static int somebody; /* an owner */

static struct dt_query *new_query(const char *host, void *owner) {
  struct addrinfo hints = {0};
  struct dt_query *query;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  query = dt_query_new(host, "80", &hints);
  if (!query)
    abort();
  query->owner = owner;
  return query;
}

static struct dt_query *ask(struct dt_resolver *resolver, void *owner) {
  struct dt_query *query = new_query("127.0.0.1", owner);
  CHECK_EQ_INT(dt_resolver_ask(resolver, query), 0);
  return query;
}

static struct dt_resolver *open_resolver(void) {
  struct dt_resolver *resolver;
  dt_fault_clear();
  wait_for_threads_to_end();
  resolver = dt_resolver_open();
  CHECK(resolver != NULL);
  return resolver;
}

static bool readable(struct dt_resolver *resolver, int milliseconds) {
  struct pollfd entry = {.fd = dt_resolver_descriptor(resolver),
                         .events = POLLIN};
  return poll(&entry, 1, milliseconds) == 1 && (entry.revents & POLLIN);
}

/* The next answer, waited for as a loop does. */
static struct dt_query *wait_for_answer(struct dt_resolver *resolver) {
  struct dt_query *query = dt_resolver_answer(resolver);
  while (!query && readable(resolver, PATIENT))
    query = dt_resolver_answer(resolver);
  return query;
}

static void check_local(const struct dt_query *query) {
  struct sockaddr_in address;
  CHECK(query->answered);
  CHECK_EQ_INT(query->result, 0);
  if (!query->list)
    return;
  CHECK_EQ_INT(query->list->ai_addrlen, sizeof address);
  memcpy(&address, query->list->ai_addr, sizeof address);
  CHECK_EQ_INT(address.sin_family, AF_INET);
  CHECK_EQ_INT(ntohs(address.sin_port), 80);
  CHECK_EQ_INT(ntohl(address.sin_addr.s_addr) >> 24, 127);
}

/* Takes `count` answers that are the last there are. */
static void take_answers(struct dt_resolver *resolver, int count) {
  for (int i = 0; i < count; i++) {
    struct dt_query *query = wait_for_answer(resolver);
    if (!query) {
      CHECK(!"answered");
      return;
    }
    check_local(query);
    dt_query_free(query);
  }
  CHECK(!dt_resolver_answer(resolver));
  CHECK(!readable(resolver, 0));
}

/* --- answers ---------------------------------------------------------------
 */

static void a_name_is_looked_up_and_the_descriptor_tells(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *query = new_query("localhost", &somebody), *answer;
  CHECK(!readable(resolver, 0));
  CHECK(!dt_resolver_answer(resolver));
  CHECK_EQ_INT(dt_resolver_ask(resolver, query), 0);
  CHECK(readable(resolver, PATIENT));
  answer = dt_resolver_answer(resolver);
  CHECK(answer == query);
  CHECK(query->owner == &somebody);
  CHECK_EQ_STR(query->host, "localhost");
  CHECK_EQ_STR(query->service, "80");
  CHECK(query->list != NULL);
  check_local(query);
  CHECK(readable(resolver, 0)); /* it was not asked for more yet */
  CHECK(!dt_resolver_answer(resolver));
  CHECK(!readable(resolver, 0));
  dt_query_free(query);
  dt_resolver_close(resolver);
}

static void texts_are_copied_and_may_be_missing(void) {
  char host[] = "::1";
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
  struct dt_query *query = dt_query_new(host, NULL, &hints);
  host[0] = 'x';
  CHECK_EQ_STR(query->host, "::1");
  CHECK(!query->service);
  CHECK(!query->answered && !query->list && !query->owner);
  CHECK_EQ_INT(query->hints.ai_flags, AI_NUMERICHOST);
  dt_query_free(query);
  query = dt_query_new(NULL, "http", &hints);
  CHECK(!query->host);
  CHECK_EQ_STR(query->service, "http");
  dt_query_free(query);
}

static void failures_are_answers(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *query = new_query("no such name", &somebody);
  query->hints.ai_flags = AI_NUMERICHOST;
  CHECK_EQ_INT(dt_resolver_ask(resolver, query), 0);
  CHECK(wait_for_answer(resolver) == query);
  CHECK_EQ_INT(query->result, EAI_NONAME);
  CHECK(!query->list);
  dt_query_free(query);
  dt_fault_plan("getaddrinfo", 1, 1, ENFILE, 0);
  query = ask(resolver, &somebody);
  CHECK(wait_for_answer(resolver) == query);
  CHECK_EQ_INT(query->result, EAI_SYSTEM);
  CHECK_EQ_INT(query->error, ENFILE);
  dt_query_free(query);
  dt_resolver_close(resolver);
}

static void each_of_many_is_answered_once(void) {
  enum { MANY = 200 };
  static int owners[MANY];
  struct dt_resolver *resolver = open_resolver();
  memset(owners, 0, sizeof owners);
  dt_fault_delay("getaddrinfo", 10);
  for (int i = 0; i < MANY; i++)
    ask(resolver, &owners[i]);
  CHECK(count_threads() <= first_threads + DT_RESOLVER_THREADS);
  for (int i = 0; i < MANY; i++) {
    struct dt_query *query = wait_for_answer(resolver);
    if (!query)
      break;
    check_local(query);
    ++*(int *)query->owner;
    dt_query_free(query);
  }
  CHECK(count_threads() <= first_threads + DT_RESOLVER_THREADS);
  for (int i = 0; i < MANY; i++)
    CHECK_EQ_INT(owners[i], 1);
  take_answers(resolver, 0);
  dt_resolver_close(resolver);
}

static void slow_lookups_go_on_side_by_side(void) {
  struct dt_resolver *resolver = open_resolver();
  dt_time begin = dt_now();
  dt_fault_delay("getaddrinfo", 500);
  for (int i = 0; i < DT_RESOLVER_THREADS; i++)
    ask(resolver, &somebody);
  take_answers(resolver, DT_RESOLVER_THREADS);
  CHECK(dt_now() - begin < DT_RESOLVER_THREADS / 2 * 500 * MS);
  dt_resolver_close(resolver);
}

static void answers_that_wait_were_announced_once(void) {
  struct dt_resolver *resolver = open_resolver();
  threads_allowed = 1;
  for (int i = 0; i < 10; i++)
    ask(resolver, &somebody);
  threads_allowed = -1;
  wait_for_calls(10); /* one after the other: nine have been answered */
  CHECK_EQ_INT(dt_fault_count("send"), 1);
  take_answers(resolver, 10);
  dt_resolver_close(resolver);
}

static void an_owner_that_was_not_woken_is_woken_later(void) {
  struct dt_resolver *resolver = open_resolver();
  dt_time begin = dt_now();
  dt_fault_plan("send", 1, 1, ENOBUFS, 0);
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  CHECK(dt_now() - begin < 4000 * MS); /* and not after the idle time */
  dt_resolver_close(resolver);
}

/* An edge-triggered poller reports only bytes that are new. */
static void a_descriptor_that_was_not_emptied_gets_more(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *query;
  ask(resolver, &somebody);
  query = wait_for_answer(resolver);
  dt_query_free(query);
  dt_fault_plan("recv", 1, 1, ENOMEM, 0);
  CHECK(!dt_resolver_answer(resolver));
  ask(resolver, &somebody);
  wait_for_calls(2);
  query = wait_for_answer(resolver);
  CHECK_EQ_INT(dt_fault_count("send"), 2);
  dt_query_free(query);
  take_answers(resolver, 0);
  dt_resolver_close(resolver);
}

/* --- threads ---------------------------------------------------------------
 */

static void no_thread_is_there_before_the_first_lookup(void) {
  struct dt_resolver *resolver = open_resolver();
  check_threads(0);
  dt_resolver_close(resolver);
  CHECK(true);
}

static void a_thread_without_work_takes_the_next(void) {
  struct dt_resolver *resolver = open_resolver();
  for (int i = 0; i < 20; i++) {
    ask(resolver, &somebody);
    take_answers(resolver, 1);
    check_threads(1);
  }
  dt_resolver_close(resolver);
}

static void a_thread_without_work_takes_no_more_than_one(void) {
  struct dt_resolver *resolver = open_resolver();
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  dt_fault_delay("getaddrinfo", 500);
  for (int threads = 1; threads <= 2; threads++) { /* all idle, and one more */
    for (int i = 0; i < threads; i++)
      ask(resolver, &somebody);
    ask(resolver, &somebody);
    check_threads(threads + 1);
    take_answers(resolver, threads + 1);
  }
  dt_resolver_close(resolver);
}

/* Whether the thread blocks signals that a program may live on. */
static bool blocks_signals(const char *thread) {
  static const int signals[] = {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGPROF};
  unsigned long long mask = 0;
  char path[300], line[200];
  bool all = true;
  FILE *status;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  status = fopen(path, "r");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "SigBlk:", 7) == 0)
      mask = strtoull(line + 7, NULL, 16);
  if (status)
    fclose(status);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    all = all && (mask >> (signals[i] - 1) & 1);
  return all;
}

static void threads_leave_signals_to_the_others(void) {
  struct dt_resolver *resolver = open_resolver();
  DIR *directory = opendir("/proc/self/task");
  struct dirent *entry;
  sigset_t mask;
  int found = 0;
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  CHECK_EQ_INT(sigismember(&mask, SIGINT), sigismember(&first_mask, SIGINT));
  CHECK_EQ_INT(sigismember(&mask, SIGALRM), sigismember(&first_mask, SIGALRM));
  while (directory && (entry = readdir(directory)) != NULL)
    found += blocks_signals(entry->d_name);
  if (directory) {
    closedir(directory);
    CHECK(found >= 1);
  }
  dt_resolver_close(resolver);
}

static void threads_end_when_there_is_nothing_to_do(void) {
  struct dt_resolver *resolver = open_resolver();
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  check_threads(1);
  wait_for_threads_to_end();
  ask(resolver, &somebody); /* and come again */
  take_answers(resolver, 1);
  check_threads(1);
  dt_resolver_close(resolver);
}

static void without_any_thread_asking_fails(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *query = new_query("127.0.0.1", &somebody);
  threads_allowed = 0;
  CHECK_EQ_INT(dt_resolver_ask(resolver, query), EAGAIN);
  threads_allowed = 1;
  CHECK_EQ_INT(dt_resolver_ask(resolver, query), 0); /* it is ours still */
  ask(resolver, &somebody); /* one thread is enough for two */
  ask(resolver, &somebody);
  threads_allowed = -1;
  take_answers(resolver, 3);
  check_threads(1);
  dt_resolver_close(resolver);
}

static void without_a_descriptor_there_is_no_resolver(void) {
  wait_for_threads_to_end();
  dt_fault_plan("socketpair", 1, 1, EMFILE, 0);
  errno = 0;
  CHECK(!dt_resolver_open());
  CHECK_EQ_INT(errno, EMFILE);
  dt_fault_clear();
}

/* --- abandoned -------------------------------------------------------------
 */

/* The one thread there is works on a query for a while. */
static struct dt_query *keep_busy(struct dt_resolver *resolver) {
  struct dt_query *query;
  threads_allowed = 1;
  dt_fault_delay("getaddrinfo", 500);
  query = ask(resolver, &somebody);
  wait_for_calls(1);
  dt_fault_delay("getaddrinfo", 0);
  return query;
}

static void a_query_that_waits_can_be_abandoned(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *first, *second, *third;
  keep_busy(resolver);
  first = ask(resolver, &somebody);
  second = ask(resolver, &somebody);
  third = ask(resolver, &somebody);
  dt_resolver_abandon(resolver, second);
  dt_resolver_abandon(resolver, third);
  dt_resolver_abandon(resolver, first);
  ask(resolver, &somebody); /* there is no gap in the list */
  threads_allowed = -1;
  take_answers(resolver, 2);
  CHECK_EQ_INT(dt_fault_count("getaddrinfo"), 2);
  dt_resolver_close(resolver);
}

static void a_query_under_way_can_be_abandoned(void) {
  struct dt_resolver *resolver = open_resolver();
  dt_resolver_abandon(resolver, keep_busy(resolver));
  ask(resolver, &somebody); /* after that one */
  threads_allowed = -1;
  take_answers(resolver, 1);
  CHECK_EQ_INT(dt_fault_count("getaddrinfo"), 2);
  dt_resolver_close(resolver);
}

static void a_query_that_was_answered_can_be_abandoned(void) {
  struct dt_resolver *resolver = open_resolver();
  struct dt_query *query = ask(resolver, &somebody);
  CHECK(readable(resolver, PATIENT));
  dt_resolver_abandon(resolver, query);
  take_answers(resolver, 0);
  ask(resolver, &somebody); /* there is no gap in the list */
  take_answers(resolver, 1);
  dt_resolver_close(resolver);
}

static void queries_are_abandoned_at_any_moment(void) {
  struct dt_resolver *resolver = open_resolver();
  for (int round = 0; round < 300; round++) {
    struct dt_query *queries[5];
    for (int i = 0; i < 5; i++)
      queries[i] = ask(resolver, &somebody);
    for (int i = 0; i < round % 50; i++)
      sched_yield();
    for (int i = 0; i < 5; i++)
      dt_resolver_abandon(resolver, queries[i]);
    CHECK(!dt_resolver_answer(resolver));
  }
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  dt_resolver_close(resolver);
}

/* --- the end ---------------------------------------------------------------
 */

static void closing_waits_for_nobody(void) {
  struct dt_resolver *resolver = open_resolver();
  int descriptor = dt_resolver_descriptor(resolver);
  dt_time begin;
  dt_fault_delay("getaddrinfo", 1000);
  for (int i = 0; i < DT_RESOLVER_THREADS + 10; i++)
    ask(resolver, &somebody);
  wait_for_calls(DT_RESOLVER_THREADS);
  begin = dt_now();
  dt_resolver_close(resolver);
  CHECK(dt_now() - begin < 500 * MS);
  CHECK(!dt_fault_opener(descriptor)); /* closed already */
  check_threads(DT_RESOLVER_THREADS);  /* and still under way */
  wait_for_threads_to_end();
  CHECK_EQ_INT(dt_fault_count("getaddrinfo"), DT_RESOLVER_THREADS);
  CHECK_EQ_INT(dt_fault_count("send"), 0);
}

static void closing_ends_threads_without_work(void) {
  struct dt_resolver *resolver = open_resolver();
  dt_time begin;
  for (int i = 0; i < 50; i++)
    ask(resolver, &somebody);
  take_answers(resolver, 50);
  begin = dt_now();
  dt_resolver_close(resolver);
  wait_for_threads_to_end();
  CHECK(dt_now() - begin < 4000 * MS); /* and not after the idle time */
}

static void answers_not_taken_are_freed(void) {
  struct dt_resolver *resolver = open_resolver();
  threads_allowed = 1;
  for (int i = 0; i < 10; i++)
    ask(resolver, &somebody);
  threads_allowed = -1;
  wait_for_calls(10);
  dt_resolver_close(resolver);
}

/* The child, which tells what became of the descriptor and then waits. */
static void forget_and_tell(struct dt_resolver *resolver, int pipe_end) {
  int descriptor = dt_resolver_descriptor(resolver);
  bool closed;
  dt_resolver_forget(resolver);
  closed = fcntl(descriptor, F_GETFD) < 0 && errno == EBADF;
  if (write(pipe_end, closed ? "y" : "n", 1) == 1)
    pause();
  _exit(1);
}

/* It is killed, since nobody shall search for what it lost with its threads. */
static void check_child_forgets(struct dt_resolver *resolver) {
  struct pollfd entry = {.fd = -1, .events = POLLIN};
  char told = 0;
  int ends[2];
  pid_t child;
  if (pipe(ends) < 0)
    abort();
  child = fork();
  if (child == 0)
    forget_and_tell(resolver, ends[1]);
  CHECK(child > 0);
  entry.fd = ends[0];
  CHECK(poll(&entry, 1, PATIENT) == 1 && read(ends[0], &told, 1) == 1);
  CHECK_EQ_INT(told, 'y');
  if (child > 0 && kill(child, SIGKILL) == 0)
    CHECK(waitpid(child, NULL, 0) == child);
  close(ends[0]);
  close(ends[1]);
}

static void a_child_forgets_and_the_parent_goes_on(void) {
  struct dt_resolver *resolver = open_resolver();
  dt_fault_delay("getaddrinfo", 200);
  for (int i = 0; i < 2 * DT_RESOLVER_THREADS; i++)
    ask(resolver, &somebody);
  wait_for_calls(DT_RESOLVER_THREADS);
  check_child_forgets(resolver);
  take_answers(resolver, 2 * DT_RESOLVER_THREADS);
  check_child_forgets(resolver);
  ask(resolver, &somebody);
  take_answers(resolver, 1);
  dt_resolver_close(resolver);
}

/* Whatever a thread does at the moment. */
static void children_of_a_busy_parent_forget(void) {
  struct dt_resolver *resolver = open_resolver();
  for (int round = 0; round < 30; round++) {
    for (int i = 0; i < 20; i++)
      ask(resolver, &somebody);
    check_child_forgets(resolver);
  }
  take_answers(resolver, 600);
  dt_resolver_close(resolver);
}

static void no_descriptor_is_left(void) {
  wait_for_threads_to_end();
  for (int fd = 0; fd < dt_fault_descriptors(); fd++)
    if (dt_fault_opener(fd))
      CHECK_EQ_STR(dt_fault_opener(fd), NULL);
  CHECK(true);
}

static void *do_nothing(void *argument) {
  return argument;
}

/* With the first thread sanitizers may make one of their own. */
static void count_first_threads(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, do_nothing, NULL) == 0)
    pthread_join(thread, NULL);
  for (int i = 0; i < 10; i++) /* until the kernel has taken it off its list */
    nap();
  first_threads = count_threads();
  pthread_sigmask(SIG_SETMASK, NULL, &first_mask);
}

int main(void) {
  count_first_threads();
  RUN(no_thread_is_there_before_the_first_lookup);
  RUN(a_name_is_looked_up_and_the_descriptor_tells);
  RUN(texts_are_copied_and_may_be_missing);
  RUN(failures_are_answers);
  RUN(each_of_many_is_answered_once);
  RUN(slow_lookups_go_on_side_by_side);
  RUN(answers_that_wait_were_announced_once);
  RUN(an_owner_that_was_not_woken_is_woken_later);
  RUN(a_descriptor_that_was_not_emptied_gets_more);
  RUN(a_thread_without_work_takes_the_next);
  RUN(a_thread_without_work_takes_no_more_than_one);
  RUN(threads_leave_signals_to_the_others);
  RUN(without_any_thread_asking_fails);
  RUN(without_a_descriptor_there_is_no_resolver);
  RUN(a_query_that_waits_can_be_abandoned);
  RUN(a_query_under_way_can_be_abandoned);
  RUN(a_query_that_was_answered_can_be_abandoned);
  RUN(queries_are_abandoned_at_any_moment);
  RUN(closing_waits_for_nobody);
  RUN(closing_ends_threads_without_work);
  RUN(answers_not_taken_are_freed);
  RUN(a_child_forgets_and_the_parent_goes_on);
  RUN(children_of_a_busy_parent_forget);
  RUN(threads_end_when_there_is_nothing_to_do);
  RUN(no_descriptor_is_left);
  return check_summary();
}
