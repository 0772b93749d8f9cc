/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/sentient-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A file on its way: what it is, how far it got, and what can be done about it. */
#define SENTIENT_TYPE_APPLET_TRANSFER_ROW (sentient_applet_transfer_row_get_type ())
G_DECLARE_FINAL_TYPE (SentientAppletTransferRow,
                      sentient_applet_transfer_row,
                      SENTIENT,
                      APPLET_TRANSFER_ROW,
                      GtkListBoxRow)

GtkWidget *sentient_applet_transfer_row_new (SentientClient *client,
                                             SentientDBusTransfer *transfer);

G_END_DECLS
