/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-v1.h"

G_BEGIN_DECLS

/* fake-v1.c: sessions, rooms, WebSocket; fake-v1-http.c: the rest. */

typedef struct
{
  FakeV1 *coordinator;
  char *node_id;
  char *name;
  char *token;
  guint64 seq;
  guint64 acked;
  guint64 ref;
  GQueue outbox; /* of char *, the last of them has number seq */
  char *outcome; /* of the last POST */
  SoupWebsocketConnection *socket;
  SoupServerMessage *poll;
  GSource *poll_timer;
} FakeSession;

FakeSession *fake_session_find (FakeV1 *self, const char *node_id);
FakeSession *fake_session_new (FakeV1 *self, const char *node_id);
void fake_session_free (gpointer data);
void fake_session_forget_socket (FakeSession *session);
void fake_session_forget_poll (FakeSession *session);
void fake_session_end_poll (FakeSession *session);
void fake_session_take_ack (FakeSession *session, guint64 seq);
/* What the one who asked is told, without number; NULL: nothing. */
char *
fake_session_handle (FakeSession *session, JsonObject *object, const char *type, const char *by);

JsonObject *fake_v1_parse (const char *text);
void fake_v1_answer (SoupServerMessage *message, guint status, const char *text);
char *fake_v1_dup_query (SoupServerMessage *message, const char *key);
void fake_v1_on_websocket (SoupServer *server,
                           SoupServerMessage *message,
                           const char *path,
                           SoupWebsocketConnection *socket,
                           gpointer user_data);

G_END_DECLS
