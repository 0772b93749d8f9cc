/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A small coordinator for tests that keeps v1 sessions, written from PROTOCOL.md alone, on a real
 * socket of the loopback. A session never ends by itself. */
typedef struct
{
  SoupServer *server;
  guint port;
  GHashTable *sessions; /* node id → FakeSession */
  GPtrArray *joined;    /* of char *: "room node" */
  GPtrArray *handled;   /* (element-type JsonObject): requests, with "from" and "by" */

  gboolean plain;        /* takes the subprotocol as some do, and knows nothing of sessions */
  gboolean no_websocket; /* refuses the upgrade */
  gboolean deaf;         /* what comes by WebSocket, but for "resume", is lost on the way */
  gboolean hold_acks;    /* of what comes by WebSocket */
  gboolean hold_answers; /* to POSTs, which are handled, until fake_v1_let_go () */
  GPtrArray *held;       /* of SoupServerMessage */
  guint lose_answers;    /* POSTs that are handled, and whose answers are lost */
  guint websockets;      /* that were ever taken */
  guint polls;
  guint repeated; /* requests that came again after they were handled */
} FakeV1;

FakeV1 *fake_v1_new (void);
void fake_v1_free (FakeV1 *self);
char *fake_v1_dup_uri (FakeV1 *self);

/* The next number; the text has none. */
void fake_v1_say (FakeV1 *self, const char *node_id, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* The same, but it gets lost on the way until the session is resumed. */
void fake_v1_lose (FakeV1 *self, const char *node_id, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Without a number, by WebSocket. */
void fake_v1_say_raw (FakeV1 *self, const char *node_id, const char *text);
/* So many messages are gone for good, and it says so. */
void fake_v1_gap (FakeV1 *self, const char *node_id, guint n);
/* Others hear of it. */
void fake_v1_add_member (FakeV1 *self, const char *node_id, const char *room);
gboolean fake_v1_has_member (FakeV1 *self, const char *node_id, const char *room);

/* The WebSocket, or the poll, breaks. */
void fake_v1_cut (FakeV1 *self, const char *node_id);
void fake_v1_close (FakeV1 *self, const char *node_id, gushort code);
/* As if the coordinator had been started anew. */
void fake_v1_forget (FakeV1 *self, const char *node_id);
/* Somebody else holds the id. */
void fake_v1_take (FakeV1 *self, const char *node_id);

/* Gives the answers that were held. */
void fake_v1_let_go (FakeV1 *self);
gboolean fake_v1_is_polled (FakeV1 *self, const char *node_id);
guint64 fake_v1_get_seq (FakeV1 *self, const char *node_id);
guint64 fake_v1_get_acked (FakeV1 *self, const char *node_id);
guint64 fake_v1_get_ref (FakeV1 *self, const char *node_id);
/* The n-th (from 0) request of that type that was handled; NULL: not yet. */
JsonObject *fake_v1_find (FakeV1 *self, const char *node_id, const char *type, guint n);
guint fake_v1_count (FakeV1 *self, const char *node_id, const char *type);

G_END_DECLS
