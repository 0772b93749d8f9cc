/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Follows a list by its items: a GListModel says how many went, not which. */

typedef struct _CliMirror CliMirror;

/* known: it was there before the list was followed, or goes with the mirror: no event. */
typedef void (*CliMirrorFunc) (gpointer item, gboolean known, gpointer user_data);

/* Calls added () for what is there already. */
CliMirror *
cli_mirror_new (GListModel *model, CliMirrorFunc added, CliMirrorFunc removed, gpointer user_data);
/* Calls removed () for what is there still. */
void cli_mirror_free (CliMirror *self);

G_END_DECLS
