/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-hub.h"

static void
set_date (FakeHub *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) date = g_date_time_add_seconds (now, (double)self->ahead_s);
  g_autofree char *text = soup_date_time_to_string (date, SOUP_DATE_HTTP);

  if (self->no_clock)
    soup_message_headers_remove (headers, "Date");
  else
    soup_message_headers_replace (headers, "Date", text);
}

static void
answer (SoupServerMessage *message, const char *body)
{
  if (body == NULL)
    soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
  else
    {
      soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
      soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body,
                                        strlen (body));
    }
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  FakeHub *self = user_data;

  set_date (self, message);
  if (g_str_equal (path, "/webrtc/info"))
    {
      if (self->info != NULL && *self->info == '\0')
        soup_server_message_pause (message);
      else
        answer (message, self->info);
    }
  else if (g_str_equal (path, "/healthz"))
    answer (message, self->no_health ? NULL : "{\"status\":\"ok\"}");
  else
    answer (message, NULL);
}

static void
on_early (SoupServer *server,
          SoupServerMessage *message,
          const char *path,
          GHashTable *query,
          gpointer user_data)
{
  FakeHub *self = user_data;

  if (self->no_socket)
    soup_server_message_set_status (message, SOUP_STATUS_BAD_GATEWAY, NULL);
  else
    soup_server_message_pause (message);
}

static void
on_word (SoupWebsocketConnection *socket, gint type, GBytes *data, gpointer user_data)
{
  ((FakeHub *)user_data)->words++;
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user_data)
{
  FakeHub *self = user_data;

  self->ended++;
  self->closed += soup_websocket_connection_get_close_code (socket) == SOUP_WEBSOCKET_CLOSE_NORMAL;
  g_object_unref (socket);
}

static void
on_socket (SoupServer *server,
           SoupServerMessage *message,
           const char *path,
           SoupWebsocketConnection *socket,
           gpointer user_data)
{
  FakeHub *self = user_data;
  g_autoptr (GHashTable) query
      = soup_form_decode (g_uri_get_query (soup_server_message_get_uri (message)));

  self->sockets++;
  g_free (self->node_id);
  self->node_id = g_strdup (g_hash_table_lookup (query, "nodeId"));
  g_assert_cmpstr (soup_websocket_connection_get_protocol (socket), ==, "sentient.v1");
  g_signal_connect (socket, "message", G_CALLBACK (on_word), self);
  g_signal_connect (g_object_ref (socket), "closed", G_CALLBACK (on_closed), self);
}

void
fake_hub_start (FakeHub *self)
{
  static const char *protocols[] = { "sentient.v1", NULL };
  g_autoptr (GError) error = NULL;

  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  if (self->no_socket || self->slow_socket)
    soup_server_add_early_handler (self->server, "/webrtc/signal", on_early, self, NULL);
  else
    soup_server_add_websocket_handler (self->server, "/webrtc/signal", NULL, (char **)protocols,
                                       on_socket, self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
}

char *
fake_hub_dup_url (FakeHub *self)
{
  GSList *uris = soup_server_get_uris (self->server);
  char *url = g_uri_to_string (uris->data);

  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  return url;
}

void
fake_hub_clear (FakeHub *self)
{
  while (self->ended < self->sockets)
    g_main_context_iteration (NULL, TRUE);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_pointer (&self->node_id, g_free);
}
