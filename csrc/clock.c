/*
 * clock.c - see clock.h.  Stands on clock_gettime(2).
 */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "clock.h"

#define NS_PER_SECOND 1000000000
#define NS_PER_MS     1000000

dt_time dt_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
  return (dt_time)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

dt_time dt_duration(double seconds) {
  double ns = seconds * NS_PER_SECOND;
  if (ns >= (double)DT_FOREVER)
    return DT_FOREVER;
  dt_time whole = (dt_time)ns;
  return (double)whole < ns ? whole + 1 : whole;
}

dt_time dt_deadline(dt_time duration) {
  dt_time now;
  if (duration == DT_FOREVER)
    return DT_FOREVER;
  now = dt_now();
  return duration > DT_FOREVER - now ? DT_FOREVER : now + duration;
}

int dt_poll_timeout(dt_time deadline) {
  dt_time left;
  if (deadline == DT_FOREVER)
    return -1;
  left = deadline - dt_now();
  if (left <= 0)
    return 0;
  left = left / NS_PER_MS + (left % NS_PER_MS != 0);
  return left > INT_MAX ? INT_MAX : (int)left;
}
