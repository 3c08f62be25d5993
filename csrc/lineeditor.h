/*
 * lineeditor.h - line editing by the system's readline(3) or libedit.
 *
 * The library is found when it is asked for (dlopen), so nothing needs it to be
 * built or installed.  It is fed key by key: whoever waits for the terminal
 * can let other things go on meanwhile (readline's callback interface).
 *
 * A process has one such library, with one line: so there is one owner at a
 * time, in the whole process.
 */
#ifndef DT_LINEEDITOR_H
#define DT_LINEEDITOR_H

#include "config.h"

#include <stdbool.h>
#include <stdio.h>

/* The names that may follow `line`, whose last `word` bytes are to be
   completed: a list that ends with NULL, all of it from malloc(3); or NULL.
   Called by the library: must not leave but by returning. */
typedef char **dt_completer(void *context, const char *line, size_t length,
                            size_t word);

enum dt_line {
  DT_LINE_OPEN, /* not finished */
  DT_LINE_DONE,
  DT_LINE_END /* Ctrl-D, or the terminal is gone */
};

DT_INTERNAL_BEGIN

/* Finds the library and becomes its owner.  `wanted`: "readline", "libedit", a
   path; NULL: the one that the process has already, or else the first that
   there is.  `resumed` is for dt_tty_begin.  0, or an errno: EBUSY (it has an
   owner), ENOENT. */
int dt_editor_open(const char *wanted, dt_completer *complete,
                   void (*resumed)(void));

/* What the library says that it is. */
const char *dt_editor_name(void);

/* Begins a line: shows the prompt and takes the terminal. */
void dt_editor_begin(const char *prompt);

/* Takes what was typed: one key at least, for which it waits.  After
   DT_LINE_DONE `*line` is the line, to be freed, and the terminal is as it was
   before.  `context` is for the completer. */
enum dt_line dt_editor_feed(void *context, char **line);

/* Takes the line off the screen, so that something can be printed there; and
   shows it again. */
void dt_editor_hide(void);
void dt_editor_show(void);

/* Drops the line; the terminal is as it was before. */
void dt_editor_cancel(void);

/* Adds a line to those that the arrow keys bring back. */
void dt_editor_remember(const char *line);

/* Gives it up; what was changed in the library is as it was before. */
void dt_editor_close(void);

/* --- somebody else's prompt ------------------------------------------------
 */

/* Replaces the function by which the process's own readline(3) reads a key; or,
   where it has none, sets one that is called every now and then.  0, or an
   errno: ENOTSUP (the process has no such library), EBUSY. */
int dt_editor_lend(int (*getc)(FILE *), int (*event)(void));

/* The function that was replaced. */
int dt_editor_getc(FILE *stream);

/* The library may answer a signal that it has caught. */
void dt_editor_check_signals(void);

/* Undoes dt_editor_lend. */
void dt_editor_take_back(void);

DT_INTERNAL_END

#endif
