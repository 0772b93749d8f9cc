/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/sentient-clock.h"
#include "core/sentient-enum-types.h"
#include "core/sentient-enums.h"
#include "core/sentient-error.h"
#include "core/sentient-types.h"
#include "core/sentient-version.h"
