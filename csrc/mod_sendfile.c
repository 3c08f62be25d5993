/*
 * mod_sendfile.c - a file onto a socket, without a detour through Lua.
 *
 * Stands on sendfile(2) where the system has it; for what that cannot do (a
 * pipe, another system) the file is read here and sent in pieces.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "await.h"
#include "glue.h"
#include "iofile.h"
#include "stream.h"
#include "sys.h"

#define PIECE   65536
#define AT_ONCE 0x7ffff000 /* sendfile(2) moves no more on Linux */

struct sending_file {
  struct dt_operation operation;
  FILE *file;      /* of an io file, else NULL */
  int fd;          /* the file's descriptor */
  off_t offset;    /* where to read next; -1: cannot be said (a pipe) */
  off_t start;     /* whence the file's position moves on; -1: it stays */
  lua_Number left; /* bytes still to send; HUGE for all */
  lua_Number sent;
  bool by_hand;      /* sendfile(2) is not for this pair */
  bool unreadable;   /* by hand only: it is the file that has failed */
  size_t begin, end; /* what lies in `piece` and is not sent yet */
  char *piece;       /* by hand only */
};

#define ALL 9007199254740992.0 /* more than any file has */

static size_t wanted(const struct sending_file *sending, size_t most) {
  return sending->left < (lua_Number)most ? (size_t)sending->left : most;
}

/* Reading by offset does not move the file's position: done here, when it was
   the position that was asked for. */
static void account(struct sending_file *sending, size_t count) {
  off_t position;
  sending->left -= (lua_Number)count;
  sending->sent += (lua_Number)count;
  if (sending->start < 0)
    return;
  position = sending->start + (off_t)sending->sent;
  if (sending->file)
    fseeko(sending->file, position, SEEK_SET);
  else
    lseek(sending->fd, position, SEEK_SET);
}

/* --- by hand ------------------------------------------------------------- */

static ssize_t read_piece(struct sending_file *sending, size_t size) {
  ssize_t got;
  if (sending->file && sending->offset < 0) {
    size_t count;
    clearerr(sending->file); /* an old error is none of this read's */
    errno = 0;
    count = fread(sending->piece, 1, size, sending->file);
    return count == 0 && ferror(sending->file) && errno != 0 ? -1
                                                             : (ssize_t)count;
  }
  got = sending->offset < 0
            ? dt_sys.read(sending->fd, sending->piece, size)
            : pread(sending->fd, sending->piece, size, sending->offset);
  if (got > 0 && sending->offset >= 0)
    sending->offset += got;
  return got;
}

/* 1: a piece is there, 0: the file has ended, -1: errno */
static int fill(struct sending_file *sending) {
  size_t size = wanted(sending, PIECE);
  ssize_t got;
  if (sending->begin < sending->end)
    return 1;
  if (size == 0)
    return 0;
  got = read_piece(sending, size);
  sending->unreadable = got < 0;
  if (got <= 0)
    return (int)got;
  sending->begin = 0;
  sending->end = (size_t)got;
  return 1;
}

static ssize_t move_by_hand(struct sending_file *sending) {
  ssize_t count;
  int filled = fill(sending);
  if (filled <= 0)
    return filled;
  count = dt_sys.send(sending->operation.socket->fd,
                      sending->piece + sending->begin,
                      sending->end - sending->begin, MSG_DONTWAIT);
  if (count > 0)
    sending->begin += (size_t)count;
  return count;
}

/* --- by the kernel ------------------------------------------------------- */

static ssize_t move(lua_State *L, struct sending_file *sending) {
  size_t size = wanted(sending, AT_ONCE);
  ssize_t count;
  int error;
  if (sending->by_hand)
    return move_by_hand(sending);
  if (size == 0)
    return 0;
  count = dt_sys.sendfile(sending->operation.socket->fd, sending->fd,
                          &sending->offset, size);
  error = errno;
  if (count >= 0 || (error != EINVAL && error != ENOSYS &&
                     error != EOPNOTSUPP && error != ESPIPE))
    return errno = error, count;
  sending->by_hand = true;
  sending->piece = dt_borrow_long(L, dt_state_of(L), PIECE);
  return move_by_hand(sending);
}

/* Whether the file is still the one it was: code that ran during a wait may
   have closed it, and its number may be another's by now. */
static bool is_there(lua_State *L, const struct sending_file *sending) {
  lua_State *caller = sending->operation.caller;
  bool closed = false, same;
  const struct dt_socket *socket = dt_test_socket(caller, 2);
  if (socket)
    return socket->fd == sending->fd;
  luaL_checkstack(L, 3, "no room to look at a file");
  lua_pushvalue(caller, 2);
  lua_xmove(caller, L, 1);
  same = dt_test_file(L, lua_gettop(L), &closed) == sending->file && !closed;
  lua_pop(L, 1);
  return same;
}

static enum dt_outcome sendfile_step(lua_State *L,
                                     struct dt_operation *operation) {
  struct sending_file *sending = (struct sending_file *)operation;
  enum dt_outcome before =
      sending->sent > 0 ? DT_DONE : dt_send_gathered(operation);
  ssize_t count;
  if (before != DT_DONE)
    return before;
  if (!is_there(L, sending)) {
    operation->error = EBADF;
    return DT_FAILED;
  }
  count = move(L, sending);
  if (count < 0 && sending->unreadable && errno == EAGAIN) {
    operation->error = EAGAIN; /* nobody would tell when there is more */
    return DT_FAILED;
  }
  if (count < 0)
    return dt_step_failed(operation, errno, DT_WANT_WRITE);
  if (count > 0) { /* it may be long: let the time limit be looked at */
    account(sending, (size_t)count);
    return DT_PROGRESS;
  }
  lua_pushinteger(L, (lua_Integer)sending->sent);
  operation->results = 1;
  return DT_DONE;
}

/* The fourth value of a failure; and the fifth: what was read of a pipe and did
   not go, since nobody can read it again. */
static int push_sent(lua_State *L, struct dt_operation *operation) {
  const struct sending_file *sending = (struct sending_file *)operation;
  lua_pushinteger(L, (lua_Integer)sending->sent);
  if (!sending->piece || sending->offset >= 0 || sending->begin == sending->end)
    return 4;
  lua_pushlstring(L, sending->piece + sending->begin,
                  sending->end - sending->begin);
  return 5;
}

static void give_back(lua_State *L, struct dt_loop *loop,
                      struct dt_operation *operation) {
  const struct sending_file *sending = (struct sending_file *)operation;
  (void)L;
  if (sending->piece)
    dt_return(dt_state_with(loop), sending->piece);
}

static const struct dt_kind sendfile_kind = {.name = "sendfile",
                                             .step = sendfile_step,
                                             .salvage = push_sent,
                                             .release = give_back,
                                             .size =
                                                 sizeof(struct sending_file),
                                             .sends = true};

/* --- the file ------------------------------------------------------------ */

/* Where the file is to be read from: the offset given, or else the file's own
   position, which for an io file is not the descriptor's (it reads ahead). */
static off_t start_of(lua_State *L, int arg, FILE *file, int fd) {
  if (file)
    fflush(file); /* what was written to it is to be read; if that fails, its
                     own user hears of it */
  if (!lua_isnoneornil(L, arg))
    return (off_t)dt_check_range(L, arg, 0, ALL);
  return file ? ftello(file) : lseek(fd, 0, SEEK_CUR);
}

/***
Sends a file, or a part of it, from where it stands; waits until all of it has
gone, or the file ends. A file without positions (a pipe) is read and sent in
pieces; the time limit is the socket's, and does not bound the reading: what
comes from a socket is for `net.copy`, which waits for both. See sendfile(2).
@function socket:sendfile
@tparam file|integer file an io file, a descriptor, or an object with a
`fileno` method
@tparam[opt] integer offset where to begin, in bytes; left out: at the file's
position, which moves on
@tparam[opt] integer count how many bytes at most; left out: to the end
@treturn integer bytes sent
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for send, and what read(2) says: `"EAGAIN"` for a
non-blocking file in which there is nothing just now
@treturn[2] integer bytes sent before the failure
@treturn[2] ?string what was read of a pipe, and was not sent
@usage local sent = assert(s:sendfile(assert(io.open("page.html", "rb"))))
*/
static int socket_sendfile(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct sending_file sending = {
      .operation = {.kind = &sendfile_kind, .socket = socket}, .start = -1};
  bool closed = false;
  int error;
  sending.fd = dt_check_descriptor(L, 2);
  sending.file = dt_test_file(L, 2, &closed);
  sending.left =
      lua_isnoneornil(L, 4) ? ALL : (lua_Number)dt_check_range(L, 4, 0, ALL);
  sending.offset = start_of(L, 3, sending.file, sending.fd);
  if (socket->fd < 0)
    return dt_fail_closed(L, "sendfile");
  if (sending.fd < 0)
    return dt_fail(L, "sendfile", "the file", EBADF);
  error = dt_stop_patience(socket);
  if (error != 0)
    return dt_socket_fail(L, "sendfile", socket, NULL, error);
  if (lua_isnoneornil(L, 3))
    sending.start = sending.offset;
  if (sending.offset < 0) { /* sendfile(2) would use the descriptor's own */
    sending.by_hand = true;
    sending.piece = dt_borrow_long(L, dt_state_of(L), PIECE);
  }
  return dt_await(L, &sending.operation);
}

static const luaL_Reg methods[] = {
    {"sendfile", socket_sendfile},
    {NULL, NULL},
};

const struct dt_module dt_mod_sendfile = {NULL, methods};
