/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A window in which the daemon's doctor looks at the network, and says what it found and what to
 * do. */
#define SENTIENT_TYPE_APPLET_DOCTOR (sentient_applet_doctor_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletDoctor,
                      sentient_applet_doctor,
                      SENTIENT,
                      APPLET_DOCTOR,
                      AdwWindow)

SentientAppletDoctor *sentient_applet_doctor_new (GtkWindow *parent, SentientClient *client);

G_END_DECLS
