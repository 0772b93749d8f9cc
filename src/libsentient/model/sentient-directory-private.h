/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-directory.h"

G_BEGIN_DECLS

struct _SentientDirectory
{
  GObject parent_instance;

  SentientClock *clock;
  SentientDirectoryLimits limits;
  GHashTable *sessions; /* node id → SentientSession, owned */
  GPtrArray *rooms;
  GHashTable *rooms_by_name; /* unowned */
  guint64 last_serial;
  gsize queued_bytes; /* the sum over all outboxes */
  gboolean ending;    /* all sessions; a handler must not bring them back for ever */
  SentientMetrics metrics;

  GHashTable *gone; /* node id → rates of one that left lately, both owned */
  SentientRateState log_rate;
  GRand *rand; /* NULL: the global generator */
};

/* sentient-directory-rates.c */
void sentient_directory_keep_rates (SentientDirectory *self, SentientSession *session);
void sentient_directory_restore_rates (SentientDirectory *self, SentientSession *session);
void sentient_directory_forget_rates (SentientDirectory *self, gint64 now_ms);

/* Never refused: what does not fit pushes out the oldest event that waits. */
void sentient_directory_enqueue_event (SentientDirectory *self,
                                       SentientSession *session,
                                       SentientMessage *message);

G_END_DECLS
