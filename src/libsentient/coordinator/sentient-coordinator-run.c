/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Start, stop and what the coordinator tells of itself. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/sentient-coordinator-private.h"
#include "core/sentient-error.h"
#include "core/sentient-source.h"
#include "signaling/sentient-listener.h"

#define CHECK_INTERVAL_MS 1000
#define INBOUND_LISTED 256 /* so that /nodes stays small on a large coordinator */

void
sentient_seed_report_free (gpointer data)
{
  SentientSeedReport *report = data;

  g_free (report->url);
  g_free (report->node_id);
  g_free (report->status);
  g_free (report->error);
  g_free (report);
}

/* The nodes that are here now, for /nodes: at most INBOUND_LISTED. */
static void
list_inbound (SentientCoordinator *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->rooms->len; i++)
    {
      SentientRoom *room = self->rooms->pdata[i];

      for (guint j = 0; j < sentient_room_get_n_members (room); j++)
        {
          SentientMember *member = sentient_room_peek (room, j);
          SentientLinkInfo link = {
            .node_id = sentient_member_get_node_id (member),
            .status = sentient_member_get_online (member) ? "connected" : "lost",
            .connected_at = sentient_member_get_joined_at (member),
            .last_seen = sentient_member_get_last_seen (member),
          };

          if (self->inbound->len >= INBOUND_LISTED)
            return;
          if (g_hash_table_add (seen, (gpointer)link.node_id))
            g_array_append_val (self->inbound, link);
        }
    }
}

static void
list_outbound (SentientCoordinator *self)
{
  for (guint i = 0; i < self->seed_reports->len; i++)
    {
      SentientSeedReport *report = self->seed_reports->pdata[i];
      SentientLinkInfo link = {
        .url = report->url,
        .node_id = report->node_id,
        .status = report->status,
        .connected_at = report->connected_at,
        .last_seen = report->last_seen,
        .error = report->error,
      };

      g_array_append_val (self->outbound, link);
    }
}

static void
describe (SentientCoordinatorInfo *info, gpointer user_data)
{
  SentientCoordinator *self = user_data;

  g_array_set_size (self->inbound, 0);
  g_array_set_size (self->outbound, 0);
  list_inbound (self);
  list_outbound (self);

  info->node_id = self->node_id;
  info->network_id = self->network_id;
  if (info->network_id == NULL)
    info->network_id = self->seeds != NULL && self->seeds[0] != NULL ? "connected" : "standalone";
  info->seeds = (const char *const *)self->seeds;
  info->inbound = (const SentientLinkInfo *)self->inbound->data;
  info->n_inbound = self->inbound->len;
  info->outbound = (const SentientLinkInfo *)self->outbound->data;
  info->n_outbound = self->outbound->len;
  info->uptime_s = sentient_coordinator_get_uptime (self);
}

/* "127.0.0.1", "::1", "localhost": nobody else can reach us. */
static gboolean
is_loopback_host (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_ascii_strcasecmp (host, "localhost") == 0
         || (address != NULL && g_inet_address_get_is_loopback (address));
}

static gboolean
is_loopback_only (SentientCoordinator *self)
{
  gboolean loopback = self->sockets->len > 0 || is_loopback_host (self->host);

  for (guint i = 0; i < self->sockets->len; i++)
    loopback = loopback && sentient_listener_fd_is_loopback (g_array_index (self->sockets, int, i));
  return loopback;
}

static gboolean
on_check (gpointer user_data)
{
  sentient_coordinator_cleanup (user_data);
  return G_SOURCE_CONTINUE;
}

static SentientAccess *
new_access (SentientCoordinator *self, GError **error)
{
  g_autoptr (SentientAccess) access = sentient_access_new (is_loopback_only (self), self->cors);

  if (self->public_url != NULL && !sentient_access_set_public_url (access, self->public_url, error))
    return NULL;
  for (guint i = 0; self->allowed_origins != NULL && self->allowed_origins[i] != NULL; i++)
    if (!sentient_access_add_origin (access, self->allowed_origins[i], error))
      return NULL;
  for (guint i = 0; self->trusted_proxies != NULL && self->trusted_proxies[i] != NULL; i++)
    if (!sentient_access_add_proxy (access, self->trusted_proxies[i], error))
      return NULL;
  return g_steal_pointer (&access);
}

static void
build (SentientCoordinator *self)
{
  SentientEngineConfig engine_config;
  GStrv stun_servers = self->live_stun_servers = g_strdupv (self->stun_servers);
  GStrv turn_servers = self->live_turn_servers = g_strdupv (self->turn_servers);
  const SentientHubConfig hub_config = {
    .coordinator_id = self->node_id,
    .enabled = self->webrtc_enabled,
    .ice = { (const char *const *)stun_servers, (const char *const *)turn_servers },
    .access = self->live_access,
    .max_message = self->limits[SENTIENT_LIMIT_MESSAGE_SIZE],
  };
  const SentientRouterConfig router_config = {
    .static_dir = self->live_static_dir = g_strdup (self->static_dir),
    .append_metrics = sentient_coordinator_append_metrics,
  };

  self->inbound = g_array_new (FALSE, FALSE, sizeof (SentientLinkInfo));
  self->outbound = g_array_new (FALSE, FALSE, sizeof (SentientLinkInfo));
  self->server = soup_server_new ("server-header", "sentient", NULL);
  self->hub = sentient_hub_new (self->directory, self->clock, &hub_config);
  self->router = sentient_router_new (self->server, self->hub, &router_config, describe,
                                      sentient_coordinator_count, self);
  sentient_engine_config_init (&engine_config);
  engine_config.proxies = sentient_access_get_proxies (self->live_access);
  engine_config.metrics = sentient_directory_get_metrics (self->directory);
  sentient_coordinator_fill_engine_limits (self, &engine_config);
  self->engine = sentient_engine_new (&engine_config, self->clock, self->server,
                                      sentient_hub_get_engine_handler (), self->hub);
  sentient_router_set_engine (self->router, self->engine);
}

/**
 * sentient_coordinator_new:
 *
 * Returns: (transfer full): a coordinator that does not run yet
 *
 * Since: 0.1
 */
SentientCoordinator *
sentient_coordinator_new (void)
{
  return g_object_new (SENTIENT_TYPE_COORDINATOR, NULL);
}

static int
dup_socket (int fd, GError **error)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  int code = errno;

  if (copy < 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 "A socket to listen on cannot be used: %s", g_strerror (code));
  return copy;
}

static gboolean
listen_somewhere (SentientCoordinator *self, GError **error)
{
  if (self->sockets->len == 0)
    return sentient_engine_listen (self->engine, self->host, self->port, error);
  for (guint i = 0; i < self->sockets->len; i++)
    {
      int fd = dup_socket (g_array_index (self->sockets, int, i), error);

      if (fd < 0 || !sentient_engine_listen_fd (self->engine, fd, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sentient_coordinator_add_socket:
 * @self: a coordinator that does not run
 * @fd: a listening TCP socket, such as systemd passes on; taken
 * @error: return location
 *
 * Listens on this socket from the next start on, instead of #SentientCoordinator:host and
 * #SentientCoordinator:port; several may be added. Clients that connect while the coordinator does
 * not run wait as long as somebody else holds the socket open. Errors:
 * %G_IO_ERROR_INVALID_ARGUMENT, with a message that says what the descriptor is instead.
 *
 * Returns: %TRUE if it is one
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_add_socket (SentientCoordinator *self, int fd, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);
  g_return_val_if_fail (self->engine == NULL, FALSE);

  if (!sentient_listener_check_fd (fd, error))
    {
      close (fd);
      return FALSE;
    }
  g_array_append_val (self->sockets, fd);
  return TRUE;
}

/**
 * sentient_coordinator_start:
 * @self: a coordinator that does not run
 * @error: return location
 *
 * Listens. Errors: those of #GIOErrorEnum, %G_IO_ERROR_ADDRESS_IN_USE among them, with a message
 * that says what to do; %SENTIENT_ERROR_BAD_REQUEST for a node id, public URL, origin or proxy that
 * is none.
 *
 * Returns: %TRUE if it listens now
 *
 * Since: 0.1
 */
gboolean
sentient_coordinator_start (SentientCoordinator *self, GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), FALSE);
  g_return_val_if_fail (self->engine == NULL, FALSE);

  if (!sentient_name_is_valid (self->node_id, -1))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“%s” is no node id: use 1 to %d letters, digits, dots, colons, hyphens and "
                   "underscores.",
                   self->node_id, SENTIENT_NAME_MAX);
      return FALSE;
    }

  self->live_access = new_access (self, error);
  if (self->live_access == NULL)
    return FALSE;
  g_main_context_push_thread_default (self->context);
  sentient_coordinator_apply_limits (self);
  build (self);
  g_main_context_pop_thread_default (self->context);
  if (!listen_somewhere (self, error))
    {
      sentient_coordinator_tear_down (self);
      return FALSE;
    }
  /* Clients can connect now, but the first is accepted by the loop. */
  sentient_coordinator_load_handover (self);

  self->requested_port = self->port;
  self->port = sentient_engine_get_port (self->engine);
  self->started_at = sentient_clock_get_monotonic_ms (self->clock);
  self->check_timer = g_timeout_source_new (CHECK_INTERVAL_MS);
  sentient_source_attach (self->check_timer, self->context, "sentient-coordinator-check", on_check,
                          self);
  sentient_coordinator_notify_running (self);
  return TRUE;
}

static gboolean
on_let_go (gpointer user_data)
{
  return G_SOURCE_REMOVE; /* and the reference with it */
}

static void
let_go (gpointer user_data)
{
  sentient_source_end ();
  g_object_unref (user_data);
}

void
sentient_coordinator_live_on (SentientCoordinator *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "sentient-coordinator-let-go");
  g_source_set_callback (source, on_let_go, g_object_ref (self), let_go);
  sentient_source_begin ();
  g_source_attach (source, self->context);
}

void
sentient_coordinator_tear_down (SentientCoordinator *self)
{
  if (self->engine == NULL)
    return;

  sentient_coordinator_drop_drain (self);
  if (self->check_timer != NULL)
    g_source_destroy (self->check_timer);
  g_clear_pointer (&self->check_timer, g_source_unref);
  g_clear_pointer (&self->engine, sentient_engine_free);
  g_clear_pointer (&self->router, sentient_router_free);
  sentient_directory_end_all (self->directory);
  g_clear_pointer (&self->hub, sentient_hub_free);
  g_clear_object (&self->server);
  g_clear_pointer (&self->inbound, g_array_unref);
  g_clear_pointer (&self->outbound, g_array_unref);
  g_clear_pointer (&self->live_stun_servers, g_strfreev);
  g_clear_pointer (&self->live_turn_servers, g_strfreev);
  g_clear_pointer (&self->live_static_dir, g_free);
  g_clear_pointer (&self->live_access, sentient_access_free);
  self->port = self->requested_port;
}

/**
 * sentient_coordinator_cleanup:
 * @self: a coordinator
 *
 * Looks at every timeout now, by the coordinator's clock: deadlines of connections, polls that
 * waited long enough, nodes that are lost, and those whose grace time is over. It happens by itself
 * once a second; call it after moving an injected clock.
 *
 * Since: 0.1
 */
void
sentient_coordinator_cleanup (SentientCoordinator *self)
{
  g_autoptr (SentientCoordinator) hold = NULL;

  g_return_if_fail (SENTIENT_IS_COORDINATOR (self));

  hold = g_object_ref (self); /* a handler may let go of it */
  if (self->engine != NULL)
    sentient_engine_check_deadlines (self->engine);
  if (self->hub != NULL)
    sentient_hub_check_polls (self->hub);
  sentient_directory_cleanup (self->directory);
  sentient_coordinator_check_drain (self);
}

/**
 * sentient_coordinator_get_uptime:
 * @self: a coordinator
 *
 * Returns: seconds since the start; 0 while it does not run
 *
 * Since: 0.1
 */
gint64
sentient_coordinator_get_uptime (SentientCoordinator *self)
{
  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), 0);

  if (self->engine == NULL)
    return 0;
  return (sentient_clock_get_monotonic_ms (self->clock) - self->started_at) / 1000;
}

/**
 * sentient_coordinator_dup_url:
 * @self: a coordinator
 *
 * Returns: (nullable) (transfer full): where programs on this machine reach it; %NULL while it does
 *   not run
 *
 * Since: 0.1
 */
char *
sentient_coordinator_dup_url (SentientCoordinator *self)
{
  const char *host;

  g_return_val_if_fail (SENTIENT_IS_COORDINATOR (self), NULL);

  if (self->engine == NULL)
    return NULL;
  host = self->host;
  if (g_str_equal (host, "0.0.0.0"))
    host = "127.0.0.1";
  else if (g_str_equal (host, "::"))
    host = "::1";
  return g_strdup_printf (strchr (host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
                          self->port);
}

/**
 * sentient_coordinator_report_seed:
 * @self: a coordinator
 * @url: the seed
 * @node_id: (nullable): its node id, if that is known
 * @status: "connecting", "connected", "failed" …; "" to forget the seed
 * @connected_at: since when, in milliseconds since the epoch; 0 if it is not connected
 * @error: (nullable): what is wrong, for a person
 *
 * Tells `/nodes` of a seed that this program is connected to, or tries. At most 64 seeds are kept.
 *
 * Since: 0.1
 */
void
sentient_coordinator_report_seed (SentientCoordinator *self,
                                  const char *url,
                                  const char *node_id,
                                  const char *status,
                                  gint64 connected_at,
                                  const char *error)
{
  SentientSeedReport *report;

  g_return_if_fail (SENTIENT_IS_COORDINATOR (self));
  g_return_if_fail (url != NULL);
  g_return_if_fail (status != NULL);

  for (guint i = 0; i < self->seed_reports->len; i++)
    {
      report = self->seed_reports->pdata[i];
      if (g_str_equal (report->url, url))
        {
          g_ptr_array_remove_index (self->seed_reports, i);
          break;
        }
    }
  if (status[0] == '\0' || self->seed_reports->len >= 64)
    return;

  report = g_new0 (SentientSeedReport, 1);
  report->url = g_strdup (url);
  report->node_id = g_strdup (node_id);
  report->status = g_strdup (status);
  report->error = g_strdup (error);
  report->connected_at = connected_at;
  report->last_seen = connected_at != 0 ? sentient_clock_get_real_ms (self->clock) : 0;
  g_ptr_array_add (self->seed_reports, report);
}
