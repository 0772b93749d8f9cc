/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every name and path on the bus. */

#define SENTIENT_DBUS_NAME "org.sentient.Sentient"
#define SENTIENT_DBUS_PATH "/org/sentient/Sentient" /* the ObjectManager */
#define SENTIENT_DBUS_MANAGER_PATH SENTIENT_DBUS_PATH "/Manager"
#define SENTIENT_DBUS_ROOMS_PATH SENTIENT_DBUS_PATH "/rooms"             /* …/N */
#define SENTIENT_DBUS_MEMBERS "members"                                  /* rooms/N/members/M */
#define SENTIENT_DBUS_CONNECTIONS_PATH SENTIENT_DBUS_PATH "/connections" /* …/N */
#define SENTIENT_DBUS_TRANSFERS_PATH SENTIENT_DBUS_PATH "/transfers"     /* …/N */

#define SENTIENT_DBUS_ERROR_PREFIX                                                                 \
  "org.sentient.Sentient1.Error." /* and the code, as UnknownPeer */

#define SENTIENT_DBUS_MANAGER_INTERFACE "org.sentient.Sentient1.Manager"
#define SENTIENT_DBUS_ROOM_INTERFACE "org.sentient.Sentient1.Room"
#define SENTIENT_DBUS_MEMBER_INTERFACE "org.sentient.Sentient1.Member"
#define SENTIENT_DBUS_CONNECTION_INTERFACE "org.sentient.Sentient1.Connection"
#define SENTIENT_DBUS_TRANSFER_INTERFACE "org.sentient.Sentient1.Transfer"
