/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-coordinator.h"
#include "fake-http.h"

#define STUN "{\"urls\":[\"stun:127.0.0.1:9\"]}"
#define WITH_TURN                                                                                  \
  "[" STUN ",{\"urls\":[\"turn:127.0.0.1:9\"],\"username\":\"u\",\"credential\":\"p\"}]"

typedef struct
{
  char *id;
  SoupWebsocketConnection *socket;
  GQueue items; /* of char *: what a poll gets */
  FakePoll poll;
  FakeCoordinator *coordinator;
} Node;

typedef struct
{
  char *node_id;
  char *room;
  char *metadata;
} Place;

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free (place->node_id);
  g_free (place->room);
  g_free (place->metadata);
  g_free (place);
}

static void
node_free (gpointer data)
{
  Node *node = data;

  fake_poll_forget (&node->poll);
  if (node->socket != NULL)
    g_signal_handlers_disconnect_by_data (node->socket, node);
  g_clear_object (&node->socket);
  g_queue_clear_full (&node->items, g_free);
  g_free (node->id);
  g_free (node);
}

static Node *
get_node (FakeCoordinator *self, const char *id)
{
  Node *node = g_hash_table_lookup (self->nodes, id);

  if (node == NULL)
    {
      node = g_new0 (Node, 1);
      node->id = g_strdup (id);
      node->coordinator = self;
      g_queue_init (&node->items);
      g_hash_table_insert (self->nodes, node->id, node);
    }
  return node;
}

static Place *
find_place (FakeCoordinator *self, const char *node_id, const char *room)
{
  for (guint i = 0; i < self->joined->len; i++)
    {
      Place *place = self->joined->pdata[i];

      if (g_str_equal (place->node_id, node_id) && g_str_equal (place->room, room))
        return place;
    }
  return NULL;
}

static void
end_poll (gpointer user_data)
{
  Node *node = user_data;
  g_autoptr (GString) text = g_string_new ("{\"signals\":[");
  const char *comma = "";
  char *item;

  if (node->poll.message == NULL)
    return;
  while ((item = g_queue_pop_head (&node->items)) != NULL)
    {
      g_string_append_printf (text, "%s%s", comma, item);
      if (node->coordinator->flags & FAKE_TWICE)
        g_string_append_printf (text, ",%s", item);
      comma = ",";
      g_free (item);
    }
  g_string_append (text, "]}");
  fake_poll_answer (&node->poll, text->str);
}

/* object: what a WebSocket gets; a poll gets it with an id. */
static void
deliver (FakeCoordinator *self, const char *node_id, JsonObject *object)
{
  Node *node = g_hash_table_lookup (self->nodes, node_id);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;

  if (node == NULL)
    return;
  json_node_set_object (root, object);
  if (node->socket != NULL)
    {
      text = json_to_string (root, FALSE);
      if (soup_websocket_connection_get_state (node->socket) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_send_text (node->socket, text);
      return;
    }
  text = g_strdup_printf ("%u", ++self->next_id);
  json_object_set_string_member (object, "id", text);
  if (!json_object_has_member (object, "from"))
    json_object_set_string_member (object, "from", "system");
  g_queue_push_tail (&node->items, json_to_string (root, FALSE));
  end_poll (node);
}

void
fake_say (FakeCoordinator *self, const char *node_id, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) object = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  object = fake_http_parse (text);
  deliver (self, node_id, object);
}

static void
tell_room (FakeCoordinator *self, const char *room, const char *about, const char *type)
{
  const char *key = self->flags & FAKE_LEGACY ? "peerId" : "nodeId";
  const Place *told = find_place (self, about, room), *to;
  const char *metadata = told != NULL && told->metadata != NULL ? told->metadata : "{}";

  for (guint i = 0; i < self->joined->len; i++)
    {
      to = self->joined->pdata[i];
      if (g_str_equal (to->room, room) && to != told)
        fake_say (self, to->node_id,
                  "{\"type\":\"%s\",\"room\":\"%s\",\"%s\":\"%s\",\"metadata\":%s}", type, room,
                  key, about, metadata);
    }
}

void
fake_add_member (FakeCoordinator *self, const char *node_id, const char *room, char *metadata)
{
  Place *place = find_place (self, node_id, room);

  if (place != NULL)
    {
      g_free (place->metadata);
      place->metadata = metadata;
      return;
    }
  place = g_new0 (Place, 1);
  place->node_id = g_strdup (node_id);
  place->room = g_strdup (room);
  place->metadata = metadata;
  g_ptr_array_add (self->joined, place);
  tell_room (self, room, node_id, "peer-joined");
}

void
fake_remove_member (FakeCoordinator *self, const char *node_id, const char *room)
{
  Place *place = find_place (self, node_id, room);

  if (place == NULL)
    return;
  g_ptr_array_remove (self->joined, place);
  tell_room (self, room, node_id, "peer-left");
}

static void
leave_all (FakeCoordinator *self, const char *node_id)
{
  for (guint i = self->joined->len; i > 0; i--)
    {
      Place *place = self->joined->pdata[i - 1];
      g_autofree char *room = g_strdup (place->room);

      if (g_str_equal (place->node_id, node_id))
        fake_remove_member (self, node_id, room);
    }
}

static char *
join_result (FakeCoordinator *self, const char *node_id, const char *room, gboolean http)
{
  const char *key = self->flags & FAKE_LEGACY ? "peerId" : "nodeId";
  GString *text = g_string_new ("{");
  const char *comma = "";

  if (!http)
    g_string_append (text, "\"type\":\"join-result\",");
  if (self->flags & (FAKE_ROOM_FULL | FAKE_RATE_ONCE))
    {
      const char *code = self->flags & FAKE_ROOM_FULL ? "room-full" : "rate-limited";

      self->flags &= ~FAKE_RATE_ONCE;
      g_string_append_printf (text,
                              "\"success\":false,\"room\":\"%s\",\"code\":\"%s\",\"retryAfter\":20,"
                              "\"error\":\"no place\"}",
                              room, code);
      return g_string_free (text, FALSE);
    }
  g_string_append_printf (text, "\"success\":true,\"room\":\"%s\",\"peers\":[", room);
  for (guint i = 0; i < self->joined->len; i++)
    {
      Place *place = self->joined->pdata[i];

      if (!g_str_equal (place->room, room) || g_str_equal (place->node_id, node_id))
        continue;
      g_string_append_printf (text, "%s{\"%s\":\"%s\",\"metadata\":%s}", comma, key, place->node_id,
                              place->metadata != NULL ? place->metadata : "{}");
      comma = ",";
    }
  g_string_append (text, "]");
  if (http || !(self->flags & FAKE_LEGACY))
    g_string_append (text, ",\"iceServers\":" WITH_TURN);
  g_string_append (text, "}");
  return g_string_free (text, FALSE);
}

/* NULL: no answer. */
static char *
handle_join (FakeCoordinator *self, const char *node_id, JsonObject *object, gboolean http)
{
  const char *room = json_object_get_string_member (object, "room");
  JsonNode *metadata = json_object_get_member (object, "metadata");

  if (self->flags & FAKE_MUTE)
    return NULL;
  if (!(self->flags & (FAKE_ROOM_FULL | FAKE_RATE_ONCE)))
    fake_add_member (self, node_id, room,
                     metadata != NULL ? json_to_string (metadata, FALSE) : NULL);
  return join_result (self, node_id, room, http);
}

static char *
handle_leave (FakeCoordinator *self, const char *node_id, JsonObject *object, gboolean http)
{
  const char *room = json_object_get_string_member_with_default (object, "room", NULL);

  if (self->flags & FAKE_MUTE)
    return NULL;
  if (room == NULL)
    {
      leave_all (self, node_id);
      return g_strdup ("{\"success\":true,\"rooms\":[]}");
    }
  fake_remove_member (self, node_id, room);
  return g_strdup_printf ("{%s\"success\":true,\"room\":\"%s\"}",
                          http ? "" : "\"type\":\"leave-result\",", room);
}

/* A design coordinator also lifts "sdp" and "candidate" out of the payload. */
static gboolean
relay (FakeCoordinator *self, JsonObject *object)
{
  const char *to = json_object_get_string_member (object, "to");
  JsonObject *payload = json_object_get_object_member (object, "payload");
  static const char *const lifted[] = { "sdp", "candidate" };

  if (!g_hash_table_contains (self->nodes, to))
    return FALSE;
  for (guint i = 0; !(self->flags & FAKE_LEGACY) && i < G_N_ELEMENTS (lifted); i++)
    {
      if (json_object_has_member (payload, lifted[i]))
        json_object_set_member (object, lifted[i], json_object_dup_member (payload, lifted[i]));
    }
  deliver (self, to, object);
  return TRUE;
}

void
fake_relay_held (FakeCoordinator *self)
{
  JsonObject *object;

  while ((object = g_queue_pop_head (&self->held)) != NULL)
    {
      relay (self, object);
      json_object_unref (object);
    }
}

static gboolean
handle_signal (FakeCoordinator *self, JsonObject *object)
{
  if (fake_is_cut (self, object))
    return TRUE;
  if (!(self->flags & FAKE_HOLD))
    return relay (self, object);
  g_queue_push_tail (&self->held, json_object_ref (object));
  return TRUE;
}

static void
note (FakeCoordinator *self, const char *node_id, const char *type, JsonObject *object)
{
  json_object_set_string_member (object, "from", node_id);
  json_object_set_string_member (object, "type", type);
  g_ptr_array_add (self->log, json_object_ref (object));
}

/* WebSocket */

static void
on_message (SoupWebsocketConnection *socket,
            SoupWebsocketDataType data_type,
            GBytes *bytes,
            Node *node)
{
  FakeCoordinator *self = node->coordinator;
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (JsonObject) object = fake_http_parse (text);
  g_autofree char *type = g_strdup (json_object_get_string_member (object, "type"));
  g_autofree char *reply = NULL;

  note (self, node->id, type, object);
  if (g_str_equal (type, "join"))
    reply = handle_join (self, node->id, object, FALSE);
  else if (g_str_equal (type, "leave"))
    reply = handle_leave (self, node->id, object, FALSE);
  else if (g_str_equal (type, "ping"))
    reply = self->flags & FAKE_MUTE ? NULL : g_strdup ("{\"type\":\"pong\"}");
  else if (!handle_signal (self, object))
    reply = g_strdup (
        "{\"type\":\"error\",\"code\":\"unknown-peer\",\"message\":\"nobody of that name\"}");
  if (reply != NULL && soup_websocket_connection_get_state (socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (socket, reply);
}

static void
on_closed (SoupWebsocketConnection *socket, Node *node)
{
  g_signal_handlers_disconnect_by_data (socket, node);
  leave_all (node->coordinator, node->id);
  g_clear_object (&node->socket);
}

static void
on_websocket (SoupServer *server,
              SoupServerMessage *message,
              const char *path,
              SoupWebsocketConnection *socket,
              gpointer user_data)
{
  FakeCoordinator *self = user_data;
  g_autofree char *node_id = fake_http_dup_query (message, "nodeId");
  Node *node = get_node (self, node_id);

  self->websockets++;
  if (node->socket != NULL)
    g_signal_handlers_disconnect_by_data (node->socket, node);
  g_set_object (&node->socket, socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), node);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), node);
  if (self->flags & FAKE_GARBAGE)
    soup_websocket_connection_send_text (socket, "{nonsense");
  else if (!(self->flags & FAKE_NO_GREETING))
    fake_say (self, node_id, "{\"type\":\"connected\",\"%s\":\"%s\",\"coordinatorId\":\"fake\"}",
              self->flags & FAKE_LEGACY ? "peerId" : "nodeId", node_id);
}

void
fake_say_raw (FakeCoordinator *self, const char *node_id, const char *text)
{
  Node *node = g_hash_table_lookup (self->nodes, node_id);

  soup_websocket_connection_send_text (node->socket, text);
}

void
fake_close_websocket (FakeCoordinator *self, const char *node_id, gushort code)
{
  Node *node = g_hash_table_lookup (self->nodes, node_id);

  soup_websocket_connection_close (node->socket, code, "because");
}

/* HTTP */

static void
handle_poll (FakeCoordinator *self, SoupServerMessage *message)
{
  g_autofree char *node_id = fake_http_dup_query (message, "nodeId");
  Node *node = get_node (self, node_id);

  self->polls++;
  end_poll (node);
  if ((self->flags & FAKE_REFUSE_POLL) != 0)
    {
      fake_http_answer (message, 404,
                        "{\"success\":false,\"code\":\"unknown-peer\",\"error\":\"in no room\"}");
      return;
    }
  fake_poll_hold (&node->poll, message, end_poll, node);
  if (!g_queue_is_empty (&node->items))
    end_poll (node);
}

static void
handle_post (FakeCoordinator *self, SoupServerMessage *message, const char *path)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_autofree char *text = g_strndup (body->data, body->length);
  g_autoptr (JsonObject) object = fake_http_parse (text);
  const char *key = g_str_equal (path, "/webrtc/signal") ? "from" : "nodeId";
  g_autofree char *from = g_strdup (json_object_get_string_member (object, key));
  g_autofree char *reply = NULL;

  get_node (self, from);
  if (g_str_equal (path, "/webrtc/join"))
    {
      note (self, from, "join", object);
      reply = handle_join (self, from, object, TRUE);
    }
  else if (g_str_equal (path, "/webrtc/leave"))
    {
      note (self, from, "leave", object);
      reply = handle_leave (self, from, object, TRUE);
    }
  else if (self->flags & FAKE_BUSY_ONCE)
    {
      self->flags &= ~FAKE_BUSY_ONCE;
      fake_http_answer (message, 503, "{\"success\":false,\"code\":\"busy\",\"error\":\"later\"}");
      return;
    }
  else
    {
      g_autofree char *type = g_strdup (json_object_get_string_member (object, "type"));

      note (self, from, type, object);
      if (!handle_signal (self, object))
        {
          fake_http_answer (
              message, 404,
              "{\"success\":false,\"code\":\"unknown-peer\",\"error\":\"nobody of that name\"}");
          return;
        }
      reply = g_strdup ("{\"success\":true,\"queued\":true}");
    }
  if (reply != NULL)
    fake_http_answer (message, 200, reply);
  else
    soup_server_message_pause (message); /* for good */
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  FakeCoordinator *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (g_str_equal (soup_server_message_get_method (message), "POST"))
    handle_post (self, message, path);
  else if (g_str_equal (path, "/webrtc/info"))
    fake_http_answer (message, 200,
                      self->flags & FAKE_LEGACY
                          ? "{\"enabled\":true,\"nodeId\":\"fake\",\"iceServers\":" WITH_TURN "}"
                          : "{\"enabled\":true,\"nodeId\":\"fake\",\"iceServers\":[" STUN "]}");
  else if (g_str_equal (path, "/webrtc/signal")
           && soup_message_headers_get_one (headers, "Upgrade") == NULL)
    handle_poll (self, message);
  else if (self->flags & FAKE_NO_WEBSOCKET)
    fake_http_answer (message, 404, "{}"); /* else libsoup goes on with the handshake */
}

FakeCoordinator *
fake_coordinator_new (FakeFlags flags, guint port)
{
  FakeCoordinator *self = g_new0 (FakeCoordinator, 1);

  self->flags = flags;
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);
  self->joined = g_ptr_array_new_with_free_func (place_free);
  self->log = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  g_queue_init (&self->held);
  self->cut = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->port = port;
  self->server = fake_http_listen (on_request, flags & FAKE_NO_WEBSOCKET ? NULL : on_websocket,
                                   NULL, self, &self->port);
  return self;
}

void
fake_coordinator_free (FakeCoordinator *self)
{
  g_hash_table_unref (self->nodes);
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_ptr_array_unref (self->joined);
  g_hash_table_unref (self->cut);
  g_ptr_array_unref (self->log);
  g_queue_clear_full (&self->held, (GDestroyNotify)json_object_unref);
  g_free (self);
}
