/*
 * ttymode.h - the terminal's mode and signals, while a line is being typed.
 *
 * A line editor takes the terminal out of its usual mode.  A signal that ends
 * or stops the process meanwhile must find it as it was.
 */
#ifndef DT_TTYMODE_H
#define DT_TTYMODE_H

#include "config.h"

#include <stdbool.h>

DT_INTERNAL_BEGIN

/* Notes the mode that is to be left behind, and watches the signals whose
   action is the default one.  `resumed` is called, in a signal's handler, when
   the process was stopped while a line was typed, and goes on; or NULL. */
void dt_tty_begin(void (*resumed)(void));

/* The editor has just taken the terminal, or has given it back. */
void dt_tty_typing(bool typing);

/* Whether the process was stopped while a line was typed, and goes on: once. */
bool dt_tty_resumed(void);

/* Undoes dt_tty_begin. */
void dt_tty_end(void);

DT_INTERNAL_END

#endif
