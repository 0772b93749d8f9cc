/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* The command line of sentientd: which bus and which file, and every setting by its name. */

typedef struct
{
  SentientSettings *settings; /* not loaded yet */
  gboolean system_bus;
  char *file; /* --config; NULL: none given */
  gboolean version;
} SentientDaemonOptions;

void sentient_daemon_options_clear (SentientDaemonOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SentientDaemonOptions, sentient_daemon_options_clear)

/* FALSE: error says what is wrong with which option, for a person. Prints the help and ends the
 * program on --help. */
gboolean
sentient_daemon_options_parse (SentientDaemonOptions *self, int argc, char **argv, GError **error);

G_END_DECLS
