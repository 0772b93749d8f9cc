/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-hider.h"
#include "doctor/sentient-measurements.h"
#include "doctor/sentient-network-report.h"

G_BEGIN_DECLS

/* Of what was measured (taken): thinks about it, and adds the findings. */
SentientNetworkReport *sentient_network_report_new (SentientMeasurements *measured);

SentientMeasurements *sentient_network_report_get_measured (SentientNetworkReport *self);
SentientHider *sentient_network_report_get_hider (SentientNetworkReport *self);

/* A finding more; addresses in the texts are marked. advice NULL: nothing is to be done. */
void sentient_network_report_add (SentientNetworkReport *self,
                                  SentientSeverity severity,
                                  const char *code,
                                  const char *advice,
                                  const char *format,
                                  ...) G_GNUC_PRINTF (5, 6);

/* What was measured, as members of a JSON object, each after a comma. */
void sentient_network_report_append_measured (SentientNetworkReport *self,
                                              GString *json,
                                              gboolean hide_addresses);

/* The findings of one part each. */
void sentient_findings_add_coordinators (SentientNetworkReport *report);
void sentient_findings_add_stun (SentientNetworkReport *report);
void sentient_findings_add_turn (SentientNetworkReport *report);
void sentient_findings_add_network (SentientNetworkReport *report);
void sentient_findings_add_connections (SentientNetworkReport *report);

/* What several parts ask. */

/* Anything came back over UDP. */
gboolean sentient_measurements_udp_works (SentientMeasurements *self);
/* Nothing did, and that is no single server's fault. */
gboolean sentient_measurements_udp_is_blocked (SentientMeasurements *self);
/* Why data goes by way of a TURN server. */
SentientRelayReason
sentient_connection_measurement_explain (const SentientConnectionMeasurement *self,
                                         SentientMeasurements *measured);
/* The code of its finding; NULL: none. */
const char *sentient_relay_reason_to_string (SentientRelayReason reason);
/* A TURN server relays; tcp_only: is reached over TCP. */
gboolean sentient_measurements_has_relay (SentientMeasurements *self, gboolean tcp_only);

G_END_DECLS
