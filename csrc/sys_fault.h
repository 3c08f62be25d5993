/*
 * sys_fault.h - the test build's layer over sys.h: makes chosen system calls
 * fail or move fewer bytes, counts them, and knows which descriptors are open.
 *
 * Only the test build (DIALTONE_FAULTS) has it.  Lua reaches it as
 * require "dialtone.core".fault (mod_fault.c).
 */
#ifndef DT_SYS_FAULT_H
#define DT_SYS_FAULT_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#define DT_FAULT_NTH_MAX 0x7fffffff
#define DT_FAULT_FOREVER 0x7fffffff

DT_INTERNAL_BEGIN

/* From the `nth` call of `call` on (counted from now, 1 is the next), so many
   times, or DT_FAULT_FOREVER, fail with `error`; or, when `error` is 0, move at
   most `bytes` bytes (or messages).  One plan for each call.  False: no such
   call. */
bool dt_fault_plan(const char *call, int nth, int times, int error,
                   size_t bytes);

/* From now on each call of `call` sleeps first, whatever its plan.  False: no
   such call. */
bool dt_fault_delay(const char *call, int milliseconds);

/* Forgets all plans, delays and counts. */
void dt_fault_clear(void);

/* How often `call` was made since dt_fault_clear; -1: no such call. */
int dt_fault_count(const char *call);

/* The name of call number `index`, NULL after the last. */
const char *dt_fault_name(size_t index);

/* The call that opened `fd`, NULL when it is not open by our knowledge. */
const char *dt_fault_opener(int fd);

/* One more than the largest descriptor that dt_fault_opener can know. */
int dt_fault_descriptors(void);

DT_INTERNAL_END

#endif
