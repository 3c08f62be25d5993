/*
 * optionstruct.c - option values that are a table in Lua: filters, lists,
 * credentials, and what packet(7) calls a membership.  See optionvalue.h.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#ifdef DT_HAVE_CBPF
#  include <linux/filter.h>
#endif
#ifdef DT_HAVE_PACKET
#  include <linux/if_packet.h>
#endif

#include "glue.h"
#include "optionvalue.h"

/* --- socket filters
 * ------------------------------------------------------------ */

#ifdef DT_HAVE_CBPF

#  define FILTER_MAX 4096 /* BPF_MAXINSNS: the kernel takes no more */

static const struct {
  const char *name;
  const char *expected;
  lua_Number max;
} filter_fields[] = {
    {"code", "field 'code': integer in 0..65535", UINT16_MAX},
    {"jt", "field 'jt': integer in 0..255", UINT8_MAX},
    {"jf", "field 'jf': integer in 0..255", UINT8_MAX},
    {"k", "field 'k': integer in 0..4294967295", UINT32_MAX},
};

/* Field `which` of the instruction on top of the stack, by name or position;
   0 when it has neither. */
static lua_Number filter_field(lua_State *L, const struct dt_option_call *call,
                               int which) {
  lua_Number number = 0;
  lua_getfield(L, -1, filter_fields[which].name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_rawgeti(L, -1, which + 1);
  }
  if (!lua_isnil(L, -1) || which == 0)
    number = dt_option_whole(L, call, -1, filter_fields[which].expected, 0,
                             filter_fields[which].max);
  lua_pop(L, 1);
  return number;
}

/* The program lies in a userdata: what follows may raise. */
int dt_encode_filter(lua_State *L, struct dt_option_call *call) {
  struct sock_fprog program;
  struct sock_filter *filter;
  size_t count;
  if (!lua_istable(L, call->arg))
    dt_option_wrong(L, call, call->arg, "list of instructions");
  count = lua_rawlen(L, call->arg);
  if (count > FILTER_MAX) {
    lua_pushfstring(L, "%s: more than %d instructions", call->option->name,
                    FILTER_MAX);
    luaL_argerror(L, call->arg, lua_tostring(L, -1));
  }
  filter = dt_newuserdata(L, (count + 1) * sizeof *filter);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, call->arg, (int)i + 1);
    if (!lua_istable(L, -1))
      dt_option_wrong(L, call, -1, "instructions { code, jt, jf, k }");
    filter[i].code = (uint16_t)filter_field(L, call, 0);
    filter[i].jt = (uint8_t)filter_field(L, call, 1);
    filter[i].jf = (uint8_t)filter_field(L, call, 2);
    filter[i].k = (uint32_t)filter_field(L, call, 3);
    lua_pop(L, 1);
  }
  program.len = (unsigned short)count;
  program.filter = filter;
  memcpy(&call->u, &program, sizeof program);
  return dt_option_take(call, sizeof program);
}

/* The length is a number of instructions here. */
void dt_push_filter(lua_State *L, const struct dt_option_call *call) {
  const unsigned char *bytes = call->data;
  lua_createtable(L, (int)call->length, 0);
  for (socklen_t i = 0; i < call->length; i++) {
    struct sock_filter filter;
    memcpy(&filter, bytes + i * sizeof filter, sizeof filter);
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, filter.code);
    lua_setfield(L, -2, "code");
    lua_pushinteger(L, filter.jt);
    lua_setfield(L, -2, "jt");
    lua_pushinteger(L, filter.jf);
    lua_setfield(L, -2, "jf");
    dt_push_whole(L, filter.k);
    lua_setfield(L, -2, "k");
    lua_rawseti(L, -2, (int)i + 1);
  }
}

#else

int dt_encode_filter(lua_State *L, struct dt_option_call *call) {
  (void)L;
  (void)call;
  return ENOPROTOOPT;
}

void dt_push_filter(lua_State *L, const struct dt_option_call *call) {
  lua_pushlstring(L, call->data, call->length);
}

#endif

/* --- lists
 * --------------------------------------------------------------------- */

int dt_encode_list(lua_State *L, struct dt_option_call *call) {
  size_t count;
  if (!lua_istable(L, call->arg))
    dt_option_wrong(L, call, call->arg, "list of integers");
  count = lua_rawlen(L, call->arg);
  if (count > DT_OPTION_LIST_MAX)
    return EINVAL;
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, call->arg, (int)i + 1);
    call->u.words[i] = (uint32_t)dt_option_whole(
        L, call, -1, "list of integers in 0..4294967295", 0, UINT32_MAX);
    lua_pop(L, 1);
  }
  return dt_option_take(call, count * sizeof *call->u.words);
}

static uint32_t word_at(const struct dt_option_call *call, size_t index) {
  uint32_t word;
  memcpy(&word, (const unsigned char *)call->data + index * sizeof word,
         sizeof word);
  return word;
}

void dt_push_list(lua_State *L, const struct dt_option_call *call) {
  size_t count = call->length / sizeof(uint32_t);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    dt_push_whole(L, word_at(call, i));
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* Bit 0 of the first word is number 1, as for NETLINK_ADD_MEMBERSHIP. */
void dt_push_bitmap(lua_State *L, const struct dt_option_call *call) {
  size_t bits = call->length / sizeof(uint32_t) * 32;
  int found = 0;
  lua_newtable(L);
  for (size_t i = 0; i < bits; i++)
    if (word_at(call, i / 32) >> i % 32 & 1) {
      lua_pushinteger(L, (lua_Integer)i + 1);
      lua_rawseti(L, -2, ++found);
    }
}

static unsigned port_at(lua_State *L, const struct dt_option_call *call,
                        int index) {
  unsigned port;
  lua_rawgeti(L, call->arg, index);
  port = (unsigned)dt_option_whole(L, call, -1, "list of two ports", 0, 65535);
  lua_pop(L, 1);
  return port;
}

/* { first, last }; 0 for either leaves that bound to the system. */
int dt_encode_port_range(lua_State *L, struct dt_option_call *call) {
  if (!lua_istable(L, call->arg) || lua_rawlen(L, call->arg) > 2)
    dt_option_wrong(L, call, call->arg, "list of two ports");
  call->u.word = port_at(L, call, 1) | (uint32_t)port_at(L, call, 2) << 16;
  return dt_option_take(call, sizeof call->u.word);
}

void dt_push_port_range(lua_State *L, const struct dt_option_call *call) {
  uint32_t word = call->length >= sizeof word ? word_at(call, 0) : 0;
  lua_createtable(L, 2, 0);
  lua_pushinteger(L, (lua_Integer)(word & 0xffff));
  lua_rawseti(L, -2, 1);
  lua_pushinteger(L, (lua_Integer)(word >> 16));
  lua_rawseti(L, -2, 2);
}

/* --- who, and where
 * ------------------------------------------------------------- */

void dt_push_identity(lua_State *L, long pid, unsigned long uid,
                      unsigned long gid) {
  lua_createtable(L, 0, 3);
  if (pid >= 0) {
    lua_pushinteger(L, pid);
    lua_setfield(L, -2, "pid");
  }
  dt_push_whole(L, uid);
  lua_setfield(L, -2, "uid");
  dt_push_whole(L, gid);
  lua_setfield(L, -2, "gid");
}

void dt_push_credentials(lua_State *L, const struct dt_option_call *call) {
#ifdef DT_HAVE_UCRED
  struct ucred peer;
  if (call->length >= sizeof peer) {
    memcpy(&peer, call->data, sizeof peer);
    dt_push_identity(L, peer.pid, peer.uid, peer.gid);
    return;
  }
#endif
  lua_pushlstring(L, call->data, call->length);
}

void dt_push_name(lua_State *L, const struct dt_option_call *call) {
  struct dt_address address;
  memset(&address, 0, sizeof address);
  address.length = call->length < sizeof address.u
                       ? call->length
                       : (socklen_t)sizeof address.u;
  memcpy(&address.u, call->data, address.length);
  dt_push_address(L, &address);
}

/* --- packet(7): PACKET_ADD_MEMBERSHIP
 * -------------------------------------------- */

#ifdef DT_HAVE_PACKET

static const char *const membership_keys[] = {"interface", "type", "address",
                                              NULL};

/* The name or number of a PACKET_MR_ on top of the stack. */
static int membership_type(lua_State *L, const struct dt_option_call *call) {
  static const char expected[] =
      "field 'type': a PACKET_MR_ name or an integer";
  const struct dt_constant *item;
  size_t length;
  const char *name;
  if (lua_type(L, -1) != LUA_TSTRING)
    return (int)dt_option_whole(L, call, -1, expected, 0, UINT16_MAX);
  name = lua_tolstring(L, -1, &length);
  item = dt_constant_find(&dt_memberships, name, length);
  if (!item || item->value == DT_ABSENT)
    return dt_option_wrong(L, call, -1, expected);
  return item->value;
}

/* { interface = "eth0", type = "PACKET_MR_PROMISC" }; `address` has the bytes
   of a hardware address. */
int dt_encode_membership(lua_State *L, struct dt_option_call *call) {
  struct packet_mreq request;
  size_t size;
  const char *bytes;
  unsigned index = 0;
  int error;
  memset(&request, 0, sizeof request);
  if (!lua_istable(L, call->arg))
    dt_option_wrong(L, call, call->arg, "table { interface =, type = }");
  dt_option_check_keys(L, call, membership_keys);
  lua_getfield(L, call->arg, "interface");
  error = dt_option_interface(L, call, -1, "field 'interface': name or index",
                              &index);
  lua_getfield(L, call->arg, "type");
  request.mr_type = (unsigned short)membership_type(L, call);
  lua_getfield(L, call->arg, "address");
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING)
      dt_option_wrong(L, call, -1, "field 'address': string");
    bytes = lua_tolstring(L, -1, &size);
    if (size > sizeof request.mr_address)
      return EINVAL;
    memcpy(request.mr_address, bytes, size);
    request.mr_alen = (unsigned short)size;
  }
  lua_pop(L, 3);
  if (error != 0)
    return error;
  request.mr_ifindex = (int)index;
  memcpy(&call->u, &request, sizeof request);
  return dt_option_take(call, sizeof request);
}

#else

int dt_encode_membership(lua_State *L, struct dt_option_call *call) {
  (void)L;
  (void)call;
  return ENOPROTOOPT;
}

#endif
