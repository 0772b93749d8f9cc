/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

/* What goes over an open connection: in the frames of sentient.v1 if the channel says so, else each
 * message as it is. Whatever runs foreign code may end the connection: hold it. */

/* As long as a link takes to send what it was given. */
#define CLOSE_MS 1000

/* Who waits until a message is taken. */
typedef struct
{
  SentientConnection *connection; /* unowned */
  GTask *task;
  GBytes *data;
  gboolean is_text;
  SentientPriority priority;
  GSource *cancel;
} Sender;

G_STATIC_ASSERT ((guint)SENTIENT_PRIORITY_LOW == SENTIENT_STREAM_PRIORITY_LOW);
G_STATIC_ASSERT ((guint)SENTIENT_PRIORITY_HIGH == SENTIENT_STREAM_PRIORITY_HIGH);

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GSource *
add_source (GSource *source, GSourceFunc func, gpointer user_data, GMainContext *context)
{
  g_source_set_static_name (source, "sentient-connection");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}

/* The task, to be returned. */
static GTask *
sender_free (Sender *sender)
{
  GTask *task = sender->task;

  clear_source (&sender->cancel);
  g_bytes_unref (sender->data);
  g_free (sender);
  return task;
}

static void
set_over_error (SentientConnection *self, GError **error)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED,
               "the connection to “%s” is over", self->node_id);
}

/* Beginning and end */

gboolean
sentient_connection_is_usable (SentientConnection *self)
{
  if (self->peer == NULL || self->closing_timer != NULL)
    return FALSE;
  /* A link that is being torn down may be about to be replaced. */
  if (self->stream != NULL)
    return self->link == NULL || sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_OPEN
           || sentient_peer_may_recover (self->peer, self, NULL);
  return self->link != NULL
         && sentient_link_get_state (self->link) == SENTIENT_LINK_STATE_OPEN
         /* else messages have not begun yet */
         && g_strcmp0 (sentient_link_get_protocol (self->link), SENTIENT_FRAME_PROTOCOL) != 0;
}

static gboolean
on_beat (gpointer user_data)
{
  sentient_connection_check_time (user_data);
  return G_SOURCE_REMOVE;
}

static void
set_beat (SentientConnection *self)
{
  gint64 ms = sentient_stream_get_timeout (self->stream);

  clear_source (&self->beat);
  if (ms >= 0 && self->peer != NULL)
    self->beat = add_source (g_timeout_source_new ((guint)ms), on_beat, self, self->peer->context);
}

void
sentient_connection_begin_messages (SentientConnection *self, SentientStream *stream)
{
  g_assert (self->stream == NULL);

  self->stream = stream;
  self->record.is_framed = TRUE;
  sentient_connection_resume_messages (self);
}

void
sentient_connection_pause_messages (SentientConnection *self)
{
  sentient_stream_detach (self->stream);
  g_clear_pointer (&self->held, g_bytes_unref);
  clear_source (&self->beat);
}

void
sentient_connection_resume_messages (SentientConnection *self)
{
  g_clear_pointer (&self->held, g_bytes_unref);
  sentient_stream_attach (self->stream);
  set_beat (self);
  sentient_connection_wake (self);
}

void
sentient_connection_end_messages (SentientConnection *self, const GError *error)
{
  GQueue senders = self->senders;
  Sender *sender;

  g_queue_init (&self->senders);
  sentient_connection_end_record (self);
  clear_source (&self->flush);
  clear_source (&self->beat);
  clear_source (&self->closing_timer);
  g_clear_pointer (&self->held, g_bytes_unref);
  g_clear_pointer (&self->stream, sentient_stream_free);
  while ((sender = g_queue_pop_head (&senders)) != NULL)
    {
      g_autoptr (GTask) task = sender_free (sender);
      g_autoptr (GError) over = error != NULL ? g_error_copy (error) : NULL;

      if (over == NULL)
        set_over_error (self, &over);
      g_task_return_error (task, g_steal_pointer (&over));
    }
}

/* Out */

static gboolean
push (SentientConnection *self,
      GBytes *data,
      gboolean is_text,
      SentientPriority priority,
      GError **error)
{
  if (!sentient_connection_is_usable (self))
    {
      set_over_error (self, error);
      return FALSE;
    }
  if (self->stream != NULL
          ? !sentient_stream_push (self->stream, data,
                                   is_text ? SENTIENT_FRAME_TEXT : SENTIENT_FRAME_BINARY,
                                   (SentientStreamPriority)priority, error)
          : !sentient_link_send (self->link, data, is_text, error))
    {
      g_prefix_error (error, "to “%s”: ", self->node_id);
      return FALSE;
    }
  self->messages_sent++;
  self->bytes_sent += g_bytes_get_size (data);
  if (self->stream != NULL)
    sentient_connection_wake (self);
  return TRUE;
}

/* Nobody waits who would be overtaken wrongly. */
static gboolean
is_next (SentientConnection *self, SentientPriority priority)
{
  const Sender *first = g_queue_peek_head (&self->senders);

  return first == NULL || first->priority < priority;
}

gboolean
sentient_connection_send (SentientConnection *self,
                          GBytes *data,
                          gboolean is_text,
                          SentientPriority priority,
                          GError **error)
{
  if (is_next (self, priority))
    return push (self, data, is_text, priority, error);
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
               "to “%s”: %u messages wait to be taken already. Send it again when the channel has "
               "drained.",
               self->node_id, self->senders.length);
  return FALSE;
}

static gboolean
on_sender_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Sender *sender = user_data;
  g_autoptr (GTask) task = NULL;

  g_queue_remove (&sender->connection->senders, sender);
  task = sender_free (sender);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* Behind those that are as urgent. */
static void
queue_sender (SentientConnection *self, Sender *sender)
{
  GList *before = self->senders.tail;

  while (before != NULL && ((Sender *)before->data)->priority < sender->priority)
    before = before->prev;
  if (before != NULL)
    g_queue_insert_after (&self->senders, before, sender);
  else
    g_queue_push_head (&self->senders, sender);
}

void
sentient_connection_send_task (SentientConnection *self,
                               GBytes *data,
                               gboolean is_text,
                               SentientPriority priority,
                               GTask *task)
{
  g_autoptr (GTask) owned = task;
  g_autoptr (GError) error = NULL;
  GCancellable *cancellable = g_task_get_cancellable (task);
  Sender *sender;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (is_next (self, priority))
    {
      if (push (self, data, is_text, priority, &error))
        {
          g_task_return_boolean (task, TRUE);
          return;
        }
      if (!g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK))
        {
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
    }
  if (self->senders.length >= SENTIENT_CONNECTION_MAX_SENDERS)
    {
      g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK,
                               "to “%s”: %u messages wait to be taken already, and no more may. "
                               "Send it again when one of them was taken.",
                               self->node_id, self->senders.length);
      return;
    }
  sender = g_new0 (Sender, 1);
  sender->connection = self;
  sender->task = g_steal_pointer (&owned);
  sender->data = g_bytes_ref (data);
  sender->is_text = is_text;
  sender->priority = priority;
  if (cancellable != NULL)
    sender->cancel
        = add_source (g_cancellable_source_new (cancellable),
                      (GSourceFunc)G_CALLBACK (on_sender_cancelled), sender, self->peer->context);
  queue_sender (self, sender);
}

/* Those who wait, the most urgent first, as far as there is room. */
static void
serve_senders (SentientConnection *self)
{
  Sender *sender;

  while ((sender = g_queue_peek_head (&self->senders)) != NULL)
    {
      g_autoptr (GTask) task = NULL;
      g_autoptr (GError) error = NULL;

      if (!push (self, sender->data, sender->is_text, sender->priority, &error)
          && g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK))
        return;
      g_queue_remove (&self->senders, sender);
      task = sender_free (sender);
      if (error != NULL)
        g_task_return_error (task, g_steal_pointer (&error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

gboolean
sentient_connection_push_service (SentientConnection *self,
                                  GBytes *data,
                                  SentientStreamPriority priority)
{
  if (self->stream == NULL || !sentient_stream_push_service (self->stream, data, priority))
    return FALSE;
  sentient_connection_wake (self);
  return TRUE;
}

gboolean
sentient_connection_has_service_room (SentientConnection *self, SentientStreamPriority priority)
{
  return self->stream != NULL && sentient_stream_has_service_room (self->stream, priority);
}

guint
sentient_connection_count_attachments (SentientConnection *self)
{
  return self->stream != NULL ? sentient_stream_count_attachments (self->stream) : 0;
}

/* Frames to the link, as long as it takes them. */
static void
send_frames (SentientConnection *self)
{
  while (self->stream != NULL && self->link != NULL)
    {
      if (self->held == NULL)
        self->held = sentient_stream_next_frame (self->stream);
      if (self->held == NULL || !sentient_link_send (self->link, self->held, FALSE, NULL))
        return;
      g_clear_pointer (&self->held, g_bytes_unref);
    }
}

void
sentient_connection_say_goodbye (SentientConnection *self)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  if (self->stream == NULL || self->link == NULL
      || sentient_link_get_state (self->link) != SENTIENT_LINK_STATE_OPEN)
    return;
  sentient_stream_hasten_ack (self->stream);
  send_frames (self);
  sentient_frame_append_goodbye (frame);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&frame));
  sentient_link_send (self->link, bytes, FALSE, NULL); /* if it does not fit, it does not */
}

static void
part (SentientConnection *self)
{
  sentient_connection_say_goodbye (self);
  sentient_link_close (self->link);
}

/* In */

static void
break_connection (SentientConnection *self, const GError *error)
{
  if (self->peer != NULL)
    sentient_peer_lose_link (self->peer, self, error);
}

static void
deliver (SentientConnection *self, GBytes *data, gboolean is_text)
{
  g_autoptr (SentientPeer) peer = g_object_ref (self->peer);

  self->messages_received++;
  self->bytes_received += g_bytes_get_size (data);
  sentient_peer_emit_message (peer, self->node_id, data, is_text);
}

/* FALSE: the other end broke the rules. */
static gboolean
handle_service (SentientConnection *self, GBytes *data, GError **error)
{
  const guint8 *bytes = g_bytes_get_data (data, NULL);
  g_autoptr (SentientPeer) peer = g_object_ref (self->peer);

  switch ((SentientService)bytes[0])
    {
    case SENTIENT_SERVICE_FILE:
      return sentient_transfer_list_receive (peer->transfers, self->node_id, data, error);
    case SENTIENT_SERVICE_GOSSIP:
      return sentient_peer_gossip_receive (peer, self, data, error);
    default:
      /* A later version has more of them. */
      sentient_peer_trace (peer, self->node_id, "a message for service %u, ignored", bytes[0]);
      return TRUE;
    }
}

/* What has come, as long as the application takes it. */
static void
read_messages (SentientConnection *self)
{
  g_autoptr (GError) error = NULL;
  SentientFrameKind kind;

  if (self->is_reading) /* from within a handler: it goes on when that is through */
    return;
  self->is_reading = TRUE;
  while (self->peer != NULL && self->stream != NULL && !self->is_paused && error == NULL)
    {
      g_autoptr (GBytes) data = sentient_stream_next_message (self->stream, &kind, &error);

      if (data == NULL)
        break;
      if (kind == SENTIENT_FRAME_SERVICE)
        handle_service (self, data, &error);
      else
        deliver (self, data, kind == SENTIENT_FRAME_TEXT);
    }
  self->is_reading = FALSE;
  if (error != NULL)
    break_connection (self, error);
}

static void
report_restart (SentientConnection *self)
{
  guint n_lost;

  if (!sentient_stream_take_restart (self->stream, &n_lost))
    return;
  sentient_transfer_list_node_restarted (self->peer->transfers, self->node_id,
                                         sentient_connection_count_attachments (self));
  if (n_lost > 0 && self->peer != NULL)
    sentient_peer_tell_lost (self->peer, self->node_id, n_lost, "it was started anew");
}

/* All that there is to do. */
static void
work (SentientConnection *self)
{
  g_autoptr (SentientConnection) keep = g_object_ref (self);

  if (self->stream != NULL && self->peer != NULL)
    report_restart (self);
  read_messages (self);
  send_frames (self);
  serve_senders (self);
  if (self->stream != NULL && self->peer != NULL)
    sentient_peer_gossip_serve (self->peer, self);
  if (self->peer != NULL)
    sentient_transfer_list_serve (self->peer->transfers, self->node_id);
  if (self->stream == NULL || self->peer == NULL)
    return;
  if (self->closing_timer != NULL)
    {
      if (!sentient_stream_has_waiting (self->stream) && self->held == NULL)
        {
          clear_source (&self->closing_timer);
          part (self);
        }
      return;
    }
  if (self->senders.length == 0 && sentient_stream_take_drained (self->stream))
    sentient_peer_emit_drained (self->peer, self->node_id);
}

static gboolean
on_flush (gpointer user_data)
{
  SentientConnection *self = user_data;

  clear_source (&self->flush);
  work (self);
  return G_SOURCE_REMOVE;
}

void
sentient_connection_wake (SentientConnection *self)
{
  GSource *source;

  if (self->flush != NULL || self->stream == NULL || self->peer == NULL)
    return;
  /* Behind what is ready now, so that what is sent at one go goes in one frame. */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  self->flush = add_source (source, on_flush, self, self->peer->context);
}

void
sentient_connection_receive (SentientConnection *self, GBytes *data, gboolean is_text)
{
  g_autoptr (SentientConnection) keep = g_object_ref (self);
  g_autoptr (GError) error = NULL;

  if (self->stream == NULL)
    {
      deliver (self, data, is_text);
      return;
    }
  if (is_text)
    g_set_error_literal (&error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                         "The other node sent a text where frames are expected");
  if (error == NULL && sentient_stream_receive (self->stream, data, &error))
    {
      if (self->retired != NULL && self->peer != NULL)
        sentient_peer_drop_retired (self->peer, self); /* the other end uses the new one, too */
      sentient_connection_answer_queries (self);
      work (self);
    }
  else
    break_connection (self, error);
}

void
sentient_connection_drained (SentientConnection *self)
{
  g_autoptr (SentientConnection) keep = g_object_ref (self);

  if (self->stream != NULL)
    {
      work (self);
      return;
    }
  serve_senders (self);
  if (self->senders.length == 0 && self->peer != NULL)
    sentient_peer_emit_drained (self->peer, self->node_id);
}

/* Time */

void
sentient_connection_check_time (SentientConnection *self)
{
  g_autoptr (SentientConnection) keep = g_object_ref (self);
  g_autoptr (GError) error = NULL;

  if (self->stream == NULL)
    return;
  if (!sentient_stream_check_time (self->stream, &error))
    {
      break_connection (self, error);
      return;
    }
  send_frames (self);
  set_beat (self);
}

void
sentient_connection_probe (SentientConnection *self)
{
  if (self->stream == NULL)
    return;
  sentient_stream_probe (self->stream);
  sentient_connection_check_time (self);
}

static gboolean
on_closing_timeout (gpointer user_data)
{
  SentientConnection *self = user_data;

  clear_source (&self->closing_timer);
  part (self);
  return G_SOURCE_REMOVE;
}

void
sentient_connection_close (SentientConnection *self)
{
  if (self->link == NULL || self->closing_timer != NULL)
    return;
  if (self->stream == NULL || self->peer == NULL
      || sentient_link_get_state (self->link) != SENTIENT_LINK_STATE_OPEN
      || (!sentient_stream_has_waiting (self->stream) && self->held == NULL))
    {
      part (self);
      return;
    }
  self->closing_timer
      = add_source (g_timeout_source_new (CLOSE_MS), on_closing_timeout, self, self->peer->context);
  sentient_connection_wake (self);
}
