/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-connection-statistics-private.h"
#include "peer/sentient-peer-private.h"

/* How long the other node has to answer; what is known is told then. */
#define ANSWER_MS 2000

/* Who waits for fresh numbers. */
typedef struct
{
  SentientConnection *connection; /* unowned */
  GTask *task;
  guint64 question;
  GSource *timeout;
  GSource *cancel;
} Query;

/* The record, which the connection keeps while it lives */

static gint64
now_ms (SentientConnection *self)
{
  return sentient_clock_get_monotonic_ms (self->record.clock);
}

void
sentient_connection_begin_record (SentientConnection *self)
{
  self->record.clock = g_object_ref (self->peer->clock);
  self->record.since = now_ms (self);
}

void
sentient_connection_note_state (SentientConnection *self)
{
  gint64 now = now_ms (self);

  self->record.times[self->state] += now - self->record.since;
  self->record.since = now;
}

static void
update_counts (SentientConnection *self)
{
  if (self->stream != NULL)
    sentient_stream_get_counts (self->stream, &self->record.counts);
}

static void
take_path (SentientConnectionStatistics *statistics, SentientLink *link)
{
  g_autoptr (SentientLinkPath) path = link != NULL ? sentient_link_dup_path (link) : NULL;

  if (path == NULL)
    return;
  statistics->local = path->local;
  statistics->remote = path->remote;
  path->local.address = path->remote.address = NULL;
  statistics->protocol = g_steal_pointer (&path->protocol);
  statistics->relayed = sentient_link_path_is_relayed (path);
  statistics->relay = g_steal_pointer (&path->relay);
  statistics->relay_protocol = path->relay_through;
  statistics->retransmits = path->retransmits;
}

static void
take_counters (SentientConnectionStatistics *statistics, SentientConnection *self)
{
  statistics->messages_sent = self->messages_sent;
  statistics->messages_received = self->messages_received;
  statistics->bytes_sent = self->bytes_sent;
  statistics->bytes_received = self->bytes_received;
  update_counts (self);
  statistics->counts = self->record.counts;
  if (!self->record.is_framed) /* each message went as it is */
    statistics->counts = (SentientStreamCounts){ self->messages_sent, self->messages_received,
                                                 self->bytes_sent, self->bytes_received, 0 };
  if (self->link != NULL)
    statistics->bytes_buffered = sentient_link_get_buffered_amount (self->link);
  if (self->stream == NULL)
    return;
  statistics->rtt = sentient_stream_get_rtt (self->stream);
  statistics->window_size = SENTIENT_STREAM_WINDOW;
  statistics->window_used = sentient_stream_get_window_used (self->stream);
  statistics->bytes_waiting = sentient_stream_get_buffered_amount (self->stream);
}

/**
 * sentient_connection_dup_statistics:
 * @self: a connection
 *
 * How it does now, as far as is known here: nobody is asked. It also works when the connection has
 * ended.
 *
 * Returns: (transfer full): the statistics
 *
 * Since: 0.1
 */
SentientConnectionStatistics *
sentient_connection_dup_statistics (SentientConnection *self)
{
  SentientConnectionStatistics *statistics;

  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), NULL);

  statistics = g_object_new (SENTIENT_TYPE_CONNECTION_STATISTICS, NULL);
  statistics->node_id = g_strdup (self->node_id);
  statistics->room = g_strdup (self->room);
  statistics->state = self->state;
  statistics->offerer = self->offerer;
  statistics->framed = self->record.is_framed;
  statistics->time = sentient_clock_get_real_ms (self->record.clock);
  statistics->connected_at = self->connected_at;
  statistics->replacements = self->n_replacements;
  for (guint i = 0; i < SENTIENT_CONNECTION_N_STATES; i++)
    statistics->state_times[i] = self->record.times[i];
  statistics->state_times[self->state] += now_ms (self) - self->record.since;
  take_path (statistics, self->link);
  if (self->link != NULL)
    statistics->timeline = *sentient_link_get_timeline (self->link);
  take_counters (statistics, self);
  return statistics;
}

/* Queries */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* The task, to be returned. */
static GTask *
query_free (Query *query)
{
  GTask *task = query->task;

  clear_source (&query->timeout);
  clear_source (&query->cancel);
  g_free (query);
  return task;
}

static void
answer (SentientConnection *self, Query *query)
{
  g_autoptr (GTask) task = query_free (query);

  g_task_return_pointer (task, sentient_connection_dup_statistics (self), g_object_unref);
}

void
sentient_connection_answer_queries (SentientConnection *self)
{
  Query *query;

  while ((query = g_queue_peek_head (&self->record.queries)) != NULL && self->stream != NULL
         && sentient_stream_get_answered (self->stream) >= query->question)
    answer (self, g_queue_pop_head (&self->record.queries));
}

void
sentient_connection_end_record (SentientConnection *self)
{
  Query *query;

  update_counts (self);
  while ((query = g_queue_pop_head (&self->record.queries)) != NULL)
    answer (self, query);
}

static gboolean
on_timeout (gpointer user_data)
{
  Query *query = user_data;

  g_queue_remove (&query->connection->record.queries, query);
  answer (query->connection, query);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Query *query = user_data;
  g_autoptr (GTask) task = NULL;

  g_queue_remove (&query->connection->record.queries, query);
  task = query_free (query);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
add_query (SentientConnection *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Query *query = g_new0 (Query, 1);

  query->connection = self;
  query->task = g_object_ref (task);
  query->question = sentient_stream_ask (self->stream);
  query->timeout = sentient_peer_add_timeout (self->peer, ANSWER_MS, on_timeout, query);
  if (cancellable != NULL)
    {
      query->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (query->cancel, (GSourceFunc)G_CALLBACK (on_cancelled), query, NULL);
      g_source_attach (query->cancel, self->peer->context);
    }
  g_queue_push_tail (&self->record.queries, query);
  sentient_connection_wake (self);
}

/**
 * sentient_connection_query_statistics_async:
 * @self: a connection
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): what to call when it is done
 * @user_data: for @callback
 *
 * Like sentient_connection_dup_statistics(), but the other node is pinged before, so that the time
 * to it and back is of now. If it has not answered within 2 seconds, or cannot be asked (without
 * framing, or while there is no data channel), what is known is told all the same.
 *
 * Since: 0.1
 */
void
sentient_connection_query_statistics_async (SentientConnection *self,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SENTIENT_IS_CONNECTION (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_connection_query_statistics_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->peer != NULL && self->stream != NULL && self->link != NULL
      && sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_OPEN)
    add_query (self, task);
  else
    g_task_return_pointer (task, sentient_connection_dup_statistics (self), g_object_unref);
}

/**
 * sentient_connection_query_statistics_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location for an error: only %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): the statistics
 *
 * Since: 0.1
 */
SentientConnectionStatistics *
sentient_connection_query_statistics_finish (SentientConnection *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_CONNECTION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
