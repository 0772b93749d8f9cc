/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-post-queue.h"

#include "core/sentient-backoff.h"
#include "core/sentient-source.h"
#include "signaling/sentient-channel.h"

#define TRIES_MAX 5
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000

struct _SentientPostQueue /* in a GRcBox: what is under way holds it */
{
  GMainContext *context;
  SoupSession *session;
  GUri *base;
  guint timeout_ms;
  SentientPostQueueFuncs funcs;
  gpointer user_data;

  gboolean closed;
  GCancellable *cancellable;
  GQueue posts; /* of SentientPost; the head is under way while posting */
  gboolean posting;
  SentientBackoff backoff;
  GSource *timer; /* until the head is tried again */
};

static void next_post (SentientPostQueue *self);

static void
post_free (SentientPost *post)
{
  sentient_client_request_unref (post->request);
  g_free (post);
}

static void
clear_timer (SentientPostQueue *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
queue_clear (gpointer data)
{
  SentientPostQueue *self = data;

  g_object_unref (self->cancellable);
  g_object_unref (self->session);
  g_uri_unref (self->base);
  g_main_context_unref (self->context);
}

static void
queue_unref (SentientPostQueue *self)
{
  g_rc_box_release_full (self, queue_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientPostQueue, queue_unref)

SentientPostQueue *
sentient_post_queue_new (GMainContext *context,
                         SoupSession *session,
                         GUri *base,
                         guint timeout_ms,
                         const SentientPostQueueFuncs *funcs,
                         gpointer user_data)
{
  SentientPostQueue *self = g_rc_box_new0 (SentientPostQueue);

  self->context = g_main_context_ref (context);
  self->session = g_object_ref (session);
  self->base = g_uri_ref (base);
  self->timeout_ms = timeout_ms;
  self->funcs = *funcs;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->posts);
  sentient_backoff_init (&self->backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
  return self;
}

void
sentient_post_queue_close (SentientPostQueue *self)
{
  self->closed = TRUE;
  clear_timer (self);
  g_queue_clear_full (&self->posts, (GDestroyNotify)post_free);
  g_cancellable_cancel (self->cancellable);
  queue_unref (self);
}

static gboolean
on_timer (gpointer user_data)
{
  SentientPostQueue *self = user_data;

  clear_timer (self);
  next_post (self);
  return G_SOURCE_REMOVE;
}

static void
try_again_later (SentientPostQueue *self, guint retry_after_ms)
{
  guint backoff_ms = sentient_backoff_next_ms (&self->backoff, NULL);

  self->timer = g_timeout_source_new (MAX (backoff_ms, retry_after_ms));
  sentient_source_attach (self->timer, self->context, "sentient-post-timer", on_timer, self);
}

static gboolean
may_try_again (SentientPost *post, SentientServerMessage *answer)
{
  /* In a v1 session an answer with its number is final: asking again would bring the same. */
  return !answer->success && post->tries < TRIES_MAX && (post->ref == 0 || answer->ref == 0)
         && (g_error_matches (answer->error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY)
             || g_error_matches (answer->error, SENTIENT_ERROR, SENTIENT_ERROR_RATE_LIMITED));
}

static void
on_post (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientPostQueue) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish (result, &error);
  g_autoptr (SentientServerMessage) answer = NULL;
  SentientPost *post;

  if (self->closed)
    return;
  self->posting = FALSE;
  if (reply == NULL)
    {
      self->funcs.failed (error, self->user_data);
      return;
    }
  post = g_queue_peek_head (&self->posts);
  answer = sentient_http_reply_parse (reply, post->request->kind);
  post->tries++;
  if (may_try_again (post, answer))
    {
      g_debug ("the coordinator is busy, trying again: %s", answer->error->message);
      try_again_later (self, reply->retry_after_ms);
      return;
    }
  sentient_backoff_reset (&self->backoff);
  g_queue_pop_head (&self->posts);
  self->funcs.answered (post, reply->status, answer, self->user_data);
  post_free (post);
  if (!self->closed)
    next_post (self);
}

static void
next_post (SentientPostQueue *self)
{
  static const char *const paths[] = {
    [SENTIENT_SERVER_JOIN_RESULT] = "/webrtc/join",
    [SENTIENT_SERVER_LEAVE_RESULT] = "/webrtc/leave",
    [SENTIENT_SERVER_SIGNAL] = "/webrtc/signal",
  };
  SentientPost *post = g_queue_peek_head (&self->posts);
  g_autoptr (GUri) uri = NULL;

  if (self->posting || self->timer != NULL)
    return;
  if (post == NULL)
    {
      self->funcs.idle (self->user_data);
      return;
    }
  self->posting = TRUE;
  uri = sentient_channel_uri_join (self->base, FALSE, paths[post->request->kind], NULL);
  g_main_context_push_thread_default (self->context);
  sentient_http_request_async (self->session, uri, self->funcs.make_body (post, self->user_data),
                               self->funcs.get_token (self->user_data), self->timeout_ms, FALSE,
                               self->cancellable, on_post, g_rc_box_acquire (self));
  g_main_context_pop_thread_default (self->context);
}

gboolean
sentient_post_queue_push (SentientPostQueue *self,
                          SentientClientRequest *request,
                          guint64 ref,
                          GError **error)
{
  SentientPost *post;

  if (g_queue_get_length (&self->posts) >= SENTIENT_POST_QUEUE_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "%d requests already wait for the coordinator: try again when it has answered",
                   SENTIENT_POST_QUEUE_MAX);
      return FALSE;
    }
  post = g_new0 (SentientPost, 1);
  post->request = sentient_client_request_ref (request);
  post->ref = ref;
  g_queue_push_tail (&self->posts, post);
  next_post (self);
  return TRUE;
}

gboolean
sentient_post_queue_is_empty (SentientPostQueue *self)
{
  return g_queue_is_empty (&self->posts);
}

gboolean
sentient_post_queue_is_joining (SentientPostQueue *self)
{
  const SentientPost *post = g_queue_peek_head (&self->posts);

  return post != NULL && post->request->kind == SENTIENT_SERVER_JOIN_RESULT;
}

SentientClientRequest *
sentient_post_queue_pop_waiting (SentientPostQueue *self)
{
  SentientPost *post = g_queue_pop_head (&self->posts);
  SentientClientRequest *request;

  g_assert (!self->posting);

  if (post == NULL)
    return NULL;
  request = sentient_client_request_ref (post->request);
  post_free (post);
  return request;
}

gboolean
sentient_post_queue_drop_waiting (SentientPostQueue *self)
{
  SentientPost *under_way = self->posting ? g_queue_pop_head (&self->posts) : NULL;

  clear_timer (self);
  g_queue_clear_full (&self->posts, (GDestroyNotify)post_free);
  if (under_way != NULL)
    g_queue_push_head (&self->posts, under_way);
  return under_way != NULL;
}
