/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-remote.h"

G_BEGIN_DECLS

/* A file to be sent, open already: what cannot be read is told before anybody is connected to. */
typedef struct
{
  int fd; /* -1: it was passed on */
  char *name;
  char *media_type; /* "": not known */
} CliOutgoing;

/* Without a daemon: as a node of its own. Returns the exit status. */
int cli_send_file_alone (CliRemote *remote, CliOutgoing *files, guint n_files);

G_END_DECLS
