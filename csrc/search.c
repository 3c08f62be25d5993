/*
 * search.c - see search.h.  Stands on buffer.h.
 */
#include "config.h"

#include "search.h"

static const char line_scanner[] = "\n";

/* What was scanned for another delimiter says nothing about this one. */
static void scan_for(struct dt_buffer *in, const void *scanner) {
  if (in->scanner == scanner)
    return;
  in->scanner = scanner;
  in->scanned = 0;
}

static bool is_delimiter(const struct dt_format *format) {
  return format->form == DT_FORM_DELIMITER;
}

/* Where the delimiter begins, or DT_NOT_FOUND. */
static size_t find_place(struct dt_buffer *in, const struct dt_format *format,
                         size_t from, const char *delimiter, size_t size) {
  if (from > 0) { /* after another format's: `scanned` is about the first */
    struct dt_buffer rest = *in;
    size_t place;
    rest.begin += from;
    rest.scanned = 0;
    place = dt_buffer_find(&rest, delimiter, size);
    return place != DT_NOT_FOUND ? place + from : place;
  }
  scan_for(in, is_delimiter(format) ? (const void *)format
                                    : (const void *)line_scanner);
  return dt_buffer_find(in, delimiter, size);
}

static enum dt_search find_delimiter(struct dt_buffer *in,
                                     const struct dt_format *format,
                                     size_t limit, size_t from,
                                     struct dt_found *found) {
  const char *delimiter =
      is_delimiter(format) ? format->delimiter : line_scanner;
  size_t size = is_delimiter(format) ? format->delimiter_size : 1;
  size_t place = find_place(in, format, from, delimiter, size), end;
  if (place == DT_NOT_FOUND) /* a CR, or what the delimiter begins with, may be
                                the last of what there is */
    return dt_buffer_length(in) - from > limit + size ? DT_TOO_LONG
                                                      : DT_NEED_MORE;
  end = is_delimiter(format) ? place
                             : dt_line_end(dt_buffer_bytes(in), from, place);
  if (end - from > limit)
    return DT_TOO_LONG;
  found->begin = from;
  found->next = place + size;
  found->end = place;
  if (format->inclusive || format->form == DT_FORM_LINE_END)
    found->end = found->next;
  else if (format->form == DT_FORM_LINE)
    found->end = end;
  return DT_FOUND;
}

enum dt_search dt_search(struct dt_buffer *in, const struct dt_format *format,
                         size_t limit, size_t from, struct dt_found *found) {
  switch (format->form) {
  case DT_FORM_ALL:
    return DT_NEED_MORE;
  case DT_FORM_COUNT:
  case DT_FORM_PEEK:
    if (dt_buffer_length(in) - from < format->size)
      return DT_NEED_MORE;
    found->begin = from;
    found->end = found->next = from + format->size;
    return DT_FOUND;
  default:
    return find_delimiter(in, format, limit, from, found);
  }
}

enum dt_search dt_search_rest(const struct dt_buffer *in,
                              const struct dt_format *format, size_t limit,
                              size_t from, struct dt_found *found) {
  size_t length = dt_buffer_length(in) - from;
  found->begin = from;
  found->end = found->next = from + length;
  switch (format->form) {
  case DT_FORM_ALL:
    return DT_FOUND;
  case DT_FORM_COUNT:
  case DT_FORM_PEEK:
    break;
  default: /* the search leaves room for an end, and here there is none */
    if (length > limit)
      return DT_TOO_LONG;
  }
  return length > 0 ? DT_FOUND : DT_NEED_MORE;
}

/* Of a line no more than the limit allows is worth asking for. */
static size_t helping_of_line(size_t limit, size_t length) {
  size_t left = limit > length ? limit - length : 0;
  return length < left ? length : left;
}

size_t dt_search_helping(const struct dt_buffer *in,
                         const struct dt_format *format, size_t limit,
                         size_t from) {
  size_t length = dt_buffer_length(in) - from, most;
  if (format->form == DT_FORM_COUNT || format->form == DT_FORM_PEEK)
    most = format->size - length;
  else if (format->form == DT_FORM_ALL)
    most = length; /* a long one: ever more */
  else
    most = helping_of_line(limit, length);
  if (format->form == DT_FORM_ALL && most < 65536)
    most = 65536;
  if (most < DT_BLOCK)
    most = DT_BLOCK;
  return most > 1048576 ? 1048576 : most;
}
