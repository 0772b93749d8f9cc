/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-replies.h"

#include "core/sentient-error.h"
#include "protocol/sentient-json.h"
#include "protocol/sentient-request.h"

/* A key and its text; the comma is put where something stands before it. */
static void
append_key (GString *out, const char *key)
{
  if (out->len > 0 && out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_printf (out, "\"%s\":", key);
}

static void
append_text (GString *out, const char *key, const char *text)
{
  append_key (out, key);
  sentient_json_append_string (out, text);
}

static void
append_int (GString *out, const char *key, gint64 number)
{
  append_key (out, key);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, number);
}

static void
append_boolean (GString *out, const char *key, gboolean value)
{
  append_key (out, key);
  g_string_append (out, value ? "true" : "false");
}

static void
append_time (GString *out, const char *key, gint64 ms)
{
  if (ms != 0)
    append_int (out, key, ms);
  else
    append_text (out, key, NULL);
}

/* NULL: an empty list. */
static void
append_strv (GString *out, const char *key, const char *const *strv)
{
  append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; strv != NULL && strv[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sentient_json_append_string (out, strv[i]);
    }
  g_string_append_c (out, ']');
}

/* "code" and, under the given key, what is wrong. */
static void
append_error (GString *out, const char *key, const GError *error)
{
  g_autofree char *message = g_utf8_make_valid (error->message, -1);
  gboolean ours = error->domain == SENTIENT_ERROR;

  append_text (out, key, message);
  append_text (out, "code",
               sentient_error_to_code (ours ? (SentientError)error->code : SENTIENT_ERROR_FAILED));
}

void
sentient_reply_append_error (GString *out, const GError *error)
{
  g_string_append (out, "{\"success\":false");
  append_error (out, "error", error);
  g_string_append_c (out, '}');
}

/* HTTP has a header for it. */
static void
append_retry_after (GString *out, const GError *error)
{
  guint ms = sentient_error_get_retry_after (error);

  if (ms > 0)
    append_int (out, "retryAfter", ms);
}

void
sentient_reply_append_ws_error (GString *out, const GError *error)
{
  g_string_append (out, "{\"type\":\"error\"");
  append_error (out, "message", error);
  append_retry_after (out, error);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_connected (GString *out, const char *node_id, const char *coordinator_id)
{
  g_string_append (out, "{\"type\":\"connected\"");
  append_text (out, "nodeId", node_id);
  append_text (out, "coordinatorId", coordinator_id);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_pong (GString *out)
{
  g_string_append (out, "{\"type\":\"pong\"}");
}

static void
append_metadata (GString *out, const SentientPeerInfo *peer)
{
  append_key (out, "metadata");
  g_string_append (out, peer->metadata != NULL ? peer->metadata : "{}");
}

/* with_presence: online and lastSeen, as GET /webrtc/peers shows; else joinedAt. */
static void
append_peers (GString *out, const SentientPeerInfo *peers, guint n_peers, gboolean with_presence)
{
  append_key (out, "peers");
  g_string_append_c (out, '[');
  for (guint i = 0; i < n_peers; i++)
    {
      const SentientPeerInfo *peer = &peers[i];

      g_string_append (out, i > 0 ? ",{" : "{");
      append_text (out, "nodeId", peer->node_id);
      append_text (out, "peerId", peer->node_id);
      append_text (out, "name", peer->name != NULL ? peer->name : peer->node_id);
      if (with_presence)
        {
          append_boolean (out, "online", peer->online);
          append_int (out, "lastSeen", peer->last_seen);
        }
      else
        append_int (out, "joinedAt", peer->joined_at);
      append_metadata (out, peer);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

void
sentient_reply_append_join_result (GString *out,
                                   const char *room,
                                   const SentientPeerInfo *peers,
                                   guint n_peers,
                                   const SentientIceConfig *ice,
                                   const char *http_session)
{
  g_string_append_c (out, '{');
  if (http_session == NULL)
    append_text (out, "type", "join-result");
  append_boolean (out, "success", TRUE);
  append_text (out, "room", room);
  append_peers (out, peers, n_peers, FALSE);
  append_key (out, "iceServers");
  sentient_ice_config_append (ice, out, TRUE);
  if (http_session != NULL)
    append_text (out, "session", http_session);
  g_string_append_c (out, '}');
}

static void
append_failed (GString *out, const char *type, const char *room, const GError *error)
{
  g_string_append_c (out, '{');
  append_text (out, "type", type);
  append_boolean (out, "success", FALSE);
  append_text (out, "room", room);
  append_error (out, "error", error);
  append_retry_after (out, error);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_join_failed (GString *out, const char *room, const GError *error)
{
  append_failed (out, "join-result", room, error);
}

void
sentient_reply_append_leave_result (GString *out,
                                    const char *room,
                                    const char *const *rooms,
                                    gboolean http)
{
  g_string_append_c (out, '{');
  if (!http)
    append_text (out, "type", "leave-result");
  append_boolean (out, "success", TRUE);
  if (room != NULL)
    append_text (out, "room", room);
  else
    append_strv (out, "rooms", rooms);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_leave_failed (GString *out, const char *room, const GError *error)
{
  append_failed (out, "leave-result", room, error);
}

void
sentient_reply_append_signal_accepted (GString *out, gboolean delivered)
{
  g_string_append (out, delivered ? "{\"success\":true,\"delivered\":true}"
                                  : "{\"success\":true,\"queued\":true}");
}

void
sentient_reply_append_peers (GString *out,
                             const char *room,
                             const SentientPeerInfo *peers,
                             guint n_peers)
{
  g_string_append_c (out, '{');
  append_text (out, "room", room);
  append_peers (out, peers, n_peers, TRUE);
  g_string_append_c (out, '}');
}

void
sentient_reply_begin_signals (GString *out)
{
  g_string_append (out, "{\"signals\":[");
}

void
sentient_reply_end_signals (GString *out)
{
  g_string_append (out, "]}");
}

static void
append_links (GString *out, const char *key, const SentientLinkInfo *links, guint n_links)
{
  append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < n_links; i++)
    {
      g_string_append (out, i > 0 ? ",{" : "{");
      append_text (out, "url", links[i].url);
      append_text (out, "nodeId", links[i].node_id);
      append_text (out, "status", links[i].status);
      append_time (out, "connectedAt", links[i].connected_at);
      append_time (out, "lastSeen", links[i].last_seen);
      append_text (out, "error", links[i].error);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

/* The servers as /nodes and /info tell them: no TURN, since that needs the credentials of a join.
 */
static void
append_servers (GString *out, const SentientIceConfig *ice)
{
  append_strv (out, "stunServers", ice->stun_servers);
  append_strv (out, "turnServers", NULL);
  append_boolean (out, "turnAvailable", ice->turn_servers != NULL && ice->turn_servers[0] != NULL);
}

void
sentient_reply_append_nodes (GString *out, const SentientCoordinatorInfo *info)
{
  g_string_append_c (out, '{');
  append_text (out, "nodeId", info->node_id);
  append_text (out, "networkId", info->network_id);
  append_strv (out, "seeds", info->seeds);
  append_links (out, "outbound", info->outbound, info->n_outbound);
  append_links (out, "inbound", info->inbound, info->n_inbound);
  append_int (out, "uptime", info->uptime_s);
  append_key (out, "webrtc");
  g_string_append_c (out, '{');
  append_boolean (out, "enabled", info->enabled);
  if (info->enabled)
    {
      append_text (out, "coordinatorUrl", info->coordinator_url);
      append_text (out, "websocketUrl", info->websocket_url);
      append_servers (out, &info->ice);
      append_strv (out, "rooms", info->rooms);
      append_int (out, "peerCount", info->peer_count);
    }
  g_string_append (out, "}}");
}

void
sentient_reply_append_info (GString *out, const SentientCoordinatorInfo *info)
{
  static const char *const features[] = { "websocket", "long-poll", "trickle", NULL };

  g_string_append_c (out, '{');
  append_boolean (out, "enabled", info->enabled);
  append_text (out, "nodeId", info->node_id);
  if (info->enabled)
    {
      append_strv (out, "rooms", info->rooms);
      append_int (out, "peerCount", info->peer_count);
      append_servers (out, &info->ice);
      append_key (out, "iceServers");
      sentient_ice_config_append (&info->ice, out, FALSE);
      append_text (out, "websocketUrl", info->websocket_url);
      append_text (out, "coordinatorUrl", info->coordinator_url);
      append_boolean (out, "httpFallback", TRUE);
      append_strv (out, "features", features);
      append_key (out, "limits");
      g_string_append_c (out, '{');
      append_int (out, "messageBytes", SENTIENT_MESSAGE_MAX);
      append_int (out, "metadataBytes", SENTIENT_METADATA_MAX);
      append_int (out, "roomPeers", info->max_peers);
      append_int (out, "pollTimeoutMs", SENTIENT_POLL_TIMEOUT_MAX_MS);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, '}');
}

void
sentient_reply_append_health (GString *out)
{
  g_string_append (out, "{\"status\":\"ok\"}");
}

void
sentient_reply_append_ready (GString *out, const char *reason)
{
  g_string_append_c (out, '{');
  append_boolean (out, "ready", reason == NULL);
  if (reason != NULL)
    append_text (out, "reason", reason);
  g_string_append_c (out, '}');
}
