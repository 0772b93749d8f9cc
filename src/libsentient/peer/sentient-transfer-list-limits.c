/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

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
