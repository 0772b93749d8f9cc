/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-client-request.h"

G_BEGIN_DECLS

/* The client's half of a v1 session: which numbers went, which came, and what has to be said again
 * after a loss. It outlives the channels that carry it, and does no I/O itself. As long as no
 * session was begun (the coordinator is a plain one, or has not answered yet) it is empty. */
typedef struct _SentientClientSession SentientClientSession;

/* What is asked and not acknowledged yet; beyond, BUSY. */
#define SENTIENT_CLIENT_REQUESTS_MAX 1024
#define SENTIENT_CLIENT_BYTES_MAX (1024 * 1024)
/* Acknowledged signals of which is still known what they were. */
#define SENTIENT_CLIENT_RECENT_MAX 1024
/* Members that are taken from the pages of one list. */
#define SENTIENT_CLIENT_PEERS_MAX 4096
/* The coordinator must hear of what came after so many messages or so long. */
#define SENTIENT_CLIENT_ACK_EVERY 32
#define SENTIENT_CLIENT_ACK_MS 250

SentientClientSession *sentient_client_session_new (void);
SentientClientSession *sentient_client_session_ref (SentientClientSession *self);
void sentient_client_session_unref (SentientClientSession *self);

/* Opening */

gboolean sentient_client_session_is_begun (SentientClientSession *self);
/* It was taken up again by the last channel that was opened: nothing was lost. */
gboolean sentient_client_session_was_resumed (SentientClientSession *self);
/* The token is nobody's business but that of the coordinator that gave it: NULL towards others, as
 * long as none was given. */
const char *sentient_client_session_get_token (SentientClientSession *self, GUri *base);
/* The first message of a WebSocket to that coordinator. */
char *sentient_client_session_make_resume (SentientClientSession *self, GUri *base);
/* A channel is about to be opened: until it says otherwise nothing is resumed. */
void sentient_client_session_opening (SentientClientSession *self);
/* "connected" of a v1 coordinator. FALSE (PROTOCOL): it makes no sense. */
gboolean sentient_client_session_connected (SentientClientSession *self,
                                            GUri *base,
                                            SentientServerMessage *message,
                                            GError **error);
/* A new session, whatever there was; ref: what the coordinator has handled in it. */
void sentient_client_session_begin (SentientClientSession *self,
                                    GUri *base,
                                    const char *name,
                                    const char *token,
                                    guint64 ref);
/* That of an earlier process with this node id, which was killed: a WebSocket takes it up, so that
 * the id is free, and leaves the rooms of then. */
void sentient_client_session_restore (SentientClientSession *self,
                                      GUri *base,
                                      const char *name,
                                      const char *token);
/* For who wants to restore it later; FALSE: none was begun. The strings and the URI are borrowed.
 */
gboolean sentient_client_session_get_secrets (SentientClientSession *self,
                                              GUri **base,
                                              const char **name,
                                              const char **token);
/* It was found alive without "connected": by a poll. */
void sentient_client_session_resumed (SentientClientSession *self);
/* It cannot be taken up any more. Signals without acknowledgement fail. */
void sentient_client_session_drop (SentientClientSession *self);
/* Nobody is interested in it any more, but the coordinator could not be told: when it is taken up,
 * it leaves its rooms, and what comes before that is of no interest. */
void sentient_client_session_abandon (SentientClientSession *self);

/* Asking */

/* The request's number; 0: there are too many already (BUSY). */
guint64 sentient_client_session_add (SentientClientSession *self,
                                     SentientClientRequest *request,
                                     GError **error);
/* The first that has a number above after and was not handled; NULL: none. To say everything
 * (again) begin with 0. */
SentientClientRequest *
sentient_client_session_next (SentientClientSession *self, guint64 after, guint64 *ref);
/* The request with its number, and what has come so far. */
char *sentient_client_session_make_text (SentientClientSession *self,
                                         SentientClientRequest *request,
                                         guint64 ref,
                                         const char *node_id);
/* It goes by HTTP: its answer comes only that way. */
void sentient_client_session_posted (SentientClientSession *self, guint64 ref);
/* HTTP says that it, and all before, was handled; its result may be still to come. */
void sentient_client_session_handled (SentientClientSession *self, guint64 ref);
/* HTTP has answered it. */
void sentient_client_session_answered (SentientClientSession *self, guint64 ref);

/* HTTP says that it is wrong and does not count: what follows takes its number. */
void sentient_client_session_refused (SentientClientSession *self, guint64 ref);
/* A socket was closed because a message on it was too large: the largest that is not handled fails
 * when the session is taken up again. */
void sentient_client_session_too_large (SentientClientSession *self);
/* The coordinator found a fault with us. The session can be taken up again, unless that comes to
 * nothing several times. */
void sentient_client_session_fault (SentientClientSession *self);

/* Hearing */

typedef enum
{
  SENTIENT_CLIENT_TAKE,   /* hand it out; its pages are put together, an error is told as the result
                             of the request that it answers */
  SENTIENT_CLIENT_DROP,   /* it came twice, or was for the session only */
  SENTIENT_CLIENT_BROKEN, /* messages are missing: come back and resume */
} SentientClientVerdict;

SentientClientVerdict sentient_client_session_receive (SentientClientSession *self,
                                                       SentientServerMessage *message);

/* A signal of ours that did not get through. What is known of it may be no more than its type, who
 * it was for, and its negotiation. */
typedef struct
{
  SentientSignal *signal;
  GError *error;
} SentientFailedSignal;

/* Since the last call: (element-type SentientFailedSignal). */
GPtrArray *sentient_client_session_take_failed (SentientClientSession *self);

guint64 sentient_client_session_get_seen (SentientClientSession *self);
/* How many have come of which the coordinator does not know. */
guint64 sentient_client_session_count_unacked (SentientClientSession *self);
/* A message that tells it. */
char *sentient_client_session_make_ack (SentientClientSession *self);
/* It was told, by other means: up to this. */
void sentient_client_session_acked (SentientClientSession *self, guint64 seq);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientClientSession, sentient_client_session_unref)

G_END_DECLS
