/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/sentient-directory.h"
#include "protocol/sentient-replies.h"
#include "signaling/sentient-access.h"
#include "signaling/sentient-engine.h"

G_BEGIN_DECLS

/* Where the engine's connections and the directory's sessions meet: it hands what clients say to
 * the model and what waits in the outboxes to the connections. */
typedef struct _SentientHub SentientHub;

typedef struct
{
  const char *coordinator_id; /* our node id */
  gboolean enabled;           /* FALSE: nothing below /webrtc is there */
  SentientIceConfig ice;
  const SentientAccess *access;
  guint max_message; /* bytes that a client may send at once; the engine sees to it */
} SentientHubConfig;

/* What config points to must outlive the hub. */
SentientHub *sentient_hub_new (SentientDirectory *directory,
                               SentientClock *clock,
                               const SentientHubConfig *config);
/* After the engine was freed. */
void sentient_hub_free (SentientHub *self);

SentientDirectory *sentient_hub_get_directory (SentientHub *self);
const SentientHubConfig *sentient_hub_get_config (SentientHub *self);

/* The callbacks to make an engine with; user_data is the hub. */
const SentientEngineHandler *sentient_hub_get_engine_handler (void);

/* What came by POST. authorization: the header's value, or absent. */
typedef struct
{
  const char *body;
  gsize len;
  SentientSpan authorization;
} SentientHubPost;

/* Each appends its answer to reply, unless there is an error. *ref: the number of a v1 request that
 * was handled, whatever came of it; 0: none. */
gboolean sentient_hub_http_join (SentientHub *self,
                                 const SentientHubPost *post,
                                 GString *reply,
                                 guint64 *ref,
                                 GError **error);
gboolean sentient_hub_http_leave (SentientHub *self,
                                  const SentientHubPost *post,
                                  GString *reply,
                                  guint64 *ref,
                                  GError **error);

/* Appends the error as an answer, counts it and returns its status. ref: as above. */
guint sentient_hub_http_error (SentientHub *self, const GError *error, guint64 ref, GString *reply);
/* The header lines that the error calls for ("Retry-After: …\r\n"), or NULL. */
char *sentient_hub_dup_error_headers (const GError *error);

/* The subprotocol of resumable sessions. */
#define SENTIENT_SUBPROTOCOL_V1 "sentient.v1"

/* May the WebSocket be opened? v1: it will ask for its session itself. Error: NODE_ID_TAKEN. */
gboolean sentient_hub_check_websocket (SentientHub *self,
                                       const SentientQuery *query,
                                       gboolean v1,
                                       GError **error);
/* For sentient_engine_accept_websocket (), which frees it by g_free (). */
gpointer sentient_hub_ws_data_new (const SentientQuery *query, gboolean v1);
/* Sends what is due to v1 clients, ends sockets whose client does not say which session it wants;
 * the hub does it by itself, too. */
void sentient_hub_check_sessions (SentientHub *self);

/* Answers the polls that have waited long enough; the hub does it by itself, too. */
void sentient_hub_check_polls (SentientHub *self);
/* For a clean stop: answers the polls that wait; from now on every request is refused. WebSockets
 * are the engine's to close, before its next turn. */
void sentient_hub_close (SentientHub *self);
/* Polls that wait for their answer. */
guint sentient_hub_get_n_polls (SentientHub *self);

/* Stopping: no new sessions and no joins, and /readyz says so. retry_after_ms: when there will be a
 * coordinator again, as far as is known. */
void sentient_hub_set_draining (SentientHub *self, guint retry_after_ms);
gboolean sentient_hub_is_draining (SentientHub *self);

G_END_DECLS
