/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-systemd.h"

#include <systemd/sd-daemon.h>

static gboolean
on_watchdog (gpointer user_data)
{
  sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

void
cli_systemd_ready (CliSystemd *self, const char *status)
{
  guint64 usec = 0;

  if (sd_watchdog_enabled (0, &usec) > 0)
    {
      /* Twice as often as it must be, as sd_watchdog_enabled(3) recommends. */
      self->watchdog_id = g_timeout_add (MAX (usec / 2000, 1), on_watchdog, NULL);
      g_source_set_name_by_id (self->watchdog_id, "sentient-watchdog");
    }
  sd_notifyf (0, "READY=1\nSTATUS=%s", status);
}

void
cli_systemd_stopping (CliSystemd *self, guint within_ms)
{
  sd_notifyf (0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT, (guint64)within_ms * 1000);
}

void
cli_systemd_clear (CliSystemd *self)
{
  g_clear_handle_id (&self->watchdog_id, g_source_remove);
}
