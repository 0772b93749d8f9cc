/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include "core/sentient-types.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_CLOCK (sentient_clock_get_type ())
SENTIENT_API
G_DECLARE_DERIVABLE_TYPE (SentientClock, sentient_clock, SENTIENT, CLOCK, GObject)

/**
 * SentientClockClass:
 * @get_monotonic_ms: milliseconds since some fixed point; never goes back
 * @get_real_ms: milliseconds since the epoch, UTC
 *
 * The time as the model sees it. The base class tells the system's time.
 *
 * Since: 0.1
 */
struct _SentientClockClass
{
  GObjectClass parent_class;

  gint64 (*get_monotonic_ms) (SentientClock *self);
  gint64 (*get_real_ms) (SentientClock *self);

  /*< private >*/
  gpointer padding[4];
};

SENTIENT_API
SentientClock *sentient_clock_new_system (void);
SENTIENT_API
gint64 sentient_clock_get_monotonic_ms (SentientClock *self);
SENTIENT_API
gint64 sentient_clock_get_real_ms (SentientClock *self);

#define SENTIENT_TYPE_MANUAL_CLOCK (sentient_manual_clock_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientManualClock,
                      sentient_manual_clock,
                      SENTIENT,
                      MANUAL_CLOCK,
                      SentientClock)

SENTIENT_API
SentientManualClock *sentient_manual_clock_new (gint64 real_ms);
SENTIENT_API
void sentient_manual_clock_advance (SentientManualClock *self, gint64 ms);

G_END_DECLS
