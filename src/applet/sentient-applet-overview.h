/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What runs, where, and the counters; those are asked for once a second while they are seen. */
#define SENTIENT_TYPE_APPLET_OVERVIEW (sentient_applet_overview_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletOverview,
                      sentient_applet_overview,
                      SENTIENT,
                      APPLET_OVERVIEW,
                      AdwBin)

/* Once. */
void sentient_applet_overview_set_client (SentientAppletOverview *self, SentientClient *client);

G_END_DECLS
