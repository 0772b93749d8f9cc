/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-http.h"
#include "fake-v1.h"

G_BEGIN_DECLS

/* fake-v1.c: sessions, rooms, WebSocket; fake-v1-http.c: the rest. fake-http.c: what it shares with
 * the other fake coordinator. */

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
  FakePoll poll;
} FakeSession;

FakeSession *fake_session_find (FakeV1 *self, const char *node_id);
FakeSession *fake_session_new (FakeV1 *self, const char *node_id);
void fake_session_free (gpointer data);
void fake_session_forget_socket (FakeSession *session);
/* Says what there is; nothing is to be done if there is no poll. */
void fake_session_end_poll (gpointer session);
void fake_session_take_ack (FakeSession *session, guint64 seq);
/* What the one who asked is told, without number; NULL: nothing. */
char *
fake_session_handle (FakeSession *session, JsonObject *object, const char *type, const char *by);

void fake_v1_on_websocket (SoupServer *server,
                           SoupServerMessage *message,
                           const char *path,
                           SoupWebsocketConnection *socket,
                           gpointer user_data);

G_END_DECLS
