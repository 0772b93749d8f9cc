/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-data-channel.h"

G_BEGIN_DECLS

#define SENTIENT_DATA_CHANNEL_MAX_LABEL 64 /* bytes; of the protocol, too */
/* That one end opened and that are not over. */
#define SENTIENT_DATA_CHANNEL_MAX_OPEN 16
/* What a DCEP message can say. */
#define SENTIENT_DATA_CHANNEL_MAX_LIMIT 65535

typedef struct
{
  const char *label;
  const char *protocol; /* NULL: none */
  gboolean ordered;
  gint max_retransmits; /* -1: no limit; likewise */
  gint max_lifetime;    /* ms */
} SentientDataChannelOptions;

/* What carries a channel. */
typedef struct
{
  gboolean (*send) (gpointer carrier, GBytes *data, gboolean is_text, GError **error);
  guint64 (*get_buffered_amount) (gpointer carrier);
  void (*close) (gpointer carrier); /* end () follows, not from within */
  void (*free) (gpointer carrier);
} SentientDataChannelEngine;

/* Errors: BAD_REQUEST. */
gboolean sentient_data_channel_check_options (const SentientDataChannelOptions *options,
                                              GError **error);
/* CONNECTING. */
SentientDataChannel *sentient_data_channel_new (const SentientDataChannelOptions *options);
/* carrier is taken, until the channel is over. */
void sentient_data_channel_set_engine (SentientDataChannel *self,
                                       const SentientDataChannelEngine *engine,
                                       gpointer carrier);
void sentient_data_channel_open (SentientDataChannel *self);
void sentient_data_channel_receive (SentientDataChannel *self, GBytes *data, gboolean is_text);
/* Less is waiting than before. */
void sentient_data_channel_drain (SentientDataChannel *self);
/* It is over, once; error NULL: one of its ends closed it. */
void sentient_data_channel_end (SentientDataChannel *self, const GError *error);

/* The channels of a link that are not over, each with the reference that keeps it. */
typedef struct _SentientDataChannelSet SentientDataChannelSet;

SentientDataChannelSet *sentient_data_channel_set_new (void);
/* Ends those that are left. */
void sentient_data_channel_set_free (SentientDataChannelSet *self);
/* Errors: QUOTA_EXCEEDED. */
gboolean
sentient_data_channel_set_has_room (SentientDataChannelSet *self, gboolean is_ours, GError **error);
/* key: whatever the engine knows it by. */
void sentient_data_channel_set_add (SentientDataChannelSet *self,
                                    SentientDataChannel *channel,
                                    gconstpointer key,
                                    gboolean is_ours);
SentientDataChannel *sentient_data_channel_set_find (SentientDataChannelSet *self,
                                                     gconstpointer key);
/* Ends it, if it is one of them. */
void sentient_data_channel_set_end (SentientDataChannelSet *self,
                                    gconstpointer key,
                                    const GError *error);
/* The link is gone, and all of them with it. */
void sentient_data_channel_set_lose_all (SentientDataChannelSet *self);

G_END_DECLS
