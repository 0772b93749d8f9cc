/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "await.h"
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

#define await(condition) await_within (60, condition)

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
