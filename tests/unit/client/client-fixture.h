/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

/* A client and a fake daemon in a process of its own, on a private bus. */

G_BEGIN_DECLS

typedef struct
{
  GTestDBus *bus;
  SentientClient *client;
  GSubprocess *daemon;
  GDataInputStream *lines;
} Fixture;

gboolean client_on_watchdog (gpointer user_data);

#define CLIENT_PATIENCE_S 60

#define await(condition)                                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    guint watchdog                                                                                 \
        = g_timeout_add_seconds (CLIENT_PATIENCE_S, client_on_watchdog, (gpointer) #condition);    \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (watchdog);                                                                    \
  }                                                                                                \
  G_STMT_END

/* Reads what the daemon says until this comes. */
void expect_line (Fixture *f, const char *wanted);
void start_daemon (Fixture *f, const char *option);
void kill_daemon (Fixture *f);
/* The daemon has done it when this returns; the client may not have heard of it. */
void tell (Fixture *f, const char *line);
/* A callback; user_data: GAsyncResult **. */
void on_result (GObject *source, GAsyncResult *result, gpointer user_data);
void open_client (Fixture *f);
guint n_items (GListModel *model);
void set_up (Fixture *f, gconstpointer data);
void tear_down (Fixture *f, gconstpointer data);

G_END_DECLS
