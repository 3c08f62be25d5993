/*
 * search.h - what a read is to find in the bytes that have come: a line, what
 * lies before a delimiter, so many bytes, or all.
 *
 * Plain: it knows a buffer and nothing of sockets, so that it can be tried with
 * any bytes, cut in any way.  mod_stream.c has the methods that read.
 */
#ifndef DT_SEARCH_H
#define DT_SEARCH_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

enum dt_form {
  DT_FORM_LINE,      /* "l": without its end */
  DT_FORM_LINE_END,  /* "L": with it */
  DT_FORM_ALL,       /* "a" */
  DT_FORM_COUNT,     /* a number */
  DT_FORM_DELIMITER, /* readuntil */
  DT_FORM_PEEK
};

struct dt_format {
  enum dt_form form;
  size_t size;           /* of DT_FORM_COUNT and DT_FORM_PEEK */
  const char *delimiter; /* anchored by the caller */
  size_t delimiter_size; /* >= 1 */
  bool inclusive;
};

/* What is found for a format at `from` (counted from the buffer's first byte).
 */
struct dt_found {
  size_t begin, end; /* what is given */
  size_t next;       /* where the next one begins */
};

enum dt_search { DT_FOUND, DT_NEED_MORE, DT_TOO_LONG };

DT_INTERNAL_BEGIN

/* A line ends with LF, or with CRLF: where what is before `end`, the place of
   the LF, ends. */
static inline size_t dt_line_end(const char *bytes, size_t begin, size_t end) {
  return end > begin && bytes[end - 1] == '\r' ? end - 1 : end;
}

/* Looks for what the format wants in what is there, from `from` on; a line, or
   what lies before a delimiter, may have `limit` bytes.  What was looked
   through once is not again, if the next call has the same format, at the same
   address: whoever makes another delimiter sets `in->scanner` to NULL first. */
enum dt_search dt_search(struct dt_buffer *in, const struct dt_format *format,
                         size_t limit, size_t from, struct dt_found *found);

/* After that, at the end of the stream: what is left will do, if it is
   anything. */
enum dt_search dt_search_rest(const struct dt_buffer *in,
                              const struct dt_format *format, size_t limit,
                              size_t from, struct dt_found *found);

/* How many bytes to ask the kernel for when more are needed. */
size_t dt_search_helping(const struct dt_buffer *in,
                         const struct dt_format *format, size_t limit,
                         size_t from);

DT_INTERNAL_END

#endif
