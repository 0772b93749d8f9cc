/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-json.h"
#include "protocol/sentient-signal.h"

G_BEGIN_DECLS

/* One allocation: the texts stand behind the struct, each with its NUL. */
struct _SentientSignal
{
  gatomicrefcount ref_count;
  SentientSignalType type;
  gint64 timestamp_ms; /* since the epoch */
  gsize block_size;    /* of all of it */
  const char *from;
  const char *to;
  const char *room; /* or NULL */
  const char *payload;
  guint from_len;
  guint to_len;
  guint room_len;
  guint payload_len;
  guint lifted_offset; /* of the sdp or candidate, in the payload */
  guint lifted_len;    /* 0: it has none */
  char texts[];
};

/* What was validated by the caller. wrap_key: NULL, or the key under which the payload, which is no
 * object itself, goes into one. payload absent: {}. lifted: inside payload, or absent. */
SentientSignal *sentient_signal_new_trusted (SentientSignalType type,
                                             const char *from,
                                             const char *to,
                                             const char *room,
                                             const char *wrap_key,
                                             SentientSpan payload,
                                             SentientSpan lifted,
                                             gint64 timestamp_ms);

/* "sdp" or "candidate": the member of a payload that a signal of this type is about. */
const char *sentient_signal_type_get_key (SentientSignalType type);

G_END_DECLS
