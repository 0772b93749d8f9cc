/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-handover.h"

#include <string.h>

#include "model/sentient-directory-private.h"
#include "protocol/sentient-message-pack.h"

#define MAGIC "sentient-handover-1"

/* node id, is v1, name, token, claimed, last seq, acked seq, handled ref, the HTTP error that may
 * not have come (code, text), items: seq, ref, sender or "", message */
#define ITEM_TYPE "(ttsv)"
#define SESSION_TYPE "(sbssbttt(us)a" ITEM_TYPE ")"
/* node id, metadata or "", joined at, is stale */
#define MEMBER_TYPE "(ssxb)"
#define ROOM_TYPE "(sa" MEMBER_TYPE ")"
#define HANDOVER_TYPE "(sxa" SESSION_TYPE "a" ROOM_TYPE ")"

/* Saving */

static GVariant *
pack_item (const SentientOutboxItem *item)
{
  const char *sender = "";

  if (item->sender != NULL && item->sender->session != NULL)
    sender = item->sender->session->node_id;
  return g_variant_new (ITEM_TYPE, item->seq, item->ref, sender,
                        sentient_message_pack (item->message));
}

static GVariant *
pack_session (const SentientSession *session, SentientHandoverCounts *counts)
{
  const SentientResumable *v1 = session->v1;
  const GError *error = v1 != NULL ? v1->http_error : NULL;
  SentientOutbox outbox = session->outbox;
  const SentientOutboxItem *item;
  GVariantBuilder items;

  g_variant_builder_init (&items, G_VARIANT_TYPE ("a" ITEM_TYPE));
  /* What a plain client was sent is on its way to it already. */
  for (guint i = v1 != NULL ? 0 : outbox.n_sent;
       (item = sentient_outbox_peek_nth (&outbox, i)) != NULL; i++)
    {
      g_variant_builder_add_value (&items, pack_item (item));
      counts->messages++;
    }
  counts->sessions++;
  return g_variant_new (SESSION_TYPE, session->node_id, v1 != NULL, v1 != NULL ? v1->name : "",
                        v1 != NULL ? v1->token : "", v1 != NULL && v1->claimed, outbox.last_seq,
                        v1 != NULL ? v1->acked_seq : 0, v1 != NULL ? v1->handled_ref : 0,
                        error != NULL ? (guint)error->code : 0, error != NULL ? error->message : "",
                        &items);
}

static GVariant *
pack_room (SentientDirectory *directory, SentientRoom *room, SentientHandoverCounts *counts)
{
  const char *name = sentient_room_get_name (room);
  GVariantBuilder members;

  g_variant_builder_init (&members, G_VARIANT_TYPE ("a" MEMBER_TYPE));
  for (guint i = 0; i < sentient_room_get_n_members (room); i++)
    {
      SentientMember *member = sentient_room_peek (room, i);
      const char *node_id = sentient_member_get_node_id (member);
      const char *metadata = sentient_member_get_metadata (member);
      SentientSession *session = sentient_directory_find (directory, node_id);
      const SentientMembership *membership
          = session != NULL ? sentient_session_find_membership (session, name) : NULL;

      if (membership == NULL)
        continue;
      g_variant_builder_add (&members, MEMBER_TYPE, node_id, metadata != NULL ? metadata : "",
                             sentient_member_get_joined_at (member), membership->stale);
      counts->memberships++;
    }
  return g_variant_new (ROOM_TYPE, name, &members);
}

GBytes *
sentient_handover_save (SentientDirectory *directory, SentientHandoverCounts *counts)
{
  g_autoptr (GVariant) whole = NULL;
  GVariantBuilder sessions, rooms;
  GHashTableIter iter;
  gpointer session;

  *counts = (SentientHandoverCounts){ 0 };
  g_variant_builder_init (&sessions, G_VARIANT_TYPE ("a" SESSION_TYPE));
  g_hash_table_iter_init (&iter, directory->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    g_variant_builder_add_value (&sessions, pack_session (session, counts));
  g_variant_builder_init (&rooms, G_VARIANT_TYPE ("a" ROOM_TYPE));
  for (guint i = 0; i < directory->rooms->len; i++)
    g_variant_builder_add_value (&rooms, pack_room (directory, directory->rooms->pdata[i], counts));
  whole = g_variant_ref_sink (g_variant_new (HANDOVER_TYPE, MAGIC,
                                             sentient_clock_get_real_ms (directory->clock),
                                             &sessions, &rooms));
  return g_variant_get_data_as_bytes (whole);
}

/* Restoring */

static gboolean
set_damaged (GError **error, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, "It is damaged: %s.", what);
  return FALSE;
}

static gboolean
is_token (const char *token)
{
  for (gsize i = 0; i < SENTIENT_TOKEN_LEN; i++)
    {
      if (!g_ascii_isalnum (token[i]) && token[i] != '-' && token[i] != '_')
        return FALSE;
    }
  return token[SENTIENT_TOKEN_LEN] == '\0';
}

static gboolean
restore_v1 (SentientSession *session, GVariant *packed, GError **error)
{
  const char *name, *token, *http_text;
  guint http_code;
  gboolean is_v1, claimed;
  guint64 acked_seq, handled_ref;

  g_variant_get_child (packed, 1, "b", &is_v1);
  g_variant_get_child (packed, 5, "t", &session->outbox.last_seq);
  if (!is_v1)
    return TRUE;
  g_variant_get_child (packed, 2, "&s", &name);
  g_variant_get_child (packed, 3, "&s", &token);
  g_variant_get_child (packed, 4, "b", &claimed);
  g_variant_get_child (packed, 6, "t", &acked_seq);
  g_variant_get_child (packed, 7, "t", &handled_ref);
  g_variant_get_child (packed, 8, "(u&s)", &http_code, &http_text);
  if (!is_token (token) || !sentient_name_is_valid (name, -1)
      || strlen (name) >= sizeof session->v1->name)
    return set_damaged (error, "a session without its name or token");
  if (acked_seq > session->outbox.last_seq)
    return set_damaged (error, "numbers that cannot be");

  sentient_session_make_resumable (session);
  g_strlcpy (session->v1->name, name, sizeof session->v1->name);
  g_strlcpy (session->v1->token, token, sizeof session->v1->token);
  session->v1->claimed = claimed;
  session->v1->acked_seq = acked_seq;
  session->v1->handled_ref = session->v1->told_ref = handled_ref;
  if (http_text[0] != '\0')
    session->v1->http_error
        = g_error_new_literal (SENTIENT_ERROR, (gint)MIN (http_code, SENTIENT_ERROR_PROTOCOL),
                               http_text);
  return TRUE;
}

static gboolean
restore_session (SentientDirectory *directory, GVariant *packed, GError **error)
{
  SentientSession *session;
  const char *node_id;

  g_variant_get_child (packed, 0, "&s", &node_id);
  if (!sentient_name_is_valid (node_id, -1) || sentient_directory_find (directory, node_id) != NULL)
    return set_damaged (error, "a node id that is none, or is there twice");
  session = sentient_directory_ensure (directory, node_id, error);
  if (session == NULL)
    return FALSE;
  session->lost_at = MAX (session->last_seen, 1);
  return restore_v1 (session, packed, error);
}

static gboolean
restore_item (SentientDirectory *directory,
              SentientSession *session,
              GVariant *packed,
              GError **error)
{
  g_autoptr (GVariant) body = NULL;
  g_autoptr (SentientMessage) message = NULL;
  SentientSession *sender;
  SentientMessageKind kind;
  const char *sender_id;
  guint64 seq, ref;

  g_variant_get (packed, "(tt&sv)", &seq, &ref, &sender_id, &body);
  message = sentient_message_unpack (body);
  if (message == NULL)
    return set_damaged (error, "a message that cannot be read");
  if (sentient_directory_is_over_budget (directory, message))
    {
      g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                           "More messages wait in it than may.");
      return FALSE;
    }
  kind = sentient_message_get_kind (message);
  if (session->v1 == NULL && kind != SENTIENT_MESSAGE_SIGNAL && kind != SENTIENT_MESSAGE_PEER_JOINED
      && kind != SENTIENT_MESSAGE_PEER_LEFT)
    return set_damaged (error, "a message that a plain client does not know");
  sender = kind == SENTIENT_MESSAGE_SIGNAL ? sentient_directory_find (directory, sender_id) : NULL;
  if (!sentient_outbox_restore (&session->outbox, message,
                                sender != NULL ? sentient_session_ensure_sender (sender) : NULL,
                                seq, sender != NULL ? ref : 0))
    return set_damaged (error, "numbers that do not rise");
  directory->queued_bytes += sentient_message_get_size (message);
  return TRUE;
}

static gboolean
restore_items (SentientDirectory *directory,
               GVariant *sessions,
               SentientHandoverCounts *counts,
               GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (sessions); i++)
    {
      g_autoptr (GVariant) packed = g_variant_get_child_value (sessions, i);
      g_autoptr (GVariant) items = g_variant_get_child_value (packed, 9);
      const char *node_id;
      SentientSession *session;

      g_variant_get_child (packed, 0, "&s", &node_id);
      session = sentient_directory_find (directory, node_id);
      for (gsize j = 0; session != NULL && j < g_variant_n_children (items); j++)
        {
          g_autoptr (GVariant) item = g_variant_get_child_value (items, j);

          if (!restore_item (directory, session, item, error))
            return FALSE;
          counts->messages++;
        }
    }
  return TRUE;
}

static gboolean
restore_member (SentientDirectory *directory, const char *room, GVariant *packed, GError **error)
{
  const char *node_id, *metadata;
  SentientSession *session;
  gint64 joined_at;
  gboolean stale;

  g_variant_get (packed, "(&s&sxb)", &node_id, &metadata, &joined_at, &stale);
  session = sentient_directory_find (directory, node_id);
  if (session == NULL)
    return set_damaged (error, "a member without a session");
  if (sentient_session_find_membership (session, room) != NULL)
    return set_damaged (error, "a member that is there twice");
  if (metadata[0] != '\0'
      && (strlen (metadata) > SENTIENT_METADATA_MAX
          || !sentient_json_pick (metadata, strlen (metadata), NULL, NULL, 0, NULL)))
    return set_damaged (error, "metadata that is no JSON object");
  return sentient_directory_restore_member (directory, session, room,
                                            metadata[0] != '\0' ? metadata : NULL, joined_at, stale,
                                            error);
}

static gboolean
restore_rooms (SentientDirectory *directory,
               GVariant *rooms,
               SentientHandoverCounts *counts,
               GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (rooms); i++)
    {
      g_autoptr (GVariant) room = g_variant_get_child_value (rooms, i);
      g_autoptr (GVariant) members = g_variant_get_child_value (room, 1);
      const char *name;

      g_variant_get_child (room, 0, "&s", &name);
      if (!sentient_name_is_valid (name, -1))
        return set_damaged (error, "a room without a name");
      for (gsize j = 0; j < g_variant_n_children (members); j++)
        {
          g_autoptr (GVariant) member = g_variant_get_child_value (members, j);

          if (!restore_member (directory, name, member, error))
            return FALSE;
          counts->memberships++;
        }
    }
  return TRUE;
}

static gboolean
check_age (SentientDirectory *directory, gint64 saved_at, GError **error)
{
  gint64 age_ms = sentient_clock_get_real_ms (directory->clock) - saved_at;

  if (age_ms >= 0 && age_ms <= (gint64)directory->limits.grace_ms)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
               age_ms < 0 ? "It was saved in the future, by this clock."
                          : "It is older than the grace time of %u ms.",
               directory->limits.grace_ms);
  return FALSE;
}

static gboolean
restore (SentientDirectory *directory,
         GVariant *whole,
         SentientHandoverCounts *counts,
         GError **error)
{
  g_autoptr (GVariant) sessions = NULL;
  g_autoptr (GVariant) rooms = NULL;
  const char *magic;
  gint64 saved_at;

  if (!g_variant_is_normal_form (whole))
    return set_damaged (error, "it is cut short, or was changed");
  g_variant_get (whole, "(&sx@a" SESSION_TYPE "@a" ROOM_TYPE ")", &magic, &saved_at, &sessions,
                 &rooms);
  if (!g_str_equal (magic, MAGIC))
    return set_damaged (error, "it is no hand-over file of this version");
  if (!check_age (directory, saved_at, error))
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (sessions); i++)
    {
      g_autoptr (GVariant) session = g_variant_get_child_value (sessions, i);

      if (!restore_session (directory, session, error))
        return FALSE;
      counts->sessions++;
    }
  return restore_rooms (directory, rooms, counts, error)
         && restore_items (directory, sessions, counts, error);
}

gboolean
sentient_handover_restore (SentientDirectory *directory,
                           GBytes *bytes,
                           SentientHandoverCounts *counts,
                           GError **error)
{
  g_autoptr (GVariant) whole = NULL;

  g_assert (sentient_directory_get_n_nodes (directory) == 0);

  *counts = (SentientHandoverCounts){ 0 };
  whole = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (HANDOVER_TYPE), bytes, FALSE));
  if (restore (directory, whole, counts, error))
    return TRUE;
  *counts = (SentientHandoverCounts){ 0 };
  sentient_directory_end_all (directory);
  return FALSE;
}
