/*
 * mod_connect.c - connect, accept, accepts: what makes connections.  Stands on
 * await.h, since all may wait.
 */
#include "config.h"

#include <errno.h>

#include "await.h"
#include "glue.h"
#include "sys.h"

/* connect(2) and accept(2) know no MSG_DONTWAIT: what may be in blocking mode
   is put out of it. */
static int prepare(struct dt_socket *socket) {
  if (socket->patient != DT_PATIENT && !socket->shared)
    return 0;
  errno = dt_stop_patience(socket);
  return errno;
}

/* --- connect ------------------------------------------------------------- */

struct connecting {
  struct dt_operation operation;
  struct dt_address address;
  bool begun; /* the kernel goes on with it: connect(2) is not called again */
  dt_time pause, deadline; /* a unix listener's queue is full: tried again */
};

static enum dt_outcome connected(lua_State *L, struct connecting *connecting) {
  struct dt_socket *socket = connecting->operation.socket;
  dt_socket_set_peer(socket, &connecting->address);
  lua_pushboolean(L, 1);
  connecting->operation.results = 1;
  return DT_DONE;
}

#define PAUSE_FIRST 1000000  /* 1 ms, doubled */
#define PAUSE_LAST  50000000 /* to 50 ms */

/* connect(2): a unix listener's queue is full.  Nothing has begun, and no
   poller tells of room in it: ask again after a pause. */
static enum dt_outcome try_again(struct connecting *connecting) {
  struct dt_operation *operation = &connecting->operation;
  dt_time limit = operation->socket->limit;
  if (connecting->deadline == 0)
    connecting->deadline =
        limit == DT_NO_LIMIT ? DT_FOREVER : dt_deadline(limit);
  if (limit > 0 && dt_now() >= connecting->deadline) {
    operation->error = DT_TIMEOUT;
    return DT_FAILED;
  }
  if (connecting->pause < PAUSE_LAST)
    connecting->pause =
        connecting->pause > 0 ? connecting->pause * 2 : PAUSE_FIRST;
  operation->until = dt_deadline(connecting->pause);
  if (operation->until > connecting->deadline)
    operation->until = connecting->deadline;
  operation->alarm = true;
  operation->moved = true; /* a wait of its own */
  return DT_WANT_WAKE;
}

static enum dt_outcome connect_failed(struct connecting *connecting,
                                      int error) {
  connecting->operation.error = error;
  switch (error) {
  case EINTR: /* connect(2): it goes on all the same */
  case EINPROGRESS:
  case EALREADY: /* begun by an earlier call: wait for the same end */
    connecting->begun = true;
    return DT_WANT_WRITE;
  case EAGAIN:
    return try_again(connecting);
  default:
    return DT_FAILED;
  }
}

#ifdef DT_CONNECT_SETTLES
/* Linux notes the end of an attempt only in another connect(2): without it the
   next one would say ECONNABORTED after a failure, and succeed once more after
   a success.  It begins nothing. */
static int settle(const struct connecting *connecting, int error) {
  int again = dt_sys.connect(connecting->operation.socket->fd,
                             &connecting->address.u.any,
                             connecting->address.length) == 0
                  ? 0
                  : errno;
  if (error != 0)
    return error;
  return again == EISCONN ? 0 : again;
}
#else
static int settle(const struct connecting *connecting, int error) {
  (void)connecting;
  return error;
}
#endif

/* After connect(2) has begun it: SO_ERROR has the outcome.  Of one that was
   interrupted here nothing more would be heard. */
static enum dt_outcome connect_ended(lua_State *L,
                                     struct connecting *connecting) {
  int error = 0;
  socklen_t length = sizeof error;
  if (dt_sys.getsockopt(connecting->operation.socket->fd, SOL_SOCKET, SO_ERROR,
                        &error, &length) != 0)
    error = errno;
  error = settle(connecting, error);
  if (error == EINTR)
    return DT_AGAIN;
  return error == 0 ? connected(L, connecting)
                    : connect_failed(connecting, error);
}

static enum dt_outcome connect_step(lua_State *L,
                                    struct dt_operation *operation) {
  struct connecting *connecting = (struct connecting *)operation;
  if (connecting->begun)
    return connect_ended(L, connecting);
  if (dt_sys.connect(operation->socket->fd, &connecting->address.u.any,
                     connecting->address.length) == 0)
    return connected(L, connecting);
  return connect_failed(connecting, errno);
}

static const struct dt_kind connect_kind = {.name = "connect",
                                            .step = connect_step,
                                            .size = sizeof(struct connecting),
                                            .renews = true};

/***
Connects the socket to a peer. A socket that was bound first keeps its own
address. On a datagram socket no packet is sent: the address becomes the one
that `send` sends to and the only one that is received from; `"AF_UNSPEC"`
undoes that. When the time limit ends it, the attempt goes on in the kernel, and
calling connect again waits for it. See connect(2).
@function socket:connect
@tparam address|string|table address or the host, when a port follows
@tparam[opt] integer port
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"ECONNREFUSED"`, `"ETIMEDOUT"` (the kernel's
own patience ended), `"timeout"` (ours), `"ENETUNREACH"`, `"EHOSTUNREACH"`,
`"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EISCONN"`; with settimeout(0)
`"EINPROGRESS"`, then `"EALREADY"`; `"EINVAL"` for what is no address
@usage assert(s:connect("127.0.0.1", 7000))
assert(s:connect("[::1]:7000"))
*/
static int socket_connect(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct connecting connecting = {
      .operation = {.kind = &connect_kind, .socket = socket}};
  if (socket->fd < 0)
    return dt_fail_closed(L, "connect");
  if (dt_check_address(L, 2, "connect", socket, &connecting.address) == 0)
    return 3;
  connecting.operation.where = &connecting.address;
  if (prepare(socket) != 0)
    return dt_socket_fail(L, "connect", socket, &connecting.address, errno);
  return dt_await(L, &connecting.operation);
}

/* --- accept -------------------------------------------------------------- */

/* Failures of the one connection that was next, not of the listener: accept(2),
   "Error handling".  EOPNOTSUPP, also named there, says of most sockets that
   they do not listen, so it is not taken for one. */
static bool is_passing(int error) {
  static const int passing[] = {
      ECONNABORTED, EPROTO,      ENETDOWN, ENOPROTOOPT, EHOSTDOWN,
#ifdef ENONET
      ENONET,
#endif
      EHOSTUNREACH, ENETUNREACH,
  };
  for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
    if (passing[i] == error)
      return true;
  return false;
}

/* The object is made before the descriptor comes, and kept for the next try. */
static enum dt_outcome accept_step(lua_State *L,
                                   struct dt_operation *operation) {
  struct dt_socket *listener = operation->socket;
  struct dt_socket *socket;
  struct dt_address peer;
  int fd;
  if (dt_is_unready(operation, DT_READ))
    return DT_WANT_READ;
  socket = dt_push_socket(L);
  peer.length = sizeof peer.u;
  fd = dt_sys.accept(listener->fd, &peer.u.any, &peer.length);
  if (fd < 0) {
    int error = errno;
    dt_socket_delist(socket);
    lua_pop(L, 1);
    return is_passing(error) ? DT_AGAIN
                             : dt_step_failed(operation, error, DT_WANT_READ);
  }
  dt_socket_open(socket, fd, listener->domain, listener->type,
                 listener->protocol);
  dt_socket_set_peer(socket, &peer);
  dt_socket_inherit(socket, listener);
  dt_push_address(L, &peer);
  operation->results = 2;
  return DT_DONE;
}

static const struct dt_kind accept_kind = {.name = "accept",
                                           .step = accept_step,
                                           .size = sizeof(struct dt_operation),
                                           .shared = true};

/***
Takes the next connection from the listener's queue; waits for one. The new
socket has no time limit, whatever the listener's. Connections that failed
while they were queued are passed over. See accept(2).
@function socket:accept
@treturn socket the connection
@treturn address its peer
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"timeout"`, `"EAGAIN"` (settimeout(0)),
`"EMFILE"`, `"EINVAL"` (not listening)
@usage local conn, peer = assert(listener:accept())
*/
static int socket_accept(lua_State *L) {
  struct dt_operation operation = {.kind = &accept_kind};
  operation.socket = dt_check_socket(L, 1);
  if (operation.socket->fd < 0)
    return dt_fail_closed(L, "accept");
  if (prepare(operation.socket) != 0)
    return dt_socket_fail(L, "accept", operation.socket, NULL, errno);
  return dt_await(L, &operation);
}

/* --- accepts ------------------------------------------------------------- */

static const struct dt_kind accepts_kind = {.name = "accept",
                                            .step = accept_step,
                                            .size = sizeof(struct dt_operation),
                                            .raises = true,
                                            .ends_closed = true,
                                            .shared = true};

/* Upvalues: the state, the socket. */
static int accepts_next(lua_State *L) {
  struct dt_operation operation = {.kind = &accepts_kind};
  operation.socket = lua_touserdata(L, lua_upvalueindex(2));
  if (operation.socket->fd >= 0 && prepare(operation.socket) != 0) {
    operation.error = errno;
    return dt_end_failed(L, &operation);
  }
  return dt_await(L, &operation);
}

/***
An iterator that accepts connections until the listener is closed, by a task or
in the loop itself. It raises what else goes wrong: also that descriptors have
run out, which `net.serve` sits out.
@function socket:accepts
@treturn function iterator, which gives what accept gives: the connection, and
its peer's address
@raise the message of a failure, a time limit for instance
@usage for conn, peer in listener:accepts() do net.spawn(greet, conn, peer) end
*/
static int socket_accepts(lua_State *L) {
  dt_check_socket(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, accepts_next, 2);
  return 1;
}

static const luaL_Reg methods[] = {
    {"connect", socket_connect},
    {"accept", socket_accept},
    {"accepts", socket_accepts},
    {NULL, NULL},
};

const struct dt_module dt_mod_connect = {NULL, methods};
