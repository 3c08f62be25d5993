/*
 * iofile.c - Lua's io files, seen from C: see iofile.h.
 *
 * Stands on what liolib.c shows of itself: from 5.2 on the struct luaL_Stream,
 * in 5.1 a FILE * in a userdata whose environment has the function that closes
 * it.  LuaJIT's files begin with the FILE * as 5.1's do, but are closed by a
 * kind of their own that C cannot set, so they can be read and not made.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "iofile.h"

/* The mode that fdopen(3) takes for a descriptor, NULL if it is none. */
static const char *mode_of(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0)
    return NULL;
  switch (flags & O_ACCMODE) {
  case O_RDONLY:
    return "r";
  case O_WRONLY:
    return flags & O_APPEND ? "a" : "w"; /* fdopen does not truncate */
  case O_RDWR:
    return flags & O_APPEND ? "a+" : "r+";
  default:
    return NULL; /* Linux has a fourth, for ioctl alone */
  }
}

/* Pushes what f:close() returns.  luaL_fileresult came with 5.2. */
static int push_result(lua_State *L, int status) {
  int error = errno;
  if (status == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  lua_pushinteger(L, error);
  return 3;
}

#ifdef DT_HAVE_LUAL_STREAM

static FILE *file_of(void *object) {
  const luaL_Stream *stream = object;
  return stream->closef ? stream->f : NULL;
}

static int close_file(lua_State *L) {
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return push_result(L, fclose(stream->f));
}

static luaL_Stream *push_closed(lua_State *L) {
  luaL_Stream *stream = dt_newuserdata(L, sizeof *stream);
  memset(stream, 0, sizeof *stream);
  return stream;
}

static void open_file(luaL_Stream *stream, FILE *file) {
  stream->f = file;
  stream->closef = close_file;
}

static bool can_make_files(lua_State *L) {
  (void)L;
  return true;
}

#else

static FILE *file_of(void *object) {
  return *(FILE **)object;
}

static int close_file(lua_State *L) {
  FILE **stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  FILE *file = *stream;
  *stream = NULL;
  return push_result(L, fclose(file));
}

/* The environment of the new userdata is what io's close asks for a way. */
static FILE **push_closed(lua_State *L) {
  FILE **stream = dt_newuserdata(L, sizeof *stream);
  *stream = NULL;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, close_file);
  lua_setfield(L, -2, "__close");
  lua_setfenv(L, -2);
  return stream;
}

static void open_file(FILE **stream, FILE *file) {
  *stream = file;
}

static bool can_make_files(lua_State *L) {
  return !dt_is_luajit(L);
}

#endif

FILE *dt_test_file(lua_State *L, int arg, bool *closed) {
  void *object = lua_touserdata(L, arg);
  bool is_file;
  FILE *file;
  *closed = false;
  if (!object || !lua_getmetatable(L, arg))
    return NULL;
  luaL_getmetatable(L, LUA_FILEHANDLE);
  is_file = lua_istable(L, -1) && lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!is_file)
    return NULL;
  file = file_of(object);
  *closed = file == NULL;
  return file;
}

bool dt_push_file(lua_State *L, int fd) {
  const char *mode = mode_of(fd);
  void *place;
  FILE *file;
  if (!mode || !can_make_files(L))
    return false;
  place = push_closed(L); /* may raise: before there is a FILE */
  luaL_getmetatable(L, LUA_FILEHANDLE);
  file = lua_istable(L, -1) ? fdopen(fd, mode) : NULL; /* no io library */
  lua_setmetatable(L, -2);
  if (!file) {
    lua_pop(L, 1);
    return false;
  }
  open_file(place, file);
  return true;
}
