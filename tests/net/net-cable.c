/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bad cable between two interfaces of this network namespace: every frame that comes in at one
 * goes out at the other, late, or not at all. Frames keep their order, as on a real line.
 *
 *   net-cable INTERFACE INTERFACE [DELAY_MS [JITTER_MS [LOSS_PERMILLE [SEED]]]]
 *
 * Says "ready" once it carries frames; ends by a signal. (Linux has netem for this, but not every
 * kernel is built with it.) */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* With the header of virtio in front, packets that the kernel would still cut up, or whose checksum
 * it would still fill in, pass as they are. */
#define FRAME_MAX (sizeof (struct virtio_net_hdr) + 65536 + 64)
/* On their way at a time, in one direction; more are lost, as in a router that is too busy. */
#define WAITING_MAX 4096
#define RECEIVE_BUFFER (4 << 20)

typedef struct
{
  int64_t due; /* monotonic, µs */
  size_t size;
  unsigned char *data;
} Frame;

typedef struct
{
  int in;
  int out;
  Frame frames[WAITING_MAX]; /* a ring */
  unsigned first;
  unsigned n;
  int64_t last_due;
} Direction;

typedef struct
{
  int64_t delay; /* µs */
  int64_t jitter;
  unsigned loss; /* of 1000 */
  uint64_t random;
} Quality;

static int64_t
now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* xorshift64*: the same seed loses the same frames, as far as they come in the same order. */
static uint32_t
next_random (Quality *quality)
{
  quality->random ^= quality->random >> 12;
  quality->random ^= quality->random << 25;
  quality->random ^= quality->random >> 27;
  return (uint32_t)((quality->random * UINT64_C (2685821657736338717)) >> 32);
}

static int
die (const char *what)
{
  fprintf (stderr, "net-cable: %s: %s\n", what, strerror (errno));
  exit (1);
}

static int
open_interface (const char *name)
{
  int fd = socket (AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1, buffer = RECEIVE_BUFFER;
  struct sockaddr_ll address
      = { .sll_family = AF_PACKET, .sll_protocol = htons (ETH_P_ALL), .sll_ifindex = 0 };

  if (fd < 0)
    die ("a packet socket");
  address.sll_ifindex = (int)if_nametoindex (name);
  if (address.sll_ifindex == 0)
    die (name);
  /* Only what comes in: else it would take back what it sends itself. */
  if (setsockopt (fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0
      || setsockopt (fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0)
    die ("options of a packet socket");
  setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  if (bind (fd, (struct sockaddr *)&address, sizeof address) != 0)
    die (name);
  return fd;
}

static void
keep (Direction *direction, Quality *quality, const unsigned char *data, size_t size)
{
  Frame *frame = &direction->frames[(direction->first + direction->n) % WAITING_MAX];
  int64_t due = now_us () + quality->delay;

  if (quality->loss > 0 && next_random (quality) % 1000 < quality->loss)
    return;
  if (quality->jitter > 0)
    due += (int64_t)(next_random (quality) % (uint64_t)(2 * quality->jitter + 1)) - quality->jitter;
  if (direction->n == WAITING_MAX)
    return;
  frame->data = malloc (size);
  if (frame->data == NULL)
    die ("a frame");
  memcpy (frame->data, data, size);
  frame->size = size;
  frame->due = due < direction->last_due ? direction->last_due : due;
  direction->last_due = frame->due;
  direction->n++;
}

static void
take_in (Direction *direction, Quality *quality)
{
  static unsigned char data[FRAME_MAX];
  ssize_t size;

  while ((size = recv (direction->in, data, sizeof data, 0)) > 0)
    keep (direction, quality, data, (size_t)size);
  /* An interface that goes down says so once; it may come up again. */
  if (size < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
    die ("reading");
}

/* What the other end does not take now is lost, as everywhere on the way. */
static void
let_out (Direction *direction)
{
  int64_t now = now_us ();

  while (direction->n > 0 && direction->frames[direction->first].due <= now)
    {
      Frame *frame = &direction->frames[direction->first];

      if (send (direction->out, frame->data, frame->size, 0) < 0 && errno == EINVAL)
        die ("sending");
      free (frame->data);
      direction->first = (direction->first + 1) % WAITING_MAX;
      direction->n--;
    }
}

static void
wait_for_something (const Direction *directions)
{
  struct pollfd fds[2] = { { directions[0].in, POLLIN, 0 }, { directions[1].in, POLLIN, 0 } };
  struct timespec until = { 0, 0 };
  int64_t due = INT64_MAX, left;

  for (int i = 0; i < 2; i++)
    if (directions[i].n > 0 && directions[i].frames[directions[i].first].due < due)
      due = directions[i].frames[directions[i].first].due;
  left = due == INT64_MAX ? 0 : due - now_us ();
  if (left > 0)
    until = (struct timespec){ left / 1000000, left % 1000000 * 1000 };
  if (ppoll (fds, 2, due == INT64_MAX ? NULL : &until, NULL) < 0 && errno != EINTR)
    die ("poll");
}

int
main (int argc, char **argv)
{
  static Direction directions[2];
  long numbers[4] = { 0, 0, 0, 1 };
  Quality quality;

  if (argc < 3 || argc > 7)
    {
      fprintf (stderr, "usage: net-cable INTERFACE INTERFACE [DELAY_MS [JITTER_MS [LOSS_PERMILLE "
                       "[SEED]]]]\n");
      return 2;
    }
  for (int i = 3; i < argc; i++)
    numbers[i - 3] = strtol (argv[i], NULL, 10);
  quality = (Quality){ numbers[0] * 1000, numbers[1] * 1000, (unsigned)numbers[2],
                       (uint64_t)numbers[3] + 88172645463325252 };
  directions[0].in = directions[1].out = open_interface (argv[1]);
  directions[1].in = directions[0].out = open_interface (argv[2]);
  puts ("ready");
  fflush (stdout);
  for (;;)
    {
      wait_for_something (directions);
      for (int i = 0; i < 2; i++)
        {
          take_in (&directions[i], &quality);
          let_out (&directions[i]);
        }
    }
}
