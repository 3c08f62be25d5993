/*
 * fuzz_name.c - names of constants, options and control types: texts of any
 * bytes and length, with a NUL behind them as Lua's have.  The oracle compares
 * with every name there is.
 */
#include "config.h"

#include "constant.h"
#include "control.h"
#include "fuzz.h"
#include "optiontable.h"

static bool is(const char *name, const char *text, size_t size) {
  return strlen(name) == size && memcmp(name, text, size) == 0;
}

/* The first of that name, in the set or those it finds too. */
static const struct dt_constant *
expected_constant(const struct dt_set *set, const char *text, size_t size) {
  for (; set; set = set->more)
    for (size_t i = 0; i < set->count; i++)
      if (is(set->items[i].name, text, size))
        return &set->items[i];
  return NULL;
}

static void check_constants(const char *text, size_t size) {
  for (size_t i = 0; dt_sets[i]; i++) {
    const struct dt_constant *found = dt_constant_find(dt_sets[i], text, size);
    const struct dt_constant *expected =
        expected_constant(dt_sets[i], text, size);
    REQUIRE(!found == !expected);
    REQUIRE(!found || found->value == expected->value);
  }
}

static const struct dt_option *expected_option(const char *text, size_t size) {
  for (size_t i = 0; dt_option_groups[i]; i++)
    for (size_t k = 0; k < dt_option_groups[i]->count; k++)
      if (is(dt_option_groups[i]->options[k].name, text, size))
        return &dt_option_groups[i]->options[k];
  return NULL;
}

static void check_options(const char *text, size_t size) {
  const struct dt_option_group *group = NULL;
  const struct dt_option *found = dt_option_find(text, size, &group);
  REQUIRE(found == expected_option(text, size));
  REQUIRE(!found ||
          (found >= group->options && found < group->options + group->count));
  group = dt_option_group_of(text);
  REQUIRE(!group || strncmp(group->prefix, text, strlen(group->prefix)) == 0);
  REQUIRE(!found || group);
}

static void check_controls(const char *text, size_t size) {
  const struct dt_control_type *found = dt_control_named(text, size), *type;
  size_t i = 0;
  while ((type = dt_control_at(i)) != NULL && !is(type->name, text, size))
    i++;
  REQUIRE(found == type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  REQUIRE(text);
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  check_constants(text, size);
  check_options(text, size);
  check_controls(text, size);
  free(text);
  return 0;
}
