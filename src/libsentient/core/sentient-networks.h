/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A set of addresses, in ranges. An address is 16 bytes: IPv6, or IPv4 mapped into it. */
typedef struct _SentientNetworks SentientNetworks;

SentientNetworks *sentient_networks_new (void);
void sentient_networks_free (SentientNetworks *self);
/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", or "loopback". FALSE: it is none of these. */
gboolean sentient_networks_add (SentientNetworks *self, const char *text);
gboolean sentient_networks_is_empty (const SentientNetworks *self);
gboolean sentient_networks_contain (const SentientNetworks *self, const guint8 address[16]);

/* Whether a range begins at a loopback address: 0.0.0.0/0 has them, and does not mean them. */
gboolean sentient_networks_have_loopback (const SentientNetworks *self);

/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; the first and the last may have a ":port" behind.
 * No host names. */
gboolean sentient_networks_parse_address (const char *text, gsize len, guint8 address[16]);
/* "192.0.2.1" or "2001:db8::1". */
gboolean sentient_networks_parse_bare (const char *text, guint8 address[16]);
gboolean sentient_networks_is_ipv4 (const guint8 address[16]);
gboolean sentient_networks_is_loopback (const guint8 address[16]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientNetworks, sentient_networks_free)

G_END_DECLS
