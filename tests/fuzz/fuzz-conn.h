/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Sends data to a fresh connection of a real engine in pieces of chunk bytes, WebSocket or HTTP.
 * Returns what the handler heard and what came back. */
GString *fuzz_conn_run (gboolean websocket, const guint8 *data, gsize size, gsize chunk);
/* The first byte of an input says how small the pieces are; they make no difference. */
void fuzz_conn_compare (gboolean websocket, const guint8 *data, gsize size);
