/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-candidate-filter.h"

G_BEGIN_DECLS

/* What a link may use to get through. */
typedef struct
{
  GStrv stun_urls;                 /* "stun:host:port"; webrtcbin takes the first only */
  GStrv turn_urls;                 /* "turn://user:pass@host:port?transport=udp", percent-encoded
                                      once; all are used */
  gboolean relay_only;             /* of our addresses, only those of TURN servers are used */
  SentientCandidateFilter *filter; /* NULL: every candidate passes */
} SentientLinkOptions;

/* URLs as people write them: "turn:user:pass@host:port" will do. Each list, and the filter, may be
 * NULL. IPv6 hosts stand in brackets. */
SentientLinkOptions *sentient_link_options_new (const char *const *stun_urls,
                                                const char *const *turn_urls,
                                                gboolean relay_only,
                                                SentientCandidateFilter *filter);
/* Of NULL: the defaults, without any server. */
SentientLinkOptions *sentient_link_options_copy (const SentientLinkOptions *self);
void sentient_link_options_free (SentientLinkOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientLinkOptions, sentient_link_options_free)

/* Whether of our own addresses those of a type may be used. */
gboolean sentient_link_options_allow_own (const SentientLinkOptions *self,
                                          SentientCandidateType type);
/* Our candidate as the other end may be told it; NULL: it does not pass. Where it must not know the
 * address behind it, it does not. */
char *sentient_link_options_screen_local (const SentientLinkOptions *self, const char *candidate);
/* Whether the other end's candidate may be used. */
gboolean sentient_link_options_admit_remote (const SentientLinkOptions *self,
                                             const char *candidate);

/* A server's URL as an error may show it: without user and password, on one line, not too long. */
char *sentient_link_options_show_url (const char *url);
/* The TURN servers of which we may use an address, so shown; NULL: none. */
char *sentient_link_options_dup_relays (const SentientLinkOptions *self);

G_END_DECLS
