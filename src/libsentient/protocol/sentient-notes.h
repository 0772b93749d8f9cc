/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-replies.h"

G_BEGIN_DECLS

/* What one v1 session is told and must not lose: new messages of kind NOTE. Lists of peers come in
 * pages, all but the last with "more":true: (element-type SentientMessage). receiver is the node
 * whose session it is. */

/* Bytes of one page, unless a single peer takes more. */
#define SENTIENT_NOTE_PAGE 32768

GPtrArray *sentient_notes_new_join_result (const char *receiver,
                                           const char *room,
                                           const SentientPeerInfo *peers,
                                           guint n_peers,
                                           const SentientIceConfig *ice,
                                           guint64 ref);
/* Replaces all that was told of the room before. */
GPtrArray *sentient_notes_new_room_state (const char *receiver,
                                          const char *room,
                                          const SentientPeerInfo *peers,
                                          guint n_peers);
/* These signals to the node will not reach it. refs: (element-type guint64), rising. */
SentientMessage *sentient_note_new_undelivered (const char *to, GArray *refs);

G_END_DECLS
