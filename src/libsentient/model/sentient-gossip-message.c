/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-message.h"

#include <string.h>

#include "core/sentient-error.h"

#define HEAD_LEN 4
#define HOPS_AT 4

/* What is left of a message while it is read. */
typedef struct
{
  const guint8 *at;
  gsize len;
} Rest;

static gboolean
take_bytes (Rest *rest, gsize len, const guint8 **bytes)
{
  if (rest->len < len)
    return FALSE;
  *bytes = rest->at;
  rest->at += len;
  rest->len -= len;
  return TRUE;
}

static gboolean
take_number (Rest *rest, gsize len, guint64 *value)
{
  const guint8 *bytes;

  if (!take_bytes (rest, len, &bytes))
    return FALSE;
  *value = 0;
  for (gsize i = 0; i < len; i++)
    *value = *value << 8 | bytes[i];
  return TRUE;
}

static gboolean
take_name (Rest *rest, char *name)
{
  guint64 len;
  const guint8 *bytes;

  if (!take_number (rest, 1, &len) || len > SENTIENT_NAME_MAX || !take_bytes (rest, len, &bytes)
      || !sentient_name_is_valid ((const char *)bytes, (gssize)len))
    return FALSE;
  memcpy (name, bytes, len);
  name[len] = '\0';
  return TRUE;
}

static gboolean
has_total (guint flags)
{
  return (flags & SENTIENT_GOSSIP_FIRST) != 0 && (flags & SENTIENT_GOSSIP_LAST) == 0;
}

/* NULL: nothing is wrong. */
static const char *
parse_part (Rest *rest, SentientGossipMessage *message)
{
  guint64 hops, total = 0;
  gboolean is_whole = (message->flags & SENTIENT_GOSSIP_FIRST) != 0
                      && (message->flags & SENTIENT_GOSSIP_LAST) != 0;

  if (!take_number (rest, 1, &hops) || !take_name (rest, message->room)
      || !take_name (rest, message->origin) || !take_number (rest, 8, &message->epoch)
      || !take_number (rest, 8, &message->sequence)
      || (has_total (message->flags) && !take_number (rest, 4, &total)))
    return "a broadcast with a head that cannot be read";
  message->hops = (guint)hops;
  message->total = (guint32)total;
  message->payload = rest->at;
  message->len = rest->len;
  if (hops == 0 || message->sequence == 0 || message->sequence > G_MAXINT64)
    return "a broadcast with a number that cannot be";
  if (message->len > SENTIENT_GOSSIP_PART_MAX || (message->len == 0 && !is_whole))
    return "a part of a broadcast of a size that is not allowed";
  if (has_total (message->flags) && total <= message->len)
    return "a broadcast that is shorter than its first part";
  return NULL;
}

gboolean
sentient_gossip_message_parse (const guint8 *data,
                               gsize len,
                               SentientGossipMessage *message,
                               GError **error)
{
  const char *wrong = NULL;

  memset (message, 0, sizeof *message);
  if (len < HEAD_LEN || data[0] != SENTIENT_GOSSIP_SERVICE)
    wrong = "a gossip message without a head";
  else if (data[1] == SENTIENT_GOSSIP_VERSION
           && (data[2] == SENTIENT_GOSSIP_PART || data[2] == SENTIENT_GOSSIP_NEED))
    {
      Rest rest = { data + HEAD_LEN, len - HEAD_LEN };

      message->kind = (SentientGossipKind)data[2];
      message->flags = data[3];
      if (message->kind == SENTIENT_GOSSIP_PART)
        wrong = parse_part (&rest, message);
    }
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL, "The other node sent %s", wrong);
  return FALSE;
}

static void
append_number (GByteArray *out, guint64 value, guint len)
{
  for (guint i = len; i > 0; i--)
    {
      guint8 byte = (guint8)(value >> (8 * (i - 1)));

      g_byte_array_append (out, &byte, 1);
    }
}

static void
append_name (GByteArray *out, const char *name)
{
  gsize len = strlen (name);

  append_number (out, len, 1);
  g_byte_array_append (out, (const guint8 *)name, (guint)len);
}

GBytes *
sentient_gossip_message_write (const SentientGossipMessage *message)
{
  GByteArray *out = g_byte_array_new ();

  append_number (out, SENTIENT_GOSSIP_SERVICE, 1);
  append_number (out, SENTIENT_GOSSIP_VERSION, 1);
  append_number (out, message->kind, 1);
  append_number (out, message->flags, 1);
  if (message->kind == SENTIENT_GOSSIP_PART)
    {
      append_number (out, message->hops, 1);
      append_name (out, message->room);
      append_name (out, message->origin);
      append_number (out, message->epoch, 8);
      append_number (out, message->sequence, 8);
      if (has_total (message->flags))
        append_number (out, message->total, 4);
      if (message->len > 0)
        g_byte_array_append (out, message->payload, (guint)message->len);
    }
  return g_byte_array_free_to_bytes (out);
}

GBytes *
sentient_gossip_message_pass_on (GBytes *data, guint hops)
{
  gsize len;
  const guint8 *bytes = g_bytes_get_data (data, &len);
  guint8 *copy = g_memdup2 (bytes, len);

  g_assert (len > HOPS_AT && hops <= G_MAXUINT8);

  copy[HOPS_AT] = (guint8)hops;
  return g_bytes_new_take (copy, len);
}
