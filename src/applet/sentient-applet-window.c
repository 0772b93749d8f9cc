/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-window.h"

#include <glib/gi18n.h>

#include "applet/sentient-applet-access.h"
#include "applet/sentient-applet-files-page.h"
#include "applet/sentient-applet-overview.h"
#include "applet/sentient-applet-room-page.h"
#include "applet/sentient-applet-row.h"
#include "applet/sentient-applet-say.h"
#include "applet/sentient-applet-talk-page.h"
#include "applet/sentient-applet-words.h"

struct _SentientAppletWindow
{
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  GtkStack *faces;
  AdwStatusPage *away_page;
  GtkWidget *start_button;
  AdwLeaflet *leaflet;
  GtkWidget *sidebar;
  AdwWindowTitle *title;
  GtkRevealer *banner;
  GtkLabel *banner_text;
  AdwViewStack *views;
  AdwViewStackPage *connections_page;
  AdwViewStackPage *files_page;
  SentientAppletFilesPage *files;
  SentientAppletOverview *overview;
  GtkEntry *join_entry;
  GtkWidget *join_button;
  GtkStack *rooms_stack;
  GtkListView *rooms;
  GtkStack *connections_stack;
  GtkListView *connections;
  GtkStack *panes;
  SentientAppletRoomPage *room_page;
  SentientAppletTalkPage *talk_page;

  SentientClient *client;
  SentientAppletContacts *contacts;
  GSignalGroup *manager_signals;
  char *trouble;
  gboolean can_start;
  char *awaited_room; /* to be shown as soon as it is there */
};

G_DEFINE_FINAL_TYPE (SentientAppletWindow, sentient_applet_window, ADW_TYPE_APPLICATION_WINDOW)

static void
show_pane (SentientAppletWindow *self, const char *name)
{
  sentient_applet_release_focus (GTK_WIDGET (self->panes));
  gtk_stack_set_visible_child_name (self->panes, name);
  adw_leaflet_set_visible_child (self->leaflet, GTK_WIDGET (self->panes));
}

static void
show_room (SentientAppletWindow *self, SentientClientRoom *room)
{
  sentient_applet_talk_page_show (self->talk_page, NULL);
  sentient_applet_room_page_show (self->room_page, room);
  show_pane (self, "room");
}

static void
show_contact (SentientAppletWindow *self, const char *node_id)
{
  sentient_applet_talk_page_show (self->talk_page,
                                  sentient_applet_contacts_get (self->contacts, node_id));
  show_pane (self, "talk");
}

/* From a conversation to the room that it was chosen in, from a room to the lists. */
static void
go_back (SentientAppletWindow *self)
{
  if (g_strcmp0 (gtk_stack_get_visible_child_name (self->panes), "talk") == 0
      && sentient_applet_room_page_get_room (self->room_page) != NULL)
    {
      sentient_applet_talk_page_show (self->talk_page, NULL);
      show_pane (self, "room");
      return;
    }
  sentient_applet_release_focus (GTK_WIDGET (self->panes));
  adw_leaflet_set_visible_child (self->leaflet, self->sidebar);
  gtk_stack_set_visible_child_name (self->panes, "nothing");
  sentient_applet_room_page_show (self->room_page, NULL);
  sentient_applet_talk_page_show (self->talk_page, NULL);
}

static void
on_back (GtkWidget *widget, const char *name, GVariant *parameter)
{
  go_back (SENTIENT_APPLET_WINDOW (widget));
}

static void
say (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SentientAppletWindow *self = SENTIENT_APPLET_WINDOW (widget);
  g_autofree char *markup = g_markup_escape_text (g_variant_get_string (parameter, NULL), -1);
  AdwToast *toast = adw_toast_new (markup);

  /* At once, not after those before it. */
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
on_dismiss (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_revealer_set_reveal_child (SENTIENT_APPLET_WINDOW (widget)->banner, FALSE);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_dbus_manager_call_join_finish (SENTIENT_DBUS_MANAGER (source), NULL, result, &error))
    return;
  g_clear_pointer (&self->awaited_room, g_free);
  sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
join (SentientAppletWindow *self, const char *room)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);
  SentientClientRoom *known = sentient_client_find_room (self->client, room);

  if (manager == NULL)
    return;
  g_free (self->awaited_room);
  self->awaited_room = NULL;
  if (known != NULL)
    show_room (self, known);
  else
    self->awaited_room = g_strdup (room);
  sentient_dbus_manager_call_join (manager, room, "", NULL, on_joined, g_object_ref (self));
}

static void
on_join_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  join (SENTIENT_APPLET_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
on_show_contact (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_contact (SENTIENT_APPLET_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
on_join (SentientAppletWindow *self)
{
  g_autofree char *room = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->join_entry)));

  g_strstrip (room);
  if (*room == '\0')
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->join_entry), "");
  join (self, room);
}

static void
on_join_entry_changed (SentientAppletWindow *self)
{
  gtk_widget_set_sensitive (self->join_button, gtk_entry_get_text_length (self->join_entry) > 0);
}

static void
on_room_activated (SentientAppletWindow *self, guint position)
{
  g_autoptr (SentientClientRoom) room
      = g_list_model_get_item (sentient_client_get_rooms (self->client), position);

  show_room (self, room);
}

static void
on_connection_activated (SentientAppletWindow *self, guint position)
{
  g_autoptr (SentientDBusConnection) connection
      = g_list_model_get_item (sentient_client_get_connections (self->client), position);

  sentient_applet_room_page_show (self->room_page, NULL);
  show_contact (self, sentient_dbus_connection_get_node_id (connection));
}

static void
show_room_row (SentientAppletRow *row, gpointer item, gpointer user_data)
{
  SentientDBusRoom *proxy = sentient_client_room_get_proxy (item);
  guint n = sentient_dbus_room_get_member_count (proxy);
  g_autofree char *count = g_strdup_printf (ngettext ("%u member", "%u members", n), n);
  g_autofree char *subtitle = NULL;

  sentient_applet_row_watch (row, proxy);
  if (sentient_dbus_room_get_joined (proxy))
    subtitle = g_strdup_printf (_ ("Joined · %s"), count);
  else
    subtitle = g_strdup_printf (_ ("Not joined · %s"), count);
  sentient_applet_row_set (row, "system-users-symbolic", sentient_dbus_room_get_name (proxy),
                           subtitle, 0);
}

static void
show_connection_row (SentientAppletRow *row, gpointer item, gpointer user_data)
{
  SentientAppletWindow *self = user_data;
  const char *node_id = sentient_dbus_connection_get_node_id (item);
  const char *room = sentient_dbus_connection_get_room (item);
  const char *state = sentient_dbus_connection_get_state (item);
  g_autofree char *how = sentient_applet_describe_way (item);
  SentientAppletContact *contact = sentient_applet_contacts_get (self->contacts, node_id);
  g_autofree char *subtitle = room != NULL && *room != '\0'
                                  ? g_strdup_printf (_ ("%s · met in %s"), how, room)
                                  : g_strdup (how);

  sentient_applet_row_watch (row, contact);
  sentient_applet_row_set (row,
                           g_strcmp0 (state, "connected") == 0 ? "network-transmit-receive-symbolic"
                                                               : "network-idle-symbolic",
                           node_id, subtitle, sentient_applet_contact_get_unread (contact));
}

static gboolean
is_listed (GListModel *list, gpointer wanted)
{
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);

      if (item == wanted)
        return TRUE;
    }
  return FALSE;
}

static void
on_rooms (SentientAppletWindow *self)
{
  GListModel *rooms = sentient_client_get_rooms (self->client);
  SentientClientRoom *shown = sentient_applet_room_page_get_room (self->room_page);
  SentientClientRoom *awaited = self->awaited_room != NULL
                                    ? sentient_client_find_room (self->client, self->awaited_room)
                                    : NULL;

  gtk_stack_set_visible_child_name (self->rooms_stack,
                                    g_list_model_get_n_items (rooms) > 0 ? "list" : "empty");
  if (shown != NULL && !is_listed (rooms, shown))
    {
      gboolean in_front = g_strcmp0 (gtk_stack_get_visible_child_name (self->panes), "room") == 0;

      sentient_applet_room_page_show (self->room_page, NULL);
      if (in_front)
        go_back (self);
    }
  if (awaited != NULL)
    {
      g_clear_pointer (&self->awaited_room, g_free);
      show_room (self, awaited);
    }
}

static void
on_connections (SentientAppletWindow *self)
{
  GListModel *connections = sentient_client_get_connections (self->client);

  gtk_stack_set_visible_child_name (self->connections_stack,
                                    g_list_model_get_n_items (connections) > 0 ? "list" : "empty");
}

static void
on_unread (SentientAppletWindow *self)
{
  adw_view_stack_page_set_badge_number (self->connections_page,
                                        sentient_applet_contacts_get_unread (self->contacts));
}

void
sentient_applet_window_show_files (SentientAppletWindow *self)
{
  adw_leaflet_set_visible_child (self->leaflet, self->sidebar);
  adw_view_stack_set_visible_child_name (self->views, "files");
}

gboolean
sentient_applet_window_shows_files (SentientAppletWindow *self)
{
  return gtk_window_is_active (GTK_WINDOW (self))
         && gtk_widget_get_mapped (GTK_WIDGET (self->files));
}

static void
show_away (SentientAppletWindow *self)
{
  const char *text
      = self->trouble != NULL ? self->trouble : sentient_client_get_error (self->client);
  g_autofree char *markup = g_markup_escape_text (text != NULL ? text : "", -1);

  adw_status_page_set_description (self->away_page, markup);
  gtk_widget_set_visible (self->start_button, self->can_start);
}

static void
show_state (SentientAppletWindow *self)
{
  g_autofree char *state = sentient_applet_describe_state (self->client);
  g_autofree char *node = sentient_applet_describe_node (self->client);

  adw_window_title_set_title (self->title, node);
  adw_window_title_set_subtitle (self->title, state);
}

static void
show_error (SentientAppletWindow *self, const char *text)
{
  gboolean is_error = text != NULL && *text != '\0';

  if (is_error)
    gtk_label_set_label (self->banner_text, text);
  gtk_revealer_set_reveal_child (self->banner, is_error);
}

static void
on_last_error (SentientAppletWindow *self)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);

  if (manager != NULL)
    show_error (self, sentient_dbus_manager_get_last_error (manager));
}

static void
on_failed (SentientAppletWindow *self, const char *name, const char *message)
{
  show_error (self, message);
}

static void
on_manager (SentientAppletWindow *self)
{
  gboolean available = sentient_client_is_available (self->client);

  g_signal_group_set_target (self->manager_signals, sentient_client_get_manager (self->client));
  if (available)
    g_clear_pointer (&self->trouble, g_free);
  else
    go_back (self);
  show_away (self);
  show_state (self);
  on_last_error (self);
  sentient_applet_release_focus (GTK_WIDGET (self->faces));
  gtk_stack_set_visible_child_name (self->faces, available ? "here" : "away");
}

static void
on_folded (SentientAppletWindow *self)
{
  gboolean folded = adw_leaflet_get_folded (self->leaflet);

  sentient_applet_room_page_set_alone (self->room_page, folded);
  sentient_applet_talk_page_set_alone (self->talk_page, folded);
}

static void
sentient_applet_window_dispose (GObject *object)
{
  SentientAppletWindow *self = SENTIENT_APPLET_WINDOW (object);

  /* Their rows ask us. */
  if (self->rooms != NULL)
    gtk_list_view_set_model (self->rooms, NULL);
  if (self->connections != NULL)
    gtk_list_view_set_model (self->connections, NULL);
  g_clear_object (&self->manager_signals);
  g_clear_object (&self->contacts);
  g_clear_object (&self->client);
  g_clear_pointer (&self->trouble, g_free);
  g_clear_pointer (&self->awaited_room, g_free);
  G_OBJECT_CLASS (sentient_applet_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, SentientAppletWindow, child)
  BIND (toasts);
  BIND (faces);
  BIND (away_page);
  BIND (start_button);
  BIND (leaflet);
  BIND (sidebar);
  BIND (title);
  BIND (banner);
  BIND (banner_text);
  BIND (views);
  BIND (connections_page);
  BIND (files_page);
  BIND (files);
  BIND (overview);
  BIND (join_entry);
  BIND (join_button);
  BIND (rooms_stack);
  BIND (rooms);
  BIND (connections_stack);
  BIND (connections);
  BIND (panes);
  BIND (room_page);
  BIND (talk_page);
#undef BIND
}

static void
sentient_applet_window_class_init (SentientAppletWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (SENTIENT_TYPE_APPLET_FILES_PAGE);
  g_type_ensure (SENTIENT_TYPE_APPLET_OVERVIEW);
  g_type_ensure (SENTIENT_TYPE_APPLET_ROOM_PAGE);
  g_type_ensure (SENTIENT_TYPE_APPLET_TALK_PAGE);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sentient/Sentient/ui/window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_connection_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_join);
  gtk_widget_class_bind_template_callback (widget_class, on_join_entry_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_room_activated);

  gtk_widget_class_install_action (widget_class, "win.back", NULL, on_back);
  gtk_widget_class_install_action (widget_class, "win.dismiss", NULL, on_dismiss);
  gtk_widget_class_install_action (widget_class, "win.join", "s", on_join_action);
  gtk_widget_class_install_action (widget_class, "win.say", "s", say);
  gtk_widget_class_install_action (widget_class, "win.show-contact", "s", on_show_contact);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Left, GDK_ALT_MASK, "win.back", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close",
                                       NULL);
}

static void
sentient_applet_window_init (SentientAppletWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->can_start = TRUE;
  sentient_applet_read_shown_only (GTK_WIDGET (self->faces));
  sentient_applet_read_shown_only (GTK_WIDGET (self->leaflet));
  sentient_applet_read_shown_only (GTK_WIDGET (self->panes));
  sentient_applet_read_shown_only (GTK_WIDGET (self->views));
  sentient_applet_read_shown_only (GTK_WIDGET (self->rooms_stack));
  sentient_applet_read_shown_only (GTK_WIDGET (self->connections_stack));
  g_signal_connect_object (self->leaflet, "notify::folded", G_CALLBACK (on_folded), self,
                           G_CONNECT_SWAPPED);
  on_folded (self);
}

static void
show_list (SentientAppletWindow *self,
           GtkListView *view,
           GListModel *list,
           SentientAppletRowFunc func)
{
  g_autoptr (GtkSelectionModel) model
      = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (list)));
  g_autoptr (GtkListItemFactory) factory = sentient_applet_row_factory_new (func, self);

  gtk_list_view_set_factory (view, factory);
  gtk_list_view_set_model (view, model);
}

SentientAppletWindow *
sentient_applet_window_new (GtkApplication *application,
                            SentientClient *client,
                            SentientAppletContacts *contacts)
{
  SentientAppletWindow *self
      = g_object_new (SENTIENT_TYPE_APPLET_WINDOW, "application", application, NULL);

  self->client = g_object_ref (client);
  self->contacts = g_object_ref (contacts);
  self->manager_signals = g_signal_group_new (SENTIENT_DBUS_TYPE_MANAGER_PROXY);
  g_signal_group_connect_object (self->manager_signals, "notify", G_CALLBACK (show_state), self,
                                 G_CONNECT_SWAPPED);
  g_signal_group_connect_object (self->manager_signals, "notify::last-error",
                                 G_CALLBACK (on_last_error), self, G_CONNECT_SWAPPED);

  sentient_applet_overview_set_client (self->overview, client);
  sentient_applet_room_page_set_client (self->room_page, client, contacts);
  sentient_applet_talk_page_set_client (self->talk_page, client);
  sentient_applet_files_page_set_client (self->files, client);
  g_object_bind_property (self->files, "offers", self->files_page, "badge-number",
                          G_BINDING_SYNC_CREATE);
  show_list (self, self->rooms, sentient_client_get_rooms (client), show_room_row);
  show_list (self, self->connections, sentient_client_get_connections (client),
             show_connection_row);

  g_signal_connect_object (client, "notify::manager", G_CALLBACK (on_manager), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "notify::error", G_CALLBACK (show_away), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (client, "failed", G_CALLBACK (on_failed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sentient_client_get_rooms (client), "items-changed",
                           G_CALLBACK (on_rooms), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sentient_client_get_connections (client), "items-changed",
                           G_CALLBACK (on_connections), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (contacts, "notify::unread", G_CALLBACK (on_unread), self,
                           G_CONNECT_SWAPPED);
  on_manager (self);
  on_rooms (self);
  on_connections (self);
  on_unread (self);
  return self;
}

void
sentient_applet_window_set_trouble (SentientAppletWindow *self,
                                    const char *trouble,
                                    gboolean can_start)
{
  g_free (self->trouble);
  self->trouble = g_strdup (trouble);
  self->can_start = can_start;
  show_away (self);
}
