/*
 * replay.c - gives files to a fuzz target, once each, without libFuzzer: for
 * the corpus in an ordinary build, and for an input that made it fail.
 *
 * usage: TARGET FILE...
 *
 * Ends with "N inputs"; a target that fails ends the program itself.
 */
#include "fuzz.h"

static void replay(const char *name) {
  static uint8_t bytes[1 << 20];
  size_t size;
  FILE *file = fopen(name, "rb");
  if (!file) {
    perror(name);
    exit(2);
  }
  size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  fprintf(stderr, "%s\n", name); /* the last one is the one that failed */
  (void)LLVMFuzzerTestOneInput(bytes, size);
}

int main(int count, char **names) {
  for (int i = 1; i < count; i++)
    replay(names[i]);
  printf("%d inputs\n", count - 1);
  return count > 1 ? 0 : 2;
}
