/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include "core/sentient-types.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_MEMBER (sentient_member_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientMember, sentient_member, SENTIENT, MEMBER, GObject)

SENTIENT_API
const char *sentient_member_get_node_id (SentientMember *self);
SENTIENT_API
const char *sentient_member_get_name (SentientMember *self);
SENTIENT_API
const char *sentient_member_get_room (SentientMember *self);
SENTIENT_API
const char *sentient_member_get_metadata (SentientMember *self);
SENTIENT_API
gint64 sentient_member_get_joined_at (SentientMember *self);
SENTIENT_API
gint64 sentient_member_get_last_seen (SentientMember *self);
SENTIENT_API
gboolean sentient_member_get_online (SentientMember *self);

#ifndef __GI_SCANNER__ /* for the floors to the right; the shared library hides it */

/* metadata: the text of a JSON object, or NULL. Times in ms since the epoch. */
SentientMember *
sentient_member_new (const char *node_id, const char *room, const char *metadata, gint64 joined_at);
void sentient_member_set_metadata (SentientMember *self, const char *metadata);
void sentient_member_set_online (SentientMember *self, gboolean online);
/* It does not speak v1, so that everybody is polite towards it. */
void sentient_member_set_plain (SentientMember *self, gboolean plain);
/* Of a coordinator's member: its session, unowned, while it is in the room. */
struct _SentientSession;
void sentient_member_set_session (SentientMember *self, struct _SentientSession *session);
struct _SentientSession *sentient_member_get_session (SentientMember *self);
/* See sentient_prefetch (); for sentient_member_get_session (). */
void sentient_member_prefetch (SentientMember *self);
gboolean sentient_member_is_plain (SentientMember *self);
void sentient_member_set_last_seen (SentientMember *self, gint64 last_seen);

#endif

G_END_DECLS
