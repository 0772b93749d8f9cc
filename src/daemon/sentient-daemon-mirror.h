/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Follows a GListModel and says what comes and what goes, one item at a time. */

typedef struct _SentientDaemonMirror SentientDaemonMirror;

/* The item is held until it went. */
typedef void (*SentientDaemonMirrorFunc) (gpointer item, gpointer user_data);

/* Says at once what is there already. gone may be called for what is still in the model, at the
 * end. */
SentientDaemonMirror *sentient_daemon_mirror_new (GListModel *model,
                                                  SentientDaemonMirrorFunc came,
                                                  SentientDaemonMirrorFunc went,
                                                  gpointer user_data);
/* All that is there goes. */
void sentient_daemon_mirror_free (SentientDaemonMirror *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientDaemonMirror, sentient_daemon_mirror_free)

G_END_DECLS
