/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbered messages of all sizes and priorities over real data channels, both ways, while links are
 * killed in every way and at every moment, the coordinator is cut off and readers are slow: none is
 * lost, none comes twice, none out of order, and the connection stays the same.
 *
 * SENTIENT_PEER_CHAOS_SEED draws another course, SENTIENT_PEER_CHAOS_MESSAGES changes the length.
 */

#include "cutter.h"
#include "peer-fixture.h"
#include "peer/sentient-peer-private.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define N_MESSAGES 10000 /* in all */
#else
#define N_MESSAGES 100000
#endif
#define SEED 20250701
#define KILLS 40
#define PATIENCE 240
#define LARGE_EVERY 5000
#define LARGE_MAX (4 * 1024 * 1024)
/* Sent as small ones: they keep order among themselves. */
#define SMALL_MAX 65000
#define N_PRIORITIES 3

/* Before what fills a message: a letter that stands for its lane and kind, and its number. */
#define HEAD_FORMAT "%c%07x"
#define HEAD_LEN 8
#define POOL_SIZE (LARGE_MAX + 1024 * 1024)

/* What is sent one after the other, and waits together. */
typedef struct
{
  struct _Way *way;
  gboolean is_large;
  guint wanted;
  guint sent;
  guint waited;
  gboolean is_waiting;
  guint lane_sent[N_PRIORITIES];
  guint lane_read[N_PRIORITIES];
} Flow;

/* One way. */
typedef struct _Way
{
  struct _Chaos *chaos;
  TestPeer *from;
  TestPeer *to;
  const char *to_id;
  SentientConnection *connection; /* of the reader */
  Flow flows[2];                  /* small, large */
  guint held;                     /* reads until the reader pauses */
  guint pauses;
  GSource *pause;
} Way;

typedef struct _Chaos
{
  TestCoordinator *coordinator;
  TestCutter *cutter;
  TestPeer *peers[2];
  Way ways[2];
  GRand *rand;
  char *text;   /* fills texts */
  guint8 *data; /* fills the rest; nothing makes it smaller */
  guint wanted;
  guint read;
  guint next_kill; /* messages read until then */
  GSource *kill;
  gint steps_to_kill; /* of a negotiation, until its attempt is killed as well; < 0: it is not */
  guint kills[3];
  guint attempts_killed;
  guint cuts;
} Chaos;

static gint32
draw (Chaos *self, gint32 from, gint32 to)
{
  return g_rand_int_range (self->rand, from, to);
}

/* Messages */

/* Where in the pool the filling of a message begins. */
static gsize
find_filling (guint lane, guint number)
{
  return (lane * 7919u + number * 104729u) % (1024 * 1024);
}

static const void *
get_pool (Chaos *self, gboolean is_text)
{
  return is_text ? (const void *)self->text : self->data;
}

static GBytes *
make_message (Chaos *self, guint lane, guint number, gboolean is_text, gsize size)
{
  char *bytes = g_malloc (size + 1);

  g_snprintf (bytes, HEAD_LEN + 1, HEAD_FORMAT, (is_text ? 'A' : 'a') + lane, number);
  memcpy (bytes + HEAD_LEN, (const char *)get_pool (self, is_text) + find_filling (lane, number),
          size - HEAD_LEN);
  return g_bytes_new_take (bytes, size);
}

static gsize
draw_size (Flow *flow)
{
  Chaos *self = flow->way->chaos;
  gint32 dice = draw (self, 0, 200);

  if (flow->is_large)
    return (gsize)draw (self, dice < 100 ? 1024 * 1024 : SMALL_MAX + 536, LARGE_MAX);
  if (dice == 0)
    return (gsize)draw (self, HEAD_LEN, SMALL_MAX);
  if (dice < 12)
    return (gsize)draw (self, HEAD_LEN, 5000);
  return (gsize)draw (self, HEAD_LEN, 200);
}

static void send_more (Flow *flow);

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flow *flow = user_data;
  g_autoptr (GError) error = NULL;

  sentient_peer_send_finish (SENTIENT_PEER (source), result, &error);
  g_assert_no_error (error);
  flow->is_waiting = FALSE;
  send_more (flow);
}

static void
send_one (Flow *flow)
{
  Way *way = flow->way;
  guint priority = (guint)draw (way->chaos, 0, N_PRIORITIES);
  gboolean is_text = draw (way->chaos, 0, 2) == 0;
  guint lane = priority * 2 + flow->is_large;
  g_autoptr (GBytes) data
      = make_message (way->chaos, lane, flow->lane_sent[priority]++, is_text, draw_size (flow));
  g_autoptr (GError) error = NULL;

  flow->sent++;
  if (sentient_peer_send_message (way->from->peer, way->to_id, data, is_text,
                                  (SentientPriority)priority, &error))
    return;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  flow->is_waiting = TRUE;
  flow->waited++;
  sentient_peer_send_message_async (way->from->peer, way->to_id, data, is_text,
                                    (SentientPriority)priority, NULL, on_sent, flow);
}

static void
send_more (Flow *flow)
{
  while (flow->sent < flow->wanted && !flow->is_waiting)
    send_one (flow);
}

/* Kills */

static SentientConnection *
find_connection (Chaos *self, guint end)
{
  return sentient_peer_find_connection (self->peers[end]->peer,
                                        sentient_peer_get_node_id (self->peers[1 - end]->peer));
}

/* From now on nothing that comes over this link is heard. */
static void
deafen (SentientConnection *connection)
{
  g_signal_handlers_block_matched (connection->link, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA,
                                   g_signal_lookup ("message", SENTIENT_TYPE_LINK), 0, NULL, NULL,
                                   connection);
}

static void
kill_link (Chaos *self, guint kind, guint end)
{
  SentientConnection *connection = find_connection (self, end);
  g_autoptr (GError) lost
      = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST, "killed by the test");

  g_assert_nonnull (connection);
  if (connection->link == NULL || connection->state != SENTIENT_CONNECTION_STATE_CONNECTED)
    return;
  self->kills[kind]++;
  if (kind == 0) /* this end gives it up, and the other hears nothing of it */
    sentient_peer_lose_link (connection->peer, connection, lost);
  else if (kind == 1) /* both see that it is closed */
    sentient_link_close (connection->link);
  else /* it lives, but one direction of it is dead, and both ends look after it */
    {
      deafen (connection);
      for (guint i = 0; i < 2; i++)
        sentient_peer_check_network (self->peers[i]->peer);
    }
}

static void
plan_kill (Chaos *self)
{
  const gint32 gap = (gint32)(self->wanted / KILLS);

  self->next_kill = self->read + (guint)draw (self, 0, 2 * gap);
}

static gboolean
on_kill (gpointer user_data)
{
  Chaos *self = user_data;
  static const guint kinds[] = { 0, 0, 0, 0, 1, 1, 1, 1, 2 };

  g_clear_pointer (&self->kill, g_source_unref);
  if (draw (self, 0, 3) == 0)
    {
      guint n = (guint)draw (self, 1, 3);

      test_cutter_arm (self->cutter, n, 20, 2500);
      self->cuts += n;
    }
  self->steps_to_kill = draw (self, 0, 3) == 0 ? draw (self, 0, 10) : -1;
  kill_link (self, kinds[draw (self, 0, G_N_ELEMENTS (kinds))], (guint)draw (self, 0, 2));
  plan_kill (self);
  return G_SOURCE_REMOVE;
}

static GSource *
add_timeout (guint ms, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, NULL);
  return source;
}

/* A step of a negotiation: its attempt may have to die, too. */
static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, Chaos *self)
{
  SentientConnection *attempt = g_hash_table_lookup (peer->attempts, node_id);

  if (self->steps_to_kill < 0 || attempt == NULL || attempt->link == NULL
      || self->steps_to_kill-- > 0)
    return;
  self->attempts_killed++;
  sentient_link_close (attempt->link);
}

/* Reading */

static gboolean
on_pause_over (gpointer user_data)
{
  Way *way = user_data;

  g_clear_pointer (&way->pause, g_source_unref);
  sentient_connection_set_paused (way->connection, FALSE);
  return G_SOURCE_REMOVE;
}

static void
pause_at_times (Way *way)
{
  if (way->held-- > 0)
    return;
  way->held = (guint)draw (way->chaos, 1, 2000);
  if (way->pause != NULL)
    return;
  way->pauses++;
  sentient_connection_set_paused (way->connection, TRUE);
  way->pause = add_timeout ((guint)draw (way->chaos, 0, 20), on_pause_over, way);
}

static void
check_message (Way *way, GBytes *data, gboolean is_text)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  char head[HEAD_LEN + 1] = { 0 };
  guint number, lane;
  Flow *flow;

  g_assert_cmpuint (size, >=, HEAD_LEN);
  memcpy (head, bytes, HEAD_LEN);
  g_assert_cmpint (g_ascii_isupper (head[0]) != 0, ==, is_text);
  lane = (guint)(head[0] - (is_text ? 'A' : 'a'));
  g_assert_cmpuint (lane, <, 2 * N_PRIORITIES);
  number = (guint)strtoul (head + 1, NULL, 16);
  flow = &way->flows[lane % 2];
  g_assert_cmpuint (number, ==, flow->lane_read[lane / 2]);
  flow->lane_read[lane / 2]++;
  g_assert_cmpint (memcmp (bytes + HEAD_LEN,
                           (const char *)get_pool (way->chaos, is_text)
                               + find_filling (lane, number),
                           size - HEAD_LEN),
                   ==, 0);
}

static void
on_message (SentientPeer *peer, const char *node_id, GBytes *data, gboolean is_text, Way *way)
{
  Chaos *self = way->chaos;

  check_message (way, data, is_text);
  self->read++;
  pause_at_times (way);
  if (self->read >= self->next_kill && self->kill == NULL && self->read < self->wanted)
    self->kill = add_timeout (0, on_kill, self);
}

/* All */

static guint
get_setting (const char *name, guint otherwise)
{
  const char *value = g_getenv (name);

  return value != NULL ? (guint)strtoul (value, NULL, 10) : otherwise;
}

static void
fill_pools (Chaos *self)
{
  static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz +";

  self->text = g_malloc (POOL_SIZE);
  self->data = g_malloc (POOL_SIZE);
  for (gsize i = 0; i < POOL_SIZE; i++)
    {
      guint32 word = g_rand_int (self->rand);

      self->text[i] = letters[word % (sizeof letters - 1)];
      self->data[i] = (guint8)(word >> 16);
    }
}

static TestPeer *
enter (Chaos *self, const char *node_id)
{
  TestCoordinator via = { NULL, (char *)test_cutter_get_uri (self->cutter), NULL };
  TestPeer *test = test_peer_new (node_id, TRUE);

  /* An attempt whose other end was killed waits for all of the time. */
  g_object_set (test->peer, "reconnect-delay", 10, "request-timeout", 60000, "connect-timeout",
                4000, NULL);
  test_peer_enter (test, &via, "chaos");
  g_signal_connect (test->peer, "negotiation", G_CALLBACK (on_negotiation), self);
  /* It would keep all that it hears. */
  g_signal_handlers_disconnect_matched (test->peer, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA,
                                        g_signal_lookup ("message", SENTIENT_TYPE_PEER), 0, NULL,
                                        NULL, test);
  return test;
}

static void
way_init (Chaos *self, guint end)
{
  Way *way = &self->ways[end];
  const guint wanted = self->wanted / 2;

  way->chaos = self;
  way->from = self->peers[end];
  way->to = self->peers[1 - end];
  way->to_id = sentient_peer_get_node_id (way->to->peer);
  way->connection = g_object_ref (find_connection (self, 1 - end));
  way->held = 1000;
  for (guint i = 0; i < G_N_ELEMENTS (way->flows); i++)
    way->flows[i] = (Flow){ .way = way, .is_large = i == 1 };
  way->flows[1].wanted = MAX (1, wanted / LARGE_EVERY);
  way->flows[0].wanted = wanted - way->flows[1].wanted;
  g_signal_connect (way->to->peer, "message", G_CALLBACK (on_message), way);
}

static void
chaos_init (Chaos *self)
{
  const guint seed = get_setting ("SENTIENT_PEER_CHAOS_SEED", SEED);

  self->wanted = get_setting ("SENTIENT_PEER_CHAOS_MESSAGES", N_MESSAGES) / 2 * 2;
  g_test_message ("SENTIENT_PEER_CHAOS_SEED=%u SENTIENT_PEER_CHAOS_MESSAGES=%u", seed,
                  self->wanted);
  self->rand = g_rand_new_with_seed (seed);
  self->steps_to_kill = -1;
  fill_pools (self);
  self->coordinator = test_coordinator_new ();
  self->cutter = test_cutter_new (self->coordinator->uri, seed);
  self->peers[0] = enter (self, "a");
  self->peers[1] = enter (self, "b");
  g_object_unref (test_peer_connect (self->peers[1], self->peers[0]));
  for (guint i = 0; i < 2; i++)
    way_init (self, i);
  plan_kill (self);
}

static gboolean
is_acknowledged (Way *way)
{
  SentientConnection *sender = find_connection (way->chaos, (guint)(way - way->chaos->ways));

  return sentient_stream_count_unacknowledged (sender->stream) == 0;
}

static void
way_check (Way *way)
{
  const Flow *small = &way->flows[0], *large = &way->flows[1];

  g_test_message ("to %s: %u pauses, %u small and %u large messages waited, %u links replaced",
                  way->to_id, way->pauses, small->waited, large->waited,
                  way->connection->n_replacements);
  for (guint i = 0; i < N_PRIORITIES; i++)
    {
      g_assert_cmpuint (small->lane_read[i], ==, small->lane_sent[i]);
      g_assert_cmpuint (large->lane_read[i], ==, large->lane_sent[i]);
    }
  g_assert_true (find_connection (way->chaos, 1 - (guint)(way - way->chaos->ways))
                 == way->connection);
  g_assert_cmpuint (sentient_connection_get_messages_received (way->connection), ==,
                    small->wanted + large->wanted);
  g_assert_cmpuint (way->connection->n_replacements, >, 0);
  g_assert_cmpuint (way->to->n_connected, ==, 1);
  g_assert_cmpuint (way->to->n_disconnected, ==, 0);
}

static void
chaos_clear (Chaos *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_signal_handlers_disconnect_by_data (self->ways[i].to->peer, &self->ways[i]);
      g_signal_handlers_disconnect_by_data (self->peers[i]->peer, self);
      g_clear_object (&self->ways[i].connection);
    }
  test_peer_free (self->peers[1]);
  test_peer_free (self->peers[0]);
  test_cutter_free (self->cutter);
  test_coordinator_free (self->coordinator);
  g_rand_free (self->rand);
  g_free (self->text);
  g_free (self->data);
}

static void
test_chaos (void)
{
  Chaos self = { 0 };
  const gint64 begun = g_get_monotonic_time ();

  chaos_init (&self);
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++)
      send_more (&self.ways[i].flows[j]);
  test_await (PATIENCE, self.read == self.wanted && self.kill == NULL && self.ways[0].pause == NULL
                            && self.ways[1].pause == NULL);
  self.steps_to_kill = -1;
  test_cutter_arm (self.cutter, 0, 1, 1);
  test_await (PATIENCE, is_acknowledged (&self.ways[0]) && is_acknowledged (&self.ways[1]));
  g_test_message ("killed: %u given up, %u closed, %u deaf, %u attempts; %u coordinator "
                  "connections were to be cut; %.1f s",
                  self.kills[0], self.kills[1], self.kills[2], self.attempts_killed, self.cuts,
                  (double)(g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
  for (guint i = 0; i < 2; i++)
    way_check (&self.ways[i]);
  chaos_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer-chaos/links", test_chaos);
  return g_test_run ();
}
