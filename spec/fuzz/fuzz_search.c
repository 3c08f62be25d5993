/*
 * fuzz_search.c - reading: what is found in a stream that comes in pieces is
 * what a plain look at the whole text finds.
 *
 * The input: the limit, then a program of reads, then the text.  Each read has
 * a format, and a byte that says how large the pieces are that come while it
 * waits; some reads are given up half way, as by a time limit, which must not
 * disturb those that come after.  In the end the stream ends.
 */
#include "config.h"

#include "buffer.h"
#include "fuzz.h"
#include "search.h"

#define READS_MAX 16

struct read {
  struct dt_format format;
  char delimiter[8];
  unsigned piece;    /* bytes that come at once */
  unsigned patience; /* pieces before it is given up; 0: it never is */
  bool behind;       /* it looks behind the read before it, which takes nothing
                        itself: as read("l", 10) does */
};

struct stream {
  struct dt_buffer in;
  const char *text; /* all of it */
  size_t size;
  size_t come;  /* so many bytes of it are here, or were */
  size_t taken; /* so many of them were read */
  size_t limit;
};

/* --- the oracle ------------------------------------------------------------
 */

/* Where a delimiter begins in the whole text. */
static size_t place_in(const struct stream *stream, size_t from,
                       const char *delimiter, size_t size) {
  for (size_t i = from; i + size <= stream->size; i++)
    if (memcmp(stream->text + i, delimiter, size) == 0)
      return i;
  return DT_NOT_FOUND;
}

/* A line or what lies before a delimiter, with the whole text in view. */
static enum dt_search expect_line(const struct stream *stream,
                                  const struct dt_format *format, size_t from,
                                  struct dt_found *found) {
  bool line = format->form != DT_FORM_DELIMITER;
  const char *delimiter = line ? "\n" : format->delimiter;
  size_t size = line ? 1 : format->delimiter_size;
  size_t place = place_in(stream, from, delimiter, size), end = place;
  found->begin = from;
  if (place == DT_NOT_FOUND) {
    found->end = found->next = stream->size;
    if (stream->size - from > stream->limit)
      return DT_TOO_LONG;
    return stream->size > from ? DT_FOUND : DT_NEED_MORE;
  }
  if (line && end > from && stream->text[end - 1] == '\r')
    end--;
  if (end - from > stream->limit)
    return DT_TOO_LONG;
  found->next = place + size;
  found->end = end;
  if (format->form == DT_FORM_LINE_END || format->inclusive)
    found->end = found->next;
  return DT_FOUND;
}

static enum dt_search expect(const struct stream *stream,
                             const struct dt_format *format, size_t from,
                             struct dt_found *found) {
  size_t left = stream->size - from;
  switch (format->form) {
  case DT_FORM_ALL:
    *found = (struct dt_found){from, stream->size, stream->size};
    return DT_FOUND;
  case DT_FORM_COUNT:
  case DT_FORM_PEEK:
    if (format->size < left)
      left = format->size;
    *found = (struct dt_found){from, from + left, from + left};
    return left > 0 || format->size == 0 ? DT_FOUND : DT_NEED_MORE;
  default:
    return expect_line(stream, format, from, found);
  }
}

/* --- the stream ------------------------------------------------------------
 */

/* False: that was all. */
static bool receive(struct stream *stream, size_t size) {
  size_t left = stream->size - stream->come;
  if (size > left)
    size = left;
  REQUIRE(dt_buffer_add(&stream->in, stream->text + stream->come, size, NULL));
  stream->come += size;
  return size > 0;
}

/* As mod_stream.c does it.  *abandoned: somebody lost his patience. */
static enum dt_search look(struct stream *stream, const struct read *read,
                           size_t from, struct dt_found *found,
                           bool *abandoned) {
  enum dt_search result;
  if (read->format.form == DT_FORM_DELIMITER)
    stream->in.scanner = NULL;
  for (unsigned pieces = 1;; pieces++) {
    size_t helping;
    result = dt_search(&stream->in, &read->format, stream->limit, from, found);
    if (result != DT_NEED_MORE)
      return result;
    helping =
        dt_search_helping(&stream->in, &read->format, stream->limit, from);
    REQUIRE(helping >= DT_BLOCK && helping <= 1048576);
    *abandoned = pieces == read->patience;
    if (*abandoned)
      return result;
    if (!receive(stream, read->piece))
      return dt_search_rest(&stream->in, &read->format, stream->limit, from,
                            found);
  }
}

/* One read, `from` bytes behind what was taken.  Where the next one would
   begin, or DT_NOT_FOUND. */
static size_t check_read(struct stream *stream, const struct read *read,
                         size_t from) {
  struct dt_found found = {0, 0, 0}, expected = {0, 0, 0};
  bool abandoned = false;
  enum dt_search result = look(stream, read, from, &found, &abandoned);
  size_t base = stream->taken;
  if (abandoned)
    return DT_NOT_FOUND;
  REQUIRE(result == expect(stream, &read->format, base + from, &expected));
  if (result != DT_FOUND)
    return DT_NOT_FOUND;
  REQUIRE(base + found.begin == expected.begin &&
          base + found.end == expected.end &&
          base + found.next == expected.next);
  REQUIRE(found.next <= dt_buffer_length(&stream->in));
  REQUIRE(same_bytes(dt_buffer_bytes(&stream->in) + found.begin,
                     stream->text + expected.begin, found.end - found.begin));
  return found.next;
}

static void take(struct stream *stream, size_t size) {
  dt_buffer_take(&stream->in, size, NULL);
  stream->taken += size;
}

/* --- the program ------------------------------------------------------------
 */

static void take_read(struct fuzz_input *input, struct read *read) {
  static const char letters[] = "\r\nab";
  unsigned kind = take_byte(input), pieces = take_byte(input);
  memset(read, 0, sizeof *read);
  read->format.form = (enum dt_form)(kind % 6);
  read->format.inclusive = (kind & 64) != 0;
  read->behind = (kind & 128) != 0;
  read->piece = 1 + (pieces & 15);
  read->patience = pieces >> 5;
  if (read->format.form == DT_FORM_DELIMITER) {
    unsigned text = (unsigned)take_number(input, 2);
    read->format.delimiter_size = 1 + (text & 3);
    for (size_t i = 0; i < read->format.delimiter_size; i++)
      read->delimiter[i] = letters[text >> (2 + 2 * i) & 3];
    read->format.delimiter = read->delimiter;
  } else {
    read->format.inclusive = false; /* it has a meaning for delimiters alone */
    read->format.size = take_byte(input);
  }
}

static void run(struct stream *stream, struct read *reads, unsigned count) {
  size_t from = 0, next;
  for (unsigned i = 0; i < count; i++) {
    if (!reads[i].behind) {
      take(stream, from);
      from = 0;
    }
    next = check_read(stream, &reads[i], from);
    if (next != DT_NOT_FOUND && reads[i].format.form != DT_FORM_PEEK)
      from = next;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  struct read reads[READS_MAX];
  struct stream stream = {.limit = 1 + take_byte(&input)};
  unsigned count = take_byte(&input) % (READS_MAX + 1);
  for (unsigned i = 0; i < count; i++)
    take_read(&input, &reads[i]);
  stream.text = (const char *)input.data;
  stream.size = input.size;
  run(&stream, reads, count);
  dt_buffer_clear(&stream.in, NULL);
  return 0;
}
