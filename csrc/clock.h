/*
 * clock.h - the monotonic clock and deadlines on it.
 *
 * A time limit becomes an absolute deadline once, when the call begins; every
 * wait of that call is derived from it.  So a peer that sends a byte now and
 * then cannot stretch a limit, and a signal does not start it anew.
 */
#ifndef DT_CLOCK_H
#define DT_CLOCK_H

#include "config.h"

#include <stdint.h>

typedef int64_t dt_time; /* nanoseconds */

#define DT_FOREVER INT64_MAX /* a deadline that never comes */

DT_INTERNAL_BEGIN

/* Nanoseconds of CLOCK_MONOTONIC. */
dt_time dt_now(void);

/* A number of seconds as nanoseconds, rounded up so that a tiny limit is not
   none, and cut at DT_FOREVER.  `seconds` must be >= 0 and not NaN. */
dt_time dt_duration(double seconds);

/* The deadline that lies `duration` after now, DT_FOREVER when that is out of
   range. */
dt_time dt_deadline(dt_time duration);

/* What poll(2) takes to wait until `deadline`: milliseconds, rounded up (a
   wait rounded down would spin), 0 when it has passed, -1 for DT_FOREVER. */
int dt_poll_timeout(dt_time deadline);

DT_INTERNAL_END

#endif
