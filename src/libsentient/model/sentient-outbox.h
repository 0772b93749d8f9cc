/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-sender.h"
#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* What waits for one node, numbered 1, 2, 3 …, in order: first what a transport has taken and may
 * still fail to deliver (sent), then the rest. Whoever delivers drops it. Costs nothing while
 * empty. */
typedef struct
{
  SentientMessage *message;
  SentientSender *sender; /* NULL: a room event */
  guint64 seq;
  guint64 end; /* the transport's own mark: where the message ends in its stream of bytes */
} SentientOutboxItem;

typedef struct
{
  SentientOutboxItem *items; /* a ring of capacity, NULL while empty */
  guint capacity;
  guint first;
  guint n_items;
  guint n_sent;
  gsize bytes;
  guint64 last_seq;
} SentientOutbox;

#define SENTIENT_OUTBOX_MAX_ITEMS 1024
#define SENTIENT_OUTBOX_MAX_BYTES (1024 * 1024)
/* Of these from one sender, so that nobody can fill an outbox for the others. */
#define SENTIENT_OUTBOX_SENDER_MAX_ITEMS 256
#define SENTIENT_OUTBOX_SENDER_MAX_BYTES (256 * 1024)

void sentient_outbox_clear (SentientOutbox *self);

/* Is there room for so much more from the sender? */
gboolean sentient_outbox_has_share (SentientOutbox *self, SentientSender *sender, gsize size);

/* Takes references; charges the sender, who may be NULL, until the message is dropped. 0: it does
 * not fit; else its number. */
guint64
sentient_outbox_push (SentientOutbox *self, SentientMessage *message, SentientSender *sender);

/* Drops the oldest room event that is not sent yet. FALSE: there is none. */
gboolean sentient_outbox_drop_oldest_event (SentientOutbox *self);

/* The first item that is not sent, NULL: none. Valid until the outbox changes. */
const SentientOutboxItem *sentient_outbox_peek (SentientOutbox *self);

/* The index-th item, sent or not, from the oldest on; NULL: there is none. As valid. */
const SentientOutboxItem *sentient_outbox_peek_nth (SentientOutbox *self, guint index);

/* Marks the item that peek () shows as sent. */
void sentient_outbox_mark_sent (SentientOutbox *self, guint64 end);

/* Drops the sent items whose end is at most end. */
void sentient_outbox_drop_until (SentientOutbox *self, guint64 end);

/* The transport is gone: all that it did not deliver waits again. */
void sentient_outbox_rewind (SentientOutbox *self);

G_END_DECLS
