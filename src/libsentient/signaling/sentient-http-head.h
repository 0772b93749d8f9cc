/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-json.h"
#include "signaling/sentient-engine.h"

G_BEGIN_DECLS

/* The strict reader of HTTP request heads: pure functions over bytes. What passes here means the
 * same to every other HTTP reader, so nothing can hide behind a difference of opinion. */

#define SENTIENT_HEAD_MAX 8192
#define SENTIENT_HEAD_MAX_FIELDS 64

/* Why a head is refused: the HTTP status and a sentence for a person. */
typedef struct
{
  guint status;
  const char *message;
} SentientHttpFault;

typedef struct
{
  SentientHttpHead head;
  gsize length;            /* of the head, with its empty line */
  gboolean expect;         /* "Expect: 100-continue" */
  const char *expect_line; /* that whole line with CRLF; NULL: none */
  gsize expect_line_len;
} SentientHttpRequest;

typedef enum
{
  SENTIENT_HEAD_COMPLETE,
  SENTIENT_HEAD_MORE,
  SENTIENT_HEAD_BAD,
} SentientHeadResult;

/* Looks for the end of the head; bytes that can never be part of one are found at once. *scanned:
 * how far earlier calls looked, 0 at first. */
SentientHeadResult sentient_http_head_scan (const char *data,
                                            gsize len,
                                            gsize *scanned,
                                            gsize *head_len,
                                            SentientHttpFault *fault);

/* data: exactly one head, as found by the scan. */
gboolean sentient_http_head_parse (const char *data,
                                   gsize len,
                                   SentientHttpRequest *request,
                                   SentientHttpFault *fault);

/* The next field line of a head that was parsed. *offset: 0 at first. FALSE: there is none. */
gboolean sentient_http_head_next_field (const SentientHttpHead *head,
                                        gsize *offset,
                                        SentientSpan *name,
                                        SentientSpan *value);

/* host[:port], as it may stand in a URL. */
gboolean sentient_http_is_host (SentientSpan host);

G_END_DECLS
