/*
 * descriptor.c - received descriptors: see descriptor.h.  Stands on control.h
 * to find them, on socket.h and iofile.h for what they become.
 */
#include "config.h"

#include "control.h"
#include "descriptor.h"
#include "glue.h"
#include "iofile.h"
#include "sys.h"

#define DESCRIPTORS_CLASS "dialtone.descriptors"

#define NONE          (-1)        /* has an owner */
#define AS_NUMBER(fd) (-2 - (fd)) /* pushed as a number; its own inverse */

struct dt_descriptors *dt_push_descriptors(lua_State *L, size_t size) {
  size_t room = size / sizeof(int);
  struct dt_descriptors *holder =
      dt_newuserdata(L, sizeof *holder + room * sizeof holder->fds[0]);
  holder->count = holder->next = 0;
  luaL_getmetatable(L, DESCRIPTORS_CLASS);
  lua_setmetatable(L, -2);
  return holder;
}

void dt_take_descriptors(struct dt_descriptors *holder, const void *control,
                         size_t size) {
  int *fds = holder->fds + holder->count;
  size_t count = dt_control_descriptors(control, size, fds);
  for (size_t i = 0; i < count; i++)
    if (fds[i] < 0)
      fds[i] = NONE; /* the kernel could not make it: an errno, negated */
  holder->count += count;
}

/* Pushes the object for one descriptor: io file if it is no socket, number if
   there can be no file. */
static void push_one(lua_State *L, int *fd) {
  struct dt_socket *socket = dt_push_socket(L);
  if (dt_socket_adopt(socket, *fd) == 0) {
    *fd = NONE;
    return;
  }
  lua_pop(L, 1);
  if (dt_push_file(L, *fd)) {
    *fd = NONE;
    return;
  }
  lua_pushinteger(L, *fd);
  *fd = AS_NUMBER(*fd);
}

int dt_append_received(lua_State *L, struct dt_descriptors *holder,
                       size_t count, int length) {
  luaL_checkstack(L, 8, "no room for received descriptors");
  for (; count > 0 && holder->next < holder->count; count--) {
    int *fd = &holder->fds[holder->next++];
    if (*fd == NONE)
      continue;
    push_one(L, fd);
    lua_rawseti(L, -2, ++length);
  }
  return length;
}

void dt_skip_received(struct dt_descriptors *holder, size_t count) {
  size_t left = holder->count - holder->next;
  holder->next += count < left ? count : left;
}

/* Closes what has no owner; a failure to close is nothing to act on. */
static void close_all(struct dt_descriptors *holder, bool numbers_too) {
  for (size_t i = 0; i < holder->count; i++) {
    int fd = holder->fds[i];
    if (fd >= 0)
      dt_sys.close(fd);
    else if (fd != NONE && numbers_too)
      dt_sys.close(AS_NUMBER(fd));
  }
  holder->count = holder->next = 0;
}

void dt_finish_descriptors(struct dt_descriptors *holder) {
  close_all(holder, false);
}

static int descriptors_gc(lua_State *L) {
  close_all(lua_touserdata(L, 1), true);
  return 0;
}

static const luaL_Reg metamethods[] = {
    {"__gc", descriptors_gc},
    {NULL, NULL},
};

void dt_open_descriptor(lua_State *L, struct dt_state *state) {
  (void)state; /* nobody outside sees a holder, so nobody asks for its class */
  dt_new_class(L, DESCRIPTORS_CLASS, metamethods, NULL);
}
