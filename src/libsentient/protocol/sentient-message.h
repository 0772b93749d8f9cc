/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

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
  SENTIENT_DIALECT_V1,    /* a v1 session, over either transport */
  SENTIENT_N_DIALECTS
} SentientDialect;

typedef enum
{
  SENTIENT_MESSAGE_SIGNAL,
  SENTIENT_MESSAGE_PEER_JOINED,
  SENTIENT_MESSAGE_PEER_LEFT,
  SENTIENT_MESSAGE_PEER_OFFLINE, /* these and what follows are for v1 sessions only */
  SENTIENT_MESSAGE_PEER_ONLINE,
  SENTIENT_MESSAGE_NOTE, /* for one session: the answer to a request, what became of it, … */
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
  gboolean plain;       /* it does not speak v1 */
} SentientPeerInfo;

/* Is self the polite end of a negotiation with peer: the one that gives in when both offered? The
 * one with the bytewise smaller id, and whoever deals with a plain peer, which does not know. */
static inline gboolean
sentient_peer_is_polite (const char *self, const char *peer, gboolean peer_is_plain)
{
  return peer_is_plain || strcmp (self, peer) < 0;
}

SentientMessage *sentient_message_new_signal (SentientSignal *signal);
SentientMessage *
sentient_message_new_peer_joined (const char *room, const SentientPeerInfo *peer, gint64 now_ms);
SentientMessage *sentient_message_new_peer_left (const char *room,
                                                 const char *node_id,
                                                 SentientLeaveReason reason,
                                                 gint64 now_ms);
SentientMessage *
sentient_message_new_presence (const char *room, const char *node_id, gboolean online);
/* text: a JSON object that begins with its "type", without seq; taken. */
SentientMessage *sentient_message_new_note (GString *text);
SentientMessage *sentient_message_ref (SentientMessage *self);
void sentient_message_unref (SentientMessage *self);

SentientMessageKind sentient_message_get_kind (SentientMessage *self);
SentientSignal *sentient_message_get_signal (SentientMessage *self); /* NULL: it is none */
const char *sentient_message_get_room (SentientMessage *self);       /* of an event, else NULL */
/* The bytes it is charged with in an outbox: at least what any dialect of it takes on the wire. */
gsize sentient_message_get_size (SentientMessage *self);

/* When it came, in the time of SentientMetrics; 0: not known. To be set before anybody else has
 * the message. */
void sentient_message_set_arrival (SentientMessage *self, gint64 us);
gint64 sentient_message_get_arrival (SentientMessage *self);

/* Appends the message's JSON text. seq is the outbox's number: a poll's items carry it, with an
 * "id" made of it ("<seq>"), and everything of a v1 session. receiver: the node it is for. A
 * presence or a note has only the v1 form. */
void sentient_message_append (SentientMessage *self,
                              GString *out,
                              SentientDialect dialect,
                              guint64 seq,
                              const char *receiver);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientMessage, sentient_message_unref)

G_END_DECLS
