/*
 * client.c - see client.h.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void fault(struct load *load, struct client *client, const char *what) {
  if (load->errors++ == 0)
    fprintf(stderr, "load: %s (%s)\n", what, strerror(errno));
  close(client->fd);
  client->fd = -1;
}

void watch(struct load *load, struct client *client, int how, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  if (epoll_ctl(load->epoll, how, client->fd, &event) < 0)
    die("epoll_ctl");
}

static void connected(struct load *load, struct client *client,
                      uint32_t events) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  errno = error;
  load->opening -= !client->up;
  client->up = 1;
  if (error)
    fault(load, client, "connect");
  else
    client->begin(load, client, events);
}

void open_client(struct load *load, struct client *client) {
  struct linger reset = {1, 0};
  int on = 1, type = load->mode->type;
  client->fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->fd < 0)
    die("socket");
  if (type == SOCK_STREAM) {
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  client->ready = connected;
  client->since = now();
  if (connect(client->fd, (struct sockaddr *)&load->child.address,
              sizeof load->child.address) < 0 &&
      errno != EINPROGRESS)
    die("connect");
  watch(load, client, EPOLL_CTL_ADD, EPOLLOUT);
}

void completed(struct load *load, struct client *client, unsigned count) {
  uint64_t time = now(), us = (time - client->since) / 1000;
  load->times[us < SLOWEST ? us : SLOWEST - 1]++;
  load->operations += count;
  client->since = time;
  client->turn++;
}

const char *request(const struct load *load, const struct client *client) {
  size_t number = (size_t)(client - load->clients) * 7 + client->turn;
  return load->text + number % load->mode->turns * load->mode->step;
}
