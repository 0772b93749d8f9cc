/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* v1 sessions in the model: who may have one, numbers both ways, and what is told when something
 * does not fit or is not delivered. */

#include <string.h>

#include "model/sentient-directory.h"

typedef struct
{
  guint n_wakes;
  guint n_overflows;
} FakeTransport;

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
  SentientDirectoryLimits *limits;
  FakeTransport transports[4];
} Fixture;

static void
fake_wake (SentientSession *session, gpointer data)
{
  ((FakeTransport *)data)->n_wakes++;
}

static void
fake_overflow (SentientSession *session, gpointer data, gboolean missed)
{
  ((FakeTransport *)data)->n_overflows++;
}

static void
fake_taken (gpointer data, gboolean replaced)
{
}

static const SentientTransportVtable fake_transport = {
  .kind = SENTIENT_TRANSPORT_WEBSOCKET,
  .wake = fake_wake,
  .overflow = fake_overflow,
  .taken = fake_taken,
};

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = sentient_manual_clock_new (1000000);
  f->directory = sentient_directory_new (SENTIENT_CLOCK (f->clock));
  f->limits = sentient_directory_get_limits (f->directory);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_assert_finalize_object (f->directory);
  g_assert_finalize_object (f->clock);
}

static void
pass (Fixture *f, gint64 ms)
{
  sentient_manual_clock_advance (f->clock, ms);
  sentient_directory_cleanup (f->directory);
}

static SentientSession *
open_v1 (Fixture *f, const char *node_id)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_open_v1 (f->directory, node_id, &error);

  g_assert_no_error (error);
  return session;
}

static SentientMembership *
enter (Fixture *f, SentientSession *session, const char *room)
{
  g_autoptr (GError) error = NULL;
  SentientMembership *membership
      = sentient_directory_join (f->directory, session, room, (SentientSpan){ NULL, 0 }, &error);

  g_assert_no_error (error);
  return membership;
}

static SentientSession *
open_in (Fixture *f, const char *node_id, const char *room)
{
  SentientSession *session = open_v1 (f, node_id);

  enter (f, session, room);
  return session;
}

static void
attach (Fixture *f, SentientSession *session, guint transport)
{
  sentient_directory_attach (f->directory, session, &fake_transport, &f->transports[transport]);
}

static gboolean
relay (Fixture *f, SentientSession *from, const char *to, guint64 ref)
{
  g_autofree char *text = g_strdup_printf (
      "{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"v=0\",\"ref\":%" G_GUINT64_FORMAT "}", to, ref);
  g_autoptr (GError) error = NULL;
  SentientRequest request;
  gboolean sent;

  sentient_request_parse_message (&request, text, strlen (text), &error);
  g_assert_no_error (error);
  sent = sentient_directory_relay (f->directory, from, &request, NULL, &error);
  if (!sent)
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  return sent;
}

/* What a transport would send now, as "number:type(rooms' peers or refs)" words. */
static char *
take (Fixture *f, SentientSession *session)
{
  GString *words = g_string_new (NULL);
  const SentientOutboxItem *item;

  sentient_directory_settle (f->directory, session);
  while ((item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_auto (GStrv) parts = NULL;
      const char *refs;

      sentient_message_append (item->message, text, SENTIENT_DIALECT_V1, item->seq,
                               session->node_id);
      parts = g_strsplit (text->str, "\"", 5); /* {"type":"… */
      g_string_append_printf (words, "%" G_GUINT64_FORMAT ":%s", item->seq, parts[3]);
      refs = strstr (text->str, "\"refs\":");
      if (refs != NULL)
        g_string_append_len (words, refs + 7, strchr (refs, ']') + 1 - refs - 7);
      g_string_append_c (words, ' ');
      sentient_outbox_mark_sent (&session->outbox, item->seq);
    }
  return g_string_free (words, FALSE);
}

static void
assert_takes (Fixture *f, SentientSession *session, const char *expected)
{
  g_autofree char *words = take (f, session);

  g_assert_cmpstr (words, ==, expected);
}

static void
assert_taken (Fixture *f, const char *node_id, gboolean new_v1)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_directory_may_take (f->directory, node_id, new_v1, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN);
  if (new_v1)
    g_assert_null (sentient_directory_open_v1 (f->directory, node_id, NULL));
}

static void
test_who_may_take (Fixture *f, gconstpointer unused)
{
  g_autofree char *first_token = NULL;
  SentientSession *session;

  g_assert_true (sentient_directory_may_take (f->directory, "a", TRUE, NULL));
  session = open_v1 (f, "a");
  g_assert_cmpuint (strlen (session->v1->token), ==, SENTIENT_TOKEN_LEN);
  first_token = g_strdup (session->v1->token);
  attach (f, session, 0);
  assert_taken (f, "a", TRUE); /* somebody is there, who may not have answered yet */
  assert_taken (f, "a", FALSE);

  /* The first answer did not come: nobody has the token. */
  sentient_directory_detach (f->directory, session, &f->transports[0]);
  g_assert_true (sentient_directory_may_take (f->directory, "a", FALSE, NULL));
  session = open_v1 (f, "a");
  g_assert_cmpstr (session->v1->token, !=, first_token);
  g_assert_null (
      sentient_directory_find_by_token (f->directory, "a", first_token, SENTIENT_TOKEN_LEN));

  /* Each use of the token claims it. */
  g_assert_true (
      sentient_directory_find_by_token (f->directory, "a", session->v1->token, SENTIENT_TOKEN_LEN)
      == session);
  assert_taken (f, "a", TRUE);
  assert_taken (f, "a", FALSE);

  session = sentient_directory_ensure (f->directory, "plain", NULL);
  g_assert_true (sentient_directory_may_take (f->directory, "plain", FALSE, NULL));
  assert_taken (f, "plain", TRUE);
}

static void
test_claims (Fixture *f, gconstpointer unused)
{
  SentientSession *by_ack = open_v1 (f, "ack"), *by_ref = open_v1 (f, "ref");

  g_assert_true (sentient_directory_ack (f->directory, by_ack, 0));
  sentient_session_check_ref (by_ref, 1);
  assert_taken (f, "ack", TRUE);
  assert_taken (f, "ref", TRUE);
}

static void
test_tokens (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_v1 (f, "a"), *b = open_v1 (f, "b");
  g_autofree char *token = g_strdup (a->v1->token);

  g_assert_false (sentient_session_has_token (b, token, SENTIENT_TOKEN_LEN));
  g_assert_false (sentient_session_has_token (a, token, SENTIENT_TOKEN_LEN - 1));
  g_assert_false (sentient_session_has_token (a, token, 0));
  for (guint i = 0; i < SENTIENT_TOKEN_LEN; i++)
    {
      token[i] ^= 1;
      g_assert_false (sentient_session_has_token (a, token, SENTIENT_TOKEN_LEN));
      token[i] ^= 1;
    }
  g_assert_true (sentient_session_has_token (a, token, SENTIENT_TOKEN_LEN));
}

static void
test_acks (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r"), *b = open_in (f, "b", "r");
  SentientDirectoryCounts counts;

  assert_takes (f, a, "1:peer-joined ");
  for (guint i = 1; i <= 3; i++)
    relay (f, b, "a", i);
  /* What no transport has taken has no number that could be acknowledged. */
  g_assert_false (sentient_directory_ack (f->directory, a, 2));
  assert_takes (f, a, "2:offer 3:offer 4:offer ");
  g_assert_false (sentient_directory_ack (f->directory, a, 5));
  g_assert_false (sentient_directory_ack (f->directory, a, G_MAXUINT64));
  g_assert_cmpuint (a->outbox.n_items, ==, 4);
  g_assert_true (sentient_directory_ack (f->directory, a, 3));
  g_assert_cmpuint (a->outbox.n_items, ==, 1);
  g_assert_true (sentient_directory_ack (f->directory, a, 2)); /* older ones change nothing */
  g_assert_cmpuint (a->v1->acked_seq, ==, 3);

  /* Another transport: the rest comes again under its number. */
  sentient_outbox_rewind (&a->outbox);
  assert_takes (f, a, "4:offer ");
  g_assert_true (sentient_directory_ack (f->directory, a, 4));
  sentient_directory_count (f->directory, &counts);
  g_assert_cmpuint (counts.queued_bytes, ==, 0);
}

static void
test_refs (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_v1 (f, "a");

  g_assert_cmpint (sentient_session_check_ref (a, 0), ==, SENTIENT_REF_OLD);
  g_assert_cmpint (sentient_session_check_ref (a, 1), ==, SENTIENT_REF_NEXT);
  g_assert_cmpint (sentient_session_check_ref (a, 2), ==, SENTIENT_REF_JUMP);
  a->v1->handled_ref = 7;
  g_assert_cmpint (sentient_session_check_ref (a, 7), ==, SENTIENT_REF_OLD);
  g_assert_cmpint (sentient_session_check_ref (a, 8), ==, SENTIENT_REF_NEXT);
  g_assert_cmpint (sentient_session_check_ref (a, 9), ==, SENTIENT_REF_JUMP);
  g_assert_cmpint (sentient_session_check_ref (a, G_MAXUINT64), ==, SENTIENT_REF_JUMP);
}

/* a's outbox holds 4 messages; each call of this brings it two events of the room. */
static void
come_and_go (Fixture *f, const char *node_id, const char *room)
{
  SentientSession *other = open_in (f, node_id, room);

  g_assert_true (sentient_directory_leave (f->directory, other, room, NULL));
  sentient_directory_end (f->directory, other, SENTIENT_LEAVE_REASON_LEFT);
}

static void
test_stale (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r");

  f->limits->outbox.items = 4;
  attach (f, a, 0);
  enter (f, a, "other");
  come_and_go (f, "x", "r");
  come_and_go (f, "x", "other");
  g_assert_cmpuint (a->n_stale, ==, 0); /* exactly what fits */
  come_and_go (f, "x", "r");            /* the 5th */
  g_assert_cmpuint (a->n_stale, ==, 2);
  g_assert_cmpuint (a->outbox.n_items, ==, 0);
  g_assert_cmpuint (f->transports[0].n_overflows, ==, 1);
  assert_takes (f, a, "1:room-state 2:room-state ");
  g_assert_cmpuint (a->n_stale, ==, 0);

  /* What has a number stays, and the state comes when half of the outbox is free. */
  sentient_directory_ack (f->directory, a, 1);
  come_and_go (f, "x", "r");
  assert_takes (f, a, "3:peer-joined 4:peer-left ");
  come_and_go (f, "x", "r");
  g_assert_cmpuint (a->n_stale, ==, 1);
  assert_takes (f, a, "");
  sentient_directory_ack (f->directory, a, 1); /* no news */
  f->transports[0].n_wakes = 0;
  sentient_directory_ack (f->directory, a, 2);
  g_assert_cmpuint (f->transports[0].n_wakes, ==, 1);
  assert_takes (f, a, "5:room-state ");
  assert_takes (f, a, "");
}

static void
test_stale_and_left (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r");

  f->limits->outbox.items = 4;
  enter (f, a, "other");
  for (guint i = 0; i < 3; i++)
    come_and_go (f, "x", "r");
  g_assert_cmpuint (a->n_stale, ==, 1);
  g_assert_true (sentient_directory_leave (f->directory, a, "r", NULL));
  g_assert_cmpuint (a->n_stale, ==, 0);
  assert_takes (f, a, "");

  /* The answer to a join says all that a state would. */
  enter (f, a, "r");
  for (guint i = 0; i < 3; i++)
    come_and_go (f, "x", "r");
  g_assert_cmpuint (a->n_stale, ==, 1);
  sentient_directory_note_joined (f->directory, a, sentient_session_find_membership (a, "r"),
                                  &(SentientIceConfig){ 0 }, 1);
  g_assert_cmpuint (a->n_stale, ==, 0);
  assert_takes (f, a, "1:join-result ");
}

static void
test_overtake (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r");
  SentientMembership *membership = sentient_session_find_membership (a, "r");

  sentient_directory_overtake (f->directory, a, membership);
  assert_takes (f, a, ""); /* nothing was overtaken */
  enter (f, a, "other");
  membership = sentient_session_find_membership (a, "r");
  come_and_go (f, "x", "other");
  sentient_directory_overtake (f->directory, a, membership);
  g_assert_cmpuint (a->n_stale, ==, 0); /* not of this room */
  come_and_go (f, "x", "r");
  sentient_directory_overtake (f->directory, a, membership);
  assert_takes (f, a, "1:peer-joined 2:peer-left 3:room-state ");
  sentient_directory_overtake (f->directory, a, membership);
  assert_takes (f, a, "4:room-state "); /* the last one may not have come yet */
}

static void
test_place (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r"), *b = open_in (f, "b", "r");
  g_autoptr (SentientMessage) note
      = sentient_message_new_note (g_string_new ("{\"type\":\"error\"}"));

  f->limits->outbox.items = 8;
  for (guint i = 1; i <= 7; i++) /* a has heard of b */
    g_assert_true (relay (f, b, "a", i));
  g_assert_false (relay (f, b, "a", 8));
  g_assert_true (sentient_directory_has_place (f->directory, a)); /* not its own doing */
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (sentient_directory_has_place (f->directory, a));
      sentient_directory_note (f->directory, a, note);
    }
  g_assert_false (sentient_directory_has_place (f->directory, a)); /* this is */
}

static void
test_undelivered (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r"), *b = open_in (f, "b", "r"),
                  *c = open_in (f, "c", "r");
  SentientSession *gone = open_in (f, "gone", "r");
  SentientSession *plain = sentient_directory_ensure (f->directory, "plain", NULL);
  g_autofree char *seen = NULL;

  enter (f, plain, "r");
  seen = take (f, a);
  sentient_directory_ack (f->directory, a, a->outbox.last_seq);
  relay (f, b, "a", 1);
  relay (f, c, "a", 1);
  relay (f, b, "a", 2);
  relay (f, gone, "a", 1);
  relay (f, plain, "a", 0);
  relay (f, b, "c", 3); /* not for the one that ends */
  relay (f, b, "a", 4);
  g_free (g_steal_pointer (&seen));
  seen = take (f, a);
  sentient_directory_ack (f->directory, a, a->outbox.last_seq - 4); /* has b's first and c's */
  sentient_directory_end (f->directory, gone, SENTIENT_LEAVE_REASON_LEFT);
  g_free (take (f, b));
  g_free (take (f, c));
  sentient_directory_end (f->directory, a, SENTIENT_LEAVE_REASON_TIMEOUT);
  g_free (g_steal_pointer (&seen));
  seen = take (f, b);
  g_assert_nonnull (strstr (seen, ":undelivered[2,4] "));
  g_assert_null (strstr (strstr (seen, "undelivered") + 1, "undelivered")); /* one note */
  g_free (g_steal_pointer (&seen));
  seen = take (f, c);
  g_assert_null (strstr (seen, "undelivered"));
  g_assert_cmpuint (sentient_directory_get_metrics (f->directory)->told_undelivered, ==, 2);
}

static void
test_presence (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r"), *b;
  SentientSession *plain = sentient_directory_ensure (f->directory, "plain", NULL);
  guint n_plain;

  enter (f, plain, "r");
  b = open_in (f, "b", "r");
  enter (f, a, "other");
  g_free (take (f, a));
  n_plain = plain->outbox.n_items;
  sentient_directory_lose (f->directory, b);
  sentient_directory_lose (f->directory, b); /* lost already */
  assert_takes (f, a, "3:peer-offline ");
  sentient_directory_touch (f->directory, b);
  sentient_directory_touch (f->directory, b);
  assert_takes (f, a, "4:peer-online ");
  g_assert_cmpuint (plain->outbox.n_items, ==, n_plain);
  assert_takes (f, b, ""); /* of itself it hears nothing */
}

static void
test_expiry (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_v1 (f, "a");

  /* In no room, by HTTP: lost when it is silent, gone a grace time later; not before. */
  sentient_directory_touch (f->directory, a);
  pass (f, f->limits->silence_ms - 1);
  g_assert_cmpint (a->lost_at, ==, 0);
  pass (f, 1);
  g_assert_cmpint (a->lost_at, !=, 0);
  pass (f, f->limits->grace_ms - 1);
  g_assert_true (sentient_directory_find (f->directory, "a") == a);
  pass (f, 1);
  g_assert_null (sentient_directory_find (f->directory, "a"));

  /* Back at the last moment, and it has its time anew. */
  a = open_v1 (f, "a");
  attach (f, a, 0);
  pass (f, 10 * f->limits->silence_ms); /* the engine watches its connections itself */
  g_assert_cmpint (a->lost_at, ==, 0);
  sentient_directory_detach (f->directory, a, &f->transports[0]);
  sentient_directory_lose (f->directory, a);
  pass (f, f->limits->grace_ms - 1);
  attach (f, a, 1);
  g_assert_cmpint (a->lost_at, ==, 0);
  sentient_directory_detach (f->directory, a, &f->transports[1]);
  sentient_directory_lose (f->directory, a);
  pass (f, f->limits->grace_ms - 1);
  g_assert_true (sentient_directory_find (f->directory, "a") == a);
  pass (f, 1);
  g_assert_null (sentient_directory_find (f->directory, "a"));
}

static void
test_stuck (Fixture *f, gconstpointer unused)
{
  SentientSession *a = open_in (f, "a", "r"), *b = open_in (f, "b", "r");

  attach (f, a, 0);
  attach (f, b, 1);
  g_free (take (f, a));
  pass (f, 1);
  pass (f, f->limits->silence_ms - 1);
  g_assert_false (sentient_session_is_stuck (a));
  pass (f, 1);
  g_assert_true (sentient_session_is_stuck (a));
  g_assert_false (sentient_session_is_stuck (b)); /* was sent nothing */

  sentient_directory_ack (f->directory, a, 0); /* no progress */
  g_assert_true (sentient_session_is_stuck (a));
  sentient_directory_ack (f->directory, a, 1);
  g_assert_false (sentient_session_is_stuck (a));

  /* Time in which there was nothing to acknowledge does not count. */
  pass (f, 10 * f->limits->silence_ms);
  g_assert_false (sentient_session_is_stuck (a));
  relay (f, b, "a", 1);
  g_free (take (f, a));
  pass (f, f->limits->silence_ms - 1);
  g_assert_false (sentient_session_is_stuck (a));
  pass (f, 1);
  g_assert_true (sentient_session_is_stuck (a));
}

#define ADD(name, test) g_test_add ("/directory-v1/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("who-may-take", test_who_may_take);
  ADD ("claims", test_claims);
  ADD ("tokens", test_tokens);
  ADD ("acks", test_acks);
  ADD ("refs", test_refs);
  ADD ("stale", test_stale);
  ADD ("stale-and-left", test_stale_and_left);
  ADD ("overtake", test_overtake);
  ADD ("place", test_place);
  ADD ("undelivered", test_undelivered);
  ADD ("presence", test_presence);
  ADD ("expiry", test_expiry);
  ADD ("stuck", test_stuck);
  return g_test_run ();
}
