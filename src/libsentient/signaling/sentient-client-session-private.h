/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "signaling/sentient-client-session.h"

G_BEGIN_DECLS

/* sentient-client-session.c: opening and asking.
 * sentient-client-session-receive.c: hearing. */

/* A request that is still in question: a signal until it is acknowledged, a join or leave until its
 * result is there. */
typedef struct
{
  guint64 ref;
  SentientClientRequest *request;
  gboolean posted;
} SentientClientEntry;

/* An acknowledged signal. */
typedef struct
{
  guint64 ref;
  SentientSignal *signal; /* without its payload, but for the negotiation */
} SentientClientRecent;

struct _SentientClientSession /* in a GRcBox */
{
  char *name;  /* NULL: none was begun */
  char *token; /* the same */
  GUri *base;  /* of the coordinator that gave them */
  gboolean resumed;
  gboolean restored; /* of an earlier process, and not taken up yet: its numbers are not known */

  guint64 last_ref; /* the last number that we gave */
  guint64 handled;  /* every request up to it was */
  GQueue entries;   /* of Entry, by ref */
  gsize bytes;      /* of all entries */
  GQueue recent;    /* of Recent, by ref */
  gboolean too_large;
  guint64 leaving; /* the request that ends what was abandoned; 0: none */

  guint64 seen;  /* every message up to it has come */
  guint64 acked; /* and the coordinator knows, up to this */
  guint faults;
  GPtrArray *failed;              /* (element-type SentientFailedSignal) */
  GPtrArray *pages;               /* (element-type SentientRemotePeer): of a list that goes on */
  SentientServerMessageKind page; /* what list that is */
  char *page_room;
};

/* error is taken. */
void
sentient_client_session_fail (SentientClientSession *self, SentientSignal *signal, GError *error);
SentientClientEntry *sentient_client_session_find (SentientClientSession *self, guint64 ref);
void sentient_client_session_remove (SentientClientSession *self, SentientClientEntry *entry);
/* The results of some were in an answer of HTTP that never came, or in a gap: they are asked again.
 * That does no harm: who is in a room and joins it is told who is there. */
void sentient_client_session_ask_again (SentientClientSession *self, gboolean posted_only);
void sentient_client_session_drop_pages (SentientClientSession *self);

G_END_DECLS
