/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "doctor/sentient-network-report.h"

G_BEGIN_DECLS

#define SENTIENT_TYPE_NETWORK_DOCTOR (sentient_network_doctor_get_type ())
SENTIENT_API
G_DECLARE_FINAL_TYPE (SentientNetworkDoctor,
                      sentient_network_doctor,
                      SENTIENT,
                      NETWORK_DOCTOR,
                      GObject)

SENTIENT_API
SentientNetworkDoctor *sentient_network_doctor_new (void);
SENTIENT_API
void sentient_network_doctor_run_async (SentientNetworkDoctor *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
SENTIENT_API
SentientNetworkReport *sentient_network_doctor_run_finish (SentientNetworkDoctor *self,
                                                           GAsyncResult *result,
                                                           GError **error);

G_END_DECLS
