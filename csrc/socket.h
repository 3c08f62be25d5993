/*
 * socket.h - the socket object: what its userdata holds, and how the files of
 * the glue row get at it.
 */
#ifndef DT_SOCKET_H
#define DT_SOCKET_H

#include "config.h"

#include "address.h"
#include "clock.h"
#include "compat.h"
#include "poller.h"

#define DT_SOCKET_CLASS "dialtone.socket"

#define DT_NO_LIMIT (-1) /* for the three durations below */

/* A patient socket's descriptor is in blocking mode: receives and sends without
   a limit are left to wait in the kernel, one system call each (await.c). */
enum dt_patient { DT_NOT_PATIENT, DT_PATIENT, DT_NEVER_PATIENT };

struct dt_loop;
struct dt_stream;

struct dt_socket {
  const void *mark;      /* &dt_socket_mark: one of ours */
  int fd;                /* -1: closed */
  int slot;              /* in the list of all sockets; DT_NO_SLOT: not there */
  unsigned short domain; /* AF_INET, ... as given to or asked of the kernel */
  unsigned short type;   /* SOCK_STREAM, ... */
  int protocol;          /* IPPROTO_TCP, ...; 0 when the system chose */
  struct dt_loop *loop;  /* of its Lua state */
  struct dt_stream *stream; /* what it has buffered; NULL: nothing ever */
  struct dt_watch watch;
  dt_time limit;         /* settimeout: for each whole call */
  dt_time receive_limit; /* SO_RCVTIMEO, SO_SNDTIMEO as the user set them; */
  dt_time send_limit;    /* the kernel applies them to blocking calls only */
  unsigned char patient; /* enum dt_patient */
  /* Others have the same open file (dup), and may have made it blocking. */
  unsigned char shared;
  /* The peer, for the messages of failures: after a reset the kernel has
     forgotten it.  Kept for IPv4 and IPv6 only; others can still be asked. */
  unsigned char peer_length;
  unsigned char peer[sizeof(struct sockaddr_in6)];
};

DT_INTERNAL_BEGIN

/* Only its address matters. */
extern const char dt_socket_mark;

/* The socket at `arg`, or NULL for anything else.  A userdata of the right size
   that begins with the mark is one of ours: Lua cannot write into a userdata,
   and another library has no way to come upon that address.  Comparing the
   metatables says the same at three times the cost, in every call. */
static inline struct dt_socket *dt_test_socket(lua_State *L, int arg) {
  struct dt_socket *socket = (struct dt_socket *)lua_touserdata(L, arg);
  return socket && lua_rawlen(L, arg) == sizeof *socket &&
                 socket->mark == &dt_socket_mark
             ? socket
             : NULL;
}

/* Raises: `arg` should be a socket. */
struct dt_socket *dt_no_socket(lua_State *L, int arg);

/* The socket at `arg`, open or not; raises for anything else. */
static inline struct dt_socket *dt_check_socket(lua_State *L, int arg) {
  struct dt_socket *socket = dt_test_socket(L, arg);
  return socket ? socket : dt_no_socket(L, arg);
}

/* Pushes a new, closed socket object.  It exists before its descriptor does,
   so that nothing is lost when memory ends: fill in `fd` after. */
struct dt_socket *dt_push_socket(lua_State *L);

/* The same for one that we wait with, and that the user is not to see. */
struct dt_socket *dt_push_hidden_socket(lua_State *L);

/* It will never be opened: its place in the list need not wait for the
   collector.  Harmless otherwise. */
void dt_socket_delist(struct dt_socket *socket);

/* Pushes the object of a socket that is open, or nil if it is a hidden one. */
void dt_push_object(lua_State *L, const struct dt_socket *socket);

/* Pushes a list of the open sockets, sorted by descriptor. */
void dt_push_sockets(lua_State *L);

/* Gives `socket` (closed till now) the descriptor `fd` of a kind that is
   known.  Cannot fail. */
void dt_socket_open(struct dt_socket *socket, int fd, int domain, int type,
                    int protocol);

/* Gives `socket` the descriptor `fd` and asks the kernel for its kind.
   0 or an errno (ENOTSOCK): then `fd` is still the caller's. */
int dt_socket_adopt(struct dt_socket *socket, int fd);

/* Takes over the limits of SO_RCVTIMEO and SO_SNDTIMEO that the kernel gave an
   accepted socket, from its listener. */
void dt_socket_inherit(struct dt_socket *socket,
                       const struct dt_socket *listener);

/* After a call failed with `error`: forgets a descriptor that was closed behind
   our back, and whose number may be somebody else's by now. */
void dt_socket_doubt(lua_State *L, struct dt_socket *socket, int error);

/* Before the descriptor is no more, or no more ours: whoever waits for it fails
   with `error`, what is buffered is forgotten. */
void dt_socket_let_go(lua_State *L, struct dt_socket *socket, int error);

/* Closes the descriptor if there is one.  0 or an errno. */
int dt_socket_close(lua_State *L, struct dt_socket *socket);

/* Remembers (NULL: forgets) the peer for messages. */
void dt_socket_set_peer(struct dt_socket *socket,
                        const struct dt_address *peer);

/* What an address for this socket may look like. */
struct dt_address_hint dt_socket_hint(const struct dt_socket *socket);

/* Pushes the address that messages name: the peer's, or else the local one; for
   one without any, "fd 5". */
void dt_push_where(lua_State *L, const struct dt_socket *socket);

/* Pushes nil, message, code for `error` (errno or word) of `operation` on
   this socket; the message names `where`, or else the peer, or else the local
   address.  Returns 3.  EBADF: the descriptor was closed behind our back, and
   the object forgets it. */
int dt_socket_fail(lua_State *L, const char *operation,
                   struct dt_socket *socket, const struct dt_address *where,
                   int error);

DT_INTERNAL_END

#endif
