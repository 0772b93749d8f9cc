/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-transfer-private.h"

#include <string.h>

#include "peer/sentient-transfer-name.h"

/* Offers */

static void
refuse_offer (SentientTransferNode *node,
              const SentientTransferMessage *offer,
              SentientTransferCode code,
              const char *reason)
{
  SentientTransferMessage message = { .kind = SENTIENT_TRANSFER_MESSAGE_REFUSE,
                                      .transfer = offer->transfer,
                                      .code = code,
                                      .text = reason,
                                      .text_len = strlen (reason) };

  sentient_peer_trace (node->list->peer, node->node_id, "a file was refused%s%s",
                       reason[0] != '\0' ? ": " : "", reason);
  sentient_transfer_list_send (node->list, node->node_id, &message);
}

/* FALSE: it was refused. */
static gboolean
is_admitted (SentientTransferNode *node, const SentientTransferMessage *offer)
{
  static const SentientRateLimit limit
      = { .rate = SENTIENT_TRANSFER_OFFERS_PER_S, .burst = SENTIENT_TRANSFER_OFFERS_BURST };
  SentientTransferList *list = node->list;
  gint64 now_ms = sentient_clock_get_monotonic_ms (list->peer->clock);

  if (!sentient_rate_limiter_take (&limit, &node->offers, now_ms, 1))
    refuse_offer (node, offer, SENTIENT_TRANSFER_CODE_BUSY, "too many offers in too short a time");
  else if (!sentient_peer_hears_offers (list->peer))
    refuse_offer (node, offer, SENTIENT_TRANSFER_CODE_REFUSED, "nobody takes files here");
  else if (offer->size != SENTIENT_TRANSFER_SIZE_UNKNOWN && offer->size > (guint64)list->max_size)
    refuse_offer (node, offer, SENTIENT_TRANSFER_CODE_TOO_LARGE, "");
  else if (!sentient_transfer_list_has_place (list, node->node_id,
                                              SENTIENT_TRANSFER_DIRECTION_INCOMING, NULL))
    refuse_offer (node, offer, SENTIENT_TRANSFER_CODE_BUSY, "");
  else
    return TRUE;
  return FALSE;
}

gboolean
sentient_transfer_handle_offer (SentientTransferNode *node,
                                const SentientTransferMessage *message,
                                GError **error)
{
  SentientTransferList *list = node->list;
  g_autofree char *name = NULL;
  g_autofree char *type = NULL;
  g_autoptr (SentientTransfer) self = NULL;

  if (g_hash_table_contains (node->incoming, GUINT_TO_POINTER (message->transfer)))
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                           "The other node offered a file under a number that it uses already");
      return FALSE;
    }
  if (!is_admitted (node, message))
    return TRUE;
  name = sentient_transfer_dup_safe_name (message->text, message->text_len);
  type = sentient_transfer_dup_safe_text (message->type, message->type_len);
  self = sentient_transfer_new (list, node->node_id, SENTIENT_TRANSFER_DIRECTION_INCOMING, name,
                                type[0] != '\0' ? type : NULL,
                                message->size != SENTIENT_TRANSFER_SIZE_UNKNOWN
                                    ? (gint64)message->size
                                    : -1);
  self->id = message->transfer;
  sentient_transfer_list_add (list, g_object_ref (self));
  if (list->peer != NULL && !sentient_transfer_is_over (self))
    sentient_peer_emit_transfer_offered (list->peer, self);
  return TRUE;
}

/* What is written */

static void
send_plain (SentientTransfer *self, SentientTransferMessageKind kind, guint64 bytes)
{
  SentientTransferMessage message = { .kind = kind, .transfer = self->id, .bytes = bytes };

  sentient_transfer_list_send (self->list, self->node_id, &message);
}

static void
on_opened (gpointer user_data)
{
  send_plain (user_data, SENTIENT_TRANSFER_MESSAGE_ACCEPT, 0);
}

gboolean
sentient_transfer_is_progress_due (SentientTransfer *self)
{
  return self->stored - self->told >= SENTIENT_TRANSFER_CREDIT;
}

void
sentient_transfer_send_progress (SentientTransfer *self)
{
  self->told = self->stored;
  send_plain (self, SENTIENT_TRANSFER_MESSAGE_PROGRESS, self->told);
}

static void
on_written (gsize len, gpointer user_data)
{
  SentientTransfer *self = user_data;

  self->stored += len;
  sentient_transfer_list_serve (self->list, self->node_id);
}

static void
on_finished (GFile *file, gpointer user_data)
{
  SentientTransfer *self = user_data;

  g_set_object (&self->file, file);
  send_plain (self, SENTIENT_TRANSFER_MESSAGE_DONE, 0);
  sentient_transfer_end (self, SENTIENT_TRANSFER_STATE_DONE, NULL);
}

static void
on_failed (const GError *why, gpointer user_data)
{
  SentientTransfer *self = user_data;
  g_autofree char *title = sentient_transfer_dup_title (self);
  g_autoptr (GError) error = g_error_copy (why);
  /* The other end need not know our paths. */
  const char *reason = g_error_matches (why, G_IO_ERROR, G_IO_ERROR_NO_SPACE)
                           ? "there is no room for it"
                           : "it could not be stored";

  g_prefix_error (&error, "%s: it could not be stored: ", title);
  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_FAILED, SENTIENT_TRANSFER_CODE_FAILED,
                           reason, error);
}

static const SentientTransferSinkEvents sink_events
    = { on_opened, on_written, on_finished, on_failed };

/* What comes */

/* Its size was not known before. */
static void
refuse_size (SentientTransfer *self)
{
  g_autofree char *title = sentient_transfer_dup_title (self);
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                     "%s: it has more than the %" G_GINT64_FORMAT " bytes that are allowed here",
                     title, self->list->max_size);

  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_FAILED, SENTIENT_TRANSFER_CODE_TOO_LARGE,
                           "", error);
}

static void
handle_block (SentientTransfer *self, const SentientTransferMessage *message)
{
  guint64 all = self->moved + message->len;

  if (self->size >= 0 && all > (guint64)self->size)
    sentient_transfer_break (self, "sent more than it had offered");
  else if (self->size < 0 && all > (guint64)self->list->max_size)
    refuse_size (self);
  else if (all - self->told > SENTIENT_TRANSFER_WINDOW + SENTIENT_TRANSFER_BLOCK_MAX)
    sentient_transfer_break (self, "did not wait until what it sent was stored");
  else
    {
      self->moved = all;
      sentient_transfer_hash (self, message->body, message->len);
      sentient_transfer_sink_write (self->sink, message->body, message->len);
    }
}

static void
handle_end (SentientTransfer *self, const SentientTransferMessage *message)
{
  guint8 digest[SENTIENT_TRANSFER_DIGEST_LEN];
  g_autofree char *title = NULL;
  g_autoptr (GError) error = NULL;

  if (self->size >= 0 && self->moved != (guint64)self->size)
    {
      sentient_transfer_break (self, "ended it before it was whole");
      return;
    }
  sentient_transfer_take_digest (self, digest);
  if (memcmp (digest, message->body, sizeof digest) == 0)
    {
      self->is_ended = TRUE;
      if (self->size < 0)
        sentient_transfer_set_size (self, (gint64)self->moved);
      if (self->sink != NULL)
        sentient_transfer_sink_finish (self->sink);
      return;
    }
  title = sentient_transfer_dup_title (self);
  error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_FAILED,
                       "%s: what arrived is not what was sent (the SHA-256 differs)", title);
  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_FAILED, SENTIENT_TRANSFER_CODE_DIFFERENT,
                           "", error);
}

void
sentient_transfer_handle_data (SentientTransfer *self, const SentientTransferMessage *message)
{
  if (self->state != SENTIENT_TRANSFER_STATE_ACTIVE)
    sentient_transfer_break (self, "began before it was accepted");
  else if (self->is_ended)
    sentient_transfer_break (self, "sent more after the end");
  else if (message->kind == SENTIENT_TRANSFER_MESSAGE_BLOCK)
    handle_block (self, message);
  else
    handle_end (self, message);
}

/* The application's part */

static gboolean
check_waits (SentientTransfer *self, GError **error)
{
  g_autofree char *title = NULL;

  if (self->direction == SENTIENT_TRANSFER_DIRECTION_INCOMING
      && self->state == SENTIENT_TRANSFER_STATE_OFFERED)
    return TRUE;
  title = sentient_transfer_dup_title (self);
  if (self->direction == SENTIENT_TRANSFER_DIRECTION_OUTGOING)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "%s: it is the other node that takes it, or does not", title);
  else
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                 "%s: it does not wait for an answer any more, it is %s", title,
                 sentient_transfer_state_to_string (self->state));
  return FALSE;
}

/**
 * sentient_transfer_accept:
 * @self: an incoming transfer that is offered
 * @destination: a folder, where the file gets the name that #SentientTransfer:name says, or a file
 *   that is to be made
 * @error: return location
 *
 * Takes the file. It is written to a temporary file in the same folder, which gets its name when
 * all has arrived and its SHA-256 is that of what was sent. No file is overwritten: if there is one
 * of the name, it becomes "name (1).ext", and so on; #SentientTransfer:file tells. What goes wrong
 * with @destination ends the transfer.
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (it does not wait for that).
 *
 * Returns: %TRUE if it is active now
 *
 * Since: 0.1
 */
gboolean
sentient_transfer_accept (SentientTransfer *self, GFile *destination, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), FALSE);
  g_return_val_if_fail (G_IS_FILE (destination), FALSE);

  if (!check_waits (self, error))
    return FALSE;
  self->sink = sentient_transfer_sink_new_file (self->list->peer->context, destination, self->name,
                                                self->size, &sink_events, self);
  sentient_transfer_begin (self);
  return TRUE;
}

/**
 * sentient_transfer_accept_stream:
 * @self: an incoming transfer that is offered
 * @stream: what it is written to; it is closed in the end
 * @error: return location
 *
 * Takes the file, as a stream. What went into it before the end is not to be trusted before
 * #SentientTransfer:state is %SENTIENT_TRANSFER_STATE_DONE.
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (it does not wait for that).
 *
 * Returns: %TRUE if it is active now
 *
 * Since: 0.1
 */
gboolean
sentient_transfer_accept_stream (SentientTransfer *self, GOutputStream *stream, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), FALSE);
  g_return_val_if_fail (G_IS_OUTPUT_STREAM (stream), FALSE);

  if (!check_waits (self, error))
    return FALSE;
  self->sink
      = sentient_transfer_sink_new_stream (self->list->peer->context, stream, &sink_events, self);
  sentient_transfer_begin (self);
  return TRUE;
}

/**
 * sentient_transfer_refuse:
 * @self: an incoming transfer that is offered
 * @reason: (nullable): why, in words for the people at the other end, at most 512 bytes
 * @error: return location
 *
 * Does not take the file.
 *
 * Errors: %SENTIENT_ERROR_BAD_REQUEST (it does not wait for that).
 *
 * Returns: %TRUE if it is refused
 *
 * Since: 0.1
 */
gboolean
sentient_transfer_refuse (SentientTransfer *self, const char *reason, GError **error)
{
  g_autofree char *title = NULL;
  g_autoptr (GError) refused = NULL;

  g_return_val_if_fail (SENTIENT_IS_TRANSFER (self), FALSE);

  if (!check_waits (self, error))
    return FALSE;
  title = sentient_transfer_dup_title (self);
  refused
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN, "%s: it was refused here", title);
  sentient_transfer_abort (self, SENTIENT_TRANSFER_STATE_REFUSED, SENTIENT_TRANSFER_CODE_REFUSED,
                           reason != NULL ? reason : "", refused);
  return TRUE;
}
