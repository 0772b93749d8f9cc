/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "model/sentient-member.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_ROOM (sentient_room_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientRoom, sentient_room, SENTIENT, ROOM, GObject)

SENTIENT_API
const char *sentient_room_get_name (SentientRoom *self);
SENTIENT_API
guint sentient_room_get_n_members (SentientRoom *self);
SENTIENT_API
gboolean sentient_room_get_permanent (SentientRoom *self);
SENTIENT_API
SentientMember *sentient_room_find_member (SentientRoom *self, const char *node_id);

#ifndef __GI_SCANNER__ /* for the floors to the right; the shared library hides it */

SentientRoom *sentient_room_new (const char *name, gboolean permanent);
/* The item at position, unowned. */
SentientMember *sentient_room_peek (SentientRoom *self, guint position);
/* Adds at the end; node_id must not be there yet. */
void sentient_room_add (SentientRoom *self, SentientMember *member);
gboolean sentient_room_remove (SentientRoom *self, SentientMember *member);
void sentient_room_clear (SentientRoom *self);

#endif

G_END_DECLS
