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

/* 0: it is not there. */
static gint64
get_number (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_int_member_with_default (object, name, 0) : 0;
}

static void
add_sum (CliTable *table, const char *name, gint64 messages, gint64 bytes)
{
  g_autofree char *n_messages = g_strdup_printf ("%" G_GINT64_FORMAT, messages);
  g_autofree char *n_bytes = g_strdup_printf ("%" G_GINT64_FORMAT, bytes);

  add (table, name, g_strdup_printf (_ ("messages: %s, bytes: %s"), n_messages, n_bytes));
}

/* Nothing of files if there were none. */
static void
add_files (CliTable *table, JsonObject *files)
{
  gint64 running = get_number (files, "offered") + get_number (files, "active");
  gint64 done = get_number (files, "done");
  gint64 others = get_number (files, "failed") + get_number (files, "cancelled")
                  + get_number (files, "refused");
  g_autofree char *n_running = g_strdup_printf ("%" G_GINT64_FORMAT, running);
  g_autofree char *n_done = g_strdup_printf ("%" G_GINT64_FORMAT, done);
  g_autofree char *n_others = g_strdup_printf ("%" G_GINT64_FORMAT, others);

  if (running + done + others > 0)
    add (table, _ ("Files"),
         g_strdup_printf (_ ("now: %s, done: %s, not done: %s"), n_running, n_done, n_others));
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* Sums of all connections that there were since the daemon started. */
static void
add_counters (CliTable *table, SentientClient *client, const char *statistics)
{
  g_autoptr (JsonNode) root = json_from_string (statistics, NULL);
  JsonObject *node = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                         ? get_object (json_node_get_object (root), "node")
                         : NULL;

  add (table, _ ("Rooms"),
       g_strdup_printf ("%u", g_list_model_get_n_items (sentient_client_get_rooms (client))));
  add (table, _ ("Connections"),
       g_strdup_printf ("%u", g_list_model_get_n_items (sentient_client_get_connections (client))));
  add_sum (table, _ ("Sent so far"), get_number (node, "messagesSent"),
           get_number (node, "bytesSent"));
  add_sum (table, _ ("Received"), get_number (node, "messagesReceived"),
           get_number (node, "bytesReceived"));
  add_files (table, get_object (node, "transfers"));
}

static void
print_table (CliRemote *remote, SentientDBusManager *manager, const char *statistics)
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
  add_counters (table, remote->client, statistics);
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

  if (!sentient_dbus_manager_call_get_statistics_sync (manager, &statistics, NULL, &error))
    return cli_remote_failed (error);
  if (remote->json)
    print_json (remote, manager, statistics);
  else
    print_table (remote, manager, statistics);
  return CLI_EXIT_OK;
}

const CliCommand cli_command_status = {
  .name = "status",
  .summary = N_ ("What the daemon is and how it stands"),
  .run = run,
};
