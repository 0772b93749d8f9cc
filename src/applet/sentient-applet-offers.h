/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

G_BEGIN_DECLS

/* Tells of files that are offered by notifications, while nobody looks at the window; each goes
 * when the offer was answered. They activate app.show-files. */
typedef struct _SentientAppletOffers SentientAppletOffers;

/* is_watched: whether somebody looks at the list of files. */
SentientAppletOffers *sentient_applet_offers_new (GApplication *application,
                                                  SentientClient *client,
                                                  gboolean (*is_watched) (GApplication *));
void sentient_applet_offers_free (SentientAppletOffers *self);

G_END_DECLS
