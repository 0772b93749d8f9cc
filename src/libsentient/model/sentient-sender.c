/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-sender.h"

SentientSender *
sentient_sender_new (void)
{
  SentientSender *self = g_new0 (SentientSender, 1);

  self->ref_count = 1;
  return self;
}

SentientSender *
sentient_sender_ref (SentientSender *self)
{
  self->ref_count++;
  return self;
}

void
sentient_sender_unref (SentientSender *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->queued_bytes == 0);
  g_clear_pointer (&self->account, sentient_account_unref);
  g_free (self);
}

void
sentient_sender_set_account (SentientSender *self, SentientAccount *account)
{
  if (self->account == account)
    return;
  if (account != NULL)
    {
      sentient_account_ref (account);
      account->queued_bytes += self->queued_bytes;
    }
  if (self->account != NULL)
    {
      self->account->queued_bytes -= self->queued_bytes;
      sentient_account_unref (self->account);
    }
  self->account = account;
}

void
sentient_sender_charge (SentientSender *self, gsize bytes)
{
  self->queued_bytes += bytes;
  if (self->account != NULL)
    self->account->queued_bytes += bytes;
}

void
sentient_sender_refund (SentientSender *self, gsize bytes)
{
  self->queued_bytes -= bytes;
  if (self->account != NULL)
    self->account->queued_bytes -= bytes;
}
