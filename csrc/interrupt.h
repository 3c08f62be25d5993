/*
 * interrupt.h - Ctrl-C at a prompt of ours: ends what runs, and nothing else.
 *
 * The interpreter's own answer to SIGINT is for one call only: the next one
 * ends the process.  This one holds as long as it is open, and finds what
 * runs: the statement that was typed, or the task that keeps it waiting.
 */
#ifndef DT_INTERRUPT_H
#define DT_INTERRUPT_H

#include "config.h"

#include "glue.h"

DT_INTERNAL_BEGIN

/* Answers SIGINT from now on; L is the main thread.  False: another state of
   the process does. */
bool dt_interrupt_open(lua_State *L, struct dt_state *state);

/* Calls the function at index 1, with the message handler at index 2 (or nil):
   only there does Ctrl-C raise "interrupted!", and one that came before does so
   at once.  Pushes what pcall would give; returns how many values. */
int dt_interrupt_guard(lua_State *L);

/* For a signal's handler, when the process has been stopped and goes on while
   it waits for keys: the function that waits fails with "resumed!". */
void dt_interrupt_resume(void);

/* SIGINT is what it was. */
void dt_interrupt_close(void);

DT_INTERNAL_END

#endif
