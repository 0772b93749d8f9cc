/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* ICE candidates that came before their offer: a bounded number of them, of a bounded number of
 * nodes. The node that has waited longest gives way. */
typedef struct _SentientEarlyCandidates SentientEarlyCandidates;

#define SENTIENT_EARLY_NODES_MAX 32
#define SENTIENT_EARLY_CANDIDATES_MAX 64 /* of one node */
#define SENTIENT_EARLY_SIZE_MAX 1024     /* bytes of a candidate */

typedef struct
{
  char *negotiation; /* NULL: a plain peer's */
  guint mline;
  char *text;
} SentientEarlyCandidate;

SentientEarlyCandidates *sentient_early_candidates_new (void);
void sentient_early_candidates_free (SentientEarlyCandidates *self);

/* FALSE: the node has as many as it may, or the candidate is too long. */
gboolean sentient_early_candidates_add (SentientEarlyCandidates *self,
                                        const char *node_id,
                                        const char *negotiation,
                                        guint mline,
                                        const char *text);
/* Those of the negotiation (or without one), in order; the node's others are dropped. */
GPtrArray *sentient_early_candidates_take (SentientEarlyCandidates *self,
                                           const char *node_id,
                                           const char *negotiation);
void sentient_early_candidates_drop (SentientEarlyCandidates *self, const char *node_id);
void sentient_early_candidates_clear (SentientEarlyCandidates *self);
guint sentient_early_candidates_get_n_nodes (SentientEarlyCandidates *self);

G_END_DECLS
