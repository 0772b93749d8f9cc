/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-source.h"
#include "signaling/sentient-hub-private.h"

#include <string.h>

#define LOG_EVERY_MS 1000
#define RETRY_BUSY_MS 5000
#define RETRY_DRAINING_MS 1000 /* spread over so long */
#define TIMER_MS 100

typedef struct
{
  SentientQuery query;
  gboolean v1;
} WsData;

static void
ws_wake (SentientSession *session, gpointer conn)
{
  sentient_conn_want_write (conn);
}

/* What is not taken is not lost: the session waits, and may be resumed. A v1 client that reads but
 * does not acknowledge has as long as a silent one. */
static void
ws_overflow (SentientSession *session, gpointer conn, gboolean missed)
{
  if (missed)
    sentient_conn_close_websocket (conn, SENTIENT_CLOSE_SLOW,
                                   "you do not take what is sent to you: come back and join again");
  else if (sentient_conn_is_blocked (conn) || sentient_session_is_stuck (session))
    sentient_conn_close_websocket (conn, SENTIENT_CLOSE_SLOW,
                                   "you do not take what is sent to you");
}

static gboolean
ws_is_taking (SentientSession *session, gpointer conn)
{
  return !sentient_conn_is_blocked (conn);
}

static void
ws_taken (gpointer conn, gboolean replaced)
{
  sentient_conn_set_data (conn, NULL);
  sentient_conn_close_websocket (conn, SENTIENT_CLOSE_TAKEN,
                                 replaced ? "another connection took this node id"
                                          : "this session goes on over another connection");
}

const SentientTransportVtable sentient_hub_ws_transport = {
  .kind = SENTIENT_TRANSPORT_WEBSOCKET,
  .wake = ws_wake,
  .overflow = ws_overflow,
  .is_taking = ws_is_taking,
  .taken = ws_taken,
};

void
sentient_hub_send_scratch (SentientHub *self, SentientConn *conn)
{
  gboolean was_full = sentient_conn_is_full (conn);

  if (was_full)
    sentient_conn_close_websocket (conn, SENTIENT_CLOSE_SLOW, "answers are not being read");
  else
    sentient_conn_send_text (conn, self->scratch->str, self->scratch->len, NULL);
}

void
sentient_hub_count_error (SentientHub *self, const GError *error)
{
  SentientMetrics *metrics = sentient_directory_get_metrics (self->directory);

  metrics->errors[sentient_metrics_error_index (error)]++;
}

void
sentient_hub_send_error (SentientHub *self, SentientConn *conn, const GError *error)
{
  sentient_hub_count_error (self, error);
  g_string_truncate (self->scratch, 0);
  sentient_reply_append_ws_error (self->scratch, error, 0);
  sentient_hub_send_scratch (self, conn);
}

static void
ws_fill (SentientConn *conn, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientSession *session = sentient_conn_get_data (conn);
  const SentientOutboxItem *item;
  SentientDialect dialect;
  gboolean more = TRUE;

  if (session == NULL)
    return;
  dialect = session->v1 != NULL ? SENTIENT_DIALECT_V1 : SENTIENT_DIALECT_PLAIN;
  sentient_directory_settle (self->directory, session);
  while (more && (item = sentient_outbox_next (&session->outbox)) != NULL)
    {
      guint64 end;

      g_string_truncate (self->scratch, 0);
      sentient_message_append (item->message, self->scratch, dialect, item->seq, session->node_id);
      more = sentient_conn_send_text (conn, self->scratch->str, self->scratch->len, &end);
      sentient_outbox_mark_sent (&session->outbox, end);
    }
  if (more && session->v1 != NULL)
    sentient_hub_v1_send_ack (self, conn, session);
}

static void
ws_join (SentientHub *self,
         SentientConn *conn,
         SentientSession *session,
         const char *room,
         SentientSpan metadata)
{
  g_autoptr (GError) error = NULL;
  SentientMembership *membership = NULL;

  ws_fill (conn, self); /* what happened before is told before */
  if (!sentient_hub_refuse_while_draining (self, &error)
      && sentient_directory_admit_join (self->directory, session, room, &error))
    membership = sentient_directory_join (self->directory, session, room, metadata, &error);

  g_string_truncate (self->scratch, 0);
  if (membership == NULL)
    {
      sentient_hub_count_error (self, error);
      sentient_reply_append_join_failed (self->scratch, room, error, 0);
    }
  else
    {
      g_autoptr (GArray) peers
          = sentient_directory_list_peers (self->directory, membership->room, session->node_id);

      sentient_directory_refresh (self->directory, session, membership);
      sentient_reply_append_join_result (self->scratch, room, (SentientPeerInfo *)peers->data,
                                         peers->len, &self->config.ice, NULL);
    }
  sentient_hub_send_scratch (self, conn);
}

static void
ws_leave (SentientHub *self, SentientConn *conn, SentientSession *session, const char *room)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) rooms = NULL;

  ws_fill (conn, self);
  g_string_truncate (self->scratch, 0);
  if (room[0] == '\0')
    {
      rooms = sentient_directory_leave_all (self->directory, session);
      sentient_reply_append_leave_result (self->scratch, NULL, (const char *const *)rooms, FALSE,
                                          0);
    }
  else if (sentient_directory_leave (self->directory, session, room, &error))
    sentient_reply_append_leave_result (self->scratch, room, NULL, FALSE, 0);
  else
    {
      sentient_hub_count_error (self, error);
      sentient_reply_append_leave_failed (self->scratch, room, error, 0);
    }
  sentient_hub_send_scratch (self, conn);
}

void
sentient_hub_log_taken (SentientHub *self, SentientSession *session, SentientConn *conn)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;

  if (self->logged_ms != 0 && now - self->logged_ms < LOG_EVERY_MS)
    return;
  self->logged_ms = MAX (now, 1);
  old = sentient_conn_dup_remote (session->transport_data);
  new = sentient_conn_dup_remote (conn);
  g_message ("%s: the session from %s is taken by %s", session->node_id, old, new);
}

static void
ws_open_plain (SentientHub *self, SentientConn *conn, const SentientQuery *query)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = sentient_directory_find (self->directory, query->node_id);

  /* It may have come while the handshake was under way. */
  if (!sentient_directory_may_take (self->directory, query->node_id, FALSE, &error))
    {
      sentient_directory_get_metrics (self->directory)->sessions_refused++;
      sentient_hub_send_error (self, conn, error);
      sentient_conn_close_websocket (conn, SENTIENT_CLOSE_ID_TAKEN, "the node id is taken");
      return;
    }
  if (session != NULL && session->transport != NULL
      && session->transport->kind == SENTIENT_TRANSPORT_WEBSOCKET)
    sentient_hub_log_taken (self, session, conn);
  if (session != NULL
      && (session->v1 != NULL
          || (session->transport != NULL
              && session->transport->kind == SENTIENT_TRANSPORT_WEBSOCKET)))
    sentient_directory_end (self->directory, session, SENTIENT_LEAVE_REASON_REPLACED);

  session = sentient_directory_find (self->directory, query->node_id);
  if (session == NULL && !sentient_hub_refuse_while_draining (self, &error))
    session = sentient_directory_ensure (self->directory, query->node_id, &error);
  if (session == NULL)
    {
      sentient_hub_send_error (self, conn, error);
      sentient_conn_log_refused (conn, error->message);
      sentient_conn_close_websocket (conn, 1013, "no room for another node; try again later");
      return;
    }
  sentient_conn_set_data (conn, session);
  sentient_directory_set_account (self->directory, session, sentient_conn_get_account (conn));
  sentient_directory_attach (self->directory, session, &sentient_hub_ws_transport, conn);

  g_string_truncate (self->scratch, 0);
  sentient_reply_append_connected (self->scratch, session->node_id, self->config.coordinator_id);
  sentient_hub_send_scratch (self, conn);
  if (query->room[0] != '\0')
    ws_join (self, conn, session, query->room, (SentientSpan){ NULL, 0 });
}

static void
ws_open (SentientConn *conn, gpointer data, gpointer user_data)
{
  g_autofree WsData *opened = data;

  if (opened->v1)
    sentient_hub_v1_open (user_data, conn, &opened->query);
  else
    ws_open_plain (user_data, conn, &opened->query);
}

static void
ws_text_plain (SentientHub *self,
               SentientConn *conn,
               SentientSession *session,
               const char *data,
               gsize len)
{
  g_autoptr (GError) error = NULL;
  SentientRequest request;

  if (!sentient_request_parse_message (&request, data, len, &error))
    {
      sentient_hub_send_error (self, conn, error);
      return;
    }

  switch (request.kind)
    {
    case SENTIENT_REQUEST_SIGNAL:
      if (!sentient_directory_admit_signal (self->directory, session, request.signal_type, &error)
          || !sentient_directory_relay (self->directory, session, &request, NULL, &error))
        sentient_hub_send_error (self, conn, error);
      break;
    case SENTIENT_REQUEST_JOIN:
      ws_join (self, conn, session, request.room, request.metadata);
      break;
    case SENTIENT_REQUEST_LEAVE:
      ws_leave (self, conn, session, request.room);
      break;
    case SENTIENT_REQUEST_PING:
      g_string_truncate (self->scratch, 0);
      sentient_reply_append_pong (self->scratch);
      sentient_hub_send_scratch (self, conn);
      break;
    case SENTIENT_REQUEST_RESUME:
    case SENTIENT_REQUEST_ACK:
      g_set_error_literal (&error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "This session cannot be resumed: ask for the WebSocket subprotocol "
                           "“" SENTIENT_SUBPROTOCOL_V1 "” to have one that can.");
      sentient_hub_send_error (self, conn, error);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
ws_text (SentientConn *conn, const char *data, gsize len, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientSession *session = sentient_conn_get_data (conn);

  if (session == NULL)
    sentient_hub_v1_first_text (self, conn, data, len);
  else if (session->v1 != NULL)
    sentient_hub_v1_text (self, conn, session, data, len);
  else
    ws_text_plain (self, conn, session, data, len);
}

static void
ws_binary (SentientConn *conn, gpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (
      SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
      "Binary messages are not understood here. Send JSON in text messages.");

  sentient_hub_send_error (user_data, conn, error);
}

static void
ws_sent (SentientConn *conn, guint64 sent, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientSession *session = sentient_conn_get_data (conn);

  if (session != NULL)
    sentient_directory_flushed_until (self->directory, session, sent);
}

static void
ws_alive (SentientConn *conn, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientSession *session = sentient_conn_get_data (conn);

  if (session != NULL)
    sentient_directory_touch (self->directory, session);
}

static void
ws_closed (SentientConn *conn, SentientCloseKind kind, guint16 code, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientSession *session = sentient_conn_get_data (conn);

  sentient_hub_v1_closed (self, conn);
  if (session == NULL)
    return;
  g_debug ("%s: its WebSocket is closed (%u)", session->node_id, code);
  sentient_conn_set_data (conn, NULL);
  sentient_directory_detach (self->directory, session, conn);
  if (kind == SENTIENT_CLOSE_LEFT)
    sentient_directory_end (self->directory, session, SENTIENT_LEAVE_REASON_LEFT);
  else
    sentient_directory_lose (self->directory, session);
}

static const SentientEngineHandler engine_handler = {
  .is_native = sentient_hub_is_native,
  .request = sentient_hub_request,
  .request_gone = sentient_hub_request_gone,
  .responded = sentient_hub_responded,
  .ws_open = ws_open,
  .ws_text = ws_text,
  .ws_binary = ws_binary,
  .ws_fill = ws_fill,
  .ws_sent = ws_sent,
  .ws_alive = ws_alive,
  .ws_closed = ws_closed,
};

const SentientEngineHandler *
sentient_hub_get_engine_handler (void)
{
  return &engine_handler;
}

SentientHub *
sentient_hub_new (SentientDirectory *directory,
                  SentientClock *clock,
                  const SentientHubConfig *config)
{
  SentientHub *self = g_new0 (SentientHub, 1);

  self->directory = g_object_ref (directory);
  self->clock = g_object_ref (clock);
  self->context = g_main_context_ref_thread_default ();
  self->config = *config;
  self->scratch = g_string_sized_new (4096);
  g_queue_init (&self->polls);
  g_queue_init (&self->acks);
  self->openings = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
sentient_hub_free (SentientHub *self)
{
  g_assert (g_queue_is_empty (&self->polls) && g_queue_is_empty (&self->acks));

  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  g_hash_table_unref (self->openings);
  g_string_free (self->scratch, TRUE);
  g_object_unref (self->directory);
  g_object_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
}

SentientDirectory *
sentient_hub_get_directory (SentientHub *self)
{
  return self->directory;
}

const SentientHubConfig *
sentient_hub_get_config (SentientHub *self)
{
  return &self->config;
}

gboolean
sentient_hub_check_websocket (SentientHub *self,
                              const SentientQuery *query,
                              gboolean v1,
                              GError **error)
{
  /* A v1 client cannot read the status of a refused handshake in a browser, and may have the token;
   * it is told when it has said which session it wants. */
  if (v1 || sentient_directory_may_take (self->directory, query->node_id, FALSE, error))
    return TRUE;
  sentient_directory_get_metrics (self->directory)->sessions_refused++;
  return FALSE;
}

gpointer
sentient_hub_ws_data_new (const SentientQuery *query, gboolean v1)
{
  WsData *data = g_new (WsData, 1);

  data->query = *query;
  data->v1 = v1;
  return data;
}

static gboolean
on_timer (gpointer user_data)
{
  SentientHub *self = user_data;

  sentient_hub_check_polls (self);
  sentient_hub_check_sessions (self);
  if (!g_queue_is_empty (&self->polls) || !g_queue_is_empty (&self->acks)
      || g_hash_table_size (self->openings) > 0)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->timer, g_source_unref);
  return G_SOURCE_REMOVE;
}

void
sentient_hub_ensure_timer (SentientHub *self)
{
  if (self->timer != NULL)
    return;
  self->timer = g_timeout_source_new (TIMER_MS);
  sentient_source_attach (self->timer, self->context, "sentient-hub", on_timer, self);
}

void
sentient_hub_set_draining (SentientHub *self, guint retry_after_ms)
{
  self->draining = TRUE;
  self->retry_after_ms = retry_after_ms;
}

static GError *
new_stopping_error (SentientHub *self, const char *what)
{
  GError *error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_BUSY, what);

  sentient_error_set_retry_after (error, self->retry_after_ms
                                             + (guint)g_random_int_range (0, RETRY_DRAINING_MS));
  return error;
}

gboolean
sentient_hub_refuse_when_closed (SentientHub *self, GError **error)
{
  if (self->closed)
    g_propagate_error (error, new_stopping_error (self, "This coordinator has stopped. Try again "
                                                        "later."));
  return self->closed;
}

gboolean
sentient_hub_refuse_while_draining (SentientHub *self, GError **error)
{
  if (self->draining)
    g_propagate_error (error, new_stopping_error (self, "This coordinator is stopping and takes no "
                                                        "joins. Try again later."));
  return self->draining;
}

gboolean
sentient_hub_is_draining (SentientHub *self)
{
  return self->draining;
}

guint
sentient_hub_http_error (SentientHub *self, const GError *error, guint64 ref, GString *reply)
{
  sentient_hub_count_error (self, error);
  sentient_reply_append_error (reply, error, ref);
  return error->domain == SENTIENT_ERROR ? sentient_error_to_http_status (error->code) : 500;
}

char *
sentient_hub_dup_error_headers (const GError *error)
{
  guint status
      = error->domain == SENTIENT_ERROR ? sentient_error_to_http_status (error->code) : 500;
  guint ms = sentient_error_get_retry_after (error);

  if (status == 401)
    return g_strdup ("WWW-Authenticate: Bearer\r\n");
  if (status != 503 && status != 429)
    return NULL;
  /* Spread, so that all who were refused do not come back together. */
  if (ms == 0)
    ms = RETRY_BUSY_MS + (guint)g_random_int_range (0, RETRY_BUSY_MS / 2);
  return g_strdup_printf ("Retry-After: %u\r\n", (ms + 999) / 1000);
}
