/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-connections.h"

#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"

const char *
cli_connections_none (void)
{
  return _ ("There is no connection. To make one: sentient connect NODE");
}

static void
add_json (JsonBuilder *json, SentientDBusConnection *connection)
{
  json_builder_begin_object (json);
  cli_json_string (json, "nodeId", sentient_dbus_connection_get_node_id (connection));
  cli_json_string_or_null (json, "room", sentient_dbus_connection_get_room (connection));
  cli_json_string (json, "state", sentient_dbus_connection_get_state (connection));
  cli_json_int (json, "connectedAt", sentient_dbus_connection_get_connected_at (connection));
  cli_json_string_or_null (json, "candidatePair",
                           sentient_dbus_connection_get_candidate_pair (connection));
  cli_json_int (json, "messagesSent", sentient_dbus_connection_get_messages_sent (connection));
  cli_json_int (json, "messagesReceived",
                sentient_dbus_connection_get_messages_received (connection));
  cli_json_int (json, "bytesSent", sentient_dbus_connection_get_bytes_sent (connection));
  cli_json_int (json, "bytesReceived", sentient_dbus_connection_get_bytes_received (connection));
  json_builder_end_object (json);
}

static void
add_number (CliTable *table, guint64 number)
{
  cli_table_take (table, g_strdup_printf ("%" G_GUINT64_FORMAT, number));
}

static void
add_row (CliTable *table, SentientDBusConnection *connection)
{
  cli_table_add (table, sentient_dbus_connection_get_node_id (connection));
  cli_table_add (table, sentient_dbus_connection_get_room (connection));
  cli_table_add (table, sentient_dbus_connection_get_state (connection));
  cli_table_take (table, cli_format_time (sentient_dbus_connection_get_connected_at (connection)));
  add_number (table, sentient_dbus_connection_get_messages_sent (connection));
  add_number (table, sentient_dbus_connection_get_bytes_sent (connection));
  add_number (table, sentient_dbus_connection_get_messages_received (connection));
  add_number (table, sentient_dbus_connection_get_bytes_received (connection));
  cli_table_add (table, sentient_dbus_connection_get_candidate_pair (connection));
}

static int
run (CliRemote *remote)
{
  static const CliColumn columns[] = {
    { N_ ("NODE") },      { N_ ("ROOM") },        { N_ ("STATE") },
    { N_ ("SINCE") },     { N_ ("SENT"), TRUE },  { N_ ("BYTES"), TRUE },
    { N_ ("GOT"), TRUE }, { N_ ("BYTES"), TRUE }, { N_ ("WAY"), FALSE, TRUE },
  };
  g_autoptr (CliTable) table = cli_table_new (columns, G_N_ELEMENTS (columns), TRUE);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  GListModel *connections = sentient_client_get_connections (remote->client);
  guint n = g_list_model_get_n_items (connections);

  if (remote->stats)
    return cli_connections_stats (remote);
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientDBusConnection) connection = g_list_model_get_item (connections, i);

      if (remote->names)
        cli_say (CLI_PLAIN, "%s", sentient_dbus_connection_get_node_id (connection));
      add_json (json, connection);
      add_row (table, connection);
    }
  json_builder_end_array (json);

  return cli_remote_listed (remote, table, json, cli_connections_none ());
}

static gboolean
check (CliRemote *remote, GError **error)
{
  if (remote->hide_addresses && !remote->stats)
    cli_usage_error (error, _ ("--hide-addresses goes with --stats"));
  else if (remote->stats && remote->names)
    cli_usage_error (error, _ ("--stats and --names do not go together"));
  else
    return TRUE;
  return FALSE;
}

const CliCommand cli_command_connections = {
  .name = "connections",
  .summary = N_ ("The connections to other nodes"),
  .takes = CLI_TAKES_NAMES | CLI_TAKES_STATS,
  .check = check,
  .run = run,
};
