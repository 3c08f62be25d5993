/*
 * datagram.c - what a client does with datagrams, one at a time or in bursts.
 * Stands on client.c.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Room for the datagrams of a burst, each at `base` + its number * `step`. */
static void lay_out(struct mmsghdr *messages, struct iovec *parts, char *base,
                    size_t step, size_t size) {
  memset(messages, 0, BURST * sizeof *messages);
  for (size_t i = 0; i < BURST; i++) {
    parts[i] = (struct iovec){base + i * step, size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

/* All datagrams of one burst are equal. */
static void udp_ask(struct load *load, struct client *client) {
  struct mmsghdr messages[BURST];
  struct iovec parts[BURST];
  lay_out(messages, parts, (char *)request(load, client), 0, load->bytes);
  client->got = 0;
  if (sendmmsg(client->fd, messages, load->mode->burst, 0) < 0 &&
      errno != EAGAIN)
    fault(load, client, "send");
}

/* After a loss, late answers to the request before are no mistake. */
static void udp_check(struct load *load, struct client *client,
                      const char *answer, size_t size) {
  if (size == load->bytes && !memcmp(answer, request(load, client), size)) {
    client->got++;
    load->moved += size;
  } else if (load->lost == 0) {
    errno = 0;
    fault(load, client, "a wrong answer");
  }
}

static void udp_ready(struct load *load, struct client *client,
                      uint32_t events) {
  struct mmsghdr messages[BURST];
  struct iovec parts[BURST];
  size_t step = load->bytes + 1; /* a byte more, to see what is too long */
  int n;
  (void)events;
  lay_out(messages, parts, load->received, step, step);
  n = recvmmsg(client->fd, messages, load->mode->burst, MSG_DONTWAIT, NULL);
  if (n < 0 && errno != EAGAIN)
    fault(load, client, "receive");
  for (int i = 0; i < n && client->fd >= 0; i++)
    udp_check(load, client, load->received + (size_t)i * step,
              messages[i].msg_len);
  if (client->fd < 0 || client->got < load->mode->burst)
    return;
  completed(load, client, load->mode->burst);
  udp_ask(load, client);
}

void udp_begin(struct load *load, struct client *client, uint32_t events) {
  (void)events;
  client->ready = udp_ready;
  watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
  udp_ask(load, client);
}

void udp_resend(struct load *load) {
  uint64_t time = now();
  for (size_t i = 0; i < load->connections; i++) {
    struct client *client = &load->clients[i];
    if (client->fd < 0 || time < client->since + RESEND_MS * (uint64_t)MS)
      continue;
    load->lost += load->mode->burst - client->got;
    client->since = time;
    client->turn++;
    udp_ask(load, client);
  }
}
