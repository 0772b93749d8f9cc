/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-error.h"

G_BEGIN_DECLS

/* Which hosts and origins may call: the one place that decides. Spans are text without a closing
 * NUL; data NULL stands for an absent header. */
typedef struct
{
  gboolean
      loopback;  /* bound to loopback only: no foreign host (DNS rebinding), no foreign origin */
  gboolean cors; /* FALSE: --no-cors */
} SentientAccess;

/* Error: FORBIDDEN. */
gboolean sentient_access_check_host (const SentientAccess *self,
                                     const char *host,
                                     gsize host_len,
                                     GError **error);
/* open_path: may pages of any origin call it, if the policy is open? Error: FORBIDDEN. */
gboolean sentient_access_check_origin (const SentientAccess *self,
                                       const char *host,
                                       gsize host_len,
                                       const char *origin,
                                       gsize origin_len,
                                       gboolean open_path,
                                       GError **error);
/* For what only this machine may see: neither through a proxy (forwarded) nor by a page that took a
 * foreign name for this machine. Error: FORBIDDEN. */
gboolean sentient_access_check_local (const SentientAccess *self,
                                      gboolean remote_is_loopback,
                                      gboolean forwarded,
                                      const char *host,
                                      gsize host_len,
                                      GError **error);
/* The lines "Access-Control-Allow-Origin: …\r\n…" for an origin that was let in; NULL: none. */
char *
sentient_access_dup_cors_headers (const SentientAccess *self, const char *origin, gsize origin_len);

G_END_DECLS
