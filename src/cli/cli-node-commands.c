/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-node.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "peer/sentient-connection-statistics.h"
#include "protocol/sentient-names.h"

typedef struct
{
  const char *name;
  const char *arguments;
  const char *help;
  /* argument: what follows the name, without blanks around it; "" if there is nothing. */
  void (*run) (CliNode *self, const char *argument);
} Command;

static const char *
channel_name (SentientChannelKind kind)
{
  switch (kind)
    {
    case SENTIENT_CHANNEL_KIND_WEBSOCKET:
      return _ ("by WebSocket");
    case SENTIENT_CHANNEL_KIND_LONG_POLL:
      return _ ("by long poll");
    case SENTIENT_CHANNEL_KIND_NONE:
      break;
    default:
      g_assert_not_reached ();
    }
  return _ ("not reached now");
}

SentientRoom *
cli_node_find_room (CliNode *self, const char *name)
{
  GListModel *rooms = sentient_peer_get_rooms (self->peer);

  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (rooms, i);

      if (g_str_equal (sentient_room_get_name (room), name))
        return g_steal_pointer (&room);
    }
  return NULL;
}

/* ", relayed, 12 ms"; "": not known. */
static char *
describe_way (SentientConnection *connection)
{
  g_autoptr (SentientConnectionStatistics) of = sentient_connection_dup_statistics (connection);
  GString *way = g_string_new (NULL);

  if (sentient_connection_statistics_get_protocol (of) != NULL)
    g_string_append_printf (way, ", %s",
                            sentient_connection_statistics_get_relayed (of) ? _ ("relayed")
                                                                            : _ ("direct"));
  if (sentient_connection_statistics_get_rtt (of) >= 0)
    {
      g_string_append (way, ", ");
      g_string_append_printf (way, _ ("%d ms"), (int)sentient_connection_statistics_get_rtt (of));
    }
  return g_string_free (way, FALSE);
}

static void
say_connection (const char *node_id, SentientConnection *connection)
{
  g_autofree char *pair = sentient_connection_dup_candidate_pair (connection);
  g_autofree char *way = describe_way (connection);

  cli_say (CLI_PLAIN, _ ("  %-20s %s%s, %llu sent, %llu received%s%s"), node_id,
           sentient_connection_state_to_string (sentient_connection_get_state (connection)), way,
           (unsigned long long)sentient_connection_get_messages_sent (connection),
           (unsigned long long)sentient_connection_get_messages_received (connection),
           pair != NULL ? ", " : "", pair != NULL ? pair : "");
}

/* Who is no neighbour in a large room has what is said there from those who are. */
static void
say_member (CliNode *self, const char *node_id, gboolean is_neighbour)
{
  SentientConnection *connection = sentient_peer_find_connection (self->peer, node_id);

  if (connection != NULL)
    say_connection (node_id, connection);
  else
    cli_say (CLI_PLAIN,
             is_neighbour ? _ ("  %-20s not connected") : _ ("  %-20s reached by way of others"),
             node_id);
}

static void
run_peers (CliNode *self, const char *argument)
{
  g_autoptr (SentientRoom) room = self->room != NULL ? cli_node_find_room (self, self->room) : NULL;
  const char *own = sentient_peer_get_node_id (self->peer);
  g_auto (GStrv) neighbours = NULL;
  guint n_others = 0;

  if (room == NULL)
    {
      cli_say (CLI_WARN, _ ("You are in no room. /join ROOM enters one."));
      return;
    }
  neighbours = sentient_peer_list_neighbours (self->peer, self->room);
  cli_say (CLI_PLAIN, _ ("Others in \"%s\":"), self->room);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (room)); i++)
    {
      g_autoptr (SentientMember) member = g_list_model_get_item (G_LIST_MODEL (room), i);
      const char *id = sentient_member_get_node_id (member);

      if (g_str_equal (id, own))
        continue;
      say_member (self, id, g_strv_contains ((const char *const *)neighbours, id));
      n_others++;
    }
  if (n_others == 0)
    cli_say (CLI_PLAIN, _ ("  nobody yet"));
}

static void
run_rooms (CliNode *self, const char *argument)
{
  GListModel *rooms = sentient_peer_get_rooms (self->peer);
  guint n = g_list_model_get_n_items (rooms);

  cli_say (CLI_PLAIN,
           n > 0 ? _ ("Your rooms (* is where your lines go):") : _ ("You are in no room."));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientRoom) room = g_list_model_get_item (rooms, i);
      const char *name = sentient_room_get_name (room);
      g_auto (GStrv) neighbours = sentient_peer_list_neighbours (self->peer, name);

      cli_say (CLI_PLAIN, _ ("  %s %s (members: %u, of them neighbours: %u)"),
               g_strcmp0 (name, self->room) == 0 ? "*" : " ", name,
               sentient_room_get_n_members (room) + 1, g_strv_length (neighbours));
    }
}

static void
run_nodes (CliNode *self, const char *argument)
{
  GListModel *connections = sentient_peer_get_connections (self->peer);
  guint n = g_list_model_get_n_items (connections);

  cli_say (CLI_PLAIN, n > 0 ? _ ("Connections to other nodes:")
                            : _ ("There is no connection to another node."));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientConnection) connection = g_list_model_get_item (connections, i);

      say_connection (sentient_connection_get_node_id (connection), connection);
    }
}

static void
run_status (CliNode *self, const char *argument)
{
  const char *uri = sentient_peer_get_coordinator_uri (self->peer);
  const char *id = sentient_peer_get_coordinator_id (self->peer);

  cli_say (CLI_PLAIN, _ ("You:         %s"), sentient_peer_get_node_id (self->peer));
  cli_say (CLI_PLAIN, _ ("Coordinator: %s (%s), %s, %s"), uri != NULL ? uri : "-",
           id != NULL ? id : "-",
           sentient_peer_state_to_string (sentient_peer_get_state (self->peer)),
           channel_name (sentient_peer_get_channel_kind (self->peer)));
  cli_say (CLI_PLAIN, _ ("Lines go to: %s"), self->room != NULL ? self->room : _ ("no room"));
  cli_say (CLI_PLAIN, _ ("Connections: %u"),
           g_list_model_get_n_items (sentient_peer_get_connections (self->peer)));
  cli_say (CLI_PLAIN, _ ("Lines kept:  %u"), g_queue_get_length (&self->kept));
}

static void
asked (CliNode *self)
{
  self->asking = FALSE;
  cli_input_resume (self->input);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);
  CliNode *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  asked (self);
  if (room == NULL)
    {
      cli_complain (_ ("you did not get into that room: %s"), error->message);
      return;
    }
  g_free (self->room);
  self->room = g_strdup (sentient_room_get_name (room));
  cli_say (CLI_GOOD, _ ("You are in \"%s\" now; your lines go there."), self->room);
}

static void
run_join (CliNode *self, const char *argument)
{
  g_autoptr (SentientRoom) room = NULL;

  if (!sentient_name_is_valid (argument, -1))
    {
      cli_say (CLI_WARN, _ ("/join wants the name of a room: 1 to 128 of A-Z a-z 0-9 . _ : -"));
      return;
    }
  room = cli_node_find_room (self, argument);
  if (room == NULL)
    {
      self->asking = TRUE;
      sentient_peer_join_async (self->peer, argument, NULL, self->cancellable, on_joined, self);
      return;
    }
  g_free (self->room);
  self->room = g_strdup (argument);
  cli_say (CLI_GOOD, _ ("Your lines go to \"%s\" now."), self->room);
}

typedef struct
{
  CliNode *node;
  char *room;
} LeaveJob;

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree LeaveJob *job = user_data;
  g_autofree char *room = job->room;
  gboolean ok = sentient_peer_leave_finish (SENTIENT_PEER (source), result, &error);
  CliNode *self = job->node;
  GListModel *rooms;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  asked (self);
  if (!ok)
    {
      cli_complain (_ ("you are still in \"%s\": %s"), room, error->message);
      return;
    }
  if (g_strcmp0 (self->room, room) == 0)
    {
      rooms = sentient_peer_get_rooms (self->peer);
      g_clear_pointer (&self->room, g_free);
      if (g_list_model_get_n_items (rooms) > 0)
        {
          g_autoptr (SentientRoom) first = g_list_model_get_item (rooms, 0);

          self->room = g_strdup (sentient_room_get_name (first));
        }
    }
  if (self->room != NULL)
    cli_say (CLI_GOOD, _ ("You left \"%s\"; your lines go to \"%s\"."), room, self->room);
  else
    cli_say (CLI_GOOD, _ ("You left \"%s\" and are in no room now. /join ROOM enters one."), room);
}

static void
run_leave (CliNode *self, const char *argument)
{
  const char *name = *argument != '\0' ? argument : self->room;
  g_autoptr (SentientRoom) room = name != NULL ? cli_node_find_room (self, name) : NULL;
  LeaveJob *job;

  if (room == NULL)
    {
      g_autofree char *shown = cli_escape (name != NULL ? name : "", -1);

      cli_say (CLI_WARN, _ ("You are not in a room \"%s\". /rooms lists yours."), shown);
      return;
    }
  job = g_new0 (LeaveJob, 1);
  job->node = self;
  job->room = g_strdup (name);
  self->asking = TRUE;
  sentient_peer_leave_async (self->peer, name, self->cancellable, on_left, job);
}

static void
run_send (CliNode *self, const char *argument)
{
  const char *blank = strpbrk (argument, " \t");
  g_autofree char *node_id = NULL;
  const char *text;

  if (blank == NULL || *(text = blank + strspn (blank, " \t")) == '\0')
    {
      cli_say (CLI_WARN, _ ("/send wants a node and a text: /send bob How are you?"));
      return;
    }
  node_id = g_strndup (argument, blank - argument);
  if (!sentient_name_is_valid (node_id, -1))
    cli_say (CLI_WARN, _ ("/send: that is no name of a node. /peers lists them."));
  else
    cli_talk_send (self, node_id, text);
}

static void
run_ping (CliNode *self, const char *argument)
{
  if (sentient_name_is_valid (argument, -1))
    cli_talk_ping (self, argument);
  else
    cli_say (CLI_WARN, _ ("/ping wants the name of a node. /peers lists them."));
}

static void
run_quit (CliNode *self, const char *argument)
{
  cli_node_finish (self);
}

static void run_help (CliNode *self, const char *argument);

static const Command commands[] = {
  { "peers", "", N_ ("who else is in the current room"), run_peers },
  { "rooms", "", N_ ("the rooms you are in"), run_rooms },
  { "nodes", "", N_ ("your connections, with the way they take"), run_nodes },
  { "status", "", N_ ("how you stand to the coordinator"), run_status },
  { "join", "ROOM", N_ ("enter a room; your lines go there"), run_join },
  { "leave", "[ROOM]", N_ ("leave the current or another room"), run_leave },
  { "send", "NODE TEXT", N_ ("say something to one node only"), run_send },
  { "send-file", "NODE FILE", N_ ("send a file to one node"), cli_files_send },
  { "files", "", N_ ("the files that are sent and received"), cli_files_list },
  { "accept", "NUMBER [DIR]", N_ ("take a file that is offered"), cli_files_accept },
  { "refuse", "NUMBER [REASON]", N_ ("do not take it"), cli_files_refuse },
  { "cancel", "NUMBER", N_ ("end the way of a file"), cli_files_cancel },
  { "ping", "NODE", N_ ("measure the time there and back"), run_ping },
  { "quit", "", N_ ("end, once everything kept was sent"), run_quit },
  { "help", "", N_ ("this list"), run_help },
};

static void
run_help (CliNode *self, const char *argument)
{
  cli_say (CLI_PLAIN,
           _ ("A line goes to everybody connected in the current room. A line that begins "
              "with / is a command\n(write // for a line that begins with one):"));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *usage = g_strjoin (" ", commands[i].name, commands[i].arguments, NULL);

      cli_say (CLI_PLAIN, "  /%-22s %s", usage, _ (commands[i].help));
    }
}

void
cli_commands_run (CliNode *self, const char *line)
{
  gsize len = strcspn (line + 1, " \t");
  g_autofree char *name = g_strndup (line + 1, len);
  g_autofree char *argument = g_strstrip (g_strdup (line + 1 + len));
  g_autofree char *shown = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (name, commands[i].name))
      {
        if (*commands[i].arguments == '\0' && *argument != '\0')
          cli_say (CLI_WARN, _ ("/%s takes nothing behind it. /help lists the commands."), name);
        else
          commands[i].run (self, argument);
        return;
      }
  shown = cli_escape (name, -1);
  cli_say (CLI_WARN,
           _ ("There is no command /%s, so nothing was done. /help lists the commands; to "
              "send a line that begins with /, write //."),
           shown);
}
