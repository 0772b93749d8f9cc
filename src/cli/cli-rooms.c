/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "cli-json.h"
#include "cli-output.h"
#include "cli-remote.h"

static void
add_json (JsonBuilder *json, SentientDBusRoom *room)
{
  json_builder_begin_object (json);
  cli_json_string (json, "name", sentient_dbus_room_get_name (room));
  cli_json_bool (json, "joined", sentient_dbus_room_get_joined (room));
  cli_json_bool (json, "hosted", sentient_dbus_room_get_hosted (room));
  cli_json_int (json, "memberCount", sentient_dbus_room_get_member_count (room));
  cli_json_int (json, "neighbourCount", sentient_dbus_room_get_neighbour_count (room));
  json_builder_end_object (json);
}

static void
add_row (CliTable *table, SentientDBusRoom *room)
{
  cli_table_add (table, sentient_dbus_room_get_name (room));
  cli_table_add (table, sentient_dbus_room_get_joined (room) ? _ ("yes") : _ ("no"));
  cli_table_add (table, sentient_dbus_room_get_hosted (room) ? _ ("yes") : _ ("no"));
  cli_table_take (table, g_strdup_printf ("%u", sentient_dbus_room_get_member_count (room)));
  cli_table_take (table, g_strdup_printf ("%u", sentient_dbus_room_get_neighbour_count (room)));
}

static int
run (CliRemote *remote)
{
  static const CliColumn columns[] = {
    { N_ ("ROOM") },          { N_ ("JOINED") },           { N_ ("KEPT HERE") },
    { N_ ("MEMBERS"), TRUE }, { N_ ("NEIGHBOURS"), TRUE },
  };
  g_autoptr (CliTable) table = cli_table_new (columns, G_N_ELEMENTS (columns), TRUE);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  GListModel *rooms = sentient_client_get_rooms (remote->client);
  guint n = g_list_model_get_n_items (rooms);

  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientClientRoom) room = g_list_model_get_item (rooms, i);

      if (remote->names)
        cli_say (CLI_PLAIN, "%s", sentient_client_room_get_name (room));
      add_json (json, sentient_client_room_get_proxy (room));
      add_row (table, sentient_client_room_get_proxy (room));
    }
  json_builder_end_array (json);

  return cli_remote_listed (remote, table, json,
                            _ ("There is no room. To join one: sentient join ROOM"));
}

const CliCommand cli_command_rooms = {
  .name = "rooms",
  .summary = N_ ("The rooms that the node is in, or its coordinator keeps"),
  .takes = CLI_TAKES_NAMES,
  .run = run,
};
