/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-error.h"
#include "protocol/sentient-json.h"
#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* Inside the protocol floor: the members that answers are made of. Each puts a comma before itself
 * where something stands there already. */

void sentient_reply_key (GString *out, const char *key);
void sentient_reply_text (GString *out, const char *key, const char *text);
void sentient_reply_int (GString *out, const char *key, gint64 number);
void sentient_reply_boolean (GString *out, const char *key, gboolean value);
/* NULL: an empty list. */
void sentient_reply_strv (GString *out, const char *key, const char *const *strv);
/* "code" and, under the given key, what is wrong. */
void sentient_reply_error (GString *out, const char *key, const GError *error);
/* "retryAfter" in ms, if the error says so. Over HTTP there is a header for it. */
void sentient_reply_retry_after (GString *out, const GError *error);
/* "metadata" of a peer object. */
void sentient_reply_metadata (GString *out, const SentientPeerInfo *peer);

/* The i-th object of a list of peers begins, with its ids and its name. */
void sentient_reply_begin_peer (GString *out, guint i, const SentientPeerInfo *peer);

/* "peers":[…] as a v1 session reads them; receiver: whose session it is. */
void sentient_reply_v1_peers (GString *out,
                              const char *receiver,
                              const SentientPeerInfo *peers,
                              guint n_peers);

G_END_DECLS
