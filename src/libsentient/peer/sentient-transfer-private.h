/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-rate-limiter.h"
#include "peer/sentient-peer-private.h"
#include "peer/sentient-transfer-list.h"
#include "peer/sentient-transfer-message.h"
#include "peer/sentient-transfer-rate.h"
#include "peer/sentient-transfer-sink.h"
#include "peer/sentient-transfer-source.h"
#include "peer/sentient-transfer.h"

#include <gnutls/crypto.h>

G_BEGIN_DECLS

/* sentient-transfer.c: the object as others see it. -properties.c: what can be asked of it.
 * sentient-transfer-list.c: all of them, the nodes, what has to wait. -limits.c: how many there may
 * be. -age.c: for how long.
 * sentient-transfer-outgoing.c: who sends. sentient-transfer-incoming.c: who receives.
 * sentient-peer-files.c: the wish to send.
 * sentient-transfer-source.c, -sink.c: reading and writing. -message.c: the wire. -name.c: names.
 *
 * The messages are those of a SentientStream: they arrive once and in order, also over another
 * link. So there is nothing to be sent again here, and a transfer ends with its connection. */

/* Bytes on their way that the other end has not stored: a slow disk slows its own file, and nothing
 * else. */
#define SENTIENT_TRANSFER_WINDOW (1024 * 1024)
#define SENTIENT_TRANSFER_CREDIT (SENTIENT_TRANSFER_WINDOW / 4)
#define SENTIENT_TRANSFER_TICK_MS 100
/* Short messages that wait for a place. More have only those who offer without end. */
#define SENTIENT_TRANSFER_CONTROL_MAX 256
/* Those that are over are listed on: so many of them. */
#define SENTIENT_TRANSFER_KEEP_MAX 32
/* Who offers waits so much longer for an answer than who is asked. */
#define SENTIENT_TRANSFER_OFFER_GRACE_MS 10000
#define SENTIENT_TRANSFER_EXPIRED_WORDS "the offer has expired, and may be made again"
/* Offers of one node. */
#define SENTIENT_TRANSFER_OFFERS_PER_S 20
#define SENTIENT_TRANSFER_OFFERS_BURST 200

/* What goes on with one node. It lives as long as the stream of messages to it. */
typedef struct
{
  SentientTransferList *list; /* unowned */
  char *node_id;
  guint32 last_id;      /* of ours */
  GHashTable *outgoing; /* id → SentientTransfer, those that are not over */
  GHashTable *incoming;
  GQueue
      sending; /* SentientTransfer, unowned: those with something to send, whose turn it is first */
  GQueue control; /* GBytes */
  SentientRateState offers;
} SentientTransferNode;

struct _SentientTransferList
{
  GObject parent_instance;

  SentientPeer *peer; /* unowned; NULL once it is gone */
  GPtrArray *items;   /* SentientTransfer */
  guint last_number;
  GHashTable *nodes; /* node id → SentientTransferNode */
  guint max_transfers;
  guint max_per_node;
  gint64 max_size;
  guint offer_timeout; /* ms; 0: none */
  guint keep_time;
  GSource *timer; /* for the first that has stood long enough */
};

struct _SentientTransfer
{
  GObject parent_instance;

  SentientTransferList *list; /* unowned; NULL once it is gone */
  guint number;
  char *node_id;
  char *name;
  char *content_type;
  gint64 size; /* -1: not known */
  SentientTransferDirection direction;
  SentientTransferState state;
  gint64 since; /* offered, or over; ms of the peer's clock */
  GError *error;
  GFile *file;
  SentientWaiters *waiters;

  guint32 id;                     /* in messages */
  guint attachment;               /* of the stream, when it was begun */
  gnutls_hash_hd_t digest;        /* NULL: not active */
  guint64 moved;                  /* bytes sent, or received */
  guint64 stored;                 /* at the receiving end */
  guint64 told;                   /* of them: to the other end */
  gboolean is_ended;              /* nothing but done is to come */
  SentientTransferSource *source; /* outgoing */
  SentientTransferSink *sink;     /* incoming, once accepted */

  /* As seen by others, and told at every tick. */
  guint64 done;
  guint64 rate;
  gint64 began; /* monotonic, us */
  SentientTransferRate measured;
  GSource *ticker;
};

/* sentient-transfer.c */
SentientTransfer *sentient_transfer_new (SentientTransferList *list,
                                         const char *node_id,
                                         SentientTransferDirection direction,
                                         const char *name,
                                         const char *content_type,
                                         gint64 size);
void sentient_transfer_begin (SentientTransfer *self);
void sentient_transfer_set_size (SentientTransfer *self, gint64 size);
/* Once only; error NULL: all is well. May run foreign code. */
void
sentient_transfer_end (SentientTransfer *self, SentientTransferState state, const GError *error);
void sentient_transfer_hash (SentientTransfer *self, gconstpointer data, gsize len);
/* Of all that was hashed; to be asked once. */
void sentient_transfer_take_digest (SentientTransfer *self, guint8 *digest);
/* "photo.jpg" to “bob”: how messages begin. */
char *sentient_transfer_dup_title (SentientTransfer *self);

/* sentient-transfer-list.c */
SentientTransferNode *sentient_transfer_list_ensure_node (SentientTransferList *self,
                                                          const char *node_id);
/* Whether one from or to that node is not over yet. */
gboolean sentient_transfer_list_is_busy (SentientTransferList *self, const char *node_id);
/* Takes transfer. */
void sentient_transfer_list_add (SentientTransferList *self, SentientTransfer *transfer);
void sentient_transfer_list_remove (SentientTransferList *self, SentientTransfer *transfer);
/* It is over: nothing is to be done for it any more. */
void sentient_transfer_list_retire (SentientTransferList *self, SentientTransfer *transfer);
/* FALSE: there are too many. Errors: BUSY. */
gboolean sentient_transfer_list_has_place (SentientTransferList *self,
                                           const char *node_id,
                                           SentientTransferDirection direction,
                                           GError **error);
/* sentient-transfer-list-age.c */
/* Lists no more than so many that are over. */
void sentient_transfer_list_trim (SentientTransferList *self, guint n_kept);
/* From now on it is offered, or over. */
void sentient_transfer_list_date (SentientTransferList *self, SentientTransfer *transfer);
/* Ends the offers that are too old, and drops what was over for long. */
void sentient_transfer_list_check (SentientTransferList *self);
/* Does so when the first is. */
void sentient_transfer_list_schedule (SentientTransferList *self);
void sentient_transfer_list_unschedule (SentientTransferList *self);

/* sentient-transfer-list.c */
/* Sends it, now or later. */
void sentient_transfer_list_send (SentientTransferList *self,
                                  const char *node_id,
                                  const SentientTransferMessage *message);
/* The bytes of a file and what must not overtake them. FALSE: there is no place now. */
gboolean sentient_transfer_list_send_data (SentientTransferList *self,
                                           const char *node_id,
                                           const SentientTransferMessage *message);

/* sentient-transfer-outgoing.c */
/* file may be NULL. In the list when it returns; of what is told then it may be over already. */
SentientTransfer *sentient_transfer_offer (SentientTransferList *list,
                                           const char *node_id,
                                           GInputStream *stream,
                                           GFile *file,
                                           const char *name,
                                           const char *content_type,
                                           gint64 size);
/* There is place for one message. FALSE: there is nothing to send now. */
gboolean sentient_transfer_send_block (SentientTransfer *self);
void sentient_transfer_handle_answer (SentientTransfer *self,
                                      const SentientTransferMessage *message);
/* Ends it here, and tells the other end; reason: for there. */
void sentient_transfer_abort (SentientTransfer *self,
                              SentientTransferState state,
                              SentientTransferCode code,
                              const char *reason,
                              const GError *error);
/* The same, because the other end broke a rule. */
void sentient_transfer_break (SentientTransfer *self, const char *what);
/* What the other end says of its end. */
void sentient_transfer_handle_end (SentientTransfer *self, const SentientTransferMessage *message);

/* sentient-transfer-incoming.c */
gboolean sentient_transfer_handle_offer (SentientTransferNode *node,
                                         const SentientTransferMessage *message,
                                         GError **error);
void sentient_transfer_handle_data (SentientTransfer *self, const SentientTransferMessage *message);
/* Whether it is time to say how much is stored. */
gboolean sentient_transfer_is_progress_due (SentientTransfer *self);
void sentient_transfer_send_progress (SentientTransfer *self);

G_END_DECLS
