/*
 * cstack.h - several C stacks in one thread, for calls that must wait in the
 * middle of C code that cannot be left: a Lua 5.1 iterator, a comparison
 * function of table.sort, a coroutine that the user made.
 *
 * Such a call stays where it is, on its stack, and the loop goes on upon
 * another one.  Stands on makecontext(3); where the system has none
 * (DT_HAVE_UCONTEXT is not defined), dt_cstack_new always fails with ENOSYS.
 */
#ifndef DT_CSTACK_H
#define DT_CSTACK_H

#include "config.h"

#include <stddef.h>

struct dt_cstack;

DT_INTERNAL_BEGIN

/* For the stack that the caller is on: a place to come back to.  NULL: no
   memory (errno). */
struct dt_cstack *dt_cstack_here(void);

/* A new stack, on which `run(argument)` begins at the first switch to it.
   `run` must never return.  NULL with errno. */
struct dt_cstack *dt_cstack_new(void (*run)(void *argument), void *argument);

/* Leaves `from`, the stack the caller is on, for `to`; returns when somebody
   switches back. */
void dt_cstack_switch(struct dt_cstack *from, struct dt_cstack *to);

/* Frees a stack that nobody is on; its frames are forgotten. */
void dt_cstack_free(struct dt_cstack *stack);

DT_INTERNAL_END

#endif
