/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/sentient-network-doctor-private.h"

#include "core/sentient-error.h"
#include "doctor/sentient-doctor-run.h"
#include "doctor/sentient-network-report-private.h"

#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS 60000
#define TIMEOUT_DEFAULT_MS 5000
#define CONNECTIONS_MAX 64 /* that are told */

/**
 * SentientNetworkDoctor:
 *
 * Finds out why nodes reach each other, or do not: asks coordinators, STUN and TURN servers,
 * whether UDP passes, how the NAT before this machine maps addresses (RFC 5780 where a server
 * supports it, else by comparing what two servers see), and whether IPv6 works. What it finds it
 * says in sentences, each with what to do.
 *
 * It joins nothing and leaves nothing behind: what a TURN server gave it, it gives back. It lives
 * on the context that was thread-default when it was made; nothing blocks, and it ends by itself.
 *
 * Since: 0.1
 */
struct _SentientNetworkDoctor
{
  GObject parent_instance;

  GStrv coordinator_uris;
  GStrv stun_servers;
  GStrv turn_servers;
  guint timeout;
  gboolean running;
  GPtrArray *connections; /* SentientConnectionMeasurement */
};

typedef enum
{
  PROP_COORDINATOR_URIS = 1,
  PROP_STUN_SERVERS,
  PROP_TURN_SERVERS,
  PROP_TIMEOUT,
  PROP_RUNNING,
} SentientNetworkDoctorProperty;

static GParamSpec *properties[PROP_RUNNING + 1];

enum
{
  SIGNAL_PROGRESS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SentientNetworkDoctor, sentient_network_doctor, G_TYPE_OBJECT)

static void
sentient_network_doctor_get_property (GObject *object,
                                      guint prop_id,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  SentientNetworkDoctor *self = SENTIENT_NETWORK_DOCTOR (object);

  switch ((SentientNetworkDoctorProperty)prop_id)
    {
    case PROP_COORDINATOR_URIS:
      g_value_set_boxed (value, self->coordinator_uris);
      break;
    case PROP_STUN_SERVERS:
      g_value_set_boxed (value, self->stun_servers);
      break;
    case PROP_TURN_SERVERS:
      g_value_set_boxed (value, self->turn_servers);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, self->running);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_strv (SentientNetworkDoctor *self, GStrv *field, const GValue *value, GParamSpec *pspec)
{
  GStrv strv = g_value_get_boxed (value);

  if ((strv == NULL) == (*field == NULL)
      && (strv == NULL || g_strv_equal ((const char *const *)strv, (const char *const *)*field)))
    return;
  g_strfreev (*field);
  *field = g_strdupv (strv);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
sentient_network_doctor_set_property (GObject *object,
                                      guint prop_id,
                                      const GValue *value,
                                      GParamSpec *pspec)
{
  SentientNetworkDoctor *self = SENTIENT_NETWORK_DOCTOR (object);

  switch ((SentientNetworkDoctorProperty)prop_id)
    {
    case PROP_COORDINATOR_URIS:
      set_strv (self, &self->coordinator_uris, value, pspec);
      break;
    case PROP_STUN_SERVERS:
      set_strv (self, &self->stun_servers, value, pspec);
      break;
    case PROP_TURN_SERVERS:
      set_strv (self, &self->turn_servers, value, pspec);
      break;
    case PROP_TIMEOUT:
      if (self->timeout == g_value_get_uint (value))
        return;
      self->timeout = g_value_get_uint (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_RUNNING:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sentient_network_doctor_finalize (GObject *object)
{
  SentientNetworkDoctor *self = SENTIENT_NETWORK_DOCTOR (object);

  g_clear_pointer (&self->coordinator_uris, g_strfreev);
  g_clear_pointer (&self->stun_servers, g_strfreev);
  g_clear_pointer (&self->turn_servers, g_strfreev);
  g_clear_pointer (&self->connections, g_ptr_array_unref);

  G_OBJECT_CLASS (sentient_network_doctor_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * SentientNetworkDoctor:coordinator-uris:
   *
   * Coordinators to ask, such as `http://host:8888`; at most 4 are.
   *
   * Since: 0.1
   */
  properties[PROP_COORDINATOR_URIS]
      = g_param_spec_boxed ("coordinator-uris", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);
  /**
   * SentientNetworkDoctor:stun-servers:
   *
   * STUN servers to ask, such as `stun:host:3478`, at most 8; %NULL: those that a coordinator
   * names.
   *
   * Since: 0.1
   */
  properties[PROP_STUN_SERVERS]
      = g_param_spec_boxed ("stun-servers", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);
  /**
   * SentientNetworkDoctor:turn-servers:
   *
   * TURN servers to ask, such as `turn:user:password@host:3478?transport=udp`, percent-encoded, at
   * most 8; %NULL: those that a coordinator names.
   *
   * Since: 0.1
   */
  properties[PROP_TURN_SERVERS]
      = g_param_spec_boxed ("turn-servers", NULL, NULL, G_TYPE_STRV, flags | G_PARAM_WRITABLE);
  /**
   * SentientNetworkDoctor:timeout:
   *
   * How many milliseconds one question may wait for its answer. All of an examination takes at most
   * about ten times as long.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT]
      = g_param_spec_uint ("timeout", NULL, NULL, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS,
                           TIMEOUT_DEFAULT_MS, flags | G_PARAM_WRITABLE);
  /**
   * SentientNetworkDoctor:running:
   *
   * Whether an examination is under way.
   *
   * Since: 0.1
   */
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
sentient_network_doctor_class_init (SentientNetworkDoctorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sentient_network_doctor_get_property;
  object_class->set_property = sentient_network_doctor_set_property;
  object_class->finalize = sentient_network_doctor_finalize;
  install_properties (object_class);

  /**
   * SentientNetworkDoctor::progress:
   * @self: the doctor
   * @done: how many questions are answered, or will not be
   * @total: of how many that are known by now; it grows
   * @what: what is asked now, for a person, with its address
   *
   * An examination goes on.
   *
   * Since: 0.1
   */
  signals[SIGNAL_PROGRESS]
      = g_signal_new ("progress", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_STRING);
}

static void
sentient_network_doctor_init (SentientNetworkDoctor *self)
{
  self->timeout = TIMEOUT_DEFAULT_MS;
  self->connections
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_connection_measurement_free);
}

SentientConnectionMeasurement *
sentient_network_doctor_add_connection (SentientNetworkDoctor *self, const char *node_id)
{
  SentientConnectionMeasurement *one;

  if (self->connections->len >= CONNECTIONS_MAX)
    return NULL;
  one = sentient_connection_measurement_new (node_id);
  g_ptr_array_add (self->connections, one);
  return one;
}

/**
 * sentient_network_doctor_new:
 *
 * Returns: (transfer full): a new doctor
 *
 * Since: 0.1
 */
SentientNetworkDoctor *
sentient_network_doctor_new (void)
{
  return g_object_new (SENTIENT_TYPE_NETWORK_DOCTOR, NULL);
}

static void
set_running (SentientNetworkDoctor *self, gboolean running)
{
  self->running = running;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
}

static void
on_progress (guint done, guint total, const char *what, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_PROGRESS], 0, done, total, what);
}

static void
on_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientNetworkDoctor *self = g_task_get_source_object (task);
  GError *error = NULL;
  SentientMeasurements *measured = sentient_doctor_run_finish (result, &error);

  set_running (self, FALSE);
  if (measured == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_ptr_array_extend_and_steal (measured->connections, g_steal_pointer (&self->connections));
  self->connections
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_connection_measurement_free);
  g_task_return_pointer (task, sentient_network_report_new (measured), g_object_unref);
}

/**
 * sentient_network_doctor_run_async:
 * @self: a doctor
 * @cancellable: (nullable): to end it early
 * @callback: (scope async) (closure user_data): called with the result
 * @user_data: for @callback
 *
 * Examines the network. Errors: %SENTIENT_ERROR_BUSY while another examination of @self is under
 * way, %G_IO_ERROR_CANCELLED. That a server is not reached is a finding and no error.
 *
 * Since: 0.1
 */
void
sentient_network_doctor_run_async (SentientNetworkDoctor *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  SentientDoctorOrder order;

  g_return_if_fail (SENTIENT_IS_NETWORK_DOCTOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, sentient_network_doctor_run_async);
  if (self->running)
    {
      g_task_return_new_error (task, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                               "an examination is under way already: wait until it ends");
      return;
    }
  set_running (self, TRUE);
  order = (SentientDoctorOrder){
    .coordinators = (const char *const *)self->coordinator_uris,
    .stun = (const char *const *)self->stun_servers,
    .turn = (const char *const *)self->turn_servers,
    .timeout_ms = self->timeout,
    .progress = on_progress,
    .user_data = self,
  };
  sentient_doctor_run_async (&order, cancellable, on_run, g_steal_pointer (&task));
}

/**
 * sentient_network_doctor_run_finish:
 * @self: a doctor
 * @result: the result
 * @error: return location
 *
 * Returns: (transfer full): what was found, or %NULL with @error set
 *
 * Since: 0.1
 */
SentientNetworkReport *
sentient_network_doctor_run_finish (SentientNetworkDoctor *self,
                                    GAsyncResult *result,
                                    GError **error)
{
  g_return_val_if_fail (SENTIENT_IS_NETWORK_DOCTOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
