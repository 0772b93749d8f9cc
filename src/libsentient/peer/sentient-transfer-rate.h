/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How fast a file goes, as a person wants to read it: steady, although the other end tells only
 * now and then how much it has. */
typedef struct
{
  double mean;     /* bytes a second */
  guint64 total;   /* bytes, as known last */
  guint64 step;    /* by which that grew */
  gint64 advanced; /* when, us */
} SentientTransferRate;

void sentient_transfer_rate_begin (SentientTransferRate *self, gint64 now);
/* Bytes a second; 0: nothing moves. */
guint64 sentient_transfer_rate_update (SentientTransferRate *self, gint64 now, guint64 total);

G_END_DECLS
