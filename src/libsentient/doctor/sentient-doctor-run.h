/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "doctor/sentient-measurements.h"

G_BEGIN_DECLS

/* All probes, in three rounds: coordinators, the servers that are named here or there, the NAT. */

typedef void (*SentientDoctorProgress) (guint done,
                                        guint total,
                                        const char *what,
                                        gpointer user_data);

typedef struct
{
  const char *const *coordinators;
  const char *const *stun; /* NULL: those that a coordinator names */
  const char *const *turn; /* the same */
  guint timeout_ms;
  SentientDoctorProgress progress; /* is not called after the end */
  gpointer user_data;
} SentientDoctorOrder;

#define SENTIENT_DOCTOR_COORDINATORS_MAX 4
#define SENTIENT_DOCTOR_SERVERS_MAX 8 /* of each kind */

void sentient_doctor_run_async (const SentientDoctorOrder *order,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* NULL: cancelled. */
SentientMeasurements *sentient_doctor_run_finish (GAsyncResult *result, GError **error);

G_END_DECLS
