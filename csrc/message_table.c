/*
 * message_table.c - a message as Lua has it: see message.h.
 */
#include "config.h"

#include <string.h>

#include "glue.h"
#include "message.h"

/* --- fields and class ------------------------------------------------------
 */

static const char *const field_names[DT_FIELDS] = {
    [DT_ADDRESS] = "address",
    [DT_CONTROL] = "control",
    [DT_FLAGS] = "flags",
    [DT_LENGTH] = "length",
};

int dt_push_fields(lua_State *L) {
  luaL_checkstack(L, DT_FIELDS, "no room for a message");
  for (int i = 0; i < DT_FIELDS; i++)
    lua_pushstring(L, field_names[i]);
  return lua_gettop(L) - DT_FIELDS + 1;
}

/* __newindex of the empty table. */
static int refuse(lua_State *L) {
  return luaL_error(L, "a received message's flags and control data cannot be "
                       "written to when there are none");
}

/* What a message of recvmany has not got of its own: its metatable's __index
   has flags and control, one empty table. */
void dt_open_message(lua_State *L, struct dt_state *state) {
  lua_createtable(L, 0, 1); /* the metatable */
  state->message_class = lua_topointer(L, -1);
  lua_createtable(L, 0, 2); /* its __index */
  lua_newtable(L);          /* the empty table */
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, refuse);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, field_names[DT_FLAGS]);
  lua_setfield(L, -2, field_names[DT_CONTROL]);
  lua_setfield(L, -2, "__index");
  state->message_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- reading --------------------------------------------------------------
 */

/* How many places on the stack the reading of a message needs at most. */
#define READING 20

void dt_begin_reading(lua_State *L, struct dt_outgoing *out,
                      struct iovec *buffers, size_t room) {
  memset(out, 0, sizeof *out);
  out->buffers = buffers;
  out->room = room;
  luaL_checkstack(L, 2 + DT_FIELDS + READING, "no room for a message");
  lua_pushnil(L);
  out->larger = lua_gettop(L);
  out->class = dt_state_of(L)->message_class;
}

/* Raises if the message at `index`, which is no table, is no text. */
static void check_text(lua_State *L, int arg, int index) {
  int type = lua_type(L, index);
  if (type != LUA_TSTRING && type != LUA_TNUMBER)
    dt_bad_message(L, arg, "message expected (string or table), got %s",
                   luaL_typename(L, index));
}

size_t dt_count_buffers(lua_State *L, int arg, int index) {
  if (lua_istable(L, index))
    return lua_rawlen(L, index);
  check_text(L, arg, index);
  return 1;
}

/* Makes room for more buffers. */
static void grow(lua_State *L, struct dt_outgoing *out) {
  size_t room = 2 * out->room;
  struct iovec *larger = dt_newuserdata(L, room * sizeof *larger);
  memcpy(larger, out->buffers, out->used * sizeof *larger);
  lua_replace(L, out->larger);
  out->buffers = larger;
  out->room = room;
}

/* Adds the text on top to the buffers, and sees to it that it stays. */
static void add_buffer(lua_State *L, int arg, struct dt_outgoing *out) {
  struct iovec *buffer;
  size_t length;
  const char *data = lua_tolstring(L, -1, &length);
  if (!data)
    dt_bad_message(L, arg, "buffer %d of the message: string expected, got %s",
                   (int)out->header->msg_iovlen + 1, luaL_typename(L, -1));
  if (out->used == out->room)
    grow(L, out);
  buffer = &out->buffers[out->used++];
  buffer->iov_base = (void *)data; /* sendmsg(2) only reads it */
  buffer->iov_len = length;
  out->header->msg_iovlen++;
  if (out->anchor)
    lua_rawseti(L, out->anchor, ++out->anchored);
}

/* Raises for a field that no message has. */
static void check_fields(lua_State *L, int arg, int index) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    const char *key;
    int field = 0;
    if (lua_type(L, -2) == LUA_TNUMBER)
      continue;
    key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                         : luaL_typename(L, -2);
    while (field < DT_FIELDS && strcmp(key, field_names[field]) != 0)
      field++;
    if (field == DT_FIELDS)
      dt_bad_message(L, arg,
                     "unknown field '%s' of the message (valid: address, "
                     "control; buffers are [1], [2], ...)",
                     key);
  }
}

/* Pushes a field of the message at `index`; false, and nil, if it has not got
   it. */
static bool push_field(lua_State *L, int index, const struct dt_outgoing *out,
                       enum dt_field field) {
  if (out->fields)
    lua_pushvalue(L, out->fields + (int)field);
  else
    lua_pushstring(L, field_names[field]);
  lua_rawget(L, index);
  return !lua_isnil(L, -1);
}

static int read_address(lua_State *L, const struct dt_socket *socket,
                        const struct dt_ancillary *control,
                        struct dt_outgoing *out) {
  int type = lua_type(L, -1);
  if (type != LUA_TSTRING && type != LUA_TTABLE && type != LUA_TUSERDATA)
    return dt_bad_message(L, control->arg,
                          "address of the message: address, text or table "
                          "expected, got %s",
                          lua_typename(L, type));
  if (dt_check_address(L, lua_gettop(L), control->operation, socket,
                       out->address) == 0)
    return 3;
  out->header->msg_name = &out->address->u;
  out->header->msg_namelen = out->address->length;
  return 0;
}

static int read_control(lua_State *L, struct dt_ancillary *control,
                        struct dt_outgoing *out) {
  size_t before = control->used;
  int failed = dt_add_ancillary(L, control, lua_gettop(L));
  if (failed)
    return failed;
  out->header->msg_controllen = control->used - before;
  return 0;
}

/* Reads the buffers of the table at `index`. */
static void read_buffers(lua_State *L, int arg, int index,
                         struct dt_outgoing *out) {
  size_t count = lua_rawlen(L, index);
  if (count > DT_BUFFERS_MAX)
    dt_bad_message(L, arg, "a message has at most %d buffers", DT_BUFFERS_MAX);
  if (!out->anchor)
    luaL_checkstack(L, (int)count + READING, "too many buffers");
  for (int i = 1; i <= (int)count; i++) {
    lua_rawgeti(L, index, i);
    add_buffer(L, arg, out);
  }
}

/* Whether the message at `index` was received.  Such a one has fields that are
   not to be sent, and may have some of its owner's: they are not looked at. */
static bool is_received(lua_State *L, int index,
                        const struct dt_outgoing *out) {
  if (lua_getmetatable(L, index) && lua_topointer(L, -1) == out->class)
    return true;
  return push_field(L, index, out, DT_FLAGS);
}

int dt_read_message(lua_State *L, int index, const struct dt_socket *socket,
                    struct dt_ancillary *control, struct dt_outgoing *out) {
  int failed = 0;
  bool received;
  memset(out->header, 0, sizeof *out->header);
  if (!lua_istable(L, index)) {
    check_text(L, control->arg, index);
    lua_pushvalue(L, index);
    add_buffer(L, control->arg, out);
    return 0;
  }
  read_buffers(L, control->arg, index, out);
  received = is_received(L, index, out);
  if (!received)
    check_fields(L, control->arg, index);
  if (push_field(L, index, out, DT_ADDRESS))
    failed = read_address(L, socket, control, out);
  if (!failed && !received && push_field(L, index, out, DT_CONTROL))
    failed = read_control(L, control, out);
  return failed;
}
