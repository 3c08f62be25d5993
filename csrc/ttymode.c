/*
 * ttymode.c - see ttymode.h.  Stands on tcsetattr(3), which a signal's handler
 * may call.  There is one terminal for the process, and one of these.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "ttymode.h"

static const int watched[] = {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

#define WATCHED (sizeof watched / sizeof watched[0])

static struct {
  struct termios usual, taken;
  volatile sig_atomic_t known; /* there is a terminal */
  volatile sig_atomic_t typing, resumed;
  void (*on_resume)(void);
  bool ours[WATCHED]; /* the signals whose handler we are */
} tty;

static void restore(void) {
  if (tty.typing)
    tcsetattr(STDIN_FILENO, TCSANOW, &tty.usual);
}

/* A call that was stopped goes on, as it does without us: SA_RESTART. */
static void set_action(int number, void (*action)(int)) {
  struct sigaction to = {.sa_handler = action, .sa_flags = SA_RESTART};
  sigemptyset(&to.sa_mask);
  sigaction(number, &to, NULL);
}

/* Lets the signal do what it does, and goes on if that was to stop. */
static void pass_on(int number) {
  int error = errno;
  sigset_t one, before;
  restore();
  set_action(number, SIG_DFL);
  sigemptyset(&one);
  sigaddset(&one, number);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &one, &before);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  set_action(number, pass_on);
  if (tty.typing) {
    tcsetattr(STDIN_FILENO, TCSANOW, &tty.taken);
    tty.resumed = 1;
    if (tty.on_resume)
      tty.on_resume();
  }
  errno = error;
}

void dt_tty_begin(void (*resumed)(void)) {
  static bool registered; /* for os.exit in a task, while a line is typed */
  tty.known = tcgetattr(STDIN_FILENO, &tty.usual) == 0;
  tty.typing = tty.resumed = 0;
  tty.on_resume = resumed;
  if (!registered)
    registered = atexit(restore) == 0;
  for (size_t i = 0; i < WATCHED; i++) {
    struct sigaction now;
    tty.ours[i] = sigaction(watched[i], NULL, &now) == 0 &&
                  !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
    if (tty.ours[i])
      set_action(watched[i], pass_on);
  }
}

void dt_tty_typing(bool typing) {
  tty.typing = 0;
  if (!typing || !tty.known)
    return;
  tcgetattr(STDIN_FILENO, &tty.taken);
  tty.typing = 1;
}

bool dt_tty_resumed(void) {
  bool resumed = tty.resumed;
  tty.resumed = 0;
  return resumed;
}

void dt_tty_end(void) {
  tty.typing = 0;
  for (size_t i = 0; i < WATCHED; i++)
    if (tty.ours[i])
      set_action(watched[i], SIG_DFL);
}
