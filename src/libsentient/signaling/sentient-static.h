/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define SENTIENT_STATIC_MAX_BYTES (32 * 1024 * 1024)

/* Answers with the file that path (decoded, from "/") names below root: index.html for a folder.
 * Nothing outside root is ever opened, whatever dots and links say. Errors: NOT_FOUND,
 * PAYLOAD_TOO_LARGE. */
gboolean sentient_static_respond (const char *root,
                                  const char *path,
                                  SoupServerMessage *message,
                                  GError **error);

G_END_DECLS
