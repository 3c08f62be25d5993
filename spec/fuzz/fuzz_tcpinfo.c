/*
 * fuzz_tcpinfo.c - TCP_INFO of any length: a field is read when all of it is
 * there, and never past the end.  The oracle puts the bytes together itself.
 */
#include "config.h"

#include "fuzz.h"
#include "tcpinfo.h"

/* Byte by byte, in this machine's order. */
static uint64_t expected(const struct dt_tcpinfo_field *field,
                         const unsigned char *bytes) {
  const uint16_t probe = 1;
  bool little = *(const unsigned char *)&probe == 1;
  uint64_t number = 0;
  for (unsigned i = 0; i < field->width; i++)
    number |= (uint64_t)bytes[field->offset + i]
              << 8 * (little ? i : field->width - 1U - i);
  if (field->bits) {
    number >>= little ? field->shift : 8U - field->shift - field->bits;
    number &= (1U << field->bits) - 1;
  }
  return number;
}

static void check_names(int number) {
  const char *name = dt_tcp_state_name(number);
  REQUIRE(name && *name);
  name = dt_tcp_ca_state_name(number);
  REQUIRE(!name || *name);
  name = dt_tcp_option_name(number);
  REQUIRE(!name || *name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char *bytes = exact_copy(data, size);
  for (size_t i = 0; i < dt_tcpinfo_count; i++) {
    const struct dt_tcpinfo_field *field = &dt_tcpinfo_fields[i];
    uint64_t value = 0;
    bool there = dt_tcpinfo_value(field, bytes, size, &value);
    REQUIRE(there == (field->offset + field->width <= size));
    if (!there)
      continue;
    REQUIRE(value == expected(field, bytes));
    check_names((int)value);
  }
  free(bytes);
  return 0;
}
