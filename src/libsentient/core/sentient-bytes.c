/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-bytes.h"

gboolean
sentient_reader_take_bytes (SentientReader *self, gsize len, const guint8 **bytes)
{
  if (self->len < len)
    return FALSE;
  *bytes = self->data;
  /* An empty message may have no address at all. */
  if (len > 0)
    self->data += len;
  self->len -= len;
  return TRUE;
}

gboolean
sentient_reader_take_uint (SentientReader *self, guint width, guint64 *value)
{
  const guint8 *bytes;
  guint64 sum = 0;

  g_assert (width >= 1 && width <= sizeof sum);

  if (!sentient_reader_take_bytes (self, width, &bytes))
    return FALSE;
  for (guint i = 0; i < width; i++)
    sum = sum << 8 | bytes[i];
  *value = sum;
  return TRUE;
}

void
sentient_bytes_append_uint (GByteArray *out, guint width, guint64 value)
{
  guint8 bytes[8];

  g_assert (width >= 1 && width <= sizeof bytes);

  for (guint i = 0; i < width; i++)
    bytes[i] = (guint8)(value >> 8 * (width - 1 - i));
  g_byte_array_append (out, bytes, width);
}

void
sentient_bytes_append (GByteArray *out, gconstpointer data, gsize len)
{
  g_assert (len <= G_MAXUINT);

  if (len > 0)
    g_byte_array_append (out, data, (guint)len);
}
