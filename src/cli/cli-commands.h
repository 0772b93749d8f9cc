/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-options.h"

G_BEGIN_DECLS

/* What the program can be. Each returns the exit status. */
int cli_server (CliOptions *options);
int cli_node (CliOptions *options);
/* words: what follows "config" */
int cli_config (CliOptions *options, const char *const *words);

G_END_DECLS
