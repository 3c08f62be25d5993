/*
 * taskinfo.h - what a task says of itself: where its function stands, what it
 * is at, what it waits for and for how long yet.
 */
#ifndef DT_TASKINFO_H
#define DT_TASKINFO_H

#include "config.h"

#include "task.h"

DT_INTERNAL_BEGIN

/* "ready", "running", "waiting", "done", "failed", "cancelled" */
const char *dt_task_status(const struct dt_loop *loop,
                           const struct dt_task *task);

/* Pushes the name of the operation that it waits for, the object (nil: none
   that the user knows), and the seconds that are left (nil: no limit); returns
   3.  One nil, and 1: it does not wait. */
int dt_push_waiting(lua_State *L, const struct dt_task *task);

/* Pushes "task 3 (server.lua:12) waiting: read 127.0.0.1:80, 4.8 s left". */
void dt_push_task_text(lua_State *L, const struct dt_loop *loop,
                       const struct dt_task *task);

DT_INTERNAL_END

#endif
