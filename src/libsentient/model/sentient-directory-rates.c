/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often a node may do what. Its buckets outlive its session, or leaving would empty them. */

#include "model/sentient-directory-private.h"

/* Nodes that are gone and whose buckets are not full again. A node that finds no place starts anew,
 * so that nobody can make the table grow. */
#define GONE_MAX 16384

typedef struct
{
  SentientRateState signals;
  SentientRateState joins;
} GoneNode;

static gboolean
is_idle (SentientDirectory *self,
         const SentientRateState *signal_state,
         const SentientRateState *join_state,
         gint64 now_ms)
{
  return sentient_rate_limiter_is_idle (&self->limits.signals, signal_state, now_ms)
         && sentient_rate_limiter_is_idle (&self->limits.joins, join_state, now_ms);
}

void
sentient_directory_keep_rates (SentientDirectory *self, SentientSession *session)
{
  GoneNode gone = { session->signal_rate, session->join_rate };

  if (g_hash_table_size (self->gone) < GONE_MAX
      && !is_idle (self, &gone.signals, &gone.joins, sentient_clock_get_monotonic_ms (self->clock)))
    g_hash_table_insert (self->gone, g_strdup (session->node_id), g_memdup2 (&gone, sizeof gone));
}

void
sentient_directory_restore_rates (SentientDirectory *self, SentientSession *session)
{
  const GoneNode *gone = g_hash_table_lookup (self->gone, session->node_id);

  if (gone == NULL)
    return;
  session->signal_rate = gone->signals;
  session->join_rate = gone->joins;
  g_hash_table_remove (self->gone, session->node_id);
}

void
sentient_directory_forget_rates (SentientDirectory *self, gint64 now_ms)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->gone);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const GoneNode *gone = value;

      if (is_idle (self, &gone->signals, &gone->joins, now_ms))
        g_hash_table_iter_remove (&iter);
    }
}

/* At most one line a node and minute, and few in all: ids are free. */
static void
tell_once (SentientDirectory *self, SentientSession *session, const char *what, gint64 now_ms)
{
  static const SentientRateLimit lines = { .rate = 1, .burst = 20 };

  if (sentient_rate_limiter_take (&lines, &self->log_rate, now_ms, 1))
    g_message ("%s: over the limit of %s; refused until it is slower", session->node_id, what);
}

static void
refuse (SentientDirectory *self,
        SentientSession *session,
        const SentientRateLimit *limit,
        SentientRateState *state,
        const char *what,
        guint tokens,
        GError **error)
{
  gint64 now_ms = session->last_seen;
  gboolean first;
  guint ms = sentient_rate_limiter_refuse (limit, state, now_ms, tokens, self->rand, &first);
  GError *made = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED,
                              "“%s” sends too many %s: %u a second are allowed, %u at once. "
                              "Try again in %u ms.",
                              session->node_id, what, limit->rate, limit->burst, ms);

  sentient_error_set_retry_after (made, ms);
  if (first)
    tell_once (self, session, what, now_ms);
  g_propagate_error (error, made);
}

/* Whoever asks was just heard of: last_seen is the present, without asking the clock again. */
gboolean
sentient_directory_admit_signal (SentientDirectory *self,
                                 SentientSession *session,
                                 SentientSignalType type,
                                 GError **error)
{
  GError *why = NULL;
  const SentientRateLimit *limit = &self->limits.signals;
  SentientRateState *state = &session->signal_rate;

  if (G_LIKELY (sentient_rate_limiter_take (limit, state, session->last_seen, 1)))
    return TRUE;
  refuse (self, session, limit, state, "signals", 1, &why);
  sentient_directory_count_refused (self, type, why);
  g_propagate_error (error, why);
  return FALSE;
}

gboolean
sentient_directory_admit_join (SentientDirectory *self,
                               SentientSession *session,
                               const char *room_name,
                               GError **error)
{
  const SentientRateLimit *limit = &self->limits.joins;
  SentientRateState *state = &session->join_rate;
  SentientRoom *room = sentient_directory_find_room (self, room_name);
  guint tokens = 1;

  if (room != NULL)
    tokens += sentient_room_get_n_members (room) / SENTIENT_DIRECTORY_JOIN_MEMBERS;
  if (sentient_rate_limiter_take (limit, state, session->last_seen, tokens))
    return TRUE;
  refuse (self, session, limit, state, "joins", tokens, error);
  return FALSE;
}
