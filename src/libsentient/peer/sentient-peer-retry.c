/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

/* Connections that the peer makes by itself are tried again by itself when they fail or break,
 * while the other node is still in one of our rooms: signals may have gone with a coordinator, and
 * the other end may think that all is well. Both ends may do so; glare ends in one connection.
 *
 * After a few times the node is given up: then it is tried once in a while only, until something
 * changes for the better.
 *
 * A connection that lost its link is tried as long as it may, see sentient-peer-recovery.c. */

#define RETRIES_MAX 5
/* So many failures in a row, and another one stands in for a neighbour in a large room. */
#define UNREACHABLE_AFTER 2
#define RETRY_MAX_MS 30000
#define RECOVERY_RETRY_MAX_MS 4000

typedef struct
{
  SentientPeer *peer; /* it owns us */
  char *node_id;
  SentientBackoff backoff;
  guint n_tries;
  guint n_left;     /* before it is given up */
  gboolean is_slow; /* it was */
  gboolean recovers;
  GSource *timer; /* NULL: none is due */
} Retry;

static void
clear_timer (Retry *retry)
{
  if (retry->timer != NULL)
    g_source_destroy (retry->timer);
  g_clear_pointer (&retry->timer, g_source_unref);
}

static void
retry_free (gpointer data)
{
  Retry *retry = data;

  clear_timer (retry);
  g_free (retry->node_id);
  g_free (retry);
}

GHashTable *
sentient_peer_retries_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, retry_free);
}

void
sentient_peer_set_retry_times (SentientPeer *self, guint slow_ms, guint slow_max_ms)
{
  self->retry_slow_ms = slow_ms;
  self->retry_slow_max_ms = slow_max_ms;
}

static void
begin_anew (Retry *retry, gboolean recovers)
{
  const SentientPeer *peer = retry->peer;
  guint max_ms = recovers ? RECOVERY_RETRY_MAX_MS : RETRY_MAX_MS;

  retry->recovers = recovers;
  retry->is_slow = FALSE;
  retry->n_left = RETRIES_MAX;
  sentient_backoff_init (&retry->backoff, peer->reconnect_delay,
                         MAX (peer->reconnect_delay, max_ms));
}

static void
give_up (Retry *retry)
{
  SentientPeer *peer = retry->peer;

  retry->is_slow = TRUE;
  sentient_backoff_init (&retry->backoff, peer->retry_slow_ms, peer->retry_slow_max_ms);
  sentient_peer_trace (peer, retry->node_id,
                       "given up after %u more tries, from now on it is tried once in a while",
                       retry->n_tries);
}

static gboolean on_retry (gpointer user_data);

static void
set_timer (Retry *retry, guint ms)
{
  clear_timer (retry);
  retry->timer = sentient_peer_add_timeout (retry->peer, ms, on_retry, retry);
}

static void
try_again (SentientPeer *self, Retry *retry, const char *room)
{
  g_autofree char *node_id = g_strdup (retry->node_id);

  if (!sentient_peer_greet_in_turn (self, node_id, room))
    {
      set_timer (retry, SENTIENT_PACE_WAIT_MS);
      return;
    }
  sentient_peer_trace (self, node_id, "trying again");
  retry = g_hash_table_lookup (self->retries, node_id);
  /* There is no coordinator now, or there are too many connections. */
  if (retry != NULL && retry->timer == NULL && !g_hash_table_contains (self->attempts, node_id)
      && sentient_peer_is_in_doubt (self, node_id))
    set_timer (retry, sentient_backoff_next_ms (&retry->backoff, NULL));
}

static gboolean
on_retry (gpointer user_data)
{
  Retry *retry = user_data;
  g_autoptr (SentientPeer) self = g_object_ref (retry->peer);
  SentientRoom *room = sentient_peer_find_shared_room (self, retry->node_id);

  clear_timer (retry);
  if (room != NULL
      && (sentient_peer_is_lost (self, retry->node_id)
          || sentient_peer_mesh_wants (self, retry->node_id)))
    try_again (self, retry, sentient_room_get_name (room));
  /* Else it is remembered, so that nobody has it stand in for another one again. */
  else if (room == NULL || retry->n_tries < UNREACHABLE_AFTER)
    {
      g_autofree char *node_id = g_strdup (retry->node_id);

      sentient_peer_forget_retries (self, node_id);
    }
  return G_SOURCE_REMOVE;
}

static Retry *
add_retry (SentientPeer *self, const char *node_id, gboolean recovers)
{
  Retry *retry = g_new0 (Retry, 1);

  retry->peer = self;
  retry->node_id = g_strdup (node_id);
  begin_anew (retry, recovers);
  g_hash_table_insert (self->retries, retry->node_id, retry);
  return retry;
}

SentientRetryPlan
sentient_peer_retry_later (SentientPeer *self, const char *node_id)
{
  Retry *retry = g_hash_table_lookup (self->retries, node_id);
  gboolean recovers = sentient_peer_is_lost (self, node_id);
  gboolean gives_up;

  if ((!self->auto_connect && !recovers) || self->is_closing
      || sentient_peer_find_shared_room (self, node_id) == NULL
      || (!recovers && !sentient_peer_mesh_wants (self, node_id)))
    return SENTIENT_RETRY_NEVER;
  if (retry == NULL)
    retry = add_retry (self, node_id, recovers);
  else if (retry->recovers != recovers)
    begin_anew (retry, recovers);
  if (retry->timer != NULL)
    return retry->is_slow ? SENTIENT_RETRY_SLOWLY : SENTIENT_RETRY_SOON;
  gives_up = !recovers && !retry->is_slow && retry->n_left == 0;
  if (gives_up)
    give_up (retry);
  if (!recovers && !retry->is_slow)
    retry->n_left--;
  retry->n_tries++;
  if (retry->n_tries == UNREACHABLE_AFTER)
    sentient_peer_mesh_touch (self);
  set_timer (retry, sentient_backoff_next_ms (&retry->backoff, NULL));
  if (gives_up)
    return SENTIENT_RETRY_GIVEN_UP;
  return retry->is_slow ? SENTIENT_RETRY_SLOWLY : SENTIENT_RETRY_SOON;
}

static void
retry_anew (SentientPeer *self, Retry *retry)
{
  begin_anew (retry, sentient_peer_is_lost (self, retry->node_id));
  /* Should that one fail, it goes on from there. */
  if (!g_hash_table_contains (self->attempts, retry->node_id))
    set_timer (retry, sentient_backoff_next_ms (&retry->backoff, NULL));
}

void
sentient_peer_retry_anew (SentientPeer *self, const char *node_id)
{
  GHashTableIter iter;
  gpointer retry;

  g_hash_table_iter_init (&iter, self->retries);
  while (!self->is_closing && g_hash_table_iter_next (&iter, NULL, &retry))
    {
      if (node_id == NULL || g_str_equal (((Retry *)retry)->node_id, node_id))
        retry_anew (self, retry);
    }
}

void
sentient_peer_tell_attempt_failed (SentientPeer *self, const GError *error, SentientRetryPlan plan)
{
  g_autoptr (GError) told = NULL;

  if (plan == SENTIENT_RETRY_SLOWLY) /* that it was given up was told, with the reason */
    return;
  if (plan == SENTIENT_RETRY_GIVEN_UP)
    told = g_error_new (error->domain, error->code, "%s; from now on it is tried once in a while",
                        error->message);
  sentient_peer_emit_error (self, told != NULL ? told : error);
}

gboolean
sentient_peer_greet_in_turn (SentientPeer *self, const char *node_id, const char *room)
{
  SentientPace pace = { 0, 0 };
  SentientConnection *attempt;

  if (!sentient_pace_take (&pace))
    return FALSE;
  sentient_peer_greet (self, node_id, room);
  attempt = g_hash_table_lookup (self->attempts, node_id);
  if (attempt != NULL && attempt->pace.place == 0)
    attempt->pace = pace;
  else
    sentient_pace_give_back (&pace);
  return TRUE;
}

void
sentient_peer_forget_retries (SentientPeer *self, const char *node_id)
{
  const Retry *retry = g_hash_table_lookup (self->retries, node_id);

  if (retry != NULL && retry->n_tries >= UNREACHABLE_AFTER)
    sentient_peer_mesh_touch (self);
  g_hash_table_remove (self->retries, node_id);
}

GHashTable *
sentient_peer_list_unreachable (SentientPeer *self)
{
  GHashTable *ids = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->retries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Retry *retry = value;

      /* One that was lost may be back soon. */
      if (retry->n_tries >= UNREACHABLE_AFTER
          && !g_hash_table_contains (self->open, retry->node_id))
        g_hash_table_add (ids, retry->node_id);
    }
  return ids;
}
