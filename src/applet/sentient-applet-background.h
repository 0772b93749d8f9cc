/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The line under the program's name where the desktop lists what runs in the background, by the
 * portal; for where there is no tray. Where there is no portal, or none that takes it (it takes it
 * of sandboxed programs only), nothing happens. connection: NULL: nothing happens either. */
void sentient_applet_background_set_status (GDBusConnection *connection, const char *line);

G_END_DECLS
