/*
 * resolver.h - getaddrinfo(3) in worker threads, so that a loop goes on while
 * the C library asks the network.
 *
 * No thread is there before the first look-up, at most DT_RESOLVER_THREADS
 * ever, and they end when there was nothing to do for a while.  A query is
 * given to a resolver, and comes back in its list of answers; the wake
 * descriptor is readable then.  A query may be abandoned at any time: its
 * answer is thrown away by the thread that still works on it.
 */
#ifndef DT_RESOLVER_H
#define DT_RESOLVER_H

#include "config.h"

#include <netdb.h>
#include <stdbool.h>

#define DT_RESOLVER_THREADS 16

struct dt_resolver;

struct dt_query {
  struct dt_query *next, **link; /* the resolver's, as is `working` */
  void *owner;          /* the asker's, set before asking; NULL: abandoned */
  char *host, *service; /* copies; NULL: none */
  struct addrinfo hints;
  struct addrinfo *list; /* the answer; whoever takes it frees it */
  int result;            /* of getaddrinfo */
  int error;             /* its errno, for EAI_SYSTEM */
  bool working, answered;
  bool taken; /* the asker's own: it has the answer */
};

DT_INTERNAL_BEGIN

/* A resolver without threads yet; NULL with errno. */
struct dt_resolver *dt_resolver_open(void);

/* Readable when there are answers. */
int dt_resolver_descriptor(const struct dt_resolver *resolver);

/* A query with copies of its texts (NULL: none); NULL: no memory. */
struct dt_query *dt_query_new(const char *host, const char *service,
                              const struct addrinfo *hints);

/* Frees one that no resolver has, and its answer. */
void dt_query_free(struct dt_query *query);

/* Gives the query to the threads.  0, or an errno when there is no thread to be
   had: the query is the caller's still. */
int dt_resolver_ask(struct dt_resolver *resolver, struct dt_query *query);

/* The next answer, or NULL; empties the wake descriptor when there is none.
   The caller frees it. */
struct dt_query *dt_resolver_answer(struct dt_resolver *resolver);

/* The asker, who has not got the answer yet, does not want it any more: frees
   it, at once or as soon as its thread lets go of it. */
void dt_resolver_abandon(struct dt_resolver *resolver, struct dt_query *query);

/* Does not wait for threads: what they still work on they free themselves. */
void dt_resolver_close(struct dt_resolver *resolver);

/* In a child after fork(2): its threads are not there.  Closes the descriptors
   and frees what can be; the queries given to it are lost. */
void dt_resolver_forget(struct dt_resolver *resolver);

DT_INTERNAL_END

#endif
