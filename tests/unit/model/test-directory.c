/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/sentient-directory.h"

#define MAX_ITEMS 1024 /* of an outbox, as the limits begin */
#define SENDER_MAX_ITEMS 256

typedef struct
{
  guint n_wakes;
  guint n_taken;
  gboolean replaced;
} FakeTransport;

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
  GString *events;              /* what "member-joined" and "member-left" told */
  FakeTransport transports[20]; /* outlive the directory */
} Fixture;

static void
fake_wake (SentientSession *session, gpointer data)
{
  ((FakeTransport *)data)->n_wakes++;
}

static void
fake_taken (gpointer data, gboolean replaced)
{
  FakeTransport *fake = data;

  fake->n_taken++;
  fake->replaced = replaced;
}

static const SentientTransportVtable fake_transport = {
  .kind = SENTIENT_TRANSPORT_WEBSOCKET,
  .wake = fake_wake,
  .taken = fake_taken,
};

static void
on_joined (SentientDirectory *directory, SentientRoom *room, SentientMember *member, gpointer data)
{
  g_string_append_printf (data, "+%s/%s ", sentient_room_get_name (room),
                          sentient_member_get_node_id (member));
}

static void
on_left (SentientDirectory *directory,
         SentientRoom *room,
         SentientMember *member,
         int reason,
         gpointer data)
{
  g_assert_null (sentient_room_find_member (room, sentient_member_get_node_id (member)));
  g_string_append_printf (data, "-%s/%s:%s ", sentient_room_get_name (room),
                          sentient_member_get_node_id (member),
                          sentient_leave_reason_to_string (reason));
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->clock = sentient_manual_clock_new (1000000);
  fixture->directory = sentient_directory_new (SENTIENT_CLOCK (fixture->clock));
  fixture->events = g_string_new (NULL);
  g_signal_connect (fixture->directory, "member-joined", G_CALLBACK (on_joined), fixture->events);
  g_signal_connect (fixture->directory, "member-left", G_CALLBACK (on_left), fixture->events);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->directory);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->events, TRUE);
}

static SentientSession *
ensure (Fixture *fixture, const char *node_id)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_ensure (fixture->directory, node_id, &error);

  g_assert_no_error (error);
  return session;
}

static SentientSession *
join (Fixture *fixture, const char *node_id, const char *room)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = ensure (fixture, node_id);

  sentient_directory_join (fixture->directory, session, room, (SentientSpan){ NULL, 0 }, &error);
  g_assert_no_error (error);
  return session;
}

static void
assert_events (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->events->str, ==, expected);
  g_string_truncate (fixture->events, 0);
}

static void
pass (Fixture *fixture, gint64 ms)
{
  sentient_manual_clock_advance (fixture->clock, ms);
  sentient_directory_cleanup (fixture->directory);
}

/* What waits for the session, as "kind:…" words; all of it is then delivered. */
static char *
drain (Fixture *fixture, SentientSession *session)
{
  GString *text = g_string_new (NULL);
  const SentientOutboxItem *item;

  while ((item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      SentientSignal *signal = sentient_message_get_signal (item->message);

      if (signal != NULL)
        g_string_append_printf (text, "%s<%s ",
                                sentient_signal_type_to_string (
                                    sentient_signal_get_signal_type (signal)),
                                sentient_signal_get_from (signal));
      else
        g_string_append (text,
                         sentient_message_get_kind (item->message) == SENTIENT_MESSAGE_PEER_JOINED
                             ? "joined "
                             : "left ");
      sentient_outbox_mark_sent (&session->outbox, item->seq);
    }
  sentient_directory_flushed_until (fixture->directory, session, G_MAXUINT64);
  return g_string_free (text, FALSE);
}

static void
assert_waiting (Fixture *fixture, SentientSession *session, const char *expected)
{
  g_autofree char *text = drain (fixture, session);

  g_assert_cmpstr (text, ==, expected);
}

static gboolean
relay (Fixture *fixture,
       SentientSession *from,
       const char *to,
       const char *room,
       gboolean *delivered,
       GError **error)
{
  g_autofree char *text
      = g_strdup_printf (room != NULL
                             ? "{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"v=0\",\"room\":\"%s\"}"
                             : "{\"type\":\"offer\",\"to\":\"%s\",\"sdp\":\"v=0\"}",
                         to, room);
  SentientRequest request;
  g_autoptr (GError) parse_error = NULL;

  sentient_request_parse_message (&request, text, strlen (text), &parse_error);
  g_assert_no_error (parse_error);
  return sentient_directory_relay (fixture->directory, from, &request, delivered, error);
}

static void
assert_refused (Fixture *fixture,
                SentientSession *from,
                const char *to,
                const char *room,
                SentientError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (relay (fixture, from, to, room, NULL, &error));
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
}

static void
test_rooms (Fixture *fixture, gconstpointer unused)
{
  GListModel *rooms = G_LIST_MODEL (fixture->directory);
  SentientSession *a;

  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 3);
  g_assert_nonnull (sentient_directory_find_room (fixture->directory, "global"));
  g_assert_nonnull (sentient_directory_find_room (fixture->directory, "memory-sync"));
  g_assert_nonnull (sentient_directory_find_room (fixture->directory, "learning"));

  a = join (fixture, "a", "lab");
  join (fixture, "a", "global");
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 4);
  join (fixture, "b", "lab");
  assert_waiting (fixture, a, "joined ");
  assert_events (fixture, "+lab/a +global/a +lab/b ");

  /* Joining again tells nobody. */
  join (fixture, "b", "lab");
  assert_waiting (fixture, a, "");
  assert_events (fixture, "");

  /* A custom room goes with its last member, a default one stays; so does a session without room.
   */
  g_strfreev (sentient_directory_leave_all (fixture->directory, a));
  assert_events (fixture, "-lab/a:left -global/a:left ");
  g_assert_null (sentient_directory_find (fixture->directory, "a"));
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 4);
  g_assert_true (sentient_directory_leave (fixture->directory,
                                           sentient_directory_find (fixture->directory, "b"), "lab",
                                           NULL));
  g_assert_cmpuint (g_list_model_get_n_items (rooms), ==, 3);
  g_assert_cmpuint (sentient_directory_get_n_nodes (fixture->directory), ==, 0);
}

static void
test_limits (Fixture *fixture, gconstpointer unused)
{
  SentientDirectoryLimits *limits = sentient_directory_get_limits (fixture->directory);
  const SentientSpan none = { NULL, 0 };
  const SentientSpan huge = { "{}", SENTIENT_METADATA_MAX + 1 };
  SentientSession *late;
  SentientSession *first;

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *id = g_strdup_printf ("n%u", i);

      join (fixture, id, "lab");
    }
  late = ensure (fixture, "late");
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sentient_directory_join (fixture->directory, late, "lab", none, &error));
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_ROOM_FULL);
  }
  /* Who is in may join again, full or not. */
  join (fixture, "n7", "lab");

  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sentient_directory_join (fixture->directory, late, "den", huge, &error));
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  }

  first = sentient_directory_find (fixture->directory, "n0");
  for (guint i = 1; i < limits->node_rooms; i++)
    {
      g_autofree char *room = g_strdup_printf ("r%u", i);

      join (fixture, "n0", room);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sentient_directory_join (fixture->directory, first, "more", none, &error));
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  }
  g_assert_null (sentient_directory_find_room (fixture->directory, "more"));

  limits->nodes = sentient_directory_get_n_nodes (fixture->directory);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sentient_directory_ensure (fixture->directory, "one-more", &error));
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  }
  limits->rooms = g_list_model_get_n_items (G_LIST_MODEL (fixture->directory));
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sentient_directory_join (fixture->directory, late, "den", none, &error));
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  }
}

static void
test_relay (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *b = join (fixture, "b", "lab");
  FakeTransport *transport = &fixture->transports[0];
  gboolean delivered;

  join (fixture, "c", "den");
  assert_waiting (fixture, a, "joined ");

  g_assert_true (relay (fixture, a, "b", "lab", &delivered, NULL));
  g_assert_false (delivered);
  g_assert_true (relay (fixture, a, "b", NULL, &delivered, NULL));
  sentient_directory_attach (fixture->directory, b, &fake_transport, transport);
  g_assert_cmpuint (transport->n_wakes, ==, 1);
  g_assert_true (relay (fixture, a, "b", "lab", &delivered, NULL));
  g_assert_true (delivered);
  g_assert_cmpuint (transport->n_wakes, ==, 2);
  assert_waiting (fixture, b, "offer<a offer<a offer<a ");
  sentient_directory_detach (fixture->directory, b, transport);

  assert_refused (fixture, a, "a", "lab", SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (fixture, a, "b", "nowhere", SENTIENT_ERROR_UNKNOWN_ROOM);
  assert_refused (fixture, a, "c", "den", SENTIENT_ERROR_FORBIDDEN);
  assert_refused (fixture, a, "c", "lab", SENTIENT_ERROR_UNKNOWN_PEER);
  assert_refused (fixture, a, "c", NULL, SENTIENT_ERROR_UNKNOWN_PEER);
  assert_refused (fixture, a, "nobody", NULL, SENTIENT_ERROR_UNKNOWN_PEER);
}

/* A full outbox refuses signals to their sender and keeps what it has; an event makes place, and
 * with it those that wait, until the node joins again. */
static void
test_full_outbox (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *others[]
      = { join (fixture, "x", "lab"), join (fixture, "y", "lab"), join (fixture, "z", "lab") };
  SentientSession *b = join (fixture, "b", "lab");
  guint n = 0;

  join (fixture, "c", "lab"); /* an event for b */
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    for (; n < (i + 1) * SENDER_MAX_ITEMS; n++)
      g_assert_true (relay (fixture, others[i], "b", "lab", NULL, NULL));
  while (relay (fixture, a, "b", "lab", NULL, NULL))
    n++;
  g_assert_cmpuint (n, ==, MAX_ITEMS - 1);
  assert_refused (fixture, a, "b", "lab", SENTIENT_ERROR_BUSY);

  join (fixture, "d", "lab");
  g_assert_cmpuint (b->outbox.n_items, ==, MAX_ITEMS - 1);
  g_assert_cmpuint (sentient_directory_get_metrics (fixture->directory)
                        ->dropped_events[SENTIENT_DROP_OUTBOX_FULL],
                    ==, 2);

  {
    g_autofree char *text = drain (fixture, b);

    g_assert_true (g_str_has_prefix (text, "offer<x "));
    g_assert_true (g_str_has_suffix (text, "offer<a "));
  }
  g_assert_true (relay (fixture, a, "b", "lab", NULL, NULL));
}

static void
test_total_budget (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *b = join (fixture, "b", "lab");

  sentient_directory_get_limits (fixture->directory)->queued_bytes = 4096;
  while (relay (fixture, a, "b", "lab", NULL, NULL))
    g_assert_cmpuint (b->outbox.n_items, <, 100);
  assert_refused (fixture, a, "b", "lab", SENTIENT_ERROR_BUSY);
  /* A session that ends gives back what it held. */
  sentient_directory_end (fixture->directory, b, SENTIENT_LEAVE_REASON_LEFT);
  join (fixture, "b", "lab");
  g_assert_true (relay (fixture, a, "b", "lab", NULL, NULL));
}

static void
test_lost_and_back (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *b = join (fixture, "b", "lab");
  FakeTransport *a_transport = &fixture->transports[0];
  FakeTransport *b_transport = &fixture->transports[1];
  SentientMember *member;

  sentient_directory_attach (fixture->directory, a, &fake_transport, a_transport);
  sentient_directory_attach (fixture->directory, b, &fake_transport, b_transport);
  assert_waiting (fixture, a, "joined ");
  g_string_truncate (fixture->events, 0);

  sentient_directory_detach (fixture->directory, b, b_transport);
  sentient_directory_lose (fixture->directory, b);
  member
      = sentient_room_find_member (sentient_directory_find_room (fixture->directory, "lab"), "b");
  g_assert_false (sentient_member_get_online (member));
  g_assert_true (relay (fixture, a, "b", "lab", NULL, NULL));

  pass (fixture, 29999);
  assert_events (fixture, "");
  sentient_directory_attach (fixture->directory, b, &fake_transport, b_transport);
  g_assert_true (sentient_member_get_online (member));
  g_assert_cmpuint (b_transport->n_wakes, ==, 1);
  assert_waiting (fixture, b, "offer<a ");
  pass (fixture, 100000);
  assert_events (fixture, "");

  sentient_directory_detach (fixture->directory, b, b_transport);
  sentient_directory_lose (fixture->directory, b);
  pass (fixture, 30000);
  assert_events (fixture, "-lab/b:timeout ");
  assert_waiting (fixture, a, "left ");
  g_assert_null (sentient_directory_find (fixture->directory, "b"));
  g_assert_cmpuint (b_transport->n_taken, ==, 0);
}

/* A node that uses HTTP is lost 30 s after its last request and gone 30 s later. */
static void
test_http_silence (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientMember *member = g_array_index (a->memberships, SentientMembership, 0).member;

  pass (fixture, 29999);
  g_assert_true (sentient_member_get_online (member));
  sentient_directory_touch (fixture->directory, a);
  pass (fixture, 29999);
  g_assert_true (sentient_member_get_online (member));
  pass (fixture, 1);
  g_assert_false (sentient_member_get_online (member));
  pass (fixture, 29999);
  sentient_directory_touch (fixture->directory, a);
  g_assert_true (sentient_member_get_online (member));
  pass (fixture, 30000);
  pass (fixture, 30000);
  assert_events (fixture, "+lab/a -lab/a:timeout ");
}

static void
test_taken (Fixture *fixture, gconstpointer unused)
{
  SentientSession *a = join (fixture, "a", "lab");
  SentientSession *b = join (fixture, "b", "lab");
  FakeTransport *older = &fixture->transports[0];
  FakeTransport *newer = &fixture->transports[1];

  /* A newer transport of the same session gets what the older did not deliver. */
  sentient_directory_attach (fixture->directory, b, &fake_transport, older);
  g_assert_true (relay (fixture, a, "b", "lab", NULL, NULL));
  g_assert_nonnull (sentient_outbox_next (&b->outbox));
  sentient_outbox_mark_sent (&b->outbox, 1);
  sentient_directory_attach (fixture->directory, b, &fake_transport, newer);
  g_assert_cmpuint (older->n_taken, ==, 1);
  g_assert_false (older->replaced);
  g_assert_cmpuint (newer->n_wakes, ==, 1);

  /* The older one's late farewell changes nothing. */
  sentient_directory_detach (fixture->directory, b, older);
  g_assert_true (b->transport_data == newer);
  assert_waiting (fixture, b, "offer<a ");

  g_string_truncate (fixture->events, 0);
  sentient_directory_end (fixture->directory, b, SENTIENT_LEAVE_REASON_REPLACED);
  g_assert_true (newer->replaced);
  assert_events (fixture, "-lab/b:replaced ");
}

/* Handlers that call back do not find anything half done. */
static void
leave_at_once (SentientDirectory *directory,
               SentientRoom *room,
               SentientMember *member,
               gpointer unused)
{
  SentientSession *session
      = sentient_directory_find (directory, sentient_member_get_node_id (member));

  sentient_directory_leave (directory, session, sentient_room_get_name (room), NULL);
}

static void
test_reentrant (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = ensure (fixture, "a");

  g_signal_connect (fixture->directory, "member-joined", G_CALLBACK (leave_at_once), NULL);
  g_assert_null (sentient_directory_join (fixture->directory, session, "lab",
                                          (SentientSpan){ NULL, 0 }, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN);
  assert_events (fixture, "+lab/a -lab/a:left ");
}

/* Random doings; at the end every list agrees with every other. */
static void
test_random (Fixture *fixture, gconstpointer unused)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint n_memberships = 0;
  guint n_members = 0;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < 20000; i++)
    {
      guint n = g_rand_int_range (rand, 0, 20);
      g_autofree char *id = g_strdup_printf ("n%u", n);
      g_autofree char *room = g_strdup_printf ("r%d", g_rand_int_range (rand, 0, 6));
      SentientSession *session = sentient_directory_find (fixture->directory, id);

      switch (session != NULL ? g_rand_int_range (rand, 0, 8) : 0)
        {
        case 0:
        case 1:
          join (fixture, id, room);
          break;
        case 2:
          sentient_directory_leave (fixture->directory, session, room, NULL);
          break;
        case 3:
          g_strfreev (sentient_directory_leave_all (fixture->directory, session));
          break;
        case 4:
          sentient_directory_attach (fixture->directory, session, &fake_transport,
                                     &fixture->transports[n]);
          break;
        case 5:
          sentient_directory_detach (fixture->directory, session, &fixture->transports[n]);
          sentient_directory_lose (fixture->directory, session);
          break;
        case 6:
          relay (fixture, session, "n1", NULL, NULL, &(GError *){ NULL });
          g_free (drain (fixture, session));
          break;
        default:
          pass (fixture, g_rand_int_range (rand, 0, 20000));
        }
    }

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (fixture->directory)); i++)
    {
      SentientRoom *room = sentient_directory_peek_room (fixture->directory, i);

      n_members += sentient_room_get_n_members (room);
      g_assert_true (sentient_room_get_permanent (room) || sentient_room_get_n_members (room) > 0);
    }
  for (guint n = 0; n < 20; n++)
    {
      g_autofree char *id = g_strdup_printf ("n%u", n);
      SentientSession *session = sentient_directory_find (fixture->directory, id);

      n_memberships += session != NULL ? sentient_session_get_n_rooms (session) : 0;
    }
  g_assert_cmpuint (n_members, ==, n_memberships);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/directory/rooms", test_rooms);
  ADD ("/directory/limits", test_limits);
  ADD ("/directory/relay", test_relay);
  ADD ("/directory/full-outbox", test_full_outbox);
  ADD ("/directory/total-budget", test_total_budget);
  ADD ("/directory/lost-and-back", test_lost_and_back);
  ADD ("/directory/http-silence", test_http_silence);
  ADD ("/directory/taken", test_taken);
  ADD ("/directory/reentrant", test_reentrant);
  ADD ("/directory/random", test_random);
  return g_test_run ();
}
