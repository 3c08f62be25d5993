/*
 * test_address.c - csrc/address.c and csrc/address_parse.c: texts to addresses
 * and back, every refusal's reason, and sockaddrs of any length and content.
 */
#include "config.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>

#include "address.h"
#include "check.h"

static const struct dt_address_hint none = {AF_UNSPEC, false};
static const struct dt_address_hint inet = {AF_INET, false};
static const struct dt_address_hint inet6 = {AF_INET6, false};
static const struct dt_address_hint raw = {AF_INET6, true};
static const struct dt_address_hint local = {AF_UNIX, false};

/* --- helpers ------------------------------------------------------------ */

/* On the heap and no byte longer, so that sanitizers see a read past it. */
static int parse_sized(struct dt_address *address, const char *text,
                       size_t size, const struct dt_address_hint *hint,
                       const char **why) {
  char *copy = malloc(size > 0 ? size : 1);
  int result;
  memcpy(copy, text, size);
  *why = NULL;
  memset(address, 0x55, sizeof *address);
  result = dt_address_parse(address, copy, size, hint, why);
  free(copy);
  return result;
}

/* Parses and prints; the reason where it is no address. */
static const char *roundtrip(const char *text,
                             const struct dt_address_hint *hint) {
  static char printed[DT_ADDRESS_TEXT_MAX];
  struct dt_address address;
  const char *why;
  size_t size;
  if (parse_sized(&address, text, strlen(text), hint, &why) != 0)
    return why;
  size = dt_address_format(&address, printed);
  CHECK_EQ_INT(size, strlen(printed));
  return printed;
}

static struct dt_address parsed(const char *text) {
  struct dt_address address;
  const char *why;
  if (parse_sized(&address, text, strlen(text), &none, &why) != 0) {
    CHECK_EQ_STR(why, text);
    memset(&address, 0, sizeof address);
  }
  return address;
}

static bool is_host(const char *host) {
  struct dt_address address;
  const char *why = NULL;
  int result =
      dt_address_from_host(&address, host, strlen(host), 0, &none, &why);
  CHECK((result == 0) == (why == NULL));
  return result == 0;
}

#define CHECK_SAME(text, hint)      CHECK_EQ_STR(roundtrip(text, hint), text)
#define CHECK_WHY(text, hint, want) CHECK_EQ_STR(roundtrip(text, hint), want)

#define NO_PORT   "no port (write HOST:PORT)"
#define BAD_PORT  "port is not a whole number in 0..65535"
#define NO_LOOKUP "not an address (names are looked up with getaddrinfo)"
#define NOT_IPV4                                                               \
  "not an IPv4 address (four decimal numbers, without leading zeros)"
#define BRACKETS "an IPv6 address needs brackets before a port ([::1]:80)"
#define TOO_LONG "unix path longer than 107 bytes"

/* --- IP ----------------------------------------------------------------- */

static void prints_what_it_parsed(void) {
  CHECK_SAME("127.0.0.1:80", &none);
  CHECK_SAME("0.0.0.0:0", &none);
  CHECK_SAME("255.255.255.255:65535", &none);
  CHECK_SAME("[::1]:80", &none);
  CHECK_SAME("[::]:0", &none);
  CHECK_SAME("[2001:db8::1]:443", &none);
  CHECK_SAME("127.0.0.1:80", &inet6);
  CHECK_SAME("[::1]:80", &inet);
}

static void prints_ipv6_in_its_canonical_form(void) {
  CHECK_EQ_STR(roundtrip("[2001:DB8:0:0::ABCD]:1", &none),
               "[2001:db8::abcd]:1");
  CHECK_EQ_STR(roundtrip("[0:0:0:0:0:0:0:1]:1", &none), "[::1]:1");
  CHECK_EQ_STR(roundtrip("[64:ff9b::1.2.3.4]:1", &none),
               "[64:ff9b::102:304]:1");
}

static void reads_ports_as_plain_decimal(void) {
  static const char *const bad[] = {
      "127.0.0.1:65536", "127.0.0.1:-1",  "127.0.0.1:+1",
      "127.0.0.1: 80",   "127.0.0.1:80 ", "127.0.0.1:0x50",
      "127.0.0.1:http",  "127.0.0.1:1.5", "127.0.0.1:4294967376",
      "[::1]:65536",     "127.0.0.1:1e3", "127.0.0.1:18446744073709551696",
      "*:70000",         "[::1]::80"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CHECK_WHY(bad[i], &none, BAD_PORT);
  CHECK_EQ_STR(roundtrip("127.0.0.1:00080", &none), "127.0.0.1:80");
  CHECK_WHY("127.0.0.1", &none, NO_PORT);
  CHECK_WHY("127.0.0.1:", &none, NO_PORT);
  CHECK_WHY("[::1]", &none, NO_PORT);
  CHECK_WHY("[::1]:", &none, NO_PORT);
  CHECK_WHY("*", &none, NO_PORT);
}

static void takes_no_port_where_there_is_none(void) {
  CHECK_EQ_STR(roundtrip("127.0.0.1", &raw), "127.0.0.1:0");
  CHECK_EQ_STR(roundtrip("::1", &raw), "[::1]:0");
  CHECK_EQ_STR(roundtrip("[::1]", &raw), "[::1]:0");
  CHECK_EQ_STR(roundtrip("*", &raw), "[::]:0");
  CHECK_EQ_STR(roundtrip("[::1]:5", &raw), "[::1]:5");
  CHECK_WHY("127.0.0.1:", &raw, NO_PORT);
  CHECK_WHY(":::", &raw, "not an IPv6 address");
}

static void says_what_is_wrong_with_a_text(void) {
  CHECK_WHY("", &none, "no host (write HOST:PORT, or *:PORT for any)");
  CHECK_WHY(":80", &none, "no host (write HOST:PORT, or *:PORT for any)");
  CHECK_WHY("localhost:80", &none, NO_LOOKUP);
  CHECK_WHY("localhost", &none, NO_LOOKUP);
  CHECK_WHY("example.org:80", &none, NO_LOOKUP);
  CHECK_WHY(" 127.0.0.1:80", &none, NO_LOOKUP);
  CHECK_WHY("127.1:80", &none, NOT_IPV4);
  CHECK_WHY("::1:80", &none, BRACKETS);
  CHECK_WHY("::1", &none, BRACKETS);
  CHECK_WHY("[::1:80", &none, "no ] after the IPv6 address");
  CHECK_WHY("[1.2.3.4]:80", &none, "only IPv6 addresses stand in brackets");
  CHECK_WHY("[]:80", &none, "only IPv6 addresses stand in brackets");
  CHECK_WHY("[::1]80", &none, "no colon between ] and the port");
  CHECK_WHY("[::g]:80", &none, "not an IPv6 address");
}

static void refuses_what_is_no_ipv4(void) {
  static const char *const bad[] = {
      "0.0.0.",         "300.0.0.0",    "a.0.0.0",    "1.2.3.4.5",
      "1.2.3",          "127.1",        "0127.0.0.1", "127.0.0.01",
      "0x7f000001",     "2130706433",   "0x7f.1",     "127.0.0.0x1",
      "017700000001",   "1.2.3.4.",     ".1.2.3.4",   "1..3.4",
      "1.2.3.4 ",       "1.2.3.256",    "1.2.3.-4",   "0.1.1.~1",
      "1+.1.1.1",       "1.2.3.4%eth0", "1,2,3,4",    "\xef\xbc\x91.1.1.1",
      "1.2.3.00000004", "1.2.3.4\n",    "1.2.3.4/24", "[1.2.3.4]"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (is_host(bad[i]))
      CHECK_EQ_STR("is a host", bad[i]);
  CHECK(is_host("1.2.3.4"));
}

static void refuses_what_is_no_ipv6(void) {
  static const char *const good[] = {"::",
                                     "::1",
                                     "0::",
                                     "1::",
                                     "::ffff",
                                     "fe80::",
                                     "ff::",
                                     "1:2:3:4:5:6:7:8",
                                     "1:2:3:4:5:6::",
                                     "1:2:3:4:5:6:1.2.3.4",
                                     "::1.2.3.4",
                                     "1::8",
                                     "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789"};
  static const char *const bad[] = {"",
                                    ":",
                                    ":::",
                                    "::0::",
                                    "1::abc::",
                                    "1:2:3:4:5:6",
                                    "1:2:3:4:5:6:",
                                    "1:2:3:4:5:6:7:8:0",
                                    "1:2:3:4:5:6:7:8:",
                                    "1::260.2.3.0",
                                    "1.2.3.4::",
                                    "1:2:3:4:1.2.3.4:5",
                                    "1:2:3:4:5:6:7:8:1.2.3.4",
                                    "1:2:3:4:5:6:7:1.2.3.4",
                                    "::1q",
                                    "::1::2",
                                    "::12345",
                                    "::g",
                                    ":1",
                                    "1:",
                                    "::1 ",
                                    " ::1",
                                    "::1%",
                                    "::1%nosuchif0",
                                    "::1%1%1",
                                    "::1%-1",
                                    "::1%4294967296",
                                    "[::1]",
                                    "::01.2.3.4",
                                    "::ffff:0127.0.0.1"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    if (!is_host(good[i]))
      CHECK_EQ_STR("is no host", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (is_host(bad[i]))
      CHECK_EQ_STR("is a host", bad[i]);
  CHECK(is_host("::"));
}

static void refuses_nuls_in_a_host(void) {
  struct dt_address address;
  const char *why;
  CHECK_EQ_INT(parse_sized(&address, "127.0.0.1\0:80", 13, &none, &why), -1);
  CHECK_EQ_STR(why, "NUL in the host");
  CHECK_EQ_INT(parse_sized(&address, "[::1\0]:80", 9, &none, &why), -1);
  CHECK_EQ_STR(why, "NUL in the host");
  CHECK_EQ_INT(parse_sized(&address, "127.0.0.1:80\0", 13, &none, &why), -1);
  CHECK_EQ_STR(why, BAD_PORT);
  CHECK_EQ_INT(parse_sized(&address, "[fe80::1%1\0]:80", 15, &none, &why), -1);
  CHECK_EQ_INT(
      dt_address_from_host(&address, "127.0.0.1\0x", 11, 80, &none, &why), -1);
  CHECK_EQ_STR(why, "NUL in the host");
}

static void refuses_hosts_of_any_length_without_cutting(void) {
  static const size_t sizes[] = {46, 47, 63, 64, 253, 254, 255, 256, 257, 1025};
  char host[1100];
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct dt_address address;
    const char *why = NULL;
    memset(host, '0', sizeof host);
    memcpy(host + sizes[i] - 9, "127.0.0.1", 9); /* 000...127.0.0.1 */
    CHECK_EQ_INT(dt_address_from_host(&address, host, sizes[i], 1, &none, &why),
                 -1);
    memcpy(host, "127.0.0.1", 9); /* 127.0.0.1000... */
    CHECK_EQ_INT(dt_address_from_host(&address, host, sizes[i], 1, &none, &why),
                 -1);
    memset(host, ':', sizes[i]);
    CHECK_EQ_INT(dt_address_from_host(&address, host, sizes[i], 1, &none, &why),
                 -1);
  }
}

static void refuses_ports_out_of_range(void) {
  static const int bad[] = {-1, 65536, 65536 + 80, 0x7fffffff, -0x7fffffff};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct dt_address address;
    const char *why = NULL;
    CHECK_EQ_INT(dt_address_from_host(&address, "::1", 3, bad[i], &none, &why),
                 -1);
    CHECK_EQ_STR(why, BAD_PORT);
  }
}

static void knows_the_wildcard_of_each_family(void) {
  CHECK_EQ_STR(roundtrip("*:80", &none), "[::]:80");
  CHECK_EQ_STR(roundtrip("*:80", &inet6), "[::]:80");
  CHECK_EQ_STR(roundtrip("*:80", &inet), "0.0.0.0:80");
}

static void keeps_mapped_ipv4_as_ipv4(void) {
  struct dt_address address = parsed("[::ffff:1.2.3.4]:80");
  CHECK_EQ_INT(address.u.any.sa_family, AF_INET);
  CHECK_EQ_INT(address.length, sizeof(struct sockaddr_in));
  CHECK_EQ_STR(roundtrip("[::ffff:102:304]:80", &inet6), "1.2.3.4:80");
  CHECK_WHY("[::ffff:1.2.3.4%1]:80", &none, "an IPv4 address has no scope");
}

static void maps_and_unmaps(void) {
  struct dt_address plain = parsed("1.2.3.4:80"), mapped = plain, other;
  char text[DT_ADDRESS_TEXT_MAX];
  dt_address_map(&mapped);
  CHECK_EQ_INT(mapped.u.any.sa_family, AF_INET6);
  CHECK_EQ_INT(mapped.length, sizeof(struct sockaddr_in6));
  dt_address_format(&mapped, text);
  CHECK_EQ_STR(text, "[::ffff:1.2.3.4]:80");
  CHECK(!dt_address_equal(&plain, &mapped));
  dt_address_unmap(&mapped);
  CHECK(dt_address_equal(&plain, &mapped));
  other = parsed("[::1]:80");
  dt_address_unmap(&other);
  dt_address_map(&other);
  CHECK_EQ_INT(other.u.any.sa_family, AF_INET6);
  other = parsed("unix:/x");
  dt_address_unmap(&other);
  dt_address_map(&other);
  CHECK_EQ_INT(other.u.any.sa_family, AF_UNIX);
}

static void knows_scopes_by_name_and_number(void) {
  char name[IF_NAMESIZE], want[DT_ADDRESS_TEXT_MAX];
  struct dt_address address, other;
  if (!if_indextoname(1, name))
    return; /* no interfaces at all */
  snprintf(want, sizeof want, "[fe80::1%%%s]:80", name);
  CHECK_SAME(want, &none);
  CHECK_EQ_STR(roundtrip("[fe80::1%1]:80", &none), want);
  address = parsed(want);
  CHECK_EQ_INT(address.u.in6.sin6_scope_id, 1);
  other = parsed("[fe80::1%1]:80");
  CHECK(dt_address_equal(&address, &other));
  other = parsed("[fe80::1]:80");
  CHECK(!dt_address_equal(&address, &other));
  CHECK_SAME("[fe80::1%4000000000]:80", &none); /* no such interface */
  CHECK_EQ_STR(roundtrip("[fe80::1%0]:80", &none), "[fe80::1]:80");
  CHECK_WHY("[fe80::1%nosuchif0]:80", &none, "unknown interface in the scope");
  CHECK_WHY("[fe80::1%]:80", &none, "unknown interface in the scope");
}

/* --- unix --------------------------------------------------------------- */

static void knows_unix_texts(void) {
  CHECK_SAME("unix:/run/x", &none);
  CHECK_SAME("unix:relative", &none);
  CHECK_SAME("unix:@abstract", &none);
  CHECK_SAME("unix:@", &none);
  CHECK_SAME("unix:", &none);
  CHECK_EQ_STR(roundtrip("/run/x", &none), "unix:/run/x");
  CHECK_EQ_STR(roundtrip("./x", &none), "unix:./x");
  CHECK_EQ_STR(roundtrip("@abstract", &none), "unix:@abstract");
  CHECK_SAME("unix:/run/caf\xc3\xa9", &none);
  CHECK_SAME("unix:/run/\xff\xfe", &none);
}

static void takes_any_text_for_a_unix_socket(void) {
  CHECK_EQ_STR(roundtrip("x", &local), "unix:x");
  CHECK_EQ_STR(roundtrip("127.0.0.1:80", &local), "unix:127.0.0.1:80");
  CHECK_EQ_STR(roundtrip("packet:x", &local), "unix:packet:x");
  CHECK_EQ_STR(roundtrip("unix:x", &local), "unix:x");
  CHECK_EQ_STR(roundtrip("", &local), "unix:");
  CHECK_EQ_STR(roundtrip("AF_UNSPEC", &local), "AF_UNSPEC");
  CHECK_EQ_STR(roundtrip("unix:AF_UNSPEC", &local), "unix:AF_UNSPEC");
}

static void bounds_unix_names(void) {
  char text[200];
  for (size_t size = 106; size <= 150; size++) {
    struct dt_address address;
    const char *why;
    memset(text, 'a', sizeof text);
    text[0] = '/';
    CHECK_EQ_INT(parse_sized(&address, text, size, &none, &why),
                 size <= 107 ? 0 : -1);
    CHECK_EQ_STR(why, size <= 107 ? NULL : TOO_LONG);
    text[0] = '@'; /* and that many after it */
    CHECK_EQ_INT(parse_sized(&address, text, size + 1, &none, &why),
                 size <= 107 ? 0 : -1);
    text[0] = '\0';
    CHECK_EQ_INT(parse_sized(&address, text, size + 1, &local, &why),
                 size <= 107 ? 0 : -1);
    if (size == 107)
      CHECK_EQ_INT(address.length, sizeof(struct sockaddr_un));
  }
}

static void keeps_every_byte_of_abstract_names(void) {
  static const char name[] = "unix:@a\0b\xff\0";
  struct dt_address address, shorter;
  char text[DT_ADDRESS_TEXT_MAX];
  const char *why;
  CHECK_EQ_INT(parse_sized(&address, name, 11, &none, &why), 0);
  CHECK_EQ_INT(address.length, offsetof(struct sockaddr_un, sun_path) + 6);
  CHECK_EQ_MEM(address.u.un.sun_path, "\0a\0b\xff\0", 6);
  CHECK_EQ_INT(dt_address_format(&address, text), 11);
  CHECK_EQ_MEM(text, name, 12);
  CHECK_EQ_INT(parse_sized(&shorter, name, 10, &none, &why), 0);
  CHECK(!dt_address_equal(&address, &shorter));
  CHECK_EQ_INT(parse_sized(&shorter, "\0a\0b\xff\0", 6, &local, &why), 0);
  CHECK(dt_address_equal(&address, &shorter));
}

static void refuses_nuls_in_a_path(void) {
  struct dt_address address;
  const char *why;
  CHECK_EQ_INT(parse_sized(&address, "/run/x\0y", 8, &none, &why), -1);
  CHECK_EQ_STR(why, "NUL in a unix path");
  CHECK_EQ_INT(parse_sized(&address, "/run/x\0", 7, &none, &why), -1);
  CHECK_EQ_STR(why, "NUL in a unix path");
}

/* Every name has a text of its own that gives this name again. */
static void tells_paths_with_an_at_from_abstract_names(void) {
  static const char *const paths[] = {"@x", "./@x", "././@x", "./x", "x@"};
  static const char *const texts[] = {"unix:./@x", "unix:././@x",
                                      "unix:./././@x", "unix:./x", "unix:x@"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct dt_address address, again;
    char text[DT_ADDRESS_TEXT_MAX];
    memcpy(un.sun_path, paths[i], strlen(paths[i]));
    dt_address_from_sockaddr(&address, (struct sockaddr *)&un, sizeof un);
    dt_address_format(&address, text);
    CHECK_EQ_STR(text, texts[i]);
    again = parsed(text);
    CHECK(dt_address_equal(&address, &again));
    CHECK_EQ_STR(again.u.un.sun_path, paths[i]);
  }
  CHECK_EQ_STR(roundtrip("./@x", &local), "unix:./@x");
}

static void counts_a_paths_nul_or_not(void) {
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};
  size_t offset = offsetof(struct sockaddr_un, sun_path);
  struct dt_address address = parsed("/x"), other;
  CHECK_EQ_INT(address.length, offset + 3);
  dt_address_from_sockaddr(&other, (struct sockaddr *)&un,
                           (socklen_t)offset + 2);
  CHECK(dt_address_equal(&address, &other));
  dt_address_from_sockaddr(&other, (struct sockaddr *)&un, sizeof un);
  CHECK(dt_address_equal(&address, &other));
  address = parsed("unix:");
  CHECK_EQ_INT(address.length, offset);
}

/* --- the rarer families ------------------------------------------------- */

#ifdef DT_HAVE_PACKET
static void knows_packet_texts(void) {
  char name[IF_NAMESIZE], want[DT_ADDRESS_TEXT_MAX];
  struct dt_address_fields fields;
  struct dt_address address;
  CHECK_SAME("packet:*", &none);
  CHECK_SAME("packet:*/ETH_P_ALL", &none);
  CHECK_EQ_STR(roundtrip("packet:*/2048", &none), "packet:*/ETH_P_IP");
  CHECK_EQ_STR(roundtrip("packet:*/0x800", &none), "packet:*/ETH_P_IP");
  CHECK_SAME("packet:*/0x1234", &none);
  CHECK_EQ_STR(roundtrip("packet:*/0/0A:bb:cc:00:01:ff", &none),
               "packet:*/0x0000/0a:bb:cc:00:01:ff");
  CHECK_SAME("packet:4000000/ETH_P_IPV6", &none); /* no such interface */
  if (if_indextoname(1, name)) {
    snprintf(want, sizeof want, "packet:%s/ETH_P_ARP/01:02:03", name);
    CHECK_SAME(want, &none);
    address = parsed(want);
    CHECK_EQ_INT(dt_address_fields(&address, &fields), AF_PACKET);
    CHECK_EQ_INT(fields.ifindex, 1);
    CHECK_EQ_INT(fields.protocol, 0x806);
    CHECK_EQ_INT(fields.hwaddr_size, 3);
  }
  CHECK_WHY("packet:", &none, "unknown interface (write packet:NAME/PROTOCOL)");
  CHECK_WHY("packet:nosuchif0", &none,
            "unknown interface (write packet:NAME/PROTOCOL)");
  for (int i = 0; i < 5; i++) {
    static const char *const bad[] = {"packet:*/", "packet:*/65536",
                                      "packet:*/ETH_P_X", "packet:*/0x",
                                      "packet:*/IPPROTO_TCP"};
    CHECK_WHY(bad[i], &none,
              "the protocol is no ETH_P_ name and no number in 0..65535");
  }
  for (int i = 0; i < 5; i++) {
    static const char *const bad[] = {"packet:*/0/", "packet:*/0/aa:b",
                                      "packet:*/0/aa:bb:", "packet:*/0/aa-bb",
                                      "packet:*/0/ag"};
    CHECK_WHY(bad[i], &none, "not a hardware address (aa:bb:cc:dd:ee:ff)");
  }
}

static void keeps_long_hardware_addresses(void) {
  struct dt_address_fields fields = {.hwaddr_size = DT_HWADDR_MAX}, again;
  struct dt_address address, other;
  char text[DT_ADDRESS_TEXT_MAX];
  const char *why;
  for (int i = 0; i < DT_HWADDR_MAX; i++)
    fields.hwaddr[i] = (unsigned char)(255 - i);
  CHECK_EQ_INT(dt_address_from_fields(&address, AF_PACKET, &fields, &why), 0);
  dt_address_fields(&address, &again);
  CHECK_EQ_INT(again.hwaddr_size, DT_HWADDR_MAX);
  CHECK_EQ_MEM(again.hwaddr, fields.hwaddr, DT_HWADDR_MAX);
  dt_address_format(&address, text);
  other = parsed(text);
  CHECK(dt_address_equal(&address, &other));
  fields.hwaddr[DT_HWADDR_MAX - 1]++;
  CHECK_EQ_INT(dt_address_from_fields(&other, AF_PACKET, &fields, &why), 0);
  CHECK(!dt_address_equal(&address, &other));
}

static void cuts_what_no_hardware_address_is_long_enough_for(void) {
  unsigned char bytes[DT_HWADDR_MAX + 1] = {0};
  char text[DT_HWADDR_TEXT_MAX];
  dt_hwaddr_format(text, bytes, sizeof bytes);
  CHECK_EQ_INT((int)strlen(text), 3 * DT_HWADDR_MAX - 1);
}
#endif

#ifdef DT_HAVE_NETLINK
static void knows_netlink_texts(void) {
  static const char *const bad[] = {"netlink:",     "netlink:1",
                                    "netlink:1/",   "netlink:/1",
                                    "netlink:-1/0", "netlink:0/4294967296",
                                    "netlink:1/2/3"};
  CHECK_SAME("netlink:0/0", &none);
  CHECK_SAME("netlink:4294967295/17", &none);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CHECK_WHY(bad[i], &none,
              "not a netlink address (netlink:PID/GROUPS, decimal)");
}
#endif

#ifdef DT_HAVE_VSOCK
static void knows_vsock_texts(void) {
  static const char *const bad[] = {
      "vsock:",      "vsock:1",   "vsock:1:",          "vsock::1",
      "vsock:1:2:3", "vsock:x:1", "vsock:4294967296:1"};
  struct dt_address address = parsed("vsock:2:4000000000");
  struct dt_address_fields fields;
  CHECK_EQ_INT(dt_address_fields(&address, &fields), AF_VSOCK);
  CHECK_EQ_INT(fields.port, 4000000000U);
  CHECK_EQ_INT(dt_address_port(&address), -1);
  CHECK_SAME("vsock:2:1024", &none);
  CHECK_SAME("vsock:*:*", &none);
  CHECK_EQ_STR(roundtrip("vsock:4294967295:0", &none), "vsock:*:0");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CHECK_WHY(bad[i], &none,
              "not a vsock address (vsock:CID:PORT, decimal or *)");
}
#endif

static void knows_the_address_that_is_none(void) {
  struct dt_address address = parsed("AF_UNSPEC");
  CHECK_EQ_INT(address.u.any.sa_family, AF_UNSPEC);
  CHECK_EQ_INT(address.length, sizeof(struct sockaddr));
  CHECK_SAME("AF_UNSPEC", &none);
}

/* --- values ------------------------------------------------------------- */

static void compares_by_value(void) {
  static const char *const texts[] = {
      "127.0.0.1:80",  "127.0.0.1:81",     "127.0.0.2:80",
      "[::1]:80",      "[::1]:81",         "[::2]:80",
      "[fe80::1]:80",  "[fe80::1%1]:80",   "unix:",
      "unix:/x",       "unix:/xy",         "unix:@x",
      "unix:@",        "unix:@xy",         "AF_UNSPEC",
#ifdef DT_HAVE_PACKET
      "packet:*",      "packet:*/1",       "packet:1/1",
      "packet:1/1/aa", "packet:1/1/aa:bb",
#endif
#ifdef DT_HAVE_NETLINK
      "netlink:0/0",   "netlink:1/0",      "netlink:0/1",
#endif
#ifdef DT_HAVE_VSOCK
      "vsock:1:1",     "vsock:1:2",        "vsock:2:1",
#endif
  };
  size_t count = sizeof texts / sizeof texts[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      struct dt_address a = parsed(texts[i]), b = parsed(texts[j]);
      if (dt_address_equal(&a, &b) != (i == j))
        CHECK_EQ_STR(texts[i], texts[j]);
    }
  }
  CHECK(count > 0);
}

static void ignores_what_is_no_part_of_the_value(void) {
  struct dt_address a = parsed("[::1]:80"), b = parsed("[::1]:80");
  b.u.in6.sin6_flowinfo = htonl(5);
  CHECK(dt_address_equal(&a, &b));
  a = parsed("1.2.3.4:5");
  b = a;
  memset(b.u.in.sin_zero, 7, sizeof b.u.in.sin_zero);
  memset((char *)&b.u + b.length, 7, sizeof b.u - b.length);
  CHECK(dt_address_equal(&a, &b));
}

static void gives_host_port_and_path(void) {
  char text[DT_ADDRESS_TEXT_MAX];
  struct dt_address address = parsed("[2001:db8::1]:80");
  CHECK_EQ_INT(dt_address_host(&address, text), 11);
  CHECK_EQ_STR(text, "2001:db8::1");
  CHECK_EQ_INT(dt_address_port(&address), 80);
  CHECK_EQ_INT(dt_address_path(&address, text), 0);
  address = parsed("127.0.0.1:65535");
  dt_address_host(&address, text);
  CHECK_EQ_STR(text, "127.0.0.1");
  CHECK_EQ_INT(dt_address_port(&address), 65535);
  address = parsed("unix:/x");
  CHECK_EQ_INT(dt_address_host(&address, text), 0);
  CHECK_EQ_STR(text, "");
  CHECK_EQ_INT(dt_address_port(&address), -1);
  CHECK_EQ_INT(dt_address_path(&address, text), 2);
  CHECK_EQ_STR(text, "/x");
}

/* Only as many bytes as `length` says, as Lua's values have them, each family,
   every length: nothing is read past the end, and every text has a NUL. */
static void is_safe_at_every_length(void) {
  static const int families[] = {AF_UNSPEC,   AF_INET,      AF_INET6,
                                 AF_UNIX,     DT_AF_PACKET, DT_AF_NETLINK,
                                 DT_AF_VSOCK, 99,           0xffff};
  static const unsigned char fills[] = {0, 'a', '@', '.', 0xff, 1};
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
    for (size_t fill = 0; fill < sizeof fills; fill++)
      for (socklen_t length = 0; length <= 130; length++) {
        size_t room = length < sizeof(struct sockaddr_storage)
                          ? length
                          : sizeof(struct sockaddr_storage);
        struct dt_address *address =
            malloc(offsetof(struct dt_address, u) + room);
        struct dt_address copy;
        struct dt_address_fields fields;
        char text[DT_ADDRESS_TEXT_MAX];
        sa_family_t family = (sa_family_t)families[f];
        memset(&address->u, fills[fill], room);
        if (room >= offsetof(struct sockaddr, sa_family) + sizeof family)
          memcpy((char *)&address->u + offsetof(struct sockaddr, sa_family),
                 &family, sizeof family);
        address->length = length;
        if (dt_address_format(address, text) >= sizeof text ||
            text[dt_address_format(address, text)] != '\0' ||
            dt_address_host(address, text) >= sizeof text ||
            dt_address_path(address, text) >= sizeof text)
          CHECK_EQ_INT(length, families[f]);
        dt_address_fields(address, &fields);
        dt_address_port(address);
        dt_address_copy(&copy, address);
        if (!dt_address_equal(address, &copy))
          CHECK_EQ_INT(length, families[f]);
        dt_address_map(&copy);
        dt_address_unmap(&copy);
        free(address);
      }
  CHECK(true);
}

static void prints_unknown_families_as_numbers(void) {
  struct sockaddr_storage storage;
  struct dt_address address;
  char text[DT_ADDRESS_TEXT_MAX];
  memset(&storage, 0, sizeof storage);
  storage.ss_family = 99;
  dt_address_from_sockaddr(&address, (struct sockaddr *)&storage, 16);
  dt_address_format(&address, text);
  CHECK_EQ_STR(text, "family 99");
  storage.ss_family = AF_INET6; /* cut */
  dt_address_from_sockaddr(&address, (struct sockaddr *)&storage, 16);
  dt_address_format(&address, text);
  CHECK(strncmp(text, "family ", 7) == 0);
  CHECK_EQ_INT(dt_address_port(&address), -1);
  dt_address_from_sockaddr(&address, (struct sockaddr *)&storage, 0);
  dt_address_format(&address, text);
  CHECK_EQ_STR(text, "AF_UNSPEC");
}

/* --- what the resolver may be asked ------------------------------------- */

static const char *refusal(const char *host) {
  return dt_host_refusal(host, strlen(host), false);
}

static void lets_names_and_literals_pass(void) {
  static const char *const good[] = {"localhost",    "example.org",
                                     "example.org.", "1.2.3.4",
                                     "::1",          "fe80::1%eth0",
                                     "fe80::1%2",    "::ffff:1.2.3.4",
                                     "1a",           "1.x",
                                     "0xg",          "123.example",
                                     "a_b",          "xn--mnchen-3ya.de"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    if (refusal(good[i]))
      CHECK_EQ_STR(refusal(good[i]), good[i]);
  CHECK(!refusal("localhost"));
}

static void refuses_numbers_that_inet_pton_does_not_take(void) {
  static const char *const bad[] = {
      "0127.0.0.1",   "127.1",       "0x7f000001", "0X7F000001",
      "2130706433",   "1.2.3.4.",    "0",          "1.",
      "0x",           "127.0.0.0x1", "127.0.0.01", "017700000001",
      "256.1.1.1",    "1.2.3.4.5",   "foo.1",      "foo.0x1f",
      "::ffff:127.1", "foo.1."};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (!refusal(bad[i]))
      CHECK_EQ_STR(refusal(bad[i]), bad[i]);
  CHECK_EQ_STR(refusal("127.1"), NOT_IPV4);
}

static void refuses_long_hosts_and_cuts_none(void) {
  static const size_t bad[] = {254, 255, 256, 257, 1025};
  char host[1100];
  memset(host, 'a', sizeof host);
  for (size_t i = 63; i < sizeof host; i += 64)
    host[i] = '.';
  CHECK(dt_host_refusal(host, 253, false) == NULL);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    host[bad[i] - 1] = 'a';
    CHECK_EQ_STR(dt_host_refusal(host, bad[i], false),
                 "host longer than 253 bytes");
  }
  host[253] = '.'; /* the final dot is no part of the name */
  CHECK(dt_host_refusal(host, 254, false) == NULL);
  host[253] = 'a';
  host[254] = '.';
  CHECK(dt_host_refusal(host, 255, false) != NULL);
  memset(host, '0', sizeof host); /* CVE-2024-24806 */
  memcpy(host, "0x", 2);
  memcpy(host + 246, "7f000001.x", 10);
  CHECK_EQ_STR(dt_host_refusal(host, 256, false), "host longer than 253 bytes");
}

static void refuses_odd_bytes_in_hosts(void) {
  CHECK_EQ_STR(refusal(""), "the host is empty");
  CHECK_EQ_STR(dt_host_refusal("localhost\0", 10, false), "NUL in the host");
  CHECK_EQ_STR(dt_host_refusal("a\0.example.org", 14, true), "NUL in the host");
  CHECK_EQ_STR(refusal("127.0.0.1 x"), "space or control byte in the host");
  CHECK_EQ_STR(refusal("a\nb"), "space or control byte in the host");
  CHECK_EQ_STR(refusal("a\x7f"), "space or control byte in the host");
  CHECK_EQ_STR(refusal("m\xc3\xbcnchen.de"),
               "host is not ASCII (the flag AI_IDN converts it)");
  CHECK(dt_host_refusal("m\xc3\xbcnchen.de", 11, true) == NULL);
  CHECK_EQ_STR(refusal("*"),
               "not a host (nil and the flag AI_PASSIVE give the wildcard)");
}

int main(void) {
  RUN(prints_what_it_parsed);
  RUN(prints_ipv6_in_its_canonical_form);
  RUN(reads_ports_as_plain_decimal);
  RUN(takes_no_port_where_there_is_none);
  RUN(says_what_is_wrong_with_a_text);
  RUN(refuses_what_is_no_ipv4);
  RUN(refuses_what_is_no_ipv6);
  RUN(refuses_nuls_in_a_host);
  RUN(refuses_hosts_of_any_length_without_cutting);
  RUN(refuses_ports_out_of_range);
  RUN(knows_the_wildcard_of_each_family);
  RUN(keeps_mapped_ipv4_as_ipv4);
  RUN(maps_and_unmaps);
  RUN(knows_scopes_by_name_and_number);
  RUN(knows_unix_texts);
  RUN(takes_any_text_for_a_unix_socket);
  RUN(bounds_unix_names);
  RUN(keeps_every_byte_of_abstract_names);
  RUN(refuses_nuls_in_a_path);
  RUN(tells_paths_with_an_at_from_abstract_names);
  RUN(counts_a_paths_nul_or_not);
#ifdef DT_HAVE_PACKET
  RUN(knows_packet_texts);
  RUN(keeps_long_hardware_addresses);
  RUN(cuts_what_no_hardware_address_is_long_enough_for);
#endif
#ifdef DT_HAVE_NETLINK
  RUN(knows_netlink_texts);
#endif
#ifdef DT_HAVE_VSOCK
  RUN(knows_vsock_texts);
#endif
  RUN(knows_the_address_that_is_none);
  RUN(compares_by_value);
  RUN(ignores_what_is_no_part_of_the_value);
  RUN(gives_host_port_and_path);
  RUN(is_safe_at_every_length);
  RUN(prints_unknown_families_as_numbers);
  RUN(lets_names_and_literals_pass);
  RUN(refuses_numbers_that_inet_pton_does_not_take);
  RUN(refuses_long_hosts_and_cuts_none);
  RUN(refuses_odd_bytes_in_hosts);
  return check_summary();
}
