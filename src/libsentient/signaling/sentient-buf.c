/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-buf.h"

#include <string.h>

#define SMALLEST 256

char *
sentient_buf_extend (SentientBuf *self, gsize n)
{
  gsize needed = (gsize)self->len + n + 1;
  char *place;

  g_assert (needed < G_MAXUINT32 / 2);

  if (self->start + needed > self->size)
    {
      /* Moving is cheaper than growing only when it frees at least half. */
      if (self->start > 0 && needed <= self->size && self->start >= self->size / 2)
        {
          memmove (self->data, self->data + self->start, self->len);
          self->start = 0;
        }
      else
        {
          gsize size = MAX (needed, SMALLEST);
          char *data;

          if (self->size > 0)
            size = MAX (size, (gsize)self->len * 2);
          data = g_malloc (size);
          if (self->len > 0)
            memcpy (data, self->data + self->start, self->len);
          if (!self->is_lent)
            g_free (self->data);
          self->is_lent = FALSE;
          self->data = data;
          self->start = 0;
          self->size = size;
        }
    }

  place = self->data + self->start + self->len;
  self->len += n;
  return place;
}

void
sentient_buf_append (SentientBuf *self, const void *data, gsize n)
{
  if (n > 0)
    memcpy (sentient_buf_extend (self, n), data, n);
}

void
sentient_buf_consume (SentientBuf *self, gsize n)
{
  g_assert (n <= self->len);

  self->start += n;
  self->len -= n;
  if (self->len == 0)
    sentient_buf_clear (self);
}

void
sentient_buf_clear (SentientBuf *self)
{
  self->start = self->len = 0;
  if (self->is_lent)
    return;
  g_clear_pointer (&self->data, g_free);
  self->size = 0;
}

void
sentient_buf_lend (SentientBuf *self, char *memory, guint32 size)
{
  g_assert (self->data == NULL);

  self->data = memory;
  self->size = size;
  self->is_lent = TRUE;
}

void
sentient_buf_settle (SentientBuf *self)
{
  SentientBuf rest = { 0 };

  if (!self->is_lent)
    return;
  sentient_buf_append (&rest, sentient_buf_peek (self), self->len);
  *self = rest;
}
