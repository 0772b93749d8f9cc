/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What the fake coordinators have in common below what they say. */

/* On the loopback, at port (0: a free one), which is set. on_websocket NULL: no upgrades. */
SoupServer *fake_http_listen (SoupServerCallback on_request,
                              SoupServerWebsocketCallback on_websocket,
                              const char *const *protocols,
                              gpointer user_data,
                              guint *port);
JsonObject *fake_http_parse (const char *text);
/* NULL: the query does not have it. */
char *fake_http_dup_query (SoupServerMessage *message, const char *key);
void fake_http_answer (SoupServerMessage *message, guint status, const char *text);

typedef void (*FakePollFunc) (gpointer user_data);

/* A poll that is held until there is something to say. Zeros: there is none. */
typedef struct
{
  SoupServerMessage *message;
  GSource *timer;
  FakePollFunc ended;
  gpointer user_data;
} FakePoll;

/* As long as the query says; then ended (user_data) is to answer it. */
void
fake_poll_hold (FakePoll *self, SoupServerMessage *message, FakePollFunc ended, gpointer user_data);
void fake_poll_answer (FakePoll *self, const char *text);
/* It breaks off. */
void fake_poll_cut (FakePoll *self);
void fake_poll_forget (FakePoll *self);

G_END_DECLS
