/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-clock.h"

/**
 * SentientClock:
 *
 * Tells the time to objects which have timeouts, so that tests can inject another.
 *
 * Since: 0.1
 */
G_DEFINE_TYPE (SentientClock, sentient_clock, G_TYPE_OBJECT)

static gint64
system_monotonic_ms (SentientClock *self)
{
  return g_get_monotonic_time () / 1000;
}

static gint64
system_real_ms (SentientClock *self)
{
  return g_get_real_time () / 1000;
}

static void
sentient_clock_class_init (SentientClockClass *klass)
{
  klass->get_monotonic_ms = system_monotonic_ms;
  klass->get_real_ms = system_real_ms;
}

static void
sentient_clock_init (SentientClock *self)
{
}

/**
 * sentient_clock_new_system:
 *
 * Returns: (transfer full): a clock that tells the system's time
 *
 * Since: 0.1
 */
SentientClock *
sentient_clock_new_system (void)
{
  return g_object_new (SENTIENT_TYPE_CLOCK, NULL);
}

/**
 * sentient_clock_get_monotonic_ms:
 * @self: a clock
 *
 * Returns: milliseconds since some fixed point; never goes back
 *
 * Since: 0.1
 */
gint64
sentient_clock_get_monotonic_ms (SentientClock *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLOCK (self), 0);

  return SENTIENT_CLOCK_GET_CLASS (self)->get_monotonic_ms (self);
}

/**
 * sentient_clock_get_real_ms:
 * @self: a clock
 *
 * Returns: milliseconds since 1970-01-01 00:00:00 UTC
 *
 * Since: 0.1
 */
gint64
sentient_clock_get_real_ms (SentientClock *self)
{
  g_return_val_if_fail (SENTIENT_IS_CLOCK (self), 0);

  return SENTIENT_CLOCK_GET_CLASS (self)->get_real_ms (self);
}

struct _SentientManualClock
{
  SentientClock parent_instance;

  gint64 monotonic_ms;
  gint64 real_ms;
};

/**
 * SentientManualClock:
 *
 * A clock that stands still until it is moved: for tests.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (SentientManualClock, sentient_manual_clock, SENTIENT_TYPE_CLOCK)

static gint64
manual_monotonic_ms (SentientClock *clock)
{
  return SENTIENT_MANUAL_CLOCK (clock)->monotonic_ms;
}

static gint64
manual_real_ms (SentientClock *clock)
{
  return SENTIENT_MANUAL_CLOCK (clock)->real_ms;
}

static void
sentient_manual_clock_class_init (SentientManualClockClass *klass)
{
  SentientClockClass *clock_class = SENTIENT_CLOCK_CLASS (klass);

  clock_class->get_monotonic_ms = manual_monotonic_ms;
  clock_class->get_real_ms = manual_real_ms;
}

static void
sentient_manual_clock_init (SentientManualClock *self)
{
}

/**
 * sentient_manual_clock_new:
 * @real_ms: what the clock shows at first, in milliseconds since the epoch
 *
 * Returns: (transfer full): a clock that stands still
 *
 * Since: 0.1
 */
SentientManualClock *
sentient_manual_clock_new (gint64 real_ms)
{
  SentientManualClock *self = g_object_new (SENTIENT_TYPE_MANUAL_CLOCK, NULL);

  self->real_ms = real_ms;
  return self;
}

/**
 * sentient_manual_clock_advance:
 * @self: a manual clock
 * @ms: how far to move it, in milliseconds; not negative
 *
 * Moves both of the clock's times. Nothing runs by itself: tell the object under test to look.
 *
 * Since: 0.1
 */
void
sentient_manual_clock_advance (SentientManualClock *self, gint64 ms)
{
  g_return_if_fail (SENTIENT_IS_MANUAL_CLOCK (self));
  g_return_if_fail (ms >= 0);

  self->monotonic_ms += ms;
  self->real_ms += ms;
}
