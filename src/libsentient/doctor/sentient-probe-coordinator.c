/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-clock.h"
#include "doctor/sentient-probe.h"
#include "protocol/sentient-json.h"
#include "signaling/sentient-channel.h"
#include "signaling/sentient-http-client.h"

#define TICK_MS 1000 /* "Date" tells whole seconds */

typedef struct
{
  SentientProbing probing;
  SentientCoordinatorMeasurement *one;
  SentientNamedServers *named;
  GUri *base;
  SoupSession *session;
  SentientClock *clock;
  gint64 began_us;
  gint64 began_ms; /* since the epoch */

  SoupMessage *handshake;
  GCancellable *inner; /* of the handshake: cancelled by the caller or the clock */
  gulong outer_id;
  GSource *timer;
  gboolean late;
} Coordinator;

static void
clear_handshake (Coordinator *self)
{
  if (self->outer_id != 0)
    g_signal_handler_disconnect (self->probing.cancellable, self->outer_id);
  self->outer_id = 0;
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  g_clear_object (&self->handshake);
  g_clear_object (&self->inner);
}

static void
coordinator_free (Coordinator *self)
{
  clear_handshake (self);
  g_clear_pointer (&self->base, g_uri_unref);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_free (self);
}

void
sentient_named_servers_clear (SentientNamedServers *self)
{
  g_clear_pointer (&self->stun_urls, g_strfreev);
  g_clear_pointer (&self->turn_urls, g_strfreev);
}

/* task is taken. */
static void
get (GTask *task, const char *path, GAsyncReadyCallback callback)
{
  Coordinator *self = g_task_get_task_data (task);
  g_autoptr (GUri) uri = sentient_channel_uri_join (self->base, FALSE, path, NULL);

  self->began_us = g_get_monotonic_time ();
  self->began_ms = sentient_clock_get_real_ms (self->clock);
  sentient_http_request_async (self->session, uri, NULL, NULL, self->probing.timeout_ms, FALSE,
                               self->probing.cancellable, callback, task);
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Coordinator *self = g_task_get_task_data (task);
  SentientCoordinatorMeasurement *one = self->one;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket
      = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);

  one->socket_us = g_get_monotonic_time () - self->began_us;
  if (socket != NULL)
    {
      one->socket = SENTIENT_OUTCOME_GOOD;
      soup_websocket_connection_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    }
  else if (self->late)
    one->socket = SENTIENT_OUTCOME_SILENT;
  else if (soup_message_get_status (self->handshake) != SOUP_STATUS_NONE)
    {
      one->socket = SENTIENT_OUTCOME_REFUSED;
      one->socket_status = soup_message_get_status (self->handshake);
    }
  else
    one->socket = sentient_outcome_from_error (error);
  clear_handshake (self);
  g_task_return_boolean (task, TRUE);
}

static gboolean
on_socket_late (gpointer user_data)
{
  Coordinator *self = user_data;

  self->late = TRUE;
  g_cancellable_cancel (self->inner);
  return G_SOURCE_REMOVE;
}

/* task is taken. A coordinator that speaks v1 makes no session before the first message, which
 * never comes; one that does not makes one that is in no room. */
static void
open_socket (GTask *task)
{
  static const char *const protocols[] = { "sentient.v1", NULL };
  Coordinator *self = g_task_get_task_data (task);
  g_autofree char *query
      = g_strdup_printf ("nodeId=doctor-%08x%08x", g_random_int (), g_random_int ());
  g_autoptr (GUri) uri = sentient_channel_uri_join (self->base, TRUE, "/webrtc/signal", query);

  self->inner = g_cancellable_new ();
  if (g_cancellable_is_cancelled (self->probing.cancellable))
    g_cancellable_cancel (self->inner);
  else
    self->outer_id = g_signal_connect_swapped (self->probing.cancellable, "cancelled",
                                               G_CALLBACK (g_cancellable_cancel), self->inner);
  self->timer = g_timeout_source_new (self->probing.timeout_ms);
  g_source_set_static_name (self->timer, "sentient-doctor-websocket");
  g_source_set_callback (self->timer, on_socket_late, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  self->began_us = g_get_monotonic_time ();
  self->handshake = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  soup_session_websocket_connect_async (self->session, self->handshake, NULL, (char **)protocols,
                                        G_PRIORITY_DEFAULT, self->inner, on_socket, task);
}

static void
on_health (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Coordinator *self = g_task_get_task_data (task);
  SentientCoordinatorMeasurement *one = self->one;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish_raw (result, NULL);

  /* One that knows no such path answers as well. */
  if (reply != NULL)
    {
      one->latency_us = g_get_monotonic_time () - self->began_us;
      one->has_clock = reply->date_ms != 0;
      one->ahead_ms = self->began_ms + one->latency_us / 2000 - reply->date_ms - TICK_MS / 2;
      one->doubt_ms = one->latency_us / 2000 + TICK_MS / 2;
    }
  open_socket (g_steal_pointer (&task));
}

static void
read_servers (SentientNamedServers *named, const char *data, gsize len)
{
  g_autoptr (SentientServerMessage) message
      = sentient_server_message_parse_reply (data, len, SENTIENT_SERVER_JOIN_RESULT, NULL);

  if (message == NULL)
    return;
  named->stun_urls = g_steal_pointer (&message->stun_urls);
  named->turn_urls = g_steal_pointer (&message->turn_urls);
}

/* FALSE: that is no coordinator. */
static gboolean
read_info (Coordinator *self, SentientHttpReply *reply)
{
  static const char *const keys[] = { "enabled", "turnAvailable" };
  SentientJsonValue values[G_N_ELEMENTS (keys)];
  gsize len;
  const char *data = g_bytes_get_data (reply->body, &len);

  self->one->status = reply->status;
  if (reply->status != SOUP_STATUS_OK)
    {
      self->one->outcome = SENTIENT_OUTCOME_REFUSED;
      return FALSE;
    }
  if (data == NULL || !sentient_json_pick (data, len, keys, values, G_N_ELEMENTS (keys), NULL))
    {
      self->one->outcome = SENTIENT_OUTCOME_MALFORMED;
      self->one->detail = g_strdup ("what it answered is none of a coordinator's answers");
      return FALSE;
    }
  self->one->outcome = SENTIENT_OUTCOME_GOOD;
  self->one->turn_available = values[1].span.data != NULL && values[1].type == SENTIENT_JSON_BOOLEAN
                              && *values[1].span.data == 't';
  read_servers (self->named, data, len);
  return TRUE;
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Coordinator *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHttpReply) reply = sentient_http_request_finish_raw (result, &error);

  if (reply != NULL && read_info (self, reply))
    {
      get (g_steal_pointer (&task), "/healthz", on_health);
      return;
    }
  if (reply == NULL)
    {
      self->one->outcome = sentient_outcome_from_error (error);
      self->one->detail = g_strdup (error->message);
    }
  g_task_return_boolean (task, TRUE);
}

void
sentient_probe_coordinator_async (const SentientProbing *probing,
                                  SentientCoordinatorMeasurement *one,
                                  SentientNamedServers *named,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Coordinator *self = g_new0 (Coordinator, 1);

  g_task_set_source_tag (task, sentient_probe_coordinator_async);
  g_task_set_task_data (task, self, (GDestroyNotify)coordinator_free);
  self->probing = *probing;
  self->one = one;
  self->named = named;
  self->clock = sentient_clock_new_system ();
  self->base = sentient_channel_parse_uri (one->url, NULL);
  if (self->base == NULL)
    {
      one->outcome = SENTIENT_OUTCOME_BAD_URL;
      g_task_return_boolean (task, TRUE);
      return;
    }
  /* As it is understood, with its scheme. */
  g_free (one->url);
  one->url = g_uri_to_string (self->base);
  self->session = sentient_http_session_new (self->base);
  get (g_steal_pointer (&task), "/webrtc/info", on_info);
}
