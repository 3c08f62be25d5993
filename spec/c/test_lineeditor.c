/*
 * test_lineeditor.c - lines typed at a terminal through readline and libedit:
 * each test for both.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>

#include "check.h"
#include "lineeditor.h"
#include "pty.h"

static const struct {
  const char *kind, *file;
} libraries[] = {
    {"readline", "libreadline.so.8"},
    {"libedit", "libedit.so.2"},
};

#define LIBRARIES (sizeof libraries / sizeof libraries[0])

static const char *kind, *file; /* of the library that is tested */

/* Plays for each of them. */
static void with_each(void (*test)(void)) {
  for (size_t i = 0; i < LIBRARIES; i++) {
    kind = libraries[i].kind;
    file = libraries[i].file;
    test();
  }
}

#define RUN_EACH(test)                                                         \
  do {                                                                         \
    run_now = test;                                                            \
    check_run(#test, run_with_each);                                           \
  } while (0)

static void (*run_now)(void);

static void run_with_each(void) {
  with_each(run_now);
}

/* --- what is played --------------------------------------------------------
 */

static char **complete(void *context, const char *line, size_t length,
                       size_t word) {
  const int *count = context;
  char **names = calloc((size_t)*count + 1, sizeof *names);
  tell("completes %.*s", (int)length, line);
  tell("word %.*s", (int)word, line + length - word);
  for (int i = 0; names && i < *count; i++) {
    char name[40];
    snprintf(name, sizeof name, "name_%03d", i);
    names[i] = strdup(name);
  }
  return names;
}

static int completions = 1;

static void prepare(void) {
  setenv("TERM", "xterm", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("HOME", "/nonexistent", 1);
  setenv("INPUTRC", "/dev/null", 1);
  setenv("EDITRC", "/dev/null", 1);
}

/* Reads a line, telling it; and each key before it as "key". */
static enum dt_line read_line(bool each_key) {
  enum dt_line state;
  char *line = NULL;
  dt_editor_begin("> ");
  tell("begun");
  while ((state = dt_editor_feed(&completions, &line)) == DT_LINE_OPEN)
    if (each_key)
      tell("key");
  if (state == DT_LINE_DONE)
    tell("line %s", line);
  else
    tell("end");
  free(line);
  return state;
}

static void read_lines(void) {
  prepare();
  tell("open %d", dt_editor_open(kind, complete, NULL));
  while (read_line(false) == DT_LINE_DONE)
    ;
  dt_editor_close();
}

static void read_keys(void) {
  prepare();
  dt_editor_open(kind, complete, NULL);
  read_line(true);
  dt_editor_close();
}

static void complete_to_many(void) {
  completions = 300;
  read_lines();
}

/* After each key something is shown above, or the line is dropped. */
static void show_above(void) {
  char *line = NULL;
  prepare();
  dt_editor_open(kind, complete, NULL);
  dt_editor_hide(); /* there is no line yet: nothing happens */
  dt_editor_begin("> ");
  tell("begun");
  while (dt_editor_feed(&completions, &line) == DT_LINE_OPEN) {
    dt_editor_hide();
    printf("above\n");
    dt_editor_show();
    tell("shown");
  }
  free(line);
  tell("done");
  dt_editor_close();
}

static void hide_the_second(void) {
  char key;
  prepare();
  dt_editor_open(kind, complete, NULL);
  read_line(false);
  if (read(STDIN_FILENO, &key, 1) != 1) /* till the screen was looked at */
    abort();
  dt_editor_begin("> ");
  dt_editor_hide();
  tell("hidden");
  dt_editor_close();
}

static void cancel(void) {
  char *line = NULL;
  prepare();
  dt_editor_open(kind, complete, NULL);
  dt_editor_cancel(); /* nothing to drop */
  dt_editor_begin("> ");
  tell("begun");
  dt_editor_feed(&completions, &line);
  dt_editor_cancel();
  tell("cancelled");
  read_line(false);
  dt_editor_close();
}

static void remember(void) {
  prepare();
  dt_editor_open(kind, complete, NULL);
  dt_editor_remember("older");
  dt_editor_remember("newer");
  read_line(false);
  dt_editor_close();
}

static void have_one_owner(void) {
  prepare();
  tell("unknown %d", dt_editor_open("/no/such/library.so", complete, NULL));
  tell("no editor %d", dt_editor_open("libc.so.6", complete, NULL));
  tell("first %d", dt_editor_open(kind, complete, NULL));
  tell("second %d", dt_editor_open(kind, complete, NULL));
  tell("named %d", dt_editor_name()[0] != '\0');
  dt_editor_close();
  tell("again %d", dt_editor_open(kind, complete, NULL));
  dt_editor_close();
}

static void lose_the_terminal(void) {
  signal(SIGHUP, SIG_IGN);
  read_lines();
}

static void raise_in_the_middle(void) {
  prepare();
  dt_editor_open(kind, complete, NULL);
  dt_editor_begin("> ");
  tell("begun");
  raise(SIGTERM);
}

/* --- its variables ---------------------------------------------------------
 */

static const struct {
  const char *name;
  size_t size;
} variables[] = {
    {"rl_catch_signals", sizeof(int)},
    {"rl_catch_sigwinch", sizeof(int)},
    {"rl_completion_append_character", sizeof(int)},
    {"rl_completion_query_items", sizeof(int)},
    {"_rl_page_completions", sizeof(int)},
    {"rl_readline_name", sizeof(void *)},
    {"rl_basic_word_break_characters", sizeof(void *)},
    {"rl_basic_quote_characters", sizeof(void *)},
    {"rl_attempted_completion_function", sizeof(void *)},
    {"rl_getc_function", sizeof(void *)},
    {"rl_event_hook", sizeof(void *)},
};

#define VARIABLES (sizeof variables / sizeof variables[0])

static void copy_variables(void *library, char values[VARIABLES][8]) {
  memset(values, 0, VARIABLES * sizeof values[0]);
  for (size_t i = 0; i < VARIABLES; i++) {
    void *variable = dlsym(library, variables[i].name);
    if (variable)
      memcpy(values[i], variable, variables[i].size);
  }
}

static void tell_changes(char before[VARIABLES][8], char after[VARIABLES][8]) {
  for (size_t i = 0; i < VARIABLES; i++)
    if (memcmp(before[i], after[i], variables[i].size) != 0)
      tell("%s", variables[i].name);
  tell("compared");
}

static void compare_variables(void) {
  char before[VARIABLES][8], during[VARIABLES][8], after[VARIABLES][8];
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  prepare();
  copy_variables(library, before);
  dt_editor_open(kind, complete, NULL);
  copy_variables(library, during);
  read_line(false);
  dt_editor_close();
  copy_variables(library, after);
  tell("changed %d", memcmp(before, during, sizeof before) != 0);
  tell_changes(before, after);
}

static int get_key(FILE *stream) {
  return dt_editor_getc(stream);
}

static int look(void) {
  return 0;
}

static void lend(void) {
  char before[VARIABLES][8], during[VARIABLES][8], after[VARIABLES][8];
  void *library;
  tell("none %d", dt_editor_lend(get_key, look) == ENOTSUP);
  library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  copy_variables(library, before);
  tell("first %d", dt_editor_lend(get_key, look));
  tell("second %d", dt_editor_lend(get_key, look) == EBUSY);
  copy_variables(library, during);
  tell("changed %d", memcmp(before, during, sizeof before) != 0);
  dt_editor_check_signals(); /* there are none */
  dt_editor_take_back();
  copy_variables(library, after);
  tell_changes(before, after);
}

/* --- the tests -------------------------------------------------------------
 */

static void keys_give_lines(void) {
  pty_start(read_lines);
  CHECK(pty_told("open 0"));
  CHECK(pty_told("begun"));
  CHECK(!pty_is_usual());
  pty_type("abc\r");
  CHECK(pty_told("line abc"));
  CHECK(pty_told("begun"));
  pty_type("ad\002c\005e\r"); /* Ctrl-B, Ctrl-E */
  CHECK(pty_told("line acde"));
  CHECK(pty_told("begun"));
  pty_type("\u65e5\u672c\u00e4\177x\r");
  CHECK(pty_told("line \u65e5\u672cx"));
  CHECK(pty_told("begun"));
  pty_type("\r");
  CHECK(pty_told("line "));
  CHECK(pty_told("begun"));
  pty_type("\004");
  CHECK(pty_told("end"));
  CHECK(pty_told("status 0"));
  CHECK(pty_is_usual());
  pty_end();
}

static void a_key_leaves_the_line_open(void) {
  pty_start(read_keys);
  CHECK(pty_told("begun"));
  pty_type("a");
  CHECK(pty_told("key"));
  pty_type("b");
  CHECK(pty_told("key"));
  pty_type("\r");
  CHECK(pty_told("line ab"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void a_terminal_that_is_gone_ends_it(void) {
  pty_start(lose_the_terminal);
  CHECK(pty_told("open 0"));
  CHECK(pty_told("begun"));
  pty_type("half");
  CHECK(pty_shows("half"));
  close(pty.terminal);
  pty.terminal = -1;
  CHECK(pty_told("end"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void a_line_goes_and_comes_again(void) {
  pty_start(show_above);
  CHECK(pty_told("begun"));
  pty_type("a");
  CHECK(pty_told("shown"));
  pty_forget();
  pty_type("b");
  CHECK(pty_told("shown"));
  CHECK(pty_shows("above\r\n"));
  CHECK(pty_shows("> ab"));
  CHECK(strstr(pty.screen, "> ab") > strstr(pty.screen, "above\r\n"));
  pty_type("\r");
  CHECK(pty_told("done"));
  CHECK(pty_told("status 0"));
  pty_end();
}

/* Whether the cursor was sent to rows above. */
static bool went_up(const char *screen) {
  while ((screen = strstr(screen, "\033["))) {
    screen += 2;
    if (screen[strspn(screen, "0123456789")] == 'A')
      return true;
  }
  return false;
}

/* The row is not the one where a longer line before has ended. */
static void a_line_is_hidden_from_where_it_begins(void) {
  char text[2 * PTY_COLUMNS + 1];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  pty_start(hide_the_second);
  CHECK(pty_told("begun"));
  pty_type(text);
  CHECK(pty_shows("xx"));
  pty_type("\r");
  CHECK(pty_next());
  pty_forget();
  pty_type("\n");
  CHECK(pty_told("hidden"));
  CHECK(pty_told("status 0"));
  CHECK(pty_shows("> "));
  CHECK(!went_up(pty.screen));
  pty_end();
}

static void a_line_that_is_dropped_leaves_nothing(void) {
  pty_start(cancel);
  CHECK(pty_told("begun"));
  pty_type("a");
  CHECK(pty_told("cancelled"));
  CHECK(pty_told("begun"));
  pty_type("b\r");
  CHECK(pty_told("line b"));
  CHECK(pty_told("status 0"));
  CHECK(pty_is_usual());
  pty_end();
}

static void a_signal_finds_the_usual_mode(void) {
  pty_start(raise_in_the_middle);
  CHECK(pty_told("begun"));
  CHECK(pty_told("signal 15"));
  CHECK(pty_is_usual());
  pty_end();
}

static void the_line_is_shown_again_after_a_stop(void) {
  pty_start(read_lines);
  CHECK(pty_told("open 0"));
  CHECK(pty_told("begun"));
  pty_type("half");
  CHECK(pty_shows("half"));
  pty_signal(SIGTSTP);
  CHECK(pty_told("stopped"));
  CHECK(pty_is_usual());
  pty_forget();
  pty_signal(SIGCONT);
  CHECK(pty_told("continued"));
  pty_type("x");
  CHECK(pty_shows("> half"));
  CHECK(!pty_is_usual());
  pty_type("\r\004");
  CHECK(pty_told("line halfx"));
  CHECK(pty_told("begun"));
  CHECK(pty_told("end"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void a_new_width_is_followed(void) {
  pty_start(read_keys);
  CHECK(pty_told("begun"));
  pty_type("a");
  CHECK(pty_told("key"));
  pty_resize(PTY_COLUMNS / 2);
  pty_type("b");
  CHECK(pty_told("key"));
  pty_type("\r");
  CHECK(pty_told("line ab"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void arrows_bring_lines_back(void) {
  pty_start(remember);
  CHECK(pty_told("begun"));
  pty_type("\020\020\r"); /* Ctrl-P */
  CHECK(pty_told("line older"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void tab_completes_a_word(void) {
  pty_start(read_lines);
  CHECK(pty_told("open 0"));
  CHECK(pty_told("begun"));
  pty_type("net.na\t");
  CHECK(pty_told("completes net.na"));
  CHECK(pty_told("word na"));
  pty_type("'\r\004"); /* nothing was added after it */
  CHECK(pty_told("line net.name_000'"));
  pty_end();
}

static void a_long_list_is_shown_without_a_question(void) {
  pty_start(complete_to_many);
  CHECK(pty_told("open 0"));
  CHECK(pty_told("begun"));
  pty_type("na\t");
  CHECK(pty_told("completes na"));
  pty_type("\t\t");
  CHECK(pty_shows("name_299"));
  CHECK(!strstr(pty.screen, "possibilities"));
  pty_type("\025\004"); /* Ctrl-U */
  pty_end();
}

static void there_is_one_owner(void) {
  pty_start(have_one_owner);
  char busy[20], none[20], no_editor[20];
  snprintf(none, sizeof none, "unknown %d", ENOENT);
  snprintf(no_editor, sizeof no_editor, "no editor %d", ENOENT);
  snprintf(busy, sizeof busy, "second %d", EBUSY);
  CHECK(pty_told(none));
  CHECK(pty_told(no_editor));
  CHECK(pty_told("first 0"));
  CHECK(pty_told(busy));
  CHECK(pty_told("named 1"));
  CHECK(pty_told("again 0"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void its_variables_are_as_before(void) {
  pty_start(compare_variables);
  CHECK(pty_told("begun"));
  pty_type("a\r");
  CHECK(pty_told("line a"));
  CHECK(pty_told("changed 1"));
  CHECK(pty_told("compared"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void a_lent_one_is_given_back(void) {
  pty_start(lend);
  CHECK(pty_told("none 1"));
  CHECK(pty_told("first 0"));
  CHECK(pty_told("second 1"));
  CHECK(pty_told("changed 1"));
  CHECK(pty_told("compared"));
  CHECK(pty_told("status 0"));
  pty_end();
}

int main(void) {
  RUN_EACH(keys_give_lines);
  RUN_EACH(a_key_leaves_the_line_open);
  RUN_EACH(a_terminal_that_is_gone_ends_it);
  RUN_EACH(a_line_goes_and_comes_again);
  RUN_EACH(a_line_is_hidden_from_where_it_begins);
  RUN_EACH(a_line_that_is_dropped_leaves_nothing);
  RUN_EACH(a_signal_finds_the_usual_mode);
  RUN_EACH(the_line_is_shown_again_after_a_stop);
  RUN_EACH(a_new_width_is_followed);
  RUN_EACH(arrows_bring_lines_back);
  RUN_EACH(tab_completes_a_word);
  RUN_EACH(a_long_list_is_shown_without_a_question);
  RUN_EACH(there_is_one_owner);
  RUN_EACH(its_variables_are_as_before);
  RUN_EACH(a_lent_one_is_given_back);
  return check_summary();
}
