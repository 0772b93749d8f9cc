/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

G_BEGIN_DECLS

struct _SentientClient
{
  GObject parent_instance;

  GBusType bus;
  GDBusConnection *connection;
  gboolean closed; /* as it was told: GIO knows it earlier, in a thread of its own */
  guint watch_id;
  GTask *opening;       /* until it is known whether a daemon is there */
  gboolean start_asked; /* the bus was asked to start the daemon */
  GTask *starting;      /* until the daemon that the bus has started answers */
  guint deadline_id;

  /* Of the present owner of the name. Asked under its unique name, so that nothing of an earlier
   * owner gets in, and GLib has no cause to ask again by a call that blocks. */
  GCancellable *cancellable;
  GDBusObjectManager *objects;
  SentientDBusManager *manager;
  GHashTable *rooms_by_path; /* char * to SentientClientRoom */
  GListStore *rooms;
  GListStore *connections;
  GListStore *transfers;
  char *error;
};

/* sentient-client.c */

void sentient_client_set_error (SentientClient *self, const char *error);
/* Notifies, and follows its signals. */
void sentient_client_set_manager (SentientClient *self, SentientDBusManager *manager);
/* What was waited for is known now. */
void sentient_client_settle (SentientClient *self);
const char *sentient_client_how_to_start (SentientClient *self);

/* sentient-client-objects.c */

/* Asks the owner of the name for its objects, and follows them. */
void sentient_client_follow (SentientClient *self, const char *owner);
/* Nothing of the owner that was is left. */
void sentient_client_forget (SentientClient *self);

G_END_DECLS
