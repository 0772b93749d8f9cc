/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../../fixtures/await.h"
#include "core/sentient-error.h"
#include "webrtc/sentient-link.h"

/* Two links whose offers, answers and candidates reach each other, and what they emitted. */
typedef struct _LinkEnd LinkEnd;

typedef SentientLink *(*LinkNewFunc) (void);

struct _LinkEnd
{
  SentientLink *link;
  LinkEnd *other; /* NULL: nothing is relayed */
  char *description;
  GPtrArray *candidates;
  GPtrArray *refused;    /* "local candidate:…", "remote candidate:…" */
  GPtrArray *complaints; /* texts */
  GPtrArray *messages;   /* GBytes; text ends with a NUL, "is-text" is in the flags */
  GByteArray *is_text;
  guint opened;
  guint drained;
  guint closed;
  GError *error;
};

typedef struct
{
  LinkEnd offerer;
  LinkEnd answerer;
} LinkPair;

void link_end_init (LinkEnd *end, SentientLink *link);
/* Drops the link, which has to be finalized by that. */
void link_end_clear (LinkEnd *end);
void link_end_send (LinkEnd *end, const char *data, gssize size, gboolean is_text);
/* Fails unless "closed" came or comes, with this error; -1: none. */
void link_end_wait_closed (LinkEnd *end, gint code);

LinkPair *link_pair_new (LinkNewFunc new_link);
/* Both started, no signal was delivered yet. */
void link_pair_start (LinkPair *pair);
void link_pair_open (LinkPair *pair);
void link_pair_free (LinkPair *pair);

/* A sanitizer build on two busy cores is slow. */
#define link_wait_until(condition) await_within (90, condition)

/* The tests that hold for every engine. */
void link_pair_add_tests (const char *prefix, LinkNewFunc new_link);
/* Those of further channels; new_link: the address of the constructor. */
void link_pair_add_channel_tests (const char *prefix, gconstpointer new_link);
