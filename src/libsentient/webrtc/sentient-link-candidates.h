/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "webrtc/sentient-link-options.h"
#include "webrtc/sentient-link.h"
#include "webrtc/sentient-sdp.h"

G_BEGIN_DECLS

/* The candidates of one link, by its options: those that do not pass are told by the link's signal
 * "candidate-refused" and go no further; the others wait here until their description is there. */
typedef struct _SentientLinkCandidates SentientLinkCandidates;

/* The link is not referenced, and has to live longer. */
SentientLinkCandidates *sentient_link_candidates_new (SentientLink *link,
                                                      const SentientLinkOptions *options);
void sentient_link_candidates_free (SentientLinkCandidates *self);

/* One of ours was found; "" is the end of them. Emits "local-candidate", now or later, and at the
 * end a "complaint" if there are TURN servers and none of them lent an address: libnice is silent
 * about that. */
void sentient_link_candidates_found (SentientLinkCandidates *self, const char *candidate);
/* Why ICE failed, as far as our candidates tell. */
const char *sentient_link_candidates_explain (SentientLinkCandidates *self);
/* Our description was told. */
void sentient_link_candidates_tell (SentientLinkCandidates *self);

/* TRUE: the other end's candidate is to be used now. */
gboolean sentient_link_candidates_take (SentientLinkCandidates *self, const char *candidate);
/* The other end's description is set: those that came before it, to be used now. */
GPtrArray *sentient_link_candidates_steal_early (SentientLinkCandidates *self);
/* Takes those out of a description of the other end that do not pass. */
void sentient_link_candidates_screen (SentientLinkCandidates *self, GstSDPMessage *sdp);

G_END_DECLS
