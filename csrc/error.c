/*
 * error.c - see error.h.  Stands on strerror_r(3) for errno's words, and on a
 * table for their names, since C has none.
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

struct name {
  const char *name;
  int number;
};

#define ROW(name)                                                              \
  { #name, name }

/* Where two names share a number, the one that is printed stands first
   (EAGAIN before EWOULDBLOCK, EOPNOTSUPP before ENOTSUP on Linux). */
static const struct name errnos[] = {
    ROW(E2BIG),         ROW(EACCES),          ROW(EADDRINUSE),
    ROW(EADDRNOTAVAIL), ROW(EAFNOSUPPORT),    ROW(EAGAIN),
    ROW(EWOULDBLOCK),   ROW(EALREADY),        ROW(EBADF),
    ROW(EBADMSG),       ROW(EBUSY),           ROW(ECANCELED),
    ROW(ECHILD),        ROW(ECONNABORTED),    ROW(ECONNREFUSED),
    ROW(ECONNRESET),    ROW(EDEADLK),         ROW(EDESTADDRREQ),
    ROW(EDOM),          ROW(EDQUOT),          ROW(EEXIST),
    ROW(EFAULT),        ROW(EFBIG),           ROW(EHOSTUNREACH),
    ROW(EIDRM),         ROW(EILSEQ),          ROW(EINPROGRESS),
    ROW(EINTR),         ROW(EINVAL),          ROW(EIO),
    ROW(EISCONN),       ROW(EISDIR),          ROW(ELOOP),
    ROW(EMFILE),        ROW(EMLINK),          ROW(EMSGSIZE),
    ROW(ENAMETOOLONG),  ROW(ENETDOWN),        ROW(ENETRESET),
    ROW(ENETUNREACH),   ROW(ENFILE),          ROW(ENOBUFS),
    ROW(ENODEV),        ROW(ENOENT),          ROW(ENOEXEC),
    ROW(ENOLCK),        ROW(ENOMEM),          ROW(ENOMSG),
    ROW(ENOPROTOOPT),   ROW(ENOSPC),          ROW(ENOSYS),
    ROW(ENOTBLK),       ROW(ENOTCONN),        ROW(ENOTDIR),
    ROW(ENOTEMPTY),     ROW(ENOTSOCK),        ROW(ENOTTY),
    ROW(ENXIO),         ROW(EOPNOTSUPP),      ROW(ENOTSUP),
    ROW(EOVERFLOW),     ROW(EPERM),           ROW(EPFNOSUPPORT),
    ROW(EPIPE),         ROW(EPROTO),          ROW(EPROTONOSUPPORT),
    ROW(EPROTOTYPE),    ROW(ERANGE),          ROW(EROFS),
    ROW(ESHUTDOWN),     ROW(ESOCKTNOSUPPORT), ROW(ESPIPE),
    ROW(ESRCH),         ROW(ESTALE),          ROW(ETIMEDOUT),
    ROW(ETOOMANYREFS),  ROW(ETXTBSY),         ROW(EUSERS),
    ROW(EXDEV),
#ifdef ECOMM
    ROW(ECOMM),
#endif
#ifdef EHOSTDOWN
    ROW(EHOSTDOWN),
#endif
#ifdef ENOLINK
    ROW(ENOLINK),
#endif
#ifdef ENONET
    ROW(ENONET),
#endif
#ifdef ENOSR
    ROW(ENOSR),
#endif
#ifdef ENOTUNIQ
    ROW(ENOTUNIQ),
#endif
#ifdef ENODATA
    ROW(ENODATA),
#endif
#ifdef EREMOTE
    ROW(EREMOTE),
#endif
#ifdef ERESTART
    ROW(ERESTART),
#endif
#ifdef ENOKEY
    ROW(ENOKEY),
#endif
#ifdef EKEYEXPIRED
    ROW(EKEYEXPIRED),
#endif
#ifdef EKEYREJECTED
    ROW(EKEYREJECTED),
#endif
#ifdef ENOMEDIUM
    ROW(ENOMEDIUM),
#endif
#ifdef ENOSTR
    ROW(ENOSTR),
#endif
#ifdef ETIME
    ROW(ETIME),
#endif
#ifdef EBADFD
    ROW(EBADFD),
#endif
#ifdef EADV
    ROW(EADV),
#endif
#ifdef ENOPKG
    ROW(ENOPKG),
#endif
};

static const struct name eais[] = {
    ROW(EAI_AGAIN),      ROW(EAI_BADFLAGS), ROW(EAI_FAIL),     ROW(EAI_FAMILY),
    ROW(EAI_MEMORY),     ROW(EAI_NONAME),   ROW(EAI_OVERFLOW), ROW(EAI_SERVICE),
    ROW(EAI_SOCKTYPE),   ROW(EAI_SYSTEM),
#ifdef EAI_NODATA
    ROW(EAI_NODATA),
#endif
#ifdef EAI_ADDRFAMILY
    ROW(EAI_ADDRFAMILY),
#endif
#ifdef EAI_IDN_ENCODE
    ROW(EAI_IDN_ENCODE),
#endif
#ifdef EAI_CANCELED
    ROW(EAI_CANCELED),
#endif
#ifdef EAI_INTR
    ROW(EAI_INTR),
#endif
};

/* Indexed by the negative of enum dt_word. */
static const struct {
  const char *code, *reason;
} words[] = {
    {NULL, NULL},
    {"timeout", "the time limit was reached"},
    {"eof", "the peer has ended its stream"},
    {"closed", "the socket is closed"},
    {"cancelled", "cancelled"},
    {"busy", "somebody else is waiting for the same"},
    {"limit", "more than the limit without an end"},
    {"closed", "the queue is closed"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* strerror_r has two shapes: XSI's fills the space and returns 0, GNU's returns
   the text, which may be elsewhere.  The type it returns picks one of these. */
static const char *from_xsi(int result, char *space, int error) {
  if (result != 0)
    snprintf(space, DT_REASON_MAX, "Unknown error %d", error);
  return space;
}

static const char *from_gnu(const char *text, char *space, int error) {
  return text ? text : from_xsi(-1, space, error);
}

#define FROM_STRERROR(result, space, error)                                    \
  _Generic((result), int : from_xsi, default : from_gnu)(result, space, error)

static const char *strerror_in(int error, char *space) {
  return FROM_STRERROR(strerror_r(error, space, DT_REASON_MAX), space, error);
}

static bool is_word(int error) {
  return error < 0 && error > -(int)COUNT(words);
}

static const char *name_of(const struct name *list, size_t count, int number) {
  for (size_t i = 0; i < count; i++)
    if (list[i].number == number)
      return list[i].name;
  return NULL;
}

const char *dt_error_code(int error, char space[DT_CODE_MAX]) {
  const char *name;
  if (is_word(error))
    return words[-error].code;
  name = name_of(errnos, COUNT(errnos), error);
  if (name)
    return name;
  snprintf(space, DT_CODE_MAX, "E%d", error);
  return space;
}

const char *dt_error_reason(int error, char space[DT_REASON_MAX]) {
  if (is_word(error))
    return words[-error].reason;
  return strerror_in(error, space);
}

int dt_error_number(const char *name) {
  for (size_t i = 0; i < COUNT(errnos); i++)
    if (strcmp(errnos[i].name, name) == 0)
      return errnos[i].number;
  return 0;
}

const char *dt_eai_code(int code) {
  const char *name = name_of(eais, COUNT(eais), code);
  return name ? name : "EAI_UNKNOWN";
}
