/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-say.h"

void
sentient_applet_say (GtkWidget *from, const char *text)
{
  gtk_widget_activate_action (from, "win.say", "s", text);
}

void
sentient_applet_say_error (GtkWidget *from, GError *error)
{
  g_autofree char *text = sentient_client_describe_error (error);

  sentient_applet_say (from, text);
}

GVariant *
sentient_applet_text_to_data (const char *text)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, strlen (text), 1);
}
