/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"

G_BEGIN_DECLS

/* What an ICE candidate says of itself (RFC 8839). Addresses are as in core/sentient-networks.h. */
typedef struct
{
  SentientCandidateType type; /* UNKNOWN: a word that we do not know */
  gboolean is_tcp;
  gboolean has_address; /* else it is a name, such as those of mDNS */
  guint8 address[16];
  gboolean has_related; /* the address behind it, which srflx and relay may tell */
  guint8 related[16];
} SentientCandidate;

/* "candidate:1 1 UDP 2015363327 192.0.2.1 9 typ host", with "a=" before it or not. FALSE: it does
 * not look like one. */
gboolean sentient_candidate_parse (SentientCandidate *self, const char *text);
/* text with "raddr 0.0.0.0 rport 9" (or "::") where it tells the address behind it. */
char *sentient_candidate_dup_without_related (const char *text);

G_END_DECLS
