/*
 * test_cursor.c - where a text ends on the screen.
 */
#include "config.h"

#include <locale.h>

#include "check.h"
#include "cursor.h"

#define COLUMNS 10

/* Where the cursor is after this, from the beginning of a row. */
static void check_at(const char *text, size_t size, int row, int column) {
  struct dt_cursor at = {0, 0};
  dt_cursor_after(&at, text, size, COLUMNS);
  CHECK_EQ_INT(at.row, row);
  CHECK_EQ_INT(at.column, column);
}

#define AFTER(text, row, column)                                               \
  check_at((text), sizeof(text) - 1, (row), (column))

static void letters_have_a_column_each(void) {
  AFTER("", 0, 0);
  AFTER("abc", 0, 3);
  AFTER("\u00e4\u00e9", 0, 2);
}

static void a_row_that_is_full_is_left(void) {
  AFTER("123456789", 0, 9);
  AFTER("1234567890", 1, 0);
  AFTER("12345678901234567890abc", 2, 3);
}

static void wide_characters_have_two(void) {
  AFTER("\u65e5\u672c", 0, 4);
  AFTER("\u65e5\u65e5\u65e5\u65e5\u65e5", 1, 0);
}

static void a_wide_one_without_room_goes_to_the_next_row(void) {
  AFTER("123456789\u65e5", 1, 2);
  AFTER("a\u65e5\u65e5\u65e5\u65e5\u65e5", 1, 2);
}

static void marks_that_combine_have_none(void) {
  AFTER("e\u0301", 0, 1);
  AFTER("123456789e\u0301", 1, 0);
}

static void control_characters_show_as_two(void) {
  AFTER("a\x01"
        "b",
        0, 1); /* and hides what follows it */
  AFTER("a\x03"
        "b",
        0, 4);
  AFTER("a\0b", 0, 4);
}

static void a_tab_goes_to_its_column(void) {
  AFTER("\t", 0, 8);
  AFTER("abc\tde", 1, 0);
  AFTER("123456789\t", 1, 0);
}

static void a_line_end_begins_a_row(void) {
  AFTER("abc\nde", 1, 2);
}

static void what_is_marked_as_invisible_takes_no_room(void) {
  AFTER("\001\033[1m\002> \001\033[m\002ab", 0, 4);
}

static void bytes_that_are_no_characters_take_one(void) {
  AFTER("\xff\xfe", 0, 2);
  AFTER("a\xe6\x97", 0, 3); /* one that is cut off */
}

static void it_goes_on_from_where_it_was(void) {
  struct dt_cursor at = {0, 0};
  dt_cursor_after(&at, "12345678", 8, COLUMNS);
  dt_cursor_after(&at, "90123", 5, COLUMNS);
  CHECK_EQ_INT(at.row, 1);
  CHECK_EQ_INT(at.column, 3);
}

int main(void) {
  if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
    printf("no locale with UTF-8\n");
  RUN(letters_have_a_column_each);
  RUN(a_row_that_is_full_is_left);
  RUN(wide_characters_have_two);
  RUN(a_wide_one_without_room_goes_to_the_next_row);
  RUN(marks_that_combine_have_none);
  RUN(control_characters_show_as_two);
  RUN(a_tab_goes_to_its_column);
  RUN(a_line_end_begins_a_row);
  RUN(what_is_marked_as_invisible_takes_no_room);
  RUN(bytes_that_are_no_characters_take_one);
  RUN(it_goes_on_from_where_it_was);
  return check_summary();
}
