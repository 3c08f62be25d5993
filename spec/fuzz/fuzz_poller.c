/*
 * fuzz_poller.c - the pollers against poll(2): a few socket pairs are opened,
 * waited for, written to, closed, also behind the poller's back, in any order.
 * The first byte says which poller, each one after that what happens.
 *
 * What is reported is true, and is told to whom it concerns; what was taken out
 * is never heard of again; and what has become ready is not forgotten.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "poller.h"

#define SLOTS     6
#define STEPS_MAX 120
#define MOST      64

struct slot {
  int fd, peer; /* -1: none */
  int twin;     /* a duplicate of fd, which was closed: it is lost; or -1 */
  int other;    /* a duplicate that somebody else has, for longer; or -1 */
  bool left;    /* `other` stays registered: fd was lost meanwhile */
  struct dt_watch watch;
  unsigned fresh; /* directions in which something may be new */
};

struct state {
  const struct dt_poller_type *type;
  struct dt_poller *poller;
  struct slot slots[SLOTS];
};

/* --- what happens ----------------------------------------------------------
 */

static void open_slot(struct state *state, struct slot *slot) {
  int fds[2];
  if (slot->fd >= 0 || slot->twin >= 0)
    return;
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  slot->fd = fds[0];
  slot->peer = fds[1];
  slot->fresh = 0;
  dt_watch_init(&slot->watch);
  slot->watch.quiet = (slot - state->slots) % 2 == 1;
}

static void close_peer(struct slot *slot) {
  if (slot->peer < 0)
    return;
  close(slot->peer);
  slot->peer = -1;
  slot->fresh = DT_READ | DT_WRITE;
}

/* As it should be done; a lost one's number may be somebody else's by now. */
static void close_slot(struct state *state, struct slot *slot) {
  state->type->remove(state->poller, &slot->watch);
  REQUIRE(slot->watch.fd == -1 && slot->watch.registered == 0);
  close_peer(slot);
  if (slot->fd >= 0)
    close(slot->fd);
  if (slot->twin >= 0)
    close(slot->twin);
  slot->fd = slot->twin = -1;
}

/* As a child has it: the socket lives on when we have closed it, and nothing is
   to be heard of it then. */
static void share_slot(struct slot *slot) {
  if (slot->fd < 0 || slot->other >= 0)
    return;
  slot->other = fcntl(slot->fd, F_DUPFD, 100);
  REQUIRE(slot->other >= 0);
}

static void end_sharing(struct slot *slot) {
  if (slot->other >= 0)
    close(slot->other);
  slot->other = -1;
  slot->left = false;
}

/* Somebody closes the number, and the socket lives on.  kqueue(2) notices that,
   its imitation cannot. */
static void lose_slot(struct state *state, struct slot *slot) {
  if (slot->fd < 0 || strcmp(state->type->name, "kqueue") == 0)
    return;
  slot->twin = fcntl(slot->fd, F_DUPFD, 100);
  REQUIRE(slot->twin >= 0);
  close(slot->fd);
  slot->fd = -1;
  slot->left = slot->left || slot->other >= 0;
}

static void want(struct state *state, struct slot *slot, unsigned directions) {
  unsigned before = slot->watch.registered;
  if (slot->fd < 0 || (directions == 0 && !state->type->level))
    return;
  REQUIRE(state->type->want(state->poller, &slot->watch, slot->fd,
                            directions) == 0);
  REQUIRE((slot->watch.registered & directions) == directions);
  REQUIRE(state->type->level ||
          (before & ~slot->watch.registered & DT_READ) == 0);
  slot->fresh |= slot->watch.registered & ~before;
}

static void write_byte(struct slot *slot) {
  if (slot->peer >= 0 && send(slot->peer, "x", 1, MSG_NOSIGNAL) == 1)
    slot->fresh |= DT_READ;
}

static void read_all(struct slot *slot) {
  char bytes[256];
  while (slot->fd >= 0 && recv(slot->fd, bytes, sizeof bytes, 0) > 0)
    ;
}

/* --- what is heard of it ---------------------------------------------------
 */

/* What poll(2) says. */
static unsigned ready_now(const struct slot *slot) {
  struct pollfd one = {slot->fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  unsigned ready = 0;
  REQUIRE(poll(&one, 1, 0) >= 0);
  if (one.revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR))
    ready |= DT_READ;
  if (one.revents & (POLLOUT | POLLHUP | POLLERR))
    ready |= DT_WRITE;
  if (one.revents & (POLLRDHUP | POLLHUP | POLLERR))
    ready |= DT_ENDED;
  return ready;
}

static bool is_any_lost(const struct state *state) {
  for (int i = 0; i < SLOTS; i++)
    if (state->slots[i].twin >= 0 || state->slots[i].left)
      return true;
  return false;
}

/* Whose event it is; NULL: nobody's, which comes of lost ones only. */
static struct slot *owner(struct state *state, const struct dt_event *event) {
  for (int i = 0; i < SLOTS; i++)
    if (event->watch == &state->slots[i].watch)
      return &state->slots[i];
  REQUIRE(!event->watch && is_any_lost(state));
  return NULL;
}

static void check_wait(struct state *state) {
  struct dt_event events[MOST];
  unsigned wanted[SLOTS], heard[SLOTS] = {0};
  int count;
  for (int i = 0; i < SLOTS; i++)
    wanted[i] = state->slots[i].watch.registered;
  count = state->type->wait(state->poller, events, MOST, 0);
  REQUIRE(count >= 0 && count <= MOST);
  for (int i = 0; i < count; i++) {
    struct slot *slot = owner(state, &events[i]);
    if (!slot || slot->twin >= 0)
      continue;
    REQUIRE(slot->fd >= 0 && wanted[slot - state->slots] != 0);
    REQUIRE((events[i].ready & ~ready_now(slot)) == 0);
    heard[slot - state->slots] |= events[i].ready;
  }
  for (int i = 0; i < SLOTS; i++) {
    struct slot *slot = &state->slots[i];
    unsigned due = wanted[i];
    if (slot->fd < 0)
      continue;
    if (!state->type->level)
      due &= slot->fresh;
    REQUIRE((due & ready_now(slot) & ~heard[i]) == 0);
    slot->fresh = 0;
  }
}

/* --- all -------------------------------------------------------------------
 */

static void step(struct state *state, unsigned what) {
  struct slot *slot = &state->slots[what / 16 % SLOTS];
  switch (what % 16) {
  case 0:
  case 1:
    open_slot(state, slot);
    break;
  case 2:
  case 3:
  case 4:
  case 5:
    want(state, slot, what % 16 - 2);
    break;
  case 6:
  case 7:
    write_byte(slot);
    break;
  case 8:
    read_all(slot);
    break;
  case 9:
    close_peer(slot);
    break;
  case 10:
    close_slot(state, slot);
    break;
  case 11:
    lose_slot(state, slot);
    break;
  case 12:
    share_slot(slot);
    break;
  case 13:
    end_sharing(slot);
    break;
  default:
    check_wait(state);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"epoll", "poll", "kqueue"};
  struct fuzz_input input = {data, size};
  struct state state;
  memset(&state, 0, sizeof state);
  state.type = dt_poller_type(names[take_byte(&input) % 3]);
  if (!state.type) /* not on this system */
    return 0;
  state.poller = state.type->open();
  REQUIRE(state.poller);
  for (int i = 0; i < SLOTS; i++) {
    state.slots[i].fd = state.slots[i].peer = -1;
    state.slots[i].twin = state.slots[i].other = -1;
    dt_watch_init(&state.slots[i].watch);
  }
  for (int i = 0; i < STEPS_MAX && input.size > 0; i++)
    step(&state, take_byte(&input));
  for (int i = 0; i < SLOTS; i++)
    close_slot(&state, &state.slots[i]);
  check_wait(&state);
  for (int i = 0; i < SLOTS; i++)
    end_sharing(&state.slots[i]);
  state.type->close(state.poller);
  return 0;
}
