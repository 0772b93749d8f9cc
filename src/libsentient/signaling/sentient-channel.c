/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-channel.h"

#include <string.h>

enum
{
  MESSAGE,
  SIGNAL_FAILED,
  FAULT,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_INTERFACE (SentientChannel, sentient_channel, G_TYPE_OBJECT)

static void
sentient_channel_default_init (SentientChannelInterface *iface)
{
  signals[MESSAGE] = g_signal_new ("message", SENTIENT_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_FAILED]
      = g_signal_new ("signal-failed", SENTIENT_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      NULL, G_TYPE_NONE, 2, SENTIENT_TYPE_SIGNAL, G_TYPE_ERROR);
  signals[FAULT] = g_signal_new ("fault", SENTIENT_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[CLOSED] = g_signal_new ("closed", SENTIENT_TYPE_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

SentientChannelKind
sentient_channel_get_kind (SentientChannel *self)
{
  return SENTIENT_CHANNEL_GET_IFACE (self)->kind;
}

void
sentient_channel_open_async (SentientChannel *self,
                             guint timeout_ms,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  SENTIENT_CHANNEL_GET_IFACE (self)->open_async (self, timeout_ms, cancellable, callback,
                                                 user_data);
}

gboolean
sentient_channel_open_finish (SentientChannel *self, GAsyncResult *result, GError **error)
{
  g_assert (g_task_is_valid (result, self));

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
sentient_channel_join (SentientChannel *self,
                       const char *room,
                       const char *metadata,
                       GError **error)
{
  return SENTIENT_CHANNEL_GET_IFACE (self)->join (self, room, metadata, error);
}

gboolean
sentient_channel_leave (SentientChannel *self, const char *room, GError **error)
{
  return SENTIENT_CHANNEL_GET_IFACE (self)->leave (self, room, error);
}

gboolean
sentient_channel_send_signal (SentientChannel *self, SentientSignal *signal, GError **error)
{
  return SENTIENT_CHANNEL_GET_IFACE (self)->send_signal (self, signal, error);
}

void
sentient_channel_close (SentientChannel *self)
{
  SENTIENT_CHANNEL_GET_IFACE (self)->close (self);
}

void
sentient_channel_emit_message (SentientChannel *self, SentientServerMessage *message)
{
  g_signal_emit (self, signals[MESSAGE], 0, message);
}

void
sentient_channel_emit_signal_failed (SentientChannel *self, SentientSignal *signal, GError *error)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, signal, error);
}

void
sentient_channel_emit_fault (SentientChannel *self, GError *error)
{
  g_signal_emit (self, signals[FAULT], 0, error);
}

void
sentient_channel_emit_closed (SentientChannel *self, GError *error)
{
  g_signal_emit (self, signals[CLOSED], 0, error);
}

void
sentient_channel_emit_failed (SentientChannel *self, SentientClientSession *session)
{
  g_autoptr (GPtrArray) failed = sentient_client_session_take_failed (session);

  for (guint i = 0; i < failed->len; i++)
    {
      SentientFailedSignal *each = failed->pdata[i];

      sentient_channel_emit_signal_failed (self, each->signal, each->error);
    }
}

gboolean
sentient_channel_hand_out (SentientChannel *self,
                           SentientClientSession *session,
                           SentientServerMessage *message)
{
  g_autoptr (SentientChannel) keep = g_object_ref (self);
  g_autoptr (SentientClientSession) keep_session = sentient_client_session_ref (session);
  SentientClientVerdict verdict = sentient_client_session_receive (session, message);

  if (verdict == SENTIENT_CLIENT_TAKE)
    sentient_channel_emit_message (self, message);
  sentient_channel_emit_failed (self, session);
  return verdict != SENTIENT_CLIENT_BROKEN;
}

GError *
sentient_channel_new_broken_error (void)
{
  return g_error_new_literal (
      SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
      "messages of the coordinator are missing; it is asked for them again");
}

void
sentient_channel_take_close_code (guint code, SentientClientSession *session)
{
  if (code == SENTIENT_CLOSE_BROKEN)
    sentient_client_session_fault (session);
  else if (code == SENTIENT_CLOSE_TOO_BIG)
    sentient_client_session_too_large (session);
}

static GUri *
bad_uri (GError **error, const char *text, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
               "“%s” is no coordinator's address: %s; give one such as http://host:8888", text,
               what);
  return NULL;
}

/* The scheme to use, NULL if it is none of ours. */
static const char *
http_scheme (const char *scheme)
{
  if (g_str_equal (scheme, "http") || g_str_equal (scheme, "ws"))
    return "http";
  if (g_str_equal (scheme, "https") || g_str_equal (scheme, "wss"))
    return "https";
  return NULL;
}

/* People paste what /nodes tells: its URLs end in /webrtc and /webrtc/signal. */
static char *
path_prefix (const char *path)
{
  static const char *const ends[] = { "/webrtc/signal", "/webrtc" };
  gsize len = strlen (path);

  while (len > 0 && path[len - 1] == '/')
    len--;
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      gsize end_len = strlen (ends[i]);

      if (len >= end_len && memcmp (path + len - end_len, ends[i], end_len) == 0)
        {
          len -= end_len;
          break;
        }
    }
  while (len > 0 && path[len - 1] == '/')
    len--;
  return g_strndup (path, len);
}

GUri *
sentient_channel_parse_uri (const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text != NULL ? text : ""));
  g_autofree char *full = NULL;
  g_autofree char *prefix = NULL;
  g_autoptr (GUri) uri = NULL;
  g_autoptr (GError) local = NULL;
  const char *scheme;

  if (*stripped == '\0')
    return bad_uri (error, stripped, "it is empty");
  for (const char *c = stripped; *c != '\0'; c++)
    {
      if (g_ascii_isspace (*c) || g_ascii_iscntrl (*c))
        return bad_uri (error, stripped, "there is white space in it");
    }

  full = strstr (stripped, "://") != NULL ? g_strdup (stripped)
                                          : g_strconcat ("http://", stripped, NULL);
  uri = g_uri_parse (full, G_URI_FLAGS_ENCODED, &local);
  if (uri == NULL)
    return bad_uri (error, stripped, local->message);
  scheme = http_scheme (g_uri_get_scheme (uri));
  if (scheme == NULL)
    return bad_uri (error, stripped, "only http, https, ws and wss are known");
  if (g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return bad_uri (error, stripped, "it names no host");
  if (g_uri_get_port (uri) == 0)
    return bad_uri (error, stripped, "port 0 cannot be connected to");
  if (g_uri_get_userinfo (uri) != NULL)
    return bad_uri (error, stripped, "a user name or password in it is not supported");
  if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return bad_uri (error, stripped, "it must end with the path, without ? or #");

  prefix = path_prefix (g_uri_get_path (uri));
  return g_uri_build (G_URI_FLAGS_ENCODED, scheme, NULL, g_uri_get_host (uri), g_uri_get_port (uri),
                      prefix, NULL, NULL);
}

GPtrArray *
sentient_channel_parse_uris (const char *const *uris, guint max, GError **error)
{
  g_autoptr (GPtrArray) parsed = g_ptr_array_new_with_free_func ((GDestroyNotify)g_uri_unref);

  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    {
      GUri *uri = sentient_channel_parse_uri (uris[i], error);

      if (uri == NULL)
        return NULL;
      g_ptr_array_add (parsed, uri);
    }
  if (parsed->len == 0 || parsed->len > max)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "%u coordinators were given: give 1 to %u, such as http://host:8888",
                   parsed->len, max);
      return NULL;
    }
  return g_steal_pointer (&parsed);
}

GUri *
sentient_channel_uri_join (GUri *base, gboolean websocket, const char *path, const char *query)
{
  g_autofree char *full = g_strconcat (g_uri_get_path (base), path, NULL);
  const char *scheme = g_uri_get_scheme (base);

  if (websocket)
    scheme = g_str_equal (scheme, "https") ? "wss" : "ws";
  return g_uri_build (G_URI_FLAGS_ENCODED, scheme, NULL, g_uri_get_host (base),
                      g_uri_get_port (base), full, query, NULL);
}
