/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the daemon is told to be. */

typedef struct
{
  gboolean system_bus;
  gboolean coordinator;
  gboolean node;
  char *node_id; /* NULL: a random one */
  char *host;
  guint port;
  GStrv seeds; /* empty: the coordinator of this daemon, else the usual place */
  GStrv rooms;
  GStrv limits; /* "name=number" */
  char *data_dir;
  gboolean debug;
  gboolean version;
} SentientDaemonConfig;

/* As without any option. */
SentientDaemonConfig *sentient_daemon_config_new (void);
void sentient_daemon_config_free (SentientDaemonConfig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientDaemonConfig, sentient_daemon_config_free)

/* NULL: error says what is wrong with which option, for a person. Prints the help and ends the
 * program on --help. */
SentientDaemonConfig *sentient_daemon_config_parse (int argc, char **argv, GError **error);

G_END_DECLS
