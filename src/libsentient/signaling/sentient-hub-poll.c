/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POST and GET /webrtc/signal. A poll is a transport like a WebSocket, for one answer. */

#include <string.h>

#include "signaling/sentient-hub-private.h"

#define SIGNAL_PATH "/webrtc/signal"
#define JSON_TYPE "application/json"

typedef struct
{
  SentientHub *hub;
  SentientConn *conn;
  SentientSession *session; /* NULL: taken away */
  gint64 deadline;          /* ms, monotonic */
  char *cors_headers;
  GList link; /* in hub->polls while it waits */
  gboolean waiting;
  guint64 gap_from; /* v1: these numbers are gone; 0: none */
  guint64 gap_to;
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

/* All that waits, up to what one message may hold. */
static void
append_items (SentientPoll *poll, GString *body, gboolean first)
{
  SentientSession *session = poll->session;
  SentientDialect dialect = session->v1 != NULL ? SENTIENT_DIALECT_V1 : SENTIENT_DIALECT_POLL;
  SentientOutbox *outbox = &session->outbox;
  const SentientOutboxItem *item;

  while (sentient_outbox_is_waiting (outbox)
         && (first
             || body->len
                        + sentient_message_get_size (
                            sentient_outbox_peek_nth (outbox, outbox->n_sent)->message)
                    < SENTIENT_MESSAGE_MAX))
    {
      item = sentient_outbox_next (outbox);
      if (!first)
        g_string_append_c (body, ',');
      first = FALSE;
      sentient_message_append (item->message, body, dialect, item->seq, session->node_id);
      sentient_outbox_mark_sent (outbox, item->seq);
    }
}

/* Answers with what waits; with nothing if nothing does. */
static void
poll_answer (SentientPoll *poll)
{
  GString *body = g_string_sized_new (256);

  poll_stop_waiting (poll);
  sentient_reply_begin_signals (body);
  if (poll->gap_from != 0)
    sentient_reply_append_gap (body, poll->gap_from, poll->gap_to);
  if (poll->session != NULL)
    {
      sentient_directory_settle (poll->hub->directory, poll->session);
      append_items (poll, body, poll->gap_from == 0);
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

/* The next one is told why nothing comes. */
static void
poll_overflow (SentientSession *session, gpointer data, gboolean missed)
{
  if (missed)
    poll_wake (session, data);
}

static gboolean
poll_is_taking (SentientSession *session, gpointer data)
{
  return ((SentientPoll *)data)->waiting;
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
  .overflow = poll_overflow,
  .is_taking = poll_is_taking,
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
sentient_hub_close (SentientHub *self)
{
  self->closed = TRUE;
  while (!g_queue_is_empty (&self->polls))
    poll_answer (g_queue_peek_head (&self->polls));
}

guint
sentient_hub_get_n_polls (SentientHub *self)
{
  return self->polls.length;
}

/* What the client has; its number was checked. All the rest is delivered again. */
static void
take_after (SentientHub *self, SentientPoll *poll, SentientSession *session, guint64 after)
{
  if (after < session->v1->acked_seq)
    {
      poll->gap_from = after + 1;
      poll->gap_to = session->v1->acked_seq;
      sentient_directory_get_metrics (self->directory)->gaps++;
    }
  sentient_directory_ack (self->directory, session, after);
}

static void
poll_start (SentientHub *self,
            SentientConn *conn,
            SentientSession *session,
            const SentientQuery *query,
            char *cors_headers)
{
  SentientPoll *poll = g_new0 (SentientPoll, 1);

  poll->hub = self;
  poll->conn = conn;
  poll->session = session;
  poll->deadline = sentient_clock_get_monotonic_ms (self->clock) + query->timeout_ms;
  poll->cors_headers = cors_headers;
  poll->link.data = poll;
  poll->waiting = TRUE;
  g_queue_push_tail_link (&self->polls, &poll->link);
  sentient_conn_set_data (conn, poll);
  if (session->v1 != NULL)
    take_after (self, poll, session, query->after);

  /* Polling means that the node has given its WebSocket up, or never got to know that it lives. */
  if (session->transport != NULL && session->transport->kind == SENTIENT_TRANSPORT_WEBSOCKET)
    sentient_hub_log_taken (self, session, conn);
  sentient_directory_attach (self->directory, session, &poll_transport, poll);
  if (poll->waiting && (query->timeout_ms == 0 || poll->gap_from != 0))
    poll_answer (poll);
  if (poll->waiting)
    sentient_hub_ensure_timer (self);
}

gboolean
sentient_hub_is_native (SentientConn *conn, const SentientHttpHead *head, gpointer user_data)
{
  SentientHub *self = user_data;
  const gsize len = strlen (SIGNAL_PATH);
  SentientVia via;
  gsize prefix_len;

  if (!self->config.enabled || head->upgrade
      || (head->method != SENTIENT_HTTP_GET && head->method != SENTIENT_HTTP_POST)
      || head->path_len < len || memcmp (head->path + head->path_len - len, SIGNAL_PATH, len) != 0)
    return FALSE;
  if (head->path_len == len)
    return TRUE;
  sentient_via_read (&via, head, sentient_conn_is_proxy (conn), FALSE);
  prefix_len
      = sentient_access_get_prefix_len (self->config.access, &via, head->path, head->path_len);
  return prefix_len == head->path_len - len;
}

static void
respond_error (SentientHub *self,
               SentientConn *conn,
               const GError *error,
               guint64 ref,
               const char *cors_headers)
{
  GString *body = g_string_new (NULL);
  guint status = sentient_hub_http_error (self, error, ref, body);
  g_autofree char *lines = sentient_hub_dup_error_headers (error);
  g_autofree char *headers = g_strconcat (cors_headers != NULL ? cors_headers : "", lines, NULL);

  sentient_conn_respond (conn, status, JSON_TYPE, headers, body);
}

/* Takes the session for the poll. */
static SentientSession *
find_poller (SentientHub *self, const SentientHttpHead *head, SentientQuery *query, GError **error)
{
  const SentientSpan token
      = sentient_hub_get_bearer ((SentientSpan){ head->authorization, head->authorization_len });
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
  if (session == NULL || (sentient_session_get_n_rooms (session) == 0 && session->v1 == NULL))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER,
                   "“%s” is in no room here, so nothing can come for it. Join one first.",
                   query->node_id);
      return NULL;
    }
  if (!sentient_hub_check_token (session, token, error)
      || !sentient_directory_may_wait (session, error))
    return NULL;
  if (session->v1 != NULL && query->after > session->outbox.last_seq)
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "“after” is a number that was never sent in this session.");
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
  g_autoptr (GError) error = NULL;
  g_autofree char *cors = NULL;
  SentientVia via;
  SentientQuery query;
  SentientSession *session;
  guint64 ref = 0;

  sentient_via_read (&via, head, sentient_conn_is_proxy (conn),
                     sentient_conn_remote_is_loopback (conn));
  if (!sentient_access_check (self->config.access, &via, TRUE, &cors, &error))
    {
      sentient_conn_log_refused (conn, error->message);
      respond_error (self, conn, error, 0, NULL);
      return;
    }

  if (sentient_hub_refuse_when_closed (self, &error))
    {
      respond_error (self, conn, error, 0, cors);
      return;
    }
  if (head->method == SENTIENT_HTTP_POST)
    {
      const SentientHubPost post
          = { body, body_len, { head->authorization, head->authorization_len } };

      g_string_truncate (self->scratch, 0);
      if (sentient_hub_http_signal (self, &post, sentient_conn_get_account (conn), self->scratch,
                                    &ref, &error))
        sentient_conn_respond (conn, 200, JSON_TYPE, cors,
                               g_string_new_len (self->scratch->str, self->scratch->len));
    }
  else
    {
      session = find_poller (self, head, &query, &error);
      if (session != NULL)
        poll_start (self, conn, session, &query, g_steal_pointer (&cors));
    }
  if (error != NULL)
    respond_error (self, conn, error, ref, cors);
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

  if (poll == NULL)
    return;
  if (poll->session != NULL)
    {
      if (delivered)
        sentient_directory_flushed_until (self->directory, poll->session, G_MAXUINT64);
      sentient_directory_detach (self->directory, poll->session, poll);
    }
  poll_free (poll);
}
