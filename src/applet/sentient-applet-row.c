/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-row.h"

#include <glib/gi18n.h>

struct _SentientAppletRow
{
  GtkBox parent_instance;

  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *subtitle;
  GtkLabel *badge;

  SentientAppletRowFunc show;
  gpointer user_data;
  gpointer item;      /* held */
  GPtrArray *watched; /* held; item is the first */
};

G_DEFINE_FINAL_TYPE (SentientAppletRow, sentient_applet_row, GTK_TYPE_BOX)

static void
unbind (SentientAppletRow *self)
{
  for (guint i = 0; i < self->watched->len; i++)
    g_signal_handlers_disconnect_by_data (self->watched->pdata[i], self);
  g_ptr_array_set_size (self->watched, 0);
  self->item = NULL;
}

static void
sentient_applet_row_dispose (GObject *object)
{
  SentientAppletRow *self = SENTIENT_APPLET_ROW (object);

  unbind (self);
  G_OBJECT_CLASS (sentient_applet_row_parent_class)->dispose (object);
}

static void
sentient_applet_row_finalize (GObject *object)
{
  g_ptr_array_unref (SENTIENT_APPLET_ROW (object)->watched);
  G_OBJECT_CLASS (sentient_applet_row_parent_class)->finalize (object);
}

static void
sentient_applet_row_class_init (SentientAppletRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = sentient_applet_row_finalize;

  gtk_widget_class_set_template_from_resource (widget_class, "/org/sentient/Sentient/ui/row.ui");
  gtk_widget_class_bind_template_child (widget_class, SentientAppletRow, icon);
  gtk_widget_class_bind_template_child (widget_class, SentientAppletRow, title);
  gtk_widget_class_bind_template_child (widget_class, SentientAppletRow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, SentientAppletRow, badge);
}

static void
sentient_applet_row_init (SentientAppletRow *self)
{
  self->watched = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
show (SentientAppletRow *self)
{
  self->show (self, self->item, self->user_data);
}

void
sentient_applet_row_watch (SentientAppletRow *self, gpointer object)
{
  if (g_ptr_array_find (self->watched, object, NULL))
    return;
  g_ptr_array_add (self->watched, g_object_ref (object));
  g_signal_connect_object (object, "notify", G_CALLBACK (show), self, G_CONNECT_SWAPPED);
}

void
sentient_applet_row_set (SentientAppletRow *self,
                         const char *icon_name,
                         const char *title,
                         const char *subtitle,
                         guint badge)
{
  GtkWidget *around = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *number = g_strdup_printf ("%u", badge);
  g_autofree char *said
      = g_strdup_printf (ngettext ("%u unread message", "%u unread messages", badge), badge);
  g_autofree char *all = g_strdup_printf ("%s, %s", subtitle, said);

  gtk_image_set_from_icon_name (self->icon, icon_name);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->subtitle, subtitle);
  gtk_label_set_label (self->badge, number);
  gtk_widget_set_visible (GTK_WIDGET (self->badge), badge > 0);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), title);

  /* What has the keyboard is the list's own widget around the row. */
  if (around != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (around), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, badge > 0 ? all : subtitle,
                                    -1);
}

typedef struct
{
  SentientAppletRowFunc show;
  gpointer user_data;
} Shower;

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *list_item, Shower *shower)
{
  SentientAppletRow *row = g_object_new (SENTIENT_TYPE_APPLET_ROW, NULL);

  row->show = shower->show;
  row->user_data = shower->user_data;
  gtk_list_item_set_child (list_item, GTK_WIDGET (row));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *list_item)
{
  SentientAppletRow *row = SENTIENT_APPLET_ROW (gtk_list_item_get_child (list_item));

  row->item = gtk_list_item_get_item (list_item);
  sentient_applet_row_watch (row, row->item);
  show (row);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *list_item)
{
  unbind (SENTIENT_APPLET_ROW (gtk_list_item_get_child (list_item)));
}

static void
free_shower (gpointer data, GClosure *closure)
{
  g_free (data);
}

GtkListItemFactory *
sentient_applet_row_factory_new (SentientAppletRowFunc func, gpointer user_data)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  Shower *shower = g_new (Shower, 1);

  *shower = (Shower){ func, user_data };
  g_signal_connect_data (factory, "setup", G_CALLBACK (on_setup), shower, free_shower, 0);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  return factory;
}
