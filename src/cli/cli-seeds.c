/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-seeds.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output.h"
#include "core/sentient-backoff.h"
#include "peer/sentient-peer-statistics.h"

struct _CliSeeds
{
  SentientCoordinator *coordinator;
  SentientPeer *peer;
  GStrv seeds;
  GCancellable *cancellable;
  SentientBackoff backoff;
  GRand *rand;
  guint retry_id;
  gint64 connected_at; /* ms since the epoch, 0: not now */
  gboolean was_lost;
  gboolean introduces; /* the coordinator does; else its own node connects to nobody */

  GFunc done;
  gpointer user_data;
};

static void connect_to_seeds (CliSeeds *self);

/* Without what two spellings of one URL differ in. */
static char *
normalize (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  char *text = uri != NULL ? g_uri_to_string (uri) : g_strdup (url);
  gsize len = strlen (text);

  while (len > 0 && text[len - 1] == '/')
    text[--len] = '\0';
  return text;
}

static gboolean
is_same_url (const char *a, const char *b)
{
  g_autofree char *normal_a = normalize (a);
  g_autofree char *normal_b = normalize (b);

  return g_str_equal (normal_a, normal_b);
}

/* The seed in use is told as the peer stands to it; the others wait for their turn. */
static void
report (CliSeeds *self, const char *problem)
{
  const char *current = sentient_peer_get_coordinator_uri (self->peer);
  SentientPeerState state = sentient_peer_get_state (self->peer);

  for (guint i = 0; self->seeds[i] != NULL; i++)
    {
      gboolean is_current = current != NULL && is_same_url (current, self->seeds[i]);

      sentient_coordinator_report_seed (
          self->coordinator, self->seeds[i],
          is_current ? sentient_peer_get_coordinator_id (self->peer) : NULL,
          sentient_peer_state_to_string (
              is_current || self->seeds[1] == NULL ? state : SENTIENT_PEER_STATE_DISCONNECTED),
          is_current ? self->connected_at : 0, problem);
    }
}

static gboolean
on_retry (gpointer user_data)
{
  CliSeeds *self = user_data;

  self->retry_id = 0;
  connect_to_seeds (self);
  return G_SOURCE_REMOVE;
}

static void
retry_later (CliSeeds *self, const char *problem)
{
  guint wait_ms = sentient_backoff_next_ms (&self->backoff, self->rand);

  cli_say (CLI_WARN,
           _ ("No seed could be joined: %s. This coordinator serves on; the next try is "
              "in %u s."),
           problem, (wait_ms + 999) / 1000);
  report (self, problem);
  self->retry_id = g_timeout_add (wait_ms, on_retry, self);
  g_source_set_name_by_id (self->retry_id, "sentient-seed-retry");
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room
      = sentient_peer_join_finish (SENTIENT_PEER (source), result, &error);
  CliSeeds *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (room == NULL)
    {
      cli_say (CLI_WARN, _ ("The seed %s did not let this coordinator into \"global\": %s"),
               sentient_peer_get_coordinator_uri (self->peer), error->message);
      report (self, error->message);
      return;
    }
  cli_say (CLI_GOOD, _ ("Joined \"global\" at the seed %s."),
           sentient_peer_get_coordinator_uri (self->peer));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok
      = sentient_peer_connect_to_coordinator_finish (SENTIENT_PEER (source), result, &error);
  CliSeeds *self = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!ok)
    {
      retry_later (self, error->message);
      return;
    }
  sentient_backoff_reset (&self->backoff);
  sentient_peer_join_async (self->peer, "global", NULL, self->cancellable, on_joined, self);
}

static void
connect_to_seeds (CliSeeds *self)
{
  sentient_peer_connect_to_coordinator_async (self->peer, (const char *const *)self->seeds,
                                              self->cancellable, on_connected, self);
}

static void
on_state (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  CliSeeds *self = user_data;
  SentientPeerState state = sentient_peer_get_state (self->peer);

  if (state == SENTIENT_PEER_STATE_CONNECTED)
    {
      self->connected_at = g_get_real_time () / 1000;
      if (self->was_lost)
        cli_say (CLI_GOOD, _ ("The seed is back."));
      self->was_lost = FALSE;
    }
  else if (self->connected_at != 0)
    {
      self->connected_at = 0;
      self->was_lost = TRUE;
      if (self->done == NULL)
        cli_say (CLI_WARN, _ ("The seed was lost; trying to reach it again."));
    }
  report (self, NULL);
}

void
cli_seeds_apply (CliSeeds *self, SentientSettings *settings)
{
  g_object_set (self->peer, "auto-connect",
                self->introduces && sentient_settings_get_boolean (settings, "auto-webrtc"), NULL);
}

static char *
tell_metrics (SentientCoordinator *coordinator, gpointer statistics)
{
  return sentient_peer_statistics_to_metrics (statistics);
}

CliSeeds *
cli_seeds_new (SentientCoordinator *coordinator, SentientSettings *settings)
{
  CliSeeds *self = g_new0 (CliSeeds, 1);
  const char *const *stun = sentient_settings_get_strv (settings, "stun");
  const char *const *turn = sentient_settings_get_strv (settings, "turn");

  self->coordinator = g_object_ref (coordinator);
  self->seeds = g_strdupv ((GStrv)sentient_settings_get_strv (settings, "seeds"));
  self->cancellable = g_cancellable_new ();
  self->rand = g_rand_new ();
  sentient_backoff_init (&self->backoff, 2000, 60000);

  self->peer = sentient_peer_new (sentient_coordinator_get_node_id (coordinator));
  self->introduces = sentient_settings_get_boolean (settings, "webrtc");
  cli_seeds_apply (self, settings);
  if (stun != NULL)
    g_object_set (self->peer, "stun-servers", stun, NULL);
  if (turn != NULL)
    g_object_set (self->peer, "turn-servers", turn, NULL);
  g_object_set (self->peer, "relay-only", sentient_settings_get_boolean (settings, "relay-only"),
                "candidate-filter", sentient_settings_get_strv (settings, "candidate-filter"),
                NULL);
  sentient_settings_configure_mesh (settings, G_OBJECT (self->peer));
  g_signal_connect (self->peer, "notify::state", G_CALLBACK (on_state), self);

  sentient_coordinator_set_metrics_func (coordinator, tell_metrics,
                                         sentient_peer_statistics_new (self->peer), g_object_unref);

  report (self, NULL);
  connect_to_seeds (self);
  return self;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  CliSeeds *self = user_data;

  if (!sentient_peer_close_finish (SENTIENT_PEER (source), result, &error))
    cli_complain (_ ("leaving the seeds: %s"), error->message);
  self->done (self, self->user_data);
}

void
cli_seeds_close (CliSeeds *self, GFunc done, gpointer user_data)
{
  self->done = done;
  self->user_data = user_data;
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  sentient_peer_close_async (self->peer, NULL, on_closed, self);
}

void
cli_seeds_free (CliSeeds *self)
{
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->peer, self);
  sentient_coordinator_set_metrics_func (self->coordinator, NULL, NULL, NULL);
  g_clear_object (&self->peer);
  g_clear_object (&self->coordinator);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->seeds, g_strfreev);
  g_clear_pointer (&self->rand, g_rand_free);
  g_free (self);
}
