/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-v1-private.h"

#include <string.h>

void
fake_session_forget_socket (FakeSession *session)
{
  if (session->socket != NULL)
    g_signal_handlers_disconnect_by_data (session->socket, session);
  g_clear_object (&session->socket);
}

void
fake_session_free (gpointer data)
{
  FakeSession *session = data;

  fake_session_forget_socket (session);
  fake_poll_forget (&session->poll);
  g_queue_clear_full (&session->outbox, g_free);
  g_free (session->outcome);
  g_free (session->node_id);
  g_free (session->name);
  g_free (session->token);
  g_free (session);
}

FakeSession *
fake_session_find (FakeV1 *self, const char *node_id)
{
  return g_hash_table_lookup (self->sessions, node_id);
}

FakeSession *
fake_session_new (FakeV1 *self, const char *node_id)
{
  FakeSession *session = g_new0 (FakeSession, 1);

  session->coordinator = self;
  session->node_id = g_strdup (node_id);
  session->name = g_strdup_printf ("s%08x", g_random_int ());
  session->token = g_strdup_printf ("t%08x", g_random_int ());
  g_hash_table_replace (self->sessions, session->node_id, session);
  return session;
}

static void
send_text (SoupWebsocketConnection *socket, const char *text)
{
  if (soup_websocket_connection_get_state (socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (socket, text);
}

void
fake_session_end_poll (gpointer user_data)
{
  FakeSession *session = user_data;
  g_autoptr (GString) text = g_string_new ("{\"signals\":[");

  if (session->poll.message == NULL)
    return;
  for (GList *l = session->outbox.head; l != NULL; l = l->next)
    g_string_append_printf (text, "%s%s", l->prev != NULL ? "," : "", (char *)l->data);
  g_string_append (text, "]}");
  fake_poll_answer (&session->poll, text->str);
}

/* text is taken. */
static void
say (FakeSession *session, char *text, gboolean lost)
{
  g_autofree char *owned = text;
  char *numbered;

  g_assert_true (g_str_has_suffix (text, "}"));
  text[strlen (text) - 1] = '\0';
  numbered = g_strdup_printf ("%s,\"seq\":%" G_GUINT64_FORMAT "}", text, ++session->seq);
  g_queue_push_tail (&session->outbox, numbered);
  if (session->socket != NULL && !lost)
    send_text (session->socket, numbered);
  else
    fake_session_end_poll (session);
}

void
fake_v1_say (FakeV1 *self, const char *node_id, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  say (fake_session_find (self, node_id), g_strdup_vprintf (format, args), FALSE);
  va_end (args);
}

void
fake_v1_lose (FakeV1 *self, const char *node_id, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  say (fake_session_find (self, node_id), g_strdup_vprintf (format, args), TRUE);
  va_end (args);
}

void
fake_v1_say_raw (FakeV1 *self, const char *node_id, const char *text)
{
  send_text (fake_session_find (self, node_id)->socket, text);
}

void
fake_v1_gap (FakeV1 *self, const char *node_id, guint n)
{
  FakeSession *session = fake_session_find (self, node_id);
  g_autofree char *text = g_strdup_printf ("{\"type\":\"gap\",\"from\":%" G_GUINT64_FORMAT
                                           ",\"to\":%" G_GUINT64_FORMAT "}",
                                           session->seq + 1, session->seq + n);

  session->seq += n;
  g_queue_clear_full (&session->outbox, g_free);
  send_text (session->socket, text);
}

void
fake_session_take_ack (FakeSession *session, guint64 seq)
{
  g_assert_cmpuint (seq, <=, session->seq);
  while (g_queue_get_length (&session->outbox) > session->seq - seq)
    g_free (g_queue_pop_head (&session->outbox));
  session->acked = MAX (session->acked, seq);
}

/* Rooms */

static char *
place (const char *node_id, const char *room)
{
  return g_strdup_printf ("%s %s", room, node_id);
}

static gboolean
find_place (FakeV1 *self, const char *node_id, const char *room, guint *index)
{
  g_autofree char *wanted = place (node_id, room);

  return g_ptr_array_find_with_equal_func (self->joined, wanted, g_str_equal, index);
}

gboolean
fake_v1_has_member (FakeV1 *self, const char *node_id, const char *room)
{
  return find_place (self, node_id, room, NULL);
}

static void
tell_room (FakeV1 *self, const char *room, const char *about, const char *type)
{
  g_autofree char *prefix = g_strdup_printf ("%s ", room);

  for (guint i = 0; i < self->joined->len; i++)
    {
      const char *each = self->joined->pdata[i];
      FakeSession *session;

      if (!g_str_has_prefix (each, prefix) || g_str_equal (each + strlen (prefix), about))
        continue;
      session = fake_session_find (self, each + strlen (prefix));
      if (session != NULL)
        say (session,
             g_strdup_printf ("{\"type\":\"%s\",\"room\":\"%s\",\"nodeId\":\"%s\"}", type, room,
                              about),
             FALSE);
    }
}

void
fake_v1_add_member (FakeV1 *self, const char *node_id, const char *room)
{
  if (fake_v1_has_member (self, node_id, room))
    return;
  g_ptr_array_add (self->joined, place (node_id, room));
  tell_room (self, room, node_id, "peer-joined");
}

static void
remove_member (FakeV1 *self, const char *node_id, const char *room)
{
  guint index;

  if (!find_place (self, node_id, room, &index))
    return;
  g_ptr_array_remove_index (self->joined, index);
  tell_room (self, room, node_id, "peer-left");
}

static void
leave_all (FakeV1 *self, const char *node_id)
{
  g_autofree char *suffix = g_strdup_printf (" %s", node_id);

  for (guint i = self->joined->len; i > 0; i--)
    {
      const char *each = self->joined->pdata[i - 1];

      if (g_str_has_suffix (each, suffix))
        {
          g_autofree char *room = g_strndup (each, strlen (each) - strlen (suffix));

          remove_member (self, node_id, room);
        }
    }
}

/* Requests */

static char *
dup_peers (FakeV1 *self, const char *node_id, const char *room)
{
  g_autofree char *prefix = g_strdup_printf ("%s ", room);
  GString *text = g_string_new ("[");

  for (guint i = 0; i < self->joined->len; i++)
    {
      const char *each = self->joined->pdata[i];

      if (g_str_has_prefix (each, prefix) && !g_str_equal (each + strlen (prefix), node_id))
        g_string_append_printf (text, "%s{\"nodeId\":\"%s\",\"polite\":%s}",
                                text->len > 1 ? "," : "", each + strlen (prefix),
                                strcmp (node_id, each + strlen (prefix)) < 0 ? "true" : "false");
    }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

/* What the one who asked is told, without number; NULL: nothing. */
static char *
relay (FakeV1 *self, JsonObject *object, guint64 ref)
{
  const char *to = json_object_get_string_member (object, "to");
  FakeSession *receiver = fake_session_find (self, to);
  g_autoptr (JsonObject) passed = NULL;
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  static const char *const keys[] = { "type", "from", "room", "payload" };

  if (receiver == NULL)
    return g_strdup_printf ("{\"type\":\"error\",\"success\":false,\"code\":\"unknown-peer\","
                            "\"message\":\"nobody there\",\"ref\":%" G_GUINT64_FORMAT "}",
                            ref);
  passed = json_object_new ();
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    json_object_set_member (passed, keys[i], json_object_dup_member (object, keys[i]));
  json_node_set_object (root, passed);
  say (receiver, json_to_string (root, FALSE), FALSE);
  return NULL;
}

char *
fake_session_handle (FakeSession *session, JsonObject *object, const char *type, const char *by)
{
  FakeV1 *self = session->coordinator;
  const char *room = json_object_get_string_member_with_default (object, "room", NULL);
  guint64 ref = (guint64)json_object_get_int_member_with_default (object, "ref", 0);

  session->ref = ref;
  json_object_set_string_member (object, "from", session->node_id);
  json_object_set_string_member (object, "type", type);
  json_object_set_string_member (object, "by", by);
  g_ptr_array_add (self->handled, json_object_ref (object));
  if (g_str_equal (type, "join"))
    {
      g_autofree char *peers = dup_peers (self, session->node_id, room);

      fake_v1_add_member (self, session->node_id, room);
      return g_strdup_printf ("{\"type\":\"join-result\",\"success\":true,\"room\":\"%s\","
                              "\"peers\":%s,\"iceServers\":[],\"ref\":%" G_GUINT64_FORMAT "}",
                              room, peers, ref);
    }
  if (g_str_equal (type, "leave") && room == NULL)
    leave_all (self, session->node_id);
  else if (g_str_equal (type, "leave"))
    remove_member (self, session->node_id, room);
  else
    return relay (self, object, ref);
  return room == NULL
             ? g_strdup_printf ("{\"type\":\"leave-result\",\"success\":true,\"rooms\":[],"
                                "\"ref\":%" G_GUINT64_FORMAT "}",
                                ref)
             : g_strdup_printf ("{\"type\":\"leave-result\",\"success\":true,\"room\":\"%s\","
                                "\"ref\":%" G_GUINT64_FORMAT "}",
                                room, ref);
}

static void
acknowledge (FakeSession *session)
{
  g_autofree char *text
      = g_strdup_printf ("{\"type\":\"ack\",\"ref\":%" G_GUINT64_FORMAT "}", session->ref);

  if (!session->coordinator->hold_acks && session->socket != NULL)
    send_text (session->socket, text);
}

static void
take_request (FakeSession *session, JsonObject *object, const char *type)
{
  FakeV1 *self = session->coordinator;
  guint64 ref = (guint64)json_object_get_int_member_with_default (object, "ref", 0);
  char *reply;

  if (ref <= session->ref && !self->plain)
    {
      self->repeated++;
      return;
    }
  if (!self->plain && ref != session->ref + 1)
    {
      soup_websocket_connection_close (session->socket, 4002, "a jump");
      return;
    }
  reply = fake_session_handle (session, object, type, "websocket");
  if (self->plain && reply != NULL)
    send_text (session->socket, reply);
  else if (reply != NULL)
    {
      say (session, g_steal_pointer (&reply), FALSE);
      acknowledge (session);
    }
  else
    acknowledge (session);
  g_free (reply);
}

/* WebSocket */

static void
on_message (SoupWebsocketConnection *socket,
            SoupWebsocketDataType data_type,
            GBytes *bytes,
            FakeSession *session)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (JsonObject) object = fake_http_parse (text);
  g_autofree char *type = g_strdup (json_object_get_string_member (object, "type"));

  if (session->coordinator->deaf)
    return;
  if (json_object_has_member (object, "ack"))
    fake_session_take_ack (session, (guint64)json_object_get_int_member (object, "ack"));
  if (g_str_equal (type, "ack"))
    fake_session_take_ack (session, (guint64)json_object_get_int_member (object, "seq"));
  else if (g_str_equal (type, "ping"))
    send_text (socket, "{\"type\":\"pong\"}");
  else if (g_str_equal (type, "resume"))
    send_text (socket, "{\"type\":\"error\",\"message\":\"unknown type resume\"}");
  else
    take_request (session, object, type);
}

static void
on_closed (SoupWebsocketConnection *socket, FakeSession *session)
{
  FakeV1 *self = session->coordinator;
  g_autofree char *node_id = g_strdup (session->node_id);

  fake_session_forget_socket (session);
  if (soup_websocket_connection_get_close_code (socket) != SOUP_WEBSOCKET_CLOSE_NORMAL)
    return;
  g_hash_table_remove (self->sessions, node_id);
  leave_all (self, node_id);
}

static void
attach (FakeSession *session, SoupWebsocketConnection *socket)
{
  if (session->socket != NULL)
    soup_websocket_connection_close (session->socket, 4001, "taken over");
  fake_session_forget_socket (session);
  fake_session_end_poll (session);
  session->socket = g_object_ref (socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), session);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), session);
}

static void
resume (FakeV1 *self, SoupWebsocketConnection *socket, const char *node_id, JsonObject *object)
{
  const char *token = json_object_get_string_member_with_default (object, "token", NULL);
  FakeSession *session = fake_session_find (self, node_id);
  gboolean resumed = session != NULL && g_strcmp0 (session->token, token) == 0;
  g_autoptr (GString) text = g_string_new (NULL);

  if (session != NULL && !resumed)
    {
      send_text (socket, "{\"type\":\"error\",\"code\":\"node-id-taken\",\"message\":\"taken\"}");
      soup_websocket_connection_close (socket, 4009, "node-id-taken");
      return;
    }
  if (resumed)
    fake_session_take_ack (session, (guint64)json_object_get_int_member (object, "after"));
  else
    session = fake_session_new (self, node_id);
  attach (session, socket);
  g_string_printf (text,
                   "{\"type\":\"connected\",\"nodeId\":\"%s\",\"coordinatorId\":\"fake\","
                   "\"session\":\"%s\",\"resumed\":%s,\"ref\":%" G_GUINT64_FORMAT,
                   node_id, session->name, resumed ? "true" : "false", session->ref);
  if (!resumed)
    g_string_append_printf (text, ",\"token\":\"%s\"", session->token);
  g_string_append_c (text, '}');
  send_text (socket, text->str);
  for (GList *l = session->outbox.head; l != NULL; l = l->next)
    send_text (socket, l->data);
}

/* Until it said who it is. */
static void
on_first_message (SoupWebsocketConnection *socket,
                  SoupWebsocketDataType data_type,
                  GBytes *bytes,
                  FakeV1 *self)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (JsonObject) object = fake_http_parse (text);
  const char *node_id = g_object_get_data (G_OBJECT (socket), "node-id");

  g_signal_handlers_disconnect_by_data (socket, self);
  g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, "resume");
  resume (self, socket, node_id, object);
  g_object_unref (socket);
}

static void
on_first_closed (SoupWebsocketConnection *socket, FakeV1 *self)
{
  g_signal_handlers_disconnect_by_data (socket, self);
  g_object_unref (socket);
}

void
fake_v1_on_websocket (SoupServer *server,
                      SoupServerMessage *message,
                      const char *path,
                      SoupWebsocketConnection *socket,
                      gpointer user_data)
{
  FakeV1 *self = user_data;
  g_autofree char *node_id = fake_http_dup_query (message, "nodeId");

  self->websockets++;
  if (self->plain)
    {
      attach (fake_session_new (self, node_id), socket);
      send_text (socket, "{\"type\":\"connected\",\"peerId\":\"alice\"}");
      return;
    }
  g_object_set_data_full (G_OBJECT (socket), "node-id", g_steal_pointer (&node_id), g_free);
  g_object_ref (socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_first_message), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_first_closed), self);
}

void
fake_v1_cut (FakeV1 *self, const char *node_id)
{
  FakeSession *session = fake_session_find (self, node_id);
  g_autoptr (SoupWebsocketConnection) socket = g_steal_pointer (&session->socket);

  if (socket != NULL)
    {
      g_signal_handlers_disconnect_by_data (socket, session);
      g_io_stream_close (soup_websocket_connection_get_io_stream (socket), NULL, NULL);
    }
  if (session->poll.message != NULL)
    fake_poll_cut (&session->poll);
}

void
fake_v1_close (FakeV1 *self, const char *node_id, gushort code)
{
  soup_websocket_connection_close (fake_session_find (self, node_id)->socket, code, "because");
}

void
fake_v1_forget (FakeV1 *self, const char *node_id)
{
  fake_v1_cut (self, node_id);
  g_hash_table_remove (self->sessions, node_id);
  leave_all (self, node_id);
}

void
fake_v1_take (FakeV1 *self, const char *node_id)
{
  if (fake_session_find (self, node_id) != NULL)
    fake_v1_cut (self, node_id);
  fake_session_new (self, node_id);
}

guint64
fake_v1_get_seq (FakeV1 *self, const char *node_id)
{
  return fake_session_find (self, node_id)->seq;
}

guint64
fake_v1_get_acked (FakeV1 *self, const char *node_id)
{
  return fake_session_find (self, node_id)->acked;
}

guint64
fake_v1_get_ref (FakeV1 *self, const char *node_id)
{
  return fake_session_find (self, node_id)->ref;
}
