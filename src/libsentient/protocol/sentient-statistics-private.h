/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "protocol/sentient-statistics.h"

G_BEGIN_DECLS

/* Names of what is counted, the same for Prometheus and JSON. */
extern const char *const sentient_drop_names[SENTIENT_N_DROPS];
extern const char *const sentient_refused_names[SENTIENT_N_REFUSED];

guint64 sentient_statistics_sum (const guint64 *numbers, guint n);
/* Appends µs as seconds, in the shortest form: "0.00005", "30". */
void sentient_statistics_append_seconds (GString *out, guint64 us);

G_END_DECLS
