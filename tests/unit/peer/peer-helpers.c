/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

#define WATCHDOG_S 90 /* a sanitizer build on two busy cores is slow */

static gboolean
on_watchdog (gpointer what)
{
  g_error ("waited %d s in vain: %s", WATCHDOG_S, (const char *)what);
  return G_SOURCE_REMOVE;
}

GSource *
watchdog_start (const char *what)
{
  GSource *source = g_timeout_source_new_seconds (WATCHDOG_S);

  g_source_set_callback (source, on_watchdog, (gpointer)what, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

void
watchdog_stop (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

void
settle (void)
{
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
}

static SentientLink *
make_link (const SentientLinkOptions *options, gpointer user_data)
{
  TestPeer *self = user_data;

  g_clear_pointer (&self->options, sentient_link_options_free);
  self->options = sentient_link_options_copy (options);
  return sentient_loopback_link_new ();
}

static void
on_error (SentientPeer *peer, GError *error, TestPeer *self)
{
  g_ptr_array_add (self->errors, g_error_copy (error));
}

static void
on_connected (SentientPeer *peer, const char *node_id, TestPeer *self)
{
  g_ptr_array_add (self->connected, g_strdup (node_id));
}

static void
on_disconnected (SentientPeer *peer, const char *node_id, GError *error, TestPeer *self)
{
  g_ptr_array_add (self->disconnected, g_strdup (node_id));
}

static void
on_reconnecting (SentientPeer *peer, const char *node_id, GError *error, TestPeer *self)
{
  g_ptr_array_add (self->reconnecting, g_strdup (node_id));
}

static void
on_reconnected (SentientPeer *peer, const char *node_id, TestPeer *self)
{
  g_ptr_array_add (self->reconnected, g_strdup (node_id));
}

static void
on_message (SentientPeer *peer, const char *node_id, GBytes *data, gboolean is_text, TestPeer *self)
{
  g_ptr_array_add (self->messages,
                   g_strdup_printf ("%s: %.*s%s", node_id, (int)g_bytes_get_size (data),
                                    (const char *)g_bytes_get_data (data, NULL),
                                    is_text ? "" : " (binary)"));
}

static void
on_member_joined (SentientPeer *peer, SentientRoom *room, SentientMember *member, TestPeer *self)
{
  g_ptr_array_add (self->members, g_strdup_printf ("%s+%s", sentient_room_get_name (room),
                                                   sentient_member_get_node_id (member)));
}

static void
on_member_left (SentientPeer *peer,
                SentientRoom *room,
                SentientMember *member,
                SentientLeaveReason reason,
                TestPeer *self)
{
  g_ptr_array_add (self->members, g_strdup_printf ("%s-%s (%s)", sentient_room_get_name (room),
                                                   sentient_member_get_node_id (member),
                                                   sentient_leave_reason_to_string (reason)));
}

static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, TestPeer *self)
{
  g_ptr_array_add (self->negotiation, g_strdup_printf ("%s: %s", node_id, text));
}

TestPeer *
test_peer_new (const char *node_id)
{
  TestPeer *self = g_new0 (TestPeer, 1);

  self->peer = sentient_peer_new (node_id);
  self->errors = g_ptr_array_new_with_free_func ((GDestroyNotify)g_error_free);
  self->connected = g_ptr_array_new_with_free_func (g_free);
  self->disconnected = g_ptr_array_new_with_free_func (g_free);
  self->reconnecting = g_ptr_array_new_with_free_func (g_free);
  self->reconnected = g_ptr_array_new_with_free_func (g_free);
  self->messages = g_ptr_array_new_with_free_func (g_free);
  self->members = g_ptr_array_new_with_free_func (g_free);
  self->negotiation = g_ptr_array_new_with_free_func (g_free);
  sentient_peer_set_link_factory (self->peer, make_link, self, NULL);
  g_object_set (self->peer, "reconnect-delay", 20, "request-timeout", 20000, "connect-timeout",
                3000, NULL);
  g_signal_connect (self->peer, "error", G_CALLBACK (on_error), self);
  g_signal_connect (self->peer, "peer-connected", G_CALLBACK (on_connected), self);
  g_signal_connect (self->peer, "peer-disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect (self->peer, "peer-reconnecting", G_CALLBACK (on_reconnecting), self);
  g_signal_connect (self->peer, "peer-reconnected", G_CALLBACK (on_reconnected), self);
  g_signal_connect (self->peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->peer, "member-joined", G_CALLBACK (on_member_joined), self);
  g_signal_connect (self->peer, "member-left", G_CALLBACK (on_member_left), self);
  g_signal_connect (self->peer, "negotiation", G_CALLBACK (on_negotiation), self);
  return self;
}

void
test_peer_free (TestPeer *self)
{
  g_assert_finalize_object (self->peer);
  g_ptr_array_unref (self->errors);
  g_ptr_array_unref (self->connected);
  g_ptr_array_unref (self->disconnected);
  g_ptr_array_unref (self->reconnecting);
  g_ptr_array_unref (self->reconnected);
  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->negotiation);
  g_clear_pointer (&self->options, sentient_link_options_free);
  g_free (self);
}

void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  g_assert_null (*place); /* once only */
  *place = g_object_ref (result);
}

gboolean
test_peer_try_uris (TestPeer *self, const char *const *uris, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_peer_connect_to_coordinator_async (self->peer, uris, NULL, on_result, &result);
  await (result != NULL);
  return sentient_peer_connect_to_coordinator_finish (self->peer, result, error);
}

static void
connect_to (TestPeer *self, const char *uri)
{
  const char *uris[] = { uri, NULL };
  g_autoptr (GError) error = NULL;

  test_peer_try_uris (self, uris, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sentient_peer_get_state (self->peer), ==, SENTIENT_PEER_STATE_CONNECTED);
}

void
test_peer_connect_to (TestPeer *self, FakeCoordinator *coordinator)
{
  g_autofree char *uri = fake_coordinator_dup_uri (coordinator);

  connect_to (self, uri);
}

void
test_peer_connect_to_v1 (TestPeer *self, FakeV1 *coordinator)
{
  g_autofree char *uri = fake_v1_dup_uri (coordinator);

  connect_to (self, uri);
}

SentientRoom *
test_peer_try_join (TestPeer *self, const char *room, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sentient_peer_join_async (self->peer, room, "{\"name\":\"test\"}", NULL, on_result, &result);
  await (result != NULL);
  return sentient_peer_join_finish (self->peer, result, error);
}

SentientRoom *
test_peer_join (TestPeer *self, const char *room)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) joined = test_peer_try_join (self, room, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sentient_room_get_name (joined), ==, room);
  return joined;
}

void
test_peer_close (TestPeer *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sentient_peer_close_async (self->peer, NULL, on_result, &result);
  await (result != NULL);
  g_assert_true (sentient_peer_close_finish (self->peer, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (sentient_peer_get_state (self->peer), ==, SENTIENT_PEER_STATE_DISCONNECTED);
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_connections (self->peer)), ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (sentient_peer_get_rooms (self->peer)), ==, 0);
}

gboolean
has (GPtrArray *texts, const char *text)
{
  return g_ptr_array_find_with_equal_func (texts, text, g_str_equal, NULL);
}

gboolean
has_prefix (GPtrArray *texts, const char *prefix)
{
  for (guint i = 0; i < texts->len; i++)
    {
      if (g_str_has_prefix (texts->pdata[i], prefix))
        return TRUE;
    }
  return FALSE;
}

gboolean
has_error (TestPeer *self, SentientError code)
{
  for (guint i = 0; i < self->errors->len; i++)
    {
      if (g_error_matches (self->errors->pdata[i], SENTIENT_ERROR, (gint)code))
        return TRUE;
    }
  return FALSE;
}

SentientConnectionState
test_peer_state_to (TestPeer *self, const char *node_id)
{
  SentientConnection *connection = sentient_peer_find_connection (self->peer, node_id);

  return connection != NULL ? sentient_connection_get_state (connection)
                            : SENTIENT_CONNECTION_STATE_NEW;
}

gboolean
is_open (TestPeer *self, const char *node_id)
{
  return test_peer_state_to (self, node_id) == SENTIENT_CONNECTION_STATE_CONNECTED;
}

void
deafen (SentientConnection *connection)
{
  guint n
      = g_signal_handlers_block_matched (connection->link, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA,
                                         g_signal_lookup ("message", SENTIENT_TYPE_LINK), 0, NULL,
                                         NULL, connection);

  g_assert_cmpuint (n, ==, 1);
}

JsonObject *
fake_find (FakeCoordinator *self, const char *node_id, const char *type, guint n)
{
  for (guint i = 0; i < self->log->len; i++)
    {
      JsonObject *object = self->log->pdata[i];

      if (g_str_equal (json_object_get_string_member (object, "from"), node_id)
          && g_str_equal (json_object_get_string_member (object, "type"), type) && n-- == 0)
        return object;
    }
  return NULL;
}

guint
fake_count (FakeCoordinator *self, const char *node_id, const char *type)
{
  guint n = 0;

  while (fake_find (self, node_id, type, n) != NULL)
    n++;
  return n;
}
