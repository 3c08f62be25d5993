/*
 * test_constant.c - csrc/constant.c: names and numbers find each other, and
 * what this system lacks is known all the same.
 */
#include "config.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "check.h"
#include "constant.h"

static const struct dt_constant *find(const struct dt_set *set,
                                      const char *name) {
  return dt_constant_find(set, name, strlen(name));
}

static int value_of(const struct dt_set *set, const char *name) {
  const struct dt_constant *item = find(set, name);
  return item ? item->value : DT_ABSENT;
}

static void every_name_is_found(void) {
  for (size_t i = 0; dt_sets[i]; i++)
    for (size_t k = 0; k < dt_sets[i]->count; k++) {
      const struct dt_constant *item = &dt_sets[i]->items[k];
      /* itself: no name stands twice in a set */
      CHECK(item->name && find(dt_sets[i], item->name) == item);
    }
}

static void every_set_has_a_word_for_messages(void) {
  for (size_t i = 0; dt_sets[i]; i++)
    CHECK(dt_sets[i]->what && *dt_sets[i]->what);
}

static void a_printed_name_means_its_value(void) {
  for (size_t i = 0; dt_sets[i]; i++)
    for (size_t k = 0; k < dt_sets[i]->count; k++) {
      int value = dt_sets[i]->items[k].value;
      const char *name = dt_constant_name(dt_sets[i], value);
      if (value == DT_ABSENT)
        CHECK(name == NULL);
      else
        CHECK_EQ_INT(value_of(dt_sets[i], name), value);
    }
}

static void values_are_the_systems(void) {
  CHECK_EQ_INT(value_of(&dt_domains, "AF_INET6"), AF_INET6);
  CHECK_EQ_INT(value_of(&dt_domains, "PF_INET6"), AF_INET6);
  CHECK_EQ_INT(value_of(&dt_types, "SOCK_DGRAM"), SOCK_DGRAM);
  CHECK_EQ_INT(value_of(&dt_protocols, "IPPROTO_UDP"), IPPROTO_UDP);
  CHECK_EQ_INT(value_of(&dt_levels, "SOL_SOCKET"), SOL_SOCKET);
  CHECK_EQ_INT(value_of(&dt_levels, "SOL_TCP"), IPPROTO_TCP);
  CHECK_EQ_INT(value_of(&dt_message_flags, "MSG_PEEK"), MSG_PEEK);
  CHECK_EQ_INT(value_of(&dt_shutdown_hows, "SHUT_RDWR"), SHUT_RDWR);
  CHECK_EQ_INT(value_of(&dt_poll_events, "POLLOUT"), POLLOUT);
}

static void the_usual_name_is_printed(void) {
  CHECK_EQ_STR(dt_constant_name(&dt_domains, AF_UNIX), "AF_UNIX");
  CHECK_EQ_STR(dt_constant_name(&dt_domains, AF_INET), "AF_INET");
  CHECK_EQ_STR(dt_constant_name(&dt_levels, SOL_SOCKET), "SOL_SOCKET");
  CHECK_EQ_STR(dt_constant_name(&dt_levels, IPPROTO_IP), "IPPROTO_IP");
  CHECK_EQ_STR(dt_constant_name(&dt_levels, IPPROTO_TCP), "IPPROTO_TCP");
  CHECK_EQ_STR(dt_constant_name(&dt_protocols, 0), "IPPROTO_IP");
}

static void unknown_names_and_numbers_have_nothing(void) {
  CHECK(find(&dt_domains, "AF_INE") == NULL);
  CHECK(find(&dt_domains, "AF_INET66") == NULL);
  CHECK(find(&dt_domains, "af_inet") == NULL);
  CHECK(find(&dt_domains, "") == NULL);
  CHECK(dt_constant_name(&dt_domains, 12345) == NULL);
  CHECK(dt_constant_name(&dt_domains, DT_ABSENT) == NULL);
}

static void names_are_compared_by_length(void) {
  CHECK(dt_constant_find(&dt_domains, "AF_INET6", 7) ==
        find(&dt_domains, "AF_INET"));
  CHECK(dt_constant_find(&dt_domains, "AF_INET\0", 8) == NULL);
  CHECK(dt_constant_find(&dt_domains, "AF_INET\0x", 9) == NULL);
}

static void protocols_of_other_families_are_found_not_printed(void) {
  CHECK(find(&dt_protocols, "NETLINK_GENERIC") != NULL);
  CHECK(find(&dt_protocols, "ETH_P_IPV6") != NULL);
  CHECK(dt_constant_name(&dt_protocols, 0x86dd) == NULL);
  CHECK(find(&dt_ether_types, "IPPROTO_TCP") == NULL);
  CHECK(find(&dt_ether_types, "NETLINK_ROUTE") == NULL);
  CHECK(find(&dt_netlink_protocols, "ETH_P_IP") == NULL);
}

static void protocols_go_by_the_family(void) {
  CHECK(dt_protocols_of(AF_INET) == &dt_protocols);
  CHECK(dt_protocols_of(AF_INET6) == &dt_protocols);
  CHECK(dt_constant_name(dt_protocols_of(AF_UNIX), 0) == NULL);
  CHECK(find(dt_protocols_of(AF_UNIX), "IPPROTO_IP") == NULL);
#ifdef DT_HAVE_NETLINK
  CHECK_EQ_STR(dt_constant_name(dt_protocols_of(AF_NETLINK), 0),
               "NETLINK_ROUTE");
#endif
#ifdef DT_HAVE_PACKET
  CHECK_EQ_STR(dt_constant_name(dt_protocols_of(AF_PACKET), 0x800), "ETH_P_IP");
#endif
}

/* At least one of these is on no system together with the others. */
static void absent_names_are_known(void) {
  const struct dt_constant *linux_only = find(&dt_domains, "AF_NETLINK");
  const struct dt_constant *macos_only = find(&dt_domains, "AF_NDRV");
  CHECK(linux_only && macos_only);
  if (linux_only && macos_only)
    CHECK(linux_only->value == DT_ABSENT || macos_only->value == DT_ABSENT);
}

int main(void) {
  RUN(every_name_is_found);
  RUN(every_set_has_a_word_for_messages);
  RUN(a_printed_name_means_its_value);
  RUN(values_are_the_systems);
  RUN(the_usual_name_is_printed);
  RUN(unknown_names_and_numbers_have_nothing);
  RUN(names_are_compared_by_length);
  RUN(protocols_of_other_families_are_found_not_printed);
  RUN(protocols_go_by_the_family);
  RUN(absent_names_are_known);
  return check_summary();
}
