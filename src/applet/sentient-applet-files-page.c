/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-files-page.h"

#include "applet/sentient-applet-access.h"
#include "applet/sentient-applet-transfer-row.h"

struct _SentientAppletFilesPage
{
  AdwBin parent_instance;

  GtkStack *stack;
  GtkListBox *list;

  SentientClient *client;
  guint offers;
};

typedef enum
{
  PROP_OFFERS = 1,
} SentientAppletFilesPageProperty;

static GParamSpec *properties[PROP_OFFERS + 1];

G_DEFINE_FINAL_TYPE (SentientAppletFilesPage, sentient_applet_files_page, ADW_TYPE_BIN)

static void
sentient_applet_files_page_get_property (GObject *object,
                                         guint prop_id,
                                         GValue *value,
                                         GParamSpec *pspec)
{
  SentientAppletFilesPage *self = SENTIENT_APPLET_FILES_PAGE (object);

  switch ((SentientAppletFilesPageProperty)prop_id)
    {
    case PROP_OFFERS:
      g_value_set_uint (value, self->offers);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
count_offers (SentientAppletFilesPage *self)
{
  GListModel *transfers = sentient_client_get_transfers (self->client);
  guint offers = 0;

  for (guint i = 0; i < g_list_model_get_n_items (transfers); i++)
    {
      g_autoptr (SentientDBusTransfer) transfer = g_list_model_get_item (transfers, i);

      offers += g_strcmp0 (sentient_dbus_transfer_get_state (transfer), "offered") == 0
                && g_strcmp0 (sentient_dbus_transfer_get_direction (transfer), "incoming") == 0;
    }
  if (offers == self->offers)
    return;
  self->offers = offers;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OFFERS]);
}

static void
on_transfers (SentientAppletFilesPage *self)
{
  GListModel *transfers = sentient_client_get_transfers (self->client);

  gtk_stack_set_visible_child_name (self->stack,
                                    g_list_model_get_n_items (transfers) > 0 ? "list" : "empty");
  count_offers (self);
}

static GtkWidget *
new_row (gpointer item, gpointer user_data)
{
  SentientAppletFilesPage *self = user_data;

  g_signal_connect_object (item, "notify::state", G_CALLBACK (count_offers), self,
                           G_CONNECT_SWAPPED);
  return sentient_applet_transfer_row_new (self->client, item);
}

static int
compare_newest_first (gconstpointer a, gconstpointer b, gpointer user_data)
{
  guint64 left = sentient_client_get_transfer_number ((gpointer)a);
  guint64 right = sentient_client_get_transfer_number ((gpointer)b);

  return left > right ? -1 : left < right;
}

static void
sentient_applet_files_page_dispose (GObject *object)
{
  SentientAppletFilesPage *self = SENTIENT_APPLET_FILES_PAGE (object);

  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_files_page_parent_class)->dispose (object);
}

static void
sentient_applet_files_page_class_init (SentientAppletFilesPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sentient_applet_files_page_get_property;
  object_class->dispose = sentient_applet_files_page_dispose;
  properties[PROP_OFFERS]
      = g_param_spec_uint ("offers", NULL, NULL, 0, G_MAXUINT, 0,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sentient/Sentient/ui/files-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SentientAppletFilesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SentientAppletFilesPage, list);
}

static void
sentient_applet_files_page_init (SentientAppletFilesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sentient_applet_read_shown_only (GTK_WIDGET (self->stack));
}

void
sentient_applet_files_page_set_client (SentientAppletFilesPage *self, SentientClient *client)
{
  g_autoptr (GtkSortListModel) sorted = NULL;
  GListModel *transfers = sentient_client_get_transfers (client);

  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  sorted = gtk_sort_list_model_new (g_object_ref (transfers),
                                    GTK_SORTER (
                                        gtk_custom_sorter_new (compare_newest_first, NULL, NULL)));
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (sorted), new_row, self, NULL);
  g_signal_connect_object (transfers, "items-changed", G_CALLBACK (on_transfers), self,
                           G_CONNECT_SWAPPED);
  on_transfers (self);
}
