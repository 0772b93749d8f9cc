/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What waits in all outboxes for what one address has sent. Counted, on one thread: it lives as
 * long as the address is known and as long as anything is charged to it. */
typedef struct
{
  guint ref_count;
  gsize queued_bytes;
} SentientAccount;

static inline SentientAccount *
sentient_account_new (void)
{
  SentientAccount *self = g_new0 (SentientAccount, 1);

  self->ref_count = 1;
  return self;
}

static inline SentientAccount *
sentient_account_ref (SentientAccount *self)
{
  self->ref_count++;
  return self;
}

static inline void
sentient_account_unref (SentientAccount *self)
{
  if (--self->ref_count == 0)
    g_free (self);
}

G_END_DECLS
