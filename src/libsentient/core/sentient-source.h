/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* GLib does not tell how many sources a context has, so the floors up to the coordinator's attach
 * theirs here: one that is forgotten shows. */

/* Attaches it to the context, NULL: the default one. func may be NULL where source has a dispatch
 * of its own. */
void sentient_source_attach (GSource *source,
                             GMainContext *context,
                             const char *static_name,
                             GSourceFunc func,
                             gpointer user_data);
/* Of those that were attached and are not destroyed, in this process. Any thread. */
guint sentient_source_count (void);

/* For one that others attach, or that needs a destroy notify of its own. */
void sentient_source_begin (void);
void sentient_source_end (void);

G_END_DECLS
