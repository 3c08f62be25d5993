/*
 * fuzz_control.c - control messages: a buffer as the kernel might fill it, read
 * message by message; and values, written and read again.
 *
 * Oracles: the C library's own way through a buffer, where that is safe (each
 * message lies inside); that no body lies outside; and the round trip.
 */
#include "config.h"

#include <string.h>
#ifdef DT_HAVE_EXTENDED_ERR
#  include <time.h> /* errqueue.h needs it */
#  include <linux/errqueue.h>
#endif

#include "constant.h"
#include "control.h"
#include "fuzz.h"

/* --- reading ---------------------------------------------------------------
 */

/* The message that CMSG_FIRSTHDR and CMSG_NXTHDR come to, if it is whole. */
static const struct cmsghdr *library_next(struct msghdr *message,
                                          const struct cmsghdr *last) {
  const unsigned char *end =
      (unsigned char *)message->msg_control + message->msg_controllen;
  struct cmsghdr *next = last ? CMSG_NXTHDR(message, (struct cmsghdr *)last)
                              : CMSG_FIRSTHDR(message);
  if (!next || next->cmsg_len < CMSG_LEN(0) ||
      next->cmsg_len > (size_t)(end - (unsigned char *)next))
    return NULL;
  return next;
}

/* What the library finds is found, at the same places. */
static void check_walk(unsigned char *buffer, size_t size) {
  struct msghdr message = {.msg_control = buffer, .msg_controllen = size};
  const struct cmsghdr *expected = NULL;
  struct dt_control_item item;
  size_t offset = 0;
  while ((expected = library_next(&message, expected)) != NULL) {
    REQUIRE(dt_control_next(buffer, size, &offset, &item));
    REQUIRE(item.level == expected->cmsg_level);
    REQUIRE(item.type == expected->cmsg_type);
    REQUIRE(item.data == CMSG_DATA(expected));
    REQUIRE(item.size == expected->cmsg_len - CMSG_LEN(0));
  }
}

#ifdef DT_HAVE_EXTENDED_ERR
/* Whoever sent the error is known only when all of his address is there. */
static void check_error(const struct dt_control_item *item,
                        const struct dt_control_value *value) {
  const struct dt_address *offender = &value->u.error.offender;
  size_t head = sizeof(struct sock_extended_err);
  REQUIRE(item->size >= head + offender->length);
  REQUIRE(same_bytes(&offender->u, item->data + head, offender->length));
}
#endif

static void check_value(const struct dt_control_type *type,
                        const struct dt_control_item *item) {
  struct dt_control_item copy = *item;
  struct dt_control_value value, again;
  unsigned char body[DT_CONTROL_BODY_MAX];
  unsigned char *bytes = exact_copy(item->data, item->size);
  size_t size;
  copy.data = bytes;
  memset(&value, 0, sizeof value);
  memset(&again, 0, sizeof again);
  if (dt_control_decode(type, &copy, &value)) {
#ifdef DT_HAVE_EXTENDED_ERR
    if (type->kind == DT_CONTROL_ERROR)
      check_error(&copy, &value);
#endif
    size = dt_control_encode(type->kind, &value, body);
    REQUIRE(size <= sizeof body && (size > 0 || !type->sendable));
    copy.data = body;
    copy.size = size;
    if (size >= sizeof(int)) { /* smaller ones are cut on the way out */
      REQUIRE(dt_control_decode(type, &copy, &again));
      if (type->kind == DT_CONTROL_INT)
        REQUIRE(value.u.integer == again.u.integer);
    }
  }
  free(bytes);
}

static void check_buffer(unsigned char *buffer, size_t size) {
  struct dt_control_item item;
  size_t offset = 0, descriptors = 0, before = 0;
  int *fds = malloc(size > 0 ? size : 1);
  REQUIRE(fds);
  while (dt_control_next(buffer, size, &offset, &item)) {
    const struct dt_control_type *type =
        dt_control_known(item.level, item.type);
    REQUIRE(offset > before && offset <= size);
    before = offset;
    REQUIRE(item.data >= buffer && item.size <= size &&
            (size_t)(item.data - buffer) <= size - item.size);
    if (!type)
      continue;
    REQUIRE(dt_control_named(type->name, strlen(type->name)));
    if (type->kind == DT_CONTROL_FDS)
      descriptors += item.size / sizeof(int);
    check_value(type, &item);
  }
  REQUIRE(descriptors <= size / sizeof(int));
  REQUIRE(dt_control_descriptors(buffer, size, fds) == descriptors);
  free(fds);
}

/* --- writing ---------------------------------------------------------------
 */

/* A body written behind a gap, and found again. */
static void check_put(struct fuzz_input *input) {
  int level = (int)take_number(input, 4), type = (int)take_number(input, 4);
  size_t size, space, offset = 0;
  const uint8_t *body = take_bytes(input, take_byte(input), &size);
  struct dt_control_item item;
  unsigned char *place;
  space = dt_control_space(size);
  REQUIRE(space >= CMSG_LEN(size));
  place = malloc(space);
  REQUIRE(place);
  memset(place, 0xee, space);
  dt_control_put(place, level, type, body, size);
  REQUIRE(dt_control_next(place, space, &offset, &item));
  REQUIRE(item.level == level && item.type == type && item.size == size);
  REQUIRE(same_bytes(item.data, body, size) && offset == space);
  for (size_t i = CMSG_LEN(size); i < space; i++)
    REQUIRE(place[i] == 0); /* nothing old goes out in the gap */
  free(place);
}

/* An integer that the kind can hold comes back as it was. */
static void check_integers(struct fuzz_input *input) {
  long long number = (int32_t)take_number(input, 4), low, high;
  const struct dt_control_type *type;
  unsigned char body[DT_CONTROL_BODY_MAX];
  for (size_t i = 0; (type = dt_control_at(i)) != NULL; i++) {
    struct dt_control_value value = {{number}}, again;
    struct dt_control_item item = {type->level, type->type, body, 0};
    if (!dt_control_range(type->kind, &low, &high) || number < low ||
        number > high)
      continue;
    item.size = dt_control_encode(type->kind, &value, body);
    REQUIRE(dt_control_decode(type, &item, &again));
    REQUIRE(again.u.integer == number);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  unsigned mode = take_byte(&input);
  unsigned char *buffer;
  if (mode % 2 == 0) {
    check_integers(&input);
    check_put(&input);
    return 0;
  }
  buffer = exact_copy(input.data, input.size);
  check_walk(buffer, input.size);
  check_buffer(buffer, input.size);
  free(buffer);
  return 0;
}
