/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* For a widget that shows one of its children at a time: a screen reader is told of that one only.
 * GTK 4.8 tells it of all of them. */
void sentient_applet_read_shown_only (GtkWidget *switcher);
/* Before widget is hidden or can no longer be used: the keyboard goes from it and what is in it. A
 * GtkText that is not told so warns of it. */
void sentient_applet_release_focus (GtkWidget *widget);

G_END_DECLS
