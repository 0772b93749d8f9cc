/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/sentient-daemon-private.h"

G_BEGIN_DECLS

/* The objects below /rooms: what the peer is in and what the coordinator keeps, one for a name.
 *
 * sentient-daemon-rooms.c: which rooms there are, and what is to be shown of them.
 * sentient-daemon-members.c: their members. */

struct _SentientDaemonRooms
{
  SentientDaemon *daemon;
  GHashTable *rooms; /* name → SentientDaemonRoom */
  SentientDaemonMirror *joined;
  SentientDaemonMirror *hosted; /* NULL: the coordinator does not run */
  guint64 last_number;
  guint n_rooms;
  guint n_members;
  gboolean hides; /* something is not on the bus */
  guint show_id;
};

typedef struct
{
  SentientDaemonRooms *rooms;
  char *name;
  char *path;
  SentientDBusRoom *skeleton; /* NULL: not on the bus */
  SentientRoom *joined;       /* the peer's; NULL: it is not in it */
  SentientRoom *hosted;       /* the coordinator's; NULL: it has none */
  SentientDaemonMirror *joined_members;
  SentientDaemonMirror *hosted_members;
  GHashTable *members;    /* node id → member of sentient-daemon-members.c */
  GHashTable *neighbours; /* node ids */
} SentientDaemonRoom;

GHashTable *sentient_daemon_members_new (void);
/* The node is in the room now, as it is asked for, or no more. */
void sentient_daemon_members_set_self (SentientDaemonRoom *room, gboolean in_it);
/* SentientDaemonMirrorFunc; user_data is the room. */
void sentient_daemon_members_joined_came (gpointer item, gpointer user_data);
void sentient_daemon_members_joined_went (gpointer item, gpointer user_data);
void sentient_daemon_members_hosted_came (gpointer item, gpointer user_data);
void sentient_daemon_members_hosted_went (gpointer item, gpointer user_data);
/* The room's neighbours are others now. */
void sentient_daemon_members_neighbours_changed (SentientDaemonRoom *room);
/* Puts those on the bus that are not there. */
void sentient_daemon_members_show (SentientDaemonRoom *room);
void sentient_daemon_members_hide (SentientDaemonRoom *room);

void sentient_daemon_room_update (SentientDaemonRoom *room);
/* Something went from the bus: others may come. */
void sentient_daemon_rooms_show_later (SentientDaemonRooms *self);

G_END_DECLS
