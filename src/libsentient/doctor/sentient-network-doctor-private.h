/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-measurements.h"
#include "doctor/sentient-network-doctor.h"

G_BEGIN_DECLS

/* How a connection of the node stands, which the next report explains. NULL: there are enough. */
SentientConnectionMeasurement *sentient_network_doctor_add_connection (SentientNetworkDoctor *self,
                                                                       const char *node_id);

G_END_DECLS
