/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-room-page.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "applet/sentient-applet-access.h"
#include "applet/sentient-applet-row.h"
#include "applet/sentient-applet-say.h"
#include "applet/sentient-applet-words.h"

struct _SentientAppletRoomPage
{
  GtkBox parent_instance;

  AdwHeaderBar *header;
  AdwWindowTitle *title;
  GtkWidget *back;
  GtkWidget *leave;
  GtkWidget *join;
  GtkListView *members;
  GtkEntry *entry;
  GtkWidget *send;

  SentientClient *client;
  SentientAppletContacts *contacts;
  SentientClientRoom *room;
  GSignalGroup *room_signals;
};

G_DEFINE_FINAL_TYPE (SentientAppletRoomPage, sentient_applet_room_page, GTK_TYPE_BOX)

static void
show (SentientAppletRoomPage *self)
{
  SentientDBusRoom *proxy = self->room != NULL ? sentient_client_room_get_proxy (self->room) : NULL;
  gboolean joined = proxy != NULL && sentient_dbus_room_get_joined (proxy);
  guint n = proxy != NULL ? sentient_dbus_room_get_member_count (proxy) : 0;
  const char *name = proxy != NULL ? sentient_dbus_room_get_name (proxy) : NULL;
  g_autofree char *count = g_strdup_printf (ngettext ("%u member", "%u members", n), n);

  adw_window_title_set_title (self->title, name != NULL ? name : "");
  adw_window_title_set_subtitle (self->title, count);
  if (!joined)
    sentient_applet_release_focus (GTK_WIDGET (self));
  gtk_widget_set_visible (self->leave, joined);
  gtk_widget_set_visible (self->join, proxy != NULL && !joined);
  gtk_widget_set_sensitive (GTK_WIDGET (self->entry), joined);
  gtk_widget_set_sensitive (self->send, joined && gtk_entry_get_text_length (self->entry) > 0);
}

static void
on_changed (SentientAppletRoomPage *self)
{
  show (self);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletRoomPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_room_call_leave_finish (SENTIENT_DBUS_ROOM (source), result, &error))
    sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
on_leave (SentientAppletRoomPage *self)
{
  if (self->room != NULL)
    sentient_dbus_room_call_leave (sentient_client_room_get_proxy (self->room), NULL, on_left,
                                   g_object_ref (self));
}

static void
on_join (SentientAppletRoomPage *self)
{
  if (self->room != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.join", "s",
                                sentient_client_room_get_name (self->room));
}

/* Those that it went to, as far as is known here, have it in their conversation. */
static void
note_sent (SentientAppletRoomPage *self, GListModel *members, const char *text)
{
  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (SentientDBusMember) member = g_list_model_get_item (members, i);
      SentientDBusConnection *connection;

      connection = sentient_client_find_connection (self->client,
                                                    sentient_dbus_member_get_node_id (member));
      if (connection != NULL
          && g_strcmp0 (sentient_dbus_connection_get_state (connection), "connected") == 0)
        sentient_applet_contact_add_sent (
            sentient_applet_contacts_get (self->contacts,
                                          sentient_dbus_member_get_node_id (member)),
            text);
    }
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletRoomPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *said = NULL;
  guint n;

  if (!sentient_dbus_room_call_broadcast_finish (SENTIENT_DBUS_ROOM (source), &n, result, &error))
    {
      sentient_applet_say_error (GTK_WIDGET (self), error);
      return;
    }
  if (n == 0)
    {
      sentient_applet_say (GTK_WIDGET (self),
                           _ ("Nobody is connected yet: choose a member and connect to it first"));
      return;
    }

  if (self->room != NULL && sentient_client_room_get_proxy (self->room) == (gpointer)source)
    {
      note_sent (self, sentient_client_room_get_members (self->room),
                 gtk_editable_get_text (GTK_EDITABLE (self->entry)));
      gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
    }
  said = g_strdup_printf (ngettext ("Sent to %u node", "Sent to %u nodes", n), n);
  sentient_applet_say (GTK_WIDGET (self), said);
}

static void
on_send (SentientAppletRoomPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  if (self->room == NULL || *text == '\0')
    return;
  sentient_dbus_room_call_broadcast (sentient_client_room_get_proxy (self->room),
                                     sentient_applet_text_to_data (text), TRUE, NULL, on_sent,
                                     g_object_ref (self));
}

static void
on_member_activated (SentientAppletRoomPage *self, guint position)
{
  g_autoptr (SentientDBusMember) member
      = g_list_model_get_item (sentient_client_room_get_members (self->room), position);

  if (!sentient_dbus_member_get_self (member))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-contact", "s",
                                sentient_dbus_member_get_node_id (member));
}

static void
show_member (SentientAppletRow *row, gpointer item, gpointer user_data)
{
  SentientAppletRoomPage *self = user_data;
  SentientDBusMember *member = item;
  const char *node_id = sentient_dbus_member_get_node_id (member);
  const char *name = sentient_dbus_member_get_name (member);
  SentientAppletContact *contact = sentient_applet_contacts_get (self->contacts, node_id);
  SentientDBusConnection *connection = sentient_applet_contact_get_connection (contact);
  gboolean connected = sentient_applet_contact_is_connected (contact);
  g_autofree char *how = NULL;
  g_autofree char *subtitle = NULL;

  sentient_applet_row_watch (row, contact);
  if (sentient_dbus_member_get_self (member))
    how = g_strdup (_ ("this node"));
  else if (!sentient_dbus_member_get_online (member) && !connected)
    how = g_strdup (_ ("offline"));
  else
    how = sentient_applet_describe_way (connection);
  subtitle
      = g_strcmp0 (name, node_id) != 0 ? g_strdup_printf ("%s · %s", node_id, how) : g_strdup (how);
  sentient_applet_row_set (row,
                           connected || sentient_dbus_member_get_self (member)
                               ? "user-available-symbolic"
                               : (sentient_dbus_member_get_online (member)
                                      ? "user-idle-symbolic"
                                      : "user-offline-symbolic"),
                           name, subtitle, sentient_applet_contact_get_unread (contact));
}

static void
sentient_applet_room_page_dispose (GObject *object)
{
  SentientAppletRoomPage *self = SENTIENT_APPLET_ROOM_PAGE (object);

  if (self->members != NULL)
    gtk_list_view_set_model (self->members, NULL);
  g_clear_object (&self->room_signals);
  g_clear_object (&self->room);
  g_clear_object (&self->contacts);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_room_page_parent_class)->dispose (object);
}

static void
sentient_applet_room_page_class_init (SentientAppletRoomPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_room_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/room-page.ui");
#define BIND(child)                                                                                \
  gtk_widget_class_bind_template_child (widget_class, SentientAppletRoomPage, child)
  BIND (header);
  BIND (title);
  BIND (back);
  BIND (leave);
  BIND (join);
  BIND (members);
  BIND (entry);
  BIND (send);
#undef BIND
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_join);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
  gtk_widget_class_bind_template_callback (widget_class, on_member_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_send);
}

static void
sentient_applet_room_page_init (SentientAppletRoomPage *self)
{
  g_autoptr (GtkListItemFactory) factory = sentient_applet_row_factory_new (show_member, self);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_list_view_set_factory (self->members, factory);
  self->room_signals = g_signal_group_new (SENTIENT_DBUS_TYPE_ROOM_PROXY);
  g_signal_group_connect_object (self->room_signals, "notify", G_CALLBACK (show), self,
                                 G_CONNECT_SWAPPED);
  show (self);
}

void
sentient_applet_room_page_set_client (SentientAppletRoomPage *self,
                                      SentientClient *client,
                                      SentientAppletContacts *contacts)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  self->contacts = g_object_ref (contacts);
}

void
sentient_applet_room_page_show (SentientAppletRoomPage *self, SentientClientRoom *room)
{
  g_autoptr (GtkSelectionModel) model = NULL;

  if (self->room == room)
    return;

  g_set_object (&self->room, room);
  g_signal_group_set_target (self->room_signals,
                             room != NULL ? sentient_client_room_get_proxy (room) : NULL);
  if (room != NULL)
    model = GTK_SELECTION_MODEL (
        gtk_no_selection_new (g_object_ref (sentient_client_room_get_members (room))));
  gtk_list_view_set_model (self->members, model);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  show (self);
}

SentientClientRoom *
sentient_applet_room_page_get_room (SentientAppletRoomPage *self)
{
  return self->room;
}

void
sentient_applet_room_page_set_alone (SentientAppletRoomPage *self, gboolean alone)
{
  gtk_widget_set_visible (self->back, alone);
  adw_header_bar_set_show_start_title_buttons (self->header, alone);
}
