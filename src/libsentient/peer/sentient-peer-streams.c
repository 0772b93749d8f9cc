/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"
#include "webrtc/sentient-frame.h"

/* Streams whose connection broke or was replaced wait here for the next one to the same node: what
 * the node did not receive is sent again then, once and in order. Not for ever, and not if the
 * connection ended because we wanted so, or because a rule was broken: what broke it would only be
 * sent again. */

typedef struct
{
  SentientPeer *peer; /* it owns us */
  char *node_id;
  SentientStream *stream;
  GSource *timer;
} Kept;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_source_destroy (kept->timer);
  g_source_unref (kept->timer);
  g_clear_pointer (&kept->stream, sentient_stream_free);
  g_free (kept->node_id);
  g_free (kept);
}

GHashTable *
sentient_peer_streams_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, kept_free);
}

/* Takes stream. */
static void
drop (SentientPeer *self, const char *node_id, SentientStream *stream)
{
  guint n = sentient_stream_count_unacknowledged (stream);

  sentient_stream_free (stream);
  if (n > 0)
    sentient_peer_trace (self, node_id,
                         "%u messages were dropped that it had not acknowledged: they may not have "
                         "arrived",
                         n);
}

static gboolean
on_timeout (gpointer user_data)
{
  Kept *kept = user_data;
  g_autoptr (SentientPeer) self = g_object_ref (kept->peer);
  g_autofree char *node_id = g_strdup (kept->node_id);
  SentientStream *stream = g_steal_pointer (&kept->stream);

  g_hash_table_remove (self->streams, node_id);
  drop (self, node_id, stream);
  return G_SOURCE_REMOVE;
}

void
sentient_peer_keep_stream (SentientPeer *self, SentientConnection *connection, const GError *error)
{
  SentientStream *stream = sentient_connection_steal_stream (connection);
  gboolean is_over
      = self->is_closing || !sentient_waiters_is_empty (connection->closing)
        || (error != NULL
            && !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST));
  Kept *kept;

  if (stream == NULL)
    return;
  if (is_over || g_hash_table_size (self->streams) >= self->max_connections)
    {
      drop (self, connection->node_id, stream);
      return;
    }
  kept = g_new0 (Kept, 1);
  kept->peer = self;
  kept->node_id = g_strdup (connection->node_id);
  kept->stream = stream;
  kept->timer = sentient_peer_add_timeout (self, SENTIENT_PEER_KEEP_MS, on_timeout, kept);
  g_hash_table_replace (self->streams, kept->node_id, kept);
}

SentientStream *
sentient_peer_take_stream (SentientPeer *self, const char *node_id)
{
  Kept *kept = g_hash_table_lookup (self->streams, node_id);
  SentientStream *stream = kept != NULL ? g_steal_pointer (&kept->stream) : NULL;

  g_hash_table_remove (self->streams, node_id);
  return stream;
}

void
sentient_peer_begin_messages (SentientPeer *self, SentientConnection *connection)
{
  SentientStream *stream = sentient_peer_take_stream (self, connection->node_id);

  if (g_strcmp0 (sentient_link_get_protocol (connection->link), SENTIENT_FRAME_PROTOCOL) == 0)
    sentient_connection_begin_messages (
        connection,
        stream != NULL ? stream : sentient_stream_new (self->clock, self->max_message_size));
  else if (stream != NULL)
    drop (self, connection->node_id, stream);
}
