/*
 * glue.h - what the files that talk to Lua share: classes, arguments, results.
 *
 * Naming: `net_` functions are those of the module, `socket_` and `address_`
 * the methods; dt_ names are shared between files, all else is static.  An
 * argument check that fails raises (the caller's mistake); what the world does
 * is nil, message, code.
 */
#ifndef DT_GLUE_H
#define DT_GLUE_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#include "compat.h"
#include "constant.h"
#include "loop.h"
#include "socket.h"

/* What one Lua state keeps for us: upvalue 1 of every function. */
struct dt_state {
  lua_State *main; /* NULL where the version cannot tell */
  int address_ref; /* registry: the metatable of addresses */
  int senders_ref; /* registry: what dt_push_senders pushes */
  int message_ref; /* registry: the metatable of recvmany's messages */
  int trier;       /* registry: what dt_try calls */
  const void *message_class; /* the same, to know them by */
  struct dt_scratch *all;    /* buffers for received bytes: dt_borrow */
  struct dt_scratch *idle;
  int sockets_ref; /* registry: the sockets by their slots, weakly */
  struct dt_slots sockets;
  struct dt_loop loop;
};

/* One file's functions, gathered by core.c. */
struct dt_module {
  const luaL_Reg *functions;      /* of the module; may be NULL */
  const luaL_Reg *socket_methods; /* of socket objects; may be NULL */
};

DT_INTERNAL_BEGIN

extern const struct dt_module dt_mod_socket, dt_mod_connect, dt_mod_transfer,
    dt_mod_sendfile, dt_mod_message, dt_mod_many, dt_mod_descriptor,
    dt_mod_option, dt_mod_constant, dt_mod_tcpinfo, dt_mod_address,
    dt_mod_resolver, dt_mod_interface, dt_mod_poll, dt_mod_stream, dt_mod_write,
    dt_mod_task, dt_mod_queue, dt_mod_copy;

/* The state of the running function. */
static inline struct dt_state *dt_state_of(lua_State *L) {
  return (struct dt_state *)lua_touserdata(L, lua_upvalueindex(1));
}

/* The loop of the state of the running function. */
static inline struct dt_loop *dt_loop_of(lua_State *L) {
  return &dt_state_of(L)->loop;
}

/* The state that has this loop: for who has a socket at hand, and no running
   function's upvalue to look at. */
static inline struct dt_state *dt_state_with(struct dt_loop *loop) {
  return (struct dt_state *)(void *)((char *)loop -
                                     offsetof(struct dt_state, loop));
}

/* Makes the state and pushes it; core.c gives it to every function. */
struct dt_state *dt_new_state(lua_State *L);

/* Frees what it has.  What functions that are under way have borrowed and
   pinned is theirs still, unless they are `left`: see dt_is_left. */
void dt_close_state(struct dt_state *state, bool left);

/* The classes' openers: the state is on top of the stack. */
void dt_open_socket(lua_State *L, const struct dt_module *const *modules);
void dt_open_address(lua_State *L, struct dt_state *state);
void dt_open_descriptor(lua_State *L, struct dt_state *state);
void dt_open_queue(lua_State *L);

/* Makes the class `name` and leaves nothing on the stack; `metamethods` may
   have an "__index" of their own, else the methods are it.  All functions get
   the state (on top of the stack on entry, and left there) as upvalue. */
const void *dt_new_class(lua_State *L, const char *name,
                         const luaL_Reg *metamethods,
                         const struct dt_module *const *modules);

/* A buffer of at least `size` bytes where received bytes land before they
   become a string; dt_return gives it back before the call ends.  Finalizers
   may run while it is lent, and receive something themselves: they are lent
   another. Raises when memory ends.  What an error keeps from coming back, the
   next call that borrows takes back. */
char *dt_borrow(lua_State *L, struct dt_state *state, size_t size);

/* The same for an operation, which may outlast the call. */
char *dt_borrow_long(lua_State *L, struct dt_state *state, size_t size);

/* From now on, till this call ends: what comes now may raise. */
void dt_borrow_shortly(struct dt_state *state, char *buffer);

void dt_return(struct dt_state *state, char *buffer);

/* Calls body(L, argument) protected, with an empty stack and our upvalue, and
   gives the status, as lua_pcall; its results, or the error, are on top then.
   For this itself no memory is needed. */
int dt_try(lua_State *L, const struct dt_state *state,
           int (*body)(lua_State *L, void *argument), void *argument);

/* Once for each state, which is on top. */
void dt_open_try(lua_State *L, struct dt_state *state);

/* Whether a protected call that gave `status`, with the error on top, has
   failed for want of memory; also when Lua code has raised that once more. */
bool dt_is_memory_error(lua_State *L, int status);

/* --- results ------------------------------------------------------------- */

/* Pushes nil, "operation where: reason", code; returns 3.  `where` may be
   NULL; `error` is an errno or a dt_word. */
int dt_fail(lua_State *L, const char *operation, const char *where, int error);

/* The same with a reason of its own: nil, "operation where: reason", code. */
int dt_fail_because(lua_State *L, const char *operation, const char *where,
                    size_t where_length, const char *reason, const char *code);

/* nil, "operation: the socket is closed", "closed". */
int dt_fail_closed(lua_State *L, const char *operation);

/* Pushes the address as a value (unmapped). */
void dt_push_address(lua_State *L, const struct dt_address *address);

/* The same for where a datagram came from: the value may be one that was pushed
   before. */
void dt_push_sender(lua_State *L, const struct dt_address *address);

/* The same for many: with the index of what dt_push_senders has pushed. */
void dt_push_senders(lua_State *L);
void dt_push_known(lua_State *L, const struct dt_address *address, int senders);

/* Pushes the name of `value` in `set`, or the number when it has none. */
void dt_push_constant(lua_State *L, const struct dt_set *set, int value);

/* --- arguments ----------------------------------------------------------- */

/* A whole number in `low`..`high`; raises, naming the range. */
lua_Integer dt_check_range(lua_State *L, int arg, lua_Number low,
                           lua_Number high);

/* A number of seconds >= 0, or nothing (nil, none): DT_NO_LIMIT. */
dt_time dt_check_seconds(lua_State *L, int arg);

/* A constant of `set`: by name, or an integer.  Raises with the list of the
   valid names; says so when this system lacks it. */
int dt_check_constant(lua_State *L, int arg, const struct dt_set *set);

/* Flags from `arg` to the last argument, or-ed: names ("MSG_PEEK", also
   "MSG_PEEK|MSG_TRUNC"), integers, or lists of those. */
int dt_or_flags(lua_State *L, int arg, const struct dt_set *set);

/* The flags of the one value at `index`; complaints are about `arg`. */
int dt_flags_at(lua_State *L, int index, int arg, const struct dt_set *set);

/* In most calls there are none. */
static inline int dt_check_flags(lua_State *L, int arg,
                                 const struct dt_set *set) {
  return lua_isnone(L, arg) ? 0 : dt_or_flags(L, arg, set);
}

/* The address at `arg` for `socket` (NULL: none): a value, a text, a table of
   its fields, or host and port in two arguments.  Returns how many arguments
   it took (1 or 2).  Raises for a wrong type.  For a text that is no address
   returns 0, with nil, message, "EINVAL" pushed for `operation`. */
int dt_check_address(lua_State *L, int arg, const char *operation,
                     const struct dt_socket *socket,
                     struct dt_address *address);

/* The address value at `arg`, or NULL.  It has only the bytes of its own
   sockaddr: never copied by assignment, but with dt_address_copy. */
const struct dt_address *dt_test_address(lua_State *L, int arg);

/* The descriptor of a number, a socket, an io file, or any object with a
   `fileno` or `getfd` method; -1 for a closed one.  False for other values. */
bool dt_test_descriptor(lua_State *L, int index, int *fd);

#define DT_DESCRIPTOR_EXPECTED                                                 \
  "socket, io file, descriptor, or object with a fileno method expected"

/* The same for an argument; raises for other values. */
int dt_check_descriptor(lua_State *L, int arg);

DT_INTERNAL_END

#endif
