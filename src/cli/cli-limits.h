/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "coordinator/sentient-coordinator.h"

G_BEGIN_DECLS

/* --limit NAME=VALUE: the numbers that a coordinator's properties of these names hold. */

/* FALSE: error says which name or number will not do, and what would. */
gboolean cli_limits_check (const char *const *limits, GError **error);
/* limits have been checked. */
void cli_limits_apply (const char *const *limits, SentientCoordinator *coordinator);
/* Each name with its default, its range and what it is: for --help. */
void cli_limits_describe (GString *text);

G_END_DECLS
