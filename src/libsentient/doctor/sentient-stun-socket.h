/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-stun-message.h"

G_BEGIN_DECLS

/* A socket over which one question after the other is asked. Everything happens on the context that
 * was thread-default when it was made. */
#define SENTIENT_TYPE_STUN_SOCKET (sentient_stun_socket_get_type ())
G_DECLARE_FINAL_TYPE (SentientStunSocket, sentient_stun_socket, SENTIENT, STUN_SOCKET, GObject)

/* Of one server. UDP: what the kernel hears of it (nothing listens, no route) ends a question at
 * once; TCP: connects with the first question. Errors: those of GIO. */
SentientStunSocket *
sentient_stun_socket_new_to (GSocketAddress *server, gboolean tcp, GError **error);
/* UDP from one address of ours to any server. */
SentientStunSocket *sentient_stun_socket_new_from (GInetAddress *local, GError **error);

/* Where it is bound; NULL: not yet (TCP). */
GInetSocketAddress *sentient_stun_socket_dup_local (SentientStunSocket *self);

/* Sends request (taken) to "to", or to the socket's one server if that is NULL, and over UDP again
 * after 0.5 s, 1 s more, 2 s more and so on (RFC 8489), until there is an answer or timeout_ms are
 * over. One at a time. */
void sentient_stun_socket_ask_async (SentientStunSocket *self,
                                     SentientStunRequest *request,
                                     GSocketAddress *to,
                                     guint timeout_ms,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* How an answer came. */
typedef struct
{
  guint sent;     /* how often the question went out */
  gint64 rtt_us;  /* from the last of them */
  gboolean noise; /* something else came meanwhile that made no sense */
} SentientStunExchange;

/* NULL: TIMED_OUT of SENTIENT_ERROR (nothing came), PROTOCOL (only what makes no sense),
 * UNAUTHORIZED (only what is not signed), BAD_REQUEST (the question is too long), or what GIO says:
 * connection refused, no route, cancelled. exchange may be NULL. */
SentientStunReply *sentient_stun_socket_ask_finish (SentientStunSocket *self,
                                                    GAsyncResult *result,
                                                    SentientStunExchange *exchange,
                                                    GError **error);

G_END_DECLS
