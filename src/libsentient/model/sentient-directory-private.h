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

/* sentient-directory-sessions.c */
/* Whatever waits for others. FALSE: it does not fit these limits. */
gboolean sentient_directory_enqueue (SentientDirectory *self,
                                     SentientSession *session,
                                     const SentientOutboxLimits *limits,
                                     SentientMessage *message,
                                     SentientSender *sender,
                                     guint64 ref);
gboolean sentient_directory_is_over_budget (SentientDirectory *self, SentientMessage *message);

/* sentient-directory.c */
/* Nobody is told but who listens. Error: BUSY. */
gboolean sentient_directory_restore_member (SentientDirectory *self,
                                            SentientSession *session,
                                            const char *room,
                                            const char *metadata,
                                            gint64 joined_at,
                                            gboolean stale,
                                            GError **error);
/* A plain session did not join its stale rooms again. */
void sentient_directory_leave_stale (SentientDirectory *self, SentientSession *session);

/* sentient-directory-v1.c */
/* Whether others in its rooms can reach it, to those who want to know. */
void sentient_directory_tell_presence (SentientDirectory *self,
                                       SentientSession *session,
                                       gboolean online);
/* To who sent what still waits for a session that ends. */
void sentient_directory_tell_undelivered (SentientDirectory *self, SentientSession *session);
/* Once a second: does it acknowledge what it is sent? */
void
sentient_directory_check_progress (SentientDirectory *self, SentientSession *session, gint64 now);

/* sentient-directory-stale.c */
/* An event that does not fit makes place for the state of its room, as do those that wait. */
void sentient_directory_enqueue_event (SentientDirectory *self,
                                       SentientSession *session,
                                       SentientMessage *message);
void sentient_directory_set_stale (SentientDirectory *self,
                                   SentientSession *session,
                                   SentientMembership *membership,
                                   gboolean stale);
void
sentient_directory_note_all (SentientDirectory *self, SentientSession *session, GPtrArray *notes);

G_END_DECLS
