/*
 * test_option.c - csrc/optiontable.c and the rows of csrc/option_*.c: every row
 * is complete, stands where it is looked for, and is found.
 */
#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "check.h"
#include "optiontable.h"

static const struct dt_option *find(const char *name,
                                    const struct dt_option_group **group) {
  return dt_option_find(name, strlen(name), group);
}

/* Calls `test` for every row. */
static void each(void (*test)(const struct dt_option *option,
                              const struct dt_option_group *group)) {
  for (size_t i = 0; dt_option_groups[i]; i++)
    for (size_t k = 0; k < dt_option_groups[i]->count; k++)
      test(&dt_option_groups[i]->options[k], dt_option_groups[i]);
}

static void is_found(const struct dt_option *option,
                     const struct dt_option_group *group) {
  const struct dt_option_group *where = NULL;
  CHECK(find(option->name, &where) == option);
  CHECK(where == group);
}

static void every_option_is_found(void) {
  each(is_found);
}

static void is_complete(const struct dt_option *option,
                        const struct dt_option_group *group) {
  bool complete =
      strncmp(option->name, group->prefix, strlen(group->prefix)) == 0 &&
      option->kind < DT_OPT_KINDS && option->access >= DT_OPT_GET &&
      option->access <= DT_OPT_GETSET && option->unit && option->systems &&
      *option->systems;
  CHECK_EQ_STR(complete ? NULL : option->name, NULL);
}

static void every_row_is_complete(void) {
  each(is_complete);
}

/* Kinds that no getsockopt can give, and no setsockopt can take. */
static void fits_its_kind(const struct dt_option *option,
                          const struct dt_option_group *group) {
  bool only_set = false, only_get = false;
  (void)group;
  switch (option->kind) {
  case DT_OPT_NONE:
  case DT_OPT_GROUP:
  case DT_OPT_GROUP4:
  case DT_OPT_GROUP6:
  case DT_OPT_SOURCE:
  case DT_OPT_SOURCE4:
  case DT_OPT_MEMBERSHIP:
  case DT_OPT_DESCRIPTOR:
    only_set = true;
    break;
  case DT_OPT_ERRNO:
  case DT_OPT_CREDENTIALS:
  case DT_OPT_BITMAP:
  case DT_OPT_ADDRESS:
    only_get = true;
    break;
  default:
    break;
  }
  CHECK_EQ_STR(only_set && option->access != DT_OPT_SET ? option->name : NULL,
               NULL);
  CHECK_EQ_STR(only_get && option->access != DT_OPT_GET ? option->name : NULL,
               NULL);
}

static void access_fits_the_kind(void) {
  each(fits_its_kind);
}

static void every_kind_has_a_name(void) {
  for (unsigned kind = 0; kind < DT_OPT_KINDS; kind++)
    CHECK(dt_option_type(kind) && *dt_option_type(kind));
  CHECK_EQ_STR(dt_option_type(DT_OPT_KINDS), "unknown");
  CHECK_EQ_STR(dt_option_type(DT_OPT_SOURCE4), "source group");
}

static void has_the_systems_numbers(const char *name, int level, int number) {
  const struct dt_option_group *group = NULL;
  const struct dt_option *option = find(name, &group);
  CHECK(option && group);
  if (option && group) {
    CHECK_EQ_INT(group->level, level);
    CHECK_EQ_INT(option->number, number);
  }
}

static void numbers_are_the_systems(void) {
  has_the_systems_numbers("SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR);
  has_the_systems_numbers("SO_LINGER", SOL_SOCKET, SO_LINGER);
  has_the_systems_numbers("IP_TTL", IPPROTO_IP, IP_TTL);
  has_the_systems_numbers("IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY);
  has_the_systems_numbers("TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY);
}

static void prefixes_that_begin_alike_are_told_apart(void) {
  const struct dt_option_group *group = NULL;
  CHECK(find("SO_VM_SOCKETS_BUFFER_SIZE", &group) &&
        group == &dt_options_vsock);
  CHECK(find("SO_ORIGINAL_DST", &group) && group->level == IPPROTO_IP);
  CHECK(find("IP6T_SO_ORIGINAL_DST", &group) && group->level == IPPROTO_IPV6);
}

static void multicast_goes_by_the_sockets_family(void) {
  const struct dt_option_group *group = NULL;
  CHECK(find("MCAST_JOIN_GROUP", &group) != NULL);
  CHECK(group == &dt_options_multicast);
  CHECK_EQ_INT(dt_option_level(group, AF_INET), IPPROTO_IP);
  CHECK_EQ_INT(dt_option_level(group, AF_INET6), IPPROTO_IPV6);
  CHECK_EQ_INT(dt_option_level(&dt_options_tcp, AF_INET6), IPPROTO_TCP);
}

static void other_names_are_not_found(void) {
  static const char *const names[] = {"",           "SO_",        "SO_REUSEADD",
                                      "so_linger",  "SO_LINGERX", "LINGER",
                                      "IP_NODELAY", "TCP_",       "XX_SO_MARK"};
  const struct dt_option_group *group = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    CHECK(find(names[i], &group) == NULL);
  CHECK(dt_option_find("SO_MARK\0", 8, &group) == NULL);
  CHECK(group == NULL);
}

static void a_wrong_name_still_has_its_group(void) {
  CHECK(dt_option_group_of("SO_X") == &dt_options_socket);
  CHECK(dt_option_group_of("IPV6_X") == &dt_options_ipv6);
  CHECK(dt_option_group_of("REUSEADDR") == NULL);
  CHECK(dt_option_group_of("") == NULL);
}

int main(void) {
  RUN(every_option_is_found);
  RUN(every_row_is_complete);
  RUN(access_fits_the_kind);
  RUN(every_kind_has_a_name);
  RUN(numbers_are_the_systems);
  RUN(prefixes_that_begin_alike_are_told_apart);
  RUN(multicast_goes_by_the_sockets_family);
  RUN(other_names_are_not_found);
  RUN(a_wrong_name_still_has_its_group);
  return check_summary();
}
