/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often a node may do what, and how much of the outboxes it may fill. */

#include <string.h>

#include "model/sentient-directory.h"

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = sentient_manual_clock_new (1000000);
  f->directory = sentient_directory_new (SENTIENT_CLOCK (f->clock));
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_assert_finalize_object (f->directory);
  g_assert_finalize_object (f->clock);
}

static SentientSession *
ensure (Fixture *f, const char *node_id)
{
  SentientSession *session = sentient_directory_ensure (f->directory, node_id, NULL);

  g_assert_nonnull (session);
  sentient_directory_touch (f->directory, session);
  return session;
}

static SentientSession *
join (Fixture *f, const char *node_id, const char *room)
{
  SentientSession *session = ensure (f, node_id);
  g_autoptr (GError) error = NULL;

  sentient_directory_join (f->directory, session, room, (SentientSpan){ NULL, 0 }, &error);
  g_assert_no_error (error);
  return session;
}

static void
pass (Fixture *f, gint64 ms)
{
  sentient_manual_clock_advance (f->clock, ms);
}

/* How many signals it may send now; *retry_ms: what the refusal then says. */
static guint
count_signals (Fixture *f, const char *node_id, guint *retry_ms)
{
  SentientSession *session = ensure (f, node_id);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (
      sentient_directory_admit_signal (f->directory, session, SENTIENT_SIGNAL_TYPE_OFFER, &error))
    n++;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED);
  if (retry_ms != NULL)
    *retry_ms = sentient_error_get_retry_after (error);
  return n;
}

static guint
count_joins (Fixture *f, const char *node_id, const char *room)
{
  SentientSession *session = ensure (f, node_id);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (sentient_directory_admit_join (f->directory, session, room, &error))
    n++;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED);
  g_assert_cmpuint (sentient_error_get_retry_after (error), >, 0);
  return n;
}

static void
test_signal_rate (Fixture *f, gconstpointer unused)
{
  guint first, second;

  join (f, "a", "global");
  join (f, "b", "global");
  g_assert_cmpuint (count_signals (f, "a", &first), ==, 2000);
  /* One does not pay for the other. */
  g_assert_cmpuint (count_signals (f, "b", NULL), ==, 2000);
  pass (f, 1000);
  g_assert_cmpuint (count_signals (f, "a", NULL), ==, 200);
  pass (f, 2000);
  g_assert_cmpuint (count_signals (f, "a", &second), ==, 400);
  g_assert_cmpuint (second, >, first);

  sentient_directory_get_limits (f->directory)->signals.rate = 0;
  for (guint i = 0; i < 5000; i++)
    g_assert_true (sentient_directory_admit_signal (f->directory, ensure (f, "a"),
                                                    SENTIENT_SIGNAL_TYPE_OFFER, NULL));
}

static void
test_join_rate (Fixture *f, gconstpointer unused)
{
  sentient_directory_get_limits (f->directory)->room_peers = 1000;
  g_assert_cmpuint (count_joins (f, "a", "no-such-room"), ==, 64);
  pass (f, 1000);
  g_assert_cmpuint (count_joins (f, "a", "no-such-room"), ==, 10);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *node_id = g_strdup_printf ("n%u", i);

      join (f, node_id, "large");
      if (i == 48)
        g_assert_cmpuint (count_joins (f, "b", "large"), ==, 64);
      if (i == 49)
        g_assert_cmpuint (count_joins (f, "c", "large"), ==, 32);
    }
  g_assert_cmpuint (count_joins (f, "d", "large"), ==, 21);
}

/* Leaving and coming back does not fill the bucket. */
static void
test_leaving (Fixture *f, gconstpointer unused)
{
  join (f, "a", "global");
  g_assert_cmpuint (count_joins (f, "a", "other"), ==, 64);
  g_strfreev (sentient_directory_leave_all (f->directory, ensure (f, "a")));
  g_assert_null (sentient_directory_find (f->directory, "a"));
  g_assert_cmpuint (count_joins (f, "a", "other"), ==, 0);
  g_assert_cmpuint (count_joins (f, "b", "other"), ==, 64);

  sentient_directory_end (f->directory, ensure (f, "a"), SENTIENT_LEAVE_REASON_LEFT);
  pass (f, 1000);
  sentient_directory_cleanup (f->directory);
  g_assert_cmpuint (count_joins (f, "a", "other"), ==, 10);
  sentient_directory_end (f->directory, ensure (f, "a"), SENTIENT_LEAVE_REASON_LEFT);
  pass (f, 100000);
  sentient_directory_cleanup (f->directory);
  g_assert_cmpuint (count_joins (f, "a", "other"), ==, 64);
}

static gboolean
relay (Fixture *f, SentientSession *from, const char *to, gsize size, GError **error)
{
  g_autofree char *filler = g_strnfill (size, 'x');
  g_autofree char *text
      = g_strdup_printf ("{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"%s\"}", to, filler);
  SentientRequest request;

  g_assert_true (sentient_request_parse_message (&request, text, strlen (text), NULL));
  return sentient_directory_relay (f->directory, from, &request, NULL, error);
}

/* How many signals of that size from go through to to. */
static guint
fill (Fixture *f, SentientSession *from, const char *to, gsize size)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (relay (f, from, to, size, &error))
    n++;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  return n;
}

static void
deliver_all (Fixture *f, SentientSession *session)
{
  const SentientOutboxItem *item;

  while ((item = sentient_outbox_next (&session->outbox)) != NULL)
    sentient_outbox_mark_sent (&session->outbox, item->seq);
  sentient_directory_flushed_until (f->directory, session, G_MAXUINT64);
}

static void
test_sender_share (Fixture *f, gconstpointer unused)
{
  SentientSession *to = join (f, "to", "global");
  SentientSession *bad = join (f, "bad", "global");
  SentientSession *good = join (f, "good", "global");
  SentientSession *third = join (f, "third", "global");
  guint n;

  deliver_all (f, to);
  g_assert_cmpuint (fill (f, bad, "to", 10), ==, 256);
  g_assert_cmpuint (fill (f, good, "to", 10), ==, 256);
  n = fill (f, third, "to", 16 * 1024);
  g_assert_cmpuint (n, ==, 7); /* the sdp counts twice: it is lifted */
  g_assert_cmpuint (to->outbox.n_items, ==, 256 + 256 + n);
  /* In another outbox it has another share. */
  g_assert_true (relay (f, bad, "good", 10, NULL));

  /* What was delivered is no longer held against it, in whatever session it sent it. */
  sentient_directory_end (f->directory, bad, SENTIENT_LEAVE_REASON_LEFT);
  deliver_all (f, to);
  bad = join (f, "bad", "global");
  deliver_all (f, to);
  g_assert_cmpuint (fill (f, bad, "to", 10), ==, 256);
  deliver_all (f, to);
  g_assert_cmpuint (to->outbox.bytes, ==, 0);
  g_assert_cmpuint (bad->sender->queued_bytes, ==, 0);
}

static void
test_address_share (Fixture *f, gconstpointer unused)
{
  SentientAccount *account = sentient_account_new ();
  SentientAccount *other = sentient_account_new ();
  SentientSession *to[4], *a, *b, *c;
  guint n = 0;

  /* 16 kB for an address. */
  sentient_directory_get_limits (f->directory)->queued_bytes = 128 * 1024;
  for (guint i = 0; i < G_N_ELEMENTS (to); i++)
    {
      g_autofree char *node_id = g_strdup_printf ("to%u", i);

      to[i] = join (f, node_id, "global");
    }
  a = join (f, "a", "global");
  b = join (f, "b", "global");
  c = join (f, "c", "global");
  sentient_directory_set_account (f->directory, a, account);
  sentient_directory_set_account (f->directory, b, account);
  sentient_directory_set_account (f->directory, c, other);

  n += fill (f, a, "to0", 1000);
  g_assert_cmpuint (n, ==, 7);
  g_assert_cmpuint (fill (f, b, "to1", 1000), ==, 0);
  g_assert_cmpuint (fill (f, c, "to1", 1000), ==, 7);
  g_assert_cmpuint (account->queued_bytes, <=, 16 * 1024);

  /* Moving to another address moves the debt; moving away and back does not lose it. */
  sentient_directory_set_account (f->directory, a, other);
  g_assert_cmpuint (account->queued_bytes, ==, 0);
  g_assert_cmpuint (other->queued_bytes, >, 16 * 1024);
  g_assert_false (relay (f, a, "to3", 1, NULL));
  g_assert_true (relay (f, b, "to2", 1000, NULL));
  sentient_directory_set_account (f->directory, a, account);

  /* It is paid when the signals are delivered, or their target is gone; the sender need not live.
   */
  sentient_directory_end (f->directory, a, SENTIENT_LEAVE_REASON_LEFT);
  sentient_directory_end (f->directory, to[0], SENTIENT_LEAVE_REASON_LEFT);
  deliver_all (f, to[1]);
  deliver_all (f, to[2]);
  g_assert_cmpuint (account->queued_bytes, ==, 0);
  g_assert_cmpuint (other->queued_bytes, ==, 0);
  sentient_account_unref (account);
  sentient_account_unref (other);
}

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

/* Another share counts at once. */
static void
test_address_share_set (Fixture *f, gconstpointer unused)
{
  SentientAccount *account = sentient_account_new ();
  SentientDirectoryLimits *limits = sentient_directory_get_limits (f->directory);
  SentientSession *from = join (f, "from", "global");
  guint n;

  join (f, "to", "global");
  sentient_directory_set_account (f->directory, from, account);
  limits->queued_bytes = 64 * 1024;
  limits->address_share = 16; /* 4 kB */
  n = fill (f, from, "to", 1000);
  g_assert_cmpuint (n, ==, 1);
  limits->address_share = 8;
  g_assert_cmpuint (fill (f, from, "to", 1000), ==, 2);
  limits->address_share = 1;
  g_assert_true (relay (f, from, "to", 1000, NULL));
  sentient_directory_set_account (f->directory, from, NULL);
  sentient_account_unref (account);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("/directory-limits/signal-rate", test_signal_rate);
  add ("/directory-limits/join-rate", test_join_rate);
  add ("/directory-limits/leaving", test_leaving);
  add ("/directory-limits/sender-share", test_sender_share);
  add ("/directory-limits/address-share", test_address_share);
  add ("/directory-limits/address-share-set", test_address_share_set);
  return g_test_run ();
}
