/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/sentient-enums.h"
#include "core/sentient-error.h"
#include "protocol/sentient-server-message.h"
#include "signaling/sentient-client-session.h"

G_BEGIN_DECLS

/* A way for a client to talk to one coordinator. A channel is opened once, and is over once it was
 * closed. Everything happens on the context that was thread-default when it was made.
 *
 * Signals:
 *   "message" (SentientServerMessage *)       what the coordinator said; valid during the call. The
 *                                             answers to join and leave come this way, too, as does
 *                                             a JOIN_RESULT without a room that only brings ICE
 *                                             servers.
 *   "signal-failed" (SentientSignal *, GError *)  this signal of ours did not go through (only
 * where the channel can tell which one) "fault" (GError *)                        the coordinator
 * said something senseless; we go on "closed" (GError * or NULL)               once, last, only
 * after a successful open. NULL: we closed it. NODE_ID_TAKEN: another session has our id, do not
 * come back.
 *
 * A channel offers the coordinator to speak v1. If it does, what is asked and what comes goes
 * through the session that was given to the channel, so that the next one can go on where this one
 * broke off; else the session is dropped. */
#define SENTIENT_TYPE_CHANNEL (sentient_channel_get_type ())
G_DECLARE_INTERFACE (SentientChannel, sentient_channel, SENTIENT, CHANNEL, GObject)

#define SENTIENT_CHANNEL_BODY_MAX (1024 * 1024) /* bytes of one message or answer */

/* WebSocket close codes */
#define SENTIENT_CLOSE_TOO_BIG 1009
#define SENTIENT_CLOSE_TAKEN_OVER 4001    /* another connection has our session, or our node id */
#define SENTIENT_CLOSE_BROKEN 4002        /* we broke the rules of the session */
#define SENTIENT_CLOSE_NODE_ID_TAKEN 4009 /* another session held our node id when we came */

struct _SentientChannelInterface
{
  GTypeInterface parent_iface;

  SentientChannelKind kind;
  void (*open_async) (SentientChannel *self,
                      guint timeout_ms,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  gboolean (*join) (SentientChannel *self, const char *room, const char *metadata, GError **error);
  gboolean (*leave) (SentientChannel *self, const char *room, GError **error);
  gboolean (*send_signal) (SentientChannel *self, SentientSignal *signal, GError **error);
  void (*close) (SentientChannel *self);
};

SentientChannelKind sentient_channel_get_kind (SentientChannel *self);

/* Done when the coordinator has answered. Errors: TIMED_OUT after timeout_ms; NOT_CONNECTED:
 * nothing listens there, so that another kind of channel need not be tried; or what the coordinator
 * said. */
void sentient_channel_open_async (SentientChannel *self,
                                  guint timeout_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean sentient_channel_open_finish (SentientChannel *self, GAsyncResult *result, GError **error);

/* Queue one request. FALSE: it was not taken (NOT_CONNECTED, BUSY). room NULL: leave all. */
gboolean sentient_channel_join (SentientChannel *self,
                                const char *room,
                                const char *metadata,
                                GError **error);
gboolean sentient_channel_leave (SentientChannel *self, const char *room, GError **error);
gboolean
sentient_channel_send_signal (SentientChannel *self, SentientSignal *signal, GError **error);

/* Leaves all rooms; "closed" (NULL) follows within two seconds, never during this call. */
void sentient_channel_close (SentientChannel *self);

/* For implementations. */
void sentient_channel_emit_message (SentientChannel *self, SentientServerMessage *message);
void
sentient_channel_emit_signal_failed (SentientChannel *self, SentientSignal *signal, GError *error);
void sentient_channel_emit_fault (SentientChannel *self, GError *error);
void sentient_channel_emit_closed (SentientChannel *self, GError *error);
/* What came in a v1 session, with what follows from it. FALSE: messages are missing. */
gboolean sentient_channel_hand_out (SentientChannel *self,
                                    SentientClientSession *session,
                                    SentientServerMessage *message);
void sentient_channel_emit_failed (SentientChannel *self, SentientClientSession *session);
GError *sentient_channel_new_broken_error (void);
/* What a close code of the coordinator means for the session. */
void sentient_channel_take_close_code (guint code, SentientClientSession *session);

/* Where a coordinator is: http or https, host, port, and the path before "/webrtc" without a slash
 * at its end. Takes http(s)://, ws(s)://, or host:port, with or without "/webrtc" or
 * "/webrtc/signal". Errors: BAD_REQUEST. */
GUri *sentient_channel_parse_uri (const char *text, GError **error);
/* (element-type GUri): 1 to max of them. Errors: BAD_REQUEST. */
GPtrArray *sentient_channel_parse_uris (const char *const *uris, guint max, GError **error);
/* path: "/webrtc/info"; query may be NULL. */
GUri *
sentient_channel_uri_join (GUri *base, gboolean websocket, const char *path, const char *query);

G_END_DECLS
