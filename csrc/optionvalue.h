/*
 * optionvalue.h - option values between Lua and C: one pair of converters for
 * each kind of optiontable.h, none for a single option.
 *
 * optionvalue.c has the kinds that are a number or a text, and the table of
 * all; optionstruct.c those that are a table in Lua; optiongroup.c the
 * multicast groups and interfaces.
 */
#ifndef DT_OPTIONVALUE_H
#define DT_OPTIONVALUE_H

#include "config.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "compat.h"
#include "optiontable.h"
#include "socket.h"

#define DT_OPTION_LIST_MAX 64 /* entries of a list that is set */

/* One getsockopt or setsockopt under way. */
struct dt_option_call {
  const struct dt_option *option;
  const struct dt_socket *socket;
  int arg;           /* the argument that complaints are about: the value */
  int level, number; /* what the system call takes */
  const void *data;
  socklen_t length; /* in bytes (but see DT_OPT_FILTER) */
  const char *why;  /* what is wrong with a text, or NULL */
  union {           /* where `data` points for what has a fixed size */
    int integer;
    unsigned char byte;
    uint32_t word, words[DT_OPTION_LIST_MAX];
    uint64_t wide;
    struct timeval time;
    struct linger linger;
    struct ip_mreq mreq;
    struct ip_mreq_source source4;
    struct ipv6_mreq mreq6;
    struct in_addr address4;
    char name[16]; /* of an interface */
    max_align_t any[40];
  } u;
};

DT_INTERNAL_BEGIN

/* Makes of the Lua value at call->arg what setsockopt takes.  Raises for the
   wrong type; for what the world lacks (no such interface) returns an errno,
   else 0.  May push values that must stay there until the call is made. */
int dt_option_encode(lua_State *L, struct dt_option_call *call);

/* Pushes what getsockopt gave. */
void dt_option_push(lua_State *L, const struct dt_option_call *call);

/* How much to ask getsockopt for, and the bytes that may take. */
socklen_t dt_option_ask(const struct dt_option *option);
size_t dt_option_room(const struct dt_option *option, socklen_t ask);

/* --- for the converters ----------------------------------------------------
 */

/* Raises "bad argument #2 to 'setsockopt' (SO_LINGER: ... expected, got
   string)" about the value at `index`.  Never returns. */
int dt_option_wrong(lua_State *L, const struct dt_option_call *call, int index,
                    const char *expected);

/* A whole number in `low`..`high` at `index`; raises for others. */
lua_Number dt_option_whole(lua_State *L, const struct dt_option_call *call,
                           int index, const char *expected, lua_Number low,
                           lua_Number high);

/* An interface by name ("eth0") or index, at `index`: 0 or ENODEV; raises for
   others. */
int dt_option_interface(lua_State *L, const struct dt_option_call *call,
                        int index, const char *expected, unsigned *number);

/* Raises for a key of the table at call->arg that is not in the list, which
   ends with NULL. */
void dt_option_check_keys(lua_State *L, const struct dt_option_call *call,
                          const char *const *keys);

/* Makes `size` bytes of the call's own union the call's data. */
int dt_option_take(struct dt_option_call *call, size_t size);

/* optionstruct.c */
int dt_encode_filter(lua_State *L, struct dt_option_call *call);
void dt_push_filter(lua_State *L, const struct dt_option_call *call);
int dt_encode_list(lua_State *L, struct dt_option_call *call);
void dt_push_list(lua_State *L, const struct dt_option_call *call);
void dt_push_bitmap(lua_State *L, const struct dt_option_call *call);
int dt_encode_port_range(lua_State *L, struct dt_option_call *call);
void dt_push_port_range(lua_State *L, const struct dt_option_call *call);
int dt_encode_membership(lua_State *L, struct dt_option_call *call);
void dt_push_credentials(lua_State *L, const struct dt_option_call *call);
void dt_push_name(lua_State *L, const struct dt_option_call *call);

/* optiongroup.c */
int dt_encode_group4(lua_State *L, struct dt_option_call *call);
int dt_encode_group6(lua_State *L, struct dt_option_call *call);
int dt_encode_group(lua_State *L, struct dt_option_call *call);
int dt_encode_source4(lua_State *L, struct dt_option_call *call);
int dt_encode_source(lua_State *L, struct dt_option_call *call);
int dt_encode_device(lua_State *L, struct dt_option_call *call);
int dt_encode_index(lua_State *L, struct dt_option_call *call);
int dt_encode_index_net(lua_State *L, struct dt_option_call *call);
int dt_encode_interface4(lua_State *L, struct dt_option_call *call);
void dt_push_index_net(lua_State *L, const struct dt_option_call *call);
void dt_push_interface4(lua_State *L, const struct dt_option_call *call);

/* --- for others ------------------------------------------------------------
 */

/* Pushes the number; false when this Lua's numbers cannot hold it exactly (it
   is there all the same, rounded). */
bool dt_push_whole(lua_State *L, uint64_t number);

/* Pushes { pid =, uid =, gid = }; a pid below 0 is left out. */
void dt_push_identity(lua_State *L, long pid, unsigned long uid,
                      unsigned long gid);

DT_INTERNAL_END

#endif
