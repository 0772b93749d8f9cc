/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-request.h"

#include <string.h>

typedef gboolean (*ParseFunc) (SentientRequest *, const char *, gsize, GError **);

#define assert_span(span, expected)                                                                \
  g_assert_cmpmem ((span).data, (span).len, (expected), strlen (expected))

static void
parse (ParseFunc func, SentientRequest *request, const char *text)
{
  g_autoptr (GError) error = NULL;

  memset (request, 0xaa, sizeof *request);
  func (request, text, strlen (text), &error);
  g_assert_no_error (error);
}

static void
refuse (ParseFunc func, const char *text, SentientError code, const char *says)
{
  g_autoptr (GError) error = NULL;
  SentientRequest request;

  if (func (&request, text, strlen (text), &error))
    g_error ("Should have been refused: %s", text);
  g_assert_error (error, SENTIENT_ERROR, (gint)code);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” should say “%s” for: %s", error->message, says, text);
}

#define MESSAGE sentient_request_parse_message
#define BAD SENTIENT_ERROR_BAD_REQUEST

static void
test_message (void)
{
  SentientRequest request;

  parse (MESSAGE, &request,
         "{\"type\":\"join\",\"room\":\"global\",\"metadata\":{\"name\":\"x\"}}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_JOIN);
  g_assert_cmpstr (request.room, ==, "global");
  assert_span (request.metadata, "{\"name\":\"x\"}");

  parse (MESSAGE, &request, "{\"room\":\"\\u0061\",\"type\":\"j\\u006fin\",\"metadata\":null}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_JOIN);
  g_assert_cmpstr (request.room, ==, "a");
  g_assert_null (request.metadata.data);

  parse (MESSAGE, &request, "{\"type\":\"leave\",\"room\":\"global\"}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_LEAVE);
  g_assert_cmpstr (request.room, ==, "global");
  parse (MESSAGE, &request, "{\"type\":\"leave\"}");
  g_assert_cmpstr (request.room, ==, "");
  parse (MESSAGE, &request, "{\"type\":\"leave\",\"room\":null}");
  g_assert_cmpstr (request.room, ==, "");
  parse (MESSAGE, &request, "{\"type\":\"ping\",\"x\":1e999,\"x\":[]}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_PING);

  /* Whatever a client writes for "from". */
  parse (MESSAGE, &request, "{\"type\":\"renegotiate\",\"from\":17,\"to\":\"b\",\"room\":\"r\"}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_SIGNAL);
  g_assert_cmpint (request.signal_type, ==, SENTIENT_SIGNAL_TYPE_RENEGOTIATE);
  g_assert_cmpstr (request.to, ==, "b");
  g_assert_cmpstr (request.room, ==, "r");
  g_assert_cmpstr (request.from, ==, "");
}

/* The payload that arrives, and the lifted member. */
static void
test_payloads (void)
{
  static const struct
  {
    const char *type, *fields, *payload, *lifted;
  } cases[] = {
    { "offer", "\"sdp\":\"v=0\"", "{\"sdp\":\"v=0\"}", "\"v=0\"" },
    { "answer", "\"sdp\":{\"sdp\":\"v=0\"}", "{\"sdp\":{\"sdp\":\"v=0\"}}", "{\"sdp\":\"v=0\"}" },
    { "offer", "\"payload\":{ \"sdp\" : \"v=0\" ,\"x\":1e999}", "{ \"sdp\" : \"v=0\" ,\"x\":1e999}",
      "\"v=0\"" },
    { "offer", "\"sdp\":\"lost\",\"payload\":{\"sdp\":\"won\"}", "{\"sdp\":\"won\"}", "\"won\"" },
    { "offer", "\"sdp\":\"lost\",\"payload\":{}", "{}", NULL },
    { "offer", "\"sdp\":\"won\",\"payload\":null", "{\"sdp\":\"won\"}", "\"won\"" },
    { "offer", "\"sdp\":7,\"payload\":{\"sdp\":\"won\"}", "{\"sdp\":\"won\"}", "\"won\"" },
    { "offer", "\"payload\":\"v=0\"", "{\"sdp\":\"v=0\"}", "\"v=0\"" },
    { "answer", "\"payload\":[1]", "{\"sdp\":[1]}", "[1]" },
    { "offer", "\"payload\":{\"candidate\":1}", "{\"candidate\":1}", NULL },
    { "offer", "\"payload\":{\"a\":{\"sdp\":1}}", "{\"a\":{\"sdp\":1}}", NULL },
    { "offer", "\"payload\":{\"\\u0073dp\":1}", "{\"\\u0073dp\":1}", "1" },
    { "ice-candidate", "\"candidate\":{\"candidate\":\"c\"}",
      "{\"candidate\":{\"candidate\":\"c\"}}", "{\"candidate\":\"c\"}" },
    { "ice-candidate", "\"candidate\":\"c\"", "{\"candidate\":\"c\"}", "\"c\"" },
    { "ice-candidate", "\"candidate\":null", "{\"candidate\":null}", "null" },
    { "ice-candidate", "\"payload\":{\"candidate\":{}},\"candidate\":1", "{\"candidate\":{}}",
      "{}" },
    { "ice-candidate", "\"payload\":\"c\"", "{\"candidate\":\"c\"}", "\"c\"" },
    { "ice-candidate", "\"payload\":{\"sdp\":1}", "{\"sdp\":1}", NULL },
    { "renegotiate", "\"x\":1", "{}", NULL },
    { "renegotiate", "\"payload\":null", "{}", NULL },
    { "renegotiate", "\"payload\":{\"why\":\"ice\"}", "{\"why\":\"ice\"}", NULL },
    { "renegotiate", "\"sdp\":\"v=0\"", "{\"sdp\":\"v=0\"}", "\"v=0\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"type\":\"%s\",\"to\":\"b\",%s}", cases[i].type, cases[i].fields);
      g_autoptr (SentientSignal) signal = NULL;
      SentientRequest request;

      g_test_message ("%s", text);
      parse (MESSAGE, &request, text);
      signal = sentient_request_to_signal (&request, "honest", "r", 5);
      g_assert_cmpstr (sentient_signal_get_payload (signal), ==, cases[i].payload);
      g_assert_cmpstr (sentient_signal_get_from (signal), ==, "honest");
      g_assert_cmpstr (sentient_signal_get_to (signal), ==, "b");
      g_assert_cmpstr (sentient_signal_get_room (signal), ==, "r");
      g_assert_cmpstr (sentient_signal_type_to_string (sentient_signal_get_signal_type (signal)),
                       ==, cases[i].type);
      if (cases[i].lifted != NULL)
        assert_span (request.lifted, cases[i].lifted);
      else
        g_assert_null (request.lifted.data);
    }
}

static void
test_message_refused (void)
{
  static const struct
  {
    const char *text, *says;
  } cases[] = {
    { "", "not valid JSON" },
    { "hello", "not valid JSON" },
    { "[]", "object" },
    { "{}", "“type” is missing" },
    { "{\"type\":null}", "“type” is missing" },
    { "{\"type\":3}", "“type” must be a string" },
    { "{\"type\":\"dance\"}", "“dance”" },
    { "{\"type\":\"\"}", "unknown" },
    { "{\"type\":\"join\\u0000\"}", "unknown" },
    { "{\"type\":\"Join\",\"room\":\"r\"}", "“Join”" },
    { "{\"type\":\"join\"}", "“room” is missing" },
    { "{\"type\":\"join\",\"room\":null}", "“room” is missing" },
    { "{\"type\":\"join\",\"room\":1}", "“room” must be a string" },
    { "{\"type\":\"join\",\"room\":\"\"}", "“room”" },
    { "{\"type\":\"join\",\"room\":\"system\"}", "“room”" },
    { "{\"type\":\"join\",\"room\":\"\\u0073ystem\"}", "“room”" },
    { "{\"type\":\"join\",\"room\":\"a b\"}", "“room”" },
    { "{\"type\":\"join\",\"room\":\"a\\u0000\"}", "“room”" },
    { "{\"type\":\"join\",\"room\":\"r\",\"metadata\":[]}", "“metadata” must be an object" },
    { "{\"type\":\"join\",\"room\":\"r\",\"metadata\":\"x\"}", "“metadata” must be an object" },
    { "{\"type\":\"join\",\"room\":\"r\",\"room\":\"r\"}", "“room” is given twice" },
    { "{\"type\":\"ping\",\"type\":\"ping\"}", "“type” is given twice" },
    { "{\"type\":\"leave\",\"room\":{}}", "“room” must be a string" },
    { "{\"type\":\"offer\",\"sdp\":\"v=0\"}", "“to” is missing" },
    { "{\"type\":\"offer\",\"to\":7,\"sdp\":\"v=0\"}", "“to” must be a string" },
    { "{\"type\":\"offer\",\"to\":\"system\",\"sdp\":\"v=0\"}", "“to”" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"room\":false,\"sdp\":\"v=0\"}",
      "“room” must be a string" },
    { "{\"type\":\"offer\",\"to\":\"b\"}", "“payload” (or “sdp”) is missing" },
    { "{\"type\":\"answer\",\"to\":\"b\",\"payload\":null,\"sdp\":null}", "“payload”" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"candidate\":\"c\"}", "“payload”" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"sdp\":7}", "“sdp” must be a string or an object" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"sdp\":[]}", "“sdp”" },
    { "{\"type\":\"ice-candidate\",\"to\":\"b\"}", "“payload” (or “candidate”) is missing" },
    { "{\"type\":\"ice-candidate\",\"to\":\"b\",\"payload\":null}", "“payload”" },
    { "{\"type\":\"ice-candidate\",\"to\":\"b\",\"candidate\":true}", "“candidate” must be" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{},\"payload\":{}}",
      "“payload” is given twice" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"t\\u006f\":\"c\",\"sdp\":\"\"}", "“to” is given twice" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"from\":1,\"from\":2,\"sdp\":\"\"}",
      "“from” is given twice" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{\"sdp\":1,\"sdp\":1}}",
      "“sdp” is given twice" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{\"candidate\":1,\"candidate\":1}}",
      "“candidate” is given twice" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{\"x\":}}", "not valid JSON" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{}},\"from\":\"c\"}", "not valid JSON" },
    { "{\"type\":\"offer\",\"to\":\"b\",\"sdp\":\"\xc0\xaf\"}", "not valid JSON" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    refuse (MESSAGE, cases[i].text, BAD, cases[i].says);
}

static void
test_unknown_type_is_cut (void)
{
  g_autofree char *type = g_strnfill (5000, 'y');
  g_autofree char *text = g_strdup_printf ("{\"type\":\"%s\"}", type);
  g_autoptr (GError) error = NULL;
  SentientRequest request;

  g_assert_false (MESSAGE (&request, text, strlen (text), &error));
  g_assert_error (error, SENTIENT_ERROR, BAD);
  g_assert_cmpuint (strlen (error->message), <, 200);
  g_assert_nonnull (strstr (error->message, "yyyyyyyyyy…"));
}

static void
test_sizes (void)
{
  SentientRequest request;
  g_autofree char *name = g_strnfill (SENTIENT_NAME_MAX, 'n');
  g_autofree char *fill = g_strnfill (SENTIENT_METADATA_MAX - 8, 'x');
  g_autofree char *long_fill = g_strnfill (SENTIENT_MESSAGE_MAX, 'x');
  g_autofree char *fits
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"%s\",\"metadata\":{\"a\":\"%s\"}}", name,
                         fill);
  g_autofree char *too_much
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"r\",\"metadata\":{\"aa\":\"%s\"}}", fill);
  g_autofree char *name_too_long = g_strdup_printf ("{\"type\":\"join\",\"room\":\"%sx\"}", name);
  g_autofree char *escaped_too_long
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"\\u0078%s\"}", name);
  g_autoptr (GString) largest = g_string_new ("{\"type\":\"offer\",\"to\":\"b\",\"sdp\":\"");
  g_autoptr (GError) error = NULL;

  parse (MESSAGE, &request, fits);
  g_assert_cmpuint (request.metadata.len, ==, SENTIENT_METADATA_MAX);
  refuse (MESSAGE, too_much, SENTIENT_ERROR_PAYLOAD_TOO_LARGE, "“metadata”");
  refuse (MESSAGE, name_too_long, BAD, "“room”");
  refuse (MESSAGE, escaped_too_long, BAD, "“room”");

  g_string_append_len (largest, long_fill, (gssize)(SENTIENT_MESSAGE_MAX - largest->len - 2));
  g_string_append (largest, "\"}");
  g_assert_cmpuint (largest->len, ==, SENTIENT_MESSAGE_MAX);
  g_assert_true (MESSAGE (&request, largest->str, largest->len, &error));
  g_assert_no_error (error);
  g_string_append_c (largest, ' ');
  g_assert_false (MESSAGE (&request, largest->str, largest->len, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
}

static void
test_deep (void)
{
  SentientRequest request;
  g_autoptr (GString) text
      = g_string_new ("{\"type\":\"offer\",\"to\":\"b\",\"payload\":{\"sdp\":");

  for (guint i = 0; i < 30; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < 30; i++)
    g_string_append_c (text, ']');
  g_string_append (text, "}}");
  parse (MESSAGE, &request, text->str);
  g_string_insert (text, (gssize)(strstr (text->str, "[]") + 1 - text->str), "[]");
  refuse (MESSAGE, text->str, BAD, "more than 32 levels");
  g_string_assign (text, "{\"type\":\"offer\",\"to\":\"b\",\"payload\":{\"sdp\":");
  for (guint i = 0; i < 10000; i++)
    g_string_append_c (text, '[');
  refuse (MESSAGE, text->str, BAD, "32 levels");
}

static void
test_http (void)
{
  SentientRequest request;

  parse (sentient_request_parse_join, &request,
         "{\"nodeId\":\"a\",\"room\":\"r\",\"metadata\":{},\"v1\":true,\"type\":5}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_JOIN);
  g_assert_cmpstr (request.node_id, ==, "a");
  g_assert_cmpstr (request.room, ==, "r");
  assert_span (request.metadata, "{}");

  parse (sentient_request_parse_leave, &request, "{\"nodeId\":\"a\"}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_LEAVE);
  g_assert_cmpstr (request.node_id, ==, "a");
  g_assert_cmpstr (request.room, ==, "");

  parse (sentient_request_parse_signal, &request,
         "{\"from\":\"a\",\"to\":\"b\",\"room\":null,\"type\":\"offer\",\"payload\":{}}");
  g_assert_cmpint (request.kind, ==, SENTIENT_REQUEST_SIGNAL);
  g_assert_cmpstr (request.from, ==, "a");
  g_assert_cmpstr (request.to, ==, "b");
  parse (sentient_request_parse_signal, &request,
         "{\"to\":\"b\",\"type\":\"answer\",\"sdp\":\"v=0\"}");
  g_assert_cmpstr (request.from, ==, "");
  g_assert_cmpstr (request.wrap_key, ==, "sdp");
  g_assert_true (request.wrap_payload);
}

static void
test_http_refused (void)
{
  refuse (sentient_request_parse_join, "{\"room\":\"r\"}", BAD, "“nodeId” is missing");
  refuse (sentient_request_parse_join, "{\"nodeId\":\"a\"}", BAD, "“room” is missing");
  refuse (sentient_request_parse_join, "{\"nodeId\":1,\"room\":\"r\"}", BAD, "“nodeId” must be");
  refuse (sentient_request_parse_join, "{\"nodeId\":\"system\",\"room\":\"r\"}", BAD, "“nodeId”");
  refuse (sentient_request_parse_join, "{\"nodeId\":\"a\",\"room\":\"r\",\"metadata\":1}", BAD,
          "“metadata” must be an object");
  refuse (sentient_request_parse_join, "{\"nodeId\":\"a\",\"nodeId\":\"a\",\"room\":\"r\"}", BAD,
          "“nodeId” is given twice");
  refuse (sentient_request_parse_join, "", BAD, "not valid JSON");
  refuse (sentient_request_parse_leave, "{}", BAD, "“nodeId” is missing");
  refuse (sentient_request_parse_leave, "{\"nodeId\":\"a\",\"room\":[]}", BAD, "“room” must be");
  refuse (sentient_request_parse_signal, "{\"to\":\"b\",\"payload\":{}}", BAD, "“type” is missing");
  refuse (sentient_request_parse_signal, "{\"type\":\"join\",\"to\":\"b\",\"payload\":{}}", BAD,
          "“type” must be offer");
  refuse (sentient_request_parse_signal,
          "{\"type\":\"offer\",\"from\":1,\"to\":\"b\",\"payload\":{}}", BAD, "“from” must be");
  refuse (sentient_request_parse_signal,
          "{\"type\":\"offer\",\"from\":\"system\",\"to\":\"b\",\"payload\":{}}", BAD, "“from”");
  refuse (sentient_request_parse_signal, "{\"type\":\"offer\",\"from\":\"a\",\"payload\":{}}", BAD,
          "“to” is missing");
  refuse (sentient_request_parse_signal, "{\"type\":\"offer\",\"from\":\"a\",\"to\":\"b\"}", BAD,
          "“payload”");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/message", test_message);
  g_test_add_func ("/request/payloads", test_payloads);
  g_test_add_func ("/request/message-refused", test_message_refused);
  g_test_add_func ("/request/unknown-type-is-cut", test_unknown_type_is_cut);
  g_test_add_func ("/request/sizes", test_sizes);
  g_test_add_func ("/request/deep", test_deep);
  g_test_add_func ("/request/http", test_http);
  g_test_add_func ("/request/http-refused", test_http_refused);
  return g_test_run ();
}
