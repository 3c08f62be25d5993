/*
 * socket.c - the socket object itself: its class, its birth and death, and its
 * failures.  Stands on sys.h for the calls, glue.h for Lua.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <netinet/tcp.h>

#include "await.h"
#include "error.h"
#include "glue.h"
#include "stream.h"
#include "sys.h"
#include "tcpinfo.h"

/* --- finding it ---------------------------------------------------------- */

const char dt_socket_mark = 0;

struct dt_socket *dt_no_socket(lua_State *L, int arg) {
  lua_pushfstring(L, "%s expected, got %s", DT_SOCKET_CLASS,
                  luaL_typename(L, arg));
  luaL_argerror(L, arg, lua_tostring(L, -1));
  return NULL;
}

/* --- birth and death ----------------------------------------------------- */

struct dt_socket *dt_push_hidden_socket(lua_State *L) {
  struct dt_socket *socket = dt_newuserdata(L, sizeof *socket);
  memset(socket, 0, sizeof *socket);
  socket->mark = &dt_socket_mark;
  socket->fd = -1;
  socket->slot = DT_NO_SLOT;
  socket->loop = dt_loop_of(L);
  dt_watch_init(&socket->watch);
  socket->limit = DT_NO_LIMIT;
  socket->receive_limit = DT_NO_LIMIT;
  socket->send_limit = DT_NO_LIMIT;
  luaL_getmetatable(L, DT_SOCKET_CLASS);
  lua_setmetatable(L, -2);
  return socket;
}

/* What fails for want of memory leaves a slot to the finalizer. */
static void enlist(lua_State *L, struct dt_state *state,
                   struct dt_socket *socket) {
  if (state->loop.over) /* a finalizer calls: the list is no more */
    return;
  if (!dt_slots_reserve(&state->sockets))
    luaL_error(L, "not enough memory");
  socket->slot = dt_slots_take(&state->sockets);
  lua_rawgeti(L, LUA_REGISTRYINDEX, state->sockets_ref);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, socket->slot + 1);
  lua_pop(L, 1);
}

/* What lies there is overwritten some day, or collected. */
void dt_socket_delist(struct dt_socket *socket) {
  dt_slots_give(&dt_state_with(socket->loop)->sockets, socket->slot);
  socket->slot = DT_NO_SLOT;
}

struct dt_socket *dt_push_socket(lua_State *L) {
  struct dt_socket *socket = dt_push_hidden_socket(L);
  enlist(L, dt_state_of(L), socket);
  return socket;
}

/* TCP reports room only after there was none, and a receive of less than was
   asked for has taken all there was (loop.c, stream.h). */
static bool is_tcp(const struct dt_socket *socket) {
  return socket->type == SOCK_STREAM &&
         (socket->domain == AF_INET || socket->domain == AF_INET6) &&
         (socket->protocol == 0 || socket->protocol == IPPROTO_TCP);
}

void dt_socket_open(struct dt_socket *socket, int fd, int domain, int type,
                    int protocol) {
  socket->fd = fd;
  socket->domain = (unsigned short)domain; /* the kernel's are as narrow */
  socket->type = (unsigned short)type;
  socket->protocol = protocol;
  socket->watch.quiet = is_tcp(socket);
}

/* An integer option, or `otherwise`. */
static int ask(int fd, int option, int otherwise) {
  int value;
  socklen_t length = sizeof value;
  if (dt_sys.getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0)
    return otherwise;
  return value;
}

static int domain_of(int fd) {
  struct dt_address name;
#ifdef SO_DOMAIN
  int domain = ask(fd, SO_DOMAIN, -1);
  if (domain >= 0)
    return domain;
#endif
  name.length = sizeof name.u;
  if (dt_sys.getsockname(fd, &name.u.any, &name.length) != 0)
    return AF_UNSPEC;
  return name.u.any.sa_family;
}

static int protocol_of(int fd) {
#ifdef SO_PROTOCOL
  return ask(fd, SO_PROTOCOL, 0);
#else
  (void)fd;
  return 0;
#endif
}

/* SO_RCVTIMEO or SO_SNDTIMEO, which came with a descriptor from elsewhere. */
static dt_time limit_of(int fd, int option) {
  struct timeval limit = {0, 0};
  socklen_t length = sizeof limit;
  if (dt_sys.getsockopt(fd, SOL_SOCKET, option, &limit, &length) != 0 ||
      limit.tv_sec >= DT_KERNEL_FOREVER ||
      (limit.tv_sec == 0 && limit.tv_usec == 0))
    return DT_NO_LIMIT;
  return dt_duration((double)limit.tv_sec + (double)limit.tv_usec / 1e6);
}

void dt_socket_inherit(struct dt_socket *socket,
                       const struct dt_socket *listener) {
#ifdef DT_ACCEPT_INHERITS
  socket->receive_limit = listener->receive_limit;
  socket->send_limit = listener->send_limit;
#else
  (void)socket, (void)listener;
#endif
}

int dt_socket_adopt(struct dt_socket *socket, int fd) {
  int type;
  socklen_t length = sizeof type;
  if (dt_sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
    return errno;
  if (dt_sys.adopt(fd) != 0)
    return errno;
  dt_socket_open(socket, fd, domain_of(fd), type, protocol_of(fd));
  socket->receive_limit = limit_of(fd, SO_RCVTIMEO);
  socket->send_limit = limit_of(fd, SO_SNDTIMEO);
  return 0;
}

void dt_socket_let_go(lua_State *L, struct dt_socket *socket, int error) {
  dt_unwatch(L, socket->loop, &socket->watch, error);
  dt_stream_free(socket);
  dt_socket_delist(socket);
  socket->fd = -1;
  socket->patient = 0;
}

int dt_socket_close(lua_State *L, struct dt_socket *socket) {
  int fd = socket->fd;
  if (fd < 0)
    return 0;
  dt_socket_let_go(L, socket, DT_CLOSED);
  return dt_sys.close(fd) == 0 ? 0 : errno;
}

/* --- its peer, and its failures ------------------------------------------ */

void dt_socket_set_peer(struct dt_socket *socket,
                        const struct dt_address *peer) {
  socket->peer_length = 0;
  if (peer && peer->length <= sizeof socket->peer &&
      (peer->u.any.sa_family == AF_INET || peer->u.any.sa_family == AF_INET6)) {
    memcpy(socket->peer, &peer->u, peer->length);
    socket->peer_length = (unsigned char)peer->length;
  }
}

struct dt_address_hint dt_socket_hint(const struct dt_socket *socket) {
  struct dt_address_hint hint = {socket->domain, false};
  hint.port_optional = socket->type == SOCK_RAW ||
                       socket->protocol == IPPROTO_ICMP ||
                       socket->protocol == IPPROTO_ICMPV6;
  return hint;
}

/* Asks for a name; false for none, and for a unix socket's that is empty. */
static bool get_name(int fd, struct dt_address *name,
                     int (*get)(int, struct sockaddr *, socklen_t *)) {
  name->length = sizeof name->u;
  return get(fd, &name->u.any, &name->length) == 0 &&
         (name->u.any.sa_family != AF_UNIX ||
          name->length > offsetof(struct sockaddr_un, sun_path));
}

/* The address to name in a message: the peer if there is one, else our own. */
static bool whereabouts(const struct dt_socket *socket,
                        struct dt_address *where) {
  if (socket->peer_length > 0) {
    where->length = socket->peer_length;
    memcpy(&where->u, socket->peer, socket->peer_length);
    return true;
  }
  return get_name(socket->fd, where, dt_sys.getpeername) ||
         get_name(socket->fd, where, dt_sys.getsockname);
}

void dt_socket_doubt(lua_State *L, struct dt_socket *socket, int error) {
  if ((error == EBADF || error == ENOTSOCK) && ask(socket->fd, SO_TYPE, -1) < 0)
    dt_socket_let_go(L, socket, error);
}

int dt_socket_fail(lua_State *L, const char *operation,
                   struct dt_socket *socket, const struct dt_address *where,
                   int error) {
  struct dt_address address;
  char text[DT_ADDRESS_TEXT_MAX], reason[DT_REASON_MAX], code[DT_CODE_MAX];
  size_t length;
  dt_socket_doubt(L, socket, error);
  if (where)
    address = *where;
  else if (socket->fd < 0 || !whereabouts(socket, &address))
    return dt_fail(L, operation, NULL, error);
  dt_address_unmap(&address);
  length = dt_address_format(&address, text);
  return dt_fail_because(L, operation, text, length,
                         dt_error_reason(error, reason),
                         dt_error_code(error, code));
}

/* --- the list of all ----------------------------------------------------- */

/* Pushes what lies in the slot; the table is on top. */
static struct dt_socket *push_at(lua_State *L, int slot) {
  lua_rawgeti(L, -1, slot + 1);
  return dt_test_socket(L, -1);
}

void dt_push_object(lua_State *L, const struct dt_socket *socket) {
  if (socket->slot == DT_NO_SLOT) {
    lua_pushnil(L);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, dt_state_with(socket->loop)->sockets_ref);
  push_at(L, socket->slot);
  lua_remove(L, -2);
}

struct place {
  int fd, slot;
};

static int by_descriptor(const void *one, const void *other) {
  const struct place *a = one, *b = other;
  return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Notes where the open ones of the first `count` lie, in order; the table is on
   top.  Returns how many there are. */
static int find_open(lua_State *L, struct place *places, int count) {
  int found = 0;
  for (int slot = 0; slot < count; slot++) {
    const struct dt_socket *socket = push_at(L, slot);
    if (socket && socket->fd >= 0 && socket->slot == slot)
      places[found++] = (struct place){socket->fd, slot};
    lua_pop(L, 1);
  }
  qsort(places, (size_t)found, sizeof *places, by_descriptor);
  return found;
}

/* All memory comes first: a finalizer may open and close sockets then. */
void dt_push_sockets(lua_State *L) {
  struct dt_state *state = dt_state_of(L);
  int count = state->sockets.count, found;
  struct place *places =
      dt_newuserdata(L, ((size_t)count + 1) * sizeof *places);
  lua_createtable(L, state->sockets.count - state->sockets.free_count, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, state->sockets_ref);
  found = find_open(L, places, count);
  for (int i = 0; i < found; i++) {
    push_at(L, places[i].slot);
    lua_rawseti(L, -3, i + 1);
  }
  lua_pop(L, 1);
  lua_remove(L, -2);
}

/* --- the class ----------------------------------------------------------- */

static int socket_gc(lua_State *L) {
  struct dt_socket *socket = dt_test_socket(L, 1);
  if (!socket)
    return 0;
  dt_send_last(socket);
  dt_socket_close(L, socket); /* nobody is there to hear of a failure */
  dt_socket_delist(socket);   /* if it never was open */
  return 0;
}

void dt_push_where(lua_State *L, const struct dt_socket *socket) {
  struct dt_address address;
  char text[DT_ADDRESS_TEXT_MAX];
  if (!whereabouts(socket, &address)) {
    lua_pushfstring(L, "fd %d", socket->fd);
    return;
  }
  dt_address_unmap(&address);
  lua_pushlstring(L, text, dt_address_format(&address, text));
}

/* What the kernel says the socket is at, for tostring. */
static const char *condition(const struct dt_socket *socket, bool peer) {
  int state = dt_tcpinfo_state(socket->fd);
  if (state >= 0)
    return dt_tcp_state_name(state);
  if (ask(socket->fd, SO_ACCEPTCONN, 0) == 1)
    return "LISTEN";
  return peer ? "connected" : "unconnected";
}

/* Pushes " text", or nothing and returns false. */
static bool push_name(lua_State *L, const char *before,
                      const struct dt_socket *socket,
                      int (*get)(int, struct sockaddr *, socklen_t *)) {
  struct dt_address name;
  char text[DT_ADDRESS_TEXT_MAX];
  if (!get_name(socket->fd, &name, get))
    return false;
  dt_address_unmap(&name);
  lua_pushstring(L, before);
  lua_pushlstring(L, text, dt_address_format(&name, text));
  lua_concat(L, 2);
  return true;
}

/* socket AF_INET SOCK_STREAM 127.0.0.1:1 -> 127.0.0.1:2 ESTABLISHED fd 3 */
static int socket_tostring(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  int top = lua_gettop(L);
  bool peer;
  if (socket->fd < 0) {
    lua_pushliteral(L, "socket closed");
    return 1;
  }
  lua_pushliteral(L, "socket ");
  dt_push_constant(L, &dt_domains, socket->domain);
  lua_pushliteral(L, " ");
  dt_push_constant(L, &dt_types, socket->type);
  push_name(L, " ", socket, dt_sys.getsockname);
  peer = push_name(L, " -> ", socket, dt_sys.getpeername);
  lua_pushfstring(L, " %s fd %d", condition(socket, peer), socket->fd);
  lua_concat(L, lua_gettop(L) - top);
  return 1;
}

static const luaL_Reg metamethods[] = {
    {"__gc", socket_gc},
    {"__close", socket_gc},
    {"__tostring", socket_tostring},
    {NULL, NULL},
};

void dt_open_socket(lua_State *L, const struct dt_module *const *modules) {
  struct dt_state *state = lua_touserdata(L, -1);
  dt_new_class(L, DT_SOCKET_CLASS, metamethods, modules);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  state->sockets_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}
