/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-message.h"

G_BEGIN_DECLS

/* Messages as GVariant, for a coordinator that hands over to the next. */

/* A floating variant. */
GVariant *sentient_message_pack (SentientMessage *self);
/* NULL: it is no message, or not one that could have come about. */
SentientMessage *sentient_message_unpack (GVariant *packed);

G_END_DECLS
