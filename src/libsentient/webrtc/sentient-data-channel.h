/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_DATA_CHANNEL (sentient_data_channel_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientDataChannel, sentient_data_channel, SENTIENT, DATA_CHANNEL, GObject)

SENTIENT_API
const char *sentient_data_channel_get_label (SentientDataChannel *self);
SENTIENT_API
const char *sentient_data_channel_get_protocol (SentientDataChannel *self);
SENTIENT_API
gboolean sentient_data_channel_get_ordered (SentientDataChannel *self);
SENTIENT_API
int sentient_data_channel_get_max_retransmits (SentientDataChannel *self);
SENTIENT_API
int sentient_data_channel_get_max_lifetime (SentientDataChannel *self);
SENTIENT_API
SentientDataChannelState sentient_data_channel_get_state (SentientDataChannel *self);
SENTIENT_API
guint64 sentient_data_channel_get_buffered_amount (SentientDataChannel *self);
SENTIENT_API
gboolean sentient_data_channel_send (SentientDataChannel *self,
                                     GBytes *data,
                                     gboolean is_text,
                                     GError **error);
SENTIENT_API
void sentient_data_channel_close (SentientDataChannel *self);

G_END_DECLS
