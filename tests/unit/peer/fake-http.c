/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-http.h"

#include <string.h>

SoupServer *
fake_http_listen (SoupServerCallback on_request,
                  SoupServerWebsocketCallback on_websocket,
                  const char *const *protocols,
                  gpointer user_data,
                  guint *port)
{
  SoupServer *server = soup_server_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  GSList *uris;

  soup_server_remove_websocket_extension (server, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_handler (server, "/webrtc/signal", on_request, user_data, NULL);
  soup_server_add_handler (server, "/webrtc", on_request, user_data, NULL);
  if (on_websocket != NULL)
    soup_server_add_websocket_handler (server, "/webrtc/signal", NULL, (char **)protocols,
                                       on_websocket, user_data, NULL);
  soup_server_listen_local (server, *port, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  *port = (guint)g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  return server;
}

JsonObject *
fake_http_parse (const char *text)
{
  g_autoptr (JsonNode) root = json_from_string (text, NULL);

  g_assert_nonnull (root);
  return json_object_ref (json_node_get_object (root));
}

char *
fake_http_dup_query (SoupServerMessage *message, const char *key)
{
  const char *text = g_uri_get_query (soup_server_message_get_uri (message));
  g_autoptr (GHashTable) query
      = g_uri_parse_params (text != NULL ? text : "", -1, "&", G_URI_PARAMS_NONE, NULL);

  return g_strdup (g_hash_table_lookup (query, key));
}

void
fake_http_answer (SoupServerMessage *message, guint status, const char *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text,
                                    strlen (text));
}

/* Polls */

void
fake_poll_forget (FakePoll *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  if (self->message != NULL)
    g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);
}

static void
on_disconnected (SoupServerMessage *message, FakePoll *self)
{
  fake_poll_forget (self);
}

static gboolean
on_timer (gpointer user_data)
{
  FakePoll *self = user_data;

  self->ended (self->user_data);
  return G_SOURCE_REMOVE;
}

void
fake_poll_hold (FakePoll *self, SoupServerMessage *message, FakePollFunc ended, gpointer user_data)
{
  g_autofree char *timeout = fake_http_dup_query (message, "timeout");

  g_assert_null (self->message);

  self->message = g_object_ref (message);
  self->ended = ended;
  self->user_data = user_data;
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_pause (message);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_disconnected), self);
  self->timer = g_timeout_source_new ((guint)g_ascii_strtoull (timeout, NULL, 10));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

void
fake_poll_answer (FakePoll *self, const char *text)
{
  g_autoptr (SoupServerMessage) message = g_object_ref (self->message);

  fake_poll_forget (self);
  fake_http_answer (message, 200, text);
  soup_server_message_unpause (message);
}

void
fake_poll_cut (FakePoll *self)
{
  g_autoptr (SoupServerMessage) message = g_object_ref (self->message);

  fake_poll_forget (self);
  g_socket_shutdown (soup_server_message_get_socket (message), TRUE, TRUE, NULL);
  soup_server_message_set_status (message, 500, NULL);
  soup_server_message_unpause (message);
}
