/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plain sessions whose outbox overflows: no room event is lost without the client getting to know.
 */

#include <string.h>

#include "model/sentient-directory.h"

#define N_OTHERS 8

typedef struct
{
  gboolean taking;
  guint n_wakes;
  guint n_refused; /* signals, that is */
  guint n_missed;
} FakeTransport;

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
  SentientDirectoryLimits *limits;
  SentientMetrics *metrics;
  FakeTransport transport;
  gboolean view[N_OTHERS]; /* what a client knows */
} Fixture;

static void
fake_wake (SentientSession *session, gpointer data)
{
  ((FakeTransport *)data)->n_wakes++;
}

static void
fake_overflow (SentientSession *session, gpointer data, gboolean missed)
{
  FakeTransport *fake = data;

  if (missed)
    fake->n_missed++;
  else
    fake->n_refused++;
}

static gboolean
fake_is_taking (SentientSession *session, gpointer data)
{
  return ((FakeTransport *)data)->taking;
}

static void
fake_taken (gpointer data, gboolean replaced)
{
}

static const SentientTransportVtable fake_transport = {
  .kind = SENTIENT_TRANSPORT_WEBSOCKET,
  .wake = fake_wake,
  .overflow = fake_overflow,
  .is_taking = fake_is_taking,
  .taken = fake_taken,
};

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = sentient_manual_clock_new (1000000);
  f->directory = sentient_directory_new (SENTIENT_CLOCK (f->clock));
  f->limits = sentient_directory_get_limits (f->directory);
  f->limits->outbox.items = 4;
  f->metrics = sentient_directory_get_metrics (f->directory);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_assert_finalize_object (f->directory);
  g_assert_finalize_object (f->clock);
}

static SentientMembership *
join (Fixture *f, const char *node_id, const char *room)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_ensure (f->directory, node_id, &error);
  SentientMembership *membership
      = sentient_directory_join (f->directory, session, room, (SentientSpan){ NULL, 0 }, &error);

  g_assert_no_error (error);
  return membership;
}

static SentientSession *
join_with (Fixture *f, const char *node_id, const char *room, gboolean taking)
{
  SentientSession *session = join (f, node_id, room)->member != NULL
                                 ? sentient_directory_find (f->directory, node_id)
                                 : NULL;

  f->transport.taking = taking;
  sentient_directory_attach (f->directory, session, &fake_transport, &f->transport);
  return session;
}

static void
come_and_go (Fixture *f, const char *node_id, const char *room)
{
  join (f, node_id, room);
  g_assert_true (sentient_directory_leave (f->directory,
                                           sentient_directory_find (f->directory, node_id), room,
                                           NULL));
}

static gboolean
relay (Fixture *f, const char *from, const char *to)
{
  g_autoptr (SentientSignal) signal
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, from, to, NULL, "{\"sdp\":\"v\"}", NULL);

  return sentient_directory_relay_signal (f->directory, signal, NULL, NULL);
}

/* A transport takes up to n items; "j", "l" and "s" for each joined, left and signal. */
static char *
send_some (SentientSession *session, guint n)
{
  GString *kinds = g_string_new (NULL);
  const SentientOutboxItem *item;

  while (n-- > 0 && (item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      SentientMessageKind kind = sentient_message_get_kind (item->message);

      g_string_append_c (kinds, kind == SENTIENT_MESSAGE_SIGNAL        ? 's'
                                : kind == SENTIENT_MESSAGE_PEER_JOINED ? 'j'
                                                                       : 'l');
      sentient_outbox_mark_sent (&session->outbox, item->seq);
    }
  return g_string_free (kinds, FALSE);
}

static void
assert_sends (SentientSession *session, const char *expected)
{
  g_autofree char *kinds = send_some (session, G_MAXUINT);

  g_assert_cmpstr (kinds, ==, expected);
}

static guint64
get_dropped (Fixture *f)
{
  return f->metrics->dropped_events[SENTIENT_DROP_OUTBOX_FULL];
}

/* A slow client is told so once; signals stay, and it hears of the room again when it has joined it
 * again. */
static void
test_slow (Fixture *f, gconstpointer unused)
{
  SentientSession *b = join_with (f, "b", "r", FALSE);

  join (f, "a", "r");
  g_assert_true (relay (f, "a", "b"));
  come_and_go (f, "x", "r");
  g_assert_cmpuint (f->transport.n_missed, ==, 0); /* exactly what fits */
  join (f, "b", "other");
  come_and_go (f, "x", "r");
  g_assert_cmpuint (f->transport.n_missed, ==, 1);
  g_assert_cmpuint (f->transport.n_refused, ==, 0);
  g_assert_cmpuint (get_dropped (f), ==, 3 + 2);
  g_assert_cmpuint (b->n_stale, ==, 1);
  sentient_directory_end (f->directory, sentient_directory_find (f->directory, "a"),
                          SENTIENT_LEAVE_REASON_LEFT);
  come_and_go (f, "x", "r");
  g_assert_cmpuint (get_dropped (f), ==, 3 + 2 + 1 + 2);
  g_assert_cmpuint (f->transport.n_missed, ==, 1);
  come_and_go (f, "x", "other"); /* of which nothing is missing */

  sentient_directory_detach (f->directory, b, &f->transport);
  sentient_directory_lose (f->directory, b);
  sentient_directory_attach (f->directory, b, &fake_transport, &f->transport);
  assert_sends (b, "sjl");
  sentient_directory_flushed_until (f->directory, b, G_MAXUINT64);
  come_and_go (f, "x", "r");
  assert_sends (b, "");
  sentient_directory_refresh (f->directory, b, join (f, "b", "r"));
  g_assert_cmpuint (b->n_stale, ==, 0);
  come_and_go (f, "x", "r");
  assert_sends (b, "jl");
}

/* Who takes what it is sent, but had no turn yet, is given as much again. */
static void
test_taking (Fixture *f, gconstpointer unused)
{
  SentientSession *b = join_with (f, "b", "r", TRUE);

  f->limits->queued_bytes = 100; /* it is not the one who fills it */
  for (guint i = 0; i < 4; i++)
    come_and_go (f, "x", "r");
  g_assert_cmpuint (f->transport.n_missed, ==, 0);
  g_assert_cmpuint (f->transport.n_wakes, ==, 8);
  g_assert_cmpuint (get_dropped (f), ==, 0);
  join (f, "x", "r");
  g_assert_cmpuint (f->transport.n_missed, ==, 1);
  assert_sends (b, "");
}

static void
test_budget (Fixture *f, gconstpointer unused)
{
  SentientSession *b = join_with (f, "b", "r", FALSE);

  f->limits->queued_bytes = 0;
  join (f, "x", "r");
  g_assert_cmpuint (f->transport.n_missed, ==, 1);
  g_assert_cmpuint (f->metrics->dropped_events[SENTIENT_DROP_BUDGET_FULL], ==, 1);
  g_assert_cmpuint (get_dropped (f), ==, 0);
  g_assert_cmpuint (b->n_stale, ==, 1);
  g_assert_cmpuint (f->metrics->told_joined, ==, 0);
}

/* Who polls gets its signals, and then is told to join again. */
static void
test_polling (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  SentientMembership *membership = join (f, "b", "r");
  SentientSession *b = sentient_directory_find (f->directory, "b");

  join (f, "a", "r");
  g_assert_true (relay (f, "a", "b"));
  for (guint i = 0; i < 2; i++)
    come_and_go (f, "x", "r");
  g_assert_true (sentient_directory_may_wait (b, NULL));
  assert_sends (b, "s");
  sentient_directory_flushed_until (f->directory, b, G_MAXUINT64);
  g_assert_false (sentient_directory_may_wait (b, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
  g_assert_nonnull (strstr (error->message, "“b”"));

  join (f, "b", "r");
  sentient_directory_overtake (f->directory, b, membership);
  g_assert_true (sentient_directory_may_wait (b, NULL));
  come_and_go (f, "x", "r");
  assert_sends (b, "jl");
}

/* What is on its way may come after the answer to a join and is older: it is told once more. */
static void
test_crossing (Fixture *f, gconstpointer unused)
{
  SentientMembership *membership = join (f, "b", "r");
  SentientSession *b = sentient_directory_find (f->directory, "b");

  come_and_go (f, "x", "r");
  sentient_directory_attach (f->directory, b, &fake_transport, &f->transport);
  assert_sends (b, "jl");
  for (guint i = 0; i < 2; i++)
    come_and_go (f, "x", "r");
  join (f, "b", "r");
  sentient_directory_overtake (f->directory, b, membership);
  g_assert_false (sentient_directory_may_wait (b, NULL));

  /* It never arrived, and is not to come any more. */
  sentient_directory_detach (f->directory, b, &f->transport);
  join (f, "b", "r");
  sentient_directory_overtake (f->directory, b, membership);
  g_assert_true (sentient_directory_may_wait (b, NULL));
  assert_sends (b, "");
}

/* Nobody stays in a room deaf: not to join again within the grace time is to leave. */
static void
test_left (Fixture *f, gconstpointer unused)
{
  SentientSession *b = join_with (f, "b", "r", FALSE);
  SentientRoom *room = sentient_directory_find_room (f->directory, "r");
  SentientSession *a;

  join (f, "b", "other");
  for (guint i = 0; i < 3; i++)
    come_and_go (f, "x", "r");
  join (f, "a", "r");
  a = sentient_directory_find (f->directory, "a");
  sentient_manual_clock_advance (f->clock, f->limits->grace_ms - 1);
  sentient_directory_touch (f->directory, a);
  sentient_directory_cleanup (f->directory);
  g_assert_nonnull (sentient_room_find_member (room, "b"));
  sentient_manual_clock_advance (f->clock, 1);
  sentient_directory_cleanup (f->directory);
  g_assert_null (sentient_room_find_member (room, "b"));
  g_assert_cmpuint (f->metrics->leaves[SENTIENT_LEAVE_REASON_TIMEOUT], ==, 1);
  assert_sends (a, "l");
  g_assert_cmpuint (b->n_stale, ==, 0);
  g_assert_cmpuint (sentient_session_get_n_rooms (b), ==, 1);
}

/* The client */

static void
apply (Fixture *f, const char *text)
{
  const char *id = strstr (text, "\"nodeId\":\"n");
  gboolean joined = strstr (text, "\"peer-joined\"") != NULL;

  g_assert_nonnull (id);
  f->view[id[strlen ("\"nodeId\":\"n")] - '0'] = joined;
}

static void
take_some (Fixture *f, SentientSession *session, guint n)
{
  const SentientOutboxItem *item;

  while (n-- > 0 && (item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      sentient_message_append (item->message, text, SENTIENT_DIALECT_PLAIN, item->seq, "p");
      apply (f, text->str);
      sentient_outbox_mark_sent (&session->outbox, item->seq);
    }
  sentient_directory_flushed_until (f->directory, session, G_MAXUINT64);
}

static void
learn_all (Fixture *f, gboolean *view)
{
  SentientRoom *room = sentient_directory_find_room (f->directory, "r");

  for (guint i = 0; i < N_OTHERS; i++)
    {
      const char id[] = { 'n', (char)('0' + i), '\0' };

      view[i] = sentient_room_find_member (room, id) != NULL;
    }
}

static void
rejoin (Fixture *f, SentientSession *session, gboolean by_http)
{
  SentientMembership *membership = join (f, "p", "r");

  if (by_http)
    sentient_directory_overtake (f->directory, session, membership);
  else
    {
      take_some (f, session, G_MAXUINT);
      sentient_directory_refresh (f->directory, session, membership);
    }
  learn_all (f, f->view);
}

static void
toggle (Fixture *f, guint i)
{
  const char id[] = { 'n', (char)('0' + i), '\0' };
  SentientSession *session = sentient_directory_find (f->directory, id);

  if (session != NULL)
    sentient_directory_leave (f->directory, session, "r", NULL);
  else
    join (f, id, "r");
}

static void
assert_knows_all (Fixture *f)
{
  gboolean truth[N_OTHERS];

  learn_all (f, truth);
  g_assert_cmpmem (f->view, sizeof f->view, truth, sizeof truth);
}

/* Whatever a client takes and misses: when it was not told to join again, it knows who is there. */
static void
test_random (Fixture *f, gconstpointer by_http)
{
  const guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  SentientSession *p = join_with (f, "p", "r", FALSE);
  guint n_missed = 0, n_right = 0;

  g_test_message ("seed %u", seed);
  if (GPOINTER_TO_INT (by_http))
    sentient_directory_detach (f->directory, p, &f->transport);
  for (guint i = 0; i < 20000; i++)
    {
      for (gint n = g_rand_int_range (rand, 0, 8); n > 0; n--)
        toggle (f, (guint)g_rand_int_range (rand, 0, N_OTHERS));
      if (GPOINTER_TO_INT (by_http) ? !sentient_directory_may_wait (p, NULL)
                                    : f->transport.n_missed > 0)
        {
          n_missed++;
          rejoin (f, p, GPOINTER_TO_INT (by_http));
          f->transport.n_missed = 0;
        }
      take_some (f, p, (guint)g_rand_int_range (rand, 0, 8));
      f->transport.taking = g_rand_boolean (rand);
      if (sentient_outbox_is_waiting (&p->outbox))
        continue;
      n_right++;
      assert_knows_all (f);
    }
  g_assert_cmpuint (n_missed, >, 100);
  g_assert_cmpuint (n_right, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/directory-stale/slow", NULL, test_slow);
  ADD ("/directory-stale/taking", NULL, test_taking);
  ADD ("/directory-stale/budget", NULL, test_budget);
  ADD ("/directory-stale/polling", NULL, test_polling);
  ADD ("/directory-stale/crossing", NULL, test_crossing);
  ADD ("/directory-stale/left", NULL, test_left);
  ADD ("/directory-stale/random", GINT_TO_POINTER (FALSE), test_random);
  ADD ("/directory-stale/random-http", GINT_TO_POINTER (TRUE), test_random);
  return g_test_run ();
}
