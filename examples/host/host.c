/*
 * host.c - a C program with a loop of its own, and in it servers written in
 * Lua, whose tasks run from that loop.
 *
 *   cc host.c -I/usr/local/include $(pkg-config --cflags --libs lua5.4) \
 *     /usr/local/lib/lua/5.4/dialtone/libdialtone.a -pthread -ldl -o host
 *   ./host [SCRIPT]
 *
 *   $ ./host
 *   listening on 127.0.0.1:41231
 *   ticks                                    what is typed: a command
 *   12
 *   print(require("dialtone").now())         or Lua, to be run
 *   8126.2
 *   quit
 *
 * The script (below there is one that serves echo) may give a listening socket
 * and a function.  Then the host waits for connections itself, accepts them,
 * and hands them over as socket objects.  Servers and tasks that the script
 * starts on its own run all the same.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "dialtone.h"

#define TICK     0.05 /* seconds: how often the host does its own work */
#define LISTENER "host.listener" /* registry */
#define HANDLER  "host.handler"

static const char echo_server[] =
    "local net = require 'dialtone'\n"
    "local listener = assert(net.socket('AF_INET', 'SOCK_STREAM'))\n"
    "assert(listener:bind('127.0.0.1', 0))\n"
    "assert(listener:listen())\n"
    "print('listening on ' .. tostring(listener:getsockname()))\n"
    "local function echo(conn)\n"
    "  for line in conn:lines('L') do conn:write(line) end\n"
    "  conn:close()\n"
    "end\n"
    "return listener, function(conn) net.spawn(echo, conn) end\n";

struct host {
  lua_State *L;
  double next_tick;
  long ticks;
  char command[1024]; /* what was typed so far */
  size_t typed;
  int pause; /* nothing can be accepted just now */
  int quit;
};

/* --- Lua ------------------------------------------------------------------ */

/* Prints the error on top of the stack. */
static void complain(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "host: %s\n", message ? message : "an error without a text");
  lua_pop(L, 1);
}

/* Calls the function on the stack. */
static void call(lua_State *L, int arguments) {
  if (lua_pcall(L, arguments, 0, 0) != 0)
    complain(L);
}

/* Runs the script, and keeps what it gives.  0, or -1 with an error. */
static int start(struct host *host, const char *script) {
  lua_State *L = host->L;
  if (dialtone_open(L) != 0)
    return -1;
  if (script ? luaL_loadfile(L, script) != 0
             : luaL_loadbuffer(L, echo_server, strlen(echo_server), "=echo"))
    return -1;
  if (lua_pcall(L, 0, 2, 0) != 0)
    return -1;
  lua_setfield(L, LUA_REGISTRYINDEX, HANDLER);
  lua_setfield(L, LUA_REGISTRYINDEX, LISTENER); /* or it would be collected */
  return 0;
}

/* -1: there is none, or Lua has closed it. */
static int listener_of(const struct host *host) {
  int fd;
  lua_getfield(host->L, LUA_REGISTRYINDEX, LISTENER);
  fd = dialtone_fileno(host->L, -1);
  lua_pop(host->L, 1);
  return fd;
}

/* Gives a new connection to Lua. */
static void hand_over(struct host *host) {
  lua_State *L = host->L;
  int fd = accept(listener_of(host), NULL, NULL), error;
  if (fd < 0) { /* it has gone again, or there are too many */
    host->pause = 1;
    return;
  }
  lua_getfield(L, LUA_REGISTRYINDEX, HANDLER);
  error = dialtone_push(L, fd);
  if (error != 0) {
    fprintf(stderr, "host: a connection: %s\n", strerror(error));
    close(fd);
    lua_pop(L, 1);
    return;
  }
  call(L, 1);
}

/* --- the host's own affairs ----------------------------------------------- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void tick(struct host *host) {
  if (now() < host->next_tick)
    return;
  host->ticks++;
  host->pause = 0;
  host->next_tick = now() + TICK;
}

static void obey(struct host *host, const char *command) {
  if (strcmp(command, "quit") == 0)
    host->quit = 1;
  else if (strcmp(command, "ticks") == 0)
    printf("%ld\n", host->ticks);
  else if (luaL_loadstring(host->L, command) == 0)
    call(host->L, 0);
  else
    complain(host->L);
  fflush(stdout);
}

/* Reads what was typed, and obeys each line. */
static void read_commands(struct host *host) {
  char *command = host->command, *end;
  ssize_t size = read(STDIN_FILENO, command + host->typed,
                      sizeof host->command - 1 - host->typed);
  if (size <= 0) { /* the end; or a line that is too long */
    host->quit = 1;
    return;
  }
  host->typed += (size_t)size;
  command[host->typed] = '\0';
  while (!host->quit && (end = strchr(command, '\n')) != NULL) {
    *end = '\0';
    obey(host, command);
    host->typed -= (size_t)(end + 1 - command);
    memmove(command, end + 1, host->typed + 1);
  }
}

/* --- the loop ------------------------------------------------------------- */

/* Milliseconds for poll(2), rounded up: till the next tick, or till the tasks
   need the next step, in `next` seconds (< 0: they do not). */
static int timeout_of(const struct host *host, double next) {
  double wait = host->next_tick - now();
  if (next >= 0 && next < wait)
    wait = next;
  return wait > 0 ? (int)(wait * 1000) + 1 : 0;
}

/* Where poll(2) is all there is, dialtone has no descriptor to watch. */
#define WITHOUT_DESCRIPTOR 0.005

static int run(struct host *host) {
  int tasks = dialtone_descriptor(host->L);
  struct pollfd watched[] = {{STDIN_FILENO, POLLIN, 0},
                             {tasks, POLLIN, 0}, /* -1: ignored */
                             {-1, POLLIN, 0}};
  while (!host->quit) {
    double next;
    if (dialtone_step(host->L, 0, &next) < 0)
      complain(host->L);
    if (tasks < 0 && (next < 0 || next > WITHOUT_DESCRIPTOR))
      next = WITHOUT_DESCRIPTOR;
    fflush(stdout);
    watched[2].fd = host->pause ? -1 : listener_of(host);
    if (poll(watched, 3, timeout_of(host, next)) < 0 && errno != EINTR) {
      perror("host: poll");
      return 1;
    }
    tick(host);
    if (watched[0].revents)
      read_commands(host);
    if (watched[2].revents)
      hand_over(host);
  }
  return 0;
}

int main(int argc, char **argv) {
  struct host host = {.L = luaL_newstate()};
  int status = 1;
  if (!host.L) {
    fputs("host: no memory\n", stderr);
    return 1;
  }
  luaL_openlibs(host.L);
  if (start(&host, argc > 1 ? argv[1] : NULL) == 0)
    status = run(&host);
  else
    complain(host.L);
  lua_close(host.L); /* closes what tasks have left open */
  return status;
}
