/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-remote.h"

G_BEGIN_DECLS

/* cli-connections.c: the command. cli-connections-stats.c: it with --stats. */

/* What a person reads if there is no connection. */
const char *cli_connections_none (void);
int cli_connections_stats (CliRemote *remote);

G_END_DECLS
