/*
 * pipe.h - a pipe through which bytes go from one socket to another without
 * leaving the kernel: splice(2) moves to and from pipes only.
 *
 * All that need one use the same: whoever puts something in takes it out before
 * anybody else has a turn.
 */
#ifndef DT_PIPE_H
#define DT_PIPE_H

#include "config.h"

#include <stdbool.h>

/* One of zeros is closed. */
struct dt_pipe {
  int ends[2];    /* where bytes come out, and where they go in */
  pid_t pid;      /* whose it is: after fork(2) the parent's is none of ours */
  unsigned users; /* who will need it again */
  bool open;
};

DT_INTERNAL_BEGIN

/* Opens it if it is not; false with errno. */
bool dt_pipe_open(struct dt_pipe *pipe);

void dt_pipe_close(struct dt_pipe *pipe);

static inline void dt_pipe_join(struct dt_pipe *pipe) {
  pipe->users++;
}

/* Who has joined will not need it any more. */
void dt_pipe_leave(struct dt_pipe *pipe);

DT_INTERNAL_END

#endif
