/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-access.h"

static void
on_mapped (GtkWidget *page)
{
  gtk_accessible_update_state (GTK_ACCESSIBLE (page), GTK_ACCESSIBLE_STATE_HIDDEN,
                               !gtk_widget_get_mapped (page), -1);
}

void
sentient_applet_read_shown_only (GtkWidget *switcher)
{
  for (GtkWidget *page = gtk_widget_get_first_child (switcher); page != NULL;
       page = gtk_widget_get_next_sibling (page))
    {
      g_signal_connect_after (page, "map", G_CALLBACK (on_mapped), NULL);
      g_signal_connect_after (page, "unmap", G_CALLBACK (on_mapped), NULL);
      on_mapped (page);
    }
}

void
sentient_applet_release_focus (GtkWidget *widget)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (focus != NULL && (focus == widget || gtk_widget_is_ancestor (focus, widget)))
    gtk_root_set_focus (root, NULL);
}
