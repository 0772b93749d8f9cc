/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stopping without loss: those who are there are served a while longer, then what they would miss
 * is written down for the next start. */

#include "coordinator/sentient-coordinator-private.h"
#include "core/sentient-source.h"

#define DRAIN_CHECK_MS 50
/* When there may be a coordinator again: told to clients, each a little later than another. */
#define RETRY_AFTER_MS 500

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientCoordinator *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  gboolean stopped = sentient_engine_stop_finish (self->engine, result, &error);

  self->stopping = FALSE;
  sentient_coordinator_tear_down (self);
  sentient_coordinator_notify_running (self);
  if (stopped)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
clear_drain_timer (SentientCoordinator *self)
{
  if (self->drain_timer != NULL)
    g_source_destroy (self->drain_timer);
  g_clear_pointer (&self->drain_timer, g_source_unref);
}

/* Nothing may be handled, and nothing get a number, after the sessions were saved. */
static void
end_drain (SentientCoordinator *self)
{
  GTask *task = g_steal_pointer (&self->drain_task);

  clear_drain_timer (self);
  sentient_hub_close (self->hub);
  sentient_coordinator_save_handover (self);
  sentient_engine_stop_async (self->engine, g_task_get_cancellable (task), on_stopped, task);
}

void
sentient_coordinator_drop_drain (SentientCoordinator *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->drain_task);

  clear_drain_timer (self);
  if (task != NULL)
    g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                             "The coordinator was freed before it had stopped.");
}

void
sentient_coordinator_check_drain (SentientCoordinator *self)
{
  const SentientMetrics *metrics = sentient_directory_get_metrics (self->directory);

  if (self->drain_task == NULL)
    return;
  if (sentient_clock_get_monotonic_ms (self->clock) >= self->drain_until_ms
      || g_cancellable_is_cancelled (g_task_get_cancellable (self->drain_task))
      || (metrics->websockets == 0 && sentient_hub_get_n_polls (self->hub) == 0))
    end_drain (self);
}

static gboolean
on_drain_timer (gpointer user_data)
{
  SentientCoordinator *self = user_data;
  g_autoptr (SentientCoordinator) hold = g_object_ref (self);

  sentient_coordinator_check_drain (self);
  return G_SOURCE_CONTINUE; /* it was destroyed where it is over */
}

static void
begin_drain (SentientCoordinator *self)
{
  guint drain_ms = self->limits[SENTIENT_LIMIT_DRAIN_TIME];
  g_autoptr (GString) text = g_string_new (NULL);

  sentient_hub_set_draining (self->hub, drain_ms + RETRY_AFTER_MS);
  sentient_reply_append_draining (text, drain_ms
                                            + (guint)g_random_int_range (RETRY_AFTER_MS,
                                                                         2 * RETRY_AFTER_MS));
  sentient_engine_send_to_all (self->engine, text->str, text->len);
  self->drain_until_ms = sentient_clock_get_monotonic_ms (self->clock) + drain_ms;
  self->drain_timer = g_timeout_source_new (drain_ms == 0 ? 0 : DRAIN_CHECK_MS);
  sentient_source_attach (self->drain_timer, self->context, "sentient-coordinator-drain",
                          on_drain_timer, self);
}

/**
 * sentient_coordinator_stop_async:
 * @self: a coordinator
 * @cancellable: (nullable): ends the waiting; it stops all the same
 * @callback: called when nothing is open any more
 * @user_data: for @callback
 *
 * Stops in good order. For #SentientCoordinator:drain-time it serves those who are there, takes
 * nobody new, and tells all of it (`draining`, and 503 at `/readyz`). Then it writes
 * #SentientCoordinator:handover-file, stops listening, answers what was asked, says goodbye to
 * WebSockets (close code 1001) and waits for them, at most two seconds. All rooms are empty then.
 *
 * Since: 0.1
 */
void
sentient_coordinator_stop_async (SentientCoordinator *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (SENTIENT_IS_COORDINATOR (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_coordinator_stop_async);
  if (self->engine == NULL || self->stopping)
    {
      g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                               "The coordinator does not run.");
      g_object_unref (task);
      return;
    }
  self->stopping = TRUE;
  self->drain_task = task;
  begin_drain (self);
}

/**
 * sentient_coordinator_stop_finish:
 * @self: a coordinator
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %TRUE if it stopped
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_stop_finish (SentientCoordinator *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
