/*
 * fuzz_address.c - the texts of addresses: the first byte says which socket the
 * address is for, the rest is the text, as a whole and as a host alone.
 *
 * The oracles: inet_pton(3), for literals; printing and reading again; and for
 * hosts that the resolver may be asked about inet_aton(3), which must not know
 * more literals than inet_pton does.
 */
#include "config.h"

#include <arpa/inet.h>

#include "address.h"
#include "fuzz.h"

static const struct dt_address_hint hints[] = {
    {AF_UNSPEC, false}, {AF_UNSPEC, true}, {AF_INET, false}, {AF_INET, true},
    {AF_INET6, false},  {AF_INET6, true},  {AF_UNIX, false},
};

/* What is printed reads as the same address, and prints the same again. */
static void check_round_trip(const struct dt_address *address) {
  const struct dt_address_hint hint = {AF_UNSPEC, false};
  char text[DT_ADDRESS_TEXT_MAX], again[DT_ADDRESS_TEXT_MAX], *copy;
  struct dt_address read;
  const char *why = NULL;
  size_t size = dt_address_format(address, text), length;
  REQUIRE(size < DT_ADDRESS_TEXT_MAX && text[size] == '\0');
  copy = exact_copy(text, size);
  REQUIRE(dt_address_parse(&read, copy, size, &hint, &why) == 0);
  free(copy);
  REQUIRE(dt_address_equal(address, &read) && dt_address_equal(&read, address));
  length = dt_address_format(&read, again);
  REQUIRE(length == size && same_bytes(text, again, size));
}

/* The address that inet_pton makes of the text, with the port; false: none. */
static bool expected_literal(const char *text, size_t size, int port,
                             struct dt_address *address) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  char host[64];
  if (size == 0 || size >= sizeof host || memchr(text, '\0', size))
    return false;
  memcpy(host, text, size);
  host[size] = '\0';
  in.sin_port = in6.sin6_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
    dt_address_from_sockaddr(address, (struct sockaddr *)&in, sizeof in);
  else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1)
    dt_address_from_sockaddr(address, (struct sockaddr *)&in6, sizeof in6);
  else
    return false;
  dt_address_unmap(address);
  return true;
}

/* As a host alone: as inet_pton has it, but for "*" and scopes. */
static void check_host(const char *text, size_t size,
                       const struct dt_address_hint *hint) {
  struct dt_address address, expected;
  const char *why = NULL;
  bool good = dt_address_from_host(&address, text, size, 80, hint, &why) == 0;
  REQUIRE(good || (why && *why));
  if (size == 1 && *text == '*') {
    REQUIRE(good);
  } else if (size > 0 && memchr(text, '%', size)) {
    const char *percent = memchr(text, '%', size);
    if (good)
      REQUIRE(expected_literal(text, (size_t)(percent - text), 80, &expected) &&
              dt_address_family(&address) == AF_INET6 &&
              memcmp(&address.u.in6.sin6_addr, &expected.u.in6.sin6_addr, 16) ==
                  0);
  } else {
    REQUIRE(good == expected_literal(text, size, 80, &expected));
    REQUIRE(!good || dt_address_equal(&address, &expected));
  }
  if (good) {
    REQUIRE(dt_address_port(&address) == 80);
    check_round_trip(&address);
  }
}

/* What is passed on to the resolver is no number that only inet_aton knows:
   glibc's getaddrinfo would make an address of it. */
static void check_refusal(const char *text, size_t size) {
  char host[512];
  struct in_addr number, literal;
  for (int idn = 0; idn < 2; idn++) {
    const char *refusal = dt_host_refusal(text, size, idn != 0);
    if (refusal) {
      REQUIRE(*refusal);
      continue;
    }
    REQUIRE(size > 0 && size < 255 && !memchr(text, '\0', size));
    memcpy(host, text, size);
    host[size] = '\0';
    if (inet_aton(host, &number) != 0)
      REQUIRE(inet_pton(AF_INET, host, &literal) == 1 &&
              literal.s_addr == number.s_addr);
  }
}

/* Digits alone, zeros before them or not. */
static int expected_port(const char *text, size_t size) {
  long port = 0;
  for (size_t i = 0; i < size; i++) {
    if (!strchr("0123456789", text[i]) || text[i] == '\0' || port > 65535)
      return -1;
    port = port * 10 + (text[i] - '0');
  }
  return size > 0 && port <= 65535 ? (int)port : -1;
}

static void check_pieces(const char *text, size_t size) {
  struct dt_address_fields fields = {0};
  char again[DT_HWADDR_TEXT_MAX];
  REQUIRE(dt_port_from_text(text, size) == expected_port(text, size));
  if (dt_hwaddr_parse(&fields, text, size)) {
    dt_hwaddr_format(again, fields.hwaddr, fields.hwaddr_size);
    REQUIRE(strlen(again) == size);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  const struct dt_address_hint *hint =
      &hints[take_byte(&input) % (sizeof hints / sizeof *hints)];
  char *text = exact_copy(input.data, input.size);
  struct dt_address address;
  const char *why = NULL;
  if (dt_address_parse(&address, text, input.size, hint, &why) == 0)
    check_round_trip(&address);
  else
    REQUIRE(why && *why);
  check_host(text, input.size, hint);
  check_refusal(text, input.size);
  check_pieces(text, input.size);
  free(text);
  return 0;
}
