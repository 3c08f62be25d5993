/*
 * lineeditor.c - see lineeditor.h.  Stands on dlopen(3), and on what readline
 * and libedit have in common: the latter's imitation of the former.  What only
 * one of them has is optional in the table of symbols.
 *
 * The library's state is the process's, and so is ours: `editor` and `lent`.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cursor.h"
#include "lineeditor.h"
#include "ttymode.h"

/* --- the libraries ---------------------------------------------------------
 */

static const struct library {
  const char *kind, *name;
} libraries[] = {
    {"readline", "libreadline.so.8"},
    {"readline", "libreadline.so.7"},
    {"readline", "libreadline.so.6"},
    {"readline", "libreadline.so"}, /* OpenBSD adds the version itself */
    {"readline", "libreadline.8.dylib"},
    {"readline", "/opt/homebrew/opt/readline/lib/libreadline.8.dylib"},
    {"readline", "/usr/local/opt/readline/lib/libreadline.8.dylib"},
    {"libedit", "libedit.so.2"},
    {"libedit", "libedit.so.0"},
    {"libedit", "libedit.so.8"}, /* FreeBSD */
    {"libedit", "libedit.so.3"}, /* NetBSD */
    {"libedit", "libedit.so"},
    {"libedit", "libedit.3.dylib"},
    {"libedit", "/usr/lib/libedit.3.dylib"},
};

#define LIBRARIES (sizeof libraries / sizeof libraries[0])

/* What is used of it. */
struct symbols {
  void (*callback_handler_install)(const char *prompt, void (*done)(char *));
  void (*callback_handler_remove)(void);
  void (*callback_read_char)(void);
  void (*forced_update_display)(void);
  void (*resize_terminal)(void);
  void (*add_history)(const char *line);
  char **(*completion_matches)(const char *text,
                               char *(*generate)(const char *, int));
  char **line_buffer;
  int *point, *end, *catch_signals;
  int *attempted_completion_over, *completion_append_character;
  int *completion_query_items;
  const char **readline_name, **basic_word_break_characters;
  char **(**attempted_completion_function)(const char *, int, int);
  /* these may be absent */
  const char **library_version;
  int *catch_sigwinch, *page_completions, *eof_found;
  const char **basic_quote_characters;
  void (*free_line_state)(void);
  void (*callback_sigcleanup)(void);
  void (*clear_visible_line)(void);
  void (*deprep_terminal)(void);
};

static const struct symbol {
  const char *name;
  size_t place;
  bool optional;
} symbol_table[] = {
#define SYMBOL(prefix, name)                                                   \
  { prefix #name, offsetof(struct symbols, name), 0 }
#define EXTRA(prefix, name)                                                    \
  { prefix #name, offsetof(struct symbols, name), 1 }
    SYMBOL("rl_", callback_handler_install),
    SYMBOL("rl_", callback_handler_remove),
    SYMBOL("rl_", callback_read_char),
    SYMBOL("rl_", forced_update_display),
    SYMBOL("rl_", resize_terminal),
    SYMBOL("", add_history),
    SYMBOL("rl_", completion_matches),
    SYMBOL("rl_", line_buffer),
    SYMBOL("rl_", point),
    SYMBOL("rl_", end),
    SYMBOL("rl_", catch_signals),
    SYMBOL("rl_", attempted_completion_over),
    SYMBOL("rl_", completion_append_character),
    SYMBOL("rl_", completion_query_items),
    SYMBOL("rl_", readline_name),
    SYMBOL("rl_", basic_word_break_characters),
    SYMBOL("rl_", attempted_completion_function),
    EXTRA("rl_", eof_found),
    EXTRA("rl_", library_version),
    EXTRA("rl_", catch_sigwinch),
    EXTRA("_rl_", page_completions), /* only its inputrc knows it */
    EXTRA("rl_", basic_quote_characters),
    EXTRA("rl_", free_line_state),
    EXTRA("rl_", callback_sigcleanup),
    EXTRA("rl_", clear_visible_line),
    EXTRA("rl_", deprep_terminal),
};

#define SYMBOLS (sizeof symbol_table / sizeof symbol_table[0])

/* Whether the library has all that is needed. */
static bool find_symbols(void *library, struct symbols *symbols) {
  for (size_t i = 0; i < SYMBOLS; i++) {
    void *found = dlsym(library, symbol_table[i].name);
    if (!found && !symbol_table[i].optional)
      return false;
    memcpy((char *)symbols + symbol_table[i].place, &found, sizeof found);
  }
  return true;
}

/* Beside another library of these names in the process, its own calls must not
   end there.  One that is there already stays as it is. */
static void *open_library(const char *name) {
  int flags = RTLD_NOW | RTLD_LOCAL;
  void *library = dlopen(name, flags | RTLD_NOLOAD);
  if (library)
    return library;
#ifdef RTLD_DEEPBIND
  if (dlsym(RTLD_DEFAULT, "rl_initialize"))
    flags |= RTLD_DEEPBIND;
#endif
  return dlopen(name, flags);
}

static bool load(const char *name, struct symbols *symbols) {
  void *library = open_library(name);
  if (!library)
    return false;
  if (find_symbols(library, symbols))
    return true; /* it stays: readline cannot be unloaded */
  dlclose(library);
  return false;
}

static bool find_library(const char *wanted, struct symbols *symbols) {
  bool known = !wanted;
  if (!wanted && find_symbols(RTLD_DEFAULT, symbols))
    return true;
  for (size_t i = 0; i < LIBRARIES; i++) {
    bool meant = !wanted || strcmp(libraries[i].kind, wanted) == 0;
    known = known || meant;
    if (meant && load(libraries[i].name, symbols))
      return true;
  }
  return !known && load(wanted, symbols);
}

/* --- the one editor --------------------------------------------------------
 */

/* Variables of the library that are ours while we own it. */
struct settings {
  int catch_signals, catch_sigwinch, append, query_items, page;
  const char *name, *breaks, *quotes;
  char **(*complete)(const char *, int, int);
};

static atomic_flag owned = ATOMIC_FLAG_INIT;

static struct {
  struct symbols rl;
  struct settings before;
  char *locale; /* LC_CTYPE before; NULL: it was not changed */
  dt_completer *complete;
  void *context;
  char **names; /* of the completion that is under way */
  bool begun;   /* a line is being typed */
  bool done;    /* it was ended by the last key */
  char *line;
  char *prompt;
  struct winsize size;
} editor;

/* Where words end: what is left of a name is looked for by who completes. */
#define BREAKS " \t\n\"\\'`@$><=;|&{(,.:)}[]+-*/%^~#!?"

static char *next_name(const char *text, int state) {
  static size_t next; /* the library's own way to go through a list */
  (void)text;
  if (state == 0)
    next = 0;
  return editor.names[next] ? strdup(editor.names[next++]) : NULL;
}

static char **attempt(const char *text, int start, int end) {
  char **matches;
  *editor.rl.attempted_completion_over = 1; /* no names of files */
  *editor.rl.completion_append_character = '\0';
  editor.names = editor.complete(editor.context, *editor.rl.line_buffer,
                                 (size_t)end, (size_t)(end - start));
  if (!editor.names)
    return NULL;
  matches = editor.rl.completion_matches(text, next_name);
  for (char **name = editor.names; *name; name++)
    free(*name);
  free(editor.names);
  editor.names = NULL;
  return matches;
}

static void on_line(char *line) {
  editor.line = line;
  editor.done = true;
  if (editor.rl.eof_found)
    *editor.rl.eof_found = 0; /* readline would end a line now and for ever */
  editor.rl.callback_handler_remove(); /* or the prompt would show again */
  dt_tty_typing(false);
}

static void set_int(int *variable, int to, int *before) {
  if (!variable)
    return;
  *before = *variable;
  *variable = to;
}

static void set_text(const char **variable, const char *to,
                     const char **before) {
  if (!variable)
    return;
  *before = *variable;
  *variable = to;
}

static void exchange(const struct settings *to, struct settings *before) {
  struct symbols *rl = &editor.rl;
  set_int(rl->catch_signals, to->catch_signals, &before->catch_signals);
  set_int(rl->catch_sigwinch, to->catch_sigwinch, &before->catch_sigwinch);
  set_int(rl->completion_append_character, to->append, &before->append);
  set_int(rl->completion_query_items, to->query_items, &before->query_items);
  set_int(rl->page_completions, to->page, &before->page);
  set_text(rl->readline_name, to->name, &before->name);
  set_text(rl->basic_word_break_characters, to->breaks, &before->breaks);
  set_text(rl->basic_quote_characters, to->quotes, &before->quotes);
  before->complete = *rl->attempted_completion_function;
  *rl->attempted_completion_function = to->complete;
}

/* Questions before long lists would keep all that goes on meanwhile waiting for
   the answer.  (A negative number: for no length.) */
#define NEVER_ASK -1

/* Signals, and the size of the window, are seen to by us.  A text is not ended
   for the user: after one flag more may come. */
static const struct settings ours = {
    0, 0, '\0', NEVER_ASK, 0, "dialtone", BREAKS, "", attempt,
};

/* The libraries know UTF-8 from the locale. */
static void set_locale(void) {
  const char *now = setlocale(LC_CTYPE, NULL);
  editor.locale = NULL;
  if (!now || strcmp(now, "C") != 0)
    return;
  editor.locale = strdup(now);
  setlocale(LC_CTYPE, "");
}

int dt_editor_open(const char *wanted, dt_completer *complete,
                   void (*resumed)(void)) {
  if (atomic_flag_test_and_set(&owned))
    return EBUSY;
  memset(&editor, 0, sizeof editor);
  if (!find_library(wanted, &editor.rl)) {
    atomic_flag_clear(&owned);
    return ENOENT;
  }
  editor.complete = complete;
  set_locale();
  dt_tty_begin(resumed);
  exchange(&ours, &editor.before);
  return 0;
}

const char *dt_editor_name(void) {
  return editor.rl.library_version && *editor.rl.library_version
             ? *editor.rl.library_version
             : "readline";
}

static void get_size(struct winsize *size) {
  memset(size, 0, sizeof *size);
  ioctl(STDOUT_FILENO, TIOCGWINSZ, size); /* all 0 if it has none */
}

void dt_editor_begin(const char *prompt) {
  free(editor.prompt);
  editor.prompt = strdup(prompt);
  editor.done = false;
  editor.begun = true;
  get_size(&editor.size);
  editor.rl.callback_handler_install(prompt, on_line);
  *editor.rl.point = 0; /* libedit's is still that of the line before */
  *editor.rl.completion_query_items = ours.query_items; /* not the inputrc's */
  if (editor.rl.page_completions)
    *editor.rl.page_completions = ours.page;
  dt_tty_typing(true);
}

static void end_line(void) {
  free(editor.prompt);
  editor.prompt = NULL;
  editor.begun = editor.done = false;
}

/* Asked before each key: with a signal's handler the library would have to be
   told from within it. */
static void follow_size(void) {
  struct winsize size;
  get_size(&size);
  if (size.ws_col != editor.size.ws_col || size.ws_row != editor.size.ws_row)
    editor.rl.resize_terminal();
  editor.size = size;
}

void dt_editor_cancel(void) {
  if (!editor.begun)
    return;
  if (editor.rl.callback_sigcleanup) /* out of a search, and its kin */
    editor.rl.callback_sigcleanup();
  if (editor.rl.free_line_state)
    editor.rl.free_line_state();
  editor.rl.callback_handler_remove();
  dt_tty_typing(false);
  end_line();
}

/* libedit does not tell while there is something in the line. */
static bool terminal_is_gone(void) {
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, 0) == 1 &&
         (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static enum dt_line not_done(void) {
  if (!terminal_is_gone())
    return DT_LINE_OPEN;
  dt_editor_cancel();
  return DT_LINE_END;
}

enum dt_line dt_editor_feed(void *context, char **line) {
  editor.context = context;
  if (dt_tty_resumed())
    editor.rl.forced_update_display();
  follow_size();
  editor.rl.callback_read_char();
  if (!editor.done)
    return not_done();
  end_line();
  *line = editor.line;
  return editor.line ? DT_LINE_DONE : DT_LINE_END;
}

/* Without the library's help: goes to where the prompt begins, and erases. */
static void erase(void) {
  struct dt_cursor at = {0, 0};
  int columns = editor.size.ws_col > 0 ? editor.size.ws_col : 80;
  if (editor.prompt)
    dt_cursor_after(&at, editor.prompt, strlen(editor.prompt), columns);
  dt_cursor_after(&at, *editor.rl.line_buffer, (size_t)*editor.rl.point,
                  columns);
  if (at.row > 0)
    fprintf(stdout, "\033[%dA", at.row);
  fputs("\r\033[J", stdout);
}

void dt_editor_hide(void) {
  if (!editor.begun)
    return;
  fflush(stdout);
  follow_size();
  if (editor.rl.clear_visible_line)
    editor.rl.clear_visible_line();
  else
    erase();
  fflush(stdout);
}

void dt_editor_show(void) {
  if (!editor.begun)
    return;
  fflush(stdout);
  editor.rl.forced_update_display();
  if (dt_tty_resumed()) /* the window may be another size meanwhile */
    follow_size();
  fflush(stdout);
}

void dt_editor_remember(const char *line) {
  editor.rl.add_history(line);
}

void dt_editor_close(void) {
  dt_editor_cancel();
  exchange(&editor.before, &(struct settings){0});
  dt_tty_end();
  if (editor.locale)
    setlocale(LC_CTYPE, editor.locale);
  free(editor.locale);
  atomic_flag_clear(&owned);
}

/* --- somebody else's prompt ------------------------------------------------
 */

static atomic_flag lending = ATOMIC_FLAG_INIT;

static struct {
  int (**getc)(FILE *); /* the library's variables */
  int (*getc_before)(FILE *);
  int (**event)(void);
  int (*event_before)(void);
  int (*pending_signal)(void);
  void (*check_signals)(void);
} lent;

/* dlsym gives objects, which functions are not in C. */
static void find(void *library, const char *name, void *place) {
  void *found = dlsym(library, name);
  memcpy(place, &found, sizeof found);
}

/* What the process has loaded already, visible to all or not. */
static bool find_loaded(void **library) {
  *library = RTLD_DEFAULT;
  if (dlsym(RTLD_DEFAULT, "rl_instream"))
    return true;
  for (size_t i = 0; i < LIBRARIES; i++) {
    *library = dlopen(libraries[i].name, RTLD_LAZY | RTLD_NOLOAD);
    if (*library)
      return true;
  }
  return false;
}

int dt_editor_lend(int (*getc)(FILE *), int (*event)(void)) {
  void *library;
  if (atomic_flag_test_and_set(&lending))
    return EBUSY;
  memset(&lent, 0, sizeof lent);
  if (find_loaded(&library)) {
    find(library, "rl_getc_function", (void *)&lent.getc);
    find(library, "rl_event_hook", (void *)&lent.event);
    find(library, "rl_pending_signal", (void *)&lent.pending_signal);
    find(library, "rl_check_signals", (void *)&lent.check_signals);
  }
  if (lent.getc && *lent.getc) {
    lent.getc_before = *lent.getc;
    *lent.getc = getc;
  } else if (lent.event) {
    lent.event_before = *lent.event;
    *lent.event = event;
  } else {
    atomic_flag_clear(&lending);
    return ENOTSUP;
  }
  return 0;
}

int dt_editor_getc(FILE *stream) {
  return lent.getc_before(stream);
}

void dt_editor_check_signals(void) {
  if (lent.pending_signal && lent.check_signals && lent.pending_signal())
    lent.check_signals();
}

void dt_editor_take_back(void) {
  if (lent.getc_before)
    *lent.getc = lent.getc_before;
  else if (lent.event)
    *lent.event = lent.event_before;
  atomic_flag_clear(&lending);
}
