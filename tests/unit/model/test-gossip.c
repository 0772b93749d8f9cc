/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip.h"

#include <string.h>

#include "core/sentient-error.h"

/* bob, in room lab with alice, carol and dave; carol was there before him. */
typedef struct
{
  SentientManualClock *clock;
  SentientGossip *gossip;
  GString *heard; /* "alice: text, " or "alice lost 3, " */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->clock = sentient_manual_clock_new (0);
  fixture->gossip = sentient_gossip_new (SENTIENT_CLOCK (fixture->clock), "bob");
  fixture->heard = g_string_new (NULL);
  sentient_gossip_add_room (fixture->gossip, "lab");
  sentient_gossip_add_member (fixture->gossip, "lab", "alice", FALSE);
  sentient_gossip_add_member (fixture->gossip, "lab", "carol", TRUE);
  sentient_gossip_add_member (fixture->gossip, "lab", "dave", FALSE);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  sentient_gossip_free (fixture->gossip);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->heard, TRUE);
}

static void
listen (Fixture *fixture)
{
  SentientGossipEvent *next;

  while ((next = sentient_gossip_take_event (fixture->gossip)) != NULL)
    {
      g_autoptr (SentientGossipEvent) event = next;
      gsize size;
      const char *bytes;

      g_assert_cmpstr (event->room, ==, "lab");
      if (event->kind == SENTIENT_GOSSIP_EVENT_LOST)
        {
          g_string_append_printf (fixture->heard, "%s lost %" G_GUINT64_FORMAT ", ", event->origin,
                                  event->n_lost);
          continue;
        }
      bytes = g_bytes_get_data (event->data, &size);
      if (size > 20)
        g_string_append_printf (fixture->heard, "%s: (%" G_GSIZE_FORMAT "), ", event->origin, size);
      else
        g_string_append_printf (fixture->heard, "%s: %.*s%s, ", event->origin, (int)size, bytes,
                                event->is_text ? "" : " (binary)");
    }
}

#define assert_heard(fixture, text)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    listen (fixture);                                                                              \
    g_assert_cmpstr ((fixture)->heard->str, ==, text);                                             \
    g_string_truncate ((fixture)->heard, 0);                                                       \
  }                                                                                                \
  G_STMT_END

static SentientGossipMessage
make_message (const char *origin, guint64 sequence, const char *text)
{
  SentientGossipMessage message
      = { .kind = SENTIENT_GOSSIP_PART,
          .flags = SENTIENT_GOSSIP_TEXT | SENTIENT_GOSSIP_FIRST | SENTIENT_GOSSIP_LAST,
          .hops = 1,
          .room = "lab",
          .epoch = 7,
          .sequence = sequence,
          .payload = (const guint8 *)text,
          .len = strlen (text) };

  strcpy (message.origin, origin);
  return message;
}

static SentientGossipVerdict
receive_message (Fixture *fixture, const char *from, const SentientGossipMessage *message)
{
  g_autoptr (GBytes) data = sentient_gossip_message_write (message);
  g_autoptr (GBytes) passed = NULL;
  SentientGossipMessage parsed, again;
  SentientGossipVerdict verdict;

  g_assert_true (sentient_gossip_message_parse (g_bytes_get_data (data, NULL),
                                                g_bytes_get_size (data), &parsed, NULL));
  verdict = sentient_gossip_receive (fixture->gossip, from, data, &parsed, &passed);
  if (passed != NULL)
    {
      g_assert_cmpint (verdict, ==, SENTIENT_GOSSIP_IS_NEW);
      g_assert_true (sentient_gossip_message_parse (g_bytes_get_data (passed, NULL),
                                                    g_bytes_get_size (passed), &again, NULL));
      g_assert_cmpuint (again.hops, ==, message->hops + 1);
      g_assert_cmpstr (again.origin, ==, message->origin);
      g_assert_cmpuint (again.sequence, ==, message->sequence);
      sentient_gossip_get_statistics (fixture->gossip)->relayed++;
    }
  return verdict;
}

static SentientGossipVerdict
receive (Fixture *fixture, const char *from, const char *origin, guint64 sequence, const char *text)
{
  SentientGossipMessage message = make_message (origin, sequence, text);

  return receive_message (fixture, from, &message);
}

static void
test_once (Fixture *fixture, gconstpointer unused)
{
  SentientGossipStatistics *statistics = sentient_gossip_get_statistics (fixture->gossip);
  SentientGossipMessage last = make_message ("alice", 2, "two");

  g_assert_cmpint (receive (fixture, "dave", "alice", 1, "one"), ==, SENTIENT_GOSSIP_IS_NEW);
  assert_heard (fixture, "alice: one, ");
  g_assert_cmpint (receive (fixture, "alice", "alice", 1, "one"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  g_assert_cmpint (receive (fixture, "carol", "alice", 1, "one"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  /* Our own that comes back. */
  g_assert_cmpint (receive (fixture, "dave", "bob", 1, "mine"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  last.hops = 16; /* as many as the limit: it ends here */
  g_assert_cmpint (receive_message (fixture, "dave", &last), ==, SENTIENT_GOSSIP_IS_NEW);
  assert_heard (fixture, "alice: two, ");
  g_assert_cmpuint (statistics->relayed, ==, 1);
  g_assert_cmpuint (statistics->received, ==, 5);
  g_assert_cmpuint (statistics->duplicates, ==, 3);
  g_assert_cmpuint (statistics->delivered, ==, 2);
  g_assert_cmpuint (statistics->hops, ==, 17);
  g_assert_cmpuint (statistics->max_hops, ==, 16);
  g_assert_cmpint (sentient_gossip_get_timeout (fixture->gossip), ==, -1);
}

static void
test_order (Fixture *fixture, gconstpointer unused)
{
  receive (fixture, "dave", "alice", 3, "three");
  receive (fixture, "carol", "alice", 2, "two");
  receive (fixture, "dave", "dave", 1, "hello");
  /* Those that wait are passed on at once, and are seen. */
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->relayed, ==, 3);
  g_assert_cmpint (receive (fixture, "carol", "alice", 3, "three"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  assert_heard (fixture, "dave: hello, ");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), >, 0);
  g_assert_cmpint (sentient_gossip_get_timeout (fixture->gossip), ==, SENTIENT_GOSSIP_REORDER_MS);
  receive (fixture, "alice", "alice", 1, "one");
  assert_heard (fixture, "alice: one, alice: two, alice: three, ");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
  g_assert_cmpint (sentient_gossip_get_timeout (fixture->gossip), ==, -1);
}

static void
test_lost (Fixture *fixture, gconstpointer unused)
{
  receive (fixture, "dave", "alice", 1, "one");
  receive (fixture, "dave", "alice", 4, "four");
  sentient_manual_clock_advance (fixture->clock, 1000);
  receive (fixture, "dave", "alice", 7, "seven");
  assert_heard (fixture, "alice: one, ");
  g_assert_cmpint (sentient_gossip_get_timeout (fixture->gossip), ==,
                   SENTIENT_GOSSIP_REORDER_MS - 1000);
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_REORDER_MS - 1001);
  assert_heard (fixture, "");
  sentient_manual_clock_advance (fixture->clock, 1);
  assert_heard (fixture, "alice lost 2, alice: four, ");
  /* Too late. */
  g_assert_cmpint (receive (fixture, "carol", "alice", 2, "two"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  receive (fixture, "carol", "alice", 5, "five");
  assert_heard (fixture, "alice: five, ");
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_REORDER_MS);
  assert_heard (fixture, "alice lost 1, alice: seven, ");
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->lost, ==, 3);
}

/* Of carol, who was there before us, it is not known where we came in. */
static void
test_start (Fixture *fixture, gconstpointer unused)
{
  SentientGossipMessage again = make_message ("carol", 2, "again");

  receive (fixture, "dave", "carol", 57, "b");
  receive (fixture, "dave", "carol", 56, "a");
  receive (fixture, "dave", "carol", 59, "d");
  assert_heard (fixture, "");
  sentient_manual_clock_advance (fixture->clock, 250);
  assert_heard (fixture, "carol: a, carol: b, ");
  receive (fixture, "dave", "carol", 58, "c");
  assert_heard (fixture, "carol: c, carol: d, ");
  g_assert_cmpint (receive (fixture, "dave", "carol", 55, "z"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  /* She starts anew while we are here. */
  again.epoch = 8;
  receive_message (fixture, "dave", &again);
  sentient_manual_clock_advance (fixture->clock, 250);
  assert_heard (fixture, "");
  again.sequence = 1;
  receive_message (fixture, "dave", &again);
  assert_heard (fixture, "carol: again, carol: again, ");
  /* What is under way of her former life. */
  receive (fixture, "dave", "carol", 60, "old");
  assert_heard (fixture, "carol: old, ");
}

static void
test_start_at_one (Fixture *fixture, gconstpointer unused)
{
  receive (fixture, "dave", "carol", 2, "b");
  receive (fixture, "dave", "carol", 1, "a");
  assert_heard (fixture, "carol: a, carol: b, ");
}

static void
test_members (Fixture *fixture, gconstpointer unused)
{
  SentientGossipMessage foreign = make_message ("alice", 1, "x");
  g_autofree char *from = NULL;
  g_autoptr (GBytes) early = NULL;

  strcpy (foreign.room, "cellar");
  g_assert_cmpint (receive_message (fixture, "alice", &foreign), ==, SENTIENT_GOSSIP_IS_FOREIGN);
  /* Faster than the news of its origin. */
  g_assert_cmpint (receive (fixture, "alice", "erin", 1, "hi"), ==, SENTIENT_GOSSIP_IS_EARLY);
  g_assert_null (sentient_gossip_take_early (fixture->gossip, &from));
  sentient_gossip_add_member (fixture->gossip, "lab", "erin", FALSE);
  early = sentient_gossip_take_early (fixture->gossip, &from);
  g_assert_nonnull (early);
  g_assert_cmpstr (from, ==, "alice");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
  /* The same of who brings it. */
  g_assert_cmpint (receive (fixture, "frank", "alice", 1, "hi"), ==, SENTIENT_GOSSIP_IS_EARLY);
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_EARLY_MS);
  sentient_gossip_add_member (fixture->gossip, "lab", "frank", FALSE);
  g_clear_pointer (&from, g_free);
  g_assert_null (sentient_gossip_take_early (fixture->gossip, &from));
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->refused, ==, 2);

  /* Who left may have said something before. */
  receive (fixture, "alice", "erin", 1, "hi");
  sentient_gossip_remove_member (fixture->gossip, "lab", "erin");
  receive (fixture, "alice", "erin", 2, "bye");
  assert_heard (fixture, "erin: hi, erin: bye, ");
  sentient_gossip_add_member (fixture->gossip, "lab", "erin", FALSE);
  g_assert_cmpint (receive (fixture, "alice", "erin", 2, "bye"), ==, SENTIENT_GOSSIP_WAS_SEEN);
  sentient_gossip_remove_member (fixture->gossip, "lab", "erin");
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_GONE_MS);
  g_assert_cmpint (receive (fixture, "alice", "erin", 3, "?"), ==, SENTIENT_GOSSIP_IS_EARLY);
  sentient_gossip_remove_room (fixture->gossip, "lab");
  g_assert_cmpint (receive (fixture, "alice", "alice", 9, "?"), ==, SENTIENT_GOSSIP_IS_FOREIGN);
  g_assert_null (sentient_gossip_take_early (fixture->gossip, &from));
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
}

static void
take_parts (Fixture *fixture, GPtrArray *parts, guint skipped)
{
  for (guint i = parts->len; i > 0; i--)
    {
      SentientGossipMessage message;
      gsize len;
      const guint8 *bytes = g_bytes_get_data (parts->pdata[i - 1], &len);

      g_assert_true (sentient_gossip_message_parse (bytes, len, &message, NULL));
      strcpy (message.origin, "alice"); /* they are our own */
      if (i - 1 != skipped)
        receive_message (fixture, "dave", &message);
    }
}

static void
test_large (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  g_autoptr (GBytes) data = g_bytes_new_static (text, 100000);
  g_autoptr (GBytes) none = g_bytes_new_static (NULL, 0);
  g_autoptr (GPtrArray) parts = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (GPtrArray) empty = NULL;
  g_autoptr (GError) error = NULL;

  parts = sentient_gossip_broadcast (fixture->gossip, "lab", data, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (parts->len, ==, 4);
  take_parts (fixture, parts, G_MAXUINT);
  assert_heard (fixture, "alice: (100000), ");

  /* One part is missing: nothing of it, but what comes after it. */
  more = sentient_gossip_broadcast (fixture->gossip, "lab", data, FALSE, &error);
  empty = sentient_gossip_broadcast (fixture->gossip, "lab", none, FALSE, &error);
  g_assert_no_error (error);
  take_parts (fixture, more, 1);
  take_parts (fixture, empty, G_MAXUINT);
  assert_heard (fixture, "");
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_REORDER_MS);
  assert_heard (fixture, "alice lost 1, alice:  (binary), ");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);

  /* The rest never comes. */
  g_ptr_array_unref (parts);
  parts = sentient_gossip_broadcast (fixture->gossip, "lab", data, TRUE, &error);
  take_parts (fixture, parts, 3);
  assert_heard (fixture, "");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), >, 90000);
  sentient_manual_clock_advance (fixture->clock, 60000);
  assert_heard (fixture, "alice lost 1, ");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
}

static void
test_limits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) data = g_bytes_new_static ("0123456789", 10);
  g_autoptr (GBytes) broken = g_bytes_new_static ("\xff", 1);
  g_autoptr (GError) error = NULL;
  SentientGossipMessage message = make_message ("alice", 1, "0123456789");

  sentient_gossip_set_limits (fixture->gossip, 2, 9);
  g_assert_null (sentient_gossip_broadcast (fixture->gossip, "lab", data, TRUE, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (sentient_gossip_broadcast (fixture->gossip, "lab", broken, TRUE, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  g_assert_null (sentient_gossip_broadcast (fixture->gossip, "cellar", data, TRUE, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM);

  /* One in parts that says it is larger, and then the rest of it. */
  message.flags = SENTIENT_GOSSIP_FIRST;
  message.total = 20;
  receive_message (fixture, "dave", &message);
  message.flags = SENTIENT_GOSSIP_LAST;
  message.sequence = 2;
  message.hops = 2; /* as many as the limit */
  receive_message (fixture, "dave", &message);
  receive (fixture, "dave", "alice", 3, "next");
  assert_heard (fixture, "alice: next, ");
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->refused, ==, 1);
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->relayed, ==, 2);
}

/* A neighbour that says whatever it likes. */
static void
test_hostile (Fixture *fixture, gconstpointer unused)
{
  SentientGossipStatistics *statistics = sentient_gossip_get_statistics (fixture->gossip);
  g_autofree char *payload = g_strnfill (SENTIENT_GOSSIP_PART_MAX, 'x');
  SentientGossipMessage message = make_message ("alice", 1, "real");
  gsize most = 0;

  receive_message (fixture, "alice", &message);
  assert_heard (fixture, "alice: real, ");
  /* Epochs without end: those in use stay. */
  message.payload = (const guint8 *)payload;
  message.len = SENTIENT_GOSSIP_PART_MAX;
  for (guint i = 0; i < 1000; i++)
    {
      message.epoch = 100 + i;
      message.sequence = 5;
      receive_message (fixture, "dave", &message);
      most = MAX (most, sentient_gossip_get_held (fixture->gossip));
    }
  g_assert_cmpuint (statistics->refused, ==, 1000 - 3);
  message = make_message ("alice", 2, "still");
  receive_message (fixture, "alice", &message);
  assert_heard (fixture, "alice: still, ");
  /* Numbers with gaps without end, of every origin. */
  message.payload = (const guint8 *)payload;
  message.len = SENTIENT_GOSSIP_PART_MAX;
  for (guint i = 0; i < 5000; i++)
    {
      strcpy (message.origin, i % 2 == 0 ? "alice" : "carol");
      message.sequence = 10 + 2 * i;
      receive_message (fixture, "dave", &message);
      most = MAX (most, sentient_gossip_get_held (fixture->gossip));
      listen (fixture);
    }
  /* Origins that do not exist. */
  for (guint i = 0; i < 1000; i++)
    {
      g_snprintf (message.origin, sizeof message.origin, "nobody-%u", i);
      receive_message (fixture, "dave", &message);
      most = MAX (most, sentient_gossip_get_held (fixture->gossip));
    }
  g_test_message ("%" G_GSIZE_FORMAT " bytes were held at most", most);
  g_assert_cmpuint (most, <=,
                    2 * (SENTIENT_GOSSIP_ORIGIN_HELD_MAX + SENTIENT_GOSSIP_SIZE + 2 * 33024)
                        + SENTIENT_GOSSIP_EARLY_BYTES + 4 * 33024);
  sentient_manual_clock_advance (fixture->clock, 60000);
  listen (fixture);
  g_assert_null (sentient_gossip_take_early (fixture->gossip, NULL));
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
}

/* It tells of lives that another never had, before that one has said anything: who hears that one
 * itself hears it all the same. */
static void
test_false_lives (Fixture *fixture, gconstpointer unused)
{
  SentientGossipStatistics *statistics = sentient_gossip_get_statistics (fixture->gossip);
  SentientGossipMessage message = make_message ("alice", 5, "false");

  for (guint i = 0; i < 10; i++)
    {
      message.epoch = 100 + i;
      receive_message (fixture, "dave", &message);
    }
  g_assert_cmpuint (statistics->refused, ==, 10 - 4);
  g_assert_cmpint (receive (fixture, "dave", "alice", 1, "by way of dave"), ==,
                   SENTIENT_GOSSIP_IS_FOREIGN);
  g_assert_cmpint (receive (fixture, "alice", "alice", 1, "real"), ==, SENTIENT_GOSSIP_IS_NEW);
  assert_heard (fixture, "alice: real, ");
  receive (fixture, "dave", "alice", 2, "by way of dave");
  assert_heard (fixture, "alice: by way of dave, ");
}

static void
test_many_origins (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *payload = g_strnfill (SENTIENT_GOSSIP_PART_MAX, 'x');

  for (guint i = 0; i < 200; i++)
    {
      SentientGossipMessage message = make_message ("", 1, payload);

      g_snprintf (message.origin, sizeof message.origin, "member-%u", i);
      sentient_gossip_add_member (fixture->gossip, "lab", message.origin, FALSE);
      message.flags = SENTIENT_GOSSIP_FIRST;
      message.total = SENTIENT_GOSSIP_SIZE;
      for (guint j = 0; j < 31; j++)
        {
          receive_message (fixture, "dave", &message);
          message.flags = 0;
          message.sequence++;
        }
    }
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), <=, SENTIENT_GOSSIP_HELD_MAX);
  g_assert_cmpuint (sentient_gossip_get_statistics (fixture->gossip)->refused, >, 0);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *origin = g_strdup_printf ("member-%u", i);

      sentient_gossip_remove_member (fixture->gossip, "lab", origin);
    }
  sentient_manual_clock_advance (fixture->clock, SENTIENT_GOSSIP_GONE_MS);
  receive (fixture, "dave", "dave", 1, "x");
  g_assert_cmpuint (sentient_gossip_get_held (fixture->gossip), ==, 0);
}

#define ADD(path, test) g_test_add ("/gossip/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("once", test_once);
  ADD ("order", test_order);
  ADD ("lost", test_lost);
  ADD ("start", test_start);
  ADD ("start-at-one", test_start_at_one);
  ADD ("members", test_members);
  ADD ("large", test_large);
  ADD ("limits", test_limits);
  ADD ("hostile", test_hostile);
  ADD ("false-lives", test_false_lives);
  ADD ("many-origins", test_many_origins);
  return g_test_run ();
}
