/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one process saves the next one has, and nothing that was damaged gets in. */

#include <string.h>

#include "model/sentient-handover.h"

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
} Fixture;

static SentientDirectory *
new_directory (Fixture *f)
{
  return sentient_directory_new (SENTIENT_CLOCK (f->clock));
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = sentient_manual_clock_new (1000000);
  f->directory = new_directory (f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_assert_finalize_object (f->directory);
  g_assert_finalize_object (f->clock);
}

static SentientSession *
open_v1 (Fixture *f, const char *node_id)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_open_v1 (f->directory, node_id, &error);

  g_assert_no_error (error);
  return session;
}

static void
join (Fixture *f, SentientSession *session, const char *room, const char *metadata)
{
  g_autoptr (GError) error = NULL;
  SentientSpan span = { metadata, metadata != NULL ? strlen (metadata) : 0 };

  sentient_directory_join (f->directory, session, room, span, &error);
  g_assert_no_error (error);
}

static void
relay (Fixture *f, SentientSession *from, const char *to, guint64 ref)
{
  g_autofree char *text = g_strdup_printf (
      "{\"type\":\"offer\",\"to\":\"%s\",\"room\":\"lab\",\"sdp\":\"s\",\"ref\":%" G_GUINT64_FORMAT
      "}",
      to, ref);
  g_autoptr (GError) error = NULL;
  SentientRequest request;

  g_assert_true (sentient_request_parse_message (&request, text, strlen (text), NULL));
  sentient_directory_relay (f->directory, from, &request, NULL, &error);
  g_assert_no_error (error);
}

/* Everything that waits, as v1 texts a line. */
static char *
drain (SentientSession *session)
{
  GString *out = g_string_new (NULL);
  const SentientOutboxItem *item;

  while ((item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      sentient_message_append (item->message, out,
                               session->v1 != NULL ? SENTIENT_DIALECT_V1 : SENTIENT_DIALECT_POLL,
                               item->seq, session->node_id);
      g_string_append_c (out, '\n');
      sentient_outbox_mark_sent (&session->outbox, item->seq);
    }
  return g_string_free (out, FALSE);
}

/* Two v1 sessions and a plain one in a room, with something of every kind waiting. */
static void
fill (Fixture *f)
{
  SentientSession *a = open_v1 (f, "a");
  SentientSession *b = open_v1 (f, "b");
  SentientSession *plain = sentient_directory_ensure (f->directory, "plain", NULL);
  g_autoptr (GString) note = g_string_new ("{\"type\":\"error\",\"code\":\"busy\",\"ref\":9}");
  g_autoptr (SentientMessage) message = sentient_message_new_note (g_steal_pointer (&note));

  join (f, a, "lab", "{\"name\":\"A\"}");
  join (f, b, "lab", NULL);
  join (f, plain, "lab", NULL);
  relay (f, a, "b", 2);
  relay (f, plain, "b", 0);
  relay (f, a, "plain", 3);
  a->v1->handled_ref = 3;
  sentient_directory_note (f->directory, a, message);
  sentient_directory_lose (f->directory, plain);
}

static GBytes *
save (Fixture *f, guint n_sessions, guint n_memberships, guint n_messages)
{
  SentientHandoverCounts counts;
  GBytes *bytes = sentient_handover_save (f->directory, &counts);

  g_assert_cmpuint (counts.sessions, ==, n_sessions);
  g_assert_cmpuint (counts.memberships, ==, n_memberships);
  g_assert_cmpuint (counts.messages, ==, n_messages);
  return bytes;
}

/* Goes on in another directory. */
static void
hand_over (Fixture *f, GBytes *bytes)
{
  g_autoptr (SentientDirectory) next = new_directory (f);
  g_autoptr (GError) error = NULL;
  SentientHandoverCounts counts;

  sentient_handover_restore (next, bytes, &counts, &error);
  g_assert_no_error (error);
  g_set_object (&f->directory, next);
}

static void
test_all (Fixture *f, gconstpointer unused)
{
  g_autofree char *token = NULL;
  g_autofree char *name = NULL;
  g_autofree char *before_a = NULL, *before_b = NULL, *before_plain = NULL;
  g_autofree char *after_a = NULL, *after_b = NULL, *after_plain = NULL;
  g_autoptr (GBytes) bytes = NULL;
  SentientSession *a, *b, *plain;
  SentientRoom *room;

  fill (f);
  a = sentient_directory_find (f->directory, "a");
  b = sentient_directory_find (f->directory, "b");
  plain = sentient_directory_find (f->directory, "plain");
  token = g_strdup (a->v1->token);
  name = g_strdup (a->v1->name);
  before_a = drain (a);
  sentient_directory_ack (f->directory, a, 1);
  sentient_outbox_rewind (&a->outbox);
  sentient_outbox_next (&b->outbox); /* the first has its number */
  bytes = save (f, 3, 3, a->outbox.n_items + b->outbox.n_items + plain->outbox.n_items);
  before_b = drain (b);
  before_plain = drain (plain);

  hand_over (f, bytes);
  a = sentient_directory_find_by_token (f->directory, "a", token, strlen (token));
  g_assert_nonnull (a);
  g_assert_cmpstr (a->v1->name, ==, name);
  g_assert_cmpuint (a->v1->acked_seq, ==, 1);
  g_assert_cmpuint (a->v1->handled_ref, ==, 3);
  g_assert_cmpint (a->lost_at, !=, 0);
  after_a = drain (a);
  g_assert_cmpstr (after_a, ==, strchr (before_a, '\n') + 1);
  b = sentient_directory_find (f->directory, "b");
  after_b = drain (b);
  g_assert_cmpstr (after_b, ==, before_b);
  plain = sentient_directory_find (f->directory, "plain");
  g_assert_null (plain->v1);
  after_plain = drain (plain);
  g_assert_cmpstr (after_plain, ==, before_plain);

  /* The order of the members and what is known of them. */
  room = sentient_directory_find_room (f->directory, "lab");
  g_assert_cmpuint (sentient_room_get_n_members (room), ==, 3);
  g_assert_cmpstr (sentient_member_get_name (sentient_room_peek (room, 0)), ==, "A");
  g_assert_cmpstr (sentient_member_get_node_id (sentient_room_peek (room, 1)), ==, "b");
  g_assert_true (sentient_member_is_plain (sentient_room_peek (room, 2)));
  g_assert_false (sentient_member_get_online (sentient_room_peek (room, 0)));
}

/* A plain session that missed something does not know it yet: it is to join again afterwards, too.
 */
static void
test_stale (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  SentientSession *plain = sentient_directory_ensure (f->directory, "plain", NULL);

  join (f, plain, "lab", NULL);
  sentient_directory_get_limits (f->directory)->outbox.items = 1;
  join (f, open_v1 (f, "a"), "lab", NULL);
  join (f, open_v1 (f, "b"), "lab", NULL);
  g_assert_cmpuint (plain->n_stale, ==, 1);
  bytes = save (f, 3, 3, 1); /* a hears of b */

  hand_over (f, bytes);
  plain = sentient_directory_find (f->directory, "plain");
  g_assert_cmpuint (plain->n_stale, ==, 1);
  g_assert_cmpint (plain->stale_ms, ==,
                   sentient_clock_get_monotonic_ms (SENTIENT_CLOCK (f->clock)));
  g_assert_false (sentient_directory_may_wait (plain, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER);
}

/* Who sent what is still known: it is told when it will not arrive, and counts in its share. */
static void
test_senders (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  SentientSession *a, *b;

  fill (f);
  bytes = save (f, 3, 3, 9);
  hand_over (f, bytes);
  a = sentient_directory_find (f->directory, "a");
  b = sentient_directory_find (f->directory, "b");
  g_assert_cmpuint (a->sender->queued_bytes, >, 0);
  sentient_directory_end (f->directory, b, SENTIENT_LEAVE_REASON_TIMEOUT);
  text = drain (a);
  g_assert_nonnull (strstr (text, "\"to\":\"b\",\"refs\":[2]"));
}

/* Grace begins anew; who does not come back is gone then. */
static void
test_grace (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = NULL;

  fill (f);
  bytes = save (f, 3, 3, 9);
  sentient_manual_clock_advance (f->clock, 29000);
  hand_over (f, bytes);
  sentient_manual_clock_advance (f->clock, 29000);
  sentient_directory_cleanup (f->directory);
  g_assert_cmpuint (sentient_directory_get_n_nodes (f->directory), ==, 3);
  sentient_manual_clock_advance (f->clock, 1001);
  sentient_directory_cleanup (f->directory);
  g_assert_cmpuint (sentient_directory_get_n_nodes (f->directory), ==, 0);
}

static void
refuse (Fixture *f, GBytes *bytes, SentientError code)
{
  g_autoptr (SentientDirectory) next = new_directory (f);
  g_autoptr (GError) error = NULL;
  SentientHandoverCounts counts;

  g_assert_false (sentient_handover_restore (next, bytes, &counts, &error));
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
  g_assert_cmpuint (sentient_directory_get_n_nodes (next), ==, 0);
  g_assert_cmpuint (counts.sessions, ==, 0);
}

static void
test_too_old (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = NULL;

  fill (f);
  bytes = save (f, 3, 3, 9);
  sentient_manual_clock_advance (f->clock, 30001);
  refuse (f, bytes, SENTIENT_ERROR_BUSY);
}

/* Every byte changed once, every length: it is refused or a directory that keeps its rules. */
static void
test_damaged (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = NULL;
  const char *data;
  gsize len;

  fill (f);
  bytes = save (f, 3, 3, 9);
  data = g_bytes_get_data (bytes, &len);
  for (gsize i = 0; i < len; i++)
    {
      g_autoptr (GBytes) cut = g_bytes_new (data, i);

      refuse (f, cut, SENTIENT_ERROR_BAD_REQUEST);
    }
  for (gsize i = 0; i < len; i++)
    for (guint bit = 0; bit < 8; bit += 3)
      {
        g_autofree char *copy = g_memdup2 (data, len);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (SentientDirectory) next = new_directory (f);
        SentientHandoverCounts counts;

        copy[i] ^= (char)(1 << bit);
        changed = g_bytes_new_take (g_steal_pointer (&copy), len);
        sentient_handover_restore (next, changed, &counts, NULL);
        sentient_directory_cleanup (next);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/handover/all", test_all);
  ADD ("/handover/stale", test_stale);
  ADD ("/handover/senders", test_senders);
  ADD ("/handover/grace", test_grace);
  ADD ("/handover/too-old", test_too_old);
  ADD ("/handover/damaged", test_damaged);
  return g_test_run ();
}
