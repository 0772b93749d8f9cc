/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-account.h"

G_BEGIN_DECLS

struct _SentientSession;

/* A session as the sender of what waits for others: its messages in their outboxes hold it, beyond
 * its own end. On one thread. */
typedef struct
{
  guint ref_count;
  struct _SentientSession *session; /* unowned; NULL once it has ended */
  gsize queued_bytes;               /* in all outboxes */
  SentientAccount *account;         /* of its address; NULL: a caller in this process */
} SentientSender;

SentientSender *sentient_sender_new (void);
SentientSender *sentient_sender_ref (SentientSender *self);
void sentient_sender_unref (SentientSender *self);

/* What it has queued goes over to the account. */
void sentient_sender_set_account (SentientSender *self, SentientAccount *account);
void sentient_sender_charge (SentientSender *self, gsize bytes);
void sentient_sender_refund (SentientSender *self, gsize bytes);

G_END_DECLS
