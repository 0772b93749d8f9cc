/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "core/sentient-types.h"

G_BEGIN_DECLS

/**
 * SENTIENT_ERROR:
 *
 * The error domain of everything in Sentient.
 *
 * Since: 0.1
 */
#define SENTIENT_ERROR (sentient_error_quark ())

/**
 * SentientError:
 * @SENTIENT_ERROR_FAILED: something else; the message says what
 * @SENTIENT_ERROR_BAD_REQUEST: the request is malformed
 * @SENTIENT_ERROR_UNAUTHORIZED: the node id needs its token or signature
 * @SENTIENT_ERROR_FORBIDDEN: a rule forbids it
 * @SENTIENT_ERROR_UNKNOWN_ROOM: no such room, or not to be seen by the caller
 * @SENTIENT_ERROR_UNKNOWN_PEER: no such node there, or not to be seen by the caller
 * @SENTIENT_ERROR_NOT_FOUND: no such path
 * @SENTIENT_ERROR_METHOD_NOT_ALLOWED: the path does not take this HTTP method
 * @SENTIENT_ERROR_NODE_ID_TAKEN: another session or key holds the node id
 * @SENTIENT_ERROR_PAYLOAD_TOO_LARGE: over the size limit
 * @SENTIENT_ERROR_ROOM_FULL: the room is full; try again later
 * @SENTIENT_ERROR_BUSY: no capacity right now; try again later
 * @SENTIENT_ERROR_RATE_LIMITED: too often; try again later
 * @SENTIENT_ERROR_NOT_CONNECTED: there is no connection to use
 * @SENTIENT_ERROR_CONNECTION_LOST: the connection broke
 * @SENTIENT_ERROR_CLOSED: the object was closed
 * @SENTIENT_ERROR_TIMED_OUT: no answer in time
 * @SENTIENT_ERROR_WOULD_BLOCK: too much is waiting to be sent; try again when less is
 * @SENTIENT_ERROR_LINK_FAILED: WebRTC could not connect
 * @SENTIENT_ERROR_MISSING_PLUGIN: a GStreamer element is not installed
 * @SENTIENT_ERROR_PROTOCOL: the other end broke the protocol
 *
 * Codes of %SENTIENT_ERROR. Those which travel on the wire have a code string, see
 * sentient_error_to_code().
 *
 * Since: 0.1
 */
typedef enum
{
  SENTIENT_ERROR_FAILED,
  SENTIENT_ERROR_BAD_REQUEST,
  SENTIENT_ERROR_UNAUTHORIZED,
  SENTIENT_ERROR_FORBIDDEN,
  SENTIENT_ERROR_UNKNOWN_ROOM,
  SENTIENT_ERROR_UNKNOWN_PEER,
  SENTIENT_ERROR_NOT_FOUND,
  SENTIENT_ERROR_METHOD_NOT_ALLOWED,
  SENTIENT_ERROR_NODE_ID_TAKEN,
  SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
  SENTIENT_ERROR_ROOM_FULL,
  SENTIENT_ERROR_BUSY,
  SENTIENT_ERROR_RATE_LIMITED,
  SENTIENT_ERROR_NOT_CONNECTED,
  SENTIENT_ERROR_CONNECTION_LOST,
  SENTIENT_ERROR_CLOSED,
  SENTIENT_ERROR_TIMED_OUT,
  SENTIENT_ERROR_WOULD_BLOCK,
  SENTIENT_ERROR_LINK_FAILED,
  SENTIENT_ERROR_MISSING_PLUGIN,
  SENTIENT_ERROR_PROTOCOL,
} SentientError;

SENTIENT_API
GQuark sentient_error_quark (void);
SENTIENT_API
const char *sentient_error_to_code (SentientError error);
SENTIENT_API
gboolean sentient_error_from_code (const char *code, SentientError *error);
SENTIENT_API
guint sentient_error_to_http_status (SentientError error);
SENTIENT_API
guint sentient_error_get_retry_after (const GError *error);

#ifndef __GI_SCANNER__ /* for the floors to the right; the shared library hides it */

/* Does nothing to NULL and to errors of other domains. */
void sentient_error_set_retry_after (GError *error, guint ms);

#endif

G_END_DECLS
