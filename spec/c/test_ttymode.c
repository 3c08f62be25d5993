/*
 * test_ttymode.c - the terminal's mode when a signal comes, or the end, while a
 * line is being typed; and when none is.
 */
#include "config.h"

#include "check.h"
#include "pty.h"
#include "ttymode.h"

/* --- what is played --------------------------------------------------------
 */

/* As a line editor takes the terminal. */
static void take_terminal(void) {
  struct termios mode;
  tcgetattr(STDIN_FILENO, &mode);
  mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

static volatile sig_atomic_t resumptions;

static void count_resumption(void) {
  resumptions++;
}

static void begin_typing(void) {
  dt_tty_begin(count_resumption);
  take_terminal();
  dt_tty_typing(true);
  tell("types");
}

/* Takes keys, and tells each, and whether it has been stopped before it. */
static void tell_keys(void) {
  char key;
  while (read(STDIN_FILENO, &key, 1) == 1) {
    tell("%c%s %d", key, dt_tty_resumed() ? " resumed" : "", (int)resumptions);
    if (key == 'q')
      return;
  }
}

static void type_on(void) {
  begin_typing();
  tell_keys();
}

static void exit_in_the_middle(void) {
  begin_typing();
  exit(3);
}

/* The mode stays: it is no line of ours. */
static void type_no_more(void) {
  begin_typing();
  dt_tty_typing(false);
  tell("typed");
  tell_keys();
}

static void ignore_a_signal(void) {
  signal(SIGTERM, SIG_IGN);
  begin_typing();
  tell_keys();
}

static const char *action_of(int number) {
  struct sigaction now;
  sigaction(number, NULL, &now);
  return now.sa_handler == SIG_DFL   ? "default"
         : now.sa_handler == SIG_IGN ? "ignored"
                                     : "ours";
}

static void look_at_actions(void) {
  signal(SIGHUP, SIG_IGN);
  dt_tty_begin(NULL);
  tell("%s %s %s", action_of(SIGTERM), action_of(SIGTSTP), action_of(SIGHUP));
  dt_tty_end();
  tell("%s %s %s", action_of(SIGTERM), action_of(SIGTSTP), action_of(SIGHUP));
}

static void have_no_terminal(void) {
  close(STDIN_FILENO);
  dt_tty_begin(NULL);
  dt_tty_typing(true);
  tell("types");
  raise(SIGTERM);
}

/* --- the tests -------------------------------------------------------------
 */

static void a_signal_that_ends_leaves_the_usual_mode(void) {
  static const int numbers[] = {SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char end[20];
    snprintf(end, sizeof end, "signal %d", numbers[i]);
    pty_start(type_on);
    CHECK(pty_told("types"));
    CHECK(!pty_is_usual());
    pty_signal(numbers[i]);
    CHECK(pty_told(end));
    CHECK(pty_is_usual());
    pty_end();
  }
}

static void exit_leaves_the_usual_mode(void) {
  pty_start(exit_in_the_middle);
  CHECK(pty_told("types"));
  CHECK(pty_told("status 3"));
  CHECK(pty_is_usual());
  pty_end();
}

static void it_is_stopped_in_the_usual_mode_and_goes_on_in_its_own(void) {
  pty_start(type_on);
  CHECK(pty_told("types"));
  for (int i = 1; i <= 3; i++) {
    char told[40];
    pty_signal(SIGTSTP);
    CHECK(pty_told("stopped"));
    CHECK(pty_is_usual());
    pty_signal(SIGCONT);
    CHECK(pty_told("continued"));
    pty_type("a");
    snprintf(told, sizeof told, "a resumed %d", i);
    CHECK(pty_told(told));
    CHECK(!pty_is_usual());
    pty_type("b");
    snprintf(told, sizeof told, "b %d", i);
    CHECK(pty_told(told));
  }
  pty_type("q");
  CHECK(pty_told("q 3"));
  CHECK(pty_told("status 0"));
  CHECK(pty_is_usual());
  pty_end();
}

static void what_nobody_types_is_left_alone(void) {
  pty_start(type_no_more);
  CHECK(pty_told("types"));
  CHECK(pty_told("typed"));
  pty_signal(SIGTSTP);
  CHECK(pty_told("stopped"));
  CHECK(!pty_is_usual());
  pty_signal(SIGCONT);
  CHECK(pty_told("continued"));
  pty_type("q");
  CHECK(pty_told("q 0"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void a_signal_that_is_ignored_stays_so(void) {
  pty_start(ignore_a_signal);
  CHECK(pty_told("types"));
  pty_signal(SIGTERM);
  pty_type("q");
  CHECK(pty_told("q 0"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void the_actions_are_the_default_again(void) {
  pty_start(look_at_actions);
  CHECK(pty_told("ours ours ignored"));
  CHECK(pty_told("default default ignored"));
  CHECK(pty_told("status 0"));
  pty_end();
}

static void without_a_terminal_signals_end_it_all_the_same(void) {
  pty_start(have_no_terminal);
  CHECK(pty_told("types"));
  CHECK(pty_told("signal 15"));
  CHECK(pty_is_usual());
  pty_end();
}

int main(void) {
  RUN(a_signal_that_ends_leaves_the_usual_mode);
  RUN(exit_leaves_the_usual_mode);
  RUN(it_is_stopped_in_the_usual_mode_and_goes_on_in_its_own);
  RUN(what_nobody_types_is_left_alone);
  RUN(a_signal_that_is_ignored_stays_so);
  RUN(the_actions_are_the_default_again);
  RUN(without_a_terminal_signals_end_it_all_the_same);
  return check_summary();
}
