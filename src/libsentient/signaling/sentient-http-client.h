/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "core/sentient-error.h"
#include "protocol/sentient-server-message.h"

G_BEGIN_DECLS

/* One bounded HTTP exchange with a coordinator: bounded in time and in the size of the answer. */

/* Without proxy for loopback hosts, without libsoup's own timeouts (ours are exact). */
SoupSession *sentient_http_session_new (GUri *base);

/* body NULL: GET, else POST of JSON; taken. token NULL: without "Authorization". fresh_connection:
 * do not use a kept one, which libsoup would silently dial again if it breaks. cancellable must be
 * cancelled on our context only. */
void sentient_http_request_async (SoupSession *session,
                                  GUri *uri,
                                  char *body,
                                  const char *token,
                                  guint timeout_ms,
                                  gboolean fresh_connection,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

typedef struct
{
  guint status;
  guint retry_after_ms; /* 0: the answer did not say */
  gint64 date_ms;       /* the server's clock, to the second; 0: it did not say */
  GBytes *body;
} SentientHttpReply;

/* NULL: there was no answer at all: TIMED_OUT, NOT_CONNECTED (nothing listens), CONNECTION_LOST,
 * PROTOCOL (the answer is too large), or G_IO_ERROR_CANCELLED. */
SentientHttpReply *sentient_http_request_finish (GAsyncResult *result, GError **error);
/* The same, but with the errors of GIO as they are. */
SentientHttpReply *sentient_http_request_finish_raw (GAsyncResult *result, GError **error);
void sentient_http_reply_free (SentientHttpReply *reply);

/* The answer as a message of that kind. Never NULL: an answer without sense is a refusal, with what
 * its status says as the error. */
SentientServerMessage *sentient_http_reply_parse (SentientHttpReply *reply,
                                                  SentientServerMessageKind kind);

/* What the answer's Retry-After says, at most two minutes; 0: nothing. */
guint sentient_http_get_retry_after_ms (SoupMessage *message);

/* What a status says when the body does not. */
SentientError sentient_http_status_to_error (guint status);

/* Turns an error of GIO or libsoup into one of ours that names the coordinator. Takes error. */
GError *sentient_http_wrap_error (GError *error, GUri *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientHttpReply, sentient_http_reply_free)

G_END_DECLS
