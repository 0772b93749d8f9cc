/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-talk-page.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "applet/sentient-applet-files.h"
#include "applet/sentient-applet-say.h"
#include "applet/sentient-applet-words.h"

/* To connect may take longer than GDBus waits by itself. */
#define CONNECT_MS 60000

struct _SentientAppletTalkPage
{
  GtkBox parent_instance;

  AdwHeaderBar *header;
  AdwWindowTitle *title;
  GtkWidget *back;
  GtkWidget *connect;
  GtkWidget *disconnect;
  GtkSpinner *spinner;
  GtkLabel *details;
  GtkScrolledWindow *scroller;
  GtkListBox *messages;
  GtkEntry *entry;
  GtkWidget *send;

  SentientClient *client;
  SentientAppletContact *contact;
  GSignalGroup *contact_signals;
  GSignalGroup *connection_signals;
  double upper; /* of the scroller, as it was: whoever is at the end stays there */
};

G_DEFINE_FINAL_TYPE (SentientAppletTalkPage, sentient_applet_talk_page, GTK_TYPE_BOX)

static gboolean
is_connecting (SentientDBusConnection *connection)
{
  const char *state = connection != NULL ? sentient_dbus_connection_get_state (connection) : NULL;

  return g_strcmp0 (state, "connecting") == 0 || g_strcmp0 (state, "new") == 0;
}

static char *
describe_way (SentientDBusConnection *connection)
{
  const char *how = sentient_dbus_connection_get_relayed (connection)
                        ? _ ("Relayed by a TURN server")
                        : _ ("Direct");
  gint64 ms = sentient_dbus_connection_get_round_trip_time (connection);

  if (ms < 0)
    return g_strdup (how);
  return g_strdup_printf (_ ("%s · %d ms"), how, (int)ms);
}

/* NULL: nothing to tell. */
static char *
describe (SentientDBusConnection *connection)
{
  g_autofree char *since = NULL;
  g_autofree char *traffic = NULL;
  g_autofree char *way = NULL;
  const char *pair;

  if (connection == NULL || sentient_dbus_connection_get_connected_at (connection) == 0)
    return NULL;

  since = sentient_applet_describe_time (sentient_dbus_connection_get_connected_at (connection));
  traffic
      = sentient_applet_describe_traffic (sentient_dbus_connection_get_messages_sent (connection),
                                          sentient_dbus_connection_get_messages_received (
                                              connection));
  pair = sentient_dbus_connection_get_candidate_pair (connection);
  if (pair == NULL || *pair == '\0')
    return g_strdup_printf (_ ("Since %s · %s"), since, traffic);
  way = describe_way (connection);
  return g_strdup_printf (_ ("Since %s · %s\n%s\n%s"), since, traffic, way, pair);
}

static void
show (SentientAppletTalkPage *self)
{
  SentientDBusConnection *connection
      = self->contact != NULL ? sentient_applet_contact_get_connection (self->contact) : NULL;
  gboolean connected
      = self->contact != NULL && sentient_applet_contact_is_connected (self->contact);
  gboolean connecting = is_connecting (connection);
  g_autofree char *details = describe (connection);

  g_signal_group_set_target (self->connection_signals, connection);
  adw_window_title_set_title (self->title, self->contact != NULL
                                               ? sentient_applet_contact_get_node_id (self->contact)
                                               : "");
  adw_window_title_set_subtitle (self->title,
                                 sentient_applet_describe_connection (
                                     connection != NULL
                                         ? sentient_dbus_connection_get_state (connection)
                                         : NULL));
  gtk_widget_set_visible (self->connect, !connected && !connecting);
  gtk_widget_set_visible (self->disconnect, connected);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), connecting);
  gtk_spinner_set_spinning (self->spinner, connecting);
  gtk_label_set_label (self->details,
                       details != NULL ? details : _ ("A message connects by itself."));
  gtk_widget_set_sensitive (self->send, gtk_entry_get_text_length (self->entry) > 0);
}

static void
on_changed (SentientAppletTalkPage *self)
{
  gtk_widget_set_sensitive (self->send, gtk_entry_get_text_length (self->entry) > 0);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletTalkPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (reply == NULL)
    sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
on_connect (SentientAppletTalkPage *self)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);

  if (manager == NULL || self->contact == NULL)
    return;
  g_dbus_proxy_call (G_DBUS_PROXY (manager), "ConnectPeer",
                     g_variant_new ("(s)", sentient_applet_contact_get_node_id (self->contact)),
                     G_DBUS_CALL_FLAGS_NONE, CONNECT_MS, NULL, on_connected, g_object_ref (self));
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletTalkPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_connection_call_close_finish (SENTIENT_DBUS_CONNECTION (source), result,
                                                   &error))
    sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
on_disconnect (SentientAppletTalkPage *self)
{
  SentientDBusConnection *connection
      = self->contact != NULL ? sentient_applet_contact_get_connection (self->contact) : NULL;

  if (connection != NULL)
    sentient_dbus_connection_call_close (connection, NULL, on_closed, g_object_ref (self));
}

/* A message on its way, through as many calls as it takes. */
typedef struct
{
  SentientAppletTalkPage *page;
  SentientAppletContact *contact;
  SentientDBusManager *manager;
  char *text;
} Sending;

static void
sending_free (Sending *self)
{
  g_object_unref (self->page);
  g_object_unref (self->contact);
  g_object_unref (self->manager);
  g_free (self->text);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sending, sending_free)

/* What could not be sent is not lost: it goes back where it was typed. */
static void
give_back (Sending *self, GError *error)
{
  SentientAppletTalkPage *page = self->page;

  sentient_applet_say_error (GTK_WIDGET (page), error);
  if (page->contact == self->contact && gtk_entry_get_text_length (page->entry) == 0)
    gtk_editable_set_text (GTK_EDITABLE (page->entry), self->text);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sending) sending = user_data;
  g_autoptr (GError) error = NULL;

  if (sentient_dbus_manager_call_send_finish (sending->manager, result, &error))
    sentient_applet_contact_add_sent (sending->contact, sending->text);
  else
    give_back (sending, error);
}

static void
send_now (Sending *sending)
{
  sentient_dbus_manager_call_send (sending->manager,
                                   sentient_applet_contact_get_node_id (sending->contact),
                                   sentient_applet_text_to_data (sending->text), TRUE, NULL,
                                   on_sent, sending);
}

static void
on_connected_to_send (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sending) sending = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (reply != NULL)
    send_now (g_steal_pointer (&sending));
  else
    give_back (sending, error);
}

static void
on_send (SentientAppletTalkPage *self)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));
  Sending *sending;

  if (manager == NULL || self->contact == NULL || *text == '\0')
    return;

  sending = g_new (Sending, 1);
  sending->page = g_object_ref (self);
  sending->contact = g_object_ref (self->contact);
  sending->manager = g_object_ref (manager);
  sending->text = g_strdup (text);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  if (sentient_applet_contact_is_connected (self->contact))
    send_now (sending);
  else
    g_dbus_proxy_call (G_DBUS_PROXY (manager), "ConnectPeer",
                       g_variant_new ("(s)", sentient_applet_contact_get_node_id (self->contact)),
                       G_DBUS_CALL_FLAGS_NONE, CONNECT_MS, NULL, on_connected_to_send, sending);
}

static void
on_attach (SentientAppletTalkPage *self)
{
  if (self->contact != NULL)
    sentient_applet_send_file (GTK_WIDGET (self), self->client,
                               sentient_applet_contact_get_node_id (self->contact));
}

static GtkWidget *
new_message_row (gpointer item, gpointer user_data)
{
  SentientAppletMessage *message = item;
  gboolean is_own = sentient_applet_message_is_own (message);
  g_autofree char *time = g_date_time_format (sentient_applet_message_get_time (message), "%H:%M");
  g_autofree char *said = g_strdup_printf (is_own ? _ ("You, %s: %s") : _ ("They, %s: %s"), time,
                                           sentient_applet_message_get_text (message));
  GtkWidget *text = gtk_label_new (sentient_applet_message_get_text (message));
  GtkWidget *when = gtk_label_new (time);
  GtkWidget *bubble = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_xalign (GTK_LABEL (when), is_own ? 1 : 0);
  gtk_widget_add_css_class (when, "dim-label");
  gtk_widget_add_css_class (when, "caption");
  gtk_box_append (GTK_BOX (bubble), text);
  gtk_box_append (GTK_BOX (bubble), when);
  gtk_widget_add_css_class (bubble, "sentient-bubble");
  if (is_own)
    gtk_widget_add_css_class (bubble, "own");
  gtk_widget_set_halign (bubble, is_own ? GTK_ALIGN_END : GTK_ALIGN_START);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), bubble);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, said, -1);
  return row;
}

static void
on_upper (GtkAdjustment *adjustment, GParamSpec *pspec, SentientAppletTalkPage *self)
{
  double page = gtk_adjustment_get_page_size (adjustment);
  double value = gtk_adjustment_get_value (adjustment);

  if (value + page >= self->upper - 1)
    gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment) - page);
  self->upper = gtk_adjustment_get_upper (adjustment);
}

static void
note_view (SentientAppletTalkPage *self)
{
  if (self->contact != NULL)
    sentient_applet_contact_set_in_view (self->contact, gtk_widget_get_mapped (GTK_WIDGET (self)));
}

static void
sentient_applet_talk_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sentient_applet_talk_page_parent_class)->map (widget);
  note_view (SENTIENT_APPLET_TALK_PAGE (widget));
}

static void
sentient_applet_talk_page_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sentient_applet_talk_page_parent_class)->unmap (widget);
  note_view (SENTIENT_APPLET_TALK_PAGE (widget));
}

static void
sentient_applet_talk_page_dispose (GObject *object)
{
  SentientAppletTalkPage *self = SENTIENT_APPLET_TALK_PAGE (object);

  g_clear_object (&self->connection_signals);
  g_clear_object (&self->contact_signals);
  g_clear_object (&self->contact);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_talk_page_parent_class)->dispose (object);
}

static void
sentient_applet_talk_page_class_init (SentientAppletTalkPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_talk_page_dispose;
  widget_class->map = sentient_applet_talk_page_map;
  widget_class->unmap = sentient_applet_talk_page_unmap;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/talk-page.ui");
#define BIND(child)                                                                                \
  gtk_widget_class_bind_template_child (widget_class, SentientAppletTalkPage, child)
  BIND (header);
  BIND (title);
  BIND (back);
  BIND (connect);
  BIND (disconnect);
  BIND (spinner);
  BIND (details);
  BIND (scroller);
  BIND (messages);
  BIND (entry);
  BIND (send);
#undef BIND
  gtk_widget_class_bind_template_callback (widget_class, on_attach);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_connect);
  gtk_widget_class_bind_template_callback (widget_class, on_disconnect);
  gtk_widget_class_bind_template_callback (widget_class, on_send);
}

static void
sentient_applet_talk_page_init (SentientAppletTalkPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->contact_signals = g_signal_group_new (SENTIENT_TYPE_APPLET_CONTACT);
  g_signal_group_connect_object (self->contact_signals, "notify::connection", G_CALLBACK (show),
                                 self, G_CONNECT_SWAPPED);
  self->connection_signals = g_signal_group_new (SENTIENT_DBUS_TYPE_CONNECTION_PROXY);
  g_signal_group_connect_object (self->connection_signals, "notify", G_CALLBACK (show), self,
                                 G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller), "notify::upper",
                           G_CALLBACK (on_upper), self, 0);
  show (self);
}

void
sentient_applet_talk_page_set_client (SentientAppletTalkPage *self, SentientClient *client)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
}

void
sentient_applet_talk_page_show (SentientAppletTalkPage *self, SentientAppletContact *contact)
{
  if (self->contact == contact)
    return;

  if (self->contact != NULL)
    sentient_applet_contact_set_in_view (self->contact, FALSE);
  g_set_object (&self->contact, contact);
  g_signal_group_set_target (self->contact_signals, contact);
  self->upper = 0;
  gtk_list_box_bind_model (self->messages,
                           contact != NULL ? sentient_applet_contact_get_messages (contact) : NULL,
                           new_message_row, NULL, NULL);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  note_view (self);
  show (self);
}

void
sentient_applet_talk_page_set_alone (SentientAppletTalkPage *self, gboolean alone)
{
  gtk_widget_set_visible (self->back, TRUE);
  adw_header_bar_set_show_start_title_buttons (self->header, alone);
}
