/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-ws-frame.h"

#include <string.h>

static SentientWsResult
bad (const char **reason, const char *text)
{
  *reason = text;
  return SENTIENT_WS_FRAME_BAD;
}

/* What the first two bytes alone can show to be wrong. */
static const char *
check_start (guint8 first, guint8 second)
{
  guint8 opcode = first & 0x0f;
  gboolean control = (opcode & 0x08) != 0;

  if ((first & 0x70) != 0)
    return "a reserved bit is set";
  if ((opcode > SENTIENT_WS_BINARY && !control) || opcode > SENTIENT_WS_PONG)
    return "unknown opcode";
  if ((second & 0x80) == 0)
    return "a client must mask its frames";
  if (control && (first & 0x80) == 0)
    return "a control frame is fragmented";
  if (control && (second & 0x7f) > SENTIENT_WS_CONTROL_MAX)
    return "a control frame is over 125 bytes";
  return NULL;
}

SentientWsResult
sentient_ws_header_parse (const char *data,
                          gsize len,
                          SentientWsHeader *header,
                          const char **reason)
{
  const guint8 *bytes = (const guint8 *)data;
  guint extra = 0;
  const char *wrong;

  if (len < 2)
    return SENTIENT_WS_FRAME_MORE;
  wrong = check_start (bytes[0], bytes[1]);
  if (wrong != NULL)
    return bad (reason, wrong);

  header->opcode = bytes[0] & 0x0f;
  header->fin = (bytes[0] & 0x80) != 0;
  header->payload_len = bytes[1] & 0x7f;
  if (header->payload_len == 126)
    extra = 2;
  else if (header->payload_len == 127)
    extra = 8;

  header->header_len = 2 + extra + 4;
  if (len < 2 + extra)
    return SENTIENT_WS_FRAME_MORE;

  if (extra > 0)
    {
      header->payload_len = 0;
      for (guint i = 0; i < extra; i++)
        header->payload_len = header->payload_len << 8 | bytes[2 + i];
      if ((header->payload_len >> 63) != 0)
        return bad (reason, "a frame length has its highest bit set");
      if (header->payload_len < (extra == 2 ? 126 : 65536))
        return bad (reason, "a frame length is not written in the shortest form");
    }

  if (len < header->header_len)
    return SENTIENT_WS_FRAME_MORE;
  memcpy (header->mask, bytes + 2 + extra, 4);
  return SENTIENT_WS_FRAME_OK;
}

void
sentient_ws_unmask (char *data, gsize len, const guint8 mask[4])
{
  guint8 twice[8];
  guint64 wide;
  gsize i = 0;

  memcpy (twice, mask, 4);
  memcpy (twice + 4, mask, 4);
  memcpy (&wide, twice, 8);

  for (; i + 8 <= len; i += 8)
    {
      guint64 word;

      memcpy (&word, data + i, 8);
      word ^= wide;
      memcpy (data + i, &word, 8);
    }
  for (; i < len; i++)
    data[i] ^= mask[i & 3];
}

/* Length of the character at p, 0 when its beginning is fine but cut off, -1 when it is wrong. */
static int
utf8_char (const guint8 *p, gsize left)
{
  guint8 lead = p[0];
  guint8 low = 0x80, high = 0xbf; /* of the second byte: no overlong forms, no surrogates */
  int n;

  if (lead < 0x80)
    return 1;
  if (lead < 0xc2 || lead > 0xf4)
    return -1;

  n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead == 0xe0)
    low = 0xa0;
  else if (lead == 0xed)
    high = 0x9f;
  else if (lead == 0xf0)
    low = 0x90;
  else if (lead == 0xf4)
    high = 0x8f;

  for (int i = 1; i < n; i++)
    {
      if ((gsize)i >= left)
        return 0;
      if (p[i] < low || p[i] > high)
        return -1;
      low = 0x80;
      high = 0xbf;
    }
  return n;
}

gsize
sentient_ws_utf8_prefix (const char *data, gsize len, gboolean *broken)
{
  const guint8 *p = (const guint8 *)data;
  gsize i = 0;

  *broken = FALSE;
  while (i < len)
    {
      int n;

      /* Nearly everything is ASCII: eight bytes at a time. */
      while (i + 8 <= len)
        {
          guint64 word;

          memcpy (&word, p + i, 8);
          if ((word & G_GUINT64_CONSTANT (0x8080808080808080)) != 0)
            break;
          i += 8;
        }
      if (i == len)
        break;

      n = utf8_char (p + i, len - i);
      if (n <= 0)
        {
          *broken = n < 0;
          break;
        }
      i += n;
    }
  return i;
}

static gboolean
is_close_code (guint16 code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

guint16
sentient_ws_close_parse (const char *data, gsize len, guint16 *code)
{
  gboolean broken;

  *code = SENTIENT_WS_NO_STATUS;
  if (len == 0)
    return 0;
  if (len == 1)
    return SENTIENT_WS_PROTOCOL_ERROR;

  *code = (guint16)((guint8)data[0] << 8 | (guint8)data[1]);
  if (!is_close_code (*code))
    return SENTIENT_WS_PROTOCOL_ERROR;
  if (sentient_ws_utf8_prefix (data + 2, len - 2, &broken) != len - 2)
    return SENTIENT_WS_INVALID_DATA;
  return 0;
}

void
sentient_ws_frame_append (SentientBuf *out, SentientWsOpcode opcode, const char *data, gsize len)
{
  guint header_len = len < 126 ? 2 : len < 65536 ? 4 : 10;
  guint8 *place = (guint8 *)sentient_buf_extend (out, header_len + len);

  place[0] = 0x80 | opcode;
  if (header_len == 2)
    place[1] = (guint8)len;
  else
    {
      place[1] = header_len == 4 ? 126 : 127;
      for (guint i = 2; i < header_len; i++)
        place[i] = (guint8)((guint64)len >> (8 * (header_len - 1 - i)));
    }
  if (len > 0)
    memcpy (place + header_len, data, len);
}

void
sentient_ws_close_append (SentientBuf *out, guint16 code, const char *reason)
{
  char payload[SENTIENT_WS_CONTROL_MAX];
  gsize len = reason != NULL ? strlen (reason) : 0;

  if (len > sizeof payload - 2)
    {
      gboolean broken;

      /* Cut between characters. */
      len = sentient_ws_utf8_prefix (reason, sizeof payload - 2, &broken);
    }
  payload[0] = (char)(code >> 8);
  payload[1] = (char)code;
  if (len > 0)
    memcpy (payload + 2, reason, len);
  sentient_ws_frame_append (out, SENTIENT_WS_CLOSE, payload, len + 2);
}
