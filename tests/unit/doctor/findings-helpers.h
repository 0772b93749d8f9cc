/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-network-report-private.h"

G_BEGIN_DECLS

/* The codes of report's findings that begin with prefix, each with its severity: "a=ok b=note". */
char *findings_dup_codes (SentientNetworkReport *report, const char *prefix);
/* The one finding with that code. Borrowed. */
SentientFinding *findings_get (SentientNetworkReport *report, const char *code);
/* Its text holds what. */
void findings_assert_says (SentientNetworkReport *report, const char *code, const char *what);

#define findings_assert(report, prefix, wanted)                                                    \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *found_ = findings_dup_codes (report, prefix);                                 \
    g_assert_cmpstr (found_, ==, wanted);                                                          \
  }                                                                                                \
  G_STMT_END

GInetSocketAddress *findings_address (const char *address, guint port);

G_END_DECLS
