/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "cli-json.h"
#include "cli-mirror.h"
#include "cli-output.h"
#include "cli-remote.h"
#include "cli-transfer.h"

typedef struct
{
  CliRemote *remote;
  GMainLoop *loop;
  guint n_said;
  int status;

  /* While a daemon is there. */
  SentientDBusManager *manager;
  CliMirror *rooms;
  CliMirror *connections;
  CliMirror *transfers;
  GHashTable *watched; /* SentientClientRoom to WatchedRoom */
} Monitor;

typedef struct
{
  Monitor *monitor;
  SentientClientRoom *room;
  CliMirror *members;
} WatchedRoom;

/* An event as JSON; say () ends it. */
static JsonBuilder *
begin (const char *name)
{
  JsonBuilder *json = json_builder_new ();

  json_builder_begin_object (json);
  cli_json_int (json, "time", g_get_real_time () / 1000);
  cli_json_string (json, "event", name);
  return json;
}

static void say (Monitor *self, JsonBuilder *json, CliStyle style, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static void
say (Monitor *self, JsonBuilder *json, CliStyle style, const char *format, ...)
{
  g_autoptr (JsonBuilder) owned = json;
  g_autofree char *text = NULL;
  g_autofree char *clock = NULL;
  g_autoptr (GDateTime) now = NULL;
  va_list args;
  guint count = (guint)self->remote->count;

  /* One turn of the loop may bring more than was asked for. */
  if (count > 0 && self->n_said >= count)
    return;

  json_builder_end_object (json);
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  now = g_date_time_new_now_local ();
  clock = g_date_time_format (now, "%H:%M:%S");
  if (self->remote->json)
    cli_json_print (json);
  else
    cli_say (style, "%s %s", clock, text);

  if (++self->n_said == count)
    g_main_loop_quit (self->loop);
}

/* The lists are emptied by a daemon that goes, and filled by one that comes: one event says it. */
static gboolean
is_event (Monitor *self, gboolean known)
{
  return !known && sentient_client_is_available (self->remote->client);
}

static JsonBuilder *
begin_member (const char *name, WatchedRoom *watched, SentientDBusMember *member)
{
  JsonBuilder *json = begin (name);

  cli_json_string (json, "room", sentient_client_room_get_name (watched->room));
  cli_json_string (json, "nodeId", sentient_dbus_member_get_node_id (member));
  cli_json_string (json, "name", sentient_dbus_member_get_name (member));
  cli_json_bool (json, "online", sentient_dbus_member_get_online (member));
  cli_json_bool (json, "self", sentient_dbus_member_get_self (member));
  return json;
}

static void
on_online (SentientDBusMember *member, GParamSpec *pspec, WatchedRoom *watched)
{
  say (watched->monitor, begin_member ("member-changed", watched, member), CLI_NOTE,
       sentient_dbus_member_get_online (member) ? _ ("%s is back in %s.")
                                                : _ ("%s in %s cannot be reached now."),
       sentient_dbus_member_get_node_id (member), sentient_client_room_get_name (watched->room));
}

static void
on_metadata (SentientDBusMember *member, GParamSpec *pspec, WatchedRoom *watched)
{
  JsonBuilder *json = begin_member ("member-changed", watched, member);
  g_autofree char *shown = cli_escape (sentient_dbus_member_get_metadata (member), -1);

  cli_json_text (json, "metadata", sentient_dbus_member_get_metadata (member));
  say (watched->monitor, json, CLI_PLAIN, _ ("%s in %s tells of itself: %s"),
       sentient_dbus_member_get_node_id (member), sentient_client_room_get_name (watched->room),
       shown);
}

static void
on_member_added (gpointer item, gboolean known, gpointer user_data)
{
  SentientDBusMember *member = item;
  WatchedRoom *watched = user_data;

  g_signal_connect (member, "notify::online", G_CALLBACK (on_online), watched);
  g_signal_connect (member, "notify::metadata", G_CALLBACK (on_metadata), watched);
  if (is_event (watched->monitor, known))
    say (watched->monitor, begin_member ("member-joined", watched, member), CLI_GOOD,
         _ ("%s joined %s."), sentient_dbus_member_get_node_id (member),
         sentient_client_room_get_name (watched->room));
}

static void
on_member_removed (gpointer item, gboolean known, gpointer user_data)
{
  SentientDBusMember *member = item;
  WatchedRoom *watched = user_data;

  g_signal_handlers_disconnect_by_data (member, watched);
  if (is_event (watched->monitor, known))
    say (watched->monitor, begin_member ("member-left", watched, member), CLI_NOTE,
         _ ("%s left %s."), sentient_dbus_member_get_node_id (member),
         sentient_client_room_get_name (watched->room));
}

static void
watched_room_free (gpointer data)
{
  WatchedRoom *watched = data;

  cli_mirror_free (watched->members);
  g_object_unref (watched->room);
  g_free (watched);
}

static JsonBuilder *
begin_room (const char *name, SentientClientRoom *room)
{
  SentientDBusRoom *proxy = sentient_client_room_get_proxy (room);
  JsonBuilder *json = begin (name);

  cli_json_string (json, "room", sentient_client_room_get_name (room));
  cli_json_bool (json, "joined", sentient_dbus_room_get_joined (proxy));
  cli_json_bool (json, "hosted", sentient_dbus_room_get_hosted (proxy));
  return json;
}

static void
on_joined (SentientDBusRoom *proxy, GParamSpec *pspec, WatchedRoom *watched)
{
  say (watched->monitor, begin_room ("room-changed", watched->room), CLI_PLAIN,
       sentient_dbus_room_get_joined (proxy) ? _ ("This node is in the room %s now.")
                                             : _ ("This node is not in the room %s any more."),
       sentient_dbus_room_get_name (proxy));
}

static void
on_room_added (gpointer item, gboolean known, gpointer user_data)
{
  SentientClientRoom *room = item;
  Monitor *self = user_data;
  WatchedRoom *watched = g_new0 (WatchedRoom, 1);

  if (is_event (self, known))
    say (self, begin_room ("room-added", room), CLI_GOOD, _ ("The room %s is there."),
         sentient_client_room_get_name (room));
  watched->monitor = self;
  watched->room = g_object_ref (room);
  watched->members = cli_mirror_new (sentient_client_room_get_members (room), on_member_added,
                                     on_member_removed, watched);
  g_signal_connect (sentient_client_room_get_proxy (room), "notify::joined", G_CALLBACK (on_joined),
                    watched);
  g_hash_table_insert (self->watched, room, watched);
}

static void
on_room_removed (gpointer item, gboolean known, gpointer user_data)
{
  SentientClientRoom *room = item;
  Monitor *self = user_data;

  g_signal_handlers_disconnect_by_data (sentient_client_room_get_proxy (room),
                                        g_hash_table_lookup (self->watched, room));
  g_hash_table_remove (self->watched, room);
  if (is_event (self, known))
    say (self, begin_room ("room-removed", room), CLI_NOTE, _ ("The room %s is gone."),
         sentient_client_room_get_name (room));
}

static JsonBuilder *
begin_connection (const char *state, SentientDBusConnection *connection)
{
  JsonBuilder *json = begin ("connection");

  cli_json_string (json, "nodeId", sentient_dbus_connection_get_node_id (connection));
  cli_json_string_or_null (json, "room", sentient_dbus_connection_get_room (connection));
  cli_json_string (json, "state", state);
  return json;
}

static void
say_state (Monitor *self, SentientDBusConnection *connection)
{
  const char *state = sentient_dbus_connection_get_state (connection);

  say (self, begin_connection (state, connection),
       g_strcmp0 (state, "connected") == 0 ? CLI_GOOD : CLI_PLAIN, _ ("Connection to %s: %s."),
       sentient_dbus_connection_get_node_id (connection), state);
}

static void
on_state (SentientDBusConnection *connection, GParamSpec *pspec, Monitor *self)
{
  say_state (self, connection);
}

static void
on_connection_added (gpointer item, gboolean known, gpointer user_data)
{
  Monitor *self = user_data;

  g_signal_connect (item, "notify::state", G_CALLBACK (on_state), self);
  if (is_event (self, known))
    say_state (self, item);
}

static void
on_connection_removed (gpointer item, gboolean known, gpointer user_data)
{
  Monitor *self = user_data;

  g_signal_handlers_disconnect_by_data (item, self);
  if (is_event (self, known))
    say (self, begin_connection ("gone", item), CLI_NOTE, _ ("Connection to %s: gone."),
         sentient_dbus_connection_get_node_id (item));
}

/* What is offered, taken, and how it ends; not how far it is. */
static void
say_transfer (Monitor *self, SentientDBusTransfer *transfer)
{
  g_auto (CliTransfer) now = { 0 };
  g_autofree char *name = NULL;
  g_autofree char *note = NULL;
  JsonBuilder *json = begin ("transfer");

  cli_transfer_init (&now, transfer);
  cli_json_int (json, "number", (gint64)now.number);
  cli_json_string (json, "direction", now.outgoing ? "outgoing" : "incoming");
  cli_json_string (json, "nodeId", now.node_id);
  cli_json_string (json, "name", now.name);
  cli_json_int (json, "size", now.size);
  cli_json_string (json, "state", now.state);
  cli_json_string_or_null (json, "file", now.file);
  cli_json_string_or_null (json, "error", now.error);
  name = cli_escape (now.name, -1);
  note = cli_escape (*now.error != '\0' ? now.error : now.file, -1);
  say (self, json, CLI_PLAIN,
       now.outgoing ? _ ("File %llu, %s to %s: %s%s%s") : _ ("File %llu, %s from %s: %s%s%s"),
       (unsigned long long)now.number, name, now.node_id, now.state, *note != '\0' ? "; " : "",
       note);
}

static void
on_transfer_state (SentientDBusTransfer *transfer, GParamSpec *pspec, Monitor *self)
{
  say_transfer (self, transfer);
}

static void
on_transfer_added (gpointer item, gboolean known, gpointer user_data)
{
  Monitor *self = user_data;

  g_signal_connect (item, "notify::state", G_CALLBACK (on_transfer_state), self);
  if (is_event (self, known))
    say_transfer (self, item);
}

static void
on_transfer_removed (gpointer item, gboolean known, gpointer user_data)
{
  g_signal_handlers_disconnect_by_data (item, user_data);
}

static void
on_node_state (SentientDBusManager *manager, GParamSpec *pspec, Monitor *self)
{
  JsonBuilder *json = begin ("node");
  const char *state = sentient_dbus_manager_get_node_state (manager);
  const char *uri = sentient_dbus_manager_get_coordinator_uri (manager);

  cli_json_string (json, "state", state);
  cli_json_string_or_null (json, "coordinatorUri", uri);
  say (self, json, CLI_PLAIN, _ ("The node is %s."), state);
}

static void
on_coordinator (SentientDBusManager *manager, GParamSpec *pspec, Monitor *self)
{
  JsonBuilder *json = begin ("coordinator");
  gboolean running = sentient_dbus_manager_get_coordinator_running (manager);

  cli_json_bool (json, "running", running);
  say (self, json, CLI_PLAIN,
       running ? _ ("The daemon is a coordinator now.")
               : _ ("The daemon is no coordinator any more."));
}

static void
on_message (SentientClient *client,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            Monitor *self)
{
  JsonBuilder *json = begin ("message");
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  g_autofree char *shown = NULL;

  cli_json_string (json, "nodeId", node_id);
  if (is_text && g_utf8_validate_len (bytes, size, NULL))
    {
      g_autofree char *text = g_strndup (bytes, size);

      cli_json_string (json, "text", text);
      shown = cli_escape (bytes, size);
    }
  else
    {
      g_autofree char *base64 = g_base64_encode ((const guchar *)bytes, size);

      cli_json_string (json, "base64", base64);
      shown = g_strdup_printf (ngettext ("(%zu byte)", "(%zu bytes)", size), size);
    }
  say (self, json, CLI_HEARD, "%s: %s", node_id, shown);
}

static void
on_failed (SentientClient *client, const char *name, const char *message, Monitor *self)
{
  JsonBuilder *json = begin ("failed");
  g_autofree char *shown = cli_escape (message, -1);

  cli_json_string (json, "error", name);
  cli_json_string (json, "message", message);
  say (self, json, CLI_WARN, "%s", shown);
}

static void
unfollow (Monitor *self)
{
  g_clear_pointer (&self->rooms, cli_mirror_free);
  g_clear_pointer (&self->connections, cli_mirror_free);
  g_clear_pointer (&self->transfers, cli_mirror_free);
  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  g_clear_object (&self->manager);
}

static void
follow (Monitor *self)
{
  SentientClient *client = self->remote->client;

  self->manager = g_object_ref (sentient_client_get_manager (client));
  g_signal_connect (self->manager, "notify::node-state", G_CALLBACK (on_node_state), self);
  g_signal_connect (self->manager, "notify::coordinator-running", G_CALLBACK (on_coordinator),
                    self);
  self->rooms
      = cli_mirror_new (sentient_client_get_rooms (client), on_room_added, on_room_removed, self);
  self->connections = cli_mirror_new (sentient_client_get_connections (client), on_connection_added,
                                      on_connection_removed, self);
  self->transfers = cli_mirror_new (sentient_client_get_transfers (client), on_transfer_added,
                                    on_transfer_removed, self);
}

static void
on_error (SentientClient *client, GParamSpec *pspec, Monitor *self)
{
  if (sentient_client_is_open (client))
    return;
  self->status = CLI_EXIT_FAILED;
  g_main_loop_quit (self->loop);
}

static void
on_available (SentientClient *client, GParamSpec *pspec, Monitor *self)
{
  gboolean available = sentient_client_is_available (client);
  JsonBuilder *json;

  unfollow (self);
  if (!sentient_client_is_open (client))
    return;
  json = begin ("daemon");
  cli_json_bool (json, "available", available);
  if (!available)
    {
      cli_json_string (json, "error", sentient_client_get_error (client));
      say (self, json, CLI_WARN, "%s", sentient_client_get_error (client));
      return;
    }
  follow (self);
  cli_json_string (json, "nodeId", sentient_dbus_manager_get_node_id (self->manager));
  cli_json_string (json, "version", sentient_dbus_manager_get_version (self->manager));
  say (self, json, CLI_GOOD, _ ("The daemon is there; its node is %s."),
       sentient_dbus_manager_get_node_id (self->manager));
}

static gboolean
on_signal (gpointer user_data)
{
  Monitor *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static int
run (CliRemote *remote)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Monitor self = { .remote = remote, .loop = loop, .status = CLI_EXIT_OK };
  guint ids[] = { g_unix_signal_add (SIGINT, on_signal, &self),
                  g_unix_signal_add (SIGTERM, on_signal, &self) };

  self.watched = g_hash_table_new_full (NULL, NULL, NULL, watched_room_free);
  g_signal_connect (remote->client, "message", G_CALLBACK (on_message), &self);
  g_signal_connect (remote->client, "failed", G_CALLBACK (on_failed), &self);
  g_signal_connect (remote->client, "notify::available", G_CALLBACK (on_available), &self);
  g_signal_connect (remote->client, "notify::error", G_CALLBACK (on_error), &self);
  /* How it stands is the first line. */
  on_available (remote->client, NULL, &self);
  if (remote->count != 1)
    g_main_loop_run (loop);

  if (self.status != CLI_EXIT_OK)
    cli_complain ("%s", sentient_client_get_error (remote->client));
  g_signal_handlers_disconnect_by_data (remote->client, &self);
  unfollow (&self);
  g_hash_table_unref (self.watched);
  g_source_remove (ids[0]);
  g_source_remove (ids[1]);
  return self.status;
}

static gboolean
check (CliRemote *remote, GError **error)
{
  if (remote->count >= 0)
    return TRUE;
  cli_usage_error (error, _ ("--count: give a number of lines; 0: no end"));
  return FALSE;
}

const CliCommand cli_command_monitor = {
  .name = "monitor",
  .summary = N_ ("Tell what happens, a line each, until Ctrl-C; also while no daemon is there"),
  .takes = CLI_TAKES_COUNT,
  .needs = CLI_NEEDS_BUS,
  .check = check,
  .run = run,
};
