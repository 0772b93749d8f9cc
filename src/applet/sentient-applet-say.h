/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Tells a person something in the window that from is in; nothing if it is in none any more. */
void sentient_applet_say (GtkWidget *from, const char *text);
/* Why a call to the daemon failed. */
void sentient_applet_say_error (GtkWidget *from, GError *error);
/* (transfer full): the text of an entry as it is sent. */
GVariant *sentient_applet_text_to_data (const char *text);

G_END_DECLS
