/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gi18n.h>

#include "client/sentient-client-private.h"
#include "dbus/sentient-dbus-names.h"

#define START_MS 60000  /* the bus's own deadline is shorter, as a rule */
#define ANSWER_MS 30000 /* from when the bus has started it */

char *
sentient_client_describe_error (GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return g_strdup (_ ("The Sentient daemon went away before it answered; see its log, and start "
                        "it again"));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT))
    return g_strdup (_ ("The Sentient daemon did not answer in time; see its log, or try again"));
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT))
    return g_strdup (_ ("The program that answers as the Sentient daemon does not know this "
                        "request; it may be of another version: start it again"));

  g_dbus_error_strip_remote_error (copy);
  return g_strdup (copy->message);
}

static gboolean
on_deadline (gpointer user_data)
{
  SentientClient *self = user_data;

  self->deadline_id = 0;
  sentient_client_set_error (
      self, _ ("The Sentient daemon was started, but does not answer; see its log"));
  sentient_client_settle (self);
  return G_SOURCE_REMOVE;
}

/* Who did not install it finds it where it was built. */
static char *
dup_daemon_path (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *built
      = folder != NULL ? g_canonicalize_filename ("../daemon/sentientd", folder) : NULL;
  gboolean is_built = built != NULL && g_file_test (built, G_FILE_TEST_IS_EXECUTABLE);

  if (is_built && !g_file_test (SENTIENTD_PATH, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&built);
  return g_strdup (SENTIENTD_PATH);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SentientClient *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  self->start_asked = FALSE;
  if (reply == NULL)
    {
      g_autofree char *path = dup_daemon_path ();
      const char *what;

      g_dbus_error_strip_remote_error (error);
      what = g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
                 ? _ ("no service file says how (\"meson install\" brings it)")
                 : error->message;
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                               _ ("The bus cannot start the Sentient daemon: %s. Start it by hand: "
                                  "%s"),
                               what, path);
      return;
    }
  if (self->manager != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->starting = g_steal_pointer (&task);
  self->deadline_id = g_timeout_add (ANSWER_MS, on_deadline, self);
  g_source_set_name_by_id (self->deadline_id, "sentient-client-deadline");
}

void
sentient_client_start_daemon_async (SentientClient *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SENTIENT_IS_CLIENT (self));
  g_return_if_fail (self->watch_id != 0);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sentient_client_start_daemon_async);
  if (self->start_asked || self->starting != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "%s",
                               _ ("The Sentient daemon is being started already"));
      return;
    }
  self->start_asked = TRUE;
  g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "StartServiceByName",
                          g_variant_new ("(su)", SENTIENT_DBUS_NAME, 0), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, START_MS, cancellable, on_started,
                          g_steal_pointer (&task));
}

gboolean
sentient_client_start_daemon_finish (SentientClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
