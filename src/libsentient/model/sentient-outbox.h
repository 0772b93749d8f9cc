/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-sender.h"
#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* What waits for one node, in order: first what a transport has taken and may still fail to deliver
 * (sent), then the rest. Items are numbered 1, 2, 3 … when a transport first takes them, so that
 * what never left can be replaced without a gap. A plain client's items go when their bytes are
 * with the kernel, a v1 client's when it acknowledged their number. Costs nothing while empty. */
typedef struct
{
  SentientMessage *message;
  SentientSender *sender; /* NULL: not a signal */
  guint64 ref;            /* the sender's own number of the signal; 0: none */
  guint64 seq;            /* 0: no transport has taken it yet */
  guint64 end; /* the transport's own mark: where the message ends in its stream of bytes */
} SentientOutboxItem;

typedef struct
{
  SentientOutboxItem *items; /* a ring of capacity, NULL while empty */
  guint capacity;
  guint first;
  guint n_items;
  guint n_sent;
  guint n_flushed; /* of those that were sent: known to be with the kernel */
  gsize bytes;
  guint64 last_seq; /* the last number that was given */
} SentientOutbox;

typedef struct
{
  guint items;        /* 1024 */
  gsize bytes;        /* 1 MiB */
  guint sender_items; /* 256: of these from one sender, so that nobody fills it for the others */
  gsize sender_bytes; /* 256 KiB */
} SentientOutboxLimits;

void sentient_outbox_limits_init (SentientOutboxLimits *limits);

void sentient_outbox_clear (SentientOutbox *self);

/* Nothing more fits. */
gboolean sentient_outbox_is_full (SentientOutbox *self, const SentientOutboxLimits *limits);

/* Is there room for so much more from the sender? */
gboolean sentient_outbox_has_share (SentientOutbox *self,
                                    const SentientOutboxLimits *limits,
                                    SentientSender *sender,
                                    gsize size);

/* Takes references; charges the sender, who may be NULL, until the message is dropped. FALSE: it
 * does not fit. */
gboolean sentient_outbox_push (SentientOutbox *self,
                               const SentientOutboxLimits *limits,
                               SentientMessage *message,
                               SentientSender *sender,
                               guint64 ref);

/* Whatever the limits say: for what may be neither lost nor refused, and is bounded by its cause.
 */
void sentient_outbox_push_forced (SentientOutbox *self, SentientMessage *message);

/* As it was in another outbox, number and all. FALSE: its number cannot follow the last one's. */
gboolean sentient_outbox_restore (SentientOutbox *self,
                                  SentientMessage *message,
                                  SentientSender *sender,
                                  guint64 seq,
                                  guint64 ref);

/* Does an event of the room wait, sent or not, or a note, which may be of any room? */
gboolean sentient_outbox_may_tell_of (SentientOutbox *self, const char *room);
/* Takes all events of a room (NULL: of all rooms) out that are not sent and have no number, or may
 * be numbered: (element-type SentientMessage). */
GPtrArray *sentient_outbox_take_events (SentientOutbox *self, const char *room, gboolean numbered);

/* Is there anything that is not sent? */
static inline gboolean
sentient_outbox_is_waiting (const SentientOutbox *self)
{
  return self->n_sent < self->n_items;
}

/* The first item that is not sent, which has a number from now on; NULL: none. Valid until the
 * outbox changes. */
const SentientOutboxItem *sentient_outbox_next (SentientOutbox *self);

/* The index-th item, sent or not, from the oldest on; NULL: there is none. As valid. */
const SentientOutboxItem *sentient_outbox_peek_nth (SentientOutbox *self, guint index);

/* Marks the item that next () shows as sent. */
void sentient_outbox_mark_sent (SentientOutbox *self, guint64 end);

/* The next item that was sent, ends at end or before, and was not shown by this before; NULL: none.
 */
const SentientOutboxItem *sentient_outbox_flush_next (SentientOutbox *self, guint64 end);

/* Drops what was flushed. */
void sentient_outbox_drop_flushed (SentientOutbox *self);

/* Drops the items with numbers up to seq. */
void sentient_outbox_drop_acked (SentientOutbox *self, guint64 seq);

/* The transport is gone: all that it did not deliver waits again, under its old numbers. */
void sentient_outbox_rewind (SentientOutbox *self);

G_END_DECLS
