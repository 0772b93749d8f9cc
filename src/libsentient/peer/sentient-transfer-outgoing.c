/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

#include <string.h>

#include "peer/sentient-transfer-name.h"

/* Ends of both kinds */

void
sentient_transfer_abort (SentientTransfer *self,
                         SentientTransferState state,
                         SentientTransferCode code,
                         const char *reason,
                         const GError *error)
{
  SentientTransferMessage message
      = { .kind = self->direction == SENTIENT_TRANSFER_DIRECTION_OUTGOING
                      ? SENTIENT_TRANSFER_MESSAGE_CANCEL
                      : SENTIENT_TRANSFER_MESSAGE_REFUSE,
          .transfer = self->id,
          .code = code,
          .text = reason,
          .text_len = MIN (strlen (reason), SENTIENT_TRANSFER_REASON_MAX) };

  sentient_transfer_list_send (self->list, self->node_id, &message);
  sentient_transfer_end (self, state, error);
}

void
sentient_transfer_break (SentientTransfer *self, const char *what)
{
  g_autofree char *title = sentient_transfer_dup_title (self);
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, "%s: the other node %s", title, what);

  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_FAILED, SENTIENT_TRANSFER_CODE_PROTOCOL,
                           what, error);
}

/* What a code of the other end means here. */
static SentientTransferState
judge (SentientTransferCode code, gint *domain_code, const char **words)
{
  switch (code)
    {
    case SENTIENT_TRANSFER_CODE_CANCELLED:
      *domain_code = SENTIENT_ERROR_CLOSED;
      *words = "it was cancelled at the other end";
      return SENTIENT_TRANSFER_STATE_CANCELLED;
    case SENTIENT_TRANSFER_CODE_REFUSED:
      *domain_code = SENTIENT_ERROR_FORBIDDEN;
      *words = "it was refused";
      return SENTIENT_TRANSFER_STATE_REFUSED;
    case SENTIENT_TRANSFER_CODE_BUSY:
      *domain_code = SENTIENT_ERROR_BUSY;
      *words = "the other node has too much to do with files; try it again later";
      return SENTIENT_TRANSFER_STATE_REFUSED;
    case SENTIENT_TRANSFER_CODE_TOO_LARGE:
      *domain_code = SENTIENT_ERROR_PAYLOAD_TOO_LARGE;
      *words = "the other node does not take files that large";
      return SENTIENT_TRANSFER_STATE_REFUSED;
    case SENTIENT_TRANSFER_CODE_PROTOCOL:
      *domain_code = SENTIENT_ERROR_PROTOCOL;
      *words = "the other node says that we broke the protocol";
      return SENTIENT_TRANSFER_STATE_FAILED;
    case SENTIENT_TRANSFER_CODE_DIFFERENT:
      *domain_code = SENTIENT_ERROR_FAILED;
      *words = "what arrived is not what was sent";
      return SENTIENT_TRANSFER_STATE_FAILED;
    case SENTIENT_TRANSFER_CODE_UNANSWERED:
      *domain_code = SENTIENT_ERROR_TIMED_OUT;
      *words = SENTIENT_TRANSFER_EXPIRED_WORDS;
      return SENTIENT_TRANSFER_STATE_FAILED;
    case SENTIENT_TRANSFER_CODE_FAILED:
    default:
      *domain_code = SENTIENT_ERROR_FAILED;
      *words = "it failed at the other end";
      return SENTIENT_TRANSFER_STATE_FAILED;
    }
}

void
sentient_transfer_handle_end (SentientTransfer *self, const SentientTransferMessage *message)
{
  g_autoptr (SentientTransferList) list = g_object_ref (self->list);
  gboolean was_withdrawn = self->state == SENTIENT_TRANSFER_STATE_OFFERED
                           && self->direction == SENTIENT_TRANSFER_DIRECTION_INCOMING;
  gint code = SENTIENT_ERROR_FAILED;
  const char *words = NULL;
  SentientTransferState state = judge (message->code, &code, &words);
  g_autofree char *title = sentient_transfer_dup_title (self);
  g_autofree char *reason = sentient_transfer_dup_safe_text (message->text, message->text_len);
  g_autoptr (GError) error = g_error_new (SENTIENT_ERROR, code, "%s: %s%s%s", title, words,
                                          reason[0] != '\0' ? ": " : "", reason);

  sentient_transfer_end (self, state, error);
  /* Nobody had wanted it: who offers and withdraws without end must not be all that is listed. */
  if (was_withdrawn)
    sentient_transfer_list_remove (list, self);
}

/* Outgoing */

static void
on_source_ready (gpointer user_data)
{
  SentientTransfer *self = user_data;

  sentient_transfer_list_serve (self->list, self->node_id);
}

static guint32
new_id (SentientTransferNode *node)
{
  do
    node->last_id++;
  while (node->last_id == 0
         || g_hash_table_contains (node->outgoing, GUINT_TO_POINTER (node->last_id)));
  return node->last_id;
}

SentientTransfer *
sentient_transfer_offer (SentientTransferList *list,
                         const char *node_id,
                         GInputStream *stream,
                         GFile *file,
                         const char *name,
                         const char *content_type,
                         gint64 size)
{
  g_autofree char *safe = sentient_transfer_dup_safe_name (name, strlen (name));
  SentientTransfer *self
      = sentient_transfer_new (list, node_id, SENTIENT_TRANSFER_DIRECTION_OUTGOING, safe,
                               content_type, size);
  gsize type_len = content_type != NULL ? strlen (content_type) : 0;
  SentientTransferMessage message
      = { .kind = SENTIENT_TRANSFER_MESSAGE_OFFER,
          .size = size >= 0 ? (guint64)size : SENTIENT_TRANSFER_SIZE_UNKNOWN,
          .text = safe,
          .text_len = strlen (safe),
          .type = content_type,
          .type_len = type_len <= SENTIENT_TRANSFER_TYPE_MAX ? type_len : 0 };

  self->id = message.transfer = new_id (sentient_transfer_list_ensure_node (list, node_id));
  self->file = file != NULL ? g_object_ref (file) : NULL;
  self->source = sentient_transfer_source_new (list->peer->context, stream, on_source_ready, self);
  sentient_transfer_list_send (list, node_id, &message);
  sentient_transfer_list_add (list, g_object_ref (self));
  return self;
}

/* reason: for the other end, which need not know our paths. */
static void
fail (SentientTransfer *self, const char *reason, const GError *why)
{
  g_autofree char *title = sentient_transfer_dup_title (self);
  g_autoptr (GError) error = NULL;

  if (why != NULL)
    {
      error = g_error_copy (why);
      g_prefix_error (&error, "%s: it could not be read: ", title);
    }
  else
    error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_FAILED, "%s: %s", title, reason);
  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_FAILED, SENTIENT_TRANSFER_CODE_FAILED,
                           reason, error);
}

/* All was read. */
static void
send_end (SentientTransfer *self)
{
  SentientTransferNode *node = sentient_transfer_list_ensure_node (self->list, self->node_id);
  guint8 digest[SENTIENT_TRANSFER_DIGEST_LEN];
  SentientTransferMessage message = { .kind = SENTIENT_TRANSFER_MESSAGE_END,
                                      .transfer = self->id,
                                      .body = digest,
                                      .len = sizeof digest };

  sentient_transfer_take_digest (self, digest);
  self->is_ended = TRUE;
  g_queue_remove (&node->sending, self);
  sentient_transfer_list_send_data (self->list, self->node_id, &message);
}

gboolean
sentient_transfer_send_block (SentientTransfer *self)
{
  SentientTransferMessage message
      = { .kind = SENTIENT_TRANSFER_MESSAGE_BLOCK, .transfer = self->id };
  const GError *error;
  gboolean is_over;

  if (self->moved - self->told >= SENTIENT_TRANSFER_WINDOW)
    return FALSE;
  message.body = sentient_transfer_source_peek (self->source, &message.len, &is_over, &error);
  if (message.body == NULL && !is_over)
    return FALSE;
  if (error != NULL)
    fail (self, "it could not be read", error);
  else if (message.body == NULL && self->size >= 0 && self->moved < (guint64)self->size)
    fail (self, "it became shorter while it was sent", NULL);
  else if (message.body == NULL)
    send_end (self);
  else if (self->size >= 0 && self->moved == (guint64)self->size)
    fail (self, "it became longer while it was sent", NULL);
  else
    {
      message.len = MIN (message.len, SENTIENT_TRANSFER_BLOCK_MAX);
      if (self->size >= 0)
        message.len = MIN (message.len, (guint64)self->size - self->moved);
      if (!sentient_transfer_list_send_data (self->list, self->node_id, &message))
        return FALSE;
      sentient_transfer_hash (self, message.body, message.len);
      sentient_transfer_source_skip (self->source, message.len);
      self->moved += message.len;
    }
  return TRUE;
}

static void
handle_accept (SentientTransfer *self, const SentientTransferMessage *message)
{
  g_autoptr (SentientTransferList) list = g_object_ref (self->list);
  SentientTransferNode *node = sentient_transfer_list_ensure_node (list, self->node_id);

  if (self->state != SENTIENT_TRANSFER_STATE_OFFERED || message->bytes != 0)
    {
      sentient_transfer_break (self, "accepted it twice, or wants it from the middle on");
      return;
    }
  g_queue_push_tail (&node->sending, self);
  sentient_transfer_begin (self);
  sentient_transfer_list_serve (list, self->node_id);
}

static void
handle_progress (SentientTransfer *self, const SentientTransferMessage *message)
{
  if (self->state != SENTIENT_TRANSFER_STATE_ACTIVE || message->bytes < self->told
      || message->bytes > self->moved)
    {
      sentient_transfer_break (self, "says that it has stored what it cannot have");
      return;
    }
  self->told = self->stored = message->bytes;
  sentient_transfer_list_serve (self->list, self->node_id);
}

void
sentient_transfer_handle_answer (SentientTransfer *self, const SentientTransferMessage *message)
{
  if (message->kind == SENTIENT_TRANSFER_MESSAGE_ACCEPT)
    handle_accept (self, message);
  else if (message->kind == SENTIENT_TRANSFER_MESSAGE_PROGRESS)
    handle_progress (self, message);
  else if (self->is_ended)
    {
      self->stored = self->moved;
      if (self->size < 0)
        sentient_transfer_set_size (self, (gint64)self->stored);
      sentient_transfer_end (self, SENTIENT_TRANSFER_STATE_DONE, NULL);
    }
  else
    sentient_transfer_break (self, "says that it has all of it, which cannot be");
}
