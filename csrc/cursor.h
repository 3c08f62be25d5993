/*
 * cursor.h - where the cursor of a terminal is after a text: which row below
 * the one in which it began, which column.
 */
#ifndef DT_CURSOR_H
#define DT_CURSOR_H

#include "config.h"

#include <stddef.h>

struct dt_cursor {
  int row, column; /* from 0 */
};

DT_INTERNAL_BEGIN

/* Where `cursor` is after `size` bytes in the locale's encoding, on a terminal
   of so many columns.  Characters have the columns that wcwidth(3) gives them;
   one that its row has no room for is in the next, and control characters are
   as line editors show them (^A).  What stands between \001 and \002, as in
   prompts with colours, takes no room. */
void dt_cursor_after(struct dt_cursor *cursor, const char *text, size_t size,
                     int columns);

DT_INTERNAL_END

#endif
