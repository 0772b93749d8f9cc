/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Joins, leaves and signals by POST. A v1 session's are numbered; one POST at a time is under way,
 * so that only the last one may come twice. */

#include "signaling/sentient-hub-private.h"

#include <string.h>

SentientSpan
sentient_hub_get_bearer (SentientSpan authorization)
{
  static const char scheme[] = "bearer ";
  gsize len = strlen (scheme);

  if (authorization.data == NULL || authorization.len <= len
      || g_ascii_strncasecmp (authorization.data, scheme, len) != 0)
    return (SentientSpan){ NULL, 0 };
  while (len < authorization.len && authorization.data[len] == ' ')
    len++;
  return (SentientSpan){ authorization.data + len, authorization.len - len };
}

gboolean
sentient_hub_check_token (SentientSession *session, SentientSpan token, GError **error)
{
  if (session->v1 == NULL)
    return TRUE;
  if (token.data != NULL && sentient_session_has_token (session, token.data, token.len))
    {
      session->v1->claimed = TRUE;
      return TRUE;
    }
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED,
               "“%s” has a session that needs its token. Send it as Authorization: Bearer.",
               session->node_id);
  return FALSE;
}

/* May the request be handled? *repeat: it was already. */
static gboolean
begin_request (SentientHub *self,
               SentientSession *session,
               const SentientRequest *request,
               gboolean *repeat,
               GError **error)
{
  *repeat = FALSE;
  if (session->v1 == NULL)
    return TRUE;
  if (request->ref == 0)
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "The field “ref” is missing: in a v1 session joins, leaves and signals "
                           "are numbered 1, 2, 3 …");
      return FALSE;
    }
  switch (sentient_session_check_ref (session, request->ref))
    {
    case SENTIENT_REF_OLD:
      *repeat = TRUE;
      return TRUE;
    case SENTIENT_REF_JUMP:
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“ref” must rise by one with each request: %" G_GUINT64_FORMAT " is the next.",
                   session->v1->handled_ref + 1);
      return FALSE;
    case SENTIENT_REF_NEXT:
    default:
      break;
    }
  if (!sentient_directory_has_place (self->directory, session))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "Too much waits for “%s” itself. Poll for it first, then send this again.",
                   session->node_id);
      return FALSE;
    }
  g_clear_error (&session->v1->http_error);
  session->v1->handled_ref = session->v1->told_ref = request->ref;
  return TRUE;
}

/* Keeps the error for a client that did not get it, and says which request it was. FALSE. */
static gboolean
fail_request (SentientSession *session, guint64 *ref, const GError *error)
{
  if (session->v1 == NULL)
    return FALSE;
  g_clear_error (&session->v1->http_error);
  session->v1->http_error = g_error_copy (error);
  *ref = session->v1->handled_ref;
  return FALSE;
}

/* Who joins; a v1 session begins with its first join. */
static SentientSession *
find_joiner (SentientHub *self,
             const SentientRequest *request,
             SentientSpan token,
             gboolean *is_new,
             GError **error)
{
  SentientSession *session;

  *is_new = FALSE;
  if (request->v1 && token.data == NULL)
    {
      if (request->ref > 1)
        {
          g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                               "The first request of a session has the “ref” 1.");
          return NULL;
        }
      *is_new = TRUE;
      session = sentient_directory_open_v1 (self->directory, request->node_id, error);
      if (session != NULL)
        sentient_directory_get_metrics (self->directory)->sessions_opened++;
      else
        sentient_directory_get_metrics (self->directory)->sessions_refused++;
      return session;
    }
  session = sentient_directory_find (self->directory, request->node_id);
  if (session == NULL && token.data != NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED,
                   "The session of “%s” is gone. Join without its token to have a new one.",
                   request->node_id);
      return NULL;
    }
  if (session == NULL)
    return sentient_directory_ensure (self->directory, request->node_id, error);
  return sentient_hub_check_token (session, token, error) ? session : NULL;
}

static void
append_joined (SentientHub *self,
               SentientSession *session,
               SentientMembership *membership,
               const SentientRequest *request,
               gboolean is_new,
               GString *reply)
{
  g_autoptr (GArray) peers
      = sentient_directory_list_peers (self->directory, membership->room, session->node_id);
  g_autofree char *name
      = g_strdup_printf ("%s-%" G_GUINT64_FORMAT, session->node_id, session->serial);
  const SentientHttpGrant grant = {
    .node_id = session->node_id,
    .session = session->v1 != NULL ? session->v1->name : name,
    .v1 = session->v1 != NULL,
    .token = is_new ? session->v1->token : NULL,
    .ref = session->v1 == NULL ? 0
           : is_new            ? 1
                               : request->ref,
  };

  sentient_reply_append_join_result (reply, request->room, (SentientPeerInfo *)peers->data,
                                     peers->len, &self->config.ice, &grant);
}

/* A join that was handled before, whose answer may not have come. The room may have been left
 * since: the join is not to be done again. */
static SentientMembership *
repeat_join (SentientSession *session, const SentientRequest *request, GError **error)
{
  SentientMembership *membership = sentient_session_find_membership (session, request->room);

  if (request->ref == session->v1->handled_ref && session->v1->http_error != NULL)
    g_propagate_error (error, g_error_copy (session->v1->http_error));
  else if (membership == NULL)
    g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM,
                 "This join was handled before, and “%s” is not in the room “%s” any more. Join "
                 "anew, with the next number.",
                 session->node_id, request->room);
  else
    return membership;
  return NULL;
}

static SentientMembership *
join_anew (SentientHub *self,
           SentientSession *session,
           const SentientRequest *request,
           GError **error)
{
  if (sentient_hub_refuse_while_draining (self, error)
      || !sentient_directory_admit_join (self->directory, session, request->room, error))
    return NULL;
  return sentient_directory_join (self->directory, session, request->room, request->metadata,
                                  error);
}

static gboolean
http_join (SentientHub *self,
           const SentientRequest *request,
           SentientSpan token,
           GString *reply,
           guint64 *ref,
           GError **error)
{
  gboolean is_new, repeat = FALSE;
  SentientSession *session = find_joiner (self, request, token, &is_new, error);
  SentientMembership *membership;
  g_autoptr (SentientSession) hold = NULL;
  GError *why = NULL;

  if (session == NULL)
    return FALSE;
  hold = sentient_session_ref (session);
  sentient_directory_touch (self->directory, session);
  if (is_new)
    session->v1->handled_ref = session->v1->told_ref = 1;
  else if (!begin_request (self, session, request, &repeat, error))
    return FALSE;

  membership
      = repeat ? repeat_join (session, request, &why) : join_anew (self, session, request, &why);
  if (membership != NULL)
    {
      append_joined (self, session, membership, request, is_new, reply);
      sentient_directory_overtake (self->directory, session, membership);
      return TRUE;
    }

  if (repeat)
    *ref = request->ref;
  else
    fail_request (session, ref, why);
  g_propagate_error (error, why);
  if (sentient_directory_find (self->directory, request->node_id) != session)
    return FALSE;
  if (is_new)
    {
      /* Its token was not told, so there is nothing that could be resumed. */
      *ref = 0;
      sentient_directory_end (self->directory, session, SENTIENT_LEAVE_REASON_LEFT);
    }
  else
    sentient_directory_end_if_idle (self->directory, session);
  return FALSE;
}

gboolean
sentient_hub_http_join (SentientHub *self,
                        const SentientHubPost *post,
                        GString *reply,
                        guint64 *ref,
                        GError **error)
{
  SentientRequest request;

  *ref = 0;
  return !sentient_hub_refuse_when_closed (self, error)
         && sentient_request_parse_join (&request, post->body, post->len, error)
         && http_join (self, &request, sentient_hub_get_bearer (post->authorization), reply, ref,
                       error);
}

static gboolean
http_leave (SentientHub *self,
            SentientSession *session,
            const SentientRequest *request,
            GString *reply,
            guint64 *ref,
            GError **error)
{
  g_auto (GStrv) rooms = NULL;
  const char *room = request->room[0] != '\0' ? request->room : NULL;
  guint64 number = session->v1 != NULL ? request->ref : 0;
  gboolean repeat;
  GError *why = NULL;

  if (!begin_request (self, session, request, &repeat, error))
    return FALSE;
  if (!repeat && room == NULL)
    rooms = sentient_directory_leave_all (self->directory, session);
  else if (!repeat && !sentient_directory_leave (self->directory, session, room, &why))
    {
      fail_request (session, ref, why);
      g_propagate_error (error, why);
      return FALSE;
    }
  sentient_reply_append_leave_result (reply, room, (const char *const *)rooms, TRUE, number);
  return TRUE;
}

gboolean
sentient_hub_http_leave (SentientHub *self,
                         const SentientHubPost *post,
                         GString *reply,
                         guint64 *ref,
                         GError **error)
{
  SentientRequest request;
  SentientSession *session;
  g_autoptr (SentientSession) hold = NULL;

  *ref = 0;
  if (sentient_hub_refuse_when_closed (self, error)
      || !sentient_request_parse_leave (&request, post->body, post->len, error))
    return FALSE;
  session = sentient_directory_find (self->directory, request.node_id);
  if (session == NULL)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER, "“%s” is in no room here.",
                   request.node_id);
      return FALSE;
    }
  if (!sentient_hub_check_token (session, sentient_hub_get_bearer (post->authorization), error))
    return FALSE;
  hold = sentient_session_ref (session);
  sentient_directory_touch (self->directory, session);
  return http_leave (self, session, &request, reply, ref, error);
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
      if (session != NULL && (sentient_session_get_n_rooms (session) > 0 || session->v1 != NULL))
        return session;
      g_set_error (&why, SENTIENT_ERROR, SENTIENT_ERROR_FORBIDDEN,
                   "“%s” is in no room here. Join one before you signal.", request->from);
    }
  sentient_directory_count_refused (self->directory, request->signal_type, why);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

static gboolean
http_signal (SentientHub *self,
             SentientSession *session,
             const SentientRequest *request,
             GString *reply,
             guint64 *ref,
             GError **error)
{
  guint64 number = session->v1 != NULL ? request->ref : 0;
  gboolean delivered = FALSE, repeat;
  GError *why = NULL;

  if (!begin_request (self, session, request, &repeat, error))
    return FALSE;
  if (repeat && request->ref == session->v1->handled_ref && session->v1->http_error != NULL)
    {
      *ref = request->ref;
      g_propagate_error (error, g_error_copy (session->v1->http_error));
      return FALSE;
    }
  if (!repeat
      && (!sentient_directory_admit_signal (self->directory, session, request->signal_type, &why)
          || !sentient_directory_relay (self->directory, session, request, &delivered, &why)))
    {
      fail_request (session, ref, why);
      g_propagate_error (error, why);
      return FALSE;
    }
  sentient_reply_append_signal_accepted (reply, delivered, number);
  return TRUE;
}

gboolean
sentient_hub_http_signal (SentientHub *self,
                          const SentientHubPost *post,
                          SentientAccount *account,
                          GString *reply,
                          guint64 *ref,
                          GError **error)
{
  SentientRequest request;
  SentientSession *session;

  *ref = 0;
  if (!sentient_request_parse_signal (&request, post->body, post->len, error))
    return FALSE;
  session = find_sender (self, &request, error);
  if (session == NULL
      || !sentient_hub_check_token (session, sentient_hub_get_bearer (post->authorization), error))
    return FALSE;
  sentient_directory_touch (self->directory, session);
  sentient_directory_set_account (self->directory, session, account);
  return http_signal (self, session, &request, reply, ref, error);
}
