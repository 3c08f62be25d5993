/*
 * mod_tcpinfo.c - what the kernel knows of a connection and its peer: tcpinfo,
 * queued, peercred.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef DT_HAVE_SIOCOUTQ
#  include <linux/sockios.h>
#endif

#include "error.h"
#include "glue.h"
#include "optionvalue.h"
#include "sys.h"
#include "tcpinfo.h"

/* --- tcpinfo
 * -------------------------------------------------------------------- */

static void push_name(lua_State *L, const char *name, uint64_t number) {
  if (name)
    lua_pushstring(L, name);
  else
    lua_pushinteger(L, (lua_Integer)number);
}

static void push_options(lua_State *L, uint64_t bits) {
  lua_newtable(L);
  for (int i = 0; i < 8; i++) {
    const char *name = dt_tcp_option_name(i);
    if (name && bits >> i & 1) {
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, name);
    }
  }
}

/* Pushes the value; nil for a sample that was never taken. */
static void push_field(lua_State *L, const struct dt_tcpinfo_field *field,
                       uint64_t value) {
  switch (field->kind) {
  case DT_TCPINFO_FLAG:
    lua_pushboolean(L, value != 0);
    break;
  case DT_TCPINFO_STATE:
    push_name(L, dt_tcp_state_name((int)value), value);
    break;
  case DT_TCPINFO_CA_STATE:
    push_name(L, dt_tcp_ca_state_name((int)value), value);
    break;
  case DT_TCPINFO_OPTIONS:
    push_options(L, value);
    break;
  case DT_TCPINFO_RATE:
    if (value == UINT64_MAX)
      lua_pushnumber(L, (lua_Number)HUGE_VAL);
    else
      dt_push_whole(L, value);
    break;
  case DT_TCPINFO_SAMPLE:
    if (value == UINT32_MAX) {
      lua_pushnil(L);
      break;
    } /* fall through */
  default:
    dt_push_whole(L, value);
  }
}

/* The kernel uses two fields for a listener's queue: the table on top has them,
   and gets them by what they are. */
static void name_queue(lua_State *L) {
  lua_getfield(L, -1, "unacked");
  lua_setfield(L, -2, "queue_length");
  lua_getfield(L, -1, "sacked");
  lua_setfield(L, -2, "queue_limit");
}

/***
What the kernel knows of a TCP connection; see TCP_INFO in tcp(7). On Linux.
The names are those of `struct tcp_info` without `tcpi_`; a field that the
running kernel does not have is nil. Some of them:

- `state`: `"ESTABLISHED"`, `"LISTEN"`, `"CLOSE_WAIT"`, ...; `ca_state`:
  `"Open"`, `"Disorder"`, `"CWR"`, `"Recovery"`, `"Loss"`; `options`: a set of
  `TIMESTAMPS`, `SACK`, `WSCALE`, `ECN`, `ECN_SEEN`, `SYN_DATA`;
- in microseconds: `rtt`, `rttvar`, `min_rtt` (nil before the first sample),
  `rcv_rtt`, `rto`, `ato`, `busy_time`, `rwnd_limited`, `sndbuf_limited`;
- in milliseconds: `last_data_sent`, `last_data_recv`, `last_ack_recv`,
  `total_rto_time`;
- in bytes per second: `pacing_rate`, `max_pacing_rate`, `delivery_rate`
  (`math.huge`: no bound);
- in bytes: `snd_mss`, `rcv_mss`, `pmtu`, `bytes_acked`, `bytes_received`,
  `bytes_sent`, `bytes_retrans`, `notsent_bytes`, `snd_wnd`, `rcv_wnd`;
- in segments: `snd_cwnd`, `snd_ssthresh`, `unacked`, `sacked`, `lost`,
  `retrans`, `total_retrans`, `segs_in`, `segs_out`, `reordering`;
- of a listener: `queue_length`, the connections that wait for accept, and
  `queue_limit`, what `listen` has set.

@function socket:tcpinfo
@treturn table
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOPROTOOPT"` or `"EOPNOTSUPP"` for what is no TCP
socket, and where the system has no such call; `"closed"`
@usage local info = assert(s:tcpinfo())
print(info.state, info.rtt / 1000 .. " ms", info.total_retrans)
*/
static int socket_tcpinfo(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  unsigned char info[DT_TCPINFO_MAX];
  uint64_t value;
  int length;
  if (socket->fd < 0)
    return dt_fail_closed(L, "tcpinfo");
  length = dt_tcpinfo_read(socket->fd, info);
  if (length < 0)
    return dt_socket_fail(L, "tcpinfo", socket, NULL, errno);
  lua_createtable(L, 0, (int)dt_tcpinfo_count + 2);
  for (size_t i = 0; i < dt_tcpinfo_count; i++) {
    const struct dt_tcpinfo_field *field = &dt_tcpinfo_fields[i];
    if (!dt_tcpinfo_value(field, info, (size_t)length, &value))
      continue;
    push_field(L, field, value);
    lua_setfield(L, -2, field->name);
  }
  if (info[0] == DT_TCP_LISTEN)
    name_queue(L);
  return 1;
}

/* --- queued
 * ---------------------------------------------------------------------- */

/* Bytes that have not left, by whatever name the system has for them: 0 or an
   errno; *bytes is -1 where there is none. */
static int ask_unsent(int fd, int *bytes) {
#if defined(DT_HAVE_SIOCOUTQ)
  return dt_sys.ioctl(fd, SIOCOUTQ, bytes) == 0 ? 0 : errno;
#elif defined(FIONWRITE)
  return dt_sys.ioctl(fd, FIONWRITE, bytes) == 0 ? 0 : errno;
#elif defined(SO_NWRITE)
  socklen_t length = sizeof *bytes;
  return dt_sys.getsockopt(fd, SOL_SOCKET, SO_NWRITE, bytes, &length) == 0
             ? 0
             : errno;
#else
  (void)fd;
  *bytes = -1;
  return 0;
#endif
}

/***
How much lies in the kernel's two queues of the socket. Of a stream: the bytes
that recv could take, and the bytes that the peer has not acknowledged (unix:
not taken). Of a datagram socket: the next datagram's bytes, and the memory of
what has not left. See tcp(7) and udp(7), SIOCINQ and SIOCOUTQ.
@function socket:queued
@treturn integer bytes to be received
@treturn ?integer bytes not yet sent or acknowledged; nil where the system does
not tell
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"EINVAL"` for a listener, `"ENOTTY"`, `"closed"`
@usage local received, unsent = s:queued()
*/
static int socket_queued(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  int received = 0, unsent = 0, error;
  if (socket->fd < 0)
    return dt_fail_closed(L, "queued");
  if (dt_sys.ioctl(socket->fd, FIONREAD, &received) != 0)
    return dt_socket_fail(L, "queued", socket, NULL, errno);
  error = ask_unsent(socket->fd, &unsent);
  if (error != 0)
    return dt_socket_fail(L, "queued", socket, NULL, error);
  lua_pushinteger(L, received);
  if (unsent < 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, unsent);
  return 2;
}

/* --- peercred
 * --------------------------------------------------------------------- */

#ifdef DT_HAVE_UCRED

/* For what has no peer the kernel gives user -1, and no failure. */
static int ask_peer(int fd, long *pid, unsigned long *uid, unsigned long *gid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (dt_sys.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    return errno;
  if (peer.uid == (uid_t)-1)
    return ENOTCONN;
  *pid = peer.pid;
  *uid = peer.uid;
  *gid = peer.gid;
  return 0;
}

#else

static int ask_peer(int fd, long *pid, unsigned long *uid, unsigned long *gid) {
  uid_t user;
  gid_t group;
  if (getpeereid(fd, &user, &group) != 0)
    return errno;
  *pid = -1;
  *uid = user;
  *gid = group;
  return 0;
}

#endif

/***
The process at the other end of a unix socket: who it was when it called connect
or listen. The kernel vouches for it. See SO_PEERCRED in unix(7). The BSDs and
macOS do not tell the `pid`.
@function socket:peercred
@treturn {pid=?integer,uid=integer,gid=integer} who; `pid` is nil where the
system does not tell
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"ENOTCONN"` when there is no such peer, `"closed"`
@usage local peer = assert(conn:peercred())
if peer.uid ~= 0 then conn:close() end
*/
static int socket_peercred(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  unsigned long uid = 0, gid = 0;
  long pid = -1;
  int error;
  if (socket->fd < 0)
    return dt_fail_closed(L, "peercred");
  error = ask_peer(socket->fd, &pid, &uid, &gid);
  if (error != 0)
    return dt_socket_fail(L, "peercred", socket, NULL, error);
  dt_push_identity(L, pid, uid, gid);
  return 1;
}

static const luaL_Reg methods[] = {
    {"tcpinfo", socket_tcpinfo},
    {"queued", socket_queued},
    {"peercred", socket_peercred},
    {NULL, NULL},
};

const struct dt_module dt_mod_tcpinfo = {NULL, methods};
