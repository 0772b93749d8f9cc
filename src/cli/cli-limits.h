/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* --limit NAME=VALUE: the settings of the group "limits". */

/* FALSE: error says which name or number will not do, and what would. */
gboolean cli_limits_set (SentientSettings *settings, const char *const *limits, GError **error);
/* --no-limits: rates, and what an address may have, are any number. */
void cli_limits_remove (SentientSettings *settings);
/* Each name with its default, its range and what it is: for --help. */
void cli_limits_describe (GString *text);

G_END_DECLS
