/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Waiting times between attempts: they double from first_ms to max_ms, each spread over half to
 * the whole of its value, so that many clients that were lost together do not come back together.
 */
typedef struct
{
  guint first_ms;
  guint max_ms;
  guint attempt;
} SentientBackoff;

void sentient_backoff_init (SentientBackoff *self, guint first_ms, guint max_ms);
guint sentient_backoff_next_ms (SentientBackoff *self, GRand *rand);
void sentient_backoff_reset (SentientBackoff *self);

G_END_DECLS
