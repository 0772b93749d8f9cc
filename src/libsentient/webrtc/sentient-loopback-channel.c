/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-loopback-channel.h"

#include "core/sentient-mailbox.h"
#include "core/sentient-race.h"
#include "webrtc/sentient-link.h"

struct _SentientLoopbackEnd
{
  gatomicrefcount refs;
  SentientMailbox *mailbox;
  /* Never changed: what the opener asked for. */
  char *label;
  char *protocol;
  SentientDataChannelOptions options;
  gint buffered; /* atomic: bytes this end sent which the other has not taken yet */
};

typedef enum
{
  EVENT_OPEN, /* end: the other one */
  EVENT_MESSAGE,
  EVENT_DRAINED,
  EVENT_CLOSE, /* an end closed it */
} EventKind;

typedef struct
{
  EventKind kind;
  SentientLoopbackEnd *end; /* with a message: who sent it */
  GBytes *data;
  gboolean is_text;
} Event;

/* What a channel knows of itself; on its own thread. */
typedef struct
{
  SentientDataChannelSet *set;  /* outlives it */
  SentientDataChannel *channel; /* has this as its carrier */
  SentientLoopbackEnd *own;
  SentientLoopbackEnd *other; /* NULL: not open yet */
} Carrier;

SentientLoopbackEnd *
sentient_loopback_end_ref (SentientLoopbackEnd *end)
{
  sentient_race_ref (&end->refs);
  return end;
}

void
sentient_loopback_end_unref (SentientLoopbackEnd *end)
{
  if (!sentient_race_unref (&end->refs))
    return;
  sentient_mailbox_unref (end->mailbox);
  g_free (end->label);
  g_free (end->protocol);
  g_free (end);
}

static void
post (SentientLoopbackEnd *to, EventKind kind, SentientLoopbackEnd *end)
{
  Event *event = g_new0 (Event, 1);

  event->kind = kind;
  event->end = end != NULL ? sentient_loopback_end_ref (end) : NULL;
  sentient_mailbox_post (to->mailbox, event);
}

/* The receiver took a message, or will never. */
static void
event_free (Event *event)
{
  if (event->data != NULL)
    {
      gint size = (gint)g_bytes_get_size (event->data);
      gint before = g_atomic_int_add (&event->end->buffered, -size);

      if (before >= SENTIENT_LINK_BUFFER_LOW && before - size < SENTIENT_LINK_BUFFER_LOW)
        post (event->end, EVENT_DRAINED, NULL);
    }
  g_clear_pointer (&event->data, g_bytes_unref);
  g_clear_pointer (&event->end, sentient_loopback_end_unref);
  g_free (event);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Event, event_free)

static gboolean
carrier_send (gpointer carrier, GBytes *data, gboolean is_text, GError **error)
{
  Carrier *self = carrier;
  Event *event = g_new0 (Event, 1);

  event->kind = EVENT_MESSAGE;
  event->end = sentient_loopback_end_ref (self->own);
  event->data = g_bytes_ref (data);
  event->is_text = is_text;
  g_atomic_int_add (&self->own->buffered, (gint)g_bytes_get_size (data));
  sentient_mailbox_post (self->other->mailbox, event);
  return TRUE;
}

static guint64
carrier_get_buffered_amount (gpointer carrier)
{
  return (guint64)g_atomic_int_get (&((Carrier *)carrier)->own->buffered);
}

static void
carrier_close (gpointer carrier)
{
  Carrier *self = carrier;

  if (self->other == NULL)
    return; /* as soon as there is one */
  post (self->other, EVENT_CLOSE, NULL);
  post (self->own, EVENT_CLOSE, NULL);
}

static void
carrier_free (gpointer carrier)
{
  Carrier *self = carrier;

  sentient_mailbox_close (self->own->mailbox);
  g_clear_pointer (&self->own, sentient_loopback_end_unref);
  g_clear_pointer (&self->other, sentient_loopback_end_unref);
  g_free (self);
}

static const SentientDataChannelEngine engine = {
  .send = carrier_send,
  .get_buffered_amount = carrier_get_buffered_amount,
  .close = carrier_close,
  .free = carrier_free,
};

/* The signals emitted here may end the channel, and its carrier with it. */
static void
on_event (gpointer item, gpointer user_data)
{
  g_autoptr (Event) event = item;
  Carrier *self = user_data;
  g_autoptr (SentientDataChannel) channel = g_object_ref (self->channel);

  switch (event->kind)
    {
    case EVENT_OPEN:
      self->other = sentient_loopback_end_ref (event->end);
      if (sentient_data_channel_get_state (channel) == SENTIENT_DATA_CHANNEL_STATE_CLOSING)
        carrier_close (self);
      sentient_data_channel_open (channel);
      break;
    case EVENT_MESSAGE:
      sentient_data_channel_receive (channel, event->data, event->is_text);
      break;
    case EVENT_DRAINED:
      sentient_data_channel_drain (channel);
      break;
    case EVENT_CLOSE:
      sentient_data_channel_set_end (self->set, self->own, NULL);
      break;
    default:
      g_assert_not_reached ();
    }
}

static Carrier *
carrier_new (SentientDataChannelSet *set,
             GMainContext *context,
             const SentientDataChannelOptions *options,
             gboolean is_ours)
{
  Carrier *self = g_new0 (Carrier, 1);
  SentientLoopbackEnd *own = g_new0 (SentientLoopbackEnd, 1);

  g_atomic_ref_count_init (&own->refs);
  own->mailbox = sentient_mailbox_new (context, "sentient-loopback-channel", on_event, self,
                                       (GDestroyNotify)event_free);
  own->options = *options;
  own->options.label = own->label = g_strdup (options->label);
  own->options.protocol = own->protocol = g_strdup (options->protocol);
  self->own = own;
  self->set = set;
  self->channel = sentient_data_channel_new (options);
  sentient_data_channel_set_engine (self->channel, &engine, self);
  sentient_data_channel_set_add (set, self->channel, own, is_ours);
  g_object_unref (self->channel); /* the set has it */
  return self;
}

SentientDataChannel *
sentient_loopback_end_open (SentientDataChannelSet *set,
                            GMainContext *context,
                            const SentientDataChannelOptions *options,
                            SentientLoopbackEnd **end)
{
  Carrier *self = carrier_new (set, context, options, TRUE);

  *end = sentient_loopback_end_ref (self->own);
  return g_object_ref (self->channel);
}

SentientDataChannel *
sentient_loopback_end_accept (SentientDataChannelSet *set,
                              GMainContext *context,
                              SentientLoopbackEnd *end)
{
  Carrier *self = carrier_new (set, context, &end->options, FALSE);

  self->other = sentient_loopback_end_ref (end);
  sentient_data_channel_open (self->channel);
  post (end, EVENT_OPEN, self->own);
  return g_object_ref (self->channel);
}

void
sentient_loopback_end_refuse (SentientLoopbackEnd *end)
{
  post (end, EVENT_CLOSE, NULL);
}
