/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* The forms of one event's text: those of the dialects, and of v1 one for each politeness. */
typedef enum
{
  SENTIENT_EVENT_PLAIN,
  SENTIENT_EVENT_POLL, /* behind "seq":n */
  SENTIENT_EVENT_V1,
  SENTIENT_EVENT_V1_POLITE,
  SENTIENT_N_EVENT_FORMS
} SentientEventForm;

/* What happened in a room. Each form is written when the first member needs it. */
typedef struct
{
  char *room;
  char *node_id; /* whom it is about */
  char *name;
  char *metadata; /* the text of a JSON object, or NULL */
  gint64 joined_at;
  gint64 now_ms;
  SentientLeaveReason reason;
  gboolean plain; /* it does not speak v1: everybody is polite towards it */
  GString *texts[SENTIENT_N_EVENT_FORMS];
} SentientEvent;

struct _SentientMessage
{
  gatomicrefcount ref_count;
  SentientMessageKind kind;
  SentientSignal *signal;
  SentientEvent *event;
  GString *note; /* the whole text but its seq */
  guint seq_at;  /* where in the note that goes */
  gint64 arrival_us;
};

void sentient_event_free (SentientEvent *self);
gsize sentient_event_get_size (SentientMessageKind kind, const SentientEvent *self);
void sentient_event_append (SentientMessage *message,
                            GString *out,
                            SentientDialect dialect,
                            guint64 seq,
                            const char *receiver);

G_END_DECLS
