/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POST and GET /webrtc/signal. A poll is a transport like a WebSocket, for one answer. */

#include <string.h>

#include "signaling/sentient-hub-private.h"

#define SIGNAL_PATH "/webrtc/signal"
#define JSON_TYPE "application/json"
#define POLL_CHECK_MS 100

typedef struct
{
  SentientHub *hub;
  SentientConn *conn;
  SentientSession *session; /* NULL: taken away */
  gint64 deadline;          /* ms, monotonic */
  char *cors_headers;
  GList link; /* in hub->polls while it waits */
  gboolean waiting;
} SentientPoll;

static void
poll_stop_waiting (SentientPoll *poll)
{
  if (!poll->waiting)
    return;
  poll->waiting = FALSE;
  g_queue_unlink (&poll->hub->polls, &poll->link);
}

static void
poll_free (SentientPoll *poll)
{
  poll_stop_waiting (poll);
  sentient_conn_set_data (poll->conn, NULL);
  g_free (poll->cors_headers);
  g_free (poll);
}

/* Answers with all that waits, up to what one message may hold; with nothing if nothing does. */
static void
poll_answer (SentientPoll *poll)
{
  GString *body = g_string_sized_new (256);
  const SentientOutboxItem *item;
  gboolean first = TRUE;

  poll_stop_waiting (poll);
  sentient_reply_begin_signals (body);
  while (poll->session != NULL && (item = sentient_outbox_peek (&poll->session->outbox)) != NULL
         && (first || body->len + sentient_message_get_size (item->message) < SENTIENT_MESSAGE_MAX))
    {
      if (!first)
        g_string_append_c (body, ',');
      first = FALSE;
      sentient_message_append (item->message, body, SENTIENT_DIALECT_POLL, item->seq,
                               poll->session->node_id);
      sentient_outbox_mark_sent (&poll->session->outbox, item->seq);
    }
  sentient_reply_end_signals (body);
  sentient_conn_respond (poll->conn, 200, JSON_TYPE, poll->cors_headers, body);
}

static void
poll_wake (SentientSession *session, gpointer data)
{
  SentientPoll *poll = data;

  if (poll->waiting)
    poll_answer (poll);
}

static void
poll_taken (gpointer data, gboolean replaced)
{
  SentientPoll *poll = data;

  poll->session = NULL;
  if (poll->waiting)
    poll_answer (poll);
}

static const SentientTransportVtable poll_transport = {
  .kind = SENTIENT_TRANSPORT_POLL,
  .wake = poll_wake,
  .taken = poll_taken,
};

void
sentient_hub_check_polls (SentientHub *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);
  GList *next;

  for (GList *l = self->polls.head; l != NULL; l = next)
    {
      next = l->next;
      if (((SentientPoll *)l->data)->deadline <= now)
        poll_answer (l->data);
    }
}

void
sentient_hub_end_polls (SentientHub *self)
{
  while (!g_queue_is_empty (&self->polls))
    poll_answer (g_queue_peek_head (&self->polls));
}

guint
sentient_hub_get_n_polls (SentientHub *self)
{
  return self->polls.length;
}

static gboolean
on_poll_timer (gpointer user_data)
{
  SentientHub *self = user_data;

  sentient_hub_check_polls (self);
  if (!g_queue_is_empty (&self->polls))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->poll_timer, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
poll_start (SentientHub *self,
            SentientConn *conn,
            SentientSession *session,
            guint timeout_ms,
            char *cors_headers)
{
  SentientPoll *poll = g_new0 (SentientPoll, 1);

  poll->hub = self;
  poll->conn = conn;
  poll->session = session;
  poll->deadline = sentient_clock_get_monotonic_ms (self->clock) + timeout_ms;
  poll->cors_headers = cors_headers;
  poll->link.data = poll;
  poll->waiting = TRUE;
  g_queue_push_tail_link (&self->polls, &poll->link);
  sentient_conn_set_data (conn, poll);

  /* Polling means that the node has given its WebSocket up, or never got to know that it lives. */
  if (session->transport != NULL && session->transport->kind == SENTIENT_TRANSPORT_WEBSOCKET)
    sentient_hub_log_taken (self, session, conn);
  sentient_directory_attach (self->directory, session, &poll_transport, poll);
  if (poll->waiting && timeout_ms == 0)
    poll_answer (poll);
  if (poll->waiting && self->poll_timer == NULL)
    {
      self->poll_timer = g_timeout_source_new (POLL_CHECK_MS);
      g_source_set_static_name (self->poll_timer, "sentient-polls");
      g_source_set_callback (self->poll_timer, on_poll_timer, self, NULL);
      g_source_attach (self->poll_timer, self->context);
    }
}

gboolean
sentient_hub_is_native (const SentientHttpHead *head, gpointer user_data)
{
  SentientHub *self = user_data;

  return self->config.enabled && !head->upgrade
         && (head->method == SENTIENT_HTTP_GET || head->method == SENTIENT_HTTP_POST)
         && head->path_len == strlen (SIGNAL_PATH)
         && memcmp (head->path, SIGNAL_PATH, head->path_len) == 0;
}

static void
respond_error (SentientHub *self, SentientConn *conn, const GError *error, const char *cors_headers)
{
  GString *body = g_string_new (NULL);
  guint status = sentient_hub_http_error (self, error, body);
  g_autofree char *retry = sentient_hub_dup_retry_header (error);
  g_autofree char *headers = g_strconcat (cors_headers != NULL ? cors_headers : "", retry, NULL);

  sentient_conn_respond (conn, status, JSON_TYPE, headers, body);
}

/* Who sends it; NULL: nobody who may. */
static SentientSession *
find_sender (SentientHub *self, const SentientRequest *request, GError **error)
{
  SentientSession *session = NULL;
  g_autoptr (GError) why = NULL;

  if (request->from[0] == '\0')
    g_set_error_literal (&why, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                         "The field “from” is missing: say which node sends the signal.");
  else
    {
      session = sentient_directory_find (self->directory, request->from);
      if (session != NULL && sentient_session_get_n_rooms (session) > 0)
        return session;
      g_set_error (&why, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                   "“%s” is in no room here. Join one before you signal.", request->from);
    }
  sentient_directory_count_refused (self->directory, request->signal_type, why);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

static gboolean
post_signal (SentientHub *self,
             SentientConn *conn,
             const char *body,
             gsize body_len,
             GString *reply,
             GError **error)
{
  SentientRequest request;
  SentientSession *session;
  gboolean delivered;

  if (!sentient_request_parse_signal (&request, body, body_len, error))
    return FALSE;
  session = find_sender (self, &request, error);
  if (session == NULL)
    return FALSE;
  sentient_directory_touch (self->directory, session);
  sentient_directory_set_account (self->directory, session, sentient_conn_get_account (conn));
  if (!sentient_directory_admit_signal (self->directory, session, request.signal_type, error)
      || !sentient_directory_relay (self->directory, session, &request, &delivered, error))
    return FALSE;
  sentient_reply_append_signal_accepted (reply, delivered, 0);
  return TRUE;
}

/* Takes the session for the poll. */
static SentientSession *
find_poller (SentientHub *self, const SentientHttpHead *head, SentientQuery *query, GError **error)
{
  SentientSession *session;

  if (!sentient_query_parse (query, head->query, head->query_len, TRUE, error))
    return NULL;
  if (query->node_id[0] == '\0')
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "The parameter “nodeId” is missing: say which node polls.");
      return NULL;
    }
  session = sentient_directory_find (self->directory, query->node_id);
  if (session == NULL || sentient_session_get_n_rooms (session) == 0)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                   "“%s” is in no room here, so nothing can come for it. Join one first.",
                   query->node_id);
      return NULL;
    }
  return session;
}

void
sentient_hub_request (SentientConn *conn,
                      const SentientHttpHead *head,
                      const char *body,
                      gsize body_len,
                      gpointer user_data)
{
  SentientHub *self = user_data;
  const SentientAccess *access = &self->config.access;
  g_autoptr (GError) error = NULL;
  g_autofree char *cors = NULL;
  SentientQuery query;
  SentientSession *session;

  if (!sentient_access_check_host (access, head->host, head->host_len, &error)
      || !sentient_access_check_origin (access, head->host, head->host_len, head->origin,
                                        head->origin_len, TRUE, &error))
    {
      sentient_conn_log_refused (conn, error->message);
      respond_error (self, conn, error, NULL);
      return;
    }

  cors = sentient_access_dup_cors_headers (access, head->origin, head->origin_len);
  if (head->method == SENTIENT_HTTP_POST)
    {
      g_string_truncate (self->scratch, 0);
      if (post_signal (self, conn, body, body_len, self->scratch, &error))
        sentient_conn_respond (conn, 200, JSON_TYPE, cors,
                               g_string_new_len (self->scratch->str, self->scratch->len));
    }
  else
    {
      session = find_poller (self, head, &query, &error);
      if (session != NULL)
        poll_start (self, conn, session, query.timeout_ms, g_steal_pointer (&cors));
    }
  if (error != NULL)
    respond_error (self, conn, error, cors);
}

void
sentient_hub_request_gone (SentientConn *conn, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientPoll *poll = sentient_conn_get_data (conn);

  if (poll == NULL)
    return;
  if (poll->session != NULL)
    sentient_directory_detach (self->directory, poll->session, poll);
  poll_free (poll);
}

void
sentient_hub_responded (SentientConn *conn, gboolean delivered, gpointer user_data)
{
  SentientHub *self = user_data;
  SentientPoll *poll = sentient_conn_get_data (conn);
  const SentientOutbox *outbox;

  if (poll == NULL)
    return;
  if (poll->session != NULL)
    {
      outbox = &poll->session->outbox;
      if (delivered && outbox->n_sent > 0)
        sentient_directory_drop_until (self->directory, poll->session, outbox->last_seq);
      sentient_directory_detach (self->directory, poll->session, poll);
    }
  poll_free (poll);
}
