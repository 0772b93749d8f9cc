/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-engine.h"
#include "signaling/sentient-ws-frame.h"

/* An engine on loopback with a small echo handler, and raw clients for it, all on one main loop
 * with a manual clock.
 *
 *   /native…       answered natively: "METHOD path?query|body"; /native/hold waits for
 *                  fixture_answer (), /native/big answers with 8 MiB
 *   /soup…         the same through libsoup; /soup/hold pauses, /soup/big answers with 8 MiB
 *   /ws            WebSocket: text is echoed
 *
 * What the handler was told stands in log, a word and ';' each. */
typedef struct
{
  SentientEngineConfig config;
  SentientManualClock *clock;
  SoupServer *server;
  SentientEngine *engine;
  guint16 port;
  guint watchdog;
  GString *log;
  gboolean quiet; /* no log */

  SentientConn *held;      /* the last request at /native/hold */
  SentientConn *conn;      /* the last WebSocket */
  SoupServerMessage *soup; /* paused at /soup/hold */
  guint n_ws_data;         /* alive */
  guint fills;             /* messages that ws_fill still sends */
  gsize fill_size;
  guint64 last_end, last_sent;
} Fixture;

typedef struct
{
  Fixture *fixture;
  int fd;
  GString *in;
  gboolean eof;
  gboolean reset;
} Client;

void fixture_set_up (Fixture *self, gconstpointer data);
void fixture_tear_down (Fixture *self, gconstpointer data);
/* With a config of its own: before anything else. */
void fixture_restart (Fixture *self);
/* One that does not listen yet. */
SentientEngine *fixture_new_engine (Fixture *self);
void fixture_advance (Fixture *self, gint64 ms);
void fixture_wait (Fixture *self, const char *in_log);
void fixture_wait_connections (Fixture *self, guint n);
void fixture_settle (Fixture *self);
void fixture_answer (Fixture *self, const char *body);
/* What the log says since the last call. */
void fixture_assert_log (Fixture *self, const char *expected);

Client *client_new (Fixture *fixture);
/* From an address of this machine, "127.0.0.2". */
Client *client_new_from (Fixture *fixture, const char *source);
void client_free (Client *self);
void client_send (Client *self, const char *text);
void client_send_bytes (Client *self, const void *data, gsize len);
void client_read (Client *self, gsize at_least);
void client_read_until (Client *self, const char *end);
void client_expect_eof (Client *self);
void client_half_close (Client *self);
void client_reset (Client *self);
/* Reads one response; returns its status. *body (may be NULL) is to be freed. */
guint client_response (Client *self, char **head, char **body);
/* Like that, with the response to a HEAD request. */
guint client_response_head (Client *self, char **head);

void client_ws_open (Client *self);
void client_ws_send (Client *self, guint8 first_byte, const void *payload, gsize len);
void client_ws_text (Client *self, const char *text);
void client_ws_expect (Client *self, guint8 opcode, const void *payload, gsize len);
void client_ws_expect_text (Client *self, const char *text);
void client_ws_expect_close (Client *self, guint16 code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

#define fixture_add(path, func)                                                                    \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
