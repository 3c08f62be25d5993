/*
 * error.h - failures as numbers, and as the two strings that users see.
 *
 * Inside, a failure is one int: an errno when positive, a word of this library
 * when negative.  Outside it is a message and a code: the errno's own name
 * ("ECONNREFUSED") or the word ("timeout").  This is the only place where one
 * becomes the other; getaddrinfo's EAI_ numbers have functions of their own,
 * as they overlap with both.
 */
#ifndef DT_ERROR_H
#define DT_ERROR_H

#include "config.h"

#include <stddef.h>

/* Our own words.  They are negative, as no errno is. */
enum dt_word {
  DT_TIMEOUT = -1,     /* "timeout": a time limit of ours ran out */
  DT_EOF = -2,         /* "eof": the peer ended its stream in good order */
  DT_CLOSED = -3,      /* "closed": we closed the socket */
  DT_CANCELLED = -4,   /* "cancelled" */
  DT_BUSY = -5,        /* "busy": somebody else waits for the same thing */
  DT_LIMIT = -6,       /* "limit": more than the reader allows */
  DT_QUEUE_CLOSED = -7 /* "closed": we closed the queue */
};

#define DT_REASON_MAX 128 /* bytes for any reason, with its NUL */
#define DT_CODE_MAX   16  /* bytes for the code of an errno without a name */

DT_INTERNAL_BEGIN

/* The code for `error`: "ECONNREFUSED", "timeout".  For an errno that has no
   name in our table it is "E" and the number, written into `space`. */
const char *dt_error_code(int error, char space[DT_CODE_MAX]);

/* The reason in words: "Connection refused", "time limit reached".  Points to
   `space` or to a constant. */
const char *dt_error_reason(int error, char space[DT_REASON_MAX]);

/* The errno called `name`, or 0 when there is none of that name. */
int dt_error_number(const char *name);

/* "EAI_NONAME" for what getaddrinfo returned; "EAI_UNKNOWN" for others. */
const char *dt_eai_code(int code);

DT_INTERNAL_END

#endif
