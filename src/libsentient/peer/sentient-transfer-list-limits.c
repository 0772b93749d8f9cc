/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

gboolean
sentient_transfer_list_has_place (SentientTransferList *self,
                                  const char *node_id,
                                  SentientTransferDirection direction,
                                  GError **error)
{
  guint n = 0, n_node = 0;

  for (guint i = 0; i < self->items->len; i++)
    {
      SentientTransfer *item = self->items->pdata[i];

      if (sentient_transfer_is_over (item) || item->direction != direction)
        continue;
      n++;
      n_node += g_str_equal (item->node_id, node_id);
    }
  if (n < self->max_transfers && n_node < self->max_per_node)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
               "there are %u transfers already, %u of them with “%s”; let one end first", n, n_node,
               node_id);
  return FALSE;
}

/**
 * sentient_transfer_list_get_max_transfers:
 * @self: a list
 *
 * Returns: transfers at a time, each way
 *
 * Since: 0.1
 */
guint
sentient_transfer_list_get_max_transfers (SentientTransferList *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER_LIST (self), 0);

  return self->max_transfers;
}

/**
 * sentient_transfer_list_set_max_transfers:
 * @self: a list
 * @max: transfers at a time, each way
 *
 * Those that are there already go on.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_set_max_transfers (SentientTransferList *self, guint max)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));

  if (self->max_transfers == max)
    return;
  self->max_transfers = max;
  g_object_notify (G_OBJECT (self), "max-transfers");
}

/**
 * sentient_transfer_list_get_max_per_node:
 * @self: a list
 *
 * Returns: transfers at a time with one node, each way
 *
 * Since: 0.1
 */
guint
sentient_transfer_list_get_max_per_node (SentientTransferList *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER_LIST (self), 0);

  return self->max_per_node;
}

/**
 * sentient_transfer_list_set_max_per_node:
 * @self: a list
 * @max: transfers at a time with one node, each way
 *
 * Those that are there already go on.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_set_max_per_node (SentientTransferList *self, guint max)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));

  if (self->max_per_node == max)
    return;
  self->max_per_node = max;
  g_object_notify (G_OBJECT (self), "max-per-node");
}

/**
 * sentient_transfer_list_get_max_size:
 * @self: a list
 *
 * Returns: bytes of a file that other nodes may offer
 *
 * Since: 0.1
 */
gint64
sentient_transfer_list_get_max_size (SentientTransferList *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER_LIST (self), 0);

  return self->max_size;
}

/**
 * sentient_transfer_list_set_max_size:
 * @self: a list
 * @max: bytes of a file that other nodes may offer
 *
 * Larger ones are refused from now on.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_set_max_size (SentientTransferList *self, gint64 max)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));
  g_return_if_fail (max >= 0);

  if (self->max_size == max)
    return;
  self->max_size = max;
  g_object_notify (G_OBJECT (self), "max-size");
}

/**
 * sentient_transfer_list_get_offer_timeout:
 * @self: a list
 *
 * Returns: milliseconds for which a file may be offered; 0: until the connection ends
 *
 * Since: 0.1
 */
guint
sentient_transfer_list_get_offer_timeout (SentientTransferList *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER_LIST (self), 0);

  return self->offer_timeout;
}

/**
 * sentient_transfer_list_set_offer_timeout:
 * @self: a list
 * @ms: milliseconds for which a file may be offered; 0: until the connection ends
 *
 * It counts for those that are offered already, too.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_set_offer_timeout (SentientTransferList *self, guint ms)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));
  g_return_if_fail (ms <= G_MAXINT);

  if (self->offer_timeout == ms)
    return;
  self->offer_timeout = ms;
  sentient_transfer_list_schedule (self);
  g_object_notify (G_OBJECT (self), "offer-timeout");
}

/**
 * sentient_transfer_list_get_keep_time:
 * @self: a list
 *
 * Returns: milliseconds for which a transfer that is over is listed on; 0: without end
 *
 * Since: 0.1
 */
guint
sentient_transfer_list_get_keep_time (SentientTransferList *self)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER_LIST (self), 0);

  return self->keep_time;
}

/**
 * sentient_transfer_list_set_keep_time:
 * @self: a list
 * @ms: milliseconds for which a transfer that is over is listed on; 0: without end
 *
 * It counts for those that are over already, too.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_set_keep_time (SentientTransferList *self, guint ms)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));
  g_return_if_fail (ms <= G_MAXINT);

  if (self->keep_time == ms)
    return;
  self->keep_time = ms;
  sentient_transfer_list_schedule (self);
  g_object_notify (G_OBJECT (self), "keep-time");
}

/**
 * sentient_transfer_list_clear:
 * @self: a list
 *
 * Lists those no more that are over.
 *
 * Since: 0.1
 */
void
sentient_transfer_list_clear (SentientTransferList *self)
{
  g_return_if_fail (SENTIENT_IS_TRANSFER_LIST (self));

  sentient_transfer_list_trim (self, 0);
}
