/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

/**
 * SentientTransferList:
 *
 * The files that a #SentientPeer sends and receives: a #GListModel of #SentientTransfer in the
 * order of their beginning, with what it allows to other nodes. Of those that are over the last 32
 * are listed on, for #SentientTransferList:keep-time.
 *
 * Since: 0.1
 */

typedef enum
{
  PROP_MAX_TRANSFERS = 1,
  PROP_MAX_PER_NODE,
  PROP_MAX_SIZE,
  PROP_OFFER_TIMEOUT,
  PROP_KEEP_TIME,
} SentientTransferListProperty;

static GParamSpec *properties[PROP_KEEP_TIME + 1];

#define MAX_TRANSFERS 64
#define MAX_PER_NODE 16
#define OFFER_TIMEOUT_MS 600000
#define KEEP_TIME_MS 3600000

static void sentient_transfer_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientTransferList,
                               sentient_transfer_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      sentient_transfer_list_model_init))

/* Nodes */

static void
node_free (gpointer data)
{
  SentientTransferNode *node = data;

  g_hash_table_unref (node->outgoing);
  g_hash_table_unref (node->incoming);
  g_queue_clear (&node->sending);
  g_queue_clear_full (&node->control, (GDestroyNotify)g_bytes_unref);
  g_free (node->node_id);
  g_free (node);
}

SentientTransferNode *
sentient_transfer_list_ensure_node (SentientTransferList *self, const char *node_id)
{
  SentientTransferNode *node = g_hash_table_lookup (self->nodes, node_id);

  if (node != NULL)
    return node;
  node = g_new0 (SentientTransferNode, 1);
  node->list = self;
  node->node_id = g_strdup (node_id);
  /* What is late for one that was started anew should not meet a transfer of the same number. */
  node->last_id = g_random_int ();
  node->outgoing = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  node->incoming = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  g_hash_table_insert (self->nodes, node->node_id, node);
  return node;
}

static GHashTable *
get_table (SentientTransferNode *node, SentientTransferDirection direction)
{
  return direction == SENTIENT_TRANSFER_DIRECTION_OUTGOING ? node->outgoing : node->incoming;
}

static SentientConnection *
find_connection (SentientTransferList *self, const char *node_id)
{
  return self->peer != NULL ? g_hash_table_lookup (self->peer->open, node_id) : NULL;
}

/* The list */

static GType
sentient_transfer_list_get_item_type (GListModel *model)
{
  return SENTIENT_TYPE_TRANSFER;
}

static guint
sentient_transfer_list_get_n_items (GListModel *model)
{
  return SENTIENT_TRANSFER_LIST (model)->items->len;
}

static gpointer
sentient_transfer_list_get_item (GListModel *model, guint position)
{
  SentientTransferList *self = SENTIENT_TRANSFER_LIST (model);

  return position < self->items->len ? g_object_ref (self->items->pdata[position]) : NULL;
}

static void
sentient_transfer_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = sentient_transfer_list_get_item_type;
  iface->get_n_items = sentient_transfer_list_get_n_items;
  iface->get_item = sentient_transfer_list_get_item;
}

void
sentient_transfer_list_remove (SentientTransferList *self, SentientTransfer *transfer)
{
  g_autoptr (SentientTransfer) keep = g_object_ref (transfer);
  guint position;

  if (!g_ptr_array_find (self->items, transfer, &position))
    return;
  g_ptr_array_remove_index (self->items, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

void
sentient_transfer_list_add (SentientTransferList *self, SentientTransfer *transfer)
{
  SentientTransferNode *node = sentient_transfer_list_ensure_node (self, transfer->node_id);
  SentientConnection *connection = find_connection (self, transfer->node_id);

  transfer->number = ++self->last_number;
  transfer->attachment
      = connection != NULL ? sentient_connection_count_attachments (connection) : 0;
  g_hash_table_insert (get_table (node, transfer->direction), GUINT_TO_POINTER (transfer->id),
                       g_object_ref (transfer));
  g_ptr_array_add (self->items, transfer);
  sentient_transfer_list_date (self, transfer);
  g_list_model_items_changed (G_LIST_MODEL (self), self->items->len - 1, 0, 1);
}

void
sentient_transfer_list_retire (SentientTransferList *self, SentientTransfer *transfer)
{
  SentientTransferNode *node = g_hash_table_lookup (self->nodes, transfer->node_id);

  if (node == NULL)
    return;
  g_queue_remove (&node->sending, transfer);
  g_hash_table_remove (get_table (node, transfer->direction), GUINT_TO_POINTER (transfer->id));
}

/* Messages */

static gboolean
push (SentientTransferList *self,
      const char *node_id,
      GBytes *data,
      SentientStreamPriority priority)
{
  SentientConnection *connection = find_connection (self, node_id);

  return connection != NULL && sentient_connection_push_service (connection, data, priority);
}

static gboolean
has_room (SentientTransferList *self, const char *node_id, SentientStreamPriority priority)
{
  SentientConnection *connection = find_connection (self, node_id);

  return connection != NULL && sentient_connection_has_service_room (connection, priority);
}

void
sentient_transfer_list_send (SentientTransferList *self,
                             const char *node_id,
                             const SentientTransferMessage *message)
{
  SentientTransferNode *node = sentient_transfer_list_ensure_node (self, node_id);
  g_autoptr (GBytes) data = sentient_transfer_message_serialize (message);

  if (node->control.length > 0 || !push (self, node_id, data, SENTIENT_STREAM_PRIORITY_NORMAL))
    g_queue_push_tail (&node->control, g_steal_pointer (&data));
}

gboolean
sentient_transfer_list_send_data (SentientTransferList *self,
                                  const char *node_id,
                                  const SentientTransferMessage *message)
{
  g_autoptr (GBytes) data = sentient_transfer_message_serialize (message);

  return push (self, node_id, data, SENTIENT_STREAM_PRIORITY_LOW);
}

static void
serve_control (SentientTransferNode *node)
{
  GBytes *data;

  while ((data = g_queue_peek_head (&node->control)) != NULL
         && push (node->list, node->node_id, data, SENTIENT_STREAM_PRIORITY_NORMAL))
    g_bytes_unref (g_queue_pop_head (&node->control));
}

static void
serve_progress (SentientTransferNode *node)
{
  GHashTableIter iter;
  gpointer transfer;

  g_hash_table_iter_init (&iter, node->incoming);
  while (g_hash_table_iter_next (&iter, NULL, &transfer)
         && has_room (node->list, node->node_id, SENTIENT_STREAM_PRIORITY_NORMAL))
    if (sentient_transfer_is_progress_due (transfer))
      sentient_transfer_send_progress (transfer);
}

/* A block of each in turn. A transfer that turns out to be broken ends, with foreign code. */
static void
serve_blocks (SentientTransferList *self, const char *node_id)
{
  SentientTransferNode *node;
  guint n_idle = 0;

  while ((node = g_hash_table_lookup (self->nodes, node_id)) != NULL
         && n_idle < node->sending.length && has_room (self, node_id, SENTIENT_STREAM_PRIORITY_LOW))
    {
      g_autoptr (SentientTransfer) transfer = g_object_ref (g_queue_peek_head (&node->sending));

      g_queue_push_tail (&node->sending, g_queue_pop_head (&node->sending));
      n_idle = sentient_transfer_send_block (transfer) ? 0 : n_idle + 1;
    }
}

void
sentient_transfer_list_serve (SentientTransferList *self, const char *node_id)
{
  g_autoptr (SentientTransferList) keep = g_object_ref (self);
  SentientTransferNode *node = g_hash_table_lookup (self->nodes, node_id);

  if (node == NULL)
    return;
  serve_control (node);
  if (node->control.length > 0)
    return;
  serve_progress (node);
  serve_blocks (self, node_id);
}

static gboolean
is_answer (const SentientTransferMessage *message)
{
  return message->kind >= SENTIENT_TRANSFER_MESSAGE_ACCEPT;
}

static void
dispatch (SentientTransferNode *node, const SentientTransferMessage *message)
{
  SentientTransfer *known
      = g_hash_table_lookup (is_answer (message) ? node->outgoing : node->incoming,
                             GUINT_TO_POINTER (message->transfer));
  g_autoptr (SentientTransfer) transfer = known != NULL ? g_object_ref (known) : NULL;

  if (transfer == NULL)
    return; /* it is over here, and the other end does not know yet */
  if (message->kind == SENTIENT_TRANSFER_MESSAGE_CANCEL
      || message->kind == SENTIENT_TRANSFER_MESSAGE_REFUSE)
    sentient_transfer_handle_end (transfer, message);
  else if (is_answer (message))
    sentient_transfer_handle_answer (transfer, message);
  else
    sentient_transfer_handle_data (transfer, message);
}

gboolean
sentient_transfer_list_receive (SentientTransferList *self,
                                const char *node_id,
                                GBytes *data,
                                GError **error)
{
  g_autoptr (SentientTransferList) keep = g_object_ref (self);
  SentientTransferNode *node = sentient_transfer_list_ensure_node (self, node_id);
  SentientTransferMessage message;

  if (!sentient_transfer_message_parse (g_bytes_get_data (data, NULL), g_bytes_get_size (data),
                                        &message, error))
    return FALSE;
  if (node->control.length >= SENTIENT_TRANSFER_CONTROL_MAX)
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                           "The other node asks about files, but does not listen to the answers");
      return FALSE;
    }
  if (message.kind == SENTIENT_TRANSFER_MESSAGE_OFFER)
    return sentient_transfer_handle_offer (node, &message, error);
  if (message.kind > SENTIENT_TRANSFER_MESSAGE_REFUSE || message.kind == 0)
    return TRUE; /* a later version has more of them */
  dispatch (node, &message);
  return TRUE;
}

/* Ends */

/* (element-type SentientTransfer): those not over, held. node_id NULL: with all nodes. */
static GPtrArray *
list_running (SentientTransferList *self, const char *node_id)
{
  GPtrArray *running = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->items->len; i++)
    {
      SentientTransfer *item = self->items->pdata[i];

      if (!sentient_transfer_is_over (item)
          && (node_id == NULL || g_str_equal (item->node_id, node_id)))
        g_ptr_array_add (running, g_object_ref (item));
    }
  return running;
}

gboolean
sentient_transfer_list_is_busy (SentientTransferList *self, const char *node_id)
{
  g_autoptr (GPtrArray) running = list_running (self, node_id);

  return running->len > 0;
}

static void
fail (SentientTransfer *transfer, gint code, const char *why)
{
  g_autofree char *title = sentient_transfer_dup_title (transfer);
  g_autoptr (GError) error = NULL;

  if (sentient_transfer_is_over (transfer))
    return;
  error = g_error_new (SENTIENT_ERROR, code, "%s: %s", title, why);
  sentient_transfer_end (transfer, SENTIENT_TRANSFER_STATE_FAILED, error);
}

void
sentient_transfer_list_node_over (SentientTransferList *self,
                                  const char *node_id,
                                  const GError *error)
{
  g_autoptr (GPtrArray) running = list_running (self, node_id);
  g_autofree char *why
      = g_strconcat ("the connection ended before it was through", error != NULL ? ": " : "",
                     error != NULL ? error->message : "", NULL);

  g_hash_table_remove (self->nodes, node_id);
  for (guint i = 0; i < running->len; i++)
    fail (running->pdata[i], SENTIENT_ERROR_CONNECTION_LOST, why);
}

/* What waits to be said about transfers that are over. */
static void
drop_control (SentientTransferList *self, const char *node_id)
{
  SentientTransferNode *node = g_hash_table_lookup (self->nodes, node_id);
  guint n = node != NULL ? node->control.length : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) data = g_queue_pop_head (&node->control);
      SentientTransferMessage message;

      sentient_transfer_message_parse (g_bytes_get_data (data, NULL), g_bytes_get_size (data),
                                       &message, NULL);
      /* It is one of ours: what is an answer is about theirs. */
      if (g_hash_table_contains (is_answer (&message) ? node->incoming : node->outgoing,
                                 GUINT_TO_POINTER (message.transfer)))
        g_queue_push_tail (&node->control, g_steal_pointer (&data));
    }
}

void
sentient_transfer_list_node_restarted (SentientTransferList *self,
                                       const char *node_id,
                                       guint attachment)
{
  g_autoptr (GPtrArray) running = list_running (self, node_id);

  for (guint i = 0; i < running->len; i++)
    if (((SentientTransfer *)running->pdata[i])->attachment < attachment)
      fail (running->pdata[i], SENTIENT_ERROR_CONNECTION_LOST,
            "the node was started anew and knows nothing of it any more");
  drop_control (self, node_id);
}

void
sentient_transfer_list_give_up (SentientTransferList *self, const char *node_id)
{
  g_autoptr (GPtrArray) running = list_running (self, node_id);

  for (guint i = 0; i < running->len; i++)
    {
      SentientTransfer *transfer = running->pdata[i];
      g_autofree char *title = sentient_transfer_dup_title (transfer);
      g_autoptr (GError) error
          = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                         "%s: the connection was closed before it was through", title);

      if (!sentient_transfer_is_over (transfer))
        sentient_transfer_abort (transfer, SENTIENT_TRANSFER_STATE_CANCELLED,
                                 SENTIENT_TRANSFER_CODE_CANCELLED, "the connection is closed",
                                 error);
    }
}

void
sentient_transfer_list_dispose (SentientTransferList *self)
{
  g_autoptr (GPtrArray) running = list_running (self, NULL);

  for (guint i = 0; i < running->len; i++)
    fail (running->pdata[i], SENTIENT_ERROR_CLOSED, "the peer was disposed of");
  for (guint i = 0; i < self->items->len; i++)
    ((SentientTransfer *)self->items->pdata[i])->list = NULL;
  sentient_transfer_list_unschedule (self);
  self->peer = NULL;
}

/* The object */

static void
sentient_transfer_list_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  SentientTransferList *self = SENTIENT_TRANSFER_LIST (object);

  switch ((SentientTransferListProperty)prop_id)
    {
    case PROP_MAX_TRANSFERS:
      g_value_set_uint (value, self->max_transfers);
      break;
    case PROP_MAX_PER_NODE:
      g_value_set_uint (value, self->max_per_node);
      break;
    case PROP_MAX_SIZE:
      g_value_set_int64 (value, self->max_size);
      break;
    case PROP_OFFER_TIMEOUT:
      g_value_set_uint (value, self->offer_timeout);
      break;
    case PROP_KEEP_TIME:
      g_value_set_uint (value, self->keep_time);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_transfer_list_set_property (GObject *object,
                                     guint prop_id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  SentientTransferList *self = SENTIENT_TRANSFER_LIST (object);

  switch ((SentientTransferListProperty)prop_id)
    {
    case PROP_MAX_TRANSFERS:
      sentient_transfer_list_set_max_transfers (self, g_value_get_uint (value));
      break;
    case PROP_MAX_PER_NODE:
      sentient_transfer_list_set_max_per_node (self, g_value_get_uint (value));
      break;
    case PROP_MAX_SIZE:
      sentient_transfer_list_set_max_size (self, g_value_get_int64 (value));
      break;
    case PROP_OFFER_TIMEOUT:
      sentient_transfer_list_set_offer_timeout (self, g_value_get_uint (value));
      break;
    case PROP_KEEP_TIME:
      sentient_transfer_list_set_keep_time (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_transfer_list_finalize (GObject *object)
{
  SentientTransferList *self = SENTIENT_TRANSFER_LIST (object);

  g_hash_table_unref (self->nodes);
  g_ptr_array_unref (self->items);

  G_OBJECT_CLASS (sentient_transfer_list_parent_class)->finalize (object);
}

static void
sentient_transfer_list_class_init (SentientTransferListClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_transfer_list_get_property;
  object_class->set_property = sentient_transfer_list_set_property;
  object_class->finalize = sentient_transfer_list_finalize;

  /**
   * SentientTransferList:max-transfers:
   *
   * Transfers at a time, offered or active, each way; what other nodes offer beyond that is
   * refused.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_TRANSFERS]
      = g_param_spec_uint ("max-transfers", NULL, NULL, 0, G_MAXUINT, MAX_TRANSFERS, flags);

  /**
   * SentientTransferList:max-per-node:
   *
   * The same, with one node.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_PER_NODE]
      = g_param_spec_uint ("max-per-node", NULL, NULL, 0, G_MAXUINT, MAX_PER_NODE, flags);

  /**
   * SentientTransferList:max-size:
   *
   * Bytes of a file that other nodes may offer; larger ones are refused. Read when one is offered
   * or accepted.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE]
      = g_param_spec_int64 ("max-size", NULL, NULL, 0, G_MAXINT64, G_MAXINT64, flags);

  /**
   * SentientTransferList:offer-timeout:
   *
   * Milliseconds for which a file may be offered; one that nobody has accepted or refused by then
   * ends as failed at both ends, with %SENTIENT_ERROR_TIMED_OUT. That of the node that is asked
   * counts; what this one offers ends ten seconds later, if the other has said nothing. 0: such an
   * offer ends with the connection.
   *
   * Since: 0.1
   */
  properties[PROP_OFFER_TIMEOUT]
      = g_param_spec_uint ("offer-timeout", NULL, NULL, 0, G_MAXINT, OFFER_TIMEOUT_MS, flags);

  /**
   * SentientTransferList:keep-time:
   *
   * Milliseconds for which a transfer that is over is listed on, while it is one of the last 32; 0:
   * without end.
   *
   * Since: 0.1
   */
  properties[PROP_KEEP_TIME]
      = g_param_spec_uint ("keep-time", NULL, NULL, 0, G_MAXINT, KEEP_TIME_MS, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_transfer_list_init (SentientTransferList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);
  self->max_transfers = MAX_TRANSFERS;
  self->max_per_node = MAX_PER_NODE;
  self->max_size = G_MAXINT64;
  self->offer_timeout = OFFER_TIMEOUT_MS;
  self->keep_time = KEEP_TIME_MS;
}

SentientTransferList *
sentient_transfer_list_new (SentientPeer *peer)
{
  SentientTransferList *self = g_object_new (SENTIENT_TYPE_TRANSFER_LIST, NULL);

  self->peer = peer;
  return self;
}
