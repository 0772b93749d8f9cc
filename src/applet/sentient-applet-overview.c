/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-overview.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "applet/sentient-applet-words.h"

#define COUNTERS_MS 1000

struct _SentientAppletOverview
{
  AdwBin parent_instance;

  AdwActionRow *node_row;
  AdwActionRow *node_id_row;
  AdwActionRow *uri_row;
  GtkButton *uri_copy;
  AdwActionRow *coordinator_row;
  AdwActionRow *url_row;
  GtkButton *url_copy;
  AdwActionRow *rooms_row;
  AdwActionRow *connections_row;
  AdwActionRow *messages_row;
  AdwActionRow *bytes_row;
  AdwActionRow *signals_row;
  AdwActionRow *started_row;

  SentientClient *client;
  GSignalGroup *manager_signals;
  GCancellable *asking; /* the counters; NULL: not now */
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (SentientAppletOverview, sentient_applet_overview, ADW_TYPE_BIN)

static void
show_address (AdwActionRow *row, GtkButton *copy, const char *address)
{
  gboolean is_known = address != NULL && *address != '\0';

  adw_action_row_set_subtitle (row, is_known ? address : _ ("None"));
  gtk_widget_set_visible (GTK_WIDGET (copy), is_known);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (copy), "s", is_known ? address : "");
}

/* The daemon names its coordinator as programs here reach it; others need another address. */
static void
say_for_whom (AdwActionRow *row, const char *address)
{
  g_autoptr (GUri) uri = address != NULL ? g_uri_parse (address, G_URI_FLAGS_NONE, NULL) : NULL;
  g_autoptr (GInetAddress) host
      = uri != NULL ? g_inet_address_new_from_string (g_uri_get_host (uri)) : NULL;
  g_autofree char *text = NULL;

  if (host == NULL || !g_inet_address_get_is_loopback (host))
    return;
  text = g_strdup_printf (_ ("%s on this computer"), address);
  adw_action_row_set_subtitle (row, text);
}

static char *
describe_node (SentientDBusManager *manager)
{
  const char *state = sentient_dbus_manager_get_node_state (manager);
  const char *channel
      = sentient_applet_describe_channel (sentient_dbus_manager_get_channel (manager));

  if (g_strcmp0 (state, "connected") == 0)
    return *channel != '\0' ? g_strdup_printf (_ ("Connected %s"), channel)
                            : g_strdup (_ ("Connected"));
  if (g_strcmp0 (state, "connecting") == 0)
    return g_strdup (_ ("Connecting…"));
  if (g_strcmp0 (state, "reconnecting") == 0)
    return g_strdup (_ ("The coordinator is away; connecting again…"));
  return g_strdup (_ ("Stopped"));
}

static char *
describe_coordinator (SentientDBusManager *manager)
{
  guint n = sentient_dbus_manager_get_peer_count (manager);

  if (!sentient_dbus_manager_get_coordinator_running (manager))
    return g_strdup (_ ("Stopped"));
  return g_strdup_printf (ngettext ("Running, %u node is there", "Running, %u nodes are there", n),
                          n);
}

static void
show (SentientAppletOverview *self)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);
  g_autofree char *node = NULL;
  g_autofree char *coordinator = NULL;
  g_autofree char *since = NULL;
  g_autofree char *started = NULL;

  if (manager == NULL)
    return;

  node = describe_node (manager);
  coordinator = describe_coordinator (manager);
  since = sentient_applet_describe_time (sentient_dbus_manager_get_started_at (manager));
  started = g_strdup_printf (_ ("Version %s, since %s"),
                             sentient_dbus_manager_get_version (manager), since);
  adw_action_row_set_subtitle (self->node_row, node);
  adw_action_row_set_subtitle (self->node_id_row, sentient_dbus_manager_get_node_id (manager));
  show_address (self->uri_row, self->uri_copy, sentient_dbus_manager_get_coordinator_uri (manager));
  adw_action_row_set_subtitle (self->coordinator_row, coordinator);
  show_address (self->url_row, self->url_copy, sentient_dbus_manager_get_coordinator_url (manager));
  say_for_whom (self->url_row, sentient_dbus_manager_get_coordinator_url (manager));
  adw_action_row_set_subtitle (self->started_row, started);
}

static void
show_node_counters (SentientAppletOverview *self)
{
  GListModel *connections = sentient_client_get_connections (self->client);
  guint n = g_list_model_get_n_items (connections);
  guint n_open = 0;
  guint n_relayed = 0;
  guint64 sums[4] = { 0 };
  g_autofree char *rooms
      = g_strdup_printf ("%u", g_list_model_get_n_items (sentient_client_get_rooms (self->client)));
  g_autofree char *messages = NULL;
  g_autofree char *bytes = NULL;
  g_autofree char *out = NULL;
  g_autofree char *in = NULL;
  g_autofree char *open = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SentientDBusConnection) connection = g_list_model_get_item (connections, i);

      n_open += g_strcmp0 (sentient_dbus_connection_get_state (connection), "connected") == 0;
      n_relayed += sentient_dbus_connection_get_relayed (connection);
      sums[0] += sentient_dbus_connection_get_messages_sent (connection);
      sums[1] += sentient_dbus_connection_get_messages_received (connection);
      sums[2] += sentient_dbus_connection_get_bytes_sent (connection);
      sums[3] += sentient_dbus_connection_get_bytes_received (connection);
    }

  open = n_relayed > 0 ? g_strdup_printf (_ ("%u of %u open, %u relayed"), n_open, n, n_relayed)
                       : g_strdup_printf (_ ("%u of %u open"), n_open, n);
  messages = sentient_applet_describe_traffic (sums[0], sums[1]);
  out = g_format_size (sums[2]);
  in = g_format_size (sums[3]);
  bytes = g_strdup_printf (_ ("%s sent, %s received"), out, in);
  adw_action_row_set_subtitle (self->rooms_row, rooms);
  adw_action_row_set_subtitle (self->connections_row, open);
  adw_action_row_set_subtitle (self->messages_row, messages);
  adw_action_row_set_subtitle (self->bytes_row, bytes);
}

/* The sum of what was delivered, of all types of signals. */
static gint64
count_signals (JsonObject *coordinator)
{
  JsonObject *types = json_object_has_member (coordinator, "signals")
                          ? json_object_get_object_member (coordinator, "signals")
                          : NULL;
  g_autoptr (GList) each = types != NULL ? json_object_get_values (types) : NULL;
  gint64 n = 0;

  for (GList *l = each; l != NULL; l = l->next)
    if (JSON_NODE_HOLDS_OBJECT (l->data))
      n += json_object_get_int_member_with_default (json_node_get_object (l->data), "delivered", 0);
  return n;
}

static void
show_coordinator_counters (SentientAppletOverview *self, const char *json)
{
  g_autoptr (JsonNode) root = json_from_string (json, NULL);
  JsonObject *object
      = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *node = object != NULL ? json_object_get_member (object, "coordinator") : NULL;
  JsonObject *coordinator
      = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *in = NULL;
  g_autofree char *out = NULL;
  g_autofree char *signals = NULL;
  g_autofree char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->signals_row), coordinator != NULL);
  if (coordinator == NULL)
    return;

  in = g_format_size (json_object_get_int_member_with_default (coordinator, "receivedBytes", 0));
  out = g_format_size (json_object_get_int_member_with_default (coordinator, "sentBytes", 0));
  signals = g_strdup_printf ("%" G_GINT64_FORMAT, count_signals (coordinator));
  text = g_strdup_printf (_ ("%s signals; %s in, %s out"), signals, in, out);
  adw_action_row_set_subtitle (self->signals_row, text);
}

static void
on_statistics (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletOverview) self = user_data;
  g_autofree char *json = NULL;

  g_clear_object (&self->asking);
  if (sentient_dbus_manager_call_get_statistics_finish (SENTIENT_DBUS_MANAGER (source), &json,
                                                        result, NULL))
    show_coordinator_counters (self, json);
}

static gboolean
on_tick (gpointer user_data)
{
  SentientAppletOverview *self = user_data;
  SentientDBusManager *manager
      = self->client != NULL ? sentient_client_get_manager (self->client) : NULL;

  if (manager == NULL)
    return G_SOURCE_CONTINUE;
  show_node_counters (self);
  if (self->asking == NULL)
    {
      self->asking = g_cancellable_new ();
      sentient_dbus_manager_call_get_statistics (manager, self->asking, on_statistics,
                                                 g_object_ref (self));
    }
  return G_SOURCE_CONTINUE;
}

static void
sentient_applet_overview_map (GtkWidget *widget)
{
  SentientAppletOverview *self = SENTIENT_APPLET_OVERVIEW (widget);

  GTK_WIDGET_CLASS (sentient_applet_overview_parent_class)->map (widget);
  on_tick (self);
  if (self->tick_id == 0)
    {
      self->tick_id = g_timeout_add (COUNTERS_MS, on_tick, self);
      g_source_set_name_by_id (self->tick_id, "sentient-applet-counters");
    }
}

static void
sentient_applet_overview_unmap (GtkWidget *widget)
{
  SentientAppletOverview *self = SENTIENT_APPLET_OVERVIEW (widget);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  GTK_WIDGET_CLASS (sentient_applet_overview_parent_class)->unmap (widget);
}

static void
sentient_applet_overview_dispose (GObject *object)
{
  SentientAppletOverview *self = SENTIENT_APPLET_OVERVIEW (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_clear_object (&self->manager_signals);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_overview_parent_class)->dispose (object);
}

static void
sentient_applet_overview_class_init (SentientAppletOverviewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_overview_dispose;
  widget_class->map = sentient_applet_overview_map;
  widget_class->unmap = sentient_applet_overview_unmap;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/overview.ui");
#define BIND(child)                                                                                \
  gtk_widget_class_bind_template_child (widget_class, SentientAppletOverview, child)
  BIND (node_row);
  BIND (node_id_row);
  BIND (uri_row);
  BIND (uri_copy);
  BIND (coordinator_row);
  BIND (url_row);
  BIND (url_copy);
  BIND (rooms_row);
  BIND (connections_row);
  BIND (messages_row);
  BIND (bytes_row);
  BIND (signals_row);
  BIND (started_row);
#undef BIND
}

static void
sentient_applet_overview_init (SentientAppletOverview *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* With the target: an action that takes a string needs one from the start. */
  show_address (self->uri_row, self->uri_copy, NULL);
  show_address (self->url_row, self->url_copy, NULL);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->uri_copy), "app.copy");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->url_copy), "app.copy");
}

static void
on_manager (SentientAppletOverview *self)
{
  g_signal_group_set_target (self->manager_signals, sentient_client_get_manager (self->client));
  show (self);
}

void
sentient_applet_overview_set_client (SentientAppletOverview *self, SentientClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->manager_signals = g_signal_group_new (SENTIENT_DBUS_TYPE_MANAGER_PROXY);
  g_signal_group_connect_object (self->manager_signals, "notify", G_CALLBACK (show), self,
                                 G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "notify::manager", G_CALLBACK (on_manager), self,
                           G_CONNECT_SWAPPED);
  on_manager (self);
}
