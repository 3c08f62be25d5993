/*
 * child.c - see child.h.  Stands on Linux: /proc, prctl(2),
 * sched_setaffinity(2) and the CPU clock of another process.
 */
#define _GNU_SOURCE
#include "child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000u

enum { READY_SECONDS = 10, PATH = 64 };

void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(2);
}

uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

/* --- start --------------------------------------------------------------- */

/* Moves the calling thread to the `which`th processor that it may use. */
static void pin(const cpu_set_t *allowed, int which) {
  cpu_set_t one;
  if (CPU_COUNT(allowed) < 2)
    return;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, allowed) && which-- == 0)
      CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one); /* best effort */
}

/* A port that the system has free.  It is given back at once, so somebody
   else may get it in between: then the server fails, and says so. */
static void choose_port(struct child *child) {
  socklen_t length = sizeof child->address;
  int fd = socket(AF_INET, child->type, 0);
  child->address = (struct sockaddr_in){.sin_family = AF_INET};
  child->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&child->address, length) < 0 ||
      getsockname(fd, (struct sockaddr *)&child->address, &length) < 0)
    die("a port");
  close(fd);
}

/* The word with its "%p" replaced; in memory that is never given back. */
static char *with_port(char *word, int port) {
  char *mark = strstr(word, "%p"), *text;
  if (!mark)
    return word;
  if (asprintf(&text, "%.*s%d%s", (int)(mark - word), word, port, mark + 2) < 0)
    die("memory");
  return text;
}

static _Noreturn void become(char **command, pid_t parent) {
  int null = open("/dev/null", O_RDWR);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(127); /* the load died before the kernel knew that we care */
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  close(null);
  execvp(command[0], command);
  perror(command[0]);
  _exit(127);
}

void child_start(struct child *child, int type, char **command) {
  cpu_set_t allowed;
  pid_t parent = getpid();
  sched_getaffinity(0, sizeof allowed, &allowed);
  child->type = type;
  choose_port(child);
  if (!command[0])
    die("no command");
  for (char **word = command; *word; word++)
    *word = with_port(*word, ntohs(child->address.sin_port));
  child->pid = fork();
  if (child->pid < 0)
    die("fork");
  if (child->pid == 0) {
    pin(&allowed, 0);
    become(command, parent);
  }
  pin(&allowed, 1);
}

/* --- watch --------------------------------------------------------------- */

/* Whether the server takes a connection, or answers a datagram within 10 ms. */
static int answers(const struct child *child) {
  struct timeval patience = {.tv_usec = 10000};
  char byte = '?';
  int fd = socket(AF_INET, child->type, 0), ok;
  if (fd < 0)
    die("socket");
  ok = connect(fd, (const struct sockaddr *)&child->address,
               sizeof child->address) == 0;
  if (ok && child->type == SOCK_DGRAM) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ok = send(fd, &byte, 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1;
  }
  close(fd);
  return ok;
}

void child_ready(struct child *child) {
  const struct timespec pause = {.tv_nsec = 5000000};
  uint64_t end = now() + (uint64_t)READY_SECONDS * NS_PER_SECOND;
  while (!answers(child)) {
    if (child_ended(child) || now() > end) {
      fprintf(stderr, "load: the server does not answer\n");
      child_stop(child);
      exit(2);
    }
    nanosleep(&pause, NULL);
  }
}

uint64_t child_cpu(const struct child *child) {
  struct timespec time = {0};
  clockid_t clock;
  if (clock_getcpuclockid(child->pid, &clock) == 0)
    clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

long child_memory(const struct child *child, const char *line) {
  char path[PATH], text[256];
  long kib = 0;
  FILE *file;
  snprintf(path, sizeof path, "/proc/%d/status", (int)child->pid);
  file = fopen(path, "r");
  while (file && fgets(text, sizeof text, file))
    if (!strncmp(text, line, strlen(line)))
      kib = strtol(text + strlen(line), NULL, 10);
  if (file)
    fclose(file);
  return kib;
}

int child_ended(struct child *child) {
  int status;
  if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
    return child->pid == 0;
  fprintf(stderr, "load: the server ended by %s %d\n",
          WIFSIGNALED(status) ? "signal" : "status",
          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  child->pid = 0;
  return 1;
}

void child_stop(struct child *child) {
  if (child_ended(child))
    return;
  kill(child->pid, SIGKILL);
  waitpid(child->pid, NULL, 0);
  child->pid = 0;
}
