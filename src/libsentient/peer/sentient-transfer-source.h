/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Reads a stream ahead, into two buffers, without ever blocking. */
typedef struct _SentientTransferSource SentientTransferSource;

#define SENTIENT_TRANSFER_SOURCE_BUFFER (256 * 1024)

/* ready: there is more, or the end, or an error. It is not called before the first peek (). The
 * stream is closed in the end. */
SentientTransferSource *sentient_transfer_source_new (GMainContext *context,
                                                      GInputStream *stream,
                                                      void (*ready) (gpointer user_data),
                                                      gpointer user_data);
/* What is being read is left to itself; ready is not called any more. */
void sentient_transfer_source_free (SentientTransferSource *self);

/* What there is, *len bytes, to be taken with skip (). NULL: nothing; then *is_over tells that
 * nothing will come, and the error, if any, why. */
const guint8 *sentient_transfer_source_peek (SentientTransferSource *self,
                                             gsize *len,
                                             gboolean *is_over,
                                             const GError **error);
void sentient_transfer_source_skip (SentientTransferSource *self, gsize len);

G_END_DECLS
