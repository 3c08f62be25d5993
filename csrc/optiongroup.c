/*
 * optiongroup.c - option values that name an interface or a multicast group:
 * ip(7), ipv6(7), RFC 3678.  See optionvalue.h.
 *
 * An interface is given by name or index, and for IPv4 by one of its addresses
 * too.  The IPv4 calls for single sources know addresses only: for a name or an
 * index their twin of RFC 3678 is called, which does the same.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "absent_option.h"
#include "glue.h"
#include "optionvalue.h"

/* --- interfaces
 * ---------------------------------------------------------------- */

struct place {
  unsigned index; /* 0: the system chooses */
  bool by_address;
  struct in_addr address;
};

/* The IPv4 address that the text or value at `index` is. */
static bool is_address4(lua_State *L, int index, struct in_addr *address) {
  static const struct dt_address_hint hint = {AF_INET, true};
  const struct dt_address *value = dt_test_address(L, index);
  struct dt_address parsed;
  const char *why;
  size_t size;
  if (!value && lua_type(L, index) == LUA_TSTRING) {
    const char *text = lua_tolstring(L, index, &size);
    if (dt_address_from_host(&parsed, text, size, 0, &hint, &why) == 0)
      value = &parsed;
  }
  if (!value || value->u.any.sa_family != AF_INET)
    return false;
  *address = value->u.in.sin_addr;
  return true;
}

int dt_option_interface(lua_State *L, const struct dt_option_call *call,
                        int index, const char *expected, unsigned *number) {
  size_t size;
  const char *text;
  switch (lua_type(L, index)) {
  case LUA_TNUMBER:
    *number = (unsigned)dt_option_whole(L, call, index, expected, 0, INT_MAX);
    return 0;
  case LUA_TSTRING:
    text = lua_tolstring(L, index, &size);
    return dt_interface_from_text(text, size, number) ? 0 : ENODEV;
  default:
    return dt_option_wrong(L, call, index, expected);
  }
}

/* The interface at `index`, none for nil: 0 or an errno. */
static int place_at(lua_State *L, const struct dt_option_call *call, int index,
                    const char *expected, struct place *place, bool ipv4) {
  memset(place, 0, sizeof *place);
  if (ipv4 && is_address4(L, index, &place->address)) {
    place->by_address = true;
    return 0;
  }
  return lua_isnil(L, index)
             ? 0
             : dt_option_interface(L, call, index, expected, &place->index);
}

#define INTERFACE  "interface (name or index)"
#define INTERFACE4 "interface (name, index or IPv4 address)"

/* An option's own value: it must be there. */
static int place_of(lua_State *L, const struct dt_option_call *call,
                    struct place *place, bool ipv4) {
  const char *expected = ipv4 ? INTERFACE4 : INTERFACE;
  if (lua_isnoneornil(L, call->arg))
    dt_option_wrong(L, call, call->arg, expected);
  return place_at(L, call, call->arg, expected, place, ipv4);
}

/* SO_BINDTODEVICE takes the name, "" for none.  The kernel would cut a long one
   in silence. */
int dt_encode_device(lua_State *L, struct dt_option_call *call) {
  size_t size;
  const char *name;
  if (lua_type(L, call->arg) == LUA_TNUMBER) {
    lua_Number index =
        dt_option_whole(L, call, call->arg, INTERFACE, 0, INT_MAX);
    char *space = (char *)&call->u;
    memset(space, 0, IF_NAMESIZE);
    if (index != 0 && !if_indextoname((unsigned)index, space))
      return ENODEV;
    return dt_option_take(call, strlen(space) + 1);
  }
  if (lua_type(L, call->arg) != LUA_TSTRING)
    dt_option_wrong(L, call, call->arg, INTERFACE);
  name = lua_tolstring(L, call->arg, &size);
  if (size >= IF_NAMESIZE || memchr(name, '\0', size))
    return ENODEV;
  call->data = name;
  call->length = (socklen_t)size + 1;
  return 0;
}

int dt_encode_index(lua_State *L, struct dt_option_call *call) {
  struct place place;
  int error = place_of(L, call, &place, false);
  call->u.integer = (int)place.index;
  dt_option_take(call, sizeof call->u.integer);
  return error;
}

int dt_encode_index_net(lua_State *L, struct dt_option_call *call) {
  struct place place;
  int error = place_of(L, call, &place, false);
  call->u.word = htonl(place.index);
  dt_option_take(call, sizeof call->u.word);
  return error;
}

void dt_push_index_net(lua_State *L, const struct dt_option_call *call) {
  uint32_t index = 0;
  if (call->length >= sizeof index)
    memcpy(&index, call->data, sizeof index);
  dt_push_whole(L, ntohl(index));
}

int dt_encode_interface4(lua_State *L, struct dt_option_call *call) {
  struct place place;
  int error = place_of(L, call, &place, true);
#ifdef DT_HAVE_IP_MREQN
  struct ip_mreqn request;
  memset(&request, 0, sizeof request);
  request.imr_address = place.address;
  request.imr_ifindex = (int)place.index;
  memcpy(&call->u, &request, sizeof request);
  dt_option_take(call, sizeof request);
  return error;
#else
  call->u.address4 = place.address;
  dt_option_take(call, sizeof call->u.address4);
  if (error == 0 && !place.by_address && place.index != 0) {
    call->why = "this system takes an address for the interface";
    return EINVAL;
  }
  return error;
#endif
}

/* The kernel tells the address alone, 0.0.0.0 when it knows an index only. */
void dt_push_interface4(lua_State *L, const struct dt_option_call *call) {
  struct dt_address address;
  char text[DT_ADDRESS_TEXT_MAX];
  memset(&address, 0, sizeof address);
  address.length = sizeof address.u.in;
  address.u.in.sin_family = AF_INET;
  if (call->length >= sizeof address.u.in.sin_addr)
    memcpy(&address.u.in.sin_addr, call->data, sizeof address.u.in.sin_addr);
  lua_pushlstring(L, text, dt_address_host(&address, text));
}

/* --- groups
 * ------------------------------------------------------------------- */

struct membership {
  struct dt_address group, source;
  struct place place;
};

/* The address at `index`, of the socket's family: 0 or an errno. */
static int member_at(lua_State *L, struct dt_option_call *call, int index,
                     const char *expected, int family,
                     struct dt_address *address) {
  struct dt_address_hint hint = {family, true};
  const struct dt_address *value = dt_test_address(L, index);
  size_t size;
  const char *text;
  memset(address, 0, sizeof *address);
  if (value) {
    dt_address_copy(address, value);
  } else {
    if (lua_type(L, index) != LUA_TSTRING)
      dt_option_wrong(L, call, index, expected);
    text = lua_tolstring(L, index, &size);
    if (dt_address_from_host(address, text, size, 0, &hint, &call->why) != 0)
      return EINVAL;
  }
  if (address->u.any.sa_family == family)
    return 0;
  call->why = family == AF_INET ? "not an IPv4 address" : "not an IPv6 address";
  return EINVAL;
}

static const char *const group_keys[] = {"group", "interface", NULL};
static const char *const source_keys[] = {"group", "source", "interface", NULL};

/* A field of the table at call->arg, pushed. */
static int push_field(lua_State *L, const struct dt_option_call *call,
                      const char *name) {
  lua_getfield(L, call->arg, name);
  return lua_gettop(L);
}

static int read_table(lua_State *L, struct dt_option_call *call, int family,
                      bool with_source, struct membership *member) {
  int group, source, interface, error;
  dt_option_check_keys(L, call, with_source ? source_keys : group_keys);
  group = push_field(L, call, "group");
  source = push_field(L, call, "source");
  interface = push_field(L, call, "interface");
  error = member_at(L, call, group, "field 'group': address", family,
                    &member->group);
  if (error == 0 && with_source)
    error = member_at(L, call, source, "field 'source': address", family,
                      &member->source);
  if (error == 0)
    error = place_at(L, call, interface, "field 'interface': name or index",
                     &member->place, family == AF_INET);
  /* ff02::1%eth0 */
  if (error == 0 && family == AF_INET6 && member->place.index == 0)
    member->place.index = member->group.u.in6.sin6_scope_id;
  lua_settop(L, group - 1);
  return error;
}

/* What is to be joined or left: a group alone, or a table. */
static int member_of(lua_State *L, struct dt_option_call *call, int family,
                     bool with_source, struct membership *member) {
  int error;
  memset(member, 0, sizeof *member);
  if (lua_istable(L, call->arg))
    return read_table(L, call, family, with_source, member);
  if (with_source)
    dt_option_wrong(L, call, call->arg, "table { group =, source = }");
  error = member_at(L, call, call->arg, "group or { group =, interface = }",
                    family, &member->group);
  if (error == 0 && family == AF_INET6)
    member->place.index = member->group.u.in6.sin6_scope_id;
  return error;
}

/* Ports and scopes would make two addresses of one. */
static void put_address(struct sockaddr_storage *space,
                        const struct dt_address *address) {
  struct dt_address bare = *address;
  if (bare.u.any.sa_family == AF_INET6) {
    bare.u.in6.sin6_port = 0;
    bare.u.in6.sin6_scope_id = 0;
    bare.u.in6.sin6_flowinfo = 0;
  } else {
    bare.u.in.sin_port = 0;
  }
  memcpy(space, &bare.u, sizeof *space);
}

/* RFC 3678's calls for both families. */
static int put_request(struct dt_option_call *call,
                       const struct membership *member, bool with_source) {
  if (with_source) {
    struct group_source_req request;
    memset(&request, 0, sizeof request);
    request.gsr_interface = member->place.index;
    put_address(&request.gsr_group, &member->group);
    put_address(&request.gsr_source, &member->source);
    memcpy(&call->u, &request, sizeof request);
    return dt_option_take(call, sizeof request);
  }
  struct group_req request;
  memset(&request, 0, sizeof request);
  request.gr_interface = member->place.index;
  put_address(&request.gr_group, &member->group);
  memcpy(&call->u, &request, sizeof request);
  return dt_option_take(call, sizeof request);
}

static int encode_either(lua_State *L, struct dt_option_call *call,
                         bool with_source) {
  struct membership member;
  int family = call->socket->domain == AF_INET6 ? AF_INET6 : AF_INET;
  int error = member_of(L, call, family, with_source, &member);
  if (error == 0 && member.place.by_address) {
    call->why = "name or index of the interface expected";
    error = EINVAL;
  }
  return error != 0 ? error : put_request(call, &member, with_source);
}

int dt_encode_group(lua_State *L, struct dt_option_call *call) {
  return encode_either(L, call, false);
}

int dt_encode_source(lua_State *L, struct dt_option_call *call) {
  return encode_either(L, call, true);
}

int dt_encode_group6(lua_State *L, struct dt_option_call *call) {
  struct membership member;
  int error = member_of(L, call, AF_INET6, false, &member);
  call->u.mreq6.ipv6mr_multiaddr = member.group.u.in6.sin6_addr;
  call->u.mreq6.ipv6mr_interface = member.place.index;
  dt_option_take(call, sizeof call->u.mreq6);
  return error;
}

/* The call of RFC 3678 that does the same with an interface's index. */
static int put_twin(struct dt_option_call *call,
                    const struct membership *member, bool with_source) {
  static const struct {
    int number, twin;
  } twins[] = {
      {IP_ADD_MEMBERSHIP, MCAST_JOIN_GROUP},
      {IP_DROP_MEMBERSHIP, MCAST_LEAVE_GROUP},
      {IP_ADD_SOURCE_MEMBERSHIP, MCAST_JOIN_SOURCE_GROUP},
      {IP_DROP_SOURCE_MEMBERSHIP, MCAST_LEAVE_SOURCE_GROUP},
      {IP_BLOCK_SOURCE, MCAST_BLOCK_SOURCE},
      {IP_UNBLOCK_SOURCE, MCAST_UNBLOCK_SOURCE},
  };
  for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
    if (twins[i].number == call->number && twins[i].twin != DT_ABSENT) {
      call->number = twins[i].twin;
      return put_request(call, member, with_source);
    }
  call->why = "this system takes an address for the interface";
  return EINVAL;
}

int dt_encode_group4(lua_State *L, struct dt_option_call *call) {
  struct membership member;
  int error = member_of(L, call, AF_INET, false, &member);
  if (error != 0)
    return error;
#ifdef DT_HAVE_IP_MREQN
  struct ip_mreqn request;
  memset(&request, 0, sizeof request);
  request.imr_multiaddr = member.group.u.in.sin_addr;
  request.imr_address = member.place.address;
  request.imr_ifindex = (int)member.place.index;
  memcpy(&call->u, &request, sizeof request);
  return dt_option_take(call, sizeof request);
#else
  if (member.place.index != 0)
    return put_twin(call, &member, false);
  call->u.mreq.imr_multiaddr = member.group.u.in.sin_addr;
  call->u.mreq.imr_interface = member.place.address;
  return dt_option_take(call, sizeof call->u.mreq);
#endif
}

int dt_encode_source4(lua_State *L, struct dt_option_call *call) {
  struct membership member;
  int error = member_of(L, call, AF_INET, true, &member);
  if (error != 0)
    return error;
  if (member.place.index != 0)
    return put_twin(call, &member, true);
  call->u.source4.imr_multiaddr = member.group.u.in.sin_addr;
  call->u.source4.imr_sourceaddr = member.source.u.in.sin_addr;
  call->u.source4.imr_interface = member.place.address;
  return dt_option_take(call, sizeof call->u.source4);
}
