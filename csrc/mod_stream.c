/*
 * mod_stream.c - reading: Lua's io vocabulary on sockets.  Stands on stream.h
 * for what is buffered; writing is in mod_write.c.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "glue.h"
#include "search.h"
#include "stream.h"
#include "sys.h"

struct reading {
  struct dt_operation operation;
  struct dt_format format;
};

/* Looks for what the format wants; once the stream has ended what is left will
   do. */
static enum dt_search look(struct dt_stream *stream,
                           const struct dt_format *format, size_t from,
                           bool ended, struct dt_found *found) {
  enum dt_search result =
      dt_search(&stream->in, format, stream->limit, from, found);
  if (result != DT_NEED_MORE || !ended)
    return result;
  return dt_search_rest(&stream->in, format, stream->limit, from, found);
}

/* Asks the kernel for more.  DT_PROGRESS: there is more; DT_EOF as the
   operation's error: the end. */
static enum dt_outcome receive_more(struct reading *reading, size_t from) {
  struct dt_operation *operation = &reading->operation;
  struct dt_socket *socket = operation->socket;
  struct dt_stream *stream = socket->stream;
  struct dt_pool *pool = &socket->loop->pool;
  size_t size =
      dt_search_helping(&stream->in, &reading->format, stream->limit, from);
  char *room;
  ssize_t got;
  int error;
  if (stream->received_error != 0) {
    operation->error = stream->received_error;
    return DT_FAILED;
  }
  room = dt_buffer_room(&stream->in, size, pool);
  if (!room) {
    operation->error = ENOMEM;
    return DT_FAILED;
  }
  got = dt_sys.recv(socket->fd, room, size,
                    operation->may_block ? 0 : MSG_DONTWAIT);
  error = errno;
  if (got > 0) {
    dt_buffer_filled(&stream->in, (size_t)got);
    dt_note_received(socket, (size_t)got, size);
    operation->moved = true;
    if (socket->watch.readers && socket->watch.readers->operation != operation)
      dt_poke_first(socket->loop, socket->watch.readers); /* no event will */
    return DT_PROGRESS;
  }
  if (dt_buffer_length(&stream->in) == 0)
    dt_buffer_clear(&stream->in, pool);
  if (got == 0) {
    operation->error = DT_EOF;
    return DT_FAILED;
  }
  dt_note_receive_error(stream, error);
  return dt_step_failed(operation, error, DT_WANT_READ);
}

/* --- one format --------------------------------------------------------------
 */

static void give(lua_State *L, struct dt_socket *socket,
                 const struct dt_format *format, const struct dt_found *found) {
  struct dt_stream *stream = socket->stream;
  dt_stream_pin(L, socket->loop, stream);
  lua_pushlstring(L, dt_buffer_bytes(&stream->in) + found->begin,
                  found->end - found->begin);
  if (format->form != DT_FORM_PEEK && socket->stream == stream)
    dt_buffer_take(&stream->in, found->next, &socket->loop->pool);
  dt_stream_unpin(socket->loop, stream);
}

#define HELPINGS 16 /* before others have a turn */

/* Receives until `enough` says so, or it must wait, or it fails. */
static enum dt_outcome
receive_until(lua_State *L, struct reading *reading,
              enum dt_search (*enough)(lua_State *L, struct reading *reading,
                                       size_t *from, bool ended)) {
  struct dt_operation *operation = &reading->operation;
  enum dt_outcome outcome = DT_PROGRESS;
  size_t from = 0;
  for (int i = 0; i < HELPINGS && outcome == DT_PROGRESS; i++) {
    switch (enough(L, reading, &from, false)) {
    case DT_FOUND:
      return DT_DONE;
    case DT_TOO_LONG:
      operation->error = DT_LIMIT;
      return DT_FAILED;
    case DT_NEED_MORE:
      break;
    }
    if (dt_is_unready(operation, DT_READ))
      return DT_WANT_READ;
    outcome = receive_more(reading, from);
  }
  if (outcome == DT_FAILED && operation->error == DT_EOF)
    switch (enough(L, reading, &from, true)) {
    case DT_FOUND:
      return DT_DONE;
    case DT_TOO_LONG:
      operation->error = DT_LIMIT;
      break;
    case DT_NEED_MORE:
      break;
    }
  return outcome;
}

static enum dt_search read_one(lua_State *L, struct reading *reading,
                               size_t *from, bool ended) {
  struct dt_socket *socket = reading->operation.socket;
  struct dt_found found;
  enum dt_search result =
      look(socket->stream, &reading->format, 0, ended, &found);
  *from = 0;
  if (result == DT_FOUND) {
    give(L, socket, &reading->format, &found);
    reading->operation.results = 1;
  }
  return result;
}

static enum dt_outcome read_step(lua_State *L, struct dt_operation *operation) {
  return receive_until(L, (struct reading *)operation, read_one);
}

/* Most lines are there already, all of them in front of their buffer: no
   operation is needed for them.  False: it is not that simple. */
static inline bool take_line(lua_State *L, struct dt_socket *socket) {
  struct dt_stream *stream = socket->stream;
  struct dt_buffer *in = &stream->in;
  const char *bytes = dt_buffer_bytes(in);
  size_t length = dt_buffer_length(in);
  const char *end = in->scanned == 0 ? memchr(bytes, '\n', length) : NULL;
  size_t size;
  if (!end || (size_t)(end - bytes) > stream->limit)
    return false;
  size = (size_t)(end - bytes);
  dt_stream_pin(L, socket->loop, stream);
  lua_pushlstring(L, bytes, dt_line_end(bytes, 0, size));
  if (socket->stream == stream) {
    if (size + 1 < length)
      in->begin += size + 1;
    else
      dt_buffer_take(in, size + 1, &socket->loop->pool);
  }
  dt_stream_unpin(socket->loop, stream);
  return true;
}

/* A task that finds all there must give way now and then: dt_await sees to it.
 */
static inline bool read_at_once(lua_State *L, struct dt_socket *socket,
                                const struct dt_format *format) {
  struct dt_loop *loop = socket->loop;
  struct dt_found found;
  if (dt_unread_bytes(socket) == 0)
    return false;
  if (loop->task_count > 0) {
    if (loop->budget <= 1)
      return false;
    loop->budget--;
  }
  if (format->form == DT_FORM_LINE && take_line(L, socket))
    return true;
  if (look(socket->stream, format, 0, false, &found) != DT_FOUND)
    return false;
  give(L, socket, format, &found);
  return true;
}

static int read_with(lua_State *L, const struct dt_kind *kind,
                     struct dt_socket *socket, const struct dt_format *format) {
  struct reading reading;
  if (socket->fd >= 0 && read_at_once(L, socket, format))
    return 1;
  reading = (struct reading){.operation = {.kind = kind, .socket = socket},
                             .format = *format};
  if (socket->fd >= 0)
    dt_stream_of(L, socket);
  return dt_await(L, &reading.operation); /* or says that it is closed */
}

static const struct dt_kind read_kind = {.name = "read",
                                         .step = read_step,
                                         .size = sizeof(struct reading),
                                         .can_block = true};

/* --- several formats ---------------------------------------------------------
 */

/* All of them are found before any is taken: a time limit loses nothing. */
struct reading_many {
  struct reading reading; /* its format is the one that more is needed for */
  int count;
  struct dt_format formats[];
};

/* Pushes what all formats find; those that find nothing at the end are nil, and
   end it. */
static enum dt_search push_all(lua_State *L, struct reading_many *many) {
  struct dt_socket *socket = many->reading.operation.socket;
  struct dt_stream *stream = socket->stream;
  size_t from = 0;
  int pushed = 0;
  luaL_checkstack(L, many->count, "too many formats"); /* L may be the loop's */
  dt_stream_pin(L, socket->loop, stream);
  for (bool good = true; good && pushed < many->count; pushed++) {
    const struct dt_format *format = &many->formats[pushed];
    struct dt_found found;
    good = look(stream, format, from, true, &found) == DT_FOUND;
    if (!good) {
      lua_pushnil(L);
      continue;
    }
    lua_pushlstring(L, dt_buffer_bytes(&stream->in) + found.begin,
                    found.end - found.begin);
    from = found.next;
  }
  if (socket->stream == stream)
    dt_buffer_take(&stream->in, from, &socket->loop->pool);
  dt_stream_unpin(socket->loop, stream);
  many->reading.operation.results = pushed;
  return DT_FOUND;
}

static enum dt_search read_many(lua_State *L, struct reading *reading,
                                size_t *from, bool ended) {
  struct reading_many *many = (struct reading_many *)reading;
  struct dt_stream *stream = reading->operation.socket->stream;
  struct dt_found found;
  *from = 0;
  if (ended && dt_search_rest(&stream->in, &many->formats[0], stream->limit, 0,
                              &found) == DT_NEED_MORE)
    return DT_NEED_MORE;
  for (int i = 0; i < many->count; i++) {
    enum dt_search result =
        look(stream, &many->formats[i], *from, ended, &found);
    if (result == DT_NEED_MORE && ended)
      break;
    if (result != DT_FOUND) {
      reading->format = many->formats[i];
      return result;
    }
    *from = found.next;
  }
  return push_all(L, many);
}

static enum dt_outcome read_many_step(lua_State *L,
                                      struct dt_operation *operation) {
  return receive_until(L, (struct reading *)operation, read_many);
}

static const struct dt_kind read_many_kind = {
    .name = "read", .step = read_many_step, .can_block = true};

/* --- arguments
 * ---------------------------------------------------------------- */

#define COUNT_MAX 2147483647.0

static void check_format(lua_State *L, int arg, struct dt_format *format) {
  const char *text;
  memset(format, 0, sizeof *format);
  if (lua_type(L, arg) == LUA_TNUMBER) {
    format->form = DT_FORM_COUNT;
    format->size = (size_t)dt_check_range(L, arg, 0, COUNT_MAX);
    return;
  }
  text = luaL_optstring(L, arg, "l");
  text += *text == '*'; /* as Lua 5.1 writes it */
  switch (*text) {
  case 'l':
    format->form = DT_FORM_LINE;
    return;
  case 'L':
    format->form = DT_FORM_LINE_END;
    return;
  case 'a':
    format->form = DT_FORM_ALL;
    return;
  default:
    lua_pushfstring(L,
                    "unknown format '%s' (valid: \"l\", \"L\", \"a\", a "
                    "number of bytes)",
                    lua_tostring(L, arg));
    luaL_argerror(L, arg, lua_tostring(L, -1));
  }
}

static int read_formats(lua_State *L, struct dt_socket *socket, int count) {
  struct {
    struct reading_many many;
    struct dt_format room[8];
  } local;
  bool stays;
  size_t size =
      sizeof(struct reading_many) + (size_t)count * sizeof(struct dt_format);
  struct reading_many *many;
  luaL_checkstack(L, count + 4, "too many formats");
  if (count > 8) {
    many = dt_newuserdata(L, size);
    stays = true;
  } else {
    many = dt_frame(L, &local, size, &stays);
  }
  memset(many, 0, size);
  many->reading.operation.kind = &read_many_kind;
  many->reading.operation.socket = socket;
  many->reading.operation.stays = stays;
  many->count = count;
  for (int i = 0; i < count; i++)
    check_format(L, i + 2, &many->formats[i]);
  if (socket->fd >= 0)
    dt_stream_of(L, socket);
  return dt_await(L, &many->reading.operation);
}

/***
Reads by io's formats: `"l"` a line without its end (LF, or CR LF), `"L"` a line
with it, `"a"` all until the end of the stream, a number that many bytes. At the
end of the stream a line may lack its end, and a number of bytes may be fewer.
Several formats give several results; they are taken all together or not at
all. What has come before a failure is kept for the next read: a time limit
loses nothing. A line longer than `setlimit` allows is not read.
@function socket:read
@tparam[opt="l"] string|integer ... formats
@treturn string data, for each format; `"a"` at the end is `""`
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"eof"` at the end of the stream, `"timeout"`,
`"limit"` (the line is too long), `"ECONNRESET"`, `"busy"` (another task reads),
`"closed"`
@usage local line = assert(conn:read())
local head, body = conn:read("l", 100)
*/
static int socket_read(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  int count = lua_gettop(L) - 1;
  struct dt_format format;
  if (count > 1)
    return read_formats(L, socket, count);
  check_format(L, 2, &format);
  return read_with(L, &read_kind, socket, &format);
}

static const struct dt_kind readuntil_kind = {.name = "readuntil",
                                              .step = read_step,
                                              .size = sizeof(struct reading),
                                              .can_block = true};

/***
Reads up to a delimiter, which is taken too. At the end of the stream what is
left is given without one.
@function socket:readuntil
@tparam string delimiter at least one byte
@tparam[opt=false] boolean inclusive the delimiter is part of the result
@treturn string data
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for read
@usage local head = assert(conn:readuntil("\r\n\r\n"))
*/
static int socket_readuntil(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_format format = {.form = DT_FORM_DELIMITER};
  luaL_checktype(L, 2, LUA_TSTRING);
  format.delimiter = lua_tolstring(L, 2, &format.delimiter_size);
  luaL_argcheck(L, format.delimiter_size > 0, 2, "the delimiter is empty");
  format.inclusive = lua_toboolean(L, 3);
  if (socket->stream)
    socket->stream->in.scanner = NULL; /* of another delimiter */
  return read_with(L, &readuntil_kind, socket, &format);
}

static const struct dt_kind peek_kind = {.name = "peek",
                                         .step = read_step,
                                         .size = sizeof(struct reading),
                                         .can_block = true};

/***
Shows the next bytes without taking them; waits until so many are there. At the
end of the stream there may be fewer.
@function socket:peek
@tparam integer count
@treturn string data
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code as for read
@usage if conn:peek(1) == "\22" then print("TLS") end
*/
static int socket_peek(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_format format = {.form = DT_FORM_PEEK};
  format.size = (size_t)dt_check_range(L, 2, 0, COUNT_MAX);
  return read_with(L, &peek_kind, socket, &format);
}

/***
Puts data back in front of what is to be read next.
@function socket:unread
@tparam string data
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
@usage conn:unread(line .. "\n")
*/
static int socket_unread(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  struct dt_stream *stream;
  size_t size;
  const char *data = luaL_checklstring(L, 2, &size);
  if (socket->fd < 0)
    return dt_fail_closed(L, "unread");
  stream = dt_stream_of(L, socket);
  if (!dt_buffer_unread(&stream->in, data, size, &socket->loop->pool))
    return luaL_error(L, "not enough memory");
  lua_pushboolean(L, 1);
  return 1;
}

/***
Limits how long a line may be, and what readuntil reads: a longer one fails with
`"limit"`, and stays where it is, for `recv` or a larger limit. Without a call
it is 1 MiB.
@function socket:setlimit
@tparam[opt=1048576] integer bytes without the line's end; at least 1
@treturn boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string code `"closed"`
@usage conn:setlimit(8192)
*/
static int socket_setlimit(lua_State *L) {
  struct dt_socket *socket = dt_check_socket(L, 1);
  size_t limit = DT_LIMIT_DEFAULT;
  if (!lua_isnoneornil(L, 2))
    limit = (size_t)dt_check_range(L, 2, 1, COUNT_MAX);
  if (socket->fd < 0)
    return dt_fail_closed(L, "setlimit");
  dt_stream_of(L, socket)->limit = limit;
  lua_pushboolean(L, 1);
  return 1;
}

/* --- lines
 * --------------------------------------------------------------------- */

static const struct dt_kind lines_kind = {.name = "read",
                                          .step = read_step,
                                          .size = sizeof(struct reading),
                                          .can_block = true,
                                          .raises = true};

struct lines {
  struct dt_socket *socket;
  struct dt_format format;
};

/* Upvalues: the state, struct lines, and the socket, to keep it. */
static int lines_next(lua_State *L) {
  const struct lines *lines = lua_touserdata(L, lua_upvalueindex(2));
  return read_with(L, &lines_kind, lines->socket, &lines->format);
}

/***
An iterator that reads by one format, line by line if there is none, until the
end of the stream. As io's, it raises what else goes wrong.
@function socket:lines
@tparam[opt="l"] string|integer format as read takes it
@treturn function iterator
@raise the message of a failure: a reset, a time limit, a line that is too long
@usage for line in conn:lines() do print(line) end
*/
static int socket_lines(lua_State *L) {
  struct lines lines, *kept;
  lines.socket = dt_check_socket(L, 1);
  check_format(L, 2, &lines.format);
  luaL_argcheck(L, lines.format.form != DT_FORM_COUNT || lines.format.size > 0,
                2, "0 bytes would be there for ever");
  lua_pushvalue(L, lua_upvalueindex(1));
  kept = dt_newuserdata(L, sizeof *kept);
  *kept = lines;
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, lines_next, 3);
  return 1;
}

static const luaL_Reg methods[] = {
    {"lines", socket_lines},
    {"peek", socket_peek},
    {"read", socket_read},
    {"readuntil", socket_readuntil},
    {"setlimit", socket_setlimit},
    {"unread", socket_unread},
    {NULL, NULL},
};

const struct dt_module dt_mod_stream = {NULL, methods};
