/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The files that are sent and received, the newest first.
 *
 * Properties:
 *   "offers"  guint   how many wait for an answer of this person
 */
#define SENTIENT_TYPE_APPLET_FILES_PAGE (sentient_applet_files_page_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletFilesPage,
                      sentient_applet_files_page,
                      SENTIENT,
                      APPLET_FILES_PAGE,
                      AdwBin)

void sentient_applet_files_page_set_client (SentientAppletFilesPage *self, SentientClient *client);

G_END_DECLS
