/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-offers.h"

#include <glib/gi18n.h>

/* The settings may answer an offer at once. */
#define SETTLE_MS 300

struct _SentientAppletOffers
{
  GApplication *application; /* unowned, it holds us */
  SentientClient *client;
  gboolean (*is_watched) (GApplication *);
  GHashTable *told;     /* ids of notifications */
  GHashTable *followed; /* SentientDBusTransfer, held */
  guint settle_id;
};

static void
tell (SentientAppletOffers *self, SentientDBusTransfer *transfer, const char *id)
{
  gint64 size = sentient_dbus_transfer_get_size (transfer);
  const char *name = sentient_dbus_transfer_get_name (transfer);
  g_autofree char *title
      = g_strdup_printf (_ ("%s Offers a File"), sentient_dbus_transfer_get_node_id (transfer));
  g_autofree char *amount = size >= 0 ? g_format_size ((guint64)size) : NULL;
  g_autofree char *body
      = amount != NULL ? g_strdup_printf ("%s (%s)", name, amount) : g_strdup (name);
  g_autoptr (GNotification) notification = g_notification_new (title);

  g_notification_set_body (notification, body);
  g_notification_set_default_action (notification, "app.show-files");
  g_notification_add_button (notification, _ ("Show"), "app.show-files");
  g_application_send_notification (self->application, id, notification);
}

static gboolean
withdraw (gpointer id, gpointer value, gpointer user_data)
{
  SentientAppletOffers *self = user_data;

  if (value != NULL)
    return FALSE;
  g_application_withdraw_notification (self->application, id);
  return TRUE;
}

static void
unmark (gpointer id, gpointer value, gpointer user_data)
{
  g_hash_table_insert (user_data, g_strdup (id), NULL);
}

static gboolean
on_settled (gpointer user_data)
{
  SentientAppletOffers *self = user_data;
  GListModel *transfers = sentient_client_get_transfers (self->client);
  g_autoptr (GHashTable) before = g_steal_pointer (&self->told);

  self->settle_id = 0;
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_foreach (before, unmark, self->told);
  for (guint i = 0; i < g_list_model_get_n_items (transfers); i++)
    {
      g_autoptr (SentientDBusTransfer) transfer = g_list_model_get_item (transfers, i);
      g_autofree char *id = g_strdup_printf ("offer-%" G_GUINT64_FORMAT,
                                             sentient_client_get_transfer_number (transfer));

      if (g_strcmp0 (sentient_dbus_transfer_get_state (transfer), "offered") != 0
          || g_strcmp0 (sentient_dbus_transfer_get_direction (transfer), "incoming") != 0)
        continue;
      if (!g_hash_table_contains (before, id) && !self->is_watched (self->application))
        tell (self, transfer, id);
      g_hash_table_insert (self->told, g_steal_pointer (&id), GINT_TO_POINTER (1));
    }
  g_hash_table_foreach_remove (self->told, withdraw, self);
  return G_SOURCE_REMOVE;
}

static void
settle (SentientAppletOffers *self)
{
  if (self->settle_id != 0)
    return;
  self->settle_id = g_timeout_add (SETTLE_MS, on_settled, self);
  g_source_set_name_by_id (self->settle_id, "sentient-applet-offers");
}

static void
unfollow (gpointer transfer, gpointer value, gpointer user_data)
{
  g_signal_handlers_disconnect_by_data (transfer, user_data);
}

static void
on_transfers (SentientAppletOffers *self)
{
  GListModel *transfers = sentient_client_get_transfers (self->client);

  g_hash_table_foreach (self->followed, unfollow, self);
  g_hash_table_remove_all (self->followed);
  for (guint i = 0; i < g_list_model_get_n_items (transfers); i++)
    {
      SentientDBusTransfer *transfer = g_list_model_get_item (transfers, i);

      g_signal_connect_swapped (transfer, "notify::state", G_CALLBACK (settle), self);
      g_hash_table_add (self->followed, transfer);
    }
  settle (self);
}

SentientAppletOffers *
sentient_applet_offers_new (GApplication *application,
                            SentientClient *client,
                            gboolean (*is_watched) (GApplication *))
{
  SentientAppletOffers *self = g_new0 (SentientAppletOffers, 1);

  self->application = application;
  self->client = g_object_ref (client);
  self->is_watched = is_watched;
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->followed = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  g_signal_connect_swapped (sentient_client_get_transfers (client), "items-changed",
                            G_CALLBACK (on_transfers), self);
  return self;
}

void
sentient_applet_offers_free (SentientAppletOffers *self)
{
  g_clear_handle_id (&self->settle_id, g_source_remove);
  g_signal_handlers_disconnect_by_data (sentient_client_get_transfers (self->client), self);
  g_hash_table_foreach (self->followed, unfollow, self);
  g_hash_table_unref (self->followed);
  g_hash_table_unref (self->told);
  g_object_unref (self->client);
  g_free (self);
}
