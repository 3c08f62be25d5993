/*
 * pty.h - a program at a terminal, for tests of what edits lines: a process of
 * its own, whose terminal the test holds the other end of.
 *
 *   pty_start(play);       play() runs there, and tells: tell("line %s", line)
 *   pty_type("abc\r");
 *   CHECK(pty_told("line abc"));
 *   pty_end();
 *
 * Between the two stands a third, that tells what becomes of the program:
 * "stopped", "continued", "status 0", "signal 15".  It makes the terminal the
 * session's, as a shell does: only then may the program be stopped at all.
 */
#ifndef PTY_H
#define PTY_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PTY_SECONDS 20 /* after which nothing is waited for any more */
#define PTY_COLUMNS 40

static struct {
  int terminal, mode; /* the other end; the terminal itself, for its mode */
  int told;           /* where what is told is read */
  pid_t keeper, program;
  char *path;
  char screen[1 << 16]; /* all that was written there, without an end */
  size_t shown;
  char text[1 << 14]; /* all that was told */
  size_t length, taken;
} pty;

static int pty_tell = -1; /* where it is written */

/* --- in the program --------------------------------------------------------
 */

__attribute__((format(printf, 1, 2))) static inline void tell(const char *text,
                                                              ...) {
  char line[4096];
  va_list arguments;
  int size;
  va_start(arguments, text);
  size = vsnprintf(line, sizeof line - 1, text, arguments);
  va_end(arguments);
  if (size < 0 || size >= (int)sizeof line - 1)
    abort();
  line[size++] = '\n';
  if (write(pty_tell, line, (size_t)size) != size)
    abort();
}

/* --- between ---------------------------------------------------------------
 */

static inline void pty_own_terminal(void) {
  struct winsize size = {.ws_row = 24, .ws_col = PTY_COLUMNS};
  int fd;
  setsid();
  fd = open(pty.path, O_RDWR);
  if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
    abort();
  ioctl(fd, TIOCSWINSZ, &size);
  for (int to = 0; to <= 2; to++)
    dup2(fd, to);
  if (fd > 2)
    close(fd);
}

/* Tells what becomes of it, till it has ended. */
static inline void pty_watch(pid_t program) {
  int status;
  while (waitpid(program, &status, WUNTRACED | WCONTINUED) == program) {
    if (WIFSTOPPED(status))
      tell("stopped");
    else if (WIFCONTINUED(status))
      tell("continued");
    else if (WIFSIGNALED(status))
      tell("signal %d", WTERMSIG(status));
    else
      tell("status %d", WEXITSTATUS(status));
    if (!WIFSTOPPED(status) && !WIFCONTINUED(status))
      return;
  }
}

static inline void pty_keep(void (*play)(void)) {
  struct rlimit none = {0, 0};
  pid_t program;
  alarm(PTY_SECONDS);
  setrlimit(RLIMIT_CORE, &none); /* for SIGQUIT */
  pty_own_terminal();
  signal(SIGTTOU, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  program = fork();
  if (program == 0) {
    setpgid(0, 0);
    tcsetpgrp(STDIN_FILENO, getpid());
    signal(SIGTTOU, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    alarm(PTY_SECONDS);
    tell("begins %d", (int)getpid());
    play();
    exit(0);
  }
  pty_watch(program);
  _exit(0);
}

/* --- in the test -----------------------------------------------------------
 */

/* Takes in what was shown or told, for which it waits. */
static inline bool pty_read(int milliseconds) {
  struct pollfd list[2] = {{pty.terminal, POLLIN, 0}, {pty.told, POLLIN, 0}};
  ssize_t size;
  if (poll(list, 2, milliseconds) <= 0)
    return false;
  if (list[0].revents) {
    size = read(pty.terminal, pty.screen + pty.shown,
                sizeof pty.screen - pty.shown - 1);
    if (size > 0)
      pty.shown += (size_t)size;
    pty.screen[pty.shown] = '\0';
  }
  if (list[1].revents) {
    size =
        read(pty.told, pty.text + pty.length, sizeof pty.text - pty.length - 1);
    if (size <= 0)
      return false;
    pty.length += (size_t)size;
    pty.text[pty.length] = '\0';
  }
  return true;
}

static inline double pty_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The next line that was told; NULL: there comes none. */
static inline char *pty_next(void) {
  static char line[4096];
  double end = pty_now() + PTY_SECONDS;
  char *from = pty.text + pty.taken, *to;
  while (!(to = strchr(from, '\n'))) {
    if (pty_now() > end || !pty_read(PTY_SECONDS * 1000))
      return NULL;
  }
  snprintf(line, sizeof line, "%.*s", (int)(to - from), from);
  pty.taken += (size_t)(to - from) + 1;
  return line;
}

/* Whether this is the next that was told. */
static inline bool pty_told(const char *what) {
  const char *line = pty_next();
  if (line && strcmp(line, what) == 0)
    return true;
  printf("  told: %s, not: %s; shown:\n%s\n", line ? line : "nothing", what,
         pty.screen);
  return false;
}

/* Waits till this is shown, after what was forgotten. */
static inline bool pty_shows(const char *what) {
  double end = pty_now() + PTY_SECONDS;
  while (!strstr(pty.screen, what)) {
    if (pty_now() > end || !pty_read(1000)) {
      if (pty_now() > end) {
        printf("  never shown: %s, but:\n%s\n", what, pty.screen);
        return false;
      }
    }
  }
  return true;
}

static inline void pty_forget(void) {
  while (pty_read(0))
    ;
  pty.shown = 0;
  pty.screen[0] = '\0';
}

static inline void pty_type(const char *keys) {
  size_t size = strlen(keys);
  if (write(pty.terminal, keys, size) != (ssize_t)size)
    abort();
}

static inline void pty_resize(unsigned short columns) {
  struct winsize size = {.ws_row = 24, .ws_col = columns};
  ioctl(pty.terminal, TIOCSWINSZ, &size);
}

/* Whether lines are the terminal's own, as they were before. */
static inline bool pty_is_usual(void) {
  struct termios mode;
  return tcgetattr(pty.mode, &mode) == 0 && (mode.c_lflag & ICANON) &&
         (mode.c_lflag & ECHO);
}

static inline void pty_signal(int number) {
  kill(pty.program, number);
}

static inline void pty_start(void (*play)(void)) {
  int told[2];
  memset(&pty, 0, sizeof pty);
  pty.terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (pty.terminal < 0 || grantpt(pty.terminal) != 0 ||
      unlockpt(pty.terminal) != 0 || pipe(told) != 0)
    abort();
  pty.path = ptsname(pty.terminal);
  pty.mode = open(pty.path, O_RDWR | O_NOCTTY);
  fflush(stdout); /* or it would be written twice */
  pty.keeper = fork();
  if (pty.keeper == 0) {
    close(told[0]);
    close(pty.terminal);
    close(pty.mode);
    pty_tell = told[1];
    pty_keep(play);
  }
  close(told[1]);
  pty.told = told[0];
  if (sscanf(pty_next(), "begins %d", &pty.program) != 1)
    abort();
}

static inline void pty_end(void) {
  while (pty_next()) /* what is still told is of no interest: its end is */
    ;
  waitpid(pty.keeper, NULL, 0);
  close(pty.terminal);
  close(pty.mode);
  close(pty.told);
}

#endif
