/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-error.h"
#include "signaling/sentient-via.h"

G_BEGIN_DECLS

/* Which hosts and origins may call, which proxies are believed, and by what address we are known:
 * the one place that decides. */
typedef struct _SentientAccess SentientAccess;

/* loopback: bound to loopback only: no foreign host (DNS rebinding), no foreign origin. cors FALSE:
 * --no-cors. */
SentientAccess *sentient_access_new (gboolean loopback, gboolean cors);
void sentient_access_free (SentientAccess *self);

/* Settings, as an operator writes them; each error is BAD_REQUEST with a sentence. */
/* "https://host[:port][/prefix]" */
gboolean sentient_access_set_public_url (SentientAccess *self, const char *url, GError **error);
/* "https://host[:port]" */
gboolean sentient_access_add_origin (SentientAccess *self, const char *origin, GError **error);
/* "192.0.2.1", "10.0.0.0/8", "loopback" */
gboolean sentient_access_add_proxy (SentientAccess *self, const char *network, GError **error);

const SentientNetworks *sentient_access_get_proxies (const SentientAccess *self);

/* May the request be answered? open_path: pages of any origin may call it, if the policy is open.
 * *cors: the lines "Access-Control-Allow-Origin: …\r\n…" that its answer needs; NULL: none. Error:
 * FORBIDDEN. */
gboolean sentient_access_check (const SentientAccess *self,
                                const SentientVia *via,
                                gboolean open_path,
                                char **cors,
                                GError **error);
/* For what only this machine may see: neither through a proxy nor by a page that took a foreign
 * name for this machine. Error: FORBIDDEN. */
gboolean sentient_access_check_local (const SentientVia *via, GError **error);

/* How many bytes of a request's path are the prefix that we are known under; 0: none. */
gsize sentient_access_get_prefix_len (const SentientAccess *self,
                                      const SentientVia *via,
                                      const char *path,
                                      gsize path_len);
/* Where the client reaches path. fallback: "host:port" when it did not say what it calls us. */
char *sentient_access_dup_url (const SentientAccess *self,
                               const SentientVia *via,
                               gboolean websocket,
                               const char *fallback,
                               const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientAccess, sentient_access_free)

G_END_DECLS
