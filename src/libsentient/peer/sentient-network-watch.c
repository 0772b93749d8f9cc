/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-network-watch.h"

#include "core/sentient-mailbox.h"

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

struct _SentientNetworkWatch
{
  void (*changed) (gpointer user_data);
  gpointer user_data;
  SentientMailbox *mailbox; /* the monitor is the process's: it speaks on whatever thread made it */
  gulong monitor_handler;
  GCancellable *cancellable; /* of the way to the bus */
  GDBusConnection *bus;      /* NULL: there is none (yet) */
  guint subscription;
};

static void
on_mail (gpointer item, gpointer user_data)
{
  SentientNetworkWatch *self = user_data;

  g_free (item);
  self->changed (self->user_data);
}

/* called on any thread */
static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  sentient_mailbox_post (user_data, g_new0 (gboolean, 1));
}

static void
mailbox_closure_free (gpointer mailbox, GClosure *closure)
{
  sentient_mailbox_unref (mailbox);
}

static void
on_prepare_for_sleep (GDBusConnection *bus,
                      const char *sender,
                      const char *path,
                      const char *interface,
                      const char *signal,
                      GVariant *parameters,
                      gpointer user_data)
{
  SentientNetworkWatch *self = user_data;
  gboolean begins = TRUE;

  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    g_variant_get (parameters, "(b)", &begins);
  if (!begins)
    self->changed (self->user_data);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientNetworkWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* self is gone */
  if (bus == NULL)
    {
      g_debug ("no system bus, so nothing tells when the machine wakes up: %s", error->message);
      return;
    }
  self->bus = g_steal_pointer (&bus);
  /* It is shared with the program, which is not to end because we looked at it. */
  g_dbus_connection_set_exit_on_close (self->bus, FALSE);
  self->subscription = g_dbus_connection_signal_subscribe (self->bus, LOGIND_NAME, LOGIND_MANAGER,
                                                           "PrepareForSleep", LOGIND_PATH, NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE,
                                                           on_prepare_for_sleep, self, NULL);
}

SentientNetworkWatch *
sentient_network_watch_new (GMainContext *context,
                            void (*changed) (gpointer user_data),
                            gpointer user_data)
{
  SentientNetworkWatch *self = g_new0 (SentientNetworkWatch, 1);

  self->changed = changed;
  self->user_data = user_data;
  self->mailbox = sentient_mailbox_new (context, "sentient-network", on_mail, self, g_free);
  self->monitor_handler
      = g_signal_connect_data (g_network_monitor_get_default (), "network-changed",
                               G_CALLBACK (on_network_changed),
                               sentient_mailbox_ref (self->mailbox), mailbox_closure_free, 0);
  self->cancellable = g_cancellable_new ();
  g_main_context_push_thread_default (context);
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, on_bus, self);
  g_main_context_pop_thread_default (context);
  return self;
}

void
sentient_network_watch_free (SentientNetworkWatch *self)
{
  g_signal_handler_disconnect (g_network_monitor_get_default (), self->monitor_handler);
  sentient_mailbox_close (self->mailbox);
  sentient_mailbox_unref (self->mailbox);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  g_clear_object (&self->bus);
  g_free (self);
}
