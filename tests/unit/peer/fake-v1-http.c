/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-v1-private.h"

#include <string.h>

static FakeSession *
find_by_token (FakeV1 *self, SoupServerMessage *message)
{
  const char *value
      = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                      "Authorization");
  GHashTableIter iter;
  gpointer session;

  g_hash_table_iter_init (&iter, self->sessions);
  while (value != NULL && g_hash_table_iter_next (&iter, NULL, &session))
    {
      g_autofree char *wanted = g_strconcat ("Bearer ", ((FakeSession *)session)->token, NULL);

      if (g_str_equal (wanted, value))
        return session;
    }
  return NULL;
}

static void
handle_poll (FakeV1 *self, SoupServerMessage *message)
{
  FakeSession *session = find_by_token (self, message);
  g_autofree char *after = fake_http_dup_query (message, "after");

  self->polls++;
  if (session == NULL)
    {
      fake_http_answer (message, 401, "{\"success\":false,\"code\":\"unauthorized\"}");
      return;
    }
  if (session->socket != NULL)
    soup_websocket_connection_close (session->socket, 4001, "taken over");
  fake_session_forget_socket (session);
  fake_session_end_poll (session);
  fake_session_take_ack (session, g_ascii_strtoull (after, NULL, 10));
  fake_poll_hold (&session->poll, message, fake_session_end_poll, session);
  if (!g_queue_is_empty (&session->outbox))
    fake_session_end_poll (session);
}

/* A new session, if the join asks for one. */
static FakeSession *
begin (FakeV1 *self, SoupServerMessage *message, JsonObject *object)
{
  const char *node_id = json_object_get_string_member_with_default (object, "nodeId", NULL);

  if (!json_object_get_boolean_member_with_default (object, "v1", FALSE))
    fake_http_answer (message, 401, "{\"success\":false,\"code\":\"unauthorized\"}");
  else if (fake_session_find (self, node_id) != NULL)
    fake_http_answer (message, 409, "{\"success\":false,\"code\":\"node-id-taken\"}");
  else
    return fake_session_new (self, node_id);
  return NULL;
}

/* What HTTP adds to what a WebSocket would be told. */
static char *
to_outcome (FakeSession *session, char *reply, gboolean is_new)
{
  g_autofree char *owned = reply;
  GString *text = g_string_new (reply != NULL ? reply : "{\"success\":true,\"queued\":true}");

  g_string_truncate (text, text->len - 1);
  if (reply == NULL)
    g_string_append_printf (text, ",\"ref\":%" G_GUINT64_FORMAT, session->ref);
  if (is_new)
    g_string_append_printf (text, ",\"session\":\"%s\",\"token\":\"%s\"", session->name,
                            session->token);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static void
lose_answer (FakeV1 *self, SoupServerMessage *message)
{
  self->lose_answers--;
  g_socket_shutdown (soup_server_message_get_socket (message), TRUE, TRUE, NULL);
}

static void
handle_post (FakeV1 *self, SoupServerMessage *message, const char *path)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autofree char *text = g_strndup (body->data, body->length);
  g_autoptr (JsonObject) object = fake_http_parse (text);
  FakeSession *session = find_by_token (self, message);
  gboolean is_new = session == NULL;
  guint64 ref = (guint64)json_object_get_int_member_with_default (object, "ref", 0);
  const char *type = strrchr (path, '/') + 1;

  if (is_new && (session = begin (self, message, object)) == NULL)
    return;
  if (g_str_equal (type, "signal"))
    type = json_object_get_string_member (object, "type");
  if (ref > session->ref + 1)
    {
      fake_http_answer (message, 400, "{\"success\":false,\"code\":\"bad-request\"}");
      return;
    }
  if (ref < session->ref)
    {
      g_autofree char *ignored
          = g_strdup_printf ("{\"success\":true,\"ref\":%" G_GUINT64_FORMAT "}", ref);

      self->repeated++;
      fake_http_answer (message, 200, ignored);
      return;
    }
  if (ref == session->ref)
    self->repeated++;
  else
    {
      g_autofree char *kind = g_strdup (type);
      char *reply = fake_session_handle (session, object, kind, "http");

      g_free (session->outcome);
      session->outcome = to_outcome (session, reply, is_new);
    }
  fake_http_answer (message, 200, session->outcome);
  if (self->lose_answers > 0)
    lose_answer (self, message);
  if (self->hold_answers)
    {
      soup_server_message_pause (message);
      g_ptr_array_add (self->held, g_object_ref (message));
    }
}

void
fake_v1_let_go (FakeV1 *self)
{
  self->hold_answers = FALSE;
  for (guint i = 0; i < self->held->len; i++)
    soup_server_message_unpause (self->held->pdata[i]);
  g_ptr_array_set_size (self->held, 0);
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  FakeV1 *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (g_str_equal (soup_server_message_get_method (message), "POST"))
    handle_post (self, message, path);
  else if (g_str_equal (path, "/webrtc/info"))
    fake_http_answer (message, 200, "{\"enabled\":true,\"nodeId\":\"fake\",\"iceServers\":[]}");
  else if (soup_message_headers_get_one (headers, "Upgrade") == NULL)
    handle_poll (self, message);
  else if (self->no_websocket)
    fake_http_answer (message, 404, "{}"); /* else libsoup goes on with the handshake */
}

FakeV1 *
fake_v1_new (void)
{
  const char *const protocols[] = { "sentient.v1", NULL };
  FakeV1 *self = g_new0 (FakeV1, 1);

  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, fake_session_free);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  self->joined = g_ptr_array_new_with_free_func (g_free);
  self->handled = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  self->server = fake_http_listen (on_request, fake_v1_on_websocket, protocols, self, &self->port);
  return self;
}

void
fake_v1_free (FakeV1 *self)
{
  g_hash_table_unref (self->sessions);
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_ptr_array_unref (self->held);
  g_ptr_array_unref (self->joined);
  g_ptr_array_unref (self->handled);
  g_free (self);
}

char *
fake_v1_dup_uri (FakeV1 *self)
{
  return g_strdup_printf ("http://127.0.0.1:%u", self->port);
}

gboolean
fake_v1_is_polled (FakeV1 *self, const char *node_id)
{
  return fake_session_find (self, node_id)->poll.message != NULL;
}

JsonObject *
fake_v1_find (FakeV1 *self, const char *node_id, const char *type, guint n)
{
  for (guint i = 0; i < self->handled->len; i++)
    {
      JsonObject *object = self->handled->pdata[i];

      if (g_str_equal (json_object_get_string_member (object, "from"), node_id)
          && g_str_equal (json_object_get_string_member (object, "type"), type) && n-- == 0)
        return object;
    }
  return NULL;
}

guint
fake_v1_count (FakeV1 *self, const char *node_id, const char *type)
{
  guint n = 0;

  while (fake_v1_find (self, node_id, type, n) != NULL)
    n++;
  return n;
}
