/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Messages of bytes, with big-endian integers. Nothing is copied: what is taken stays where it is.
 */

/* What is left of one while it is read. */
typedef struct
{
  const guint8 *data;
  gsize len;
} SentientReader;

/* width: 1 to 8 bytes. FALSE: there are not as many; nothing is taken then. */
gboolean sentient_reader_take_uint (SentientReader *self, guint width, guint64 *value);
/* The same for len bytes as they are. */
gboolean sentient_reader_take_bytes (SentientReader *self, gsize len, const guint8 **bytes);

/* width: 1 to 8 bytes; what does not fit into them is cut off. */
void sentient_bytes_append_uint (GByteArray *out, guint width, guint64 value);
/* data may be NULL if len is 0. */
void sentient_bytes_append (GByteArray *out, gconstpointer data, gsize len);

G_END_DECLS
