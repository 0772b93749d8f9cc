/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-message.h"

#include <string.h>

#include "core/sentient-bytes.h"
#include "core/sentient-error.h"

#define HEAD_LEN 4
#define HOPS_AT 4

static gboolean
take_name (SentientReader *rest, char *name)
{
  guint64 len;
  const guint8 *bytes;

  if (!sentient_reader_take_uint (rest, 1, &len) || len > SENTIENT_NAME_MAX
      || !sentient_reader_take_bytes (rest, len, &bytes)
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
parse_part (SentientReader *rest, SentientGossipMessage *message)
{
  guint64 hops, total = 0;
  gboolean is_whole = (message->flags & SENTIENT_GOSSIP_FIRST) != 0
                      && (message->flags & SENTIENT_GOSSIP_LAST) != 0;

  if (!sentient_reader_take_uint (rest, 1, &hops) || !take_name (rest, message->room)
      || !take_name (rest, message->origin) || !sentient_reader_take_uint (rest, 8, &message->epoch)
      || !sentient_reader_take_uint (rest, 8, &message->sequence)
      || (has_total (message->flags) && !sentient_reader_take_uint (rest, 4, &total)))
    return "a broadcast with a head that cannot be read";
  message->hops = (guint)hops;
  message->total = (guint32)total;
  message->payload = rest->data;
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
      SentientReader rest = { data + HEAD_LEN, len - HEAD_LEN };

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
append_name (GByteArray *out, const char *name)
{
  gsize len = strlen (name);

  sentient_bytes_append_uint (out, 1, len);
  sentient_bytes_append (out, name, len);
}

GBytes *
sentient_gossip_message_write (const SentientGossipMessage *message)
{
  GByteArray *out = g_byte_array_new ();

  sentient_bytes_append_uint (out, 1, SENTIENT_GOSSIP_SERVICE);
  sentient_bytes_append_uint (out, 1, SENTIENT_GOSSIP_VERSION);
  sentient_bytes_append_uint (out, 1, message->kind);
  sentient_bytes_append_uint (out, 1, message->flags);
  if (message->kind == SENTIENT_GOSSIP_PART)
    {
      sentient_bytes_append_uint (out, 1, message->hops);
      append_name (out, message->room);
      append_name (out, message->origin);
      sentient_bytes_append_uint (out, 8, message->epoch);
      sentient_bytes_append_uint (out, 8, message->sequence);
      if (has_total (message->flags))
        sentient_bytes_append_uint (out, 4, message->total);
      sentient_bytes_append (out, message->payload, message->len);
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
