/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-enums.h"
#include "doctor/sentient-finding.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_NETWORK_REPORT (sentient_network_report_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientNetworkReport,
                      sentient_network_report,
                      SENTIENT,
                      NETWORK_REPORT,
                      GObject)

SENTIENT_API
SentientSeverity sentient_network_report_get_severity (SentientNetworkReport *self);
SENTIENT_API
char *sentient_network_report_to_json (SentientNetworkReport *self, gboolean hide_addresses);
SENTIENT_API
char *sentient_network_report_to_text (SentientNetworkReport *self, gboolean hide_addresses);

G_END_DECLS
