/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-router.h"

#include <string.h>

#include "protocol/sentient-prometheus.h"
#include "signaling/sentient-static.h"

#define SIGNAL_PATH "/webrtc/signal"
#define JSON_TYPE "application/json"
#define ROOMS_LISTED 1024 /* so that an answer stays small on a large coordinator */

struct _SentientRouter
{
  SoupServer *server;
  SentientHub *hub;
  SentientEngine *engine;
  SentientRouterConfig config;
  SentientRouterDescribe describe;
  SentientRouterCount count;
  gpointer user_data;
  guint64 ref; /* of the v1 request that is being answered; 0: none */
};

typedef gboolean (*RouteFunc) (SentientRouter *self,
                               SoupServerMessage *message,
                               GString *reply,
                               GError **error);

typedef struct
{
  const char *path;
  const char *method; /* GET serves HEAD, too */
  gboolean open;      /* pages of any origin may call it while the policy is open */
  gboolean webrtc;    /* not there with --no-webrtc */
  gboolean local;     /* for programs on this machine only */
  RouteFunc func;     /* appends the answer, unless there is an error */
  const char *type;   /* NULL: JSON */
} Route;

/* FALSE: the client is gone. */
static gboolean
read_via (SentientRouter *self, SoupServerMessage *message, SentientVia *via)
{
  SentientConn *conn = sentient_engine_get_conn (self->engine, message);
  SentientHttpHead head;

  if (conn == NULL || !sentient_engine_get_head (self->engine, message, &head))
    return FALSE;
  sentient_via_read (via, &head, sentient_conn_is_proxy (conn),
                     sentient_conn_remote_is_loopback (conn));
  return TRUE;
}

static void
describe (SentientRouter *self,
          SoupServerMessage *message,
          GString *reply,
          void (*append) (GString *, const SentientCoordinatorInfo *))
{
  SentientDirectory *directory = sentient_hub_get_directory (self->hub);
  const SentientAccess *access = sentient_hub_get_config (self->hub)->access;
  g_autofree char *local = NULL;
  g_autofree char *coordinator_url = NULL;
  g_autofree char *websocket_url = NULL;
  g_autoptr (GPtrArray) rooms = g_ptr_array_new ();
  guint n_rooms = g_list_model_get_n_items (G_LIST_MODEL (directory));
  SentientCoordinatorInfo info = { 0 };
  SentientVia via;

  if (!read_via (self, message, &via))
    return;
  local = sentient_conn_dup_local (sentient_engine_get_conn (self->engine, message));
  coordinator_url = sentient_access_dup_url (access, &via, FALSE, local, "/webrtc");
  websocket_url = sentient_access_dup_url (access, &via, TRUE, local, SIGNAL_PATH);
  for (guint i = 0; i < MIN (n_rooms, ROOMS_LISTED); i++)
    g_ptr_array_add (rooms, (gpointer)sentient_room_get_name (
                                sentient_directory_peek_room (directory, i)));
  g_ptr_array_add (rooms, NULL);

  info.enabled = sentient_hub_get_config (self->hub)->enabled;
  info.ice = sentient_hub_get_config (self->hub)->ice;
  info.peer_count = sentient_directory_get_n_nodes (directory);
  info.max_peers = sentient_directory_get_limits (directory)->room_peers;
  info.max_message = sentient_hub_get_config (self->hub)->max_message;
  info.max_metadata = sentient_directory_get_limits (directory)->metadata_bytes;
  info.rooms = (const char *const *)rooms->pdata;
  info.coordinator_url = coordinator_url;
  info.websocket_url = websocket_url;
  self->describe (&info, self->user_data);
  append (reply, &info);
}

static gboolean
get_nodes (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  describe (self, message, reply, sentient_reply_append_nodes);
  return TRUE;
}

static gboolean
get_info (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  describe (self, message, reply, sentient_reply_append_info);
  return TRUE;
}

static gboolean
get_health (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  sentient_reply_append_health (reply);
  return TRUE;
}

static gboolean
get_ready (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  const char *reason = sentient_hub_is_draining (self->hub) ? "draining" : NULL;

  sentient_reply_append_ready (reply, reason);
  if (reason != NULL)
    soup_server_message_set_status (message, 503, NULL);
  return TRUE;
}

static gboolean
get_metrics (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  SentientStatistics statistics = { 0 };

  self->count (&statistics, self->user_data);
  sentient_statistics_append_prometheus (&statistics, reply);
  self->config.append_metrics (reply, self->user_data);
  return TRUE;
}

static gboolean
get_stats (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  SentientStatistics statistics = { 0 };

  self->count (&statistics, self->user_data);
  sentient_statistics_append_json (&statistics, reply);
  return TRUE;
}

static gboolean
parse_query (SoupServerMessage *message, SentientQuery *query, GError **error)
{
  const char *text = g_uri_get_query (soup_server_message_get_uri (message));

  return sentient_query_parse (query, text, text != NULL ? strlen (text) : 0, FALSE, error);
}

static gboolean
get_peers (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  SentientDirectory *directory = sentient_hub_get_directory (self->hub);
  g_autoptr (GArray) peers = NULL;
  SentientQuery query;
  SentientRoom *room;
  const char *name;

  if (!parse_query (message, &query, error))
    return FALSE;
  name = query.room[0] != '\0' ? query.room : "global";
  room = sentient_directory_find_room (directory, name);
  if (room != NULL)
    peers = sentient_directory_list_peers (directory, room, NULL);
  sentient_reply_append_peers (reply, name, peers != NULL ? (SentientPeerInfo *)peers->data : NULL,
                               peers != NULL ? peers->len : 0);
  return TRUE;
}

static gboolean
post (SentientRouter *self,
      SoupServerMessage *message,
      gboolean (*func) (SentientHub *, const SentientHubPost *, GString *, guint64 *, GError **),
      GString *reply,
      GError **error)
{
  g_autoptr (GBytes) body
      = soup_message_body_flatten (soup_server_message_get_request_body (message));
  const char *authorization
      = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                      "Authorization");
  SentientHubPost data = { .authorization = { authorization, 0 } };

  data.body = g_bytes_get_data (body, &data.len);
  if (authorization != NULL)
    data.authorization.len = strlen (authorization);
  return func (self->hub, &data, reply, &self->ref, error);
}

static gboolean
post_join (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  return post (self, message, sentient_hub_http_join, reply, error);
}

static gboolean
post_leave (SentientRouter *self, SoupServerMessage *message, GString *reply, GError **error)
{
  return post (self, message, sentient_hub_http_leave, reply, error);
}

static const Route routes[] = {
  { "/nodes", "GET", FALSE, FALSE, FALSE, get_nodes, NULL },
  { "/peers", "GET", FALSE, FALSE, FALSE, get_nodes, NULL },
  { "/healthz", "GET", FALSE, FALSE, FALSE, get_health, NULL },
  { "/readyz", "GET", FALSE, FALSE, FALSE, get_ready, NULL },
  { "/metrics", "GET", FALSE, FALSE, TRUE, get_metrics, SENTIENT_PROMETHEUS_TYPE },
  { "/webrtc/info", "GET", TRUE, TRUE, FALSE, get_info, NULL },
  { "/webrtc/peers", "GET", TRUE, TRUE, FALSE, get_peers, NULL },
  { "/webrtc/stats", "GET", FALSE, TRUE, TRUE, get_stats, NULL },
  { "/webrtc/join", "POST", TRUE, TRUE, FALSE, post_join, NULL },
  { "/webrtc/leave", "POST", TRUE, TRUE, FALSE, post_leave, NULL },
};

/* header_lines: "Name: value\r\n…" or NULL. */
static void
add_header_lines (SoupServerMessage *message, const char *header_lines)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_auto (GStrv) lines = NULL;

  if (header_lines == NULL)
    return;
  lines = g_strsplit (header_lines, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *colon = strstr (lines[i], ": ");

      if (colon == NULL)
        continue;
      *colon = '\0';
      soup_message_headers_replace (headers, lines[i], colon + 2);
    }
}

static void
answer (SoupServerMessage *message, guint status, const char *type, GString *reply)
{
  gsize len = reply->len;

  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, type, SOUP_MEMORY_TAKE, g_string_free (reply, FALSE),
                                    len);
}

static void
answer_error (SentientRouter *self, SoupServerMessage *message, const GError *error)
{
  GString *reply = g_string_new (NULL);
  guint status = sentient_hub_http_error (self->hub, error, self->ref, reply);
  g_autofree char *lines = sentient_hub_dup_error_headers (error);

  add_header_lines (message, lines);
  answer (message, status, JSON_TYPE, reply);
}

/* FALSE: it was answered. */
static gboolean
check_access (SentientRouter *self, SoupServerMessage *message, gboolean open_path, gboolean local)
{
  SentientConn *conn = sentient_engine_get_conn (self->engine, message);
  g_autofree char *cors = NULL;
  g_autoptr (GError) error = NULL;
  SentientVia via;

  if (!read_via (self, message, &via))
    {
      soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
      return FALSE;
    }
  if (!sentient_access_check (sentient_hub_get_config (self->hub)->access, &via, open_path, &cors,
                              &error)
      || (local && !sentient_access_check_local (&via, &error)))
    {
      sentient_conn_log_refused (conn, error->message);
      answer_error (self, message, error);
      return FALSE;
    }
  add_header_lines (message, cors);
  return TRUE;
}

static void
answer_preflight (SoupServerMessage *message, const char *methods)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Allow", methods);
  if (soup_message_headers_get_one (headers, "Access-Control-Allow-Origin") != NULL)
    {
      soup_message_headers_replace (headers, "Access-Control-Allow-Methods", methods);
      soup_message_headers_replace (headers, "Access-Control-Allow-Headers",
                                    "Content-Type, Authorization");
      soup_message_headers_replace (headers, "Access-Control-Max-Age", "86400");
    }
  soup_server_message_set_status (message, 204, NULL);
}

static void
answer_method_not_allowed (SentientRouter *self, SoupServerMessage *message, const char *methods)
{
  g_autoptr (GError) error = g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_METHOD_NOT_ALLOWED,
                                          "%s is not understood here; use %s.",
                                          soup_server_message_get_method (message), methods);

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow",
                                methods);
  answer_error (self, message, error);
}

static void
serve_route (SentientRouter *self, SoupServerMessage *message, const Route *route)
{
  const char *method = soup_server_message_get_method (message);
  const char *methods = g_str_equal (route->method, "GET") ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
  g_autoptr (GString) reply = NULL;
  g_autoptr (GError) error = NULL;
  guint status;

  if (!check_access (self, message, route->open, route->local))
    return;
  if (g_str_equal (method, "OPTIONS"))
    answer_preflight (message, methods);
  else if (!g_str_equal (method, route->method)
           && !(g_str_equal (method, "HEAD") && g_str_equal (route->method, "GET")))
    answer_method_not_allowed (self, message, methods);
  else
    {
      reply = g_string_sized_new (512);
      if (route->func (self, message, reply, &error))
        {
          status = soup_server_message_get_status (message);
          answer (message, status != 0 ? status : 200,
                  route->type != NULL ? route->type : JSON_TYPE, g_steal_pointer (&reply));
        }
      else
        answer_error (self, message, error);
    }
}

static gboolean
offers_v1 (SoupServerMessage *message)
{
  const char *offered
      = soup_message_headers_get_list (soup_server_message_get_request_headers (message),
                                       "Sec-WebSocket-Protocol");

  return offered != NULL && soup_header_contains (offered, SENTIENT_SUBPROTOCOL_V1);
}

/* GET without an upgrade, and POST, never come here: the engine answers them. */
static void
serve_signal (SentientRouter *self, SoupServerMessage *message)
{
  static const char *methods = "GET, POST, OPTIONS";
  const char *method = soup_server_message_get_method (message);
  g_autoptr (GError) error = NULL;
  SentientQuery query;
  gboolean v1;

  if (g_str_equal (method, "OPTIONS"))
    {
      if (check_access (self, message, TRUE, FALSE))
        answer_preflight (message, methods);
      return;
    }
  if (!check_access (self, message, FALSE, FALSE))
    return;
  if (!g_str_equal (method, "GET"))
    {
      answer_method_not_allowed (self, message, methods);
      return;
    }
  if (!parse_query (message, &query, &error))
    {
      answer_error (self, message, error);
      return;
    }
  if (query.node_id[0] == '\0')
    {
      g_set_error_literal (&error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "The parameter “nodeId” is missing: say who connects.");
      answer_error (self, message, error);
      return;
    }
  v1 = offers_v1 (message);
  if (!sentient_hub_check_websocket (self->hub, &query, v1, &error))
    {
      answer_error (self, message, error);
      return;
    }
  if (!sentient_engine_accept_websocket (self->engine, message, v1 ? SENTIENT_SUBPROTOCOL_V1 : NULL,
                                         sentient_hub_ws_data_new (&query, v1), g_free))
    {
      g_set_error_literal (&error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                           "This is no WebSocket handshake of version 13 over HTTP/1.1.");
      soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                    "Sec-WebSocket-Version", "13");
      soup_message_body_truncate (soup_server_message_get_response_body (message));
      answer_error (self, message, error);
    }
}

static void
serve_file (SentientRouter *self, SoupServerMessage *message, const char *path)
{
  const char *method = soup_server_message_get_method (message);
  g_autoptr (GError) error = NULL;

  if (!check_access (self, message, FALSE, FALSE))
    return;
  if (self->config.static_dir == NULL)
    g_set_error (&error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_FOUND, "There is no “%s” here.", path);
  else if (!g_str_equal (method, "GET") && !g_str_equal (method, "HEAD"))
    answer_method_not_allowed (self, message, "GET, HEAD");
  else
    sentient_static_respond (self->config.static_dir, path, message, &error);
  if (error != NULL)
    answer_error (self, message, error);
}

/* FALSE: path is none of the API. */
static gboolean
serve_api (SentientRouter *self, SoupServerMessage *message, const char *path)
{
  gboolean enabled = sentient_hub_get_config (self->hub)->enabled;

  if (enabled && g_str_equal (path, SIGNAL_PATH))
    {
      serve_signal (self, message);
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    if (g_str_equal (routes[i].path, path) && (enabled || !routes[i].webrtc))
      {
        serve_route (self, message, &routes[i]);
        return TRUE;
      }
  return FALSE;
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *unused,
            gpointer user_data)
{
  SentientRouter *self = user_data;
  SentientVia via;

  self->ref = 0;
  if (serve_api (self, message, path))
    return;
  if (read_via (self, message, &via))
    path += sentient_access_get_prefix_len (sentient_hub_get_config (self->hub)->access, &via, path,
                                            strlen (path));
  if (*path == '\0')
    path = "/";
  if (!serve_api (self, message, path))
    serve_file (self, message, path);
}

SentientRouter *
sentient_router_new (SoupServer *server,
                     SentientHub *hub,
                     const SentientRouterConfig *config,
                     SentientRouterDescribe describe_func,
                     SentientRouterCount count,
                     gpointer user_data)
{
  SentientRouter *self = g_new0 (SentientRouter, 1);

  self->server = g_object_ref (server);
  self->hub = hub;
  self->config = *config;
  self->describe = describe_func;
  self->count = count;
  self->user_data = user_data;
  soup_server_add_handler (server, NULL, on_request, self, NULL);
  return self;
}

void
sentient_router_set_engine (SentientRouter *self, SentientEngine *engine)
{
  self->engine = engine;
}

void
sentient_router_free (SentientRouter *self)
{
  soup_server_remove_handler (self->server, NULL);
  g_object_unref (self->server);
  g_free (self);
}
