/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "signaling/sentient-ws-frame.h"

/* A prefix of a header is never read as something else than the whole. */
static void
check_header (const char *data, gsize size)
{
  SentientWsHeader header, again;
  const char *reason = NULL;
  SentientWsResult result = sentient_ws_header_parse (data, size, &header, &reason);

  g_assert_true ((result == SENTIENT_WS_FRAME_BAD) == (reason != NULL));
  for (gsize len = 0; len < MIN (size, 15); len++)
    {
      const char *why = NULL;
      SentientWsResult early = sentient_ws_header_parse (data, len, &again, &why);

      if (early == SENTIENT_WS_FRAME_MORE)
        continue;
      g_assert_cmpint (early, ==, result);
      if (result == SENTIENT_WS_FRAME_OK)
        g_assert_cmpmem (header.mask, 4, again.mask, 4);
    }
  if (result == SENTIENT_WS_FRAME_OK)
    g_assert_cmpuint (header.header_len, <=, MIN (size, 14));
}

/* The prefix is what GLib takes for UTF-8, but for NUL bytes. */
static void
check_utf8 (const char *data, gsize size)
{
  g_autofree char *copy = g_memdup2 (data, size);
  const char *end;
  gboolean broken;
  gsize prefix = sentient_ws_utf8_prefix (data, size, &broken);

  for (gsize i = 0; i < size; i++)
    if (copy[i] == '\0')
      copy[i] = '0';
  g_utf8_validate_len (copy, size, &end);
  g_assert_cmpuint (prefix, ==, end - copy);
  g_assert_true (broken || size - prefix < 4);
}

static void
check_unmask (const char *data, gsize size)
{
  g_autofree char *fast = g_memdup2 (data, size);
  guint8 mask[4] = { 0x12, 0x80, 0xff, size & 0xff };

  sentient_ws_unmask (fast, size, mask);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpint ((guint8)fast[i], ==, (guint8)data[i] ^ mask[i % 4]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *)data;
  SentientBuf out = { 0 };
  guint16 code, wrong;

  if (size == 0)
    return 0;
  check_header (text, size);
  check_utf8 (text, size);
  check_unmask (text, size);
  wrong = sentient_ws_close_parse (text, size, &code);
  if (wrong == 0 && size <= SENTIENT_WS_CONTROL_MAX)
    {
      g_autofree char *reason = g_strndup (text + 2, size - 2);

      sentient_ws_close_append (&out, code, reason);
      g_assert_cmpmem (sentient_buf_peek (&out) + 2, out.len - 2, text, strlen (reason) + 2);
      sentient_buf_clear (&out);
    }
  sentient_ws_frame_append (&out, SENTIENT_WS_TEXT, text, size);
  g_assert_cmpmem (sentient_buf_peek (&out) + (out.len - size), size, data, size);
  sentient_buf_clear (&out);
  return 0;
}
