/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

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

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliDesktop, cli_desktop_clear)

G_END_DECLS
