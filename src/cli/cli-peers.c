/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"

typedef struct
{
  CliRemote *remote;
  CliTable *table;
  JsonBuilder *json;
  GHashTable *seen; /* names that stand there already */
} Listing;

static const char *
connection_state (CliRemote *remote, SentientDBusMember *member)
{
  SentientDBusConnection *connection
      = sentient_client_find_connection (remote->client, sentient_dbus_member_get_node_id (member));

  return connection != NULL ? sentient_dbus_connection_get_state (connection) : "";
}

static void
add_json (Listing *listing, const char *room, SentientDBusMember *member)
{
  JsonBuilder *json = listing->json;

  json_builder_begin_object (json);
  cli_json_string (json, "nodeId", sentient_dbus_member_get_node_id (member));
  cli_json_string (json, "name", sentient_dbus_member_get_name (member));
  cli_json_string (json, "room", room);
  cli_json_text (json, "metadata", sentient_dbus_member_get_metadata (member));
  cli_json_int (json, "joinedAt", sentient_dbus_member_get_joined_at (member));
  cli_json_bool (json, "online", sentient_dbus_member_get_online (member));
  cli_json_bool (json, "neighbour", sentient_dbus_member_get_neighbour (member));
  cli_json_bool (json, "self", sentient_dbus_member_get_self (member));
  cli_json_string_or_null (json, "connection", connection_state (listing->remote, member));
  json_builder_end_object (json);
}

static void
add_row (Listing *listing, const char *room, SentientDBusMember *member)
{
  gboolean self = sentient_dbus_member_get_self (member);

  cli_table_add (listing->table, sentient_dbus_member_get_node_id (member));
  cli_table_add (listing->table, sentient_dbus_member_get_name (member));
  cli_table_add (listing->table, room);
  cli_table_add (listing->table, sentient_dbus_member_get_online (member) ? _ ("yes") : _ ("no"));
  cli_table_add (listing->table,
                 sentient_dbus_member_get_neighbour (member) ? _ ("yes") : _ ("no"));
  cli_table_add (listing->table,
                 self ? _ ("this node") : connection_state (listing->remote, member));
  cli_table_take (listing->table, cli_format_time (sentient_dbus_member_get_joined_at (member)));
}

static void
add_name (Listing *listing, SentientDBusMember *member)
{
  const char *name = sentient_dbus_member_get_node_id (member);

  if (!sentient_dbus_member_get_self (member) && g_hash_table_add (listing->seen, g_strdup (name)))
    cli_say (CLI_PLAIN, "%s", name);
}

static void
add_room (Listing *listing, SentientClientRoom *room)
{
  GListModel *members = sentient_client_room_get_members (room);
  const char *name = sentient_client_room_get_name (room);

  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (SentientDBusMember) member = g_list_model_get_item (members, i);

      if (listing->remote->names)
        add_name (listing, member);
      add_json (listing, name, member);
      add_row (listing, name, member);
    }
}

static gboolean
add_rooms (Listing *listing)
{
  CliRemote *remote = listing->remote;
  GListModel *rooms = sentient_client_get_rooms (remote->client);

  if (remote->n_words > 0)
    {
      SentientClientRoom *room = sentient_client_find_room (remote->client, remote->words[0]);

      if (room == NULL)
        {
          cli_complain (_ ("there is no room \"%s\" here; \"sentient rooms\" lists them"),
                        remote->words[0]);
          return FALSE;
        }
      add_room (listing, room);
      return TRUE;
    }
  for (guint i = 0; i < g_list_model_get_n_items (rooms); i++)
    {
      g_autoptr (SentientClientRoom) room = g_list_model_get_item (rooms, i);

      add_room (listing, room);
    }
  return TRUE;
}

static int
run (CliRemote *remote)
{
  static const CliColumn columns[] = {
    { N_ ("NODE") },      { N_ ("NAME") },       { N_ ("ROOM") },  { N_ ("ONLINE") },
    { N_ ("NEIGHBOUR") }, { N_ ("CONNECTION") }, { N_ ("SINCE") },
  };
  g_autoptr (CliTable) table = cli_table_new (columns, G_N_ELEMENTS (columns), TRUE);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Listing listing = { remote, table, json, seen };
  gboolean good;

  json_builder_begin_array (json);
  good = add_rooms (&listing);
  json_builder_end_array (json);

  if (!good)
    return CLI_EXIT_FAILED;
  return cli_remote_listed (remote, table, json, _ ("Nobody is there."));
}

static gboolean
check (CliRemote *remote, GError **error)
{
  return remote->n_words == 0 || cli_check_room (remote->words[0], error);
}

const CliCommand cli_command_peers = {
  .name = "peers",
  .arguments = N_ ("[ROOM]"),
  .summary = N_ ("Who is in the rooms"),
  .max_words = 1,
  .takes = CLI_TAKES_NAMES,
  .check = check,
  .run = run,
};
