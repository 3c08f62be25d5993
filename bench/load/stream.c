/*
 * stream.c - what a client does on a connection: echo (of lines, too), connect,
 * idle, sink and source.  Stands on client.c.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- echo, lines, connect, idle ------------------------------------------ */

/* Sends what is left of the request; whether all of it is out. */
static int push(struct load *load, struct client *client) {
  const char *text = request(load, client);
  while (client->sent < load->bytes) {
    ssize_t n = send(client->fd, text + client->sent,
                     load->bytes - client->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
      fault(load, client, "send");
    if (n < 0)
      return 0;
    client->sent += (size_t)n;
  }
  return 1;
}

/* Receives what there is of the answer; whether that was the end of it. */
static int pull(struct load *load, struct client *client) {
  ssize_t n = recv(client->fd, load->received, load->bytes - client->got, 0);
  if (n < 0 && errno == EAGAIN)
    return 0;
  if (n <= 0) {
    fault(load, client, n ? "receive" : "the server hung up");
    return 0;
  }
  if (memcmp(load->received, request(load, client) + client->got, (size_t)n) !=
      0) {
    fault(load, client, "a wrong answer");
    return 0;
  }
  client->got += (size_t)n;
  load->moved += (size_t)n;
  return client->got == load->bytes;
}

static void ask(struct load *load, struct client *client) {
  client->sent = client->got = 0;
  if (!push(load, client) && client->fd >= 0)
    watch(load, client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

/* Goes on with request and answer; whether the answer is complete. */
static int exchange(struct load *load, struct client *client, uint32_t events) {
  if (events & EPOLLOUT && push(load, client))
    watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
  return client->fd >= 0 && events & ~(uint32_t)EPOLLOUT && pull(load, client);
}

static void echo_ready(struct load *load, struct client *client,
                       uint32_t events) {
  if (!exchange(load, client, events))
    return;
  completed(load, client, 1);
  ask(load, client);
}

void echo_begin(struct load *load, struct client *client, uint32_t events) {
  (void)events;
  client->ready = echo_ready;
  watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
  ask(load, client);
}

static void connect_ready(struct load *load, struct client *client,
                          uint32_t events) {
  if (!exchange(load, client, events))
    return;
  completed(load, client, 1);
  close(client->fd);
  open_client(load, client);
}

void connect_begin(struct load *load, struct client *client, uint32_t events) {
  uint64_t since = client->since;
  echo_begin(load, client, events);
  client->since = since;
  client->ready = connect_ready;
}

static void idle_over(struct load *load, struct client *client,
                      uint32_t events) {
  (void)events;
  errno = 0;
  fault(load, client, "the server did not leave an idle connection alone");
}

static void idle_ready(struct load *load, struct client *client,
                       uint32_t events) {
  if (!exchange(load, client, events))
    return;
  load->opening--;
  client->ready = idle_over;
}

void idle_begin(struct load *load, struct client *client, uint32_t events) {
  load->opening++;
  echo_begin(load, client, events);
  client->ready = idle_ready;
}

/* --- sink, source -------------------------------------------------------- */

static void sink_ready(struct load *load, struct client *client,
                       uint32_t events) {
  ssize_t n = send(client->fd, load->text, PIECE, MSG_NOSIGNAL);
  (void)events;
  if (n >= 0)
    load->moved += (size_t)n;
  else if (errno != EAGAIN)
    fault(load, client, "send");
}

void sink_begin(struct load *load, struct client *client, uint32_t events) {
  (void)load;
  (void)events;
  client->ready = sink_ready; /* EPOLLOUT is what is watched already */
}

static void source_ready(struct load *load, struct client *client,
                         uint32_t events) {
  ssize_t n = recv(client->fd, load->received, GULP, 0);
  (void)events;
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0) {
    fault(load, client, n ? "receive" : "the server hung up");
  } else if (memcmp(load->received, load->text + client->got, (size_t)n) != 0) {
    fault(load, client, "wrong bytes");
  } else {
    client->got = (client->got + (size_t)n) % SOURCE_PERIOD;
    load->moved += (size_t)n;
  }
}

void source_begin(struct load *load, struct client *client, uint32_t events) {
  (void)events;
  client->got = 0;
  client->ready = source_ready;
  watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
}
