/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-fixture.h"

#include <string.h>

static guint
n_rooms (Fixture *f)
{
  return n_items (sentient_client_get_rooms (f->client));
}

static guint
n_connections (Fixture *f)
{
  return n_items (sentient_client_get_connections (f->client));
}

static char *
room_names (Fixture *f)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < n_rooms (f); i++)
    {
      g_autoptr (SentientClientRoom) room
          = g_list_model_get_item (sentient_client_get_rooms (f->client), i);

      g_string_append_printf (names, "%s ", sentient_client_room_get_name (room));
    }
  return g_string_free (names, FALSE);
}

static char *
member_names (Fixture *f, const char *room_name)
{
  SentientClientRoom *room = sentient_client_find_room (f->client, room_name);
  GListModel *members = sentient_client_room_get_members (room);
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < n_items (members); i++)
    {
      g_autoptr (SentientDBusMember) member = g_list_model_get_item (members, i);

      g_string_append_printf (names, "%s ", sentient_dbus_member_get_node_id (member));
    }
  return g_string_free (names, FALSE);
}

static guint
n_members (Fixture *f, const char *room_name)
{
  SentientClientRoom *room = sentient_client_find_room (f->client, room_name);

  return room != NULL ? n_items (sentient_client_room_get_members (room)) : 0;
}

/* Cases */

static void
test_no_daemon (Fixture *f, gconstpointer data)
{
  open_client (f);
  g_assert_false (sentient_client_is_available (f->client));
  g_assert_null (sentient_client_get_manager (f->client));
  g_assert_nonnull (strstr (sentient_client_get_error (f->client), "systemctl --user start"));
  g_assert_cmpuint (n_rooms (f), ==, 0);
}

static void
test_filled (Fixture *f, gconstpointer data)
{
  g_autofree char *rooms = NULL;
  g_autofree char *members = NULL;
  g_autoptr (GObject) manager = NULL;
  g_autoptr (GListModel) list = NULL;
  g_autofree char *error = NULL;
  gboolean available;

  start_daemon (f, NULL);
  /* More than ten: in the order of numbers, not of text. */
  for (guint i = 1; i <= 12; i++)
    {
      g_autofree char *line = g_strdup_printf ("member room-%u node-%u", i, i);

      tell (f, line);
    }
  for (guint i = 2; i <= 12; i++)
    {
      g_autofree char *line = g_strdup_printf ("member room-1 more-%u", i);

      tell (f, line);
    }
  tell (f, "connection bob connected");
  open_client (f);

  g_assert_true (sentient_client_is_available (f->client));
  g_assert_null (sentient_client_get_error (f->client));
  g_assert_cmpstr (sentient_dbus_manager_get_node_id (sentient_client_get_manager (f->client)), ==,
                   "fake");
  rooms = room_names (f);
  g_assert_cmpstr (rooms, ==,
                   "room-1 room-2 room-3 room-4 room-5 room-6 room-7 room-8 room-9 room-10 "
                   "room-11 room-12 ");
  members = member_names (f, "room-1");
  g_assert_cmpstr (members, ==,
                   "node-1 more-2 more-3 more-4 more-5 more-6 more-7 more-8 more-9 more-10 "
                   "more-11 more-12 ");
  g_assert_cmpuint (n_members (f, "room-2"), ==, 1);
  g_assert_cmpstr (sentient_dbus_connection_get_state (
                       sentient_client_find_connection (f->client, "bob")),
                   ==, "connected");
  g_assert_null (sentient_client_find_connection (f->client, "eve"));
  g_assert_null (sentient_client_find_room (f->client, "none"));

  g_object_get (f->client, "available", &available, "manager", &manager, "rooms", &list, "error",
                &error, NULL);
  g_assert_true (available);
  g_assert_true (manager == (gpointer)sentient_client_get_manager (f->client));
  g_assert_true (list == sentient_client_get_rooms (f->client));
  g_assert_null (error);
}

static void
count (gpointer object, GParamSpec *pspec, guint *n)
{
  ++*n;
}

static void
test_live (Fixture *f, gconstpointer data)
{
  SentientDBusConnection *connection;
  SentientDBusRoom *room;
  guint n_notified = 0;

  start_daemon (f, NULL);
  open_client (f);
  g_assert_cmpuint (n_rooms (f), ==, 0);

  tell (f, "member global bob");
  await (n_members (f, "global") == 1);
  room = sentient_client_room_get_proxy (sentient_client_find_room (f->client, "global"));
  await (sentient_dbus_room_get_member_count (room) == 1);
  g_signal_connect (room, "notify::member-count", G_CALLBACK (count), &n_notified);
  tell (f, "member global eve");
  await (n_members (f, "global") == 2 && n_notified == 1);
  tell (f, "part global bob");
  await (n_members (f, "global") == 1);
  g_signal_handlers_disconnect_by_data (room, &n_notified);

  /* A member that is told before its room is not lost. */
  tell (f, "early-member second ann");
  await (n_members (f, "second") == 1);

  tell (f, "connection bob connecting");
  await (n_connections (f) == 1);
  connection = sentient_client_find_connection (f->client, "bob");
  tell (f, "connection bob connected");
  await (g_str_equal (sentient_dbus_connection_get_state (connection), "connected"));
  g_assert_cmpuint (n_connections (f), ==, 1);
  g_assert_cmpint (sentient_dbus_connection_get_round_trip_time (connection), ==, -1);
  tell (f, "way bob relay srflx 45");
  await (sentient_dbus_connection_get_round_trip_time (connection) == 45);
  g_assert_true (sentient_dbus_connection_get_relayed (connection));
  g_assert_cmpstr (sentient_dbus_connection_get_candidate_type (connection), ==, "relay");
  g_assert_cmpstr (sentient_dbus_connection_get_remote_candidate_type (connection), ==, "srflx");
  tell (f, "close bob");
  await (n_connections (f) == 0);

  g_assert_cmpuint (sentient_dbus_room_get_neighbour_count (room), ==, 0);
  tell (f, "neighbour global eve");
  await (sentient_dbus_room_get_neighbour_count (room) == 1);

  tell (f, "drop-room global");
  await (n_rooms (f) == 1);
  g_assert_null (sentient_client_find_room (f->client, "global"));
  /* Of the same name, but another room. */
  tell (f, "room global");
  await (n_rooms (f) == 2);
  g_assert_cmpuint (n_members (f, "global"), ==, 0);
}

static void
on_message (SentientClient *client,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            GString *heard)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  g_string_append_printf (heard, "%s %s", node_id, is_text ? "text" : "bytes");
  for (gsize i = 0; i < size; i++)
    g_string_append_printf (heard, " %02x", bytes[i]);
  g_string_append (heard, "; ");
}

static void
on_failed (SentientClient *client, const char *name, const char *message, GString *heard)
{
  g_string_append_printf (heard, "failed %s: %s; ", name, message);
}

static void
test_signals (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) heard = g_string_new (NULL);

  start_daemon (f, NULL);
  open_client (f);
  g_signal_connect (f->client, "message", G_CALLBACK (on_message), heard);
  g_signal_connect (f->client, "failed", G_CALLBACK (on_failed), heard);
  tell (f, "message bob hi");
  tell (f, "bytes eve 410042ff");
  tell (f, "failed org.sentient.Sentient1.Error.Failed it broke");
  await (strstr (heard->str, "failed") != NULL);
  g_assert_cmpstr (heard->str, ==,
                   "bob text 68 69; eve bytes 41 00 42 ff; "
                   "failed org.sentient.Sentient1.Error.Failed: it broke; ");
}

static void
test_dies_and_comes_back (Fixture *f, gconstpointer data)
{
  GListModel *rooms = sentient_client_get_rooms (f->client);
  guint n_notified = 0;

  open_client (f);
  g_signal_connect (f->client, "notify::available", G_CALLBACK (count), &n_notified);
  for (guint round = 0; round < 3; round++)
    {
      start_daemon (f, NULL);
      await (sentient_client_is_available (f->client));
      g_assert_cmpuint (n_notified, ==, 2 * round + 1);
      tell (f, "member global bob");
      tell (f, "connection bob connected");
      await (n_members (f, "global") == 1 && n_connections (f) == 1);

      kill_daemon (f);
      await (!sentient_client_is_available (f->client));
      g_assert_cmpuint (n_notified, ==, 2 * round + 2);
      g_assert_cmpuint (n_rooms (f), ==, 0);
      g_assert_cmpuint (n_connections (f), ==, 0);
      g_assert_nonnull (sentient_client_get_error (f->client));
      /* Whoever bound to the lists goes on with them. */
      g_assert_true (rooms == sentient_client_get_rooms (f->client));
    }
}

static void
test_taken_over (Fixture *f, gconstpointer data)
{
  Fixture second = { 0 };
  SentientDBusManager *first_manager;

  start_daemon (f, NULL);
  tell (f, "member old bob");
  open_client (f);
  g_assert_cmpuint (n_rooms (f), ==, 1);
  first_manager = sentient_client_get_manager (f->client);
  g_object_ref (first_manager);

  start_daemon (&second, "--replace");
  expect_line (f, "lost");
  await (sentient_client_is_available (f->client)
         && sentient_client_get_manager (f->client) != first_manager);
  g_object_unref (first_manager);
  g_assert_cmpuint (n_rooms (f), ==, 0);
  /* What the loser says is nobody's business. */
  tell (f, "member late eve");
  tell (&second, "member new ann");
  await (n_rooms (f) > 0);
  g_assert_nonnull (sentient_client_find_room (f->client, "new"));
  g_assert_cmpuint (n_rooms (f), ==, 1);
  kill_daemon (&second);
}

static void
test_stranger (Fixture *f, gconstpointer data)
{
  start_daemon (f, "--bare");
  open_client (f);
  g_assert_false (sentient_client_is_available (f->client));
  g_assert_nonnull (sentient_client_get_error (f->client));

  kill_daemon (f);
  start_daemon (f, NULL);
  await (sentient_client_is_available (f->client));
}

static void
test_started_by_the_bus (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) again = NULL;
  g_autoptr (GAsyncResult) quit = NULL;
  g_autoptr (GError) error = NULL;

  open_client (f);
  g_assert_false (sentient_client_is_available (f->client));
  sentient_client_start_daemon_async (f->client, NULL, on_result, &result);
  sentient_client_start_daemon_async (f->client, NULL, on_result, &again);
  await (result != NULL && again != NULL);
  g_assert_false (sentient_client_start_daemon_finish (f->client, again, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  g_assert_true (sentient_client_start_daemon_finish (f->client, result, &error));
  g_assert_no_error (error);
  g_assert_true (sentient_client_is_available (f->client));

  /* One that runs already is as good. */
  g_clear_object (&result);
  sentient_client_start_daemon_async (f->client, NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_client_start_daemon_finish (f->client, result, &error));

  sentient_dbus_manager_call_quit (sentient_client_get_manager (f->client), NULL, on_result, &quit);
  await (quit != NULL && !sentient_client_is_available (f->client));
}

static void
test_cannot_be_started (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  open_client (f);
  sentient_client_start_daemon_async (f->client, NULL, on_result, &result);
  await (result != NULL);
  g_assert_false (sentient_client_start_daemon_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "Start it by hand: /"));
}

static char *
send_to (Fixture *f, const char *node_id)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  SentientDBusManager *manager = g_object_ref (sentient_client_get_manager (f->client));
  char *sentence = NULL;

  sentient_dbus_manager_call_send (manager, node_id,
                                   g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "hi", 2, 1),
                                   TRUE, NULL, on_result, &result);
  await (result != NULL);
  if (!sentient_dbus_manager_call_send_finish (manager, result, &error))
    sentence = sentient_client_describe_error (error);
  g_object_unref (manager);
  return sentence;
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  g_autofree char *refused = NULL;
  g_autofree char *crashed = NULL;

  start_daemon (f, NULL);
  open_client (f);
  good = send_to (f, "bob");
  g_assert_null (good);
  refused = send_to (f, "nobody");
  g_assert_cmpstr (refused, ==, "there is no open connection to nobody; connect first");
  crashed = send_to (f, "crash");
  g_assert_nonnull (strstr (crashed, "went away"));
}

static void
test_bus_goes (Fixture *f, gconstpointer data)
{
  start_daemon (f, NULL);
  tell (f, "room global");
  open_client (f);
  g_assert_cmpuint (n_rooms (f), ==, 1);
  g_test_dbus_stop (f->bus);
  await (!sentient_client_is_open (f->client) && !sentient_client_is_available (f->client));
  g_assert_cmpuint (n_rooms (f), ==, 0);
  await (strstr (sentient_client_get_error (f->client), "bus is gone") != NULL);
}

static void
test_let_go_while_asking (Fixture *f, gconstpointer data)
{
  SentientClient *second = sentient_client_new (G_BUS_TYPE_SESSION);
  g_autoptr (GAsyncResult) result = NULL;

  start_daemon (f, NULL);
  open_client (f);
  /* It lives until its answer is known, and no longer. */
  g_object_add_weak_pointer (G_OBJECT (second), (gpointer *)&second);
  sentient_client_open_async (second, NULL, on_result, &result);
  g_object_unref (second);
  g_assert_nonnull (second);
  await (result != NULL);
  g_assert_true (g_async_result_is_tagged (result, sentient_client_open_async));
  g_clear_object (&result);
  await (second == NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* The first g_bus_get () must not find the bus of whoever runs the tests. */
  g_test_dbus_unset ();

#define ADD(name, function, data)                                                                  \
  g_test_add ("/client/" name, Fixture, data, set_up, function, tear_down)
  ADD ("no-daemon", test_no_daemon, NULL);
  ADD ("filled", test_filled, NULL);
  ADD ("live", test_live, NULL);
  ADD ("signals", test_signals, NULL);
  ADD ("dies-and-comes-back", test_dies_and_comes_back, NULL);
  ADD ("taken-over", test_taken_over, NULL);
  ADD ("stranger", test_stranger, NULL);
  ADD ("started-by-the-bus", test_started_by_the_bus, "activatable");
  ADD ("cannot-be-started", test_cannot_be_started, NULL);
  ADD ("errors", test_errors, NULL);
  ADD ("let-go-while-asking", test_let_go_while_asking, NULL);
  ADD ("bus-goes", test_bus_goes, NULL);
#undef ADD
  return g_test_run ();
}
