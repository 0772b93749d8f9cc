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
  gboolean is_lent; /* data is somebody else's */
} SentientBuf;

/* Room for n more bytes, which the caller writes at once. */
char *sentient_buf_extend (SentientBuf *self, gsize n);
void sentient_buf_append (SentientBuf *self, const void *data, gsize n);
void sentient_buf_consume (SentientBuf *self, gsize n);
void sentient_buf_clear (SentientBuf *self);
/* Until settle () an empty buffer uses memory of size bytes, as far as that goes: what comes and
 * goes within a turn then always stands at the same, warm place. */
void sentient_buf_lend (SentientBuf *self, char *memory, guint32 size);
/* The memory goes back; what still waits moves to the heap. */
void sentient_buf_settle (SentientBuf *self);

static inline char *
sentient_buf_peek (const SentientBuf *self)
{
  return self->data + self->start;
}

G_END_DECLS
