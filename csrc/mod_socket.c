/*
 * mod_socket.c - the life of a socket: made, adopted, duplicated, named,
 * listening.  What connects two of them is in mod_connect.c, what moves
 * data in mod_transfer.c.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "await.h"
#include "glue.h"
#include "sys.h"

/* --- birth --------------------------------------------------------------- */

/* Small writes go out at once: whoever wants them gathered says so.  A system
   that will not is no reason to have no socket. */
static void set_nodelay(const struct dt_socket *socket) {
  int on = 1;
  if ((socket->domain == AF_INET || socket->domain == AF_INET6) &&
      socket->type == SOCK_STREAM &&
      (socket->protocol == 0 || socket->protocol == IPPROTO_TCP))
    dt_sys.setsockopt(socket->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* "AF_INET SOCK_STREAM", as text for a message; pushed. */
static const char *push_kind(lua_State *L, int domain, int type) {
  int top = lua_gettop(L);
  dt_push_constant(L, &dt_domains, domain);
  lua_pushliteral(L, " ");
  dt_push_constant(L, &dt_types, type);
  lua_concat(L, lua_gettop(L) - top);
  return lua_tostring(L, -1);
}

/* The type without the flags that C adds to it, and we always do. */
static int bare(int type) {
#ifdef SOCK_CLOEXEC
  type &= ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
#endif
  return type;
}

static int check_protocol(lua_State *L, int arg) {
  return lua_isnoneornil(L, arg) ? 0 : dt_check_constant(L, arg, &dt_protocols);
}

/***
Makes a socket. It is close-on-exec, never raises SIGPIPE, and sends small
pieces at once if it is a TCP one (TCP_NODELAY). See socket(2).
@function socket
@tparam string|integer domain `"AF_INET"`, `"AF_INET6"`, `"AF_UNIX"`; on Linux
also `"AF_PACKET"`, `"AF_NETLINK"`, `"AF_VSOCK"`
@tparam string|integer type `"SOCK_STREAM"`, `"SOCK_DGRAM"`, `"SOCK_RAW"`,
`"SOCK_SEQPACKET"`
@tparam[opt=0] string|integer protocol `"IPPROTO_ICMP"`, ...; 0 lets the system
choose
@treturn socket a new socket
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EAFNOSUPPORT"`, `"EPERM"`, `"EMFILE"`
@usage local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
*/
static int net_socket(lua_State *L) {
  int domain = dt_check_constant(L, 1, &dt_domains);
  int type = dt_check_constant(L, 2, &dt_types);
  int protocol = check_protocol(L, 3);
  struct dt_socket *socket = dt_push_socket(L);
  int fd;
  type = bare(type);
  fd = dt_sys.socket(domain, type, protocol);
  if (fd < 0) {
    int error = errno;
    return dt_fail(L, "socket", push_kind(L, domain, type), error);
  }
  dt_socket_open(socket, fd, domain, type, protocol);
  set_nodelay(socket);
  return 1;
}

/***
Makes two sockets that are connected to each other. See socketpair(2).
@function socketpair
@tparam[opt="AF_UNIX"] string|integer domain
@tparam[opt="SOCK_STREAM"] string|integer type
@tparam[opt=0] string|integer protocol
@treturn socket one end
@treturn socket the other end
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EOPNOTSUPP"`, `"EMFILE"`
@usage local a, b = assert(net.socketpair())
*/
static int net_socketpair(lua_State *L) {
  int domain =
      lua_isnoneornil(L, 1) ? AF_UNIX : dt_check_constant(L, 1, &dt_domains);
  int type = lua_isnoneornil(L, 2) ? SOCK_STREAM
                                   : bare(dt_check_constant(L, 2, &dt_types));
  int protocol = check_protocol(L, 3);
  struct dt_socket *one = dt_push_socket(L);
  struct dt_socket *other = dt_push_socket(L);
  int fds[2];
  if (dt_sys.socketpair(domain, type, protocol, fds) < 0) {
    int error = errno;
    return dt_fail(L, "socketpair", push_kind(L, domain, type), error);
  }
  dt_socket_open(one, fds[0], domain, type, protocol);
  dt_socket_open(other, fds[1], domain, type, protocol);
  return 2;
}

/***
Makes a socket object of a descriptor that came from elsewhere (a parent
process, another library), and owns it from then on. Family, type and protocol
are asked of the kernel; the descriptor becomes close-on-exec and non-blocking.
When it fails, the descriptor is still the caller's.
@function fromfd
@tparam integer fd
@treturn socket
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOTSOCK"`, `"EBADF"`
@usage local listener = assert(net.fromfd(3)) -- socket activation
*/
static int net_fromfd(lua_State *L) {
  int fd = (int)dt_check_range(L, 1, 0, INT_MAX);
  struct dt_socket *socket = dt_push_socket(L);
  int error = dt_socket_adopt(socket, fd);
  if (error == 0)
    return 1;
  lua_pushfstring(L, "%d", fd);
  return dt_fail(L, "fromfd", lua_tostring(L, -1), error);
}

/***
Makes another object with a descriptor of its own for the same socket: both see
the same data and state, each is closed on its own. See dup(2).
@function socket:dup
@treturn socket
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"EMFILE"`, `"closed"`
*/
static int socket_dup(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1), *copy;
  int fd, slot;
  if (socket->fd < 0)
    return dt_fail_closed(L, "dup");
  copy = dt_push_socket(L);
  fd = dt_sys.dup(socket->fd);
  if (fd < 0)
    return dt_socket_fail(L, "dup", socket, NULL, errno);
  socket->shared = 1;
  slot = copy->slot;
  *copy = *socket;
  copy->slot = slot;
  copy->fd = fd;
  copy->stream = NULL; /* what is buffered, and who waits, stay with the one */
  dt_watch_init(&copy->watch);
  copy->watch.quiet = socket->watch.quiet;
  return 1;
}

/***
Gives the descriptor away: the object is closed from now on, the descriptor is
not, and whoever gets it must close it. It is in non-blocking mode.
@function socket:detach
@treturn integer descriptor
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_detach(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  if (socket->fd < 0)
    return dt_fail_closed(L, "detach");
  dt_stop_patience(socket);
  lua_pushinteger(L, socket->fd);
  dt_socket_let_go(L, socket, DT_CLOSED);
  return 1;
}

/* --- what it is ---------------------------------------------------------- */

/***
The descriptor's number, for other libraries. It stays the socket's.
@function socket:fileno
@treturn integer descriptor
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_fileno(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  if (socket->fd < 0)
    return dt_fail_closed(L, "fileno");
  lua_pushinteger(L, socket->fd);
  return 1;
}

/***
The socket's address family.
@function socket:family
@treturn string `"AF_INET"`, ...; a number when it has no name here
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_family(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  if (socket->fd < 0)
    return dt_fail_closed(L, "family");
  dt_push_constant(L, &dt_domains, socket->domain);
  return 1;
}

/***
The socket's type.
@function socket:type
@treturn string `"SOCK_STREAM"`, ...; a number when it has no name here
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_type(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  if (socket->fd < 0)
    return dt_fail_closed(L, "type");
  dt_push_constant(L, &dt_types, socket->type);
  return 1;
}

/* The protocol the kernel chose where we left the choice to it. */
static int actual_protocol(const struct dt_socket *socket) {
#ifdef SO_PROTOCOL
  int protocol;
  socklen_t length = sizeof protocol;
  if (dt_sys.getsockopt(socket->fd, SOL_SOCKET, SO_PROTOCOL, &protocol,
                        &length) == 0)
    return protocol;
#endif
  return socket->protocol;
}

/***
The socket's protocol, as the kernel says.
@function socket:protocol
@treturn string|integer `"IPPROTO_TCP"`, ... for the internet families, a
number for others
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_protocol(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  int protocol;
  if (socket->fd < 0)
    return dt_fail_closed(L, "protocol");
  protocol = actual_protocol(socket);
  if (socket->domain == AF_INET || socket->domain == AF_INET6)
    dt_push_constant(L, &dt_protocols, protocol);
  else
    lua_pushinteger(L, protocol);
  return 1;
}

/* --- names --------------------------------------------------------------- */

/***
Gives the socket its own address. Port 0 lets the system choose, `"*"` as host
stands for every address of the family. A unix socket takes a path, `"@name"`
(an abstract name, Linux), or `""` (Linux chooses an abstract name). See
bind(2).
@function socket:bind
@tparam address|string|table address or the host, when a port follows
@tparam[opt] integer port
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EACCES"`;
`"EINVAL"` for what is no address
@usage assert(s:bind("127.0.0.1", 0))
assert(u:bind("/run/my.socket"))
*/
static int socket_bind(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_address address;
  if (socket->fd < 0)
    return dt_fail_closed(L, "bind");
  if (dt_check_address(L, 2, "bind", socket, &address) == 0)
    return 3;
  if (socket->fd < 0) /* the address was a table with a metatable that closes */
    return dt_fail_closed(L, "bind");
  if (dt_sys.bind(socket->fd, &address.u.any, address.length) != 0)
    return dt_socket_fail(L, "bind", socket, &address, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Makes the socket a listener. On Linux, `backlog` bounds the connections that
the kernel has completed and nobody has accepted yet; the system's own bound
(net.core.somaxconn) cuts it in silence. See listen(2).
@function socket:listen
@tparam[opt] integer backlog the system's largest when left out
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code such as `"EADDRINUSE"`, `"EOPNOTSUPP"`
*/
static int socket_listen(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  int backlog = SOMAXCONN;
  if (!lua_isnoneornil(L, 2))
    backlog = (int)dt_check_range(L, 2, INT_MIN, INT_MAX);
  if (socket->fd < 0)
    return dt_fail_closed(L, "listen");
  if (dt_sys.listen(socket->fd, backlog) != 0)
    return dt_socket_fail(L, "listen", socket, NULL, errno);
  lua_pushboolean(L, 1);
  return 1;
}

static int name_of(lua_State *L, const char *operation,
                   int (*get)(int, struct sockaddr *, socklen_t *)) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_address name;
  if (socket->fd < 0)
    return dt_fail_closed(L, operation);
  name.length = sizeof name.u;
  if (get(socket->fd, &name.u.any, &name.length) != 0)
    return dt_socket_fail(L, operation, socket, NULL, errno);
  dt_push_address(L, &name);
  return 1;
}

/***
The socket's own address. See getsockname(2).
@function socket:getsockname
@treturn address
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_getsockname(lua_State *L) {
  return name_of(L, "getsockname", dt_sys.getsockname);
}

/***
The address of the socket's peer. See getpeername(2).
@function socket:getpeername
@treturn address
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOTCONN"`, `"closed"`
*/
static int socket_getpeername(lua_State *L) {
  return name_of(L, "getpeername", dt_sys.getpeername);
}

/* --- time limits, and the end -------------------------------------------- */

/***
Bounds how long each call on this socket may take as a whole; a call that runs
out of time fails with `"timeout"`. With 0 no call waits, and each fails as the
kernel fails it: `"EAGAIN"`, connect with `"EINPROGRESS"`.
@function socket:settimeout
@tparam[opt] number seconds nil: no bound, as at the start
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_settimeout(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  dt_time limit = dt_check_seconds(L, 2);
  if (socket->fd < 0)
    return dt_fail_closed(L, "settimeout");
  socket->limit = limit == DT_FOREVER ? DT_NO_LIMIT : limit;
  lua_pushboolean(L, 1);
  return 1;
}

/***
The bound that settimeout has set.
@function socket:gettimeout
@treturn ?number seconds, nil for none
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
*/
static int socket_gettimeout(lua_State *L) {
  const struct dt_socket *socket = dt_check_socket(L, 1);
  if (socket->fd < 0)
    return dt_fail_closed(L, "gettimeout");
  if (socket->limit == DT_NO_LIMIT)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)socket->limit / 1e9);
  return 1;
}

/* --- all of them ----------------------------------------------------------
 */

/***
Lists the sockets that are open in this Lua state, sorted by descriptor. With
`tostring` each says what it is and where it is connected to.
@function sockets
@treturn {socket,...} list
@usage for _, s in ipairs(net.sockets()) do print(s) end
*/
static int net_sockets(lua_State *L) {
  dt_push_sockets(L);
  return 1;
}

static const luaL_Reg functions[] = {
    {"socket", net_socket},
    {"sockets", net_sockets},
    {"socketpair", net_socketpair},
    {"fromfd", net_fromfd},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"dup", socket_dup},
    {"detach", socket_detach},
    {"fileno", socket_fileno},
    {"family", socket_family},
    {"type", socket_type},
    {"protocol", socket_protocol},
    {"bind", socket_bind},
    {"listen", socket_listen},
    {"getsockname", socket_getsockname},
    {"getpeername", socket_getpeername},
    {"settimeout", socket_settimeout},
    {"gettimeout", socket_gettimeout},
    {NULL, NULL},
};

const struct dt_module dt_mod_socket = {functions, methods};
