/*
 * mod_terminal.c - core.terminal, for dialtone's own prompt (lua/dialtone/
 * prompt), and net.background, for that of others.  Stands on lineeditor.h and
 * interrupt.h; what waits for keys is net.wait, like everything that waits.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "await.h"
#include "dialtone.h"
#include "error.h"
#include "glue.h"
#include "interrupt.h"
#include "lineeditor.h"
#include "sys.h"
#include "terminal.h"

/* What this state owns of what a process has once; upvalue 2 of each function.
 */
struct terminal {
  bool editor, interrupts, background;
  char *line;                  /* what the editor gave last */
  char failure[DT_REASON_MAX]; /* of the completer, to be raised later */
};

#define COMPLETER                                                              \
  "dialtone.completer" /* registry: the function that completes */
#define READ_SIZE 4096

static struct terminal *terminal_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(2));
}

/* --- completion ------------------------------------------------------------
 */

struct completion {
  const char *line;
  size_t length, word;
  char **names;
};

/* The list on top as the editor wants it.  Without memory it is shorter. */
static char **copy_names(lua_State *L) {
  size_t count = lua_rawlen(L, -1), kept = 0;
  char **names = calloc(count + 1, sizeof *names);
  for (size_t i = 1; names && i <= count; i++) {
    lua_rawgeti(L, -1, (int)i);
    if (lua_type(L, -1) == LUA_TSTRING)
      names[kept] = strdup(lua_tostring(L, -1));
    if (names[kept])
      kept++;
    lua_pop(L, 1);
  }
  return names;
}

static int complete_protected(lua_State *L) {
  struct completion *completion = lua_touserdata(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, COMPLETER);
  lua_pushlstring(L, completion->line, completion->length);
  lua_pushlstring(L, completion->line + completion->length - completion->word,
                  completion->word);
  lua_call(L, 2, 1);
  if (lua_istable(L, -1) && lua_rawlen(L, -1) > 0)
    completion->names = copy_names(L);
  return 0;
}

struct feeding {
  lua_State *L;
  struct terminal *terminal;
};

/* The editor calls, and must not be left by an error. */
static char **complete(void *context, const char *line, size_t length,
                       size_t word) {
  const struct feeding *feeding = context;
  lua_State *L = feeding->L;
  struct completion completion = {line, length, word, NULL};
  const char *message;
  if (!lua_checkstack(L, LUA_MINSTACK) ||
      dt_cpcall(L, complete_protected, &completion) == LUA_OK)
    return completion.names;
  message = lua_tostring(L, -1);
  strncpy(feeding->terminal->failure, message ? message : "without a message",
          DT_REASON_MAX - 1);
  lua_pop(L, 1);
  return NULL;
}

/* --- the editor ------------------------------------------------------------
 */

/* open(complete [, wanted]) -> what the library says that it is; or nil,
   message, code.  complete(line, word) gives a list of what `word`, with which
   the line ends, may become. */
static int terminal_open(lua_State *L) {
  struct terminal *terminal = terminal_of(L);
  const char *wanted = luaL_optstring(L, 2, NULL);
  int error;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushvalue(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, COMPLETER);
  error = dt_editor_open(wanted, complete, dt_interrupt_resume);
  if (error == ENOENT)
    return dt_fail_because(L, "line editor", wanted,
                           wanted ? strlen(wanted) : 0,
                           "no such library was found", "ENOENT");
  if (error != 0)
    return dt_fail(L, "line editor", wanted, error);
  terminal->editor = true;
  lua_pushstring(L, dt_editor_name());
  return 1;
}

static struct terminal *check_editor(lua_State *L) {
  struct terminal *terminal = terminal_of(L);
  if (!terminal->editor)
    luaL_error(L, "the line editor is not open");
  return terminal;
}

/* begin(prompt) */
static int terminal_begin(lua_State *L) {
  const char *prompt = luaL_checkstring(L, 1);
  check_editor(L);
  dt_editor_begin(prompt);
  return 0;
}

/* feed() -> nil, or the line that the key has finished, or false at the end */
static int terminal_feed(lua_State *L) {
  struct terminal *terminal = check_editor(L);
  struct feeding feeding = {L, terminal};
  enum dt_line state;
  terminal->failure[0] = '\0';
  free(terminal->line); /* raising has kept it */
  terminal->line = NULL;
  state = dt_editor_feed(&feeding, &terminal->line);
  if (terminal->failure[0])
    return luaL_error(L, "completion: %s", terminal->failure);
  if (state == DT_LINE_OPEN)
    return 0;
  if (state == DT_LINE_END)
    lua_pushboolean(L, 0);
  else
    lua_pushstring(L, terminal->line);
  return 1;
}

static int terminal_hide(lua_State *L) {
  check_editor(L);
  dt_editor_hide();
  return 0;
}

static int terminal_show(lua_State *L) {
  check_editor(L);
  dt_editor_show();
  return 0;
}

static int terminal_cancel(lua_State *L) {
  check_editor(L);
  dt_editor_cancel();
  return 0;
}

/* remember(line) */
static int terminal_remember(lua_State *L) {
  const char *line = luaL_checkstring(L, 1);
  check_editor(L);
  dt_editor_remember(line);
  return 0;
}

static int terminal_close(lua_State *L) {
  struct terminal *terminal = terminal_of(L);
  if (terminal->editor)
    dt_editor_close();
  terminal->editor = false;
  return 0;
}

/* --- plain input -----------------------------------------------------------
 */

/* input() -> an object for net.wait: the standard input under another number,
   so that nobody else closes it. */
static int terminal_input(lua_State *L) {
  struct dt_socket *socket = dt_push_hidden_socket(L);
  int fd = dt_sys.dup(STDIN_FILENO);
  if (fd < 0)
    return dt_fail(L, "standard input", NULL, errno);
  dt_socket_open(socket, fd, AF_UNSPEC, 0, 0);
  return 1;
}

/* read() -> what is there, "" at the end; or nil, message, code */
static int terminal_read(lua_State *L) {
  char data[READ_SIZE];
  ssize_t size;
  do {
    dt_let_hook_fire(L);
    size = dt_sys.read(STDIN_FILENO, data, sizeof data);
  } while (size < 0 && errno == EINTR);
  if (size < 0)
    return dt_fail(L, "standard input", NULL, errno);
  lua_pushlstring(L, data, (size_t)size);
  return 1;
}

/* isatty(fd) */
static int terminal_isatty(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* columns() -> how wide the terminal is; nil: there is none */
static int terminal_columns(lua_State *L) {
  struct winsize size = {.ws_col = 0};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 0;
  lua_pushinteger(L, size.ws_col);
  return 1;
}

/* --- files -----------------------------------------------------------------
 */

/* 0, or an errno. */
static int write_all(int fd, const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, text, size);
    if (written < 0 && errno != EINTR)
      return errno;
    if (written > 0) {
      text += written;
      size -= (size_t)written;
    }
  }
  return 0;
}

/* store(path, text [, append]) -> true: into a file that is for its owner only;
   or nil, message, code. */
static int terminal_store(lua_State *L) {
  size_t size;
  const char *path = luaL_checkstring(L, 1);
  const char *text = luaL_checklstring(L, 2, &size);
  int how = lua_toboolean(L, 3) ? O_APPEND : O_TRUNC;
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | how, 0600);
  int error = fd < 0 ? errno : write_all(fd, text, size);
  if (fd >= 0 && close(fd) != 0 && error == 0 && errno != EINTR)
    error = errno;
  if (error != 0)
    return dt_fail(L, "write", path, error);
  lua_pushboolean(L, 1);
  return 1;
}

/* makedir(path) -> true, also when it is there; or nil, message, code */
static int terminal_makedir(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  if (mkdir(path, 0700) != 0 && errno != EEXIST)
    return dt_fail(L, "mkdir", path, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/* --- Ctrl-C ----------------------------------------------------------------
 */

/* interrupts(on) -> whether they are ours now */
static int terminal_interrupts(lua_State *L) {
  struct terminal *terminal = terminal_of(L);
  bool on = lua_toboolean(L, 1), main = lua_pushthread(L) != 0;
  if (terminal->interrupts && !on)
    dt_interrupt_close();
  if (on && !terminal->interrupts)
    on = main && dt_interrupt_open(L, dt_state_of(L));
  terminal->interrupts = on;
  lua_pushboolean(L, on);
  return 1;
}

/* guard(fn, handler) -> what pcall gives; Ctrl-C raises in it */
static int terminal_guard(lua_State *L) {
  if (!terminal_of(L)->interrupts)
    return luaL_error(L, "interrupts are not on");
  return dt_interrupt_guard(L);
}

/* --- somebody else's prompt ------------------------------------------------
 */

/* readline(3) calls without saying for whom. */
static lua_State *lender;

#define LOOK_EVERY 10 /* milliseconds, where the loop has no descriptor */

static int milliseconds(double seconds) {
  if (seconds < 0)
    return -1;
  return seconds > 1000 ? 1000000 : (int)(seconds * 1000 + 0.999);
}

/* A turn of the loop: 0 or more, in how many milliseconds the next; -1: when
   there is something to do; -2: it cannot run. */
static int turn(lua_State *L) {
  double next;
  if (!lua_checkstack(L, LUA_MINSTACK))
    return -2;
  if (dialtone_step(L, 0, &next) >= 0)
    return milliseconds(next);
  fprintf(stderr, "dialtone: %s\n", lua_tostring(L, -1));
  lua_pop(L, 1);
  return -2;
}

/* Lets tasks run until there is a key to be read. */
static void wait_for_key(lua_State *L, int fd) {
  for (;;) {
    struct pollfd list[2] = {{fd, POLLIN, 0}, {-1, POLLIN, 0}};
    int limit = turn(L);
    if (limit == -2)
      return;
    list[1].fd = dialtone_descriptor(L);
    if (list[1].fd < 0 && (limit < 0 || limit > LOOK_EVERY))
      limit = LOOK_EVERY;
    if (dt_poll(list, 2, limit) < 0 && errno == EINTR)
      dt_editor_check_signals(); /* may end the process */
    if (list[0].revents)
      return;
  }
}

static int lent_getc(FILE *stream) {
  wait_for_key(lender, fileno(stream));
  return dt_editor_getc(stream);
}

static int lent_event(void) {
  turn(lender);
  return 0;
}

/***
Lets tasks run at the prompt of `lua` itself, while it waits for a line: where
that prompt reads with readline(3). At dialtone's own prompt they run anyhow,
and in a script this changes nothing. Where `net.fileno()` is nil (over
poll(2)), they have their turn every 10 ms.
@function background
@treturn boolean true, also when it does so already
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOTSUP"`: this interpreter reads lines in another
way;
`"EBUSY"`: another Lua state of the process does this already
@raise outside of the main program
@usage net = require "dialtone"
assert(net.background())
server = net.serve(7000, net.echo)
*/
static int net_background(lua_State *L) {
  struct terminal *terminal = terminal_of(L);
  int error;
  if (!lua_pushthread(L))
    return luaL_error(L, "net.background: only the main program can call it");
  if (!terminal->editor && !terminal->background) {
    error = dt_editor_lend(lent_getc, lent_event);
    if (error == ENOTSUP)
      return dt_fail_because(L, "background", NULL, 0,
                             "this interpreter does not read lines with "
                             "readline",
                             "ENOTSUP");
    if (error != 0)
      return dt_fail(L, "background", NULL, error);
    lender = L;
    terminal->background = true;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* --- the module ------------------------------------------------------------
 */

static int terminal_gc(lua_State *L) {
  struct terminal *terminal = lua_touserdata(L, 1);
  if (terminal->editor)
    dt_editor_close();
  if (terminal->interrupts)
    dt_interrupt_close();
  if (terminal->background)
    dt_editor_take_back();
  free(terminal->line);
  memset(terminal, 0, sizeof *terminal);
  return 0;
}

static const luaL_Reg functions[] = {
    {"background", net_background},  {"begin", terminal_begin},
    {"cancel", terminal_cancel},     {"close", terminal_close},
    {"columns", terminal_columns},   {"feed", terminal_feed},
    {"guard", terminal_guard},       {"hide", terminal_hide},
    {"input", terminal_input},       {"interrupts", terminal_interrupts},
    {"isatty", terminal_isatty},     {"makedir", terminal_makedir},
    {"open", terminal_open},         {"read", terminal_read},
    {"remember", terminal_remember}, {"show", terminal_show},
    {"store", terminal_store},       {NULL, NULL},
};

void dt_open_terminal(lua_State *L) {
  struct terminal *terminal;
  lua_newtable(L);
  lua_pushvalue(L, -2); /* core, state, table, state */
  terminal = dt_newuserdata(L, sizeof *terminal);
  memset(terminal, 0, sizeof *terminal);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, terminal_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  dt_setfuncs(L, functions, 2);
  lua_getfield(L, -1, "background");
  lua_setfield(L, -4, "background");
  lua_setfield(L, -3, "terminal"); /* core, state */
}
