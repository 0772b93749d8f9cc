/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-replies.h"

#include "protocol/sentient-reply-text.h"
#include "protocol/sentient-request.h"

static void
append_time (GString *out, const char *key, gint64 ms)
{
  if (ms != 0)
    sentient_reply_int (out, key, ms);
  else
    sentient_reply_text (out, key, NULL);
}

void
sentient_reply_append_error (GString *out, const GError *error, guint64 ref)
{
  g_string_append (out, "{\"success\":false");
  sentient_reply_error (out, "error", error);
  if (ref != 0)
    sentient_reply_int (out, "ref", (gint64)ref);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_ws_error (GString *out, const GError *error, guint64 ref)
{
  g_string_append (out, "{\"type\":\"error\"");
  sentient_reply_error (out, "message", error);
  sentient_reply_retry_after (out, error);
  if (ref != 0)
    sentient_reply_int (out, "ref", (gint64)ref);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_connected (GString *out, const char *node_id, const char *coordinator_id)
{
  g_string_append (out, "{\"type\":\"connected\"");
  sentient_reply_text (out, "nodeId", node_id);
  sentient_reply_text (out, "coordinatorId", coordinator_id);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_v1_connected (GString *out, const SentientConnectedInfo *info)
{
  g_string_append (out, "{\"type\":\"connected\"");
  sentient_reply_text (out, "nodeId", info->node_id);
  sentient_reply_text (out, "coordinatorId", info->coordinator_id);
  sentient_reply_text (out, "session", info->session);
  if (info->token != NULL)
    sentient_reply_text (out, "token", info->token);
  sentient_reply_boolean (out, "resumed", info->resumed);
  sentient_reply_int (out, "ref", (gint64)info->ref);
  sentient_reply_key (out, "limits");
  g_string_append_c (out, '{');
  sentient_reply_int (out, "messageBytes", info->max_message);
  sentient_reply_int (out, "metadataBytes", info->max_metadata);
  sentient_reply_int (out, "roomPeers", info->room_peers);
  sentient_reply_int (out, "graceMs", info->grace_ms);
  g_string_append (out, "}}");
}

void
sentient_reply_append_gap (GString *out, guint64 from, guint64 to)
{
  g_string_append_printf (out,
                          "{\"type\":\"gap\",\"from\":%" G_GUINT64_FORMAT
                          ",\"to\":%" G_GUINT64_FORMAT "}",
                          from, to);
}

void
sentient_reply_append_ack (GString *out, guint64 ref)
{
  g_string_append_printf (out, "{\"type\":\"ack\",\"ref\":%" G_GUINT64_FORMAT "}", ref);
}

void
sentient_reply_append_draining (GString *out, guint retry_after_ms)
{
  g_string_append_printf (out, "{\"type\":\"draining\",\"retryAfter\":%u}", retry_after_ms);
}

void
sentient_reply_append_pong (GString *out)
{
  g_string_append (out, "{\"type\":\"pong\"}");
}

/* with_presence: online and lastSeen, as GET /webrtc/peers shows; else joinedAt. */
static void
append_peers (GString *out, const SentientPeerInfo *peers, guint n_peers, gboolean with_presence)
{
  sentient_reply_key (out, "peers");
  g_string_append_c (out, '[');
  for (guint i = 0; i < n_peers; i++)
    {
      const SentientPeerInfo *peer = &peers[i];

      sentient_reply_begin_peer (out, i, peer);
      if (with_presence)
        {
          sentient_reply_boolean (out, "online", peer->online);
          sentient_reply_int (out, "lastSeen", peer->last_seen);
        }
      else
        sentient_reply_int (out, "joinedAt", peer->joined_at);
      sentient_reply_metadata (out, peer);
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
                                   const SentientHttpGrant *grant)
{
  g_string_append_c (out, '{');
  if (grant == NULL)
    sentient_reply_text (out, "type", "join-result");
  sentient_reply_boolean (out, "success", TRUE);
  sentient_reply_text (out, "room", room);
  if (grant != NULL && grant->v1)
    sentient_reply_v1_peers (out, grant->node_id, peers, n_peers);
  else
    append_peers (out, peers, n_peers, FALSE);
  sentient_reply_key (out, "iceServers");
  sentient_ice_config_append (ice, out, TRUE);
  if (grant != NULL)
    {
      sentient_reply_text (out, "session", grant->session);
      if (grant->token != NULL)
        sentient_reply_text (out, "token", grant->token);
      if (grant->ref != 0)
        sentient_reply_int (out, "ref", (gint64)grant->ref);
    }
  g_string_append_c (out, '}');
}

static void
append_failed (GString *out, const char *type, const char *room, const GError *error, guint64 ref)
{
  g_string_append_c (out, '{');
  sentient_reply_text (out, "type", type);
  sentient_reply_boolean (out, "success", FALSE);
  sentient_reply_text (out, "room", room);
  sentient_reply_error (out, "error", error);
  sentient_reply_retry_after (out, error);
  if (ref != 0)
    sentient_reply_int (out, "ref", (gint64)ref);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_join_failed (GString *out, const char *room, const GError *error, guint64 ref)
{
  append_failed (out, "join-result", room, error, ref);
}

void
sentient_reply_append_leave_result (GString *out,
                                    const char *room,
                                    const char *const *rooms,
                                    gboolean http,
                                    guint64 ref)
{
  g_string_append_c (out, '{');
  if (!http)
    sentient_reply_text (out, "type", "leave-result");
  sentient_reply_boolean (out, "success", TRUE);
  if (room != NULL)
    sentient_reply_text (out, "room", room);
  else
    sentient_reply_strv (out, "rooms", rooms);
  if (ref != 0)
    sentient_reply_int (out, "ref", (gint64)ref);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_leave_failed (GString *out,
                                    const char *room,
                                    const GError *error,
                                    guint64 ref)
{
  append_failed (out, "leave-result", room, error, ref);
}

void
sentient_reply_append_signal_accepted (GString *out, gboolean delivered, guint64 ref)
{
  g_string_append (out, delivered ? "{\"success\":true,\"delivered\":true"
                                  : "{\"success\":true,\"queued\":true");
  if (ref != 0)
    sentient_reply_int (out, "ref", (gint64)ref);
  g_string_append_c (out, '}');
}

void
sentient_reply_append_peers (GString *out,
                             const char *room,
                             const SentientPeerInfo *peers,
                             guint n_peers)
{
  g_string_append_c (out, '{');
  sentient_reply_text (out, "room", room);
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
  sentient_reply_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < n_links; i++)
    {
      g_string_append (out, i > 0 ? ",{" : "{");
      sentient_reply_text (out, "url", links[i].url);
      sentient_reply_text (out, "nodeId", links[i].node_id);
      sentient_reply_text (out, "status", links[i].status);
      append_time (out, "connectedAt", links[i].connected_at);
      append_time (out, "lastSeen", links[i].last_seen);
      sentient_reply_text (out, "error", links[i].error);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

/* The servers as /nodes and /info tell them: no TURN, since that needs the credentials of a join.
 */
static void
append_servers (GString *out, const SentientIceConfig *ice)
{
  sentient_reply_strv (out, "stunServers", ice->stun_servers);
  sentient_reply_strv (out, "turnServers", NULL);
  sentient_reply_boolean (out, "turnAvailable",
                          ice->turn_servers != NULL && ice->turn_servers[0] != NULL);
}

void
sentient_reply_append_nodes (GString *out, const SentientCoordinatorInfo *info)
{
  g_string_append_c (out, '{');
  sentient_reply_text (out, "nodeId", info->node_id);
  sentient_reply_text (out, "networkId", info->network_id);
  sentient_reply_strv (out, "seeds", info->seeds);
  append_links (out, "outbound", info->outbound, info->n_outbound);
  append_links (out, "inbound", info->inbound, info->n_inbound);
  sentient_reply_int (out, "uptime", info->uptime_s);
  sentient_reply_key (out, "webrtc");
  g_string_append_c (out, '{');
  sentient_reply_boolean (out, "enabled", info->enabled);
  if (info->enabled)
    {
      sentient_reply_text (out, "coordinatorUrl", info->coordinator_url);
      sentient_reply_text (out, "websocketUrl", info->websocket_url);
      append_servers (out, &info->ice);
      sentient_reply_strv (out, "rooms", info->rooms);
      sentient_reply_int (out, "peerCount", info->peer_count);
    }
  g_string_append (out, "}}");
}

void
sentient_reply_append_info (GString *out, const SentientCoordinatorInfo *info)
{
  static const char *const features[]
      = { "websocket", "long-poll", "trickle", "sentient.v1", NULL };

  g_string_append_c (out, '{');
  sentient_reply_boolean (out, "enabled", info->enabled);
  sentient_reply_text (out, "nodeId", info->node_id);
  if (info->enabled)
    {
      sentient_reply_strv (out, "rooms", info->rooms);
      sentient_reply_int (out, "peerCount", info->peer_count);
      append_servers (out, &info->ice);
      sentient_reply_key (out, "iceServers");
      sentient_ice_config_append (&info->ice, out, FALSE);
      sentient_reply_text (out, "websocketUrl", info->websocket_url);
      sentient_reply_text (out, "coordinatorUrl", info->coordinator_url);
      sentient_reply_boolean (out, "httpFallback", TRUE);
      sentient_reply_strv (out, "features", features);
      sentient_reply_key (out, "limits");
      g_string_append_c (out, '{');
      sentient_reply_int (out, "messageBytes", info->max_message);
      sentient_reply_int (out, "metadataBytes", info->max_metadata);
      sentient_reply_int (out, "roomPeers", info->max_peers);
      sentient_reply_int (out, "pollTimeoutMs", SENTIENT_POLL_TIMEOUT_MAX_MS);
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
  sentient_reply_boolean (out, "ready", reason == NULL);
  if (reason != NULL)
    sentient_reply_text (out, "reason", reason);
  g_string_append_c (out, '}');
}
