/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-stun-socket.h"

#include "core/sentient-error.h"

#define FIRST_DELAY_MS 500 /* RFC 8489, 6.2.1 */
#define READS_MAX 64       /* packets a turn: a flood must not hold the loop */

struct _SentientStunSocket
{
  GObject parent_instance;

  GMainContext *context;
  GSocket *socket;
  GSocketAddress *server; /* NULL: any */
  gboolean tcp;
  gboolean connected;

  /* Of the question under way. */
  GTask *task;
  SentientStunRequest *request;
  GSocketAddress *to;
  SentientStunExchange exchange;
  gint64 sent_at; /* monotonic, us */
  gint64 ends_at;
  guint delay_ms;
  gsize written;
  gboolean unsigned_came;
  GByteArray *input; /* TCP: less than a message */
  GSource *ready;
  GSource *timer;
  GSource *cancelled;
};

G_DEFINE_FINAL_TYPE (SentientStunSocket, sentient_stun_socket, G_TYPE_OBJECT)

static void watch (SentientStunSocket *self, GIOCondition condition);

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GTask *
end (SentientStunSocket *self)
{
  clear_source (&self->ready);
  clear_source (&self->timer);
  clear_source (&self->cancelled);
  g_clear_pointer (&self->request, sentient_stun_request_free);
  g_clear_object (&self->to);
  return g_steal_pointer (&self->task);
}

static void
fail (SentientStunSocket *self, GError *error)
{
  g_autoptr (GTask) task = end (self);

  g_task_return_error (task, error);
}

static void
succeed (SentientStunSocket *self, SentientStunReply *reply)
{
  g_autoptr (GTask) task = end (self);

  self->exchange.rtt_us = g_get_monotonic_time () - self->sent_at;
  g_task_return_pointer (task, reply, (GDestroyNotify)sentient_stun_reply_free);
}

static void
fail_late (SentientStunSocket *self)
{
  if (self->unsigned_came)
    fail (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED,
                                     "what came is not signed with the password"));
  else if (self->exchange.noise)
    fail (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                                     "what came is no answer of a STUN server"));
  else
    fail (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT, "nothing came"));
}

/* TRUE: it ended the question. */
static gboolean
take (SentientStunSocket *self, const guint8 *data, gsize len)
{
  SentientStunReply *reply;

  switch (sentient_stun_request_take (self->request, data, len, &reply))
    {
    case SENTIENT_STUN_ANSWER:
      succeed (self, reply);
      return TRUE;
    case SENTIENT_STUN_UNSIGNED:
      self->unsigned_came = TRUE;
      return FALSE;
    case SENTIENT_STUN_MALFORMED:
      self->exchange.noise = TRUE;
      return FALSE;
    case SENTIENT_STUN_FOREIGN:
    default:
      return FALSE;
    }
}

static gboolean
is_same_address (GSocketAddress *a, GSocketAddress *b)
{
  GInetSocketAddress *inet_a = G_INET_SOCKET_ADDRESS (a);
  GInetSocketAddress *inet_b = G_INET_SOCKET_ADDRESS (b);

  return g_inet_socket_address_get_port (inet_a) == g_inet_socket_address_get_port (inet_b)
         && g_inet_address_equal (g_inet_socket_address_get_address (inet_a),
                                  g_inet_socket_address_get_address (inet_b));
}

/* error is taken. TRUE: it is to be tried later. */
static gboolean
would_block (SentientStunSocket *self, GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      return TRUE;
    }
  fail (self, error);
  return FALSE;
}

static void
read_packets (SentientStunSocket *self)
{
  char buffer[SENTIENT_STUN_MESSAGE_MAX + 1];

  for (guint i = 0; i < READS_MAX; i++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      GError *error = NULL;
      gssize n = g_socket_receive_from (self->socket, &from, buffer, sizeof buffer, NULL, &error);

      if (n < 0)
        {
          would_block (self, error);
          return;
        }
      if (self->to != NULL && !is_same_address (from, self->to))
        continue;
      if (take (self, (const guint8 *)buffer, (gsize)n))
        return;
    }
}

static void
read_stream (SentientStunSocket *self)
{
  char buffer[SENTIENT_STUN_MESSAGE_MAX];
  GError *error = NULL;
  gssize n = g_socket_receive (self->socket, buffer, sizeof buffer, NULL, &error);
  gssize size;

  if (n < 0)
    {
      would_block (self, error);
      return;
    }
  if (n == 0)
    {
      fail (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                                       "the server closed the connection without an answer"));
      return;
    }
  g_byte_array_append (self->input, (const guint8 *)buffer, (guint)n);
  while ((size = sentient_stun_measure (self->input->data, self->input->len)) > 0)
    {
      g_autofree guint8 *message = g_memdup2 (self->input->data, (gsize)size);

      /* Before it is taken: who hears of it may ask the next question. */
      g_byte_array_remove_range (self->input, 0, (guint)size);
      if (take (self, message, (gsize)size))
        return;
    }
  if (size < 0)
    {
      self->exchange.noise = TRUE;
      fail_late (self);
    }
}

/* Over TCP: what is left of the question. */
static void
write_stream (SentientStunSocket *self)
{
  gsize len;
  const guint8 *data = sentient_stun_request_get_data (self->request, &len);
  GError *error = NULL;
  gssize n;

  if (!self->connected)
    {
      if (!g_socket_check_connect_result (self->socket, &error))
        {
          fail (self, error);
          return;
        }
      self->connected = TRUE;
    }
  n = g_socket_send (self->socket, (const char *)data + self->written, len - self->written, NULL,
                     &error);
  if (n < 0)
    {
      would_block (self, error);
      return;
    }
  self->written += (gsize)n;
  self->sent_at = g_get_monotonic_time ();
  if (self->written == len)
    watch (self, G_IO_IN);
}

static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  g_autoptr (SentientStunSocket) self = g_object_ref (user_data);
  gsize len;

  if (!self->tcp)
    {
      read_packets (self);
      return G_SOURCE_CONTINUE;
    }
  sentient_stun_request_get_data (self->request, &len);
  if (self->written < len)
    write_stream (self);
  else
    read_stream (self);
  return G_SOURCE_CONTINUE;
}

static void
watch (SentientStunSocket *self, GIOCondition condition)
{
  clear_source (&self->ready);
  self->ready = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_static_name (self->ready, "sentient-stun-ready");
  g_source_set_callback (self->ready, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->ready, self->context);
}

static void set_timer (SentientStunSocket *self);

/* FALSE: it failed for good. */
static gboolean
send_packet (SentientStunSocket *self)
{
  gsize len;
  const guint8 *data = sentient_stun_request_get_data (self->request, &len);
  GError *error = NULL;

  self->sent_at = g_get_monotonic_time ();
  self->exchange.sent++;
  if (g_socket_send_to (self->socket, self->to, (const char *)data, len, NULL, &error) >= 0)
    return TRUE;
  return would_block (self, error);
}

/* The time is over; but what came while we were held up counts. */
static void
take_last (SentientStunSocket *self)
{
  g_autoptr (GTask) task = g_object_ref (self->task);
  gsize len;

  sentient_stun_request_get_data (self->request, &len);
  if (!self->tcp)
    read_packets (self);
  else if (self->written == len)
    read_stream (self);
  if (self->task == task)
    fail_late (self);
}

static gboolean
on_timer (gpointer user_data)
{
  g_autoptr (SentientStunSocket) self = g_object_ref (user_data);

  if (g_get_monotonic_time () >= self->ends_at)
    take_last (self);
  else if (self->tcp || send_packet (self))
    set_timer (self);
  return G_SOURCE_REMOVE;
}

static void
set_timer (SentientStunSocket *self)
{
  gint64 left_ms = (self->ends_at - g_get_monotonic_time ()) / 1000 + 1;
  guint ms = (guint)CLAMP (left_ms, 0, G_MAXINT);

  if (!self->tcp)
    ms = MIN (ms, self->delay_ms);
  self->delay_ms *= 2;
  clear_source (&self->timer);
  self->timer = g_timeout_source_new (ms);
  g_source_set_static_name (self->timer, "sentient-stun-timer");
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (SentientStunSocket) self = g_object_ref (user_data);

  fail (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "it was cancelled"));
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (SentientStunSocket *self, GCancellable *cancellable)
{
  self->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_static_name (self->cancelled, "sentient-stun-cancelled");
  g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_cancelled), self, NULL);
  g_source_attach (self->cancelled, self->context);
}

/* FALSE: it failed for good. */
static gboolean
connect_stream (SentientStunSocket *self)
{
  GError *error = NULL;

  if (self->connected || g_socket_connect (self->socket, self->server, NULL, &error))
    self->connected = TRUE;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
    g_error_free (error);
  else
    {
      fail (self, error);
      return FALSE;
    }
  return TRUE;
}

void
sentient_stun_socket_ask_async (SentientStunSocket *self,
                                SentientStunRequest *request,
                                GSocketAddress *to,
                                guint timeout_ms,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  gsize len;

  g_assert (self->task == NULL);
  g_assert ((to == NULL) == (self->server != NULL));

  self->task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->task, sentient_stun_socket_ask_async);
  self->request = request;
  g_set_object (&self->to, to);
  self->exchange = (SentientStunExchange){ 0 };
  self->unsigned_came = FALSE;
  self->written = 0;
  self->delay_ms = FIRST_DELAY_MS;
  self->ends_at = g_get_monotonic_time () + (gint64)timeout_ms * 1000;
  g_byte_array_set_size (self->input, 0);
  if (sentient_stun_request_get_data (request, &len) == NULL)
    {
      fail (self, g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                                       "user, realm and nonce do not fit into a message"));
      return;
    }
  if (cancellable != NULL)
    watch_cancellable (self, cancellable);
  if (self->tcp)
    {
      self->exchange.sent = 1;
      self->sent_at = g_get_monotonic_time ();
      if (!connect_stream (self))
        return;
      watch (self, G_IO_OUT);
    }
  else
    {
      watch (self, G_IO_IN);
      if (!send_packet (self))
        return;
    }
  set_timer (self);
}

SentientStunReply *
sentient_stun_socket_ask_finish (SentientStunSocket *self,
                                 GAsyncResult *result,
                                 SentientStunExchange *exchange,
                                 GError **error)
{
  g_assert (g_task_is_valid (result, self));

  if (exchange != NULL)
    *exchange = self->exchange;
  return g_task_propagate_pointer (G_TASK (result), error);
}

GInetSocketAddress *
sentient_stun_socket_dup_local (SentientStunSocket *self)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);

  if (!G_IS_INET_SOCKET_ADDRESS (local))
    return NULL;
  return G_INET_SOCKET_ADDRESS (g_steal_pointer (&local));
}

static SentientStunSocket *
socket_new (GSocketFamily family, gboolean tcp, GError **error)
{
  g_autoptr (SentientStunSocket) self = g_object_new (SENTIENT_TYPE_STUN_SOCKET, NULL);

  self->tcp = tcp;
  self->socket = g_socket_new (family, tcp ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                               tcp ? G_SOCKET_PROTOCOL_TCP : G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL)
    return NULL;
  g_socket_set_blocking (self->socket, FALSE);
  return g_steal_pointer (&self);
}

SentientStunSocket *
sentient_stun_socket_new_to (GSocketAddress *server, gboolean tcp, GError **error)
{
  g_autoptr (SentientStunSocket) self
      = socket_new (g_socket_address_get_family (server), tcp, error);

  if (self == NULL)
    return NULL;
  self->server = g_object_ref (server);
  if (!tcp && !g_socket_connect (self->socket, server, NULL, error))
    return NULL;
  return g_steal_pointer (&self);
}

SentientStunSocket *
sentient_stun_socket_new_from (GInetAddress *local, GError **error)
{
  g_autoptr (SentientStunSocket) self
      = socket_new (g_inet_address_get_family (local), FALSE, error);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (local, 0);

  if (self == NULL || !g_socket_bind (self->socket, address, FALSE, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
sentient_stun_socket_finalize (GObject *object)
{
  SentientStunSocket *self = SENTIENT_STUN_SOCKET (object);

  /* A question under way holds us. */
  g_assert (self->task == NULL);
  g_clear_object (&self->socket);
  g_clear_object (&self->server);
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (sentient_stun_socket_parent_class)->finalize (object);
}

static void
sentient_stun_socket_class_init (SentientStunSocketClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sentient_stun_socket_finalize;
}

static void
sentient_stun_socket_init (SentientStunSocket *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->input = g_byte_array_new ();
}
