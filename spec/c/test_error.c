/*
 * test_error.c - csrc/error.c: what users see of a failure.
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>

#include "check.h"
#include "error.h"

#define NO_ERRNO 4095 /* the last that the kernel could return: nobody's */

static void an_errno_has_its_own_name_and_back(void) {
  char space[DT_CODE_MAX];
  CHECK_EQ_STR(dt_error_code(ECONNREFUSED, space), "ECONNREFUSED");
  CHECK_EQ_INT(dt_error_number("ECONNREFUSED"), ECONNREFUSED);
}

static void one_that_is_not_known_is_called_by_its_number(void) {
  char space[DT_CODE_MAX], reason[DT_REASON_MAX];
  CHECK_EQ_STR(dt_error_code(NO_ERRNO, space), "E4095");
  CHECK(strstr(dt_error_reason(NO_ERRNO, reason), "4095") != NULL);
}

static void a_number_below_our_words_is_none_of_them(void) {
  char space[DT_CODE_MAX];
  CHECK_EQ_STR(dt_error_code(DT_LIMIT, space), "limit");
  CHECK_EQ_STR(dt_error_code(DT_QUEUE_CLOSED, space), "closed");
  CHECK_EQ_STR(dt_error_code(DT_QUEUE_CLOSED - 1, space), "E-8");
}

static void a_name_that_is_no_errnos_has_no_number(void) {
  CHECK_EQ_INT(dt_error_number("ENOSUCHTHING"), 0);
  CHECK_EQ_INT(dt_error_number(""), 0);
  CHECK_EQ_INT(dt_error_number("timeout"), 0);
}

static void what_getaddrinfo_returns_has_a_name(void) {
  CHECK_EQ_STR(dt_eai_code(EAI_NONAME), "EAI_NONAME");
  CHECK_EQ_STR(dt_eai_code(12345), "EAI_UNKNOWN");
}

int main(void) {
  RUN(an_errno_has_its_own_name_and_back);
  RUN(one_that_is_not_known_is_called_by_its_number);
  RUN(a_number_below_our_words_is_none_of_them);
  RUN(a_name_that_is_no_errnos_has_no_number);
  RUN(what_getaddrinfo_returns_has_a_name);
  return check_summary();
}
