/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-types.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_TRANSFER_LIST (sentient_transfer_list_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientTransferList,
                      sentient_transfer_list,
                      SENTIENT,
                      TRANSFER_LIST,
                      GObject)

SENTIENT_API
guint sentient_transfer_list_get_max_transfers (SentientTransferList *self);
SENTIENT_API
void sentient_transfer_list_set_max_transfers (SentientTransferList *self, guint max);
SENTIENT_API
guint sentient_transfer_list_get_max_per_node (SentientTransferList *self);
SENTIENT_API
void sentient_transfer_list_set_max_per_node (SentientTransferList *self, guint max);
SENTIENT_API
gint64 sentient_transfer_list_get_max_size (SentientTransferList *self);
SENTIENT_API
void sentient_transfer_list_set_max_size (SentientTransferList *self, gint64 max);
SENTIENT_API
guint sentient_transfer_list_get_offer_timeout (SentientTransferList *self);
SENTIENT_API
void sentient_transfer_list_set_offer_timeout (SentientTransferList *self, guint ms);
SENTIENT_API
guint sentient_transfer_list_get_keep_time (SentientTransferList *self);
SENTIENT_API
void sentient_transfer_list_set_keep_time (SentientTransferList *self, guint ms);
SENTIENT_API
void sentient_transfer_list_clear (SentientTransferList *self);

#ifndef __GI_SCANNER__ /* for the peer; the shared library hides it */

typedef struct _SentientPeer SentientPeer;

SentientTransferList *sentient_transfer_list_new (SentientPeer *peer);
/* The peer is about to go. */
void sentient_transfer_list_dispose (SentientTransferList *self);
/* A message of the other node. FALSE: it broke the rules. Errors: PROTOCOL. */
gboolean sentient_transfer_list_receive (SentientTransferList *self,
                                         const char *node_id,
                                         GBytes *data,
                                         GError **error);
/* There may be place for messages to the node. */
void sentient_transfer_list_serve (SentientTransferList *self, const char *node_id);
/* The connection is over, for good. */
void sentient_transfer_list_node_over (SentientTransferList *self,
                                       const char *node_id,
                                       const GError *error);
/* The node was started anew, and knows nothing of what began before that attachment. */
void sentient_transfer_list_node_restarted (SentientTransferList *self,
                                            const char *node_id,
                                            guint attachment);
/* The application closes the connection; node_id NULL: all of them. */
void sentient_transfer_list_give_up (SentientTransferList *self, const char *node_id);

#endif

G_END_DECLS
