/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

/* Connections that the peer makes by itself are tried again by itself when they fail or break,
 * while the other node is still in one of our rooms: signals may have gone with a coordinator, and
 * the other end may think that all is well. Both ends may do so; glare ends in one connection.
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

static gboolean
on_retry (gpointer user_data)
{
  Retry *retry = user_data;
  g_autoptr (SentientPeer) self = g_object_ref (retry->peer);
  g_autofree char *node_id = g_strdup (retry->node_id);
  SentientRoom *room = sentient_peer_find_shared_room (self, node_id);

  clear_timer (retry);
  if (room == NULL
      || (!sentient_peer_is_lost (self, node_id) && !sentient_peer_mesh_wants (self, node_id)))
    {
      /* Else it is remembered, so that nobody has it stand in for another one again. */
      if (room == NULL || retry->n_tries < UNREACHABLE_AFTER)
        sentient_peer_forget_retries (self, node_id);
      return G_SOURCE_REMOVE;
    }
  sentient_peer_trace (self, node_id, "trying again");
  sentient_peer_greet (self, node_id, sentient_room_get_name (room));
  return G_SOURCE_REMOVE;
}

void
sentient_peer_retry_later (SentientPeer *self, const char *node_id)
{
  Retry *retry = g_hash_table_lookup (self->retries, node_id);
  gboolean recovers = sentient_peer_is_lost (self, node_id);

  if ((!self->auto_connect && !recovers) || self->is_closing
      || sentient_peer_find_shared_room (self, node_id) == NULL
      || (!recovers && !sentient_peer_mesh_wants (self, node_id)))
    return;
  if (retry == NULL)
    {
      retry = g_new0 (Retry, 1);
      retry->peer = self;
      retry->node_id = g_strdup (node_id);
      sentient_backoff_init (&retry->backoff, self->reconnect_delay,
                             MAX (self->reconnect_delay,
                                  recovers ? RECOVERY_RETRY_MAX_MS : RETRY_MAX_MS));
      g_hash_table_insert (self->retries, retry->node_id, retry);
    }
  if (retry->timer != NULL)
    return;
  if (retry->n_tries >= RETRIES_MAX && !recovers)
    {
      sentient_peer_trace (self, node_id, "given up after %u more tries", retry->n_tries);
      return;
    }
  retry->n_tries++;
  if (retry->n_tries == UNREACHABLE_AFTER)
    sentient_peer_mesh_touch (self);
  retry->timer = sentient_peer_add_timeout (self, sentient_backoff_next_ms (&retry->backoff, NULL),
                                            on_retry, retry);
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
