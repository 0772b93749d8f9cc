/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbus/sentient-dbus.h"

G_BEGIN_DECLS

/* A room as SentientClient shows it: its proxy, and the proxies of its members as a list.
 *
 * Properties, all for the lifetime of the object:
 *
 *   "proxy"    SentientDBusRoom   name, joined, hosted, member-count, with their notifications
 *   "members"  GListModel         of SentientDBusMember, the oldest first
 */
#define SENTIENT_TYPE_CLIENT_ROOM (sentient_client_room_get_type ())
G_DECLARE_FINAL_TYPE (SentientClientRoom, sentient_client_room, SENTIENT, CLIENT_ROOM, GObject)

SentientDBusRoom *sentient_client_room_get_proxy (SentientClientRoom *self);
GListModel *sentient_client_room_get_members (SentientClientRoom *self);
/* Its name, as the proxy says it. */
const char *sentient_client_room_get_name (SentientClientRoom *self);

/* For SentientClient. */
SentientClientRoom *sentient_client_room_new (SentientDBusRoom *proxy);
void sentient_client_room_add_member (SentientClientRoom *self, SentientDBusMember *member);
void sentient_client_room_remove_member (SentientClientRoom *self, const char *path);

G_END_DECLS
