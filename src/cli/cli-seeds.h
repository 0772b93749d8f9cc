/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* A coordinator that has seeds is also a node in their "global" room, and tells /nodes how it
 * stands with them. What goes wrong is told and tried again; the coordinator serves on. */
typedef struct _CliSeeds CliSeeds;

CliSeeds *cli_seeds_new (SentientCoordinator *coordinator, SentientSettings *settings);
/* auto-webrtc may be another now. */
void cli_seeds_apply (CliSeeds *self, SentientSettings *settings);

/* Leaves the seeds, then calls done. */
void cli_seeds_close (CliSeeds *self, GFunc done, gpointer user_data);
void cli_seeds_free (CliSeeds *self);

G_END_DECLS
