/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The node finds its coordinator and its rooms, and finds it again by the peer itself. */

#include "daemon/sentient-daemon-private.h"
#include "signaling/sentient-channel.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 60000
#define USUAL_SEED "http://127.0.0.1:8888"

static void look_for_coordinator (SentientDaemon *self);

/* Those of the settings, else the coordinator in this process, else the usual place. */
static GStrv
dup_seeds (SentientDaemon *self)
{
  const char *const usual[] = { USUAL_SEED, NULL };
  g_autofree char *own = sentient_coordinator_dup_url (self->coordinator);
  const char *const mine[] = { own, NULL };
  const char *const *seeds = sentient_settings_get_strv (self->settings, "seeds");

  if (seeds != NULL && seeds[0] != NULL)
    return g_strdupv ((GStrv)seeds);
  return g_strdupv ((GStrv)(own != NULL ? mine : usual));
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);

  if (room == NULL && self->node_wanted)
    sentient_daemon_fail (self, error);
}

static void
join_rooms (SentientDaemon *self)
{
  GStrv rooms = self->rooms_wanted;

  for (guint i = 0; rooms != NULL && rooms[i] != NULL; i++)
    sentient_peer_join_async (self->peer, rooms[i], NULL, NULL, on_joined, g_object_ref (self));
}

static gboolean
on_retry (gpointer user_data)
{
  SentientDaemon *self = user_data;

  self->retry_id = 0;
  look_for_coordinator (self);
  return G_SOURCE_REMOVE;
}

static void
retry_later (SentientDaemon *self)
{
  g_clear_handle_id (&self->retry_id, g_source_remove);
  self->retry_id = g_timeout_add (sentient_backoff_next_ms (&self->backoff, NULL), on_retry, self);
  g_source_set_name_by_id (self->retry_id, "sentient-daemon-node-retry");
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ok
      = sentient_peer_connect_to_coordinator_finish (SENTIENT_PEER (source), result, &error);

  /* Somebody stopped it, or uses another seed. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->node_tries);
  if (!ok)
    {
      sentient_daemon_fail (self, error);
      retry_later (self);
      return;
    }
  sentient_backoff_reset (&self->backoff);
  join_rooms (self);
}

static void
look_for_coordinator (SentientDaemon *self)
{
  g_auto (GStrv) seeds = dup_seeds (self);

  self->seeds_changed = FALSE;
  self->node_tries = g_cancellable_new ();
  sentient_peer_connect_to_coordinator_async (self->peer, (const char *const *)seeds,
                                              self->node_tries, on_connected, g_object_ref (self));
}

/* Whatever is under way comes to nothing. */
static void
give_up (SentientDaemon *self)
{
  g_autoptr (GCancellable) tries = g_steal_pointer (&self->node_tries);

  g_clear_handle_id (&self->retry_id, g_source_remove);
  if (tries != NULL)
    g_cancellable_cancel (tries);
}

void
sentient_daemon_node_start (SentientDaemon *self)
{
  gboolean is_idle = self->node_tries == NULL && self->retry_id == 0
                     && sentient_peer_get_state (self->peer) == SENTIENT_PEER_STATE_DISCONNECTED;

  self->node_wanted = TRUE;
  sentient_daemon_manager_update (self);
  if (!is_idle)
    return;
  sentient_backoff_init (&self->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
  look_for_coordinator (self);
}

void
sentient_daemon_node_stop (SentientDaemon *self, GAsyncReadyCallback done, gpointer user_data)
{
  give_up (self);
  self->node_wanted = FALSE;
  sentient_daemon_manager_update (self);
  sentient_peer_close_async (self->peer, NULL, done, user_data);
}

void
sentient_daemon_node_clear (SentientDaemon *self)
{
  give_up (self);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;
  g_autoptr (GError) error = NULL;

  /* It may have left by a call already. */
  if (!sentient_peer_leave_finish (SENTIENT_PEER (source), result, &error)
      && !g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_UNKNOWN_ROOM) && self->node_wanted)
    sentient_daemon_fail (self, error);
}

void
sentient_daemon_node_rooms_changed (SentientDaemon *self)
{
  g_auto (GStrv) old = self->rooms_wanted;
  const char *const *rooms = sentient_settings_get_strv (self->settings, "rooms");

  self->rooms_wanted = g_strdupv ((GStrv)rooms);
  if (sentient_peer_get_state (self->peer) != SENTIENT_PEER_STATE_CONNECTED)
    return;
  for (guint i = 0; rooms != NULL && rooms[i] != NULL; i++)
    if (old == NULL || !g_strv_contains ((const char *const *)old, rooms[i]))
      sentient_peer_join_async (self->peer, rooms[i], NULL, NULL, on_joined, g_object_ref (self));
  for (guint i = 0; old != NULL && old[i] != NULL; i++)
    if (rooms == NULL || !g_strv_contains (rooms, old[i]))
      sentient_peer_leave_async (self->peer, old[i], NULL, on_left, g_object_ref (self));
}

static void
on_left_coordinator (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SentientDaemon) self = user_data;

  /* Cancelled: somebody stopped it, or uses another seed. */
  if (!sentient_peer_disconnect_from_coordinator_finish (SENTIENT_PEER (source), result, NULL))
    return;
  g_clear_object (&self->node_tries);
  look_for_coordinator (self);
}

static void
use_new_seeds (SentientDaemon *self)
{
  SentientPeerState state = sentient_peer_get_state (self->peer);

  if (!self->seeds_changed || !self->node_wanted || state == SENTIENT_PEER_STATE_CONNECTED)
    return;
  self->seeds_changed = FALSE;
  give_up (self);
  /* Open data channels live on. */
  self->node_tries = g_cancellable_new ();
  sentient_peer_disconnect_from_coordinator_async (self->peer, self->node_tries,
                                                   on_left_coordinator, g_object_ref (self));
}

void
sentient_daemon_node_seeds_changed (SentientDaemon *self)
{
  self->seeds_changed = TRUE;
  use_new_seeds (self);
}

void
sentient_daemon_node_coordinator_started (SentientDaemon *self)
{
  const char *const *seeds = sentient_settings_get_strv (self->settings, "seeds");

  if (!self->node_wanted || (seeds != NULL && seeds[0] != NULL)
      || sentient_peer_get_state (self->peer) == SENTIENT_PEER_STATE_CONNECTED)
    return;
  self->seeds_changed = TRUE;
  use_new_seeds (self);
}

void
sentient_daemon_node_check (SentientDaemon *self)
{
  use_new_seeds (self);
  if (!self->node_wanted || self->node_tries != NULL || self->retry_id != 0
      || sentient_peer_get_state (self->peer) != SENTIENT_PEER_STATE_DISCONNECTED)
    return;
  self->node_wanted = FALSE;
  sentient_daemon_manager_update (self);
}

/* ConnectSeed */

typedef struct
{
  SentientDaemonCall *call;
  GCancellable *cancellable;
  char *url;
} SeedCall;

static void
on_seed_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientDaemonCall *call = user_data;
  g_autoptr (SentientDaemon) self = g_object_ref (call->daemon);
  g_autoptr (GError) error = NULL;

  if (sentient_peer_connect_to_coordinator_finish (SENTIENT_PEER (source), result, &error))
    {
      g_clear_object (&self->node_tries);
      sentient_backoff_reset (&self->backoff);
      sentient_daemon_call_done (call);
      join_rooms (self);
      return;
    }
  sentient_daemon_call_fail (call, error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->node_tries);
  retry_later (self); /* at its own seeds */
}

static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SeedCall *seed = user_data;
  const char *const urls[] = { seed->url, NULL };

  sentient_peer_disconnect_from_coordinator_finish (SENTIENT_PEER (source), result, NULL);
  sentient_peer_connect_to_coordinator_async (seed->call->daemon->peer, urls, seed->cancellable,
                                              on_seed_connected, seed->call);
  g_object_unref (seed->cancellable);
  g_free (seed->url);
  g_free (seed);
}

gboolean
sentient_daemon_connect_seed (SentientDaemon *self,
                              GDBusMethodInvocation *invocation,
                              const char *url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = NULL;
  SeedCall *seed;

  if (sentient_daemon_refuses (self, invocation))
    return TRUE;
  uri = sentient_channel_parse_uri (url, &error);
  if (uri == NULL)
    return sentient_daemon_refuse (invocation, g_steal_pointer (&error));

  give_up (self);
  self->node_tries = g_cancellable_new ();
  self->node_wanted = TRUE;
  sentient_daemon_manager_update (self);
  seed = g_new0 (SeedCall, 1);
  seed->call = sentient_daemon_call_new (self, invocation);
  seed->cancellable = g_object_ref (self->node_tries);
  seed->url = g_strdup (url);
  sentient_peer_disconnect_from_coordinator_async (self->peer, NULL, on_disconnected, seed);
  return TRUE;
}
