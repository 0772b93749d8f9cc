/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"
#include "cli-table.h"

static void
print_json (CliRemote *remote, SentientDBusManager *manager, const char *statistics)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  cli_json_string (json, "version", sentient_dbus_manager_get_version (manager));
  cli_json_string (json, "mode", sentient_dbus_manager_get_mode (manager));
  cli_json_int (json, "startedAt", sentient_dbus_manager_get_started_at (manager));
  cli_json_string_or_null (json, "nodeId", sentient_dbus_manager_get_node_id (manager));
  cli_json_string (json, "nodeState", sentient_dbus_manager_get_node_state (manager));
  cli_json_string (json, "channel", sentient_dbus_manager_get_channel (manager));
  cli_json_string_or_null (json, "coordinatorUri",
                           sentient_dbus_manager_get_coordinator_uri (manager));
  cli_json_strv (json, "seeds", sentient_dbus_manager_get_seeds (manager));
  cli_json_bool (json, "coordinatorRunning",
                 sentient_dbus_manager_get_coordinator_running (manager));
  cli_json_string_or_null (json, "coordinatorUrl",
                           sentient_dbus_manager_get_coordinator_url (manager));
  cli_json_int (json, "peerCount", sentient_dbus_manager_get_peer_count (manager));
  cli_json_int (json, "rooms",
                g_list_model_get_n_items (sentient_client_get_rooms (remote->client)));
  cli_json_int (json, "connections",
                g_list_model_get_n_items (sentient_client_get_connections (remote->client)));
  cli_json_string_or_null (json, "lastError", sentient_dbus_manager_get_last_error (manager));
  cli_json_text (json, "statistics", statistics);
  json_builder_end_object (json);
  cli_json_print (json);
}

static void
add (CliTable *table, const char *name, char *value)
{
  cli_table_add (table, name);
  cli_table_take (table, value);
}

static void
add_node (CliTable *table, SentientDBusManager *manager)
{
  const char *state = sentient_dbus_manager_get_node_state (manager);
  const char *uri = sentient_dbus_manager_get_coordinator_uri (manager);
  const char *const *seeds = sentient_dbus_manager_get_seeds (manager);

  add (table, _ ("Node"), g_strdup (sentient_dbus_manager_get_node_id (manager)));
  if (uri != NULL && *uri != '\0')
    add (table, _ ("Its coordinator"),
         g_strdup_printf (_ ("%s: %s (%s)"), uri, state,
                          sentient_dbus_manager_get_channel (manager)));
  else
    add (table, _ ("Its coordinator"), g_strdup (state));
  if (seeds != NULL && seeds[0] != NULL)
    add (table, _ ("Seeds"), g_strjoinv (" ", (GStrv)seeds));
}

static void
add_sum (CliTable *table, const char *name, guint64 messages, guint64 bytes)
{
  g_autofree char *n_messages = g_strdup_printf ("%" G_GUINT64_FORMAT, messages);
  g_autofree char *n_bytes = g_strdup_printf ("%" G_GUINT64_FORMAT, bytes);

  add (table, name, g_strdup_printf (_ ("messages: %s, bytes: %s"), n_messages, n_bytes));
}

static void
add_counters (CliTable *table, SentientClient *client)
{
  GListModel *connections = sentient_client_get_connections (client);
  guint n = g_list_model_get_n_items (connections);
  guint64 sent = 0;
  guint64 received = 0;
  guint64 bytes_sent = 0;
  guint64 bytes_received = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientDBusConnection) connection = g_list_model_get_item (connections, i);

      sent += sentient_dbus_connection_get_messages_sent (connection);
      received += sentient_dbus_connection_get_messages_received (connection);
      bytes_sent += sentient_dbus_connection_get_bytes_sent (connection);
      bytes_received += sentient_dbus_connection_get_bytes_received (connection);
    }
  add (table, _ ("Rooms"),
       g_strdup_printf ("%u", g_list_model_get_n_items (sentient_client_get_rooms (client))));
  add (table, _ ("Connections"), g_strdup_printf ("%u", n));
  add_sum (table, _ ("Sent over them"), sent, bytes_sent);
  add_sum (table, _ ("Received"), received, bytes_received);
}

static void
print_table (CliRemote *remote, SentientDBusManager *manager)
{
  static const CliColumn columns[] = { { "" }, { "", .whole = TRUE } };
  g_autoptr (CliTable) table = cli_table_new (columns, G_N_ELEMENTS (columns), FALSE);
  gint64 uptime = g_get_real_time () / 1000 - sentient_dbus_manager_get_started_at (manager);
  g_autofree char *shown = cli_format_duration (uptime);
  const char *last_error = sentient_dbus_manager_get_last_error (manager);

  add (table, _ ("Daemon"),
       g_strdup_printf (_ ("sentient %s, for %s"), sentient_dbus_manager_get_version (manager),
                        shown));
  add (table, _ ("Mode"), g_strdup (sentient_dbus_manager_get_mode (manager)));
  add_node (table, manager);
  if (sentient_dbus_manager_get_coordinator_running (manager))
    add (table, _ ("Coordinator here"),
         g_strdup_printf (_ ("%s, nodes at it: %u"),
                          sentient_dbus_manager_get_coordinator_url (manager),
                          sentient_dbus_manager_get_peer_count (manager)));
  else
    add (table, _ ("Coordinator here"), g_strdup (_ ("does not run")));
  add_counters (table, remote->client);
  if (last_error != NULL && *last_error != '\0')
    add (table, _ ("Last error"), g_strdup (last_error));
  cli_table_print (table);
}

static int
run (CliRemote *remote)
{
  SentientDBusManager *manager = sentient_client_get_manager (remote->client);
  g_autofree char *statistics = NULL;
  g_autoptr (GError) error = NULL;

  if (!remote->json)
    {
      print_table (remote, manager);
      return CLI_EXIT_OK;
    }
  if (!sentient_dbus_manager_call_get_statistics_sync (manager, &statistics, NULL, &error))
    return cli_remote_failed (error);
  print_json (remote, manager, statistics);
  return CLI_EXIT_OK;
}

const CliCommand cli_command_status = {
  .name = "status",
  .summary = N_ ("What the daemon is and how it stands"),
  .run = run,
};
