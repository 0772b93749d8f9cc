/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-transfer-row.h"

#include <glib/gi18n.h>
#include <string.h>

#include "applet/sentient-applet-files.h"
#include "applet/sentient-applet-say.h"

struct _SentientAppletTransferRow
{
  GtkListBoxRow parent_instance;

  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *subtitle;
  GtkWidget *cancel;
  GtkProgressBar *bar;
  GtkWidget *answer;
  GtkWidget *accept;
  GtkWidget *refuse;

  SentientClient *client;
  SentientDBusTransfer *transfer;
};

G_DEFINE_FINAL_TYPE (SentientAppletTransferRow, sentient_applet_transfer_row, GTK_TYPE_LIST_BOX_ROW)

static gboolean
is_outgoing (SentientDBusTransfer *transfer)
{
  return g_strcmp0 (sentient_dbus_transfer_get_direction (transfer), "outgoing") == 0;
}

static gboolean
is_in_state (SentientDBusTransfer *transfer, const char *state)
{
  return g_strcmp0 (sentient_dbus_transfer_get_state (transfer), state) == 0;
}

static void
append (GString *text, char *part)
{
  g_autofree char *owned = part;

  if (owned != NULL)
    g_string_append_printf (text, " · %s", owned);
}

static char *
dup_remaining (SentientDBusTransfer *transfer)
{
  gint64 seconds = sentient_dbus_transfer_get_remaining (transfer);

  if (seconds < 0)
    return NULL;
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second left", "%d seconds left", (gulong)seconds),
                            (int)seconds);
  if (seconds < 3600)
    return g_strdup_printf (ngettext ("%d minute left", "%d minutes left", (gulong)seconds / 60),
                            (int)(seconds / 60));
  return g_strdup_printf (ngettext ("%d hour left", "%d hours left", (gulong)seconds / 3600),
                          (int)MIN (seconds / 3600, 999));
}

static char *
dup_amount (SentientDBusTransfer *transfer)
{
  gint64 size = sentient_dbus_transfer_get_size (transfer);
  g_autofree char *done = g_format_size (sentient_dbus_transfer_get_transferred (transfer));
  g_autofree char *all = size >= 0 ? g_format_size ((guint64)size) : NULL;

  if (!is_in_state (transfer, "active"))
    return g_steal_pointer (&all);
  return all != NULL ? g_strdup_printf (_ ("%s of %s"), done, all) : g_steal_pointer (&done);
}

static char *
dup_rate (SentientDBusTransfer *transfer)
{
  guint64 rate = sentient_dbus_transfer_get_rate (transfer);
  g_autofree char *text = g_format_size (rate);

  return rate > 0 ? g_strdup_printf (_ ("%s/s"), text) : NULL;
}

/* Without the name of the file and the node in front, which the row has. */
static const char *
get_reason (SentientDBusTransfer *transfer)
{
  const char *error = sentient_dbus_transfer_get_error (transfer);
  g_autofree char *title
      = g_strdup_printf (is_outgoing (transfer) ? "“%s” to “%s”: " : "“%s” from “%s”: ",
                         sentient_dbus_transfer_get_name (transfer),
                         sentient_dbus_transfer_get_node_id (transfer));

  if (error == NULL)
    return "";
  return g_str_has_prefix (error, title) ? error + strlen (title) : error;
}

static char *
describe (SentientDBusTransfer *transfer)
{
  const char *node_id = sentient_dbus_transfer_get_node_id (transfer);
  const char *file = sentient_dbus_transfer_get_file (transfer);
  const char *error = get_reason (transfer);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, is_outgoing (transfer) ? _ ("To %s") : _ ("From %s"), node_id);
  append (text, dup_amount (transfer));
  if (is_in_state (transfer, "offered") && is_outgoing (transfer))
    append (text, g_strdup (_ ("waits for an answer")));
  else if (is_in_state (transfer, "active"))
    {
      append (text, dup_rate (transfer));
      append (text, dup_remaining (transfer));
    }
  else if (is_in_state (transfer, "done"))
    append (text, g_strdup (is_outgoing (transfer) ? _ ("sent") : _ ("received")));
  if (*error != '\0')
    g_string_append_printf (text, "\n%s", error);
  if (file != NULL && *file != '\0')
    g_string_append_printf (text, "\n%s", file);
  return g_string_free (text, FALSE);
}

/* Takes text. */
static void
name_button (GtkWidget *button, char *text)
{
  g_autofree char *owned = text;

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, owned,
                                  -1);
}

static void
show_progress (SentientAppletTransferRow *self)
{
  gint64 size = sentient_dbus_transfer_get_size (self->transfer);
  guint64 done = sentient_dbus_transfer_get_transferred (self->transfer);

  gtk_widget_set_visible (GTK_WIDGET (self->bar), is_in_state (self->transfer, "active"));
  if (size > 0)
    gtk_progress_bar_set_fraction (self->bar, (double)done / (double)size);
  else
    gtk_progress_bar_pulse (self->bar);
}

static const char *
get_icon (SentientDBusTransfer *transfer)
{
  if (is_in_state (transfer, "cancelled") || is_in_state (transfer, "refused"))
    return "process-stop-symbolic";
  if (is_in_state (transfer, "failed"))
    return "dialog-warning-symbolic";
  return is_outgoing (transfer) ? "go-up-symbolic" : "go-down-symbolic";
}

static void
show (SentientAppletTransferRow *self)
{
  SentientDBusTransfer *transfer = self->transfer;
  gboolean is_over = sentient_client_transfer_is_over (transfer);
  gboolean is_asked = is_in_state (transfer, "offered") && !is_outgoing (transfer);
  const char *name = sentient_dbus_transfer_get_name (transfer);
  g_autofree char *text = describe (transfer);

  gtk_image_set_from_icon_name (self->icon, get_icon (transfer));
  gtk_label_set_label (self->title, name);
  gtk_label_set_label (self->subtitle, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), text);
  gtk_widget_set_visible (self->answer, is_asked);
  gtk_widget_set_visible (self->cancel, !is_over && !is_asked);
  show_progress (self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void
on_accept (SentientAppletTransferRow *self)
{
  sentient_applet_take_file (GTK_WIDGET (self), self->client, self->transfer);
}

static void
on_refused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletTransferRow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_transfer_call_refuse_finish (SENTIENT_DBUS_TRANSFER (source), result, &error))
    sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
on_refuse (SentientAppletTransferRow *self)
{
  sentient_dbus_transfer_call_refuse (self->transfer, "", NULL, on_refused, g_object_ref (self));
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientAppletTransferRow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_dbus_transfer_call_cancel_finish (SENTIENT_DBUS_TRANSFER (source), result, &error))
    sentient_applet_say_error (GTK_WIDGET (self), error);
}

static void
on_cancel (SentientAppletTransferRow *self)
{
  sentient_dbus_transfer_call_cancel (self->transfer, NULL, on_cancelled, g_object_ref (self));
}

static void
sentient_applet_transfer_row_dispose (GObject *object)
{
  SentientAppletTransferRow *self = SENTIENT_APPLET_TRANSFER_ROW (object);

  if (self->transfer != NULL)
    g_signal_handlers_disconnect_by_data (self->transfer, self);
  g_clear_object (&self->transfer);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_transfer_row_parent_class)->dispose (object);
}

static void
sentient_applet_transfer_row_class_init (SentientAppletTransferRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_transfer_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/transfer-row.ui");
#define BIND(child)                                                                                \
  gtk_widget_class_bind_template_child (widget_class, SentientAppletTransferRow, child)
  BIND (icon);
  BIND (title);
  BIND (subtitle);
  BIND (cancel);
  BIND (bar);
  BIND (answer);
  BIND (accept);
  BIND (refuse);
#undef BIND
  gtk_widget_class_bind_template_callback (widget_class, on_accept);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_refuse);
}

static void
sentient_applet_transfer_row_init (SentientAppletTransferRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sentient_applet_transfer_row_new (SentientClient *client, SentientDBusTransfer *transfer)
{
  SentientAppletTransferRow *self = g_object_new (SENTIENT_TYPE_APPLET_TRANSFER_ROW, NULL);
  const char *name = sentient_dbus_transfer_get_name (transfer);

  self->client = g_object_ref (client);
  self->transfer = g_object_ref (transfer);
  name_button (self->accept, g_strdup_printf (_ ("Accept %s"), name));
  name_button (self->refuse, g_strdup_printf (_ ("Refuse %s"), name));
  name_button (self->cancel, g_strdup_printf (_ ("Cancel %s"), name));
  g_signal_connect_object (transfer, "notify", G_CALLBACK (show), self, G_CONNECT_SWAPPED);
  show (self);
  return GTK_WIDGET (self);
}
