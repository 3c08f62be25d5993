/*
 * child.h - the server under test, as the load generator sees it: a process
 * that is started, watched from outside and ended.
 *
 * The load starts the server itself.  So the CPU time is read at the very
 * instants that bound the measurement, a server never outlives its load
 * (the kernel ends it when the load dies), and nothing else is ever ended.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
  pid_t pid;
  int type; /* SOCK_STREAM or SOCK_DGRAM: what it serves */
  struct sockaddr_in address;
};

/* Ends this program with a message, the reason of errno and status 2. */
_Noreturn void die(const char *what);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t now(void);

/* Starts `command`, with each "%p" in it replaced by a free port of
   127.0.0.1, on the first processor that is ours; this process moves to the
   second, where there is one. */
void child_start(struct child *child, int type, char **command);

/* Waits until the server answers, ten seconds at most; ends this program if
   that does not happen. */
void child_ready(struct child *child);

/* CPU time of all its threads so far, in nanoseconds. */
uint64_t child_cpu(const struct child *child);

/* A line of /proc/PID/status in KiB: "VmRSS:" is what it has in memory now,
   "VmHWM:" the most it had. */
long child_memory(const struct child *child, const char *line);

/* Whether it has ended by itself; says how on the standard error. */
int child_ended(struct child *child);

/* Ends it and waits for its end. */
void child_stop(struct child *child);

#endif
