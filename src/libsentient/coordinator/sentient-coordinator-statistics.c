/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the coordinator does, in numbers. */

#include "coordinator/sentient-coordinator-private.h"
#include "core/sentient-source.h"
#include "core/sentient-version.h"

void
sentient_coordinator_stamp (SentientCoordinator *self)
{
  SentientMetrics *metrics = sentient_directory_get_metrics (self->directory);

  if (SENTIENT_IS_MANUAL_CLOCK (self->clock))
    metrics->now_us = sentient_clock_get_monotonic_ms (self->clock) * 1000;
  else
    metrics->now_us = g_get_monotonic_time ();
}

void
sentient_coordinator_count (SentientStatistics *statistics, gpointer user_data)
{
  SentientCoordinator *self = user_data;
  const SentientMetrics *metrics = sentient_directory_get_metrics (self->directory);
  SentientDirectoryCounts counts;

  sentient_directory_count (self->directory, &counts);
  *statistics = (SentientStatistics){
    .metrics = metrics,
    .version = SENTIENT_VERSION_STRING,
    .websockets = metrics->websockets,
    .rooms = g_list_model_get_n_items (G_LIST_MODEL (self->directory)),
    .nodes = sentient_directory_get_n_nodes (self->directory),
    .memberships = counts.memberships,
    .queued_messages = counts.queued_messages,
    .queued_bytes = counts.queued_bytes,
    .sources = sentient_source_count (),
  };
  if (self->engine == NULL)
    return;

  statistics->ready = !self->stopping;
  statistics->uptime_ms = sentient_clock_get_monotonic_ms (self->clock) - self->started_at;
  statistics->polls = sentient_hub_get_n_polls (self->hub);
  statistics->http_connections = sentient_engine_get_n_connections (self->engine)
                                 - statistics->websockets - statistics->polls;
}

/**
 * sentient_coordinator_dup_statistics:
 * @self: a coordinator
 *
 * What `GET /webrtc/stats` answers, see README.md: counters since the object was made, and how
 * things stand now. Times are in seconds. There is no name of a room or node in it.
 *
 * Returns: (transfer full): the text of a JSON object
 *
 * Since: 0.1
 */
char *
sentient_coordinator_dup_statistics (SentientCoordinator *self)
{
  GString *text;
  SentientStatistics statistics;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);

  text = g_string_sized_new (4096);
  sentient_coordinator_count (&statistics, self);
  sentient_statistics_append_json (&statistics, text);
  return g_string_free (text, FALSE);
}

/**
 * sentient_coordinator_set_metrics_func:
 * @self: a coordinator
 * @func: (scope notified) (nullable): tells more for `GET /metrics`; %NULL: nobody does
 * @user_data: (closure func): for @func
 * @destroy: (destroy func): frees @user_data when @func is not called any more
 *
 * Lets a program that runs a coordinator show its own numbers beside those of the coordinator, to
 * those who may ask for them: programs on the same machine. sentient_peer_statistics_to_metrics()
 * writes what a node of the program counts. Names of rooms or nodes have no place there: a label
 * should have few values.
 *
 * Since: 0.1
 */
void
sentient_coordinator_set_metrics_func (SentientCoordinator *self,
                                       SentientMetricsFunc func,
                                       gpointer user_data,
                                       GDestroyNotify destroy)
{
  GDestroyNotify old_destroy;
  gpointer old_data;

  g_return_if_fail (SENTIENT_IS_COORDINATOR (self));

  old_destroy = self->metrics_destroy;
  old_data = self->metrics_data;
  self->metrics_func = func;
  self->metrics_data = user_data;
  self->metrics_destroy = destroy;
  if (old_destroy != NULL)
    old_destroy (old_data);
}

/* What it is given lives until it is through, even if it takes itself away. */
static char *
ask_owner (SentientCoordinator *self)
{
  g_autoptr (SentientCoordinator) hold = g_object_ref (self);
  SentientMetricsFunc func = self->metrics_func;
  gpointer data = self->metrics_data;
  GDestroyNotify destroy = g_steal_pointer (&self->metrics_destroy);
  char *text = func (self, data);

  if (self->metrics_func == func && self->metrics_data == data && self->metrics_destroy == NULL)
    self->metrics_destroy = destroy;
  else if (destroy != NULL)
    destroy (data);
  return text;
}

void
sentient_coordinator_append_metrics (GString *out, gpointer user_data)
{
  SentientCoordinator *self = user_data;
  g_autofree char *text = NULL;

  if (self->metrics_func != NULL)
    text = ask_owner (self);
  if (text == NULL || *text == '\0')
    return;
  g_string_append (out, text);
  if (out->str[out->len - 1] != '\n') /* the format wants it */
    g_string_append_c (out, '\n');
}
