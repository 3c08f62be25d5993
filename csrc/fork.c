/*
 * fork.c - see fork.h.  Stands on mmap(2) and madvise(2).
 */
#include "config.h"

#include <sys/mman.h>

#include "fork.h"

#define SIZE 4096

#ifdef MADV_WIPEONFORK
/* NULL where the kernel is too old for it. */
static int *new_page(void) {
  int *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return NULL;
  if (madvise(page, SIZE, MADV_WIPEONFORK) == 0)
    return page;
  munmap(page, SIZE);
  return NULL;
}
#else
static int *new_page(void) {
  return NULL;
}
#endif

void dt_fork_mark(struct dt_fork *fork) {
  int *page = (int *)fork->page;
  fork->pid = getpid();
  if (!page)
    page = new_page();
  if (page)
    *page = 1;
  fork->page = page;
}

void dt_fork_unmark(struct dt_fork *fork) {
  if (fork->page)
    munmap((void *)fork->page, SIZE);
  fork->page = NULL;
}
