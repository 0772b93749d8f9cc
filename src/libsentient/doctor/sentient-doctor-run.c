/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-doctor-run.h"

#include "doctor/sentient-probe.h"
#include "protocol/sentient-ice-private.h"

typedef struct
{
  SentientMeasurements *measured;
  SentientProbing probing;
  GCancellable *inner; /* of the probes */
  GCancellable *outer;
  gulong outer_id;
  GStrv coordinators;
  GStrv stun;
  GStrv turn;
  SentientNamedServers named[SENTIENT_DOCTOR_COORDINATORS_MAX];
  GInetAddress *stun_ipv6; /* of a STUN server, or NULL */
  SentientDoctorProgress progress;
  gpointer user_data;
  guint pending; /* of this round */
  guint done;
  guint total;
  void (*next) (GTask *task);
} Run;

/* One server of either kind. */
typedef struct
{
  GTask *task; /* of the run; owned */
  SentientIceUrl url;
  char *host;
  guint16 port;
  gboolean tcp;
} Server;

static void
run_free (Run *self)
{
  if (self->outer_id != 0)
    g_signal_handler_disconnect (self->outer, self->outer_id);
  g_clear_object (&self->outer);
  g_clear_object (&self->inner);
  g_clear_object (&self->stun_ipv6);
  g_clear_pointer (&self->measured, sentient_measurements_free);
  g_clear_pointer (&self->coordinators, g_strfreev);
  g_clear_pointer (&self->stun, g_strfreev);
  g_clear_pointer (&self->turn, g_strfreev);
  for (guint i = 0; i < G_N_ELEMENTS (self->named); i++)
    sentient_named_servers_clear (&self->named[i]);
  g_free (self);
}

static void
server_free (Server *self)
{
  sentient_ice_url_clear (&self->url);
  g_clear_pointer (&self->host, g_free);
  g_clear_object (&self->task);
  g_free (self);
}

static gboolean
start_round (gpointer user_data)
{
  Run *self = g_task_get_task_data (user_data);

  self->next (user_data);
  return G_SOURCE_REMOVE;
}

/* Begins a round of one that ends with settle (): its probes may end at once. */
static void
schedule (GTask *task, void (*next) (GTask *task))
{
  Run *self = g_task_get_task_data (task);
  g_autoptr (GSource) source = g_idle_source_new ();

  self->next = next;
  g_source_set_static_name (source, "sentient-doctor-round");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, start_round, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

static void
begin (GTask *task)
{
  Run *self = g_task_get_task_data (task);

  self->pending++;
  self->total++;
}

static void
settle (GTask *task)
{
  Run *self = g_task_get_task_data (task);

  g_assert (self->pending > 0);
  self->pending--;
  self->done++;
  if (self->pending == 0)
    schedule (task, self->next);
}

static void
tell (GTask *task, const char *what)
{
  Run *self = g_task_get_task_data (task);

  if (self->progress != NULL)
    self->progress (self->done, self->total, what, self->user_data);
}

/* The end of a probe. */
static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  sentient_probe_finish (result);
  settle (task);
}

static void
finish (GTask *task)
{
  Run *self = g_task_get_task_data (task);

  tell (task, "done");
  if (g_cancellable_is_cancelled (self->inner))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                             "the examination was cancelled");
  else
    g_task_return_pointer (task, g_steal_pointer (&self->measured),
                           (GDestroyNotify)sentient_measurements_free);
}

/* The third round */
static void
ask_mapping (GTask *task)
{
  Run *self = g_task_get_task_data (task);

  sentient_probe_ipv6 (self->measured, self->stun_ipv6);
  self->next = finish;
  begin (task);
  tell (task, "the NAT");
  sentient_probe_mapping_async (&self->probing, self->measured, on_probed, g_object_ref (task));
}

static void
ask_stun_at (Server *server, SentientHostAddresses *addresses)
{
  Run *self = g_task_get_task_data (server->task);

  for (guint i = 0; i < 2; i++)
    {
      GInetAddress *address = i == 0 ? addresses->ipv4 : addresses->ipv6;
      SentientStunMeasurement *one;

      if (address == NULL)
        continue;
      if (i == 1)
        g_set_object (&self->stun_ipv6, address);
      one = sentient_measurements_add_stun (self->measured, server->host, server->port, i == 1);
      begin (server->task);
      sentient_probe_stun_async (&self->probing, one, address, on_probed,
                                 g_object_ref (server->task));
    }
}

static void
on_stun_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Server *server = user_data;
  Run *self = g_task_get_task_data (server->task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHostAddresses) addresses = sentient_probe_resolve_finish (result, &error);

  if (addresses != NULL)
    ask_stun_at (server, addresses);
  else
    {
      SentientStunMeasurement *one
          = sentient_measurements_add_stun (self->measured, server->host, server->port, FALSE);

      one->outcome = sentient_outcome_from_error (error);
      one->detail = g_strdup (error->message);
    }
  settle (server->task);
  server_free (server);
}

/* Over UDP and TCP, whichever of them connections use. */
static void
ask_turn_at (Server *server, SentientHostAddresses *addresses)
{
  Run *self = g_task_get_task_data (server->task);
  GInetAddress *address = addresses->ipv4 != NULL ? addresses->ipv4 : addresses->ipv6;

  for (guint i = 0; i < 2; i++)
    {
      SentientTurnMeasurement *one
          = sentient_measurements_add_turn (self->measured, server->host, server->port, i == 1,
                                            server->tcp == (i == 1));

      begin (server->task);
      sentient_probe_turn_async (&self->probing, one, address, server->url.username,
                                 server->url.credential, on_probed, g_object_ref (server->task));
    }
}

static void
on_turn_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Server *server = user_data;
  Run *self = g_task_get_task_data (server->task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientHostAddresses) addresses = sentient_probe_resolve_finish (result, &error);

  if (addresses != NULL)
    ask_turn_at (server, addresses);
  else
    {
      SentientTurnMeasurement *one
          = sentient_measurements_add_turn (self->measured, server->host, server->port, server->tcp,
                                            TRUE);

      one->outcome = sentient_outcome_from_error (error);
      one->detail = g_strdup (error->message);
    }
  settle (server->task);
  server_free (server);
}

static void
add_unasked (Run *self, const Server *server, gboolean turn, SentientOutcome outcome)
{
  const char *host = server->host != NULL ? server->host : "?";

  if (turn)
    sentient_measurements_add_turn (self->measured, host, server->port, server->tcp, TRUE)->outcome
        = outcome;
  else
    sentient_measurements_add_stun (self->measured, host, server->port, FALSE)->outcome = outcome;
}

static void
ask_server (GTask *task, const char *url, gboolean turn)
{
  Run *self = g_task_get_task_data (task);
  Server *server = g_new0 (Server, 1);
  gboolean good = sentient_ice_url_parse (&server->url, url, NULL);
  g_autofree char *what = NULL;

  if (good)
    sentient_ice_url_split (&server->url, &server->host, &server->port, &server->tcp);
  /* What it is named for decides: a STUN server among the TURN servers is of no use there. */
  if (good && g_str_has_prefix (server->url.scheme, "turn") != turn)
    good = FALSE;
  if (!good || (turn && server->url.username == NULL))
    {
      add_unasked (self, server, turn, SENTIENT_OUTCOME_BAD_URL);
      server_free (server);
      return;
    }
  if (g_str_has_suffix (server->url.scheme, "s"))
    {
      add_unasked (self, server, turn, SENTIENT_OUTCOME_UNSUPPORTED);
      server_free (server);
      return;
    }
  server->task = g_object_ref (task);
  begin (task);
  what = g_strdup_printf ("the %s server %s", turn ? "TURN" : "STUN", server->host);
  tell (task, what);
  sentient_probe_resolve_async (&self->probing, server->host,
                                turn ? on_turn_resolved : on_stun_resolved, server);
}

static void
ask_servers (GTask *task, const char *const *urls, gboolean turn)
{
  Run *self = g_task_get_task_data (task);
  g_autoptr (GPtrArray) asked = g_ptr_array_new ();

  for (guint i = 0; urls != NULL && urls[i] != NULL; i++)
    {
      if (g_ptr_array_find_with_equal_func (asked, urls[i], g_str_equal, NULL))
        continue;
      if (asked->len == SENTIENT_DOCTOR_SERVERS_MAX)
        {
          self->measured->left_out++;
          continue;
        }
      g_ptr_array_add (asked, (gpointer)urls[i]);
      ask_server (task, urls[i], turn);
    }
}

/* The second round */
static void
ask_all_servers (GTask *task)
{
  Run *self = g_task_get_task_data (task);
  const char *const *stun = (const char *const *)self->stun;
  const char *const *turn = (const char *const *)self->turn;

  for (guint i = 0; i < G_N_ELEMENTS (self->named); i++)
    {
      if (stun == NULL)
        stun = (const char *const *)self->named[i].stun_urls;
      if (turn == NULL)
        turn = (const char *const *)self->named[i].turn_urls;
    }
  self->next = ask_mapping;
  begin (task); /* so that the round ends once, after all of it began */
  ask_servers (task, stun, FALSE);
  ask_servers (task, turn, TRUE);
  settle (task);
}

/* The first round */
static void
ask_coordinators (GTask *task)
{
  Run *self = g_task_get_task_data (task);
  char **urls = self->coordinators;

  self->next = ask_all_servers;
  begin (task);
  for (guint i = 0; urls != NULL && urls[i] != NULL; i++)
    {
      if (i >= SENTIENT_DOCTOR_COORDINATORS_MAX)
        {
          self->measured->left_out++;
          continue;
        }
      begin (task);
      tell (task, "a coordinator");
      sentient_probe_coordinator_async (&self->probing,
                                        sentient_measurements_add_coordinator (self->measured,
                                                                               urls[i]),
                                        &self->named[i], on_probed, g_object_ref (task));
    }
  settle (task);
}

void
sentient_doctor_run_async (const SentientDoctorOrder *order,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Run *self = g_new0 (Run, 1);

  g_task_set_source_tag (task, sentient_doctor_run_async);
  g_task_set_task_data (task, self, (GDestroyNotify)run_free);
  self->measured = sentient_measurements_new ();
  self->coordinators = g_strdupv ((char **)order->coordinators);
  self->stun = g_strdupv ((char **)order->stun);
  self->turn = g_strdupv ((char **)order->turn);
  self->progress = order->progress;
  self->user_data = order->user_data;
  self->inner = g_cancellable_new ();
  self->probing = (SentientProbing){ order->timeout_ms, self->inner };
  if (cancellable != NULL)
    {
      self->outer = g_object_ref (cancellable);
      if (g_cancellable_is_cancelled (cancellable))
        g_cancellable_cancel (self->inner);
      else
        self->outer_id = g_signal_connect_swapped (cancellable, "cancelled",
                                                   G_CALLBACK (g_cancellable_cancel), self->inner);
    }
  schedule (task, ask_coordinators);
}

SentientMeasurements *
sentient_doctor_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
