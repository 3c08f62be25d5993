/*
 * variant_fault.h - what the test build does in all its calls while the whole
 * suite is run under a variant (spec/support/run): the environment's
 * DIALTONE_VARIANT, read when the module is loaded.
 *
 *   onebyte      a call that moves bytes of a stream moves one (bulk: a few)
 *   signal       SIGALRM comes a hundred times a second
 *   descriptors  the first two thousand descriptors are taken
 *
 * Other names are others' business.  A child that loads the module has the
 * variant, too.
 */
#ifndef DT_VARIANT_FAULT_H
#define DT_VARIANT_FAULT_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

DT_INTERNAL_BEGIN

/* How many bytes a call on `fd` with these flags is to move at most. */
size_t dt_variant_cut(int fd, int flags, bool sends, size_t size);

/* The descriptor is a new one. */
void dt_variant_opened(int fd);

/* Such a call was cut, and moved something. */
void dt_variant_moved(int fd, bool sends);

/* SIGALRM so often a second from now on, 0: not any more.  The handler is
   without SA_RESTART.  Gives what it was. */
int dt_variant_alarm(int often);

/* How many came. */
int dt_variant_alarms(void);

/* Whether the variant took this descriptor. */
bool dt_variant_took(int fd);

DT_INTERNAL_END

#endif
