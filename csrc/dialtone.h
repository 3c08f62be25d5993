/*
 * dialtone.h - dialtone for C programs that have a Lua in them (hosts).
 *
 * A host that is linked with the archive opens the module itself, turns its own
 * descriptors into socket objects and back, and lets the tasks of Lua scripts
 * run from its own loop:
 *
 *   lua_State *L = luaL_newstate();
 *   luaL_openlibs(L);
 *   dialtone_open(L);
 *   ... run a script, which starts tasks: net.spawn ...
 *   for (;;) {
 *     double next;
 *     dialtone_step(L, 0, &next);
 *     poll(... dialtone_descriptor(L) for POLLIN, at most `next` seconds ...);
 *     ... serve the other descriptors ...
 *   }
 *
 * examples/host/host.c does that, and compiles as it stands.
 *
 * None of these functions raises a Lua error or lets one through: failures are
 * results.  Like Lua's own functions they need room on the stack: 4 places.
 * They serve one Lua state each time, keep nothing elsewhere, and may be used
 * in several threads for several states.  `L` may be any coroutine of a state,
 * but see dialtone_step.
 *
 * The header includes nothing: a lua_State is a struct lua_State everywhere.
 */
#ifndef DIALTONE_H
#define DIALTONE_H

#ifdef __cplusplus
extern "C" {
#endif

struct lua_State;

/* Opens the C part, so that `require "dialtone"` finds it, and the functions
   below work.  To be called after luaL_openlibs; again is harmless.  The Lua
   part is found by package.path, or in package.preload.
   0; or -1 with an error message on the stack. */
int dialtone_open(struct lua_State *L);

/* Pushes a socket object that owns the descriptor: it is closed with it.  It
   becomes non-blocking and close-on-exec; family and type are asked of the
   kernel.
   0; or an errno, with nothing pushed and the descriptor still the caller's:
   ENOTSOCK, EBADF, ENOMEM, EINVAL (dialtone_open was not called). */
int dialtone_push(struct lua_State *L, int fd);

/* The descriptor of the socket object at `index`, which goes on to own it.
   -1: it is closed, or no socket. */
int dialtone_fileno(struct lua_State *L, int index);

/* Lets tasks run for one turn: waits until something happens, for `seconds` at
   most (HUGE_VAL: as long as it takes), and serves it.  What is ready by then
   runs; what has become ready meanwhile is left to the next turn.  Not to be
   called by what a task has called.
   1: there are tasks left; 0: none; -1: it failed, with the error on the stack,
   and may be called again.  (A task that fails is none of this function's
   failures.)
   `*next` (`next` may be NULL) is in how many seconds it must be called again
   though the descriptor is not readable; < 0: not before it is.  Other Lua code
   that runs meanwhile may start tasks: then call it at once, or simply before
   each wait of the host's loop. */
int dialtone_step(struct lua_State *L, double seconds, double *next);

/* A descriptor that is readable when dialtone_step has something to do: for
   poll(2), select(2), epoll(7) and their like.  It belongs to dialtone, and
   stays the same, but a child after fork(2) has another one.
   -1: there is none (where poll(2) is all that the system has, or is asked for
   by DIALTONE_POLLER), or it cannot be opened: then call dialtone_step every
   few milliseconds. */
int dialtone_descriptor(struct lua_State *L);

/* What `require "dialtone.core"` calls: for a host that keeps a list of such
   functions, or fills package.preload with them, instead of dialtone_open. */
int luaopen_dialtone_core(struct lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
