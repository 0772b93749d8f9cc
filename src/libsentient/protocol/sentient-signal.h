/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_SIGNAL (sentient_signal_get_type ())

/**
 * SentientSignal:
 *
 * An offer, answer, ICE candidate or wish to renegotiate on its way from one node to another:
 * immutable, counted.
 *
 * Since: 0.1
 */
typedef struct _SentientSignal SentientSignal;

SENTIENT_API
GType sentient_signal_get_type (void) G_GNUC_CONST;
SENTIENT_API
SentientSignal *sentient_signal_new (SentientSignalType type,
                                     const char *from,
                                     const char *to,
                                     const char *room,
                                     const char *payload,
                                     GError **error);
SENTIENT_API
SentientSignal *sentient_signal_ref (SentientSignal *self);
SENTIENT_API
void sentient_signal_unref (SentientSignal *self);
SENTIENT_API
SentientSignalType sentient_signal_get_signal_type (SentientSignal *self);
SENTIENT_API
const char *sentient_signal_get_from (SentientSignal *self);
SENTIENT_API
const char *sentient_signal_get_to (SentientSignal *self);
SENTIENT_API
const char *sentient_signal_get_room (SentientSignal *self);
SENTIENT_API
const char *sentient_signal_get_payload (SentientSignal *self);
SENTIENT_API
char *sentient_signal_dup_sdp (SentientSignal *self);
SENTIENT_API
char *sentient_signal_dup_candidate (SentientSignal *self, guint *mline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SentientSignal, sentient_signal_unref)

G_END_DECLS
