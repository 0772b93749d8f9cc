/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "protocol/sentient-candidate.h"

G_BEGIN_DECLS

/* Which ICE candidates may be used. It is written in words: "host", "srflx" and "relay" for types,
 * "udp" and "tcp" for transports, "ipv4", "ipv6" and networks ("10.0.0.0/8", "2001:db8::/32", an
 * address, "loopback") for addresses, each also with "!" before it.
 *
 * A candidate passes if it is, of each of the three kinds of which any word stands without "!", one
 * of these, and nothing that stands with "!". So "relay" leaves relays only, "!tcp !10.0.0.0/8"
 * everything but TCP and one network, "ipv6 192.0.2.0/24" IPv6 and one network of IPv4. One whose
 * address is a name is in no family and no network.
 *
 * Immutable. */
typedef struct _SentientCandidateFilter SentientCandidateFilter;

#define SENTIENT_CANDIDATE_FILTER_MAX_WORDS 64

/* NULL or no words: everything passes. Error: BAD_REQUEST: a word that is none, too many, or a
 * filter that lets nothing through. */
SentientCandidateFilter *sentient_candidate_filter_new (const char *const *words, GError **error);
SentientCandidateFilter *sentient_candidate_filter_ref (SentientCandidateFilter *self);
void sentient_candidate_filter_unref (SentientCandidateFilter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientCandidateFilter, sentient_candidate_filter_unref)

gboolean sentient_candidate_filter_passes (const SentientCandidateFilter *self,
                                           const SentientCandidate *candidate);

/* One kind of words alone. */
gboolean sentient_candidate_filter_allows_type (const SentientCandidateFilter *self,
                                                SentientCandidateType type);
gboolean sentient_candidate_filter_allows_address (const SentientCandidateFilter *self,
                                                   const guint8 address[16]);
/* Whether it is of an excluded family or network: candidates from it cannot pass. Without regard to
 * networks that are asked for, since a public one may well be reached from a private address. */
gboolean sentient_candidate_filter_excludes_address (const SentientCandidateFilter *self,
                                                     const guint8 address[16]);
gboolean sentient_candidate_filter_has_addresses (const SentientCandidateFilter *self);
/* A loopback address or network is asked for. */
gboolean sentient_candidate_filter_names_loopback (const SentientCandidateFilter *self);

G_END_DECLS
