/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"

/* One table: the D-Bus name is "org.sentient.Sentient1.Error." and dbus_name. */
static const struct
{
  SentientError error;
  const char *code;
  const char *dbus_name;
  guint http_status;
} errors[] = {
  { SENTIENT_ERROR_FAILED, "failed", "Failed", 500 },
  { SENTIENT_ERROR_BAD_REQUEST, "bad-request", "BadRequest", 400 },
  { SENTIENT_ERROR_UNAUTHORIZED, "unauthorized", "Unauthorized", 401 },
  { SENTIENT_ERROR_FORBIDDEN, "forbidden", "Forbidden", 403 },
  { SENTIENT_ERROR_UNKNOWN_ROOM, "unknown-room", "UnknownRoom", 404 },
  { SENTIENT_ERROR_UNKNOWN_PEER, "unknown-peer", "UnknownPeer", 404 },
  { SENTIENT_ERROR_NOT_FOUND, "not-found", "NotFound", 404 },
  { SENTIENT_ERROR_METHOD_NOT_ALLOWED, "method-not-allowed", "MethodNotAllowed", 405 },
  { SENTIENT_ERROR_NODE_ID_TAKEN, "node-id-taken", "NodeIdTaken", 409 },
  { SENTIENT_ERROR_PAYLOAD_TOO_LARGE, "payload-too-large", "PayloadTooLarge", 413 },
  { SENTIENT_ERROR_ROOM_FULL, "room-full", "RoomFull", 503 },
  { SENTIENT_ERROR_BUSY, "busy", "Busy", 503 },
  { SENTIENT_ERROR_RATE_LIMITED, "rate-limited", "RateLimited", 429 },
  { SENTIENT_ERROR_NOT_CONNECTED, "not-connected", "NotConnected", 503 },
  { SENTIENT_ERROR_CONNECTION_LOST, "connection-lost", "ConnectionLost", 502 },
  { SENTIENT_ERROR_CLOSED, "closed", "Closed", 503 },
  { SENTIENT_ERROR_TIMED_OUT, "timed-out", "TimedOut", 504 },
  { SENTIENT_ERROR_WOULD_BLOCK, "would-block", "WouldBlock", 503 },
  { SENTIENT_ERROR_LINK_FAILED, "link-failed", "LinkFailed", 502 },
  { SENTIENT_ERROR_MISSING_PLUGIN, "missing-plugin", "MissingPlugin", 500 },
  { SENTIENT_ERROR_PROTOCOL, "protocol", "Protocol", 502 },
};

/* What each of our errors carries in front of the public GError. */
typedef struct
{
  guint retry_after_ms;
} ErrorPrivate;

/* As GLib lays it out. */
#define PRIVATE_SIZE                                                                               \
  ((sizeof (ErrorPrivate) + 2 * sizeof (gsize) - 1) / (2 * sizeof (gsize)) * (2 * sizeof (gsize)))

static ErrorPrivate *
get_private (const GError *error)
{
  return (ErrorPrivate *)((guint8 *)error - PRIVATE_SIZE);
}

static void
init_private (GError *error)
{
  get_private (error)->retry_after_ms = 0;
}

static void
copy_private (const GError *source, GError *copy)
{
  *get_private (copy) = *get_private (source);
}

static void
clear_private (GError *error)
{
}

static GDBusErrorEntry dbus_entries[G_N_ELEMENTS (errors)];

/**
 * sentient_error_quark:
 *
 * Registers the D-Bus names of the errors on its first call.
 *
 * Returns: the quark of %SENTIENT_ERROR
 *
 * Since: 0.1
 */
GQuark
sentient_error_quark (void)
{
  static gsize quark = 0;

  if (g_once_init_enter (&quark))
    {
      gsize registered = 0;

      g_error_domain_register_static ("sentient-error-quark", sizeof (ErrorPrivate), init_private,
                                      copy_private, clear_private);

      for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
        {
          dbus_entries[i].error_code = errors[i].error;
          dbus_entries[i].dbus_error_name
              = g_strconcat ("org.sentient.Sentient1.Error.", errors[i].dbus_name, NULL);
        }
      g_dbus_error_register_error_domain ("sentient-error-quark", &registered, dbus_entries,
                                          G_N_ELEMENTS (dbus_entries));
      g_once_init_leave (&quark, registered);
    }
  return (GQuark)quark;
}

/**
 * sentient_error_to_code:
 * @error: an error code
 *
 * Returns: the code string that stands for @error on the wire, "failed" for an unknown one; static
 *
 * Since: 0.1
 */
const char *
sentient_error_to_code (SentientError error)
{
  g_assert (G_N_ELEMENTS (errors) == SENTIENT_ERROR_PROTOCOL + 1);
  return (guint)error < G_N_ELEMENTS (errors) ? errors[error].code : errors[0].code;
}

/**
 * sentient_error_from_code:
 * @code: (nullable): a code string from the wire
 * @error: (out): return location
 *
 * Returns: %TRUE if @code names an error
 *
 * Since: 0.1
 */
gboolean
sentient_error_from_code (const char *code, SentientError *error)
{
  g_return_val_if_fail (error != NULL, FALSE);

  for (guint i = 0; code != NULL && i < G_N_ELEMENTS (errors); i++)
    {
      if (g_str_equal (errors[i].code, code))
        {
          *error = errors[i].error;
          return TRUE;
        }
    }
  return FALSE;
}

/**
 * sentient_error_to_http_status:
 * @error: an error code
 *
 * Returns: the HTTP status (RFC 9110, section 15) that goes with @error, 500 for an unknown one
 *
 * Since: 0.1
 */
guint
sentient_error_to_http_status (SentientError error)
{
  return (guint)error < G_N_ELEMENTS (errors) ? errors[error].http_status : 500;
}

/**
 * sentient_error_get_retry_after:
 * @error: an error
 *
 * How long to wait before the same is tried again, as the coordinator wants it. Only errors of
 * %SENTIENT_ERROR tell, and mostly %SENTIENT_ERROR_RATE_LIMITED does.
 *
 * Returns: milliseconds; 0: it does not say
 *
 * Since: 0.1
 */
guint
sentient_error_get_retry_after (const GError *error)
{
  g_return_val_if_fail (error != NULL, 0);

  return error->domain == SENTIENT_ERROR ? get_private (error)->retry_after_ms : 0;
}

void
sentient_error_set_retry_after (GError *error, guint ms)
{
  if (error != NULL && error->domain == SENTIENT_ERROR)
    get_private (error)->retry_after_ms = ms;
}
