/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* WebSockets of v1 clients: a socket says first which session it is for; then every message is
 * numbered both ways, and stays until the other end has acknowledged it. */

#include "signaling/sentient-hub-private.h"

#define OPENING_MS 5000 /* for the first message */
/* Checks, a turn of the loop or more between them: where we are the ones who are slow, what came in
 * time is read in time. */
#define OPENING_CHECKS 10
#define ACK_EVERY 32 /* requests */
#define ACK_MS 300   /* with the timer's step surely less than 500 */

typedef struct
{
  SentientQuery query;
  gint64 deadline_ms; /* monotonic */
  guint n_late;       /* checks since then */
} Opening;

void
sentient_hub_v1_open (SentientHub *self, SentientConn *conn, const SentientQuery *query)
{
  Opening *opening = g_new0 (Opening, 1);

  opening->query = *query;
  opening->deadline_ms = sentient_clock_get_monotonic_ms (self->clock) + OPENING_MS;
  g_hash_table_insert (self->openings, conn, opening);
  sentient_hub_ensure_timer (self);
}

/* The client broke the rules. Its session is not touched by that: it may resume it. */
static void
fail (SentientHub *self, SentientConn *conn, const char *what)
{
  g_autoptr (GError) error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, what);

  sentient_conn_log_refused (conn, what);
  sentient_hub_send_error (self, conn, error);
  sentient_conn_close_websocket (conn, SENTIENT_CLOSE_PROTOCOL, "the rules of v1 were broken");
}

static void
refuse_opening (SentientHub *self, SentientConn *conn, const GError *error)
{
  gboolean taken = g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_NODE_ID_TAKEN);

  sentient_conn_log_refused (conn, error->message);
  sentient_hub_send_error (self, conn, error);
  if (taken)
    {
      sentient_directory_get_metrics (self->directory)->sessions_refused++;
      sentient_conn_close_websocket (conn, SENTIENT_CLOSE_ID_TAKEN, "the node id is taken");
    }
  else
    sentient_conn_close_websocket (conn, 1013, "no room for another node; try again later");
}

static void
send_connected (SentientHub *self, SentientConn *conn, SentientSession *session, gboolean resumed)
{
  const SentientDirectoryLimits *limits = sentient_directory_get_limits (self->directory);
  const SentientConnectedInfo info = {
    .node_id = session->node_id,
    .coordinator_id = self->config.coordinator_id,
    .session = session->v1->name,
    .token = resumed ? NULL : session->v1->token,
    .resumed = resumed,
    .ref = session->v1->handled_ref,
    .max_message = self->config.max_message,
    .max_metadata = limits->metadata_bytes,
    .room_peers = limits->room_peers,
    .grace_ms = limits->grace_ms,
  };

  g_string_truncate (self->scratch, 0);
  sentient_reply_append_v1_connected (self->scratch, &info);
  sentient_hub_send_scratch (self, conn);
  session->v1->told_ref = session->v1->handled_ref;
}

/* What stands in scratch becomes a note. */
static void
note_scratch (SentientHub *self, SentientSession *session)
{
  g_autoptr (SentientMessage) note = sentient_message_new_note (
      g_string_new_len (self->scratch->str, (gssize)self->scratch->len));

  sentient_directory_note (self->directory, session, note);
}

static void
note_error (SentientHub *self, SentientSession *session, const GError *error, guint64 ref)
{
  sentient_hub_count_error (self, error);
  g_string_truncate (self->scratch, 0);
  sentient_reply_append_ws_error (self->scratch, error, ref);
  note_scratch (self, session);
}

static void
join (SentientHub *self,
      SentientSession *session,
      const char *room,
      SentientSpan metadata,
      guint64 ref)
{
  g_autoptr (GError) error = NULL;
  SentientMembership *membership = NULL;

  if (!sentient_hub_refuse_while_draining (self, &error)
      && sentient_directory_admit_join (self->directory, session, room, &error))
    membership = sentient_directory_join (self->directory, session, room, metadata, &error);
  if (membership != NULL)
    {
      sentient_directory_note_joined (self->directory, session, membership, &self->config.ice, ref);
      return;
    }
  sentient_hub_count_error (self, error);
  g_string_truncate (self->scratch, 0);
  sentient_reply_append_join_failed (self->scratch, room, error, ref);
  note_scratch (self, session);
}

static void
leave (SentientHub *self, SentientSession *session, const char *room, guint64 ref)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) rooms = NULL;
  const char *name = room[0] != '\0' ? room : NULL;

  if (name == NULL)
    rooms = sentient_directory_leave_all (self->directory, session);
  else if (!sentient_directory_leave (self->directory, session, name, &error))
    sentient_hub_count_error (self, error);

  g_string_truncate (self->scratch, 0);
  if (error != NULL)
    sentient_reply_append_leave_failed (self->scratch, room, error, ref);
  else
    sentient_reply_append_leave_result (self->scratch, name, (const char *const *)rooms, FALSE,
                                        ref);
  note_scratch (self, session);
}

/* Of the session's numbers the client has those up to after. */
static void
resume (SentientHub *self, SentientConn *conn, SentientSession *session, guint64 after)
{
  SentientResumable *v1 = session->v1;
  SentientMetrics *metrics = sentient_directory_get_metrics (self->directory);

  send_connected (self, conn, session, TRUE);
  if (after < v1->acked_seq)
    {
      metrics->gaps++;
      g_string_truncate (self->scratch, 0);
      sentient_reply_append_gap (self->scratch, after + 1, v1->acked_seq);
      sentient_hub_send_scratch (self, conn);
    }
  sentient_directory_ack (self->directory, session, after);
  metrics->sessions_resumed++;
}

/* An error that was the answer to the last POST may not have come. */
static void
repeat_http_error (SentientHub *self, SentientSession *session)
{
  g_autoptr (GError) error = g_steal_pointer (&session->v1->http_error);

  if (error != NULL)
    note_error (self, session, error, session->v1->handled_ref);
}

static void
take_session (SentientHub *self,
              SentientConn *conn,
              const SentientQuery *query,
              const SentientRequest *request)
{
  g_autoptr (GError) error = NULL;
  SentientSession *session = NULL;
  gboolean resumed;

  if (request->token.data != NULL)
    session = sentient_directory_find_by_token (self->directory, query->node_id,
                                                request->token.data, request->token.len);
  resumed = session != NULL;
  if (resumed && request->after > session->outbox.last_seq)
    {
      fail (self, conn, "“after” is a number that was never sent in this session.");
      return;
    }
  if (!resumed && !sentient_hub_refuse_while_draining (self, &error))
    session = sentient_directory_open_v1 (self->directory, query->node_id, &error);
  if (session == NULL)
    {
      refuse_opening (self, conn, error);
      return;
    }

  sentient_conn_set_data (conn, session);
  sentient_directory_set_account (self->directory, session, sentient_conn_get_account (conn));
  if (resumed)
    resume (self, conn, session, request->after);
  else
    {
      sentient_directory_get_metrics (self->directory)->sessions_opened++;
      send_connected (self, conn, session, FALSE);
    }
  sentient_directory_attach (self->directory, session, &sentient_hub_ws_transport, conn);
  if (sentient_conn_get_data (conn) != session) /* a handler ended it */
    return;
  repeat_http_error (self, session);
  if (query->room[0] != '\0' && sentient_session_find_membership (session, query->room) == NULL)
    join (self, session, query->room, (SentientSpan){ NULL, 0 }, 0);
}

void
sentient_hub_v1_first_text (SentientHub *self, SentientConn *conn, const char *data, gsize len)
{
  const Opening *opening = g_hash_table_lookup (self->openings, conn);
  g_autoptr (GError) error = NULL;
  SentientRequest request;
  SentientQuery query;

  if (opening == NULL)
    return; /* its session has gone elsewhere */
  query = opening->query;
  g_hash_table_remove (self->openings, conn);
  if (len > SENTIENT_RESUME_MAX)
    fail (self, conn, "The first message of a socket must be a “resume” of at most 4 KiB.");
  else if (!sentient_request_parse_message (&request, data, len, &error))
    fail (self, conn, error->message);
  else if (request.kind != SENTIENT_REQUEST_RESUME)
    fail (self, conn, "The first message of a socket must be a “resume”.");
  else
    take_session (self, conn, &query, &request);
}

void
sentient_hub_v1_closed (SentientHub *self, SentientConn *conn)
{
  g_hash_table_remove (self->openings, conn);
}

static void
handle (SentientHub *self, SentientSession *session, const SentientRequest *request)
{
  g_autoptr (GError) error = NULL;

  switch (request->kind)
    {
    case SENTIENT_REQUEST_SIGNAL:
      if (!sentient_directory_admit_signal (self->directory, session, request->signal_type, &error)
          || !sentient_directory_relay (self->directory, session, request, NULL, &error))
        note_error (self, session, error, request->ref);
      break;
    case SENTIENT_REQUEST_JOIN:
      join (self, session, request->room, request->metadata, request->ref);
      break;
    case SENTIENT_REQUEST_LEAVE:
      leave (self, session, request->room, request->ref);
      break;
    case SENTIENT_REQUEST_PING:
    case SENTIENT_REQUEST_RESUME:
    case SENTIENT_REQUEST_ACK:
    default:
      g_assert_not_reached ();
    }
}

/* A numbered request; error: why it cannot be understood, or NULL. */
static void
take_numbered (SentientHub *self,
               SentientConn *conn,
               SentientSession *session,
               const SentientRequest *request,
               const GError *error)
{
  g_autoptr (SentientSession) hold = NULL;

  switch (sentient_session_check_ref (session, request->ref))
    {
    case SENTIENT_REF_OLD:
      session->v1->told_ref = MIN (session->v1->told_ref, session->v1->handled_ref - 1);
      sentient_hub_v1_ack_later (self, session);
      return;
    case SENTIENT_REF_JUMP:
      fail (self, conn, "“ref” must rise by one with each request: one is missing.");
      return;
    case SENTIENT_REF_NEXT:
    default:
      break;
    }

  /* It is not handled, so it is not lost: the client repeats it when it has read what waits. */
  if (!sentient_directory_has_place (self->directory, session))
    {
      sentient_conn_close_websocket (conn, SENTIENT_CLOSE_SLOW,
                                     "you do not acknowledge what is sent to you");
      return;
    }
  hold = sentient_session_ref (session);
  session->v1->handled_ref = request->ref;
  g_clear_error (&session->v1->http_error);
  if (error != NULL)
    note_error (self, session, error, request->ref);
  else
    handle (self, session, request);
  if (sentient_conn_get_data (conn) == session)
    sentient_hub_v1_ack_later (self, session);
}

/* Without a number: neither repeated nor acknowledged. */
static void
take_unnumbered (SentientHub *self,
                 SentientConn *conn,
                 const SentientRequest *request,
                 const GError *error)
{
  g_autoptr (GError) made = NULL;

  if (error == NULL && request->kind == SENTIENT_REQUEST_ACK)
    return;
  if (error == NULL && request->kind == SENTIENT_REQUEST_PING)
    {
      g_string_truncate (self->scratch, 0);
      sentient_reply_append_pong (self->scratch);
      sentient_hub_send_scratch (self, conn);
      return;
    }
  if (error == NULL)
    made = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                                request->kind == SENTIENT_REQUEST_RESUME
                                    ? "This socket has a session already."
                                    : "The field “ref” is missing: in a v1 session joins, leaves "
                                      "and signals are numbered 1, 2, 3 …");
  sentient_hub_send_error (self, conn, error != NULL ? error : made);
}

void
sentient_hub_v1_text (SentientHub *self,
                      SentientConn *conn,
                      SentientSession *session,
                      const char *data,
                      gsize len)
{
  g_autoptr (GError) error = NULL;
  SentientRequest request;

  sentient_request_parse_message (&request, data, len, &error);
  if (request.ack != 0 && !sentient_directory_ack (self->directory, session, request.ack))
    fail (self, conn, "A number is acknowledged that was never sent in this session.");
  else if (request.ref == 0
           || (error == NULL
               && (request.kind == SENTIENT_REQUEST_PING || request.kind == SENTIENT_REQUEST_ACK
                   || request.kind == SENTIENT_REQUEST_RESUME)))
    take_unnumbered (self, conn, &request, error);
  else
    take_numbered (self, conn, session, &request, error);
}

void
sentient_hub_v1_send_ack (SentientHub *self, SentientConn *conn, SentientSession *session)
{
  SentientResumable *v1 = session->v1;
  guint64 untold = v1->handled_ref - v1->told_ref;

  if (v1->queue == NULL
      || (untold < ACK_EVERY && v1->ack_due_ms > sentient_clock_get_monotonic_ms (self->clock)))
    return;
  sentient_session_unqueue (session);
  g_string_truncate (self->scratch, 0);
  sentient_reply_append_ack (self->scratch, v1->handled_ref);
  sentient_hub_send_scratch (self, conn);
  v1->told_ref = v1->handled_ref;
}

void
sentient_hub_v1_ack_later (SentientHub *self, SentientSession *session)
{
  SentientResumable *v1 = session->v1;

  if (v1->queue == NULL)
    {
      v1->ack_due_ms = sentient_clock_get_monotonic_ms (self->clock) + ACK_MS;
      v1->queue = &self->acks;
      g_queue_push_tail_link (v1->queue, &v1->link);
      sentient_hub_ensure_timer (self);
    }
  if (v1->handled_ref - v1->told_ref >= ACK_EVERY)
    sentient_session_wake (session);
}

static void
check_openings (SentientHub *self, gint64 now)
{
  g_autoptr (GPtrArray) late = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer conn, opening;

  g_hash_table_iter_init (&iter, self->openings);
  while (g_hash_table_iter_next (&iter, &conn, &opening))
    {
      if (((Opening *)opening)->deadline_ms > now
          || ++((Opening *)opening)->n_late < OPENING_CHECKS)
        continue;
      g_ptr_array_add (late, conn);
      g_hash_table_iter_remove (&iter);
    }
  for (guint i = 0; i < late->len; i++)
    fail (self, late->pdata[i], "No “resume” came within five seconds.");
}

void
sentient_hub_check_sessions (SentientHub *self)
{
  gint64 now = sentient_clock_get_monotonic_ms (self->clock);

  check_openings (self, now);
  for (GList *l = self->acks.head; l != NULL; l = l->next)
    {
      SentientSession *session = l->data;

      if (session->v1->ack_due_ms > now)
        break;
      sentient_session_wake (session); /* its turn comes when all that waits is sent */
    }
}
