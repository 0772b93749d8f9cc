/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-remote.h"

G_BEGIN_DECLS

/* What the daemon and its desktop need, as "sentient doctor" finds it. */
typedef struct
{
  char *bus_error;      /* why the bus is not reached; NULL: it is */
  gboolean activatable; /* the bus can start the daemon */
  gboolean running;
  gboolean schema;
} CliDesktop;

void cli_desktop_look (CliDesktop *desktop, GBusType bus);
void cli_desktop_clear (CliDesktop *desktop);

/* doctor --network. Returns the exit status: failed if a finding is an error. */
int cli_doctor_network (CliRemote *remote);
/* FALSE: error says what is wrong with the options. */
gboolean cli_doctor_network_check (CliRemote *remote, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliDesktop, cli_desktop_clear)

G_END_DECLS
