/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "signaling/sentient-http-head.h"

static void
check_span (const char *span, gsize len, const char *data, gsize size)
{
  if (span == NULL)
    return;
  g_assert_true (span >= data && span + len <= data + size);
  for (gsize i = 0; i < len; i++)
    g_assert_true ((guint8)span[i] >= ' ' || span[i] == '\t');
}

static void
check_request (const SentientHttpRequest *request, const char *data, gsize size)
{
  const SentientHttpHead *head = &request->head;

  g_assert_cmpuint (request->length, ==, size);
  g_assert_cmpuint (head->minor_version, <=, 1);
  g_assert_true (head->path_len > 0 && head->path[0] == '/');
  g_assert_true (head->host != NULL || head->minor_version == 0);
  check_span (head->path, head->path_len, data, size);
  check_span (head->query, head->query_len, data, size);
  check_span (head->host, head->host_len, data, size);
  check_span (head->origin, head->origin_len, data, size);
  if (request->expect_line != NULL)
    {
      g_assert_cmpuint (request->expect_line_len, >, 2);
      check_span (request->expect_line, request->expect_line_len - 2, data, size);
      g_assert_cmpmem (request->expect_line + request->expect_line_len - 2, 2, "\r\n", 2);
    }
}

/* Found at once, or byte by byte: the same end, the same fault. */
int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize size)
{
  const char *data = (const char *)bytes;
  gsize scanned = 0, head_len = 0, slow_len = 0;
  SentientHttpFault fault = { 0 }, slow_fault = { 0 };
  SentientHttpRequest request;
  SentientHeadResult slow = SENTIENT_HEAD_MORE;
  SentientHeadResult result = sentient_http_head_scan (data, size, &scanned, &head_len, &fault);

  scanned = 0;
  for (gsize len = 1; len <= size && slow == SENTIENT_HEAD_MORE; len++)
    {
      slow = sentient_http_head_scan (data, len, &scanned, &slow_len, &slow_fault);
      g_assert_cmpuint (scanned, <=, len);
    }
  g_assert_cmpint (slow, ==, result);
  g_assert_cmpuint (slow_len, ==, head_len);
  g_assert_cmpuint (fault.status, ==, slow_fault.status);
  g_assert_cmpstr (fault.message, ==, slow_fault.message);

  if (result != SENTIENT_HEAD_COMPLETE)
    return 0;
  g_assert_cmpuint (head_len, <=, MIN (size, SENTIENT_HEAD_MAX));
  if (sentient_http_head_parse (data, head_len, &request, &fault))
    check_request (&request, data, head_len);
  else
    {
      g_assert_cmpuint (fault.status, >=, 400);
      g_assert_nonnull (fault.message);
    }
  return 0;
}
