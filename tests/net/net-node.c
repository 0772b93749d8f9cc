/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A node for tests, driven by lines on stdin, which tells what happens as lines of JSON on stdout.
 *
 *   NODE begin COORDINATOR ROOM [PROPERTY=VALUE...]
 *
 * It connects to the coordinator and joins the room; the properties are those of SentientPeer,
 * lists with commas, and "session-file". Then, each after the name of the node and a space:
 *
 *   connect NODE · disconnect NODE · send NODE TEXT · pause NODE · resume NODE
 *   say ROOM TEXT      to all in its room
 *   flood NODE RUN COUNT SIZE KIND [PACE_MS] · stop NODE      see net-node.h
 *   quit                                                     also at the end of stdin */
#include "net-node.h"

#include <gio/gunixinputstream.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef NET_NODE_INNER /* built with the library's inside, for benchmarks */
#include "peer/sentient-peer-private.h"
#endif

typedef struct
{
  GHashTable *nodes; /* id → NetNode */
  GMainLoop *loop;
  gboolean is_ending;
} Program;

typedef struct
{
  Program *program;
  SentientPeer *peer;
  NetFloods *floods;
  char *room;
} NetNode;

void
net_say (SentientPeer *self, const char *event, ...)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *line = NULL;
  const char *key;
  va_list rest;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "t");
  json_builder_add_int_value (builder, g_get_monotonic_time () / 1000);
  json_builder_set_member_name (builder, "self");
  json_builder_add_string_value (builder, sentient_peer_get_node_id (self));
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, event);
  va_start (rest, event);
  while ((key = va_arg (rest, const char *)) != NULL)
    {
      gboolean is_string = g_str_equal (va_arg (rest, const char *), "s");
      const char *text = is_string ? va_arg (rest, const char *) : NULL;
      gint64 number = is_string ? 0 : va_arg (rest, gint64);

      if (is_string && text == NULL)
        continue;
      json_builder_set_member_name (builder, key);
      if (is_string)
        json_builder_add_string_value (builder, text);
      else
        json_builder_add_int_value (builder, number);
    }
  va_end (rest);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  line = json_to_string (root, FALSE);
  puts (line);
  fflush (stdout);
}

static void
say_error (SentientPeer *self, const char *event, const char *node_id, const GError *error)
{
  const char *code = error->domain == SENTIENT_ERROR
                         ? sentient_error_to_code ((SentientError)error->code)
                         : NULL;

  net_say (self, event, "node", "s", node_id, "domain", "s", g_quark_to_string (error->domain),
           "number", "i", (gint64)error->code, "code", "s", code, "message", "s", error->message,
           NULL);
}

/* What happens */

static void
on_peer_connected (SentientPeer *peer, const char *node_id, NetNode *self)
{
  SentientConnection *connection = sentient_peer_find_connection (peer, node_id);
  g_autofree char *pair = sentient_connection_dup_candidate_pair (connection);

  net_say (self->peer, "connected", "node", "s", node_id, "pair", "s", pair, NULL);
  net_floods_pump (self->floods);
}

static void
on_peer_disconnected (SentientPeer *peer, const char *node_id, GError *error, NetNode *self)
{
  if (error != NULL)
    say_error (self->peer, "disconnected", node_id, error);
  else
    net_say (self->peer, "disconnected", "node", "s", node_id, NULL);
}

static void
on_peer_reconnecting (SentientPeer *peer, const char *node_id, GError *error, NetNode *self)
{
  net_say (peer, "reconnecting", "node", "s", node_id, "message", "s",
           error != NULL ? error->message : NULL, NULL);
}

static void
on_peer_reconnected (SentientPeer *peer, const char *node_id, NetNode *self)
{
  SentientConnection *connection = sentient_peer_find_connection (peer, node_id);
  g_autofree char *pair = sentient_connection_dup_candidate_pair (connection);

  net_say (peer, "reconnected", "node", "s", node_id, "pair", "s", pair, NULL);
  net_floods_pump (self->floods);
}

static void
on_message (SentientPeer *peer, const char *node_id, GBytes *data, gboolean is_text, NetNode *self)
{
  g_autofree char *text = NULL;

  if (net_floods_receive (self->floods, node_id, data, is_text))
    return;
  if (is_text)
    text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  net_say (self->peer, "message", "node", "s", node_id, "size", "i",
           (gint64)g_bytes_get_size (data), "text", "s", text, NULL);
}

static void
on_drained (SentientPeer *peer, const char *node_id, NetNode *self)
{
  net_floods_pump (self->floods);
}

static void
on_error (SentientPeer *peer, GError *error, NetNode *self)
{
  say_error (self->peer, "error", NULL, error);
}

static void
on_negotiation (SentientPeer *peer, const char *node_id, const char *text, NetNode *self)
{
  net_say (self->peer, "trace", "node", "s", node_id, "text", "s", text, NULL);
}

static void
on_member_joined (SentientPeer *peer, SentientRoom *room, SentientMember *member, NetNode *self)
{
  net_say (self->peer, "member-joined", "node", "s", sentient_member_get_node_id (member), NULL);
}

static void
on_member_left (SentientPeer *peer,
                SentientRoom *room,
                SentientMember *member,
                SentientLeaveReason reason,
                NetNode *self)
{
  net_say (self->peer, "member-left", "node", "s", sentient_member_get_node_id (member), "reason",
           "s", sentient_leave_reason_to_string (reason), NULL);
}

static void
on_state (SentientPeer *peer, GParamSpec *pspec, NetNode *self)
{
  gboolean resumed;

  g_object_get (peer, "resumed", &resumed, NULL);
  net_say (self->peer, "state", "state", "s",
           sentient_peer_state_to_string (sentient_peer_get_state (peer)), "resumed", "i",
           (gint64)resumed, NULL);
}

static void
on_connection_state (SentientConnection *connection, GParamSpec *pspec, NetNode *self)
{
  g_autofree char *pair = sentient_connection_dup_candidate_pair (connection);

  net_say (self->peer, "connection", "node", "s", sentient_connection_get_node_id (connection),
           "state", "s",
           sentient_connection_state_to_string (sentient_connection_get_state (connection)), "pair",
           "s", pair, NULL);
  net_floods_pump (self->floods);
}

static void
on_connections_changed (GListModel *model,
                        guint position,
                        guint removed,
                        guint added,
                        NetNode *self)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (model, i);

      g_signal_connect (connection, "notify::state", G_CALLBACK (on_connection_state), self);
    }
}

static void
listen_to_peer (NetNode *self)
{
  g_signal_connect (self->peer, "peer-connected", G_CALLBACK (on_peer_connected), self);
  g_signal_connect (self->peer, "peer-disconnected", G_CALLBACK (on_peer_disconnected), self);
  g_signal_connect (self->peer, "peer-reconnecting", G_CALLBACK (on_peer_reconnecting), self);
  g_signal_connect (self->peer, "peer-reconnected", G_CALLBACK (on_peer_reconnected), self);
  g_signal_connect (self->peer, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->peer, "drained", G_CALLBACK (on_drained), self);
  g_signal_connect (self->peer, "error", G_CALLBACK (on_error), self);
  g_signal_connect (self->peer, "negotiation", G_CALLBACK (on_negotiation), self);
  g_signal_connect (self->peer, "member-joined", G_CALLBACK (on_member_joined), self);
  g_signal_connect (self->peer, "member-left", G_CALLBACK (on_member_left), self);
  g_signal_connect (self->peer, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (sentient_peer_get_connections (self->peer), "items-changed",
                    G_CALLBACK (on_connections_changed), self);
}

/* What is asked for */

static void
on_connect (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *node_id = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (SENTIENT_PEER (source), result, &error);

  if (connection == NULL)
    say_error (SENTIENT_PEER (source), "connect-failed", node_id, error);
}

static void
on_disconnect (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *node_id = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_peer_disconnect_peer_finish (SENTIENT_PEER (source), result, &error))
    say_error (SENTIENT_PEER (source), "disconnect-failed", node_id, error);
}

static void
node_free (gpointer data)
{
  NetNode *self = data;

  net_floods_free (self->floods);
  g_object_unref (self->peer);
  g_free (self->room);
  g_free (self);
}

static void
on_close (GObject *source, GAsyncResult *result, gpointer user_data)
{
  NetNode *self = user_data;
  Program *program = self->program;

  net_say (self->peer, "closed", NULL);
  g_signal_handlers_disconnect_by_data (self->peer, self);
  g_hash_table_remove (program->nodes, sentient_peer_get_node_id (self->peer));
  if (program->is_ending && g_hash_table_size (program->nodes) == 0)
    g_main_loop_quit (program->loop);
}

static void
say_statistics (NetNode *self, SentientConnection *connection)
{
  g_autoptr (SentientConnectionStatistics) statistics
      = sentient_connection_dup_statistics (connection);

  net_say (self->peer, "statistics", "node", "s", sentient_connection_get_node_id (connection),
           "retransmits", "i", sentient_connection_statistics_get_retransmits (statistics), NULL);
}

/* FALSE: there is no such command. */
static gboolean
obey_about_node (NetNode *self, const char *command, const char *node_id, const char *rest)
{
  SentientConnection *connection = sentient_peer_find_connection (self->peer, node_id);
  g_auto (GStrv) words = g_strsplit (rest != NULL ? rest : "", " ", -1);
  g_autoptr (GError) error = NULL;

  if (g_str_equal (command, "quit"))
    sentient_peer_close_async (self->peer, NULL, on_close, self);
  else if (g_str_equal (command, "connect"))
    sentient_peer_connect_peer_async (self->peer, node_id, NULL, on_connect, g_strdup (node_id));
  else if (g_str_equal (command, "disconnect"))
    sentient_peer_disconnect_peer_async (self->peer, node_id, NULL, on_disconnect,
                                         g_strdup (node_id));
  else if (g_str_equal (command, "flood"))
    return net_floods_start (self->floods, node_id, words);
  else if (g_str_equal (command, "stop"))
    net_floods_stop (self->floods, node_id);
  else if (g_str_equal (command, "send") && rest != NULL)
    {
      if (!sentient_peer_send (self->peer, node_id, rest, &error))
        say_error (self->peer, "send-failed", node_id, error);
    }
  else if (g_str_equal (command, "say") && rest != NULL)
    {
      if (!sentient_peer_broadcast (self->peer, self->room, rest, NULL, &error))
        say_error (self->peer, "say-failed", NULL, error);
    }
  else if (connection != NULL
           && (g_str_equal (command, "pause") || g_str_equal (command, "resume")))
    sentient_connection_set_paused (connection, g_str_equal (command, "pause"));
  else if (connection != NULL && g_str_equal (command, "statistics"))
    say_statistics (self, connection);
  else
    return FALSE;
  return TRUE;
}

/* The beginning */

static void
set_property (SentientPeer *peer, const char *assignment)
{
  g_auto (GStrv) parts = g_strsplit (assignment, "=", 2);
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (peer), parts[0]);

  if (g_str_equal (parts[0], "session-file"))
    {
      g_autoptr (GError) error = NULL;

      if (!sentient_peer_use_session_file (peer, parts[1], &error))
        g_error ("%s", error->message);
      return;
    }
#ifdef NET_NODE_INNER
  if (g_str_equal (parts[0], "deflate"))
    {
      peer->never_deflates = g_str_equal (parts[1], "false");
      return;
    }
#endif
  if (pspec == NULL || parts[1] == NULL)
    g_error ("there is no such property: %s", assignment);
  if (G_IS_PARAM_SPEC_BOXED (pspec))
    {
      g_auto (GStrv) list = g_strsplit (parts[1], ",", -1);

      g_object_set (peer, parts[0], list, NULL);
    }
  else if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_object_set (peer, parts[0], g_str_equal (parts[1], "true"), NULL);
  else if (G_IS_PARAM_SPEC_UINT (pspec))
    g_object_set (peer, parts[0], (guint)strtoul (parts[1], NULL, 10), NULL);
  else if (G_IS_PARAM_SPEC_STRING (pspec))
    g_object_set (peer, parts[0], parts[1], NULL);
  else if (G_IS_PARAM_SPEC_ENUM (pspec))
    g_object_set (peer, parts[0],
                  g_enum_get_value_by_nick (G_PARAM_SPEC_ENUM (pspec)->enum_class, parts[1])->value,
                  NULL);
  else
    g_error ("a property of a kind that cannot be set here: %s", assignment);
}

static void
on_join (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientPeer *peer = SENTIENT_PEER (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room = sentient_peer_join_finish (peer, result, &error);

  if (room == NULL)
    {
      say_error (peer, "join-failed", NULL, error);
      return;
    }
  net_say (peer, "joined", "room", "s", sentient_room_get_name (room), NULL);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (room)); i++)
    {
      g_autoptr (SentientMember) member = g_list_model_get_item (G_LIST_MODEL (room), i);

      net_say (peer, "member-joined", "node", "s", sentient_member_get_node_id (member), NULL);
    }
}

static void
on_coordinator (GObject *source, GAsyncResult *result, gpointer user_data)
{
  NetNode *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_peer_connect_to_coordinator_finish (self->peer, result, &error))
    say_error (self->peer, "coordinator-failed", NULL, error);
  else
    sentient_peer_join_async (self->peer, self->room, NULL, NULL, on_join, NULL);
}

/* rest: a room, and properties */
static void
begin (Program *program, const char *node_id, const char *uri, const char *rest)
{
  NetNode *self = g_new0 (NetNode, 1);
  const char *const uris[] = { uri, NULL };
  g_auto (GStrv) words = g_strsplit (rest, " ", -1);

  self->program = program;
  self->peer = sentient_peer_new (node_id);
  self->floods = net_floods_new (self->peer);
  self->room = g_strdup (words[0]);
  g_hash_table_insert (program->nodes, g_strdup (node_id), self);
  g_object_set (self->peer, "auto-connect", FALSE, NULL);
  for (guint i = 1; words[i] != NULL; i++)
    set_property (self->peer, words[i]);
  listen_to_peer (self);
  sentient_peer_connect_to_coordinator_async (self->peer, uris, NULL, on_coordinator, self);
}

/* The program */

static void
obey (Program *program, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  guint n = g_strv_length (words);
  NetNode *self = n > 2 ? g_hash_table_lookup (program->nodes, words[0]) : NULL;

  if (self != NULL && obey_about_node (self, words[1], words[2], words[3]))
    return;
  if (n < 4 || self != NULL || !g_str_equal (words[1], "begin"))
    g_error ("it cannot be done: %s", line);
  begin (program, words[0], words[2], words[3]);
}

static void
end (Program *program)
{
  GHashTableIter iter;
  gpointer node;

  program->is_ending = TRUE;
  g_hash_table_iter_init (&iter, program->nodes);
  while (g_hash_table_iter_next (&iter, NULL, &node))
    sentient_peer_close_async (((NetNode *)node)->peer, NULL, on_close, node);
  if (g_hash_table_size (program->nodes) == 0)
    g_main_loop_quit (program->loop);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  GDataInputStream *lines = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (lines, result, NULL, NULL);

  if (line == NULL)
    {
      end (program);
      return;
    }
  obey (program, line);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, on_line, program);
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (in);
  Program program = { NULL, NULL, FALSE };

  program.nodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, node_free);
  program.loop = g_main_loop_new (NULL, FALSE);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, on_line, &program);
  g_main_loop_run (program.loop);
  g_hash_table_unref (program.nodes);
  g_main_loop_unref (program.loop);
  return 0;
}
