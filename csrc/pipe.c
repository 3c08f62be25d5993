/*
 * pipe.c - see pipe.h.  Stands on sys.
 */
#include "config.h"

#include <unistd.h>

#include "pipe.h"
#include "sys.h"

bool dt_pipe_open(struct dt_pipe *pipe) {
  if (pipe->open && pipe->pid != getpid())
    dt_pipe_close(pipe);
  if (pipe->open)
    return true;
  if (dt_sys.pipe(pipe->ends) < 0)
    return false;
  pipe->pid = getpid();
  pipe->open = true;
  return true;
}

void dt_pipe_close(struct dt_pipe *pipe) {
  if (!pipe->open)
    return;
  pipe->open = false;
  dt_sys.close(pipe->ends[0]);
  dt_sys.close(pipe->ends[1]);
}

void dt_pipe_leave(struct dt_pipe *pipe) {
  if (--pipe->users == 0)
    dt_pipe_close(pipe);
}
