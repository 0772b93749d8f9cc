/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What systemd is told of a command that it runs as a Type=notify service: sd_notify(3). Without
 * systemd all of it does nothing. */

typedef struct
{
  guint watchdog_id; /* 0: nobody watches */
} CliSystemd;

/* It serves. From now on, if the unit has a WatchdogSec=, the main loop shows that it turns. */
void cli_systemd_ready (CliSystemd *self, const char *status);
/* It stops, which may take as long as this, whatever the unit's TimeoutStopSec= says. */
void cli_systemd_stopping (CliSystemd *self, guint within_ms);
void cli_systemd_clear (CliSystemd *self);

G_END_DECLS
