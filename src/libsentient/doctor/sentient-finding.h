/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_FINDING (sentient_finding_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientFinding, sentient_finding, SENTIENT, FINDING, GObject)

SENTIENT_API
SentientSeverity sentient_finding_get_severity (SentientFinding *self);
SENTIENT_API
const char *sentient_finding_get_code (SentientFinding *self);
SENTIENT_API
const char *sentient_finding_get_text (SentientFinding *self);
SENTIENT_API
const char *sentient_finding_get_advice (SentientFinding *self);

G_END_DECLS
