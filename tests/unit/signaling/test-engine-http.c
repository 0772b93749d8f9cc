/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void
expect_body (Client *client, const char *expected)
{
  g_autofree char *body = NULL;

  g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
  g_assert_cmpstr (body, ==, expected);
}

static void
test_native (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *head = NULL, *body = NULL;

  client_send (client, GET ("/native/a?b=c"));
  g_assert_cmpuint (client_response (client, &head, &body), ==, 200);
  g_assert_cmpstr (body, ==, "GET /native/a?b=c|");
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 200 OK\r\n"));
  g_assert_nonnull (strstr (head, "Content-Type: text/plain\r\n"));
  g_assert_nonnull (strstr (head, "X-Extra: yes\r\n"));
  g_assert_null (strstr (head, "Connection:"));

  /* The connection stays. */
  client_send (client,
               "POST /native HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
  expect_body (client, "POST /native?|hello");
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 1);
  fixture_assert_log (f, "request;delivered;request;delivered;");
}

/* A POST without a length has an empty body, as RFC 9112 says; a GET may have one. */
static void
test_bodies (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, "POST /native HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect_body (client, "POST /native?|");
  client_send (client, "GET /native HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
  expect_body (client, "GET /native?|hi");
  client_send (client, "\r\n\r\n" GET ("/native"));
  expect_body (client, "GET /native?|");
}

static void
test_byte_by_byte (Fixture *f, gconstpointer data)
{
  static const char text[] = "POST /native HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Length: 4\r\n\r\nbodyPOST /native HTTP/1.1\r\n"
                             "Host: localhost\r\nContent-Length: 4\r\n\r\nmore";
  g_autoptr (Client) client = client_new (f);

  for (gsize i = 0; i + 1 < sizeof text; i++)
    {
      client_send_bytes (client, text + i, 1);
      fixture_settle (f);
    }
  expect_body (client, "POST /native?|body");
  expect_body (client, "POST /native?|more");
}

static void
test_pipelined (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autoptr (GString) all = g_string_new (NULL);

  /* More than one turn handles. */
  for (guint i = 0; i < 300; i++)
    g_string_append_printf (all, "GET /native/%u HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
  client_send (client, all->str);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *expected = g_strdup_printf ("GET /native/%u?|", i);

      expect_body (client, expected);
    }
}

/* While one waits, the next is neither handled nor lost. */
static void
test_pipelined_behind_hold (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, GET ("/native/hold") GET ("/native/2"));
  fixture_wait (f, "request;");
  client_send (client, GET ("/native/3"));
  fixture_settle (f);
  fixture_assert_log (f, "request;");
  fixture_answer (f, "1");
  expect_body (client, "1");
  expect_body (client, "GET /native/2?|");
  expect_body (client, "GET /native/3?|");
  fixture_assert_log (f, "delivered;request;delivered;request;delivered;");
}

static void
test_head_request (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *head = NULL;

  client_send (client, "HEAD /native HTTP/1.1\r\nHost: localhost\r\n\r\n" GET ("/native"));
  g_assert_cmpuint (client_response_head (client, &head), ==, 200);
  g_assert_nonnull (strstr (head, "Content-Length: 14\r\n"));
  expect_body (client, "GET /native?|");
}

static void
test_close (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *request;
    const char *connection;
  } cases[] = {
    { "GET /native HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n" },
    { "GET /native HTTP/1.0\r\n\r\n", "Connection: close\r\n" },
    { "GET /soup HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n" },
    { "GET /soup HTTP/1.0\r\n\r\n", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *head = NULL;

      client_send (client, cases[i].request);
      g_assert_cmpuint (client_response (client, &head, NULL), ==, 200);
      if (cases[i].connection != NULL)
        g_assert_nonnull (strstr (head, cases[i].connection));
      client_expect_eof (client);
    }
  fixture_wait_connections (f, 0);
}

/* The server has closed; a client that does not close either is cut off. */
static void
test_linger (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);

  client_send (client, "GET /native HTTP/1.0\r\n\r\n");
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 200);
  client_expect_eof (client);
  fixture_advance (f, 1999);
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 1);
  fixture_advance (f, 1);
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 0);
}

static void
test_http_10_keep_alive (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *head = NULL;

  client_send (client, "GET /native HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  g_assert_cmpuint (client_response (client, &head, NULL), ==, 200);
  g_assert_nonnull (strstr (head, "Connection: keep-alive\r\n"));
  client_send (client, GET ("/native"));
  expect_body (client, "GET /native?|");
}

static void
test_expect (Fixture *f, gconstpointer data)
{
  static const char *const paths[] = { "/native", "/soup" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *request
          = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                             "Content-Length: 3\r\n\r\n",
                             paths[i]);
      g_autofree char *body = NULL, *again = NULL;

      client_send (client, request);
      g_assert_cmpuint (client_response (client, NULL, NULL), ==, 100);
      client_send (client, "abc");
      g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
      g_assert_true (g_str_has_suffix (body, "|abc"));

      /* A client that does not wait gets no 100. */
      client_send (client, request);
      client_send (client, "def");
      if (client_response (client, NULL, NULL) == 100)
        g_assert_cmpuint (client_response (client, NULL, &again), ==, 200);
      g_assert_cmpstr (client->in->str, ==, "");
    }
}

static const struct
{
  const char *request;
  guint status;
  const char *code;
} refused[] = {
  { "GET / HTTP/1.1\nHost: a\n\n", 400, "bad-request" },
  { "GET / HTTP/1.1\r\n\r\n", 400, "bad-request" },
  { "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, "bad-request" },
  { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
    "bad-request" },
  { "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417, "bad-request" },
  { "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413, "payload-too-large" },
  { "POST /soup HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413,
    "payload-too-large" },
  { GET ("/native") "rubbish\r\n\r\n", 400, "bad-request" },
};

static void
test_refused (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *head = NULL, *body = NULL;
      guint status;

      client_send (client, refused[i].request);
      status = client_response (client, &head, &body);
      if (status == 200) /* the good one before it */
        {
          g_clear_pointer (&head, g_free);
          g_clear_pointer (&body, g_free);
          status = client_response (client, &head, &body);
        }
      g_assert_cmpuint (status, ==, refused[i].status);
      g_assert_nonnull (strstr (head, "Connection: close\r\n"));
      g_assert_nonnull (strstr (head, "Content-Type: application/json\r\n"));
      g_assert_true (g_str_has_prefix (body, "{\"success\":false,\"error\":\""));
      g_assert_true (g_str_has_suffix (body, "\"}"));
      g_assert_nonnull (strstr (body, refused[i].code));
      client_expect_eof (client);
    }
}

/* The refusal arrives although the client goes on sending what nobody reads. */
static void
test_refused_while_sending (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *flood = g_malloc0 (1024 * 1024);

  client_send (client, "POST /native HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
  client_send_bytes (client, flood, 1024 * 1024);
  g_assert_cmpuint (client_response (client, NULL, NULL), ==, 413);
  client_expect_eof (client);
  g_assert_false (client->reset);
}

static void
test_body_limit (Fixture *f, gconstpointer data)
{
  static const char *const paths[] = { "/native", "/soup" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *head
          = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n",
                             paths[i]);
      g_autofree char *sent = g_strnfill (65536, 'b');
      g_autofree char *body = NULL;

      client_send (client, head);
      client_send (client, sent);
      g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
      g_assert_true (g_str_has_suffix (body, sent));
    }
}

static void
test_hold_gone (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      Client *client = client_new (f);

      client_send (client, GET ("/native/hold"));
      fixture_wait (f, "request;");
      if (i == 0)
        client_half_close (client);
      else if (i == 1)
        client_reset (client);
      if (i > 0)
        client_free (client);
      fixture_wait (f, "gone;");
      fixture_assert_log (f, "request;gone;");
      g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 0);
      if (i == 0)
        client_free (client);
    }
}

/* An answer that the client does not take is not delivered. */
static void
test_undelivered (Fixture *f, gconstpointer data)
{
  Client *client = client_new (f);

  client_send (client, GET ("/native/big"));
  fixture_wait (f, "request;");
  fixture_settle (f);
  fixture_assert_log (f, "request;");
  client_reset (client);
  client_free (client);
  fixture_wait (f, "undelivered;");
  g_assert_cmpuint (sentient_engine_get_n_connections (f->engine), ==, 0);
}

static void
test_big (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *body = NULL;

  client_send (client, GET ("/native/big") GET ("/native"));
  g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
  g_assert_cmpuint (strlen (body), ==, 8 * 1024 * 1024);
  expect_body (client, "GET /native?|");
}

/* "printf … | nc -N": the request and the end come together. */
static void
test_half_closed_request (Fixture *f, gconstpointer data)
{
  static const char *const requests[] = { GET ("/native"), GET ("/soup") };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autoptr (Client) client = client_new (f);
      g_autofree char *body = NULL;

      client_send (client, requests[i]);
      client_half_close (client);
      g_assert_cmpuint (client_response (client, NULL, &body), ==, 200);
      client_expect_eof (client);
    }
  fixture_wait_connections (f, 0);
}

static void
test_addresses (Fixture *f, gconstpointer data)
{
  g_autoptr (Client) client = client_new (f);
  g_autofree char *remote = NULL, *local = NULL, *expected = NULL;

  client_send (client, GET ("/native/hold"));
  fixture_wait (f, "request;");
  remote = sentient_conn_dup_remote (f->held);
  local = sentient_conn_dup_local (f->held);
  expected = g_strdup_printf ("127.0.0.1:%u", f->port);
  g_assert_cmpstr (local, ==, expected);
  g_assert_true (g_str_has_prefix (remote, "127.0.0.1:"));
  g_assert_true (sentient_conn_remote_is_loopback (f->held));
  fixture_answer (f, "");
  expect_body (client, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  fixture_add ("/engine-http/native", test_native);
  fixture_add ("/engine-http/bodies", test_bodies);
  fixture_add ("/engine-http/byte-by-byte", test_byte_by_byte);
  fixture_add ("/engine-http/pipelined", test_pipelined);
  fixture_add ("/engine-http/pipelined-behind-hold", test_pipelined_behind_hold);
  fixture_add ("/engine-http/head", test_head_request);
  fixture_add ("/engine-http/close", test_close);
  fixture_add ("/engine-http/linger", test_linger);
  fixture_add ("/engine-http/http-1.0-keep-alive", test_http_10_keep_alive);
  fixture_add ("/engine-http/expect", test_expect);
  fixture_add ("/engine-http/refused", test_refused);
  fixture_add ("/engine-http/refused-while-sending", test_refused_while_sending);
  fixture_add ("/engine-http/body-limit", test_body_limit);
  fixture_add ("/engine-http/hold-gone", test_hold_gone);
  fixture_add ("/engine-http/undelivered", test_undelivered);
  fixture_add ("/engine-http/big", test_big);
  fixture_add ("/engine-http/half-closed-request", test_half_closed_request);
  fixture_add ("/engine-http/addresses", test_addresses);
  return g_test_run ();
}
