/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Connections that peers of this process begin by themselves begin a few at a time. To make one
 * takes a share of a processor: where dozens are begun at once each takes so long that ICE gives
 * up, and what is then tried again makes it worse. May be called on any thread. */
typedef struct
{
  guint place; /* 0: none */
  gint64 until;
} SentientPace;

/* A place is free again after that, whatever became of who had it: who waits for a node that does
 * not answer keeps nobody waiting. */
#define SENTIENT_PACE_HOLD_MS 2000
/* When to ask again. */
#define SENTIENT_PACE_WAIT_MS 50

/* Two for each processor. */
guint sentient_pace_get_places (void);
/* FALSE: none is free now. pace: without one. */
gboolean sentient_pace_take (SentientPace *pace);
/* Does nothing if there is none. */
void sentient_pace_give_back (SentientPace *pace);

G_END_DECLS
