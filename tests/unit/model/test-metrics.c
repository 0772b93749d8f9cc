/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-directory.h"

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
  SentientMetrics *metrics;
} Fixture;

static void
no_wake (SentientSession *session, gpointer data)
{
}

static void
no_taken (gpointer data, gboolean replaced)
{
}

static const SentientTransportVtable transport = {
  .kind = SENTIENT_TRANSPORT_WEBSOCKET,
  .wake = no_wake,
  .taken = no_taken,
};

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->clock = sentient_manual_clock_new (1000000);
  fixture->directory = sentient_directory_new (SENTIENT_CLOCK (fixture->clock));
  fixture->metrics = sentient_directory_get_metrics (fixture->directory);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->directory);
  g_assert_finalize_object (fixture->clock);
}

static SentientSession *
join (Fixture *fixture, const char *node_id, const char *room)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_ensure (fixture->directory, node_id, &error);

  sentient_directory_join (fixture->directory, session, room, (SentientSpan){ NULL, 0 }, &error);
  g_assert_no_error (error);
  return session;
}

static gboolean
relay (Fixture *fixture, const char *from, const char *to, const char *room)
{
  g_autoptr (SentientSignal) signal
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_ANSWER, from, to, room, "{\"sdp\":\"v\"}", NULL);

  /* Without a place for the error, which is counted all the same. */
  return sentient_directory_relay_signal (fixture->directory, signal, NULL, NULL);
}

static SentientDirectoryCounts
count (Fixture *fixture)
{
  SentientDirectoryCounts counts;

  sentient_directory_count (fixture->directory, &counts);
  return counts;
}

static void
test_signals (Fixture *fixture, gconstpointer unused)
{
  const guint type = SENTIENT_SIGNAL_TYPE_ANSWER;
  const guint64 *refused = fixture->metrics->signals_refused[type];
  SentientSession *b;

  join (fixture, "a", "lab");
  b = join (fixture, "b", "lab");
  join (fixture, "c", "den");
  g_assert_true (relay (fixture, "a", "b", "lab"));
  g_assert_true (relay (fixture, "a", "b", NULL));
  g_assert_cmpuint (fixture->metrics->signals_queued[type], ==, 2);
  sentient_directory_attach (fixture->directory, b, &transport, NULL);
  g_assert_true (relay (fixture, "a", "b", "lab"));
  g_assert_cmpuint (fixture->metrics->signals_queued[type], ==, 2);
  g_assert_cmpuint (fixture->metrics->signals_delivered[type], ==, 1);

  g_assert_false (relay (fixture, "a", "a", NULL));
  g_assert_false (relay (fixture, "a", "b", "nowhere"));
  g_assert_false (relay (fixture, "a", "c", "den"));
  g_assert_false (relay (fixture, "nobody", "b", NULL));
  g_assert_false (relay (fixture, "a", "c", NULL));
  while (relay (fixture, "a", "b", "lab"))
    ;
  g_assert_cmpuint (refused[SENTIENT_ERROR_BAD_REQUEST], ==, 1);
  g_assert_cmpuint (refused[SENTIENT_ERROR_UNKNOWN_ROOM], ==, 1);
  g_assert_cmpuint (refused[SENTIENT_ERROR_FORBIDDEN], ==, 2);
  g_assert_cmpuint (refused[SENTIENT_ERROR_UNKNOWN_PEER], ==, 1);
  g_assert_cmpuint (refused[SENTIENT_ERROR_BUSY], ==, 1);
  g_assert_cmpuint (fixture->metrics->signals_delivered[type], ==, 256 - 2);
  g_assert_cmpuint (count (fixture).queued_messages, ==, 1 + 256);
  g_assert_cmpuint (fixture->metrics->signals_delivered[SENTIENT_SIGNAL_TYPE_OFFER], ==, 0);
}

static void
test_rooms (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *b = join (fixture, "b", "lab");
  SentientSession *c = join (fixture, "c", "lab");

  join (fixture, "c", "lab"); /* no news */
  join (fixture, "c", "global");
  g_assert_cmpuint (fixture->metrics->joins, ==, 4);
  g_assert_cmpuint (fixture->metrics->told_joined, ==, 3);
  g_assert_cmpuint (count (fixture).memberships, ==, 4);

  g_assert_true (sentient_directory_leave (fixture->directory, c, "lab", NULL));
  g_assert_cmpuint (fixture->metrics->told_left, ==, 2);
  sentient_directory_end (fixture->directory, b, SENTIENT_LEAVE_REASON_REPLACED);
  g_assert_cmpuint (fixture->metrics->told_left, ==, 3);
  sentient_directory_end (fixture->directory, a, SENTIENT_LEAVE_REASON_TIMEOUT);
  g_assert_cmpuint (fixture->metrics->leaves[SENTIENT_LEAVE_REASON_LEFT], ==, 1);
  g_assert_cmpuint (fixture->metrics->leaves[SENTIENT_LEAVE_REASON_REPLACED], ==, 1);
  g_assert_cmpuint (fixture->metrics->leaves[SENTIENT_LEAVE_REASON_TIMEOUT], ==, 1);
  g_assert_cmpuint (count (fixture).memberships, ==, 1);
}

static void
test_drops (Fixture *fixture, gconstpointer unused)
{
  static const char *const senders[] = { "a", "s1", "s2", "s3" }; /* each may fill a quarter */
  SentientDirectoryLimits *limits = sentient_directory_get_limits (fixture->directory);
  SentientSession *b;

  for (guint i = 0; i < G_N_ELEMENTS (senders); i++)
    join (fixture, senders[i], "lab");
  b = join (fixture, "b", "lab");
  join (fixture, "c", "lab");
  for (guint i = 0; i < G_N_ELEMENTS (senders); i++)
    {
      while (relay (fixture, senders[i], "b", "lab"))
        ;
    }
  join (fixture, "d", "lab");
  g_assert_cmpuint (fixture->metrics->dropped_events[SENTIENT_DROP_OUTBOX_FULL], ==, 2);
  g_assert_cmpuint (fixture->metrics->dropped_events[SENTIENT_DROP_BUDGET_FULL], ==, 0);

  /* b holds all these signals, none of which is delivered. */
  sentient_directory_refresh (fixture->directory, b, sentient_session_find_membership (b, "lab"));
  join (fixture, "d2", "lab"); /* and an event */
  sentient_directory_end (fixture->directory, b, SENTIENT_LEAVE_REASON_TIMEOUT);
  g_assert_cmpuint (fixture->metrics->dropped_signals[SENTIENT_DROP_SESSION_ENDED], ==, 1024 - 1);
  g_assert_cmpuint (fixture->metrics->dropped_events[SENTIENT_DROP_SESSION_ENDED], ==, 1);

  /* Each of the others loses what waits, and the new event. */
  limits->queued_bytes = 0;
  join (fixture, "e", "lab");
  g_assert_cmpuint (fixture->metrics->dropped_events[SENTIENT_DROP_BUDGET_FULL], >, 3);
  g_assert_cmpuint (fixture->metrics->dropped_events[SENTIENT_DROP_OUTBOX_FULL], ==, 2);
  g_assert_cmpuint (fixture->metrics->dropped_signals[SENTIENT_DROP_BUDGET_FULL], ==, 0);
  g_assert_cmpuint (count (fixture).queued_messages, ==, 0);
  g_assert_cmpuint (count (fixture).queued_bytes, ==, 0);
}

static void
mark_sent (SentientSession *session, guint64 end)
{
  g_assert_nonnull (sentient_outbox_next (&session->outbox));
  sentient_outbox_mark_sent (&session->outbox, end);
}

static void
test_latency (Fixture *fixture, gconstpointer unused)
{
  const SentientHistogram *latency = &fixture->metrics->relay_latency;
  SentientSession *b;

  join (fixture, "a", "lab");
  b = join (fixture, "b", "lab");
  join (fixture, "c", "lab"); /* an event, whose time nobody asks for */
  fixture->metrics->now_us = 1000;
  g_assert_true (relay (fixture, "a", "b", "lab"));
  fixture->metrics->now_us = 1400;
  g_assert_true (relay (fixture, "a", "b", "lab"));
  for (guint i = 1; i <= 3; i++)
    mark_sent (b, i * 10);

  fixture->metrics->now_us = 1500;
  sentient_directory_flushed_until (fixture->directory, b, 20);
  g_assert_cmpuint (sentient_histogram_get_count (latency), ==, 1);
  g_assert_cmpuint (latency->sum_us, ==, 500);
  /* What a lost transport took and did not deliver is not handed over. */
  sentient_outbox_rewind (&b->outbox);
  sentient_directory_flushed_until (fixture->directory, b, G_MAXUINT64);
  g_assert_cmpuint (sentient_histogram_get_count (latency), ==, 1);
  fixture->metrics->now_us = 11400;
  mark_sent (b, 1);
  sentient_directory_flushed_until (fixture->directory, b, 1);
  g_assert_cmpuint (sentient_histogram_get_count (latency), ==, 2);
  g_assert_cmpuint (latency->sum_us, ==, 10500);
  g_assert_cmpuint (latency->buckets[3], ==, 1);
  g_assert_cmpuint (latency->buckets[7], ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/metrics/signals", test_signals);
  ADD ("/metrics/rooms", test_rooms);
  ADD ("/metrics/drops", test_drops);
  ADD ("/metrics/latency", test_latency);
  return g_test_run ();
}
