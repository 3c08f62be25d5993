/*
 * sys/event.h - for the test build on Linux: what csrc/poller_kqueue.c uses of
 * kqueue(2), over epoll(7) (kevent_shim.c).
 */
#ifndef SHIM_SYS_EVENT_H
#define SHIM_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
  uintptr_t ident; /* a descriptor */
  short filter;
  unsigned short flags;
  unsigned fflags; /* with EV_EOF: not 0 for an error */
  intptr_t data;   /* always 0 here */
  void *udata;
};

enum { EVFILT_READ = -1, EVFILT_WRITE = -2 };

#define EV_ADD     0x0001
#define EV_DELETE  0x0002
#define EV_ONESHOT 0x0010
#define EV_CLEAR   0x0020
#define EV_ERROR   0x4000
#define EV_EOF     0x8000

#define EV_SET(event, i, f, fl, ff, d, u)                                      \
  (*(event) = (struct kevent){(i), (f), (fl), (ff), (d), (u)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int count,
           struct kevent *events, int most, const struct timespec *limit);

#endif
