/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load-client.h"
#include "load-modes.h"

/* Clients of every kind come, say something and go, in good order or not, for some time. When all
 * are gone the coordinator has as many event sources as at the start, as many descriptors as
 * before, and no more memory. Before means: after a third of the time, and with all gone as well,
 * since its first clients leave behind what is allocated once, and a heap that stays as large as it
 * had to be. */

#define SIGNAL_SIZE 600
/* Nodes that are cut off while they are in a room; each comes back in a later round. */
#define N_LOST 100
#define LOST_ROOM 10
/* Of the heap, which breaks up a little differently each time (0 to 300 KiB were seen). In 30 s
 * come 25,000 nodes and more after the first look: a leak of 50 bytes each is found. */
#define GROWTH_KIB 1024

typedef struct
{
  LoadServer server;
  unsigned next_id;
  unsigned n_rounds;
  unsigned n_nodes;
  LoadCheck check;
  unsigned long sources; /* at the start; 0: not known yet */
} Soak;

typedef struct
{
  unsigned fds;
  double rss_kib;
} State;

static void
leave (LoadClient *client)
{
  char text[64];
  char ref[32] = "";

  if (client->session != NULL)
    snprintf (ref, sizeof ref, ",\"ref\":%llu", (unsigned long long)++client->session->ref);
  load_client_send_text (client, text,
                         (size_t)snprintf (text, sizeof text, "{\"type\":\"leave\"%s}", ref));
  load_client_await (client, "\"leave-result\"");
}

static void
say_goodbye (LoadClient *client)
{
  static const unsigned char close_frame[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };

  load_client_send_raw (client, close_frame, sizeof close_frame);
  while (load_client_fill (client))
    load_client_drop (client, client->len);
}

static void
end (LoadClient *client, int rudely)
{
  if (rudely)
    {
      leave (client);
      load_client_reset (client);
    }
  else
    {
      say_goodbye (client);
      load_client_close (client);
    }
  free (client->session);
  client->session = NULL;
}

static void
enter (Soak *self, LoadClient *client, unsigned id, const char *room)
{
  load_client_connect (client, id, self->server.port);
  load_client_open (client, room);
  self->n_nodes++;
}

static void
send_signal (LoadClient *from, LoadSignal *signal)
{
  load_signal_stamp (signal, from->session != NULL ? ++from->session->ref : 0);
  load_client_send_raw (from, signal->frame, signal->len);
}

/* A signal of any number is awaited, and its number is noted. */
static void
take_signal (Soak *self, LoadClient *client, LoadStream *stream)
{
  for (;;)
    {
      unsigned char *payload;
      size_t payload_len;
      size_t n = client->len > 0 ? load_client_next (client, 0, NULL, &payload, &payload_len) : 0;
      uint64_t number, ns;
      int found;

      if (n == 0)
        {
          load_client_receive (client);
          continue;
        }
      if (client->session != NULL)
        load_client_note (client, payload, payload_len);
      found = load_stamp_find (payload, payload_len, &number, &ns);
      if (found)
        load_check_number (&self->check, stream, number);
      load_client_drop (client, n);
      if (found)
        return;
    }
}

/* Two clients, a signal; for v1 another one while its receiver is away. */
static void
talk (Soak *self, int is_v1)
{
  LoadClient a = { 0 }, b = { 0 };
  LoadStream stream = { 0 };
  LoadSignal signal;
  char room[32], to[32];

  snprintf (room, sizeof room, "soak-%u", self->next_id);
  snprintf (to, sizeof to, "n%u", self->next_id + 1);
  if (is_v1)
    {
      load_client_make_v1 (&a);
      load_client_make_v1 (&b);
    }
  enter (self, &a, self->next_id++, room);
  enter (self, &b, self->next_id++, room);
  load_signal_make (&signal, to, room, SIGNAL_SIZE, is_v1);
  send_signal (&a, &signal);
  take_signal (self, &b, &stream);
  if (is_v1)
    {
      load_client_reset (&b);
      send_signal (&a, &signal);
      load_client_connect (&b, b.id, self->server.port);
      load_client_open (&b, NULL);
      if (!b.session->resumed)
        load_die ("client %u came back, and its session is gone", b.id);
      take_signal (self, &b, &stream);
    }
  load_check_end (&self->check, &stream, signal.number);
  load_signal_clear (&signal);
  /* A v1 session that is cut off is kept for the grace time, in a room or not: how many there are
   * would depend on the speed of the machine. */
  end (&a, !is_v1 && self->n_rounds % 2 == 0);
  end (&b, !is_v1 && self->n_rounds % 3 == 0);
}

static void
ask (LoadClient *client, const char *method, const char *target, const char *body)
{
  load_http_call (client, method, target, body);
  load_client_drop (client, load_http_await (client));
}

/* An HTTP node joins, hears of a WebSocket node, is sent a signal, and leaves. */
static void
poll_for_it (Soak *self)
{
  LoadClient http = { 0 }, socket = { 0 };
  LoadStream stream = { 0 };
  LoadSignal signal;
  unsigned id = self->next_id++;
  char room[32], node[32], target[96], body[128];
  uint64_t number, ns;
  size_t n;

  snprintf (room, sizeof room, "soak-%u", id);
  snprintf (node, sizeof node, "h%u", id);
  snprintf (target, sizeof target, "/webrtc/signal?nodeId=%s&timeout=5000", node);
  load_client_connect (&http, id, self->server.port);
  snprintf (body, sizeof body, "{\"nodeId\":\"%s\",\"room\":\"%s\"}", node, room);
  ask (&http, "POST", "/webrtc/join", body);
  enter (self, &socket, self->next_id++, room);
  ask (&http, "GET", target, ""); /* "peer-joined" */
  load_signal_make (&signal, node, room, SIGNAL_SIZE, 0);
  load_http_call (&http, "GET", target, "");
  send_signal (&socket, &signal);
  n = load_http_await (&http);
  if (!load_stamp_find (http.buf, n, &number, &ns))
    load_die ("client %u polled in vain: %.*s", id, (int)n, (char *)http.buf);
  load_check_number (&self->check, &stream, number);
  load_client_drop (&http, n);
  load_signal_clear (&signal);
  end (&socket, 0);
  snprintf (body, sizeof body, "{\"nodeId\":\"%s\"}", node);
  ask (&http, "POST", "/webrtc/leave", body);
  load_client_close (&http);
  self->n_nodes++;
}

/* One that was cut off in its room comes back, as a plain client does, and is cut off again. Each
 * has an address of its own: how often they come depends on the speed of the machine. */
static void
get_lost (Soak *self, unsigned id, int for_good)
{
  LoadClient client = { 0 };
  char room[32];

  snprintf (room, sizeof room, "soak-lost-%u", id / LOST_ROOM);
  enter (self, &client, id * LOAD_PER_ADDRESS, room);
  if (for_good)
    end (&client, 1);
  else
    load_client_reset (&client);
}

static void
run_for (Soak *self, double seconds)
{
  double start = load_seconds ();

  while (load_seconds () - start < seconds)
    {
      talk (self, 0);
      talk (self, 1);
      poll_for_it (self);
      get_lost (self, self->n_rounds % N_LOST, 0);
      self->n_rounds++;
    }
}

static unsigned
count_fds (const LoadServer *server)
{
  char path[64];
  DIR *fds;
  unsigned n = 0;

  snprintf (path, sizeof path, "/proc/%d/fd", server->pid);
  fds = opendir (path);
  if (fds == NULL)
    load_die ("the server is gone");
  while (readdir (fds) != NULL)
    n++;
  closedir (fds);
  return n;
}

static int
is_at_rest (Soak *self, const char *text, size_t len)
{
  static const char *const awaited[]
      = { "\"nodes\":0,", "\"queuedMessages\":0,", "\"http\":1,\"websocket\":0,\"poll\":0," };
  static const char key[] = "\"sources\":";
  const char *sources = memmem (text, len, key, sizeof key - 1);

  for (unsigned i = 0; i < sizeof awaited / sizeof awaited[0]; i++)
    {
      if (memmem (text, len, awaited[i], strlen (awaited[i])) == NULL)
        return 0;
    }
  if (sources == NULL)
    load_die ("the server does not tell its event sources: %.*s", (int)len, text);
  if (self->sources == 0)
    self->sources = strtoul (sources + sizeof key - 1, NULL, 10);
  return strtoul (sources + sizeof key - 1, NULL, 10) == self->sources;
}

/* With all nodes gone and every connection but the one that asks. */
static State
rest (Soak *self)
{
  double start = load_seconds ();
  LoadClient stats = { 0 };
  int resting = 0;
  State state;

  for (unsigned i = 0; i < N_LOST && i < self->n_rounds; i++)
    get_lost (self, i, 1);
  load_client_connect (&stats, N_LOST * LOAD_PER_ADDRESS, self->server.port);
  ask (&stats, "GET", "/webrtc/stats", ""); /* from the second on each finds the same */
  while (!resting)
    {
      size_t n;

      load_http_call (&stats, "GET", "/webrtc/stats", "");
      n = load_http_await (&stats);
      resting = is_at_rest (self, (char *)stats.buf, n);
      if (!resting && load_seconds () - start > 2 * LOAD_TIMEOUT_MS / 1e3)
        load_die ("all clients are gone, there were %lu event sources at the start, and the server "
                  "says: %.*s",
                  self->sources, (int)n, (char *)stats.buf);
      load_client_drop (&stats, n);
      poll (NULL, 0, 20);
    }
  state.fds = count_fds (&self->server);
  state.rss_kib = load_server_get_rss (&self->server) / 1024.0;
  load_client_close (&stats);
  return state;
}

void
load_run_soak (const char *program, unsigned seconds)
{
  /* Apart from all other ids, and so with an address of its own. */
  Soak self = { .next_id = 2 * N_LOST * LOAD_PER_ADDRESS };
  State before, after;
  unsigned n_before;

  load_server_start (&self.server, program, LOAD_LIMITS_ON);
  rest (&self);
  run_for (&self, seconds / 3.0);
  before = rest (&self);
  n_before = self.n_nodes;
  run_for (&self, seconds * 2 / 3.0);
  after = rest (&self);

  printf ("{\"mode\":\"soak\",\"seconds\":%u,\"nodes\":%u,\"fdsBefore\":%u,\"fds\":%u,"
          "\"rssKiBBefore\":%.0f,\"rssKiB\":%.0f,\"sources\":%lu,\"signals\":%llu,\"lost\":%llu,"
          "\"twice\":%llu}\n",
          seconds, self.n_nodes, before.fds, after.fds, before.rss_kib, after.rss_kib, self.sources,
          (unsigned long long)self.check.n, (unsigned long long)self.check.lost,
          (unsigned long long)self.check.twice);
  printf ("soak: %u nodes came and went in %u s; %u descriptors before and %u after, %.0f KiB and "
          "%.0f KiB, %lu event sources at the start and at the end\n",
          self.n_nodes, seconds, before.fds, after.fds, before.rss_kib, after.rss_kib,
          self.sources);
  load_check_assert (&self.check, "soak");
  if (self.n_nodes - n_before < 100)
    load_die ("only %u nodes came in %u s", self.n_nodes - n_before, seconds);
  if (after.fds != before.fds)
    load_die ("the server has %u descriptors after and %u before", after.fds, before.fds);
  if (after.rss_kib - before.rss_kib > GROWTH_KIB)
    load_die ("the server's memory grew by %.0f KiB", after.rss_kib - before.rss_kib);
  load_server_stop (&self.server);
}
