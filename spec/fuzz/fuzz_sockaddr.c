/*
 * fuzz_sockaddr.c - addresses as the kernel might give them: any family, any
 * bytes, any length.  The first byte is the length that is claimed.
 *
 * The oracle is the text: what prints as an address reads as an equal one, and
 * what is too short for its family says nothing.
 */
#include "config.h"

#include <arpa/inet.h>
#include <limits.h>

#include "address.h"
#include "fuzz.h"

/* The bytes of the sockaddr and no more, as a value of Lua's has them. */
static struct dt_address *stored_copy(const struct dt_address *address) {
  struct dt_address *copy =
      malloc(offsetof(struct dt_address, u) + address->length);
  REQUIRE(copy);
  dt_address_copy(copy, address);
  return copy;
}

/* Whether a text reads as what it was printed from.  A path may be one byte
   longer in the kernel than there is room for in a sockaddr_un, and no
   interface has a number below 0. */
static bool is_readable(const struct dt_address *address) {
  struct dt_address_fields fields;
  char path[DT_ADDRESS_TEXT_MAX];
  size_t size;
  switch (dt_address_fields(address, &fields)) {
  case DT_AF_PACKET:
    return fields.ifindex <= INT_MAX;
  case AF_INET:
  case AF_INET6:
  case DT_AF_NETLINK:
  case DT_AF_VSOCK:
    return true;
  case AF_UNIX:
    size = dt_address_path(address, path);
    return size <= (size > 0 && path[0] == '@' ? 108U : 107U);
  default:
    return false;
  }
}

static void check_text(const struct dt_address *address) {
  const struct dt_address_hint hint = {AF_UNSPEC, false};
  char text[DT_ADDRESS_TEXT_MAX];
  struct dt_address again;
  const char *why = NULL;
  size_t size = dt_address_format(address, text);
  REQUIRE(size > 0 && size < sizeof text && text[size] == '\0');
  if (!is_readable(address))
    return;
  REQUIRE(dt_address_parse(&again, text, size, &hint, &why) == 0);
  REQUIRE(dt_address_equal(address, &again));
  REQUIRE(dt_address_equal(&again, address));
}

static void check_fields(const struct dt_address *address) {
  struct dt_address_fields fields;
  char text[DT_ADDRESS_TEXT_MAX];
  int family = dt_address_fields(address, &fields);
  size_t size = dt_address_host(address, text);
  bool ip = family == AF_INET || family == AF_INET6;
  REQUIRE(family == AF_UNSPEC || family == dt_address_family(address));
  REQUIRE((size > 0) == ip && size < sizeof text);
  REQUIRE(dt_address_port(address) == (ip ? (int)fields.port : -1));
  REQUIRE(fields.hwaddr_size <= DT_HWADDR_MAX);
  size = dt_address_path(address, text);
  REQUIRE(size < sizeof text && text[size] == '\0');
}

/* Mapping and unmapping are each other's reverse. */
static void check_mapping(const struct dt_address *address) {
  struct dt_address mapped;
  memset(&mapped, 0, sizeof mapped);
  dt_address_copy(&mapped, address);
  dt_address_map(&mapped);
  dt_address_unmap(&mapped);
  REQUIRE(dt_address_equal(address, &mapped));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  size_t claimed = take_byte(&input);
  struct sockaddr_storage from[2]; /* nobody claims more than is there */
  struct dt_address address, *stored;
  memset(from, 0, sizeof from);
  memcpy(from, input.data, input.size < sizeof from ? input.size : sizeof from);
  dt_address_from_sockaddr(&address, (struct sockaddr *)from,
                           (socklen_t)claimed);
  REQUIRE(address.length ==
          (claimed < sizeof address.u ? claimed : sizeof address.u));
  REQUIRE(dt_address_equal(&address, &address));
  dt_address_unmap(&address);
  stored = stored_copy(&address);
  check_fields(stored);
  check_text(stored);
  check_mapping(stored);
  free(stored);
  return 0;
}
