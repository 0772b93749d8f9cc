/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Texts that may be shown with addresses, or with "address-1", "address-2" … in their place: the
 * same for the same address, in the order in which they were first marked. */
typedef struct _SentientHider SentientHider;

SentientHider *sentient_hider_new (void);
void sentient_hider_free (SentientHider *self);

/* address, a name or a number, with marks around it, to be put into a text. */
char *sentient_hider_mark (SentientHider *self, const char *address);
/* HOST:PORT, of which HOST is marked. */
char *sentient_hider_mark_place (SentientHider *self, const char *host, guint port);
char *sentient_hider_mark_socket (SentientHider *self, GInetSocketAddress *address);
/* The url with its host marked, and without what may be secret in it: user, password, query. */
char *sentient_hider_mark_url (SentientHider *self, const char *url);

/* text without marks; hide: with placeholders, also for numeric addresses that nobody marked. */
char *sentient_hider_show (SentientHider *self, const char *text, gboolean hide);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientHider, sentient_hider_free)

G_END_DECLS
