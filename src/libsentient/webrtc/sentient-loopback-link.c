/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-loopback-link.h"

#include <string.h>

#include "core/sentient-error.h"
#include "core/sentient-mailbox.h"
#include "core/sentient-race.h"
#include "webrtc/sentient-loopback-channel.h"

#define TOKEN_PREFIX "a=x-sentient-loopback:"
#define CANDIDATE "candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host"

/* What the other link knows of a link: it outlives it, and is touched from both ends' threads. */
typedef struct
{
  gatomicrefcount refs;
  SentientMailbox *mailbox;
  char *token;
  char *protocol; /* under endpoints_lock; of the offerer */
  gint buffered;  /* atomic: bytes this end sent which the other has not taken yet */
} Endpoint;

typedef enum
{
  EVENT_START,   /* from itself */
  EVENT_ANSWER,  /* from itself: emit it */
  EVENT_OPEN,    /* both ends know each other */
  EVENT_MESSAGE, /* peer: the sender */
  EVENT_DRAINED,
  EVENT_CHANNEL, /* channel: the other end opened it */
  EVENT_CLOSE,   /* the other end closed, or is gone */
  EVENT_FINISH,  /* from itself */
} EventKind;

typedef struct
{
  EventKind kind;
  Endpoint *peer;
  GBytes *data;
  gboolean is_text;
  SentientLoopbackEnd *channel;
} Event;

struct _SentientLoopbackLink
{
  GObject parent_instance;

  Endpoint *endpoint;
  Endpoint *peer;
  SentientLinkState state;
  gboolean offerer;
  gboolean described; /* ours is told */
  gboolean would_block;
  GError *error;
  GMainContext *context;
  SentientDataChannelSet *channels;
};

static GMutex endpoints_lock;
static GHashTable *endpoints; /* token → Endpoint, no reference */

static void sentient_loopback_link_iface_init (SentientLinkInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SentientLoopbackLink,
                               sentient_loopback_link,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SENTIENT_TYPE_LINK,
                                                      sentient_loopback_link_iface_init))

static Endpoint *
endpoint_ref (Endpoint *endpoint)
{
  sentient_race_ref (&endpoint->refs);
  return endpoint;
}

static void
endpoint_unref (Endpoint *endpoint)
{
  if (!sentient_race_unref (&endpoint->refs))
    return;
  sentient_mailbox_unref (endpoint->mailbox);
  g_free (endpoint->token);
  g_free (endpoint->protocol);
  g_free (endpoint);
}

static void
endpoint_register (Endpoint *endpoint)
{
  sentient_race_lock (&endpoints_lock);
  if (endpoints == NULL)
    endpoints = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (endpoints, endpoint->token, endpoint);
  sentient_race_unlock (&endpoints_lock);
}

static void
endpoint_unregister (Endpoint *endpoint)
{
  sentient_race_lock (&endpoints_lock);
  g_hash_table_remove (endpoints, endpoint->token);
  if (g_hash_table_size (endpoints) == 0)
    g_clear_pointer (&endpoints, g_hash_table_unref);
  sentient_race_unlock (&endpoints_lock);
}

static Endpoint *
endpoint_find (const char *token, char **protocol)
{
  Endpoint *endpoint = NULL;

  sentient_race_lock (&endpoints_lock);
  if (endpoints != NULL)
    endpoint = g_hash_table_lookup (endpoints, token);
  if (endpoint != NULL)
    {
      endpoint_ref (endpoint);
      *protocol = g_strdup (endpoint->protocol);
    }
  sentient_race_unlock (&endpoints_lock);
  return endpoint;
}

/* The receiver took a message, or will never. */
static void endpoint_took (Endpoint *sender, gsize size);

static void
event_free (Event *event)
{
  if (event->data != NULL)
    endpoint_took (event->peer, g_bytes_get_size (event->data));
  g_clear_pointer (&event->data, g_bytes_unref);
  g_clear_pointer (&event->peer, endpoint_unref);
  g_clear_pointer (&event->channel, sentient_loopback_end_unref);
  g_free (event);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Event, event_free)

static void
post (Endpoint *to, EventKind kind, Endpoint *peer)
{
  Event *event = g_new0 (Event, 1);

  event->kind = kind;
  event->peer = peer != NULL ? endpoint_ref (peer) : NULL;
  sentient_mailbox_post (to->mailbox, event);
}

static void
endpoint_took (Endpoint *sender, gsize size)
{
  gint before = g_atomic_int_add (&sender->buffered, -(gint)size);

  if (before >= SENTIENT_LINK_BUFFER_LOW && before - (gint)size < SENTIENT_LINK_BUFFER_LOW)
    post (sender, EVENT_DRAINED, NULL);
}

/* Takes error. */
static void
finish_later (SentientLoopbackLink *self, GError *error)
{
  if (self->state == SENTIENT_LINK_STATE_OPEN)
    post (self->peer, EVENT_CLOSE, NULL);
  self->state = SENTIENT_LINK_STATE_CLOSING;
  self->error = error;
  post (self->endpoint, EVENT_FINISH, NULL);
  sentient_data_channel_set_lose_all (self->channels);
}

static void
finish (SentientLoopbackLink *self)
{
  sentient_mailbox_close (self->endpoint->mailbox);
  g_clear_pointer (&self->peer, endpoint_unref);
  self->state = SENTIENT_LINK_STATE_CLOSED;
  sentient_link_emit_closed (SENTIENT_LINK (self), self->error);
}

static void
sentient_loopback_link_start (SentientLink *link, gboolean offerer)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);

  self->state = SENTIENT_LINK_STATE_CONNECTING;
  self->offerer = offerer;
  if (!offerer)
    return;
  sentient_race_lock (&endpoints_lock);
  self->endpoint->protocol = g_strdup (sentient_link_get_protocol (link));
  sentient_race_unlock (&endpoints_lock);
  post (self->endpoint, EVENT_START, NULL);
}

/* NULL and error: what is wrong with it. */
static Endpoint *
find_peer (SentientLoopbackLink *self, SentientSignalType type, const char *sdp, GError **error)
{
  const char *what = NULL;
  const char *at = sdp != NULL ? strstr (sdp, TOKEN_PREFIX) : NULL;
  Endpoint *peer = NULL;

  if (self->offerer && type != SENTIENT_SIGNAL_TYPE_ANSWER)
    what = "something else than an answer to our offer";
  else if (!self->offerer && type != SENTIENT_SIGNAL_TYPE_OFFER)
    what = "an answer, but no offer was made to it";
  else if (self->peer != NULL || (self->offerer && !self->described))
    what = self->offerer ? "an answer at the wrong time" : "a second offer";
  else if (at == NULL)
    what = "a session description that is not of a loopback link";
  else
    {
      const char *start = at + strlen (TOKEN_PREFIX);
      g_autofree char *token = g_strndup (start, strcspn (start, "\r\n"));
      g_autofree char *protocol = NULL;

      peer = endpoint_find (token, &protocol);
      if (!self->offerer)
        sentient_link_set_protocol (SENTIENT_LINK (self), protocol);
      if (peer == NULL)
        what = "a session description of a link that is not in this process, or gone";
    }
  if (what != NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, "The other node sent %s", what);
  return peer;
}

static void
sentient_loopback_link_set_remote_description (SentientLink *link,
                                               SentientSignalType type,
                                               const char *sdp)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);
  GError *error = NULL;
  Endpoint *peer = find_peer (self, type, sdp, &error);

  if (peer == NULL)
    {
      finish_later (self, error);
      return;
    }
  self->peer = peer;
  if (self->offerer)
    {
      post (self->endpoint, EVENT_OPEN, NULL);
      post (peer, EVENT_OPEN, NULL);
    }
  else
    post (self->endpoint, EVENT_ANSWER, NULL);
}

static void
sentient_loopback_link_add_remote_candidate (SentientLink *link, const char *candidate)
{
}

static gboolean
sentient_loopback_link_send (SentientLink *link, GBytes *data, gboolean is_text, GError **error)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);
  Event *event = g_new0 (Event, 1);

  event->kind = EVENT_MESSAGE;
  event->peer = endpoint_ref (self->endpoint);
  event->data = g_bytes_ref (data);
  event->is_text = is_text;
  g_atomic_int_add (&self->endpoint->buffered, (gint)g_bytes_get_size (data));
  sentient_mailbox_post (self->peer->mailbox, event);
  return TRUE;
}

static void
sentient_loopback_link_await_drain (SentientLink *link)
{
  SENTIENT_LOOPBACK_LINK (link)->would_block = TRUE;
}

static guint64
sentient_loopback_link_get_buffered_amount (SentientLink *link)
{
  return (guint64)g_atomic_int_get (&SENTIENT_LOOPBACK_LINK (link)->endpoint->buffered);
}

static SentientLinkState
sentient_loopback_link_get_state (SentientLink *link)
{
  return SENTIENT_LOOPBACK_LINK (link)->state;
}

static void
sentient_loopback_link_close (SentientLink *link)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);

  if (self->state == SENTIENT_LINK_STATE_CLOSING || self->state == SENTIENT_LINK_STATE_CLOSED)
    return;
  finish_later (self, NULL);
}

static char *
sentient_loopback_link_dup_description (SentientLink *link)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);

  if (self->peer == NULL)
    return NULL;
  return g_strdup_printf ("loopback %s ↔ loopback %s (memory)", self->endpoint->token,
                          self->peer->token);
}

static SentientDataChannel *
sentient_loopback_link_open_channel (SentientLink *link,
                                     const SentientDataChannelOptions *options,
                                     GError **error)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (link);
  SentientDataChannel *channel;
  Event *event;

  if (!sentient_data_channel_set_has_room (self->channels, TRUE, error))
    return NULL;
  event = g_new0 (Event, 1);
  event->kind = EVENT_CHANNEL;
  channel = sentient_loopback_end_open (self->channels, self->context, options, &event->channel);
  sentient_mailbox_post (self->peer->mailbox, event);
  return channel;
}

static void
accept_channel (SentientLoopbackLink *self, SentientLoopbackEnd *end)
{
  g_autoptr (SentientDataChannel) channel = NULL;

  if (!sentient_data_channel_set_has_room (self->channels, FALSE, NULL))
    {
      sentient_loopback_end_refuse (end);
      return;
    }
  channel = sentient_loopback_end_accept (self->channels, self->context, end);
  sentient_link_emit_channel (SENTIENT_LINK (self), channel);
}

static void
sentient_loopback_link_iface_init (SentientLinkInterface *iface)
{
  iface->start = sentient_loopback_link_start;
  iface->set_remote_description = sentient_loopback_link_set_remote_description;
  iface->add_remote_candidate = sentient_loopback_link_add_remote_candidate;
  iface->send = sentient_loopback_link_send;
  iface->await_drain = sentient_loopback_link_await_drain;
  iface->get_buffered_amount = sentient_loopback_link_get_buffered_amount;
  iface->get_state = sentient_loopback_link_get_state;
  iface->close = sentient_loopback_link_close;
  iface->dup_description = sentient_loopback_link_dup_description;
  iface->open_channel = sentient_loopback_link_open_channel;
}

static gboolean
is_closing (SentientLoopbackLink *self)
{
  return self->state == SENTIENT_LINK_STATE_CLOSING || self->state == SENTIENT_LINK_STATE_CLOSED;
}

static void
tell_description (SentientLoopbackLink *self)
{
  g_autofree char *sdp
      = g_strdup_printf ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" TOKEN_PREFIX
                         "%s\r\na=mid:loopback0\r\n",
                         self->endpoint->token);

  self->described = TRUE;
  sentient_link_emit_local_description (SENTIENT_LINK (self),
                                        self->offerer ? SENTIENT_SIGNAL_TYPE_OFFER
                                                      : SENTIENT_SIGNAL_TYPE_ANSWER,
                                        sdp);
  if (!is_closing (self))
    sentient_link_emit_local_candidate (SENTIENT_LINK (self), 0, CANDIDATE);
  if (!is_closing (self))
    sentient_link_emit_local_candidate (SENTIENT_LINK (self), 0, "");
}

static void
handle_event (SentientLoopbackLink *self, Event *event)
{
  switch (event->kind)
    {
    case EVENT_START:
    case EVENT_ANSWER:
      tell_description (self);
      break;
    case EVENT_OPEN:
      if (self->state != SENTIENT_LINK_STATE_CONNECTING || self->peer == NULL)
        break;
      self->state = SENTIENT_LINK_STATE_OPEN;
      sentient_link_emit_opened (SENTIENT_LINK (self));
      break;
    case EVENT_MESSAGE:
      if (self->state == SENTIENT_LINK_STATE_OPEN)
        sentient_link_emit_message (SENTIENT_LINK (self), event->data, event->is_text);
      break;
    case EVENT_DRAINED:
      if (self->would_block
          && g_atomic_int_get (&self->endpoint->buffered) < SENTIENT_LINK_BUFFER_LOW)
        {
          self->would_block = FALSE;
          sentient_link_emit_drained (SENTIENT_LINK (self));
        }
      break;
    case EVENT_CHANNEL:
      if (self->state == SENTIENT_LINK_STATE_OPEN)
        accept_channel (self, event->channel);
      else
        sentient_loopback_end_refuse (event->channel);
      break;
    case EVENT_CLOSE:
      finish_later (self, NULL);
      break;
    case EVENT_FINISH:
    default:
      g_assert_not_reached ();
    }
}

/* The signals emitted here may drop the last reference. */
static void
on_event (gpointer item, gpointer user_data)
{
  g_autoptr (SentientLoopbackLink) self = g_object_ref (SENTIENT_LOOPBACK_LINK (user_data));
  g_autoptr (Event) event = item;

  if (event->kind == EVENT_FINISH)
    finish (self);
  else if (!is_closing (self))
    handle_event (self, event);
}

static void
sentient_loopback_link_finalize (GObject *object)
{
  SentientLoopbackLink *self = SENTIENT_LOOPBACK_LINK (object);

  endpoint_unregister (self->endpoint);
  if (self->state == SENTIENT_LINK_STATE_OPEN)
    post (self->peer, EVENT_CLOSE, NULL);
  sentient_mailbox_close (self->endpoint->mailbox);
  g_clear_pointer (&self->peer, endpoint_unref);
  g_clear_pointer (&self->endpoint, endpoint_unref);
  g_clear_error (&self->error);
  sentient_data_channel_set_free (self->channels);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (sentient_loopback_link_parent_class)->finalize (object);
}

static void
sentient_loopback_link_class_init (SentientLoopbackLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_loopback_link_finalize;
}

static void
sentient_loopback_link_init (SentientLoopbackLink *self)
{
  static gint last_number; /* atomic */

  self->context = g_main_context_ref_thread_default ();
  self->channels = sentient_data_channel_set_new ();
  self->endpoint = g_new0 (Endpoint, 1);
  g_atomic_ref_count_init (&self->endpoint->refs);
  self->endpoint->mailbox = sentient_mailbox_new (NULL, "sentient-loopback-link", on_event, self,
                                                  (GDestroyNotify)event_free);
  self->endpoint->token
      = g_strdup_printf ("%d-%08x", g_atomic_int_add (&last_number, 1) + 1, g_random_int ());
  endpoint_register (self->endpoint);
}

SentientLink *
sentient_loopback_link_new (void)
{
  return g_object_new (SENTIENT_TYPE_LOOPBACK_LINK, NULL);
}
