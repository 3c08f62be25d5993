/*
 * fork.h - whether this process is a child of the one that a mark was made in.
 *
 * A child after fork(2) has its parent's epoll instance: what it took out of
 * it would be taken out of the parent's.  So the question is asked before each
 * use, and must cost nothing: a page that the kernel wipes in the child
 * (madvise(2), MADV_WIPEONFORK), or else getpid(2).
 */
#ifndef DT_FORK_H
#define DT_FORK_H

#include "config.h"

#include <stdbool.h>
#include <unistd.h>

struct dt_fork {
  const volatile int *page; /* 1 in the process that made it, 0 in a child;
                               NULL: the system cannot wipe pages */
  pid_t pid;
};

DT_INTERNAL_BEGIN

/* Makes a mark, or makes it anew. */
void dt_fork_mark(struct dt_fork *fork);

void dt_fork_unmark(struct dt_fork *fork);

/* Whether a mark was made in the parent process. */
static inline bool dt_forked(const struct dt_fork *fork) {
  return fork->page ? *fork->page == 0 : fork->pid != getpid();
}

DT_INTERNAL_END

#endif
