/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-pace.h"

#include "core/sentient-race.h"

#define PLACES_MIN 4
#define PLACES_MAX 64

static GMutex lock;
static gint64 held_until[PLACES_MAX]; /* monotonic, µs; 0: it is free */

guint
sentient_pace_get_places (void)
{
  return CLAMP (g_get_num_processors () * 2, PLACES_MIN, PLACES_MAX);
}

gboolean
sentient_pace_take (SentientPace *pace)
{
  gint64 now = g_get_monotonic_time ();
  guint n = sentient_pace_get_places ();

  g_assert (pace->place == 0);
  sentient_race_lock (&lock);
  for (guint i = 0; i < n && pace->place == 0; i++)
    {
      if (held_until[i] > now)
        continue;
      pace->place = i + 1;
      pace->until = now + SENTIENT_PACE_HOLD_MS * G_TIME_SPAN_MILLISECOND;
      held_until[i] = pace->until;
    }
  sentient_race_unlock (&lock);
  return pace->place != 0;
}

void
sentient_pace_give_back (SentientPace *pace)
{
  if (pace->place == 0)
    return;
  sentient_race_lock (&lock);
  if (held_until[pace->place - 1] == pace->until) /* else it is somebody else's by now */
    held_until[pace->place - 1] = 0;
  sentient_race_unlock (&lock);
  pace->place = 0;
}
