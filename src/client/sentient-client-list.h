/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lists of what stands at numbered paths. The daemon never uses a number again, so in their order
 * the oldest comes first, whatever order the bus tells them in. */

/* The number at the end of a path; 0 if there is none. */
guint64 sentient_client_path_number (const char *path);

/* The path of what a list holds. */
typedef const char *(*SentientClientPathFunc) (gpointer item);

/* For lists of proxies. */
const char *sentient_client_proxy_path (gpointer proxy);

/* Quick for what has the highest number so far. */
void sentient_client_list_insert (GListStore *list, gpointer item, SentientClientPathFunc get_path);
/* Takes the item of this path out, if it is there. */
void
sentient_client_list_remove (GListStore *list, const char *path, SentientClientPathFunc get_path);

G_END_DECLS
