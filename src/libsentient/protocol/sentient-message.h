/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"
#include "protocol/sentient-signal.h"

G_BEGIN_DECLS

/* What a coordinator has for a node and must not lose: a signal, or what happened in a room.
 * Immutable and counted, so that one event serves a whole room: its text is built once per dialect.
 */
typedef struct _SentientMessage SentientMessage;

typedef enum
{
  SENTIENT_DIALECT_PLAIN, /* a WebSocket client: payload and the lifted sdp or candidate, nodeId and
                             peerId */
  SENTIENT_DIALECT_POLL,  /* an item of a long poll's "signals" */
  SENTIENT_N_DIALECTS
} SentientDialect;

typedef enum
{
  SENTIENT_MESSAGE_SIGNAL,
  SENTIENT_MESSAGE_PEER_JOINED,
  SENTIENT_MESSAGE_PEER_LEFT,
} SentientMessageKind;

/* A member as others see it; unowned. */
typedef struct
{
  const char *node_id;
  const char
      *name; /* metadata's "name" if that is a string, else NULL: node_id stands for it then */
  gint64 joined_at; /* ms since the epoch */
  gint64 last_seen; /* ms since the epoch */
  gboolean online;
  const char *metadata; /* the text of a JSON object, or NULL */
} SentientPeerInfo;

SentientMessage *sentient_message_new_signal (SentientSignal *signal);
SentientMessage *
sentient_message_new_peer_joined (const char *room, const SentientPeerInfo *peer, gint64 now_ms);
SentientMessage *sentient_message_new_peer_left (const char *room,
                                                 const char *node_id,
                                                 SentientLeaveReason reason,
                                                 gint64 now_ms);
SentientMessage *sentient_message_ref (SentientMessage *self);
void sentient_message_unref (SentientMessage *self);

SentientMessageKind sentient_message_get_kind (SentientMessage *self);
SentientSignal *sentient_message_get_signal (SentientMessage *self); /* NULL for an event */
/* The bytes it is charged with in an outbox: at least what any dialect of it takes on the wire. */
gsize sentient_message_get_size (SentientMessage *self);

/* When it came, in the time of SentientMetrics; 0: not known. To be set before anybody else has
 * the message. */
void sentient_message_set_arrival (SentientMessage *self, gint64 us);
gint64 sentient_message_get_arrival (SentientMessage *self);

/* Appends the message's JSON text. seq is the outbox's number; only a poll's items carry it, and an
 * "id" made of it ("<seq>"). */
void
sentient_message_append (SentientMessage *self, GString *out, SentientDialect dialect, guint64 seq);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientMessage, sentient_message_unref)

G_END_DECLS
