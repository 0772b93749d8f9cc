/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* What a file sets, and all that is wrong in it. Lines are "[group]", "name = value", empty, or
 * begin with "#". */
typedef struct
{
  char *path;
  GVariant **values;   /* for each setting; NULL: not set */
  guint *lines;        /* where, from 1 */
  GPtrArray *problems; /* of char *: "PATH:LINE: what, and what to do" */
} SentientSettingsFile;

/* Error: the file cannot be read. */
SentientSettingsFile *sentient_settings_file_read (const char *path, GError **error);
/* text need not be terminated. */
SentientSettingsFile *sentient_settings_file_parse (const char *path, const char *text, gsize len);
void sentient_settings_file_free (SentientSettingsFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientSettingsFile, sentient_settings_file_free)

G_END_DECLS
