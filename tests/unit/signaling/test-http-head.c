/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-http-head.h"

#include <string.h>

/* Reads text as one request head, in an allocation of exactly its size so that ASan sees a byte too
 * far. Returns the status of the fault, 0: fine, 1: more is needed. */
static guint
read_head (const char *text, gsize len, SentientHttpRequest *request, char **copy)
{
  SentientHttpFault fault = { 0 };
  gsize scanned = 0, head_len = 0;

  *copy = g_memdup2 (text, MAX (len, 1));
  switch (sentient_http_head_scan (*copy, len, &scanned, &head_len, &fault))
    {
    case SENTIENT_HEAD_MORE:
      return 1;
    case SENTIENT_HEAD_BAD:
      g_assert_nonnull (fault.message);
      return fault.status;
    case SENTIENT_HEAD_COMPLETE:
      break;
    }
  g_assert_cmpuint (head_len, <=, len);
  if (sentient_http_head_parse (*copy, head_len, request, &fault))
    return 0;
  g_assert_nonnull (fault.message);
  g_assert_null (strchr (fault.message, '"'));
  return fault.status;
}

static const struct
{
  const char *text;
  guint status;
} cases[] = {
  { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nhOST:a\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nHost: \t a:80 \t\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nHost: [::1]:8888\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nHost: a-b.c_d~:65535\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", 0 },
  { "GET / HTTP/1.0\r\n\r\n", 0 },
  { "GET /%20%c3%A4?a=%7a&b HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "BREW-IT /pot HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\ttab\r\nEmpty:\r\n\r\n", 0 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0 },
  { "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n", 0 },
  /* not complete */
  { "", 1 },
  { "GET / HTTP/1.1\r\nHost: a\r\n", 1 },
  { "GET / HTTP/1.1\r\nHost: a\r\n\r", 1 },
  { "GE", 1 },
  /* the request line */
  { "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a:99999999999999999999\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: [::1::]\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a%:[]\r\n\r\n", 400 },
  { "GET /..%2f HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
  { "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
  { " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /\r\nHost: a\r\n\r\n", 400 },
  { "GET\r\n\r\n", 400 },
  { "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
  { "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /?a=%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET /%xy HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1x\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505 },
  { "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505 },
  { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
  /* Host */
  { "GET / HTTP/1.1\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nOrigin: x\r\nOrigin: y\r\n\r\n", 400 },
  /* body length */
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n", 413 },
  { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501 },
  { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501 },
  { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400 },
  { "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", 417 },
  { "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 417 },
  /* lines and bytes */
  { "GET / HTTP/1.1\nHost: a\n\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\n\r\n", 400 },
  { "GET / HTTP/1.1\rHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\n folded\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\n: nameless\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nX(: 1\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nConnection: (\r\n\r\n", 400 },
  { "\x16\x03\x01", 400 },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SentientHttpRequest request;
      g_autofree char *copy = NULL;
      guint status = read_head (cases[i].text, strlen (cases[i].text), &request, &copy);

      if (status != cases[i].status)
        g_error ("%s: %u, expected %u", cases[i].text, status, cases[i].status);
    }
}

static void
test_nul (void)
{
  static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";
  SentientHttpRequest request;
  g_autofree char *copy = NULL;

  g_assert_cmpuint (read_head (text, sizeof text - 1, &request, &copy), ==, 400);
}

static void
assert_span (const char *span, gsize len, const char *expected)
{
  g_autofree char *text = g_strndup (span, len);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_fields (void)
{
  static const char text[] = "POST /a/%62?x=1&y HTTP/1.1\r\nHost: example.org:81\r\n"
                             "Origin: https://o.example\r\nContent-Length: 0042\r\n"
                             "Connection: foo , Upgrade\r\nUpgrade: websocket\r\n"
                             "Expect: 100-continue\r\n\r\nrest";
  SentientHttpRequest request;
  g_autofree char *copy = NULL;
  const SentientHttpHead *head = &request.head;

  g_assert_cmpuint (read_head (text, sizeof text - 1, &request, &copy), ==, 0);
  g_assert_cmpuint (request.length, ==, sizeof text - 1 - strlen ("rest"));
  g_assert_cmpint (head->method, ==, SENTIENT_HTTP_POST);
  assert_span (head->path, head->path_len, "/a/%62");
  assert_span (head->query, head->query_len, "x=1&y");
  assert_span (head->host, head->host_len, "example.org:81");
  assert_span (head->origin, head->origin_len, "https://o.example");
  g_assert_cmpuint (head->content_length, ==, 42);
  g_assert_true (head->keep_alive);
  g_assert_true (head->upgrade);
  g_assert_true (request.expect);
  assert_span (request.expect_line, request.expect_line_len, "Expect: 100-continue\r\n");
}

static void
test_keep_alive (void)
{
  static const struct
  {
    const char *text;
    gboolean keep_alive;
    guint minor;
  } lines[] = {
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", TRUE, 1 },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", FALSE, 1 },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: x,CLOSE,\r\n\r\n", FALSE, 1 },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", FALSE, 1 },
    { "GET / HTTP/1.0\r\n\r\n", FALSE, 0 },
    { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", TRUE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      SentientHttpRequest request;
      g_autofree char *copy = NULL;

      g_assert_cmpuint (read_head (lines[i].text, strlen (lines[i].text), &request, &copy), ==, 0);
      g_assert_cmpint (request.head.keep_alive, ==, lines[i].keep_alive);
      g_assert_cmpuint (request.head.minor_version, ==, lines[i].minor);
      g_assert_false (request.head.upgrade);
      g_assert_null (request.head.query);
    }
}

static void
test_sizes (void)
{
  for (guint n = 60; n < 70; n++)
    {
      g_autoptr (GString) text = g_string_new ("GET / HTTP/1.0\r\n");
      SentientHttpRequest request;
      g_autofree char *copy = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, "X: y\r\n");
      g_string_append (text, "\r\n");
      g_assert_cmpuint (read_head (text->str, text->len, &request, &copy), ==, n <= 64 ? 0 : 431);
    }

  for (int extra = -3; extra < 4; extra++)
    {
      g_autoptr (GString) text = g_string_new ("GET / HTTP/1.0\r\nX: ");
      SentientHttpRequest request;
      g_autofree char *copy = NULL;
      guint status;

      while ((int)text->len < SENTIENT_HEAD_MAX - 4 + extra)
        g_string_append_c (text, 'x');
      g_string_append (text, "\r\n\r\n");
      status = read_head (text->str, text->len, &request, &copy);
      g_assert_cmpuint (status, ==, extra <= 0 ? 0 : 431);
    }
}

/* However the bytes come in, the result is the same. */
static void
test_piecemeal (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *text = cases[i].text;
      gsize scanned = 0, head_len = 0, whole = 0, scanned_whole = 0;
      SentientHttpFault fault;
      SentientHeadResult result = SENTIENT_HEAD_MORE, expected;

      expected = sentient_http_head_scan (text, strlen (text), &scanned_whole, &whole, &fault);
      for (gsize len = 0; len <= strlen (text) && result == SENTIENT_HEAD_MORE; len++)
        result = sentient_http_head_scan (text, len, &scanned, &head_len, &fault);
      g_assert_cmpint (result, ==, expected);
      g_assert_cmpuint (head_len, ==, whole);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-head/table", test_table);
  g_test_add_func ("/http-head/nul", test_nul);
  g_test_add_func ("/http-head/fields", test_fields);
  g_test_add_func ("/http-head/keep-alive", test_keep_alive);
  g_test_add_func ("/http-head/sizes", test_sizes);
  g_test_add_func ("/http-head/piecemeal", test_piecemeal);
  return g_test_run ();
}
