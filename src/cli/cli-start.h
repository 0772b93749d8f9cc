/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-remote.h"

G_BEGIN_DECLS

/* What can be started and stopped beside the daemon itself. */
#define CLI_PART_COORDINATOR "coordinator"
#define CLI_PART_NODE "node"

/* Whether the word, if there is one, is one of these. */
gboolean cli_check_part (CliRemote *remote, GError **error);

G_END_DECLS
