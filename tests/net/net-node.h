/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sentient.h"

G_BEGIN_DECLS

/* One line of JSON on stdout: {"t": monotonic ms, "self": id, "event": event, key: value ...}.
 * Triples of a key, "s" or "i", and a string (NULL: left out) or a gint64; a NULL ends them. */
void net_say (SentientPeer *self, const char *event, ...) G_GNUC_NULL_TERMINATED;

/* Numbered messages to other nodes, and the check of those that come. */
typedef struct _NetFloods NetFloods;

NetFloods *net_floods_new (SentientPeer *peer);
void net_floods_free (NetFloods *self);
/* RUN COUNT SIZE|MIN-MAX text|json|binary [PACE_MS]; COUNT 0: until it is stopped. FALSE: that is
 * no such thing. Tells "sent". */
gboolean net_floods_start (NetFloods *self, const char *node_id, char **words);
/* One more message, the last. */
void net_floods_stop (NetFloods *self, const char *node_id);
/* There may be room for more. */
void net_floods_pump (NetFloods *self);
/* FALSE: it is none of a flood. Tells "flowing" at the first message and at each after a pause,
 * "received" at the last, and "broken" when one is missing, comes twice or is not what was sent. */
gboolean net_floods_receive (NetFloods *self, const char *node_id, GBytes *data, gboolean is_text);

G_END_DECLS
