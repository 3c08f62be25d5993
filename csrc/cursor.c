/*
 * cursor.c - see cursor.h.  Stands on mbrtowc(3) and wcwidth(3), and so on the
 * locale that the process has set.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "cursor.h"

#define TAB       8
#define INVISIBLE '\001' /* begins what takes no room, in a prompt */
#define VISIBLE   '\002'

/* Takes a character from the text: how many bytes it has.  What is none is a
   byte that takes a column. */
static size_t take(const char *text, size_t size, wchar_t *character) {
  mbstate_t state;
  size_t length;
  memset(&state, 0, sizeof state);
  length = mbrtowc(character, text, size, &state);
  if (length > 0 && length <= size)
    return length;
  *character = length == 0 ? L'\0' : L'?';
  return 1;
}

static int width(wchar_t character, int column) {
  int columns = wcwidth(character);
  if (character == L'\t')
    return TAB - column % TAB;
  return columns < 0 || character == L'\0' ? 2 : columns; /* ^A */
}

static void next_row(struct dt_cursor *cursor) {
  cursor->row++;
  cursor->column = 0;
}

static void pass(struct dt_cursor *cursor, wchar_t character, int columns) {
  int room = width(character, cursor->column);
  if (character == L'\n') {
    next_row(cursor);
    return;
  }
  if (cursor->column + room > columns && character != L'\t')
    next_row(cursor);
  cursor->column += room;
  if (cursor->column >= columns)
    next_row(cursor);
}

void dt_cursor_after(struct dt_cursor *cursor, const char *text, size_t size,
                     int columns) {
  bool visible = true;
  for (size_t i = 0; i < size;) {
    wchar_t character;
    i += take(text + i, size - i, &character);
    if (character == INVISIBLE)
      visible = false;
    else if (character == VISIBLE)
      visible = true;
    else if (visible)
      pass(cursor, character, columns);
  }
}
