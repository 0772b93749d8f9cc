/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_TRANSFER (sentient_transfer_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientTransfer, sentient_transfer, SENTIENT, TRANSFER, GObject)

SENTIENT_API
guint sentient_transfer_get_number (SentientTransfer *self);
SENTIENT_API
const char *sentient_transfer_get_node_id (SentientTransfer *self);
SENTIENT_API
const char *sentient_transfer_get_name (SentientTransfer *self);
SENTIENT_API
const char *sentient_transfer_get_content_type (SentientTransfer *self);
SENTIENT_API
gint64 sentient_transfer_get_size (SentientTransfer *self);
SENTIENT_API
guint64 sentient_transfer_get_done (SentientTransfer *self);
SENTIENT_API
guint64 sentient_transfer_get_rate (SentientTransfer *self);
SENTIENT_API
gint64 sentient_transfer_get_remaining (SentientTransfer *self);
SENTIENT_API
SentientTransferDirection sentient_transfer_get_direction (SentientTransfer *self);
SENTIENT_API
SentientTransferState sentient_transfer_get_state (SentientTransfer *self);
SENTIENT_API
gboolean sentient_transfer_is_over (SentientTransfer *self);
SENTIENT_API
const GError *sentient_transfer_get_error (SentientTransfer *self);
SENTIENT_API
GFile *sentient_transfer_get_file (SentientTransfer *self);

SENTIENT_API
gboolean sentient_transfer_accept (SentientTransfer *self, GFile *destination, GError **error);
SENTIENT_API
gboolean
sentient_transfer_accept_stream (SentientTransfer *self, GOutputStream *stream, GError **error);
SENTIENT_API
gboolean sentient_transfer_refuse (SentientTransfer *self, const char *reason, GError **error);
SENTIENT_API
void sentient_transfer_cancel (SentientTransfer *self);

SENTIENT_API
void sentient_transfer_wait_async (SentientTransfer *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
SENTIENT_API
gboolean
sentient_transfer_wait_finish (SentientTransfer *self, GAsyncResult *result, GError **error);

G_END_DECLS
