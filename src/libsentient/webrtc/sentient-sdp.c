/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-sdp.h"

#include <string.h>

#include "core/sentient-error.h"

#define MAX_CANDIDATE_SIZE 1024
#define MIN_CANDIDATE_FIELDS 8
#define MAX_ATTRIBUTE_SIZE 1024

/* gst_sdp_message_parse_buffer () skips what it does not understand, hence the lines are looked at
 * first: RFC 8866 wants "x=value" each. A last line without its end is fine. */
static gboolean
check_lines (const char *sdp)
{
  const char *line = sdp;

  if (!g_str_has_prefix (sdp, "v=0"))
    return FALSE;
  while (*line != '\0')
    {
      gsize length = strcspn (line, "\r\n");

      if (length < 2 || !g_ascii_islower (line[0]) || line[1] != '=' || length > MAX_ATTRIBUTE_SIZE)
        return FALSE;
      line += length;
      line += *line == '\r' ? 1 : 0;
      line += *line == '\n' ? 1 : 0;
    }
  return TRUE;
}

/* An attribute may stand in the media section or once for the whole session. */
static const char *
get_attribute (const GstSDPMessage *sdp, const GstSDPMedia *media, const char *key)
{
  const char *value = gst_sdp_media_get_attribute_val (media, key);

  if (value == NULL)
    value = gst_sdp_message_get_attribute_val (sdp, key);
  return value != NULL && *value != '\0' ? value : NULL;
}

/* "sha-256 AB:CD:…" (RFC 8122) */
static gboolean
check_fingerprint (const char *fingerprint)
{
  const char *hex = strchr (fingerprint, ' ');

  if (hex == NULL || hex == fingerprint)
    return FALSE;
  hex++;
  for (gsize i = 0;; i += 3)
    {
      if (!g_ascii_isxdigit (hex[i]) || !g_ascii_isxdigit (hex[i + 1]))
        return FALSE;
      if (hex[i + 2] == '\0')
        return i >= 3 * 15;
      if (hex[i + 2] != ':')
        return FALSE;
    }
}

static gboolean
check_setup (const char *setup)
{
  return g_str_equal (setup, "actpass") || g_str_equal (setup, "active")
         || g_str_equal (setup, "passive");
}

/* What is wrong with it, NULL: nothing. */
static const char *
find_fault (const GstSDPMessage *sdp)
{
  const GstSDPMedia *media;
  const char *value;

  if (gst_sdp_message_medias_len (sdp) == 0)
    return "it has no m=application section";
  media = gst_sdp_message_get_media (sdp, 0);
  if (g_strcmp0 (gst_sdp_media_get_media (media), "application") != 0)
    return "its first section is not m=application";
  if (gst_sdp_message_medias_len (sdp) > 1)
    return "it asks for more than a data channel";
  if (gst_sdp_media_get_port (media) == 0)
    return "it rejects the data channel (port 0)";
  value = gst_sdp_media_get_proto (media);
  if (value == NULL || strstr (value, "DTLS/SCTP") == NULL)
    return "its m=application section is not DTLS/SCTP";
  if (gst_sdp_media_formats_len (media) == 0 || *gst_sdp_media_get_format (media, 0) == '\0')
    return "its m=application section names no format";
  value = get_attribute (sdp, media, "fingerprint");
  if (value == NULL)
    return "it has no a=fingerprint";
  if (!check_fingerprint (value))
    return "its a=fingerprint is malformed";
  if (get_attribute (sdp, media, "ice-ufrag") == NULL
      || get_attribute (sdp, media, "ice-pwd") == NULL)
    return "it has no a=ice-ufrag or a=ice-pwd";
  value = get_attribute (sdp, media, "setup");
  if (value == NULL || !check_setup (value))
    return "its a=setup is missing or unknown";
  value = gst_sdp_media_get_attribute_val (media, "mid");
  if (value == NULL || *value == '\0')
    return "its m=application section has no a=mid";
  return NULL;
}

GstSDPMessage *
sentient_sdp_parse (const char *sdp, GError **error)
{
  GstSDPMessage *message = NULL;
  const char *fault = NULL;
  gsize size = sdp != NULL ? strnlen (sdp, SENTIENT_SDP_MAX_SIZE + 1) : 0;

  if (size == 0)
    fault = "it is empty";
  else if (size > SENTIENT_SDP_MAX_SIZE)
    fault = "it has more than 65536 bytes";
  else if (!g_utf8_validate_len (sdp, size, NULL))
    fault = "it is not UTF-8";
  else if (!check_lines (sdp))
    fault = "it is no SDP (RFC 8866)";
  else if (gst_sdp_message_new (&message) != GST_SDP_OK
           || gst_sdp_message_parse_buffer ((const guint8 *)sdp, size, message) != GST_SDP_OK)
    fault = "it cannot be parsed";
  else
    fault = find_fault (message);

  if (fault == NULL)
    return message;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
               "The other node sent a session description that cannot be used: %s", fault);
  g_clear_pointer (&message, gst_sdp_message_free);
  return NULL;
}

static gboolean
is_number (const char *text, guint64 max)
{
  return g_ascii_string_to_unsigned (text, 10, 0, max, NULL, NULL);
}

gboolean
sentient_sdp_check_candidate (const char *candidate)
{
  g_auto (GStrv) fields = NULL;
  gsize size = strnlen (candidate, MAX_CANDIDATE_SIZE + 1);

  if (size > MAX_CANDIDATE_SIZE || !g_str_has_prefix (candidate, "candidate:"))
    return FALSE;
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isprint (candidate[i]))
      return FALSE;

  fields = g_strsplit (candidate + strlen ("candidate:"), " ", -1);
  if (g_strv_length (fields) < MIN_CANDIDATE_FIELDS)
    return FALSE;
  for (guint i = 0; i < MIN_CANDIDATE_FIELDS; i++)
    if (*fields[i] == '\0')
      return FALSE;
  return is_number (fields[1], 256) && is_number (fields[3], G_MAXUINT32)
         && is_number (fields[5], G_MAXUINT16) && g_str_equal (fields[6], "typ");
}

GStrv
sentient_sdp_dup_fingerprints (const GstSDPMessage *sdp)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const GstSDPMedia *media = gst_sdp_message_get_media (sdp, 0);
  const char *value;

  for (guint i = 0; (value = gst_sdp_media_get_attribute_val_n (media, "fingerprint", i)); i++)
    g_strv_builder_add (builder, value);
  for (guint i = 0; (value = gst_sdp_message_get_attribute_val_n (sdp, "fingerprint", i)); i++)
    g_strv_builder_add (builder, value);
  return g_strv_builder_end (builder);
}

/* DER of the first certificate in PEM (RFC 7468). */
static guchar *
decode_pem (const char *pem, gsize *size)
{
  static const char begin[] = "-----BEGIN CERTIFICATE-----";
  const char *start = strstr (pem, begin);
  const char *end;
  g_autofree char *base64 = NULL;

  if (start == NULL)
    return NULL;
  start += strlen (begin);
  end = strstr (start, "-----END CERTIFICATE-----");
  if (end == NULL)
    return NULL;
  base64 = g_strndup (start, end - start);
  return g_base64_decode (base64, size);
}

/* "sha-256 AB:CD:…" against the certificate. */
static gboolean
match_fingerprint (const char *fingerprint, const guchar *der, gsize size)
{
  static const struct
  {
    const char *name;
    GChecksumType type;
  } hashes[] = {
    { "sha-256 ", G_CHECKSUM_SHA256 },
    { "sha-384 ", G_CHECKSUM_SHA384 },
    { "sha-512 ", G_CHECKSUM_SHA512 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++)
    {
      gsize prefix = strlen (hashes[i].name);
      g_autofree char *sum = NULL;
      g_auto (GStrv) bytes = NULL;
      g_autofree char *hex = NULL;

      if (g_ascii_strncasecmp (fingerprint, hashes[i].name, prefix) != 0)
        continue;
      sum = g_compute_checksum_for_data (hashes[i].type, der, size);
      bytes = g_strsplit (fingerprint + prefix, ":", -1);
      hex = g_strjoinv ("", bytes);
      return g_ascii_strcasecmp (sum, hex) == 0;
    }
  return FALSE;
}

gboolean
sentient_sdp_match_certificate (const char *const *fingerprints, const char *pem)
{
  gsize size = 0;
  g_autofree guchar *der = decode_pem (pem, &size);

  for (guint i = 0; der != NULL && size > 0 && fingerprints != NULL && fingerprints[i] != NULL; i++)
    if (match_fingerprint (fingerprints[i], der, size))
      return TRUE;
  return FALSE;
}

GPtrArray *
sentient_sdp_screen_candidates (GstSDPMessage *sdp,
                                SentientSdpAdmitFunc admit,
                                gconstpointer user_data)
{
  GPtrArray *refused = g_ptr_array_new_with_free_func (g_free);
  GstSDPMedia *media = (GstSDPMedia *)gst_sdp_message_get_media (sdp, 0); /* ours to change */

  for (guint i = gst_sdp_media_attributes_len (media); i-- > 0;)
    {
      const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
      g_autofree char *candidate = NULL;

      if (g_strcmp0 (attribute->key, "candidate") != 0)
        continue;
      candidate = g_strconcat ("candidate:", attribute->value, NULL);
      if (admit (user_data, candidate))
        continue;
      gst_sdp_media_remove_attribute (media, i);
      g_ptr_array_add (refused, g_steal_pointer (&candidate));
    }
  return refused;
}
