/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes that wait: appended behind, consumed in front. Costs no heap memory while empty. There is
 * always room for one more byte behind the last one, so that a reader may put a NUL there. */
typedef struct
{
  char *data;
  guint32 start; /* of the first byte that waits */
  guint32 len;
  guint32 size;
} SentientBuf;

/* Room for n more bytes, which the caller writes at once. */
char *sentient_buf_extend (SentientBuf *self, gsize n);
void sentient_buf_append (SentientBuf *self, const void *data, gsize n);
void sentient_buf_consume (SentientBuf *self, gsize n);
void sentient_buf_clear (SentientBuf *self);

static inline char *
sentient_buf_peek (const SentientBuf *self)
{
  return self->data + self->start;
}

G_END_DECLS
