/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-peer-private.h"

#include <string.h>

/* A remote candidate that came, as given to a link. */
typedef struct
{
  const char *node_id;
  const char *negotiation; /* NULL: a plain peer's */
  guint mline;
  const char *text;
} Candidate;

/* To other nodes */

typedef struct
{
  gint64 when; /* monotonic, us: the last signal */
  guint n;     /* signals */
} Addressed;

static void
note_addressed (SentientPeer *self, const char *node_id)
{
  Addressed *addressed;

  sentient_peer_count_addressed (self);
  addressed = g_hash_table_lookup (self->addressed, node_id);
  if (addressed == NULL)
    {
      addressed = g_new0 (Addressed, 1);
      g_hash_table_insert (self->addressed, g_strdup (node_id), addressed);
    }
  addressed->when = g_get_monotonic_time ();
  addressed->n++;
}

guint
sentient_peer_count_addressed (SentientPeer *self)
{
  gint64 oldest = g_get_monotonic_time () - self->request_timeout * (gint64)1000;
  GHashTableIter iter;
  gpointer addressed;

  g_hash_table_iter_init (&iter, self->addressed);
  while (g_hash_table_iter_next (&iter, NULL, &addressed))
    {
      if (((Addressed *)addressed)->when < oldest)
        g_hash_table_iter_remove (&iter);
    }
  return g_hash_table_size (self->addressed);
}

/* payload is taken. */
static gboolean
send_signal (SentientPeer *self,
             SentientConnection *connection,
             SentientSignalType type,
             char *payload,
             GError **error)
{
  g_autofree char *owned = payload;
  g_autoptr (SentientSignal) signal = NULL;

  signal = sentient_signal_new (type, self->node_id, connection->node_id, connection->room, owned,
                                error);
  if (signal == NULL || !sentient_peer_send_signal (self, signal, error))
    return FALSE;
  note_addressed (self, connection->node_id);
  return TRUE;
}

/* The a=mid of the only section; NULL: there is none. A candidate whose mid is of no section of the
 * description is refused by browsers. */
static char *
dup_mid (const char *sdp)
{
  static const char key[] = "\na=mid:";
  const char *at = strstr (sdp, key);

  return at != NULL ? g_strndup (at + strlen (key), strcspn (at + strlen (key), "\r\n")) : NULL;
}

void
sentient_peer_handle_local_description (SentientPeer *self,
                                        SentientConnection *connection,
                                        SentientSignalType type,
                                        const char *sdp)
{
  const char *name = sentient_signal_type_to_string (type);
  g_autoptr (GError) error = NULL;

  g_free (connection->mid);
  connection->mid = dup_mid (sdp);
  if (!send_signal (self, connection, type,
                    sentient_payload_new_sdp (type, sdp, connection->negotiation), &error))
    {
      g_prefix_error (&error, "the %s for “%s” could not be sent: ", name, connection->node_id);
      sentient_peer_fail_attempt (self, connection, error, FALSE);
      return;
    }
  sentient_peer_trace (self, connection->node_id, "%s sent", name);
}

void
sentient_peer_handle_local_candidate (SentientPeer *self,
                                      SentientConnection *connection,
                                      guint mline,
                                      const char *candidate)
{
  g_autoptr (GError) error = NULL;
  const char *text = *candidate != '\0' ? candidate : "no more candidates";

  /* Others may suffice, so this does not end the attempt. */
  if (send_signal (self, connection, SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE,
                   sentient_payload_new_candidate (candidate, connection->mid, mline,
                                                   connection->negotiation),
                   &error))
    sentient_peer_trace (self, connection->node_id, "candidate sent: %s", text);
  else
    sentient_peer_trace (self, connection->node_id, "candidate not sent, %s: %s", error->message,
                         text);
}

/* From other nodes */

static gboolean
is_of (SentientConnection *connection, const char *negotiation)
{
  return connection != NULL
         && (negotiation == NULL || g_strcmp0 (connection->negotiation, negotiation) == 0);
}

static gboolean
is_repeated_offer (SentientConnection *connection, const char *negotiation, const char *sdp)
{
  if (connection == NULL || connection->offerer)
    return FALSE;
  return negotiation != NULL ? g_strcmp0 (connection->negotiation, negotiation) == 0
                             : g_strcmp0 (connection->remote_offer, sdp) == 0;
}

/* Both ends offered. The polite end gives in: whom the coordinator says, else the one with the
 * smaller id; towards a peer that does not know the rule (it sends no negotiation id) always we. */
static gboolean
ours_stands (SentientPeer *self, SentientConnection *attempt, const char *negotiation)
{
  SentientPolite polite = GPOINTER_TO_UINT (g_hash_table_lookup (self->polite, attempt->node_id));
  gboolean stands;

  if (polite == SENTIENT_POLITE_UNKNOWN)
    stands = strcmp (self->node_id, attempt->node_id) > 0;
  else
    stands = polite == SENTIENT_POLITE_NO;
  stands = stands && negotiation != NULL;

  sentient_peer_trace (self, attempt->node_id,
                       stands ? "both ends offered at once: ours stands"
                              : "both ends offered at once: we take theirs");
  return stands;
}

/* The other end may have offered because its answer to ours came to nothing: then it waits for an
 * answer, too, and ours would do so until all of the time is over. */
static gboolean
on_glare (gpointer user_data)
{
  g_autoptr (SentientConnection) attempt = g_object_ref (user_data);
  g_autoptr (SentientPeer) self = g_object_ref (attempt->peer);

  sentient_connection_clear_glare (attempt);
  if (attempt->have_remote || !sentient_peer_has_coordinator (self))
    return G_SOURCE_REMOVE;
  sentient_peer_trace (self, attempt->node_id, "our offer was not answered: it is repeated");
  sentient_peer_negotiate (self, attempt, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
insist (SentientPeer *self, SentientConnection *attempt)
{
  if (attempt->peer == self && attempt->glare == NULL)
    attempt->glare = sentient_peer_add_timeout (self, self->glare_ms, on_glare, attempt);
}

static void
apply_early_candidates (SentientPeer *self, SentientConnection *attempt)
{
  g_autoptr (GPtrArray) candidates
      = sentient_early_candidates_take (self->early, attempt->node_id, attempt->negotiation);

  for (guint i = 0; i < candidates->len && attempt->link != NULL; i++)
    {
      SentientEarlyCandidate *candidate = candidates->pdata[i];

      sentient_link_add_remote_candidate (attempt->link, candidate->mline, candidate->text);
    }
}

/* Who hears of a trace may end the attempt: hold it. */
static SentientConnection *
ref_attempt (SentientPeer *self, const char *node_id)
{
  SentientConnection *attempt = g_hash_table_lookup (self->attempts, node_id);

  return attempt != NULL ? g_object_ref (attempt) : NULL;
}

/* The other end's attempt, or the wish for one, where there is none of ours. NULL: there are too
 * many already. */
static SentientConnection *
ref_new_attempt (SentientPeer *self, const char *node_id, const char *room_name)
{
  SentientRoom *room = sentient_peer_find_room (self, room_name);

  if (!sentient_peer_has_capacity (self, node_id))
    {
      g_debug ("“%s” wants a connection: there are %u already", node_id, self->max_connections);
      sentient_peer_trace (self, node_id, "refused: there are %u connections already",
                           self->max_connections);
      return NULL;
    }
  if (room == NULL)
    room = sentient_peer_find_shared_room (self, node_id);
  return sentient_peer_ref_new_attempt (self, node_id,
                                        room != NULL ? sentient_room_get_name (room) : NULL);
}

static void
handle_offer (SentientPeer *self, SentientSignal *signal, const char *negotiation, const char *sdp)
{
  const char *from = sentient_signal_get_from (signal);
  g_autoptr (SentientConnection) attempt = NULL;

  if (is_repeated_offer (g_hash_table_lookup (self->attempts, from), negotiation, sdp)
      || is_repeated_offer (g_hash_table_lookup (self->open, from), negotiation, sdp))
    {
      sentient_peer_trace (self, from, "offer came twice, ignored");
      return;
    }
  sentient_peer_trace (self, from, "offer received");
  if (!sentient_peer_has_coordinator (self))
    return;
  /* Each offer costs a link, and ending one takes time: who offers without end must wait. */
  if (self->closing_links->len >= self->max_connections)
    {
      sentient_peer_trace (self, from, "refused: %u connections are still being closed",
                           self->closing_links->len);
      return;
    }
  attempt = ref_attempt (self, from);
  if (attempt == NULL)
    attempt = ref_new_attempt (self, from, sentient_signal_get_room (signal));
  else if (attempt->offerer && !attempt->have_remote && ours_stands (self, attempt, negotiation))
    {
      insist (self, attempt);
      return;
    }
  if (attempt == NULL)
    return;
  sentient_peer_negotiate (self, attempt, negotiation, sdp);
  apply_early_candidates (self, attempt);
}

static void
handle_answer (SentientPeer *self, SentientSignal *signal, const char *negotiation, const char *sdp)
{
  const char *from = sentient_signal_get_from (signal);
  g_autoptr (SentientConnection) attempt = ref_attempt (self, from);

  if (attempt == NULL || !attempt->offerer)
    sentient_peer_trace (self, from, "answer without an offer, ignored");
  else if (attempt->have_remote)
    sentient_peer_trace (self, from, "answer came twice, ignored");
  else if (!is_of (attempt, negotiation))
    sentient_peer_trace (self, from, "answer to another offer, ignored");
  else
    {
      g_autoptr (SentientLink) link = g_object_ref (attempt->link);

      attempt->have_remote = TRUE;
      sentient_peer_trace (self, from, "answer received");
      sentient_link_set_remote_description (link, SENTIENT_SIGNAL_TYPE_ANSWER, sdp);
    }
}

static void
handle_candidate (SentientPeer *self, const Candidate *candidate)
{
  const char *text = *candidate->text != '\0' ? candidate->text : "no more candidates";
  SentientConnection *attempt = g_hash_table_lookup (self->attempts, candidate->node_id);
  SentientConnection *open = g_hash_table_lookup (self->open, candidate->node_id);
  g_autoptr (SentientConnection) target = NULL;

  if (is_of (attempt, candidate->negotiation))
    target = g_object_ref (attempt);
  else if (is_of (open, candidate->negotiation)
           && (candidate->negotiation != NULL || attempt == NULL))
    target = g_object_ref (open);
  if (target != NULL)
    {
      sentient_peer_trace (self, candidate->node_id, "candidate received: %s", text);
      if (target->link != NULL)
        sentient_link_add_remote_candidate (target->link, candidate->mline, candidate->text);
    }
  else if (sentient_early_candidates_add (self->early, candidate->node_id, candidate->negotiation,
                                          candidate->mline, candidate->text))
    sentient_peer_trace (self, candidate->node_id, "candidate before its offer, kept: %s", text);
  else
    sentient_peer_trace (self, candidate->node_id, "candidate before its offer, dropped");
}

static void
handle_renegotiate (SentientPeer *self, SentientSignal *signal)
{
  const char *from = sentient_signal_get_from (signal);
  g_autoptr (SentientConnection) attempt = NULL;

  if (g_hash_table_contains (self->attempts, from))
    {
      sentient_peer_trace (self, from, "asks for a new offer while one is under way, ignored");
      return;
    }
  sentient_peer_trace (self, from, "asks for a new offer");
  if (!sentient_peer_has_coordinator (self) || g_hash_table_contains (self->attempts, from))
    return;
  attempt = ref_new_attempt (self, from, sentient_signal_get_room (signal));
  if (attempt != NULL)
    sentient_peer_negotiate (self, attempt, NULL, NULL);
}

static void
complain (SentientPeer *self, SentientSignal *signal)
{
  g_autoptr (GError) error
      = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                     "“%s” sent an “%s” without an SDP in it; it was ignored",
                     sentient_signal_get_from (signal),
                     sentient_signal_type_to_string (sentient_signal_get_signal_type (signal)));

  sentient_peer_emit_error (self, error);
}

void
sentient_peer_handle_signal (SentientPeer *self, SentientSignal *signal)
{
  const char *from = sentient_signal_get_from (signal);
  SentientSignalType type = sentient_signal_get_signal_type (signal);
  g_autofree char *negotiation = sentient_signal_dup_negotiation (signal);
  g_autofree char *sdp = NULL;
  g_autofree char *text = NULL;
  Candidate candidate = { from, negotiation, 0, NULL };

  if (g_str_equal (from, self->node_id) || !sentient_peer_has_coordinator (self))
    return;
  switch (type)
    {
    case SENTIENT_SIGNAL_TYPE_OFFER:
    case SENTIENT_SIGNAL_TYPE_ANSWER:
      sdp = sentient_signal_dup_sdp (signal);
      if (sdp == NULL)
        complain (self, signal);
      else if (type == SENTIENT_SIGNAL_TYPE_OFFER)
        handle_offer (self, signal, negotiation, sdp);
      else
        handle_answer (self, signal, negotiation, sdp);
      break;
    case SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE:
      text = sentient_signal_dup_candidate (signal, &candidate.mline);
      candidate.text = text != NULL ? text : "";
      handle_candidate (self, &candidate);
      break;
    case SENTIENT_SIGNAL_TYPE_RENEGOTIATE:
      handle_renegotiate (self, signal);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* Errors of the coordinator */

void
sentient_peer_handle_signal_failed (SentientPeer *self, SentientSignal *signal, GError *error)
{
  const char *to = sentient_signal_get_to (signal);
  SentientConnection *attempt = g_hash_table_lookup (self->attempts, to);
  g_autofree char *negotiation = sentient_signal_dup_negotiation (signal);
  SentientSignalType type = sentient_signal_get_signal_type (signal);

  /* A lost candidate is no disaster, unless nobody is there at all. */
  if (is_of (attempt, negotiation)
      && (type != SENTIENT_SIGNAL_TYPE_ICE_CANDIDATE
          || g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_PEER)))
    sentient_peer_fail_attempt (self, attempt, error, FALSE);
  else
    sentient_peer_trace (self, to, "%s did not go through: %s",
                         sentient_signal_type_to_string (type), error->message);
}

/* After an offer the candidates were refused, too. */
gboolean
sentient_peer_is_repeated_error (SentientPeer *self, const GError *error)
{
  if (self->n_errors_due == 0 || error->code != self->due_code
      || g_get_monotonic_time () > self->errors_due_until)
    return FALSE;
  self->n_errors_due--;
  g_debug ("“%s”: once more: %s", self->node_id, error->message);
  return TRUE;
}

gboolean
sentient_peer_attribute_error (SentientPeer *self, const GError *error)
{
  GHashTableIter iter;
  gpointer node_id, addressed;
  SentientConnection *attempt;

  if (sentient_peer_count_addressed (self) != 1)
    return FALSE;
  g_hash_table_iter_init (&iter, self->addressed);
  g_hash_table_iter_next (&iter, &node_id, &addressed);
  attempt = g_hash_table_lookup (self->attempts, node_id);
  if (attempt == NULL)
    return FALSE;
  self->n_errors_due = ((Addressed *)addressed)->n - 1;
  self->due_code = error->code;
  self->errors_due_until = g_get_monotonic_time () + self->request_timeout * (gint64)1000;
  sentient_peer_fail_attempt (self, attempt, error, FALSE);
  return TRUE;
}
