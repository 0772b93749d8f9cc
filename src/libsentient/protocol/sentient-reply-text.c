/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-reply-text.h"

void
sentient_reply_key (GString *out, const char *key)
{
  if (out->len > 0 && out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_c (out, '"');
  g_string_append (out, key);
  g_string_append_len (out, "\":", 2);
}

void
sentient_reply_text (GString *out, const char *key, const char *text)
{
  sentient_reply_key (out, key);
  sentient_json_append_string (out, text);
}

void
sentient_reply_int (GString *out, const char *key, gint64 number)
{
  sentient_reply_key (out, key);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, number);
}

void
sentient_reply_boolean (GString *out, const char *key, gboolean value)
{
  sentient_reply_key (out, key);
  g_string_append (out, value ? "true" : "false");
}

void
sentient_reply_strv (GString *out, const char *key, const char *const *strv)
{
  sentient_reply_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; strv != NULL && strv[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sentient_json_append_string (out, strv[i]);
    }
  g_string_append_c (out, ']');
}

void
sentient_reply_error (GString *out, const char *key, const GError *error)
{
  g_autofree char *message = g_utf8_make_valid (error->message, -1);
  gboolean ours = error->domain == SENTIENT_ERROR;

  sentient_reply_text (out, key, message);
  sentient_reply_text (out, "code",
                       sentient_error_to_code (ours ? (SentientError)error->code
                                                    : SENTIENT_ERROR_FAILED));
}

void
sentient_reply_retry_after (GString *out, const GError *error)
{
  guint ms = sentient_error_get_retry_after (error);

  if (ms > 0)
    sentient_reply_int (out, "retryAfter", ms);
}

void
sentient_reply_metadata (GString *out, const SentientPeerInfo *peer)
{
  sentient_reply_key (out, "metadata");
  g_string_append (out, peer->metadata != NULL ? peer->metadata : "{}");
}

void
sentient_reply_begin_peer (GString *out, guint i, const SentientPeerInfo *peer)
{
  g_string_append (out, i > 0 ? ",{" : "{");
  sentient_reply_text (out, "nodeId", peer->node_id);
  sentient_reply_text (out, "peerId", peer->node_id);
  sentient_reply_text (out, "name", peer->name != NULL ? peer->name : peer->node_id);
}

void
sentient_reply_v1_peers (GString *out,
                         const char *receiver,
                         const SentientPeerInfo *peers,
                         guint n_peers)
{
  sentient_reply_key (out, "peers");
  g_string_append_c (out, '[');
  for (guint i = 0; i < n_peers; i++)
    {
      const SentientPeerInfo *peer = &peers[i];

      sentient_reply_begin_peer (out, i, peer);
      sentient_reply_int (out, "joinedAt", peer->joined_at);
      sentient_reply_boolean (out, "online", peer->online);
      sentient_reply_boolean (out, "polite",
                              sentient_peer_is_polite (receiver, peer->node_id, peer->plain));
      sentient_reply_metadata (out, peer);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}
