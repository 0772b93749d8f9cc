/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-clock.h"
#include "core/sentient-enum-types.h"
#include "core/sentient-enums.h"
#include "core/sentient-error.h"
#include "core/sentient-types.h"
#include "core/sentient-version.h"
#include "protocol/sentient-signal.h"
#include "model/sentient-gossip-statistics.h"
#include "model/sentient-member.h"
#include "model/sentient-room.h"
#include "doctor/sentient-finding.h"
#include "doctor/sentient-network-doctor.h"
#include "doctor/sentient-network-report.h"
#include "coordinator/sentient-coordinator.h"
#include "peer/sentient-connection.h"
#include "peer/sentient-peer.h"
