/*
 * variant_fault.c - see variant_fault.h.  Stands on the system alone;
 * sys_fault.c asks it, mod_fault.c hands it to Lua.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifdef DT_HAVE_EPOLL
#  include <linux/sockios.h>
#endif

#include "variant_fault.h"

#define ALARMS_A_SECOND 100
#define FIRST_FREE      2000

static bool one_byte;

/* --- one byte ------------------------------------------------------------ */

/* What only looks moves nothing.  Urgent data is one byte anyhow: the last. */
#define UNCUT (MSG_PEEK | MSG_OOB | UNCUT_ERRORS)
#ifdef MSG_ERRQUEUE
#  define UNCUT_ERRORS MSG_ERRQUEUE
#else
#  define UNCUT_ERRORS 0
#endif

/* A bulk of bytes would take minutes, and finds no more: after so many calls
   that were cut, those of a descriptor move a piece each.  Few are sent: a byte
   alone takes as much of the kernel's room as hundreds together, and who waits
   for room would never have enough. */
#define KNOWN  65536
#define SINGLE 64
#define PIECE  3500

/* How many were cut: of received, and of sent. */
static unsigned short cuts[KNOWN][2];

void dt_variant_opened(int fd) {
  if (one_byte && fd >= 0 && fd < KNOWN) /* the suite's: one thread */
    cuts[fd][0] = cuts[fd][1] = 0;
}

/* A unix socket with a quarter of its room taken is not reported any more: who
   was cut then would wait for the peer to read, who may wait for the rest. */
static bool has_much_room(int fd) {
#ifdef SIOCOUTQ
  int taken, room;
  socklen_t length = sizeof room;
  return ioctl(fd, SIOCOUTQ, &taken) == 0 &&
         getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length) == 0 &&
         taken <= room / 8;
#else
  return fd >= 0;
#endif
}

size_t dt_variant_cut(int fd, int flags, bool sends, size_t size) {
  int type;
  socklen_t length = sizeof type;
  if (!one_byte || size <= 1 || (flags & UNCUT) || fd < 0 || fd >= KNOWN ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
      type != SOCK_STREAM || (sends && !has_much_room(fd)))
    return size;
  if (cuts[fd][sends] < SINGLE)
    return 1;
  return size < PIECE ? size : PIECE;
}

void dt_variant_moved(int fd, bool sends) {
  if (fd >= 0 && fd < KNOWN && cuts[fd][sends] < SINGLE)
    cuts[fd][sends]++;
}

/* --- signals ------------------------------------------------------------- */

static int often_now;
static volatile sig_atomic_t alarms;

static void count_alarm(int number) {
  (void)number;
  alarms++;
}

int dt_variant_alarm(int often) {
  struct sigaction action = {.sa_handler = count_alarm};
  struct itimerval timer = {0};
  int before = often_now;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  if (often > 0)
    timer.it_interval.tv_usec = 1000000 / often;
  timer.it_value = timer.it_interval;
  setitimer(ITIMER_REAL, &timer, NULL);
  often_now = often;
  return before;
}

int dt_variant_alarms(void) {
  return alarms;
}

/* fork(2) takes the timer from the child. */
static void go_on_in_child(void) {
  if (often_now > 0)
    dt_variant_alarm(often_now);
}

/* --- descriptors --------------------------------------------------------- */

static bool taken[FIRST_FREE];

bool dt_variant_took(int fd) {
  return fd >= 0 && fd < FIRST_FREE && taken[fd];
}

/* Children of ours get none of them; nor is there anything to take in one that
   is about to find out what happens without descriptors. */
static void take_descriptors(void) {
  struct rlimit limit;
  int fd;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 2 * FIRST_FREE)
    return;
  fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && fd < FIRST_FREE) {
    taken[fd] = true;
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }
  if (fd >= 0)
    close(fd);
}

/* --- the environment ----------------------------------------------------- */

__attribute__((constructor)) static void begin_variant(void) {
  const char *name = getenv("DIALTONE_VARIANT");
  if (!name)
    return;
  one_byte = strcmp(name, "onebyte") == 0;
  if (strcmp(name, "signal") == 0) {
    pthread_atfork(NULL, NULL, go_on_in_child);
    dt_variant_alarm(ALARMS_A_SECOND);
  }
  if (strcmp(name, "descriptors") == 0)
    take_descriptors();
}
