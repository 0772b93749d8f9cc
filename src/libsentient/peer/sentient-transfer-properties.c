/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

/* What can be asked of it */

/**
 * sentient_transfer_get_number:
 * @self: a transfer
 *
 * Returns: its number in the list, from 1 on
 *
 * Since: 0.1
 */
guint
sentient_transfer_get_number (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), 0);

  return self->number;
}

/**
 * sentient_transfer_get_node_id:
 * @self: a transfer
 *
 * Returns: the node at the other end
 *
 * Since: 0.1
 */
const char *
sentient_transfer_get_node_id (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), NULL);

  return self->node_id;
}

/**
 * sentient_transfer_get_name:
 * @self: a transfer
 *
 * Returns: the file's name, fit to be one here
 *
 * Since: 0.1
 */
const char *
sentient_transfer_get_name (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), NULL);

  return self->name;
}

/**
 * sentient_transfer_get_content_type:
 * @self: a transfer
 *
 * Returns: (nullable): the media type that the sending node gives
 *
 * Since: 0.1
 */
const char *
sentient_transfer_get_content_type (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), NULL);

  return self->content_type;
}

/**
 * sentient_transfer_get_size:
 * @self: a transfer
 *
 * Returns: bytes of the whole file; -1: not known
 *
 * Since: 0.1
 */
gint64
sentient_transfer_get_size (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), -1);

  return self->size;
}

/**
 * sentient_transfer_get_done:
 * @self: a transfer
 *
 * Returns: bytes that are stored at the receiving end
 *
 * Since: 0.1
 */
guint64
sentient_transfer_get_done (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), 0);

  return self->done;
}

/**
 * sentient_transfer_get_rate:
 * @self: a transfer
 *
 * Returns: bytes a second; of one that is over on average
 *
 * Since: 0.1
 */
guint64
sentient_transfer_get_rate (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), 0);

  return self->rate;
}

/**
 * sentient_transfer_get_remaining:
 * @self: a transfer
 *
 * Tells by #SentientTransfer:size, #SentientTransfer:done and #SentientTransfer:rate how long it
 * will go on.
 *
 * Returns: seconds; -1: not known, or it is not active
 *
 * Since: 0.1
 */
gint64
sentient_transfer_get_remaining (SentientTransfer *self)
{
  guint64 rest;

  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), -1);

  if (self->state != SENTIENT_TRANSFER_STATE_ACTIVE || self->size < 0 || self->rate == 0)
    return -1;
  rest = (guint64)self->size - MIN (self->done, (guint64)self->size);
  return (gint64)(rest / self->rate + (rest % self->rate != 0));
}

/**
 * sentient_transfer_get_direction:
 * @self: a transfer
 *
 * Returns: which way it goes
 *
 * Since: 0.1
 */
SentientTransferDirection
sentient_transfer_get_direction (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), SENTIENT_TRANSFER_DIRECTION_INCOMING);

  return self->direction;
}

/**
 * sentient_transfer_get_state:
 * @self: a transfer
 *
 * Returns: where it stands
 *
 * Since: 0.1
 */
SentientTransferState
sentient_transfer_get_state (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), SENTIENT_TRANSFER_STATE_FAILED);

  return self->state;
}

/**
 * sentient_transfer_is_over:
 * @self: a transfer
 *
 * Returns: whether its state is an end
 *
 * Since: 0.1
 */
gboolean
sentient_transfer_is_over (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), TRUE);

  return self->state != SENTIENT_TRANSFER_STATE_OFFERED
         && self->state != SENTIENT_TRANSFER_STATE_ACTIVE;
}

/**
 * sentient_transfer_get_error:
 * @self: a transfer
 *
 * Returns: (nullable): why it ended as failed, cancelled or refused
 *
 * Since: 0.1
 */
const GError *
sentient_transfer_get_error (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), NULL);

  return self->error;
}

/**
 * sentient_transfer_get_file:
 * @self: a transfer
 *
 * Returns: (transfer none) (nullable): the file that is sent, or was stored
 *
 * Since: 0.1
 */
GFile *
sentient_transfer_get_file (SentientTransfer *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), NULL);

  return self->file;
}

/**
 * sentient_transfer_cancel:
 * @self: a transfer
 *
 * Ends it, at both ends. An incoming one leaves nothing behind. Does nothing if it is over.
 *
 * Since: 0.1
 */
void
sentient_transfer_cancel (SentientTransfer *self)
{
  g_autofree char *title = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (SENTIENT_IS_TRANSFER (self));

  if (sentient_transfer_is_over (self))
    return;
  title = sentient_transfer_dup_title (self);
  error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: it was cancelled here", title);
  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_CANCELLED,
                           SENTIENT_TRANSFER_CODE_CANCELLED, "", error);
}

/**
 * sentient_transfer_wait_async:
 * @self: a transfer
 * @cancellable: (nullable): a #GCancellable; it ends the wait, not the transfer
 * @callback: called when it is over
 * @user_data: for @callback
 *
 * Waits for the end of it.
 *
 * Since: 0.1
 */
void
sentient_transfer_wait_async (SentientTransfer *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SENTIENT_IS_TRANSFER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_transfer_wait_async);
  if (!sentient_transfer_is_over (self))
    sentient_waiters_add (self->waiters, g_steal_pointer (&task));
  else if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * sentient_transfer_wait_finish:
 * @self: a transfer
 * @result: what the callback got
 * @error: return location
 *
 * Errors: #SentientTransfer:error, among them %SENTIENT_ERROR_FORBIDDEN, %SENTIENT_ERROR_BUSY and
 * %SENTIENT_ERROR_PAYLOAD_TOO_LARGE (it was refused), %G_IO_ERROR_CANCELLED (here),
 * %SENTIENT_ERROR_CLOSED (the other end did not want it any more), %SENTIENT_ERROR_CONNECTION_LOST
 * (the connection ended before it), %SENTIENT_ERROR_TIMED_OUT (nobody answered the offer), and what
 * went wrong with a file.
 *
 * Returns: %TRUE if all of it was stored
 *
 * Since: 0.1
 */
gboolean
sentient_transfer_wait_finish (SentientTransfer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
