/*
 * mod_resolver.c - names to addresses and back: getaddrinfo and getnameinfo.
 *
 * The C library does the work, and may take its time over it: while there are
 * tasks getaddrinfo is called in a thread (lookup.h).  What the C library would
 * cut, or take for a number where inet_pton would not, never reaches it
 * (dt_host_refusal).
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "address_argument.h"
#include "error.h"
#include "glue.h"
#include "lookup.h"
#include "sys.h"

#ifndef AI_IDN
#  define AI_IDN 0 /* the C library has none: only ASCII then */
#endif

/* --- failures ----------------------------------------------------------- */

/* Pushes nil, message, code for what getaddrinfo or getnameinfo returned;
   `error` is its errno. */
static int fail(lua_State *L, const char *operation, const char *where,
                size_t size, int result, int error) {
  char reason[DT_REASON_MAX], code[DT_CODE_MAX];
#ifdef EAI_SYSTEM
  if (result == EAI_SYSTEM)
    return dt_fail_text(L, operation, where, size,
                        dt_error_reason(error, reason),
                        dt_error_code(error, code));
#endif
  (void)error;
  (void)reason;
  (void)code;
  return dt_fail_text(L, operation, where, size, gai_strerror(result),
                      dt_eai_code(result));
}

/* --- getaddrinfo: arguments --------------------------------------------- */

struct query {
  const char *host, *service; /* NULL: none */
  size_t host_size, service_size;
  char digits[8]; /* the service, when it was a port */
  bool is_number;
  struct addrinfo hints;
};

static void check_hint_names(lua_State *L, int arg) {
  static const char *const names[] = {"family", "type", "protocol", "flags"};
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    bool known = false;
    lua_pop(L, 1);
    for (int i = 0; i < 4 && lua_type(L, -1) == LUA_TSTRING; i++)
      known = known || strcmp(names[i], lua_tostring(L, -1)) == 0;
    if (!known) {
      dt_tolstring(L, -1, NULL);
      lua_pushfstring(L,
                      "unknown hint '%s' (valid: family, type, protocol, "
                      "flags)",
                      lua_tostring(L, -1));
      luaL_argerror(L, arg, lua_tostring(L, -1));
    }
  }
}

/* The hint `name` takes the place of argument 3, so that a complaint about it
   names that argument; the table itself is at 4.  False when it is nil. */
static bool get_hint(lua_State *L, const char *name) {
  lua_getfield(L, 4, name);
  lua_replace(L, 3);
  return !lua_isnil(L, 3);
}

static void check_hints(lua_State *L, struct addrinfo *hints) {
  lua_settop(L, 3);
  if (lua_isnil(L, 3))
    return;
  luaL_checktype(L, 3, LUA_TTABLE);
  check_hint_names(L, 3);
  lua_pushvalue(L, 3);
  if (get_hint(L, "family"))
    hints->ai_family = dt_check_constant(L, 3, &dt_domains);
  if (get_hint(L, "type"))
    hints->ai_socktype = dt_check_constant(L, 3, &dt_types);
  if (get_hint(L, "protocol"))
    hints->ai_protocol = dt_check_constant(L, 3, &dt_protocols);
  get_hint(L, "flags");
  lua_settop(L, 3); /* flags are whatever comes to the last argument */
  hints->ai_flags = dt_check_flags(L, 3, &dt_ai_flags);
}

static const char *check_text(lua_State *L, int arg, size_t *size) {
  if (lua_isnoneornil(L, arg))
    return NULL;
  luaL_checktype(L, arg, LUA_TSTRING);
  return lua_tolstring(L, arg, size);
}

static void check_query(lua_State *L, struct query *query) {
  lua_Number port;
  memset(query, 0, sizeof *query);
  query->host = check_text(L, 1, &query->host_size);
  query->is_number = lua_type(L, 2) == LUA_TNUMBER;
  if (!query->is_number) {
    query->service = check_text(L, 2, &query->service_size);
  } else if (dt_tointeger(L, 2, &port) && port >= 0 && port <= 65535) {
    snprintf(query->digits, sizeof query->digits, "%.0f", port);
    query->service = query->digits;
    query->service_size = strlen(query->digits);
  } else { /* to be refused */
    query->service = lua_tolstring(L, 2, &query->service_size);
  }
  check_hints(L, &query->hints);
}

/* Why the C library is not to be asked about the service, or NULL: it would
   take "65536" for port 0, and of " -1" whatever strtoul(3) makes. */
static const char *service_refusal(const struct query *query) {
  const char *service = query->service;
  size_t size = query->service_size, start = strspn(service, " \t\n\v\f\r");
  if (size == 0)
    return "the service is empty";
  if (memchr(service, '\0', size))
    return "NUL in the service";
  if (strcmp(service, "*") == 0)
    return "not a service (nil is for any)";
  if (service[start] == '-' || service[start] == '+')
    start++;
  start += strspn(service + start, "0123456789");
  if (start < size && !query->is_number)
    return NULL; /* a name: there are some that begin with digits */
  return dt_port_from_text(service, size) < 0
             ? "port is not a whole number in 0..65535"
             : NULL;
}

/* --- getaddrinfo: the call ---------------------------------------------- */

#define OWNER_CLASS "dialtone.addrinfo"

static int owner_gc(lua_State *L) {
  struct addrinfo **owner = lua_touserdata(L, 1);
  if (*owner)
    freeaddrinfo(*owner);
  *owner = NULL;
  return 0;
}

/* What getaddrinfo gives must be freed, though what is done with it may raise
   when memory ends: so there is an owner before it comes. */
static struct addrinfo **push_owner(lua_State *L) {
  struct addrinfo **owner = dt_newuserdata(L, sizeof *owner);
  *owner = NULL;
  luaL_newmetatable(L, OWNER_CLASS); /* or the one that was made before */
  lua_pushcfunction(L, owner_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return owner;
}

/* Whether the first `count` values of the list on top have this one. */
static bool has(lua_State *L, int count, const struct dt_address *address) {
  bool found = false;
  for (int i = 1; i <= count && !found; i++) {
    lua_rawgeti(L, -1, i);
    found = dt_address_equal(address, dt_test_address(L, -1));
    lua_pop(L, 1);
  }
  return found;
}

/* The resolver gives each address once for each type of socket. */
static void push_list(lua_State *L, const struct addrinfo *info) {
  struct dt_address address;
  int count = 0;
  lua_newtable(L);
  if (info->ai_canonname) { /* only in the first */
    lua_pushstring(L, info->ai_canonname);
    lua_setfield(L, -2, "canonname");
  }
  for (; info; info = info->ai_next) {
    dt_address_from_sockaddr(&address, info->ai_addr, info->ai_addrlen);
    dt_address_unmap(&address);
    if (has(L, count, &address))
      continue;
    dt_push_address(L, &address);
    lua_rawseti(L, -2, ++count);
  }
}

static int refuse(lua_State *L, const char *where, size_t size,
                  const char *reason, const char *code) {
  return dt_fail_text(L, "getaddrinfo", where, size, reason, code);
}

/* Pushes a failure, and returns how many values; 0: the query is good. */
static int check_query_values(lua_State *L, const struct query *query) {
  const char *why = NULL;
  if (!query->host && !query->service)
    return refuse(L, NULL, 0, "neither host nor service", "EAI_NONAME");
  if (query->host)
    why = dt_host_refusal(query->host, query->host_size,
                          (query->hints.ai_flags & AI_IDN) != 0);
  if (why)
    return refuse(L, query->host, query->host_size, why, "EAI_NONAME");
  if (query->service)
    why = service_refusal(query);
  if (why)
    return refuse(L, query->service, query->service_size, why, "EAI_SERVICE");
  return 0;
}

/* Pushes the answer, or the failure. */
static int push_answer(lua_State *L, const struct query *query, int result,
                       int error, const struct addrinfo *list) {
  if (result == 0) {
    push_list(L, list);
    return 1;
  }
  if (result != EAI_SERVICE && query->host)
    return fail(L, "getaddrinfo", query->host, query->host_size, result, error);
  return fail(L, "getaddrinfo", query->service, query->service_size, result,
              error);
}

/* Nobody else is to go on meanwhile. */
static int ask_here(lua_State *L, const struct query *query) {
  struct addrinfo **owner = push_owner(L);
  int result =
      dt_sys.getaddrinfo(query->host, query->service, &query->hints, owner);
  int error = errno, results;
  if (result != 0)
    *owner = NULL; /* whatever the failed call left there */
  results = push_answer(L, query, result, error, *owner);
  if (*owner)
    freeaddrinfo(*owner);
  *owner = NULL;
  return results;
}

/* In a thread, while the loop goes on.  Where there are no threads, here. */
struct looking {
  struct dt_looking looking;
  struct query query; /* its texts are anchored by the caller's stack */
};

static enum dt_outcome look_up_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct looking *looking = (struct looking *)operation;
  struct dt_query *query;
  enum dt_outcome outcome = dt_lookup_step(L, &looking->looking);
  if (outcome == DT_FAILED) {
    operation->results = ask_here(L, &looking->query);
    return DT_DONE;
  }
  if (outcome != DT_DONE)
    return outcome;
  query = looking->looking.query;
  operation->results =
      push_answer(L, &looking->query, query->result, query->error, query->list);
  return DT_DONE;
}

static void look_up_release(lua_State *L, struct dt_loop *loop,
                            struct dt_operation *operation) {
  (void)L;
  dt_lookup_release(loop, (struct dt_looking *)operation);
}

static const struct dt_kind look_up_kind = {.name = "getaddrinfo",
                                            .step = look_up_step,
                                            .release = look_up_release,
                                            .size = sizeof(struct looking),
                                            .on_argument = true};

static int look_up(lua_State *L, const struct query *query) {
  struct looking looking;
  memset(&looking, 0, sizeof looking);
  looking.looking.operation.kind = &look_up_kind;
  looking.looking.host = query->host;
  looking.looking.service = query->service;
  looking.looking.hints = query->hints;
  looking.query = *query;
  return dt_await(L, &looking.looking.operation);
}

/***
Looks up the addresses of a host, and the port of a service. Each address is
there once, in the order in which the system would have them tried. The list is
fit for sockets of any type; with hints only for what they ask for.

It asks the C library, which may ask the network. While there are tasks that is
done in a thread, and the others go on (`net.timeout` bounds it); else it
blocks. A host is taken as inet_pton(3) or as a name: what only inet_aton(3)
takes for an address (`127.1`, `0x7f000001`, `0127.0.0.1`) is refused. See
getaddrinfo(3).
@function getaddrinfo
@tparam ?string host name or literal of at most 253 bytes; nil for this machine:
its loopback addresses, or with AI_PASSIVE the wildcards
@tparam[opt] string|integer service port, or a name such as `"http"`; nil for
port 0
@tparam[opt] table hints `family` (`"AF_INET6"`), `type` (`"SOCK_STREAM"`),
`protocol` (`"IPPROTO_TCP"`), `flags` (`"AI_CANONNAME|AI_NUMERICHOST"`, or a
list); other names raise
@treturn {address,...} list of one or more; its field `canonname` is the host's
official name when AI_CANONNAME asked for it
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code: `"EAI_NONAME"`, `"EAI_AGAIN"`, `"EAI_SERVICE"` and so
on; for EAI_SYSTEM the errno's name
@usage for _, address in ipairs(assert(net.getaddrinfo("localhost", 80))) do
  print(address) --> [::1]:80, 127.0.0.1:80
end
*/
static int net_getaddrinfo(lua_State *L) {
  struct dt_loop *loop = dt_loop_of(L);
  struct query query;
  int failed;
  check_query(L, &query);
  failed = check_query_values(L, &query);
  if (failed != 0)
    return failed;
  if (query.is_number) { /* its digits must stay as long as it waits */
    lua_pushstring(L, query.digits);
    lua_replace(L, 2);
    query.service = lua_tostring(L, 2);
  }
  if (loop->running == L || dt_loop_busy(loop))
    return look_up(L, &query);
  return ask_here(L, &query);
}

/* --- getnameinfo -------------------------------------------------------- */

/***
Looks up the name of a host, and of the service at its port. Where there is no
name, the result is the literal and the number. It may ask the network, and
blocks; `"NI_NUMERICHOST"` keeps it from that. See getnameinfo(3).
@function getnameinfo
@tparam address|string|table address an address, never a name; or the host, when
a port follows
@tparam[opt] string|integer|table flags `"NI_NUMERICHOST"`, `"NI_NUMERICSERV"`,
`"NI_NAMEREQD"` (a host without a name is a failure), `"NI_DGRAM"`,
`"NI_NOFQDN"`: any number of arguments
@treturn string host
@treturn string service
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code: `"EAI_NONAME"` and so on; `"EINVAL"` for what is no
address
@usage print(net.getnameinfo("127.0.0.1:80", "NI_NUMERICSERV"))
  --> localhost  80
*/
static int net_getnameinfo(lua_State *L) {
  struct dt_address address;
  char host[NI_MAXHOST], service[NI_MAXSERV], where[DT_ADDRESS_TEXT_MAX];
  int flags, result, error;
  int taken = dt_check_address(L, 1, "getnameinfo", NULL, &address);
  if (taken == 0)
    return 3;
  flags = dt_check_flags(L, 1 + taken, &dt_ni_flags);
  result = dt_sys.getnameinfo(&address.u.any, address.length, host, sizeof host,
                              service, sizeof service, flags);
  error = errno;
  if (result != 0)
    return fail(L, "getnameinfo", where, dt_address_format(&address, where),
                result, error);
  lua_pushstring(L, host);
  lua_pushstring(L, service);
  return 2;
}

static const luaL_Reg functions[] = {
    {"getaddrinfo", net_getaddrinfo},
    {"getnameinfo", net_getnameinfo},
    {NULL, NULL},
};

const struct dt_module dt_mod_resolver = {functions, NULL};
