/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-enums.h"

G_BEGIN_DECLS

/* One end of the pair that ICE chose. */
typedef struct
{
  SentientCandidateType type;
  char *address; /* IPv6 without brackets */
  guint port;
} SentientLinkEnd;

/* The way that a link's data takes. */
typedef struct
{
  SentientLinkEnd local;
  SentientLinkEnd remote;
  char *protocol;            /* "udp" or "tcp", between the two */
  char *relay;               /* the TURN server whose address is our end; NULL: it is not one */
  const char *relay_through; /* "udp" or "tcp": how we reach it; NULL: not known */
  gint64 retransmits;        /* packets of SCTP that were sent again; -1: not known */
  guint64 n_batched;         /* packets that left past GStreamer's elements, close ones together */
} SentientLinkPath;

SentientLinkPath *sentient_link_path_copy (const SentientLinkPath *self);
void sentient_link_path_free (SentientLinkPath *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientLinkPath, sentient_link_path_free)

/* Either end is an address of a TURN server. */
gboolean sentient_link_path_is_relayed (const SentientLinkPath *self);
/* For people: "host 127.0.0.1:1234 ↔ host [::1]:5678 (udp)". */
char *sentient_link_path_to_text (const SentientLinkPath *self);

G_END_DECLS
