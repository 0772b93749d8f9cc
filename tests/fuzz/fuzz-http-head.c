/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "signaling/sentient-access.h"

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

/* What a proxy may write, in whatever form, stays within the head. */
static void
check_via (const SentientHttpRequest *request, const char *data, gsize size)
{
  static SentientAccess *access;
  const SentientHttpHead *head = &request->head;
  SentientSpan name, value;
  SentientVia via;
  g_autofree char *cors = NULL;
  g_autofree char *url = NULL;
  guint8 address[16];
  gsize at = 0, n = 0;

  if (access == NULL)
    {
      access = sentient_access_new (TRUE, TRUE);
      sentient_access_set_public_url (access, "https://a/b", NULL);
      sentient_access_add_origin (access, "http://[::1]:80", NULL);
      sentient_access_add_proxy (access, "10.0.0.0/9", NULL);
    }
  while (sentient_http_head_next_field (head, &at, &name, &value))
    {
      check_span (name.data, name.len, data, size);
      check_span (value.data, value.len, data, size);
      n++;
    }
  g_assert_cmpuint (n, <=, SENTIENT_HEAD_MAX_FIELDS);
  sentient_via_find_client (head, sentient_access_get_proxies (access), address);
  sentient_via_read (&via, head, TRUE, TRUE);
  check_span (via.host.data, via.host.len, data, size);
  check_span (via.prefix.data, via.prefix.len, data, size);
  g_assert_cmpuint (sentient_access_get_prefix_len (access, &via, head->path, head->path_len), <=,
                    head->path_len);
  sentient_access_check (access, &via, FALSE, &cors, NULL);
  url = sentient_access_dup_url (access, &via, TRUE, "f", "/");
  g_assert_cmpstr (url, ==, "wss://a/b/");
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
    {
      check_request (&request, data, head_len);
      check_via (&request, data, head_len);
    }
  else
    {
      g_assert_cmpuint (fault.status, >=, 400);
      g_assert_nonnull (fault.message);
    }
  return 0;
}
