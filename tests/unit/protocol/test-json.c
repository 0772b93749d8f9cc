/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-json.h"

#include <string.h>

#include "core/sentient-error.h"

/* A copy of exactly the text's size, so that a read behind its end is found. */
static gboolean
is_valid (const char *text, gsize len)
{
  g_autofree char *copy = g_malloc (len + (len == 0));
  g_autoptr (GError) error = NULL;
  gboolean valid;

  memcpy (copy, text, len);
  valid = sentient_json_validate (copy, len, &error);
  if (valid)
    g_assert_no_error (error);
  else
    g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  return valid;
}

static const char *const good_texts[] = {
  "{}",
  "[]",
  " [ ] ",
  "\t\r\n{ }\n",
  "0",
  "-0",
  "10",
  "-1.5e+10",
  "1E5",
  "0.0",
  "1e-9",
  "1e999",
  "-9999999999999999999999999999999999999999",
  "true",
  "false",
  "null",
  "\"\"",
  "[1,2]",
  "[ 1 , 2 ]",
  "[[],{},[{}]]",
  "{\"a\":1}",
  "{\"a\":1,\"a\":2}",
  "{ \"a\" : [ ] , \"b\" : { } }",
  "{\"\":\"\"}",
  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uABcd\"",
  "\"\x7f\"",
  "[\"12345678\\n2345678\\\"\",\"1234567\"]",
};

static const char *const bad_texts[] = {
  "",           " ",          "{",
  "}",          "[",          "]",
  "[1",         "[1,",        "[1,]",
  "[,1]",       "[1 2]",      "[1}",
  "{]",         "{}}",        "[]]",
  "{}{}",       "{} x",       "1 2",
  "{1:2}",      "{a:1}",      "{'a':1}",
  "{\"a\"}",    "{\"a\":}",   "{\"a\" 1}",
  "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}",
  "{\"a\":1",   "{\"a\":1,",  "{\"a\":1,\"b\"",
  "{\"a",       "01",         "-",
  "-01",        "+1",         ".5",
  "1.",         "1.e5",       "1e",
  "1e+",        "0x10",       "1_000",
  "NaN",        "Infinity",   "-Infinity",
  "tru",        "truee",      "True",
  "nul",        "nulll",      "fals",
  "undefined",  "\"",         "\"a",
  "\"\\\"",     "\"\\",       "\"\\x\"",
  "\"\\u\"",    "\"\\u12\"",  "\"\\u12g4\"",
  "\"\\u123",   "\"\t\"",     "\"\n\"",
  "\"\x1f\"",   "\"\x01\"",   "\"1234567\n\"",
  "/* */ {}",   "{} //",      "\xef\xbb\xbf{}",
  "\xc2\xa0{}", "\v{}",       "\f1",
  "[\"\"\"\"]", "\"a\"b",     "--1",
  "[1,,2]",     "{\"a\"::1}", "[:]",
};

static void
test_grammar (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_texts); i++)
    {
      g_test_message ("good: %s", good_texts[i]);
      g_assert_true (is_valid (good_texts[i], strlen (good_texts[i])));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_texts); i++)
    {
      g_test_message ("bad: %s", bad_texts[i]);
      g_assert_false (is_valid (bad_texts[i], strlen (bad_texts[i])));
    }
  g_assert_false (sentient_json_validate (NULL, 0, NULL));
  g_assert_false (is_valid ("{}\0", 3));
  g_assert_false (is_valid ("\"a\0b\"", 5));
  g_assert_false (is_valid ("[1\0]", 4));
}

/* At each place in and around the eight-byte steps. */
static void
assert_string (const char *bytes, gsize len, gboolean valid)
{
  for (guint before = 0; before < 17; before++)
    {
      for (guint after = 0; after < 10; after++)
        {
          g_autoptr (GString) text = g_string_new ("\"");

          for (guint i = 0; i < before; i++)
            g_string_append_c (text, 'a');
          g_string_append_len (text, bytes, (gssize)len);
          for (guint i = 0; i < after; i++)
            g_string_append_c (text, 'a');
          g_string_append_c (text, '"');
          g_assert_cmpint (is_valid (text->str, text->len), ==, valid);
        }
    }
}

static void
test_utf8 (void)
{
  static const char *const good[] = {
    "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",     "\xed\x9f\xbf", "\xee\x80\x80",
    "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "äöü€😀",
  };
  static const char *const bad[] = {
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc0\xaf",
    "\xc1\xbf",
    "\xc2",
    "\xc2\x41",
    "\xc2\xc2",
    "\xe0\x80\x80",
    "\xe0\x9f\xbf",
    "\xe1\x80",
    "\xe1\x80\x41",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf0\x80\x80\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x90\x80",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
    "\xe2\x28\xa1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_string (good[i], strlen (good[i]), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_string (bad[i], strlen (bad[i]), FALSE);
}

/* Every single byte and every pair, against GLib's opinion. */
static void
test_bytes (void)
{
  for (guint a = 0; a < 256; a++)
    {
      for (guint b = 0; b < 256; b++)
        {
          char text[] = { '"', 'x', (char)a, (char)b, '"' };
          gboolean expected = a >= 0x20 && b >= 0x20 && a != '"' && b != '"'
                              && g_utf8_validate (text + 2, 2, NULL);

          if (a == '\\')
            expected = b != 0 && strchr ("\"\\/bfnrt", (int)b) != NULL;
          else if (b == '\\')
            expected = FALSE;
          g_assert_cmpint (is_valid (text, sizeof text), ==, expected);
        }
    }
}

static void
test_surrogates (void)
{
  static const char *const good[]
      = { "\\ud83d\\ude00", "\\uD800\\uDC00", "\\udbff\\udfff", "\\ue000", "\\ud7ff" };
  static const char *const bad[]
      = { "\\ud83d",        "\\ude00",        "\\ud83dx",   "\\ud83d\\n",    "\\ud83d\\u0041",
          "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\ud83d\\u", "\\ud83d\\ude0x" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_string (good[i], strlen (good[i]), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_string (bad[i], strlen (bad[i]), FALSE);
}

static void
test_depth (void)
{
  static const char *const forms[][3]
      = { { "[", "1", "]" }, { "{\"a\":", "null", "}" }, { "[[],{\"b\":", "{}", "}]" } };

  for (guint form = 0; form < G_N_ELEMENTS (forms); form++)
    {
      guint each = form == 2 ? 2 : 1;

      for (guint depth = 1; depth <= 100; depth++)
        {
          g_autoptr (GString) text = g_string_new (NULL);
          guint deepest = depth * each + (form == 2 ? 1 : 0);

          for (guint i = 0; i < depth; i++)
            g_string_append (text, forms[form][0]);
          g_string_append (text, forms[form][1]);
          for (guint i = 0; i < depth; i++)
            g_string_append (text, forms[form][2]);
          g_assert_cmpint (is_valid (text->str, text->len), ==, deepest <= SENTIENT_JSON_DEPTH_MAX);
          if (text->str[0] == '{')
            {
              static const char *const keys[] = { "a" };
              SentientJsonValue value;

              g_assert_cmpint (sentient_json_pick (text->str, text->len, keys, &value, 1, NULL), ==,
                               deepest <= SENTIENT_JSON_DEPTH_MAX);
            }
        }
    }
}

/* No end of a valid text is one itself, and none reads on. */
static void
test_truncated (void)
{
  const char *text
      = "{\"a\":[1.5e3,true,null,\"x\\u00e4\\ud83d\\ude00€\"],\"payload\":{\"sdp\":{}}}";
  static const char *const keys[] = { "payload", "sdp" };
  SentientJsonValue values[2], inner_values[2];
  SentientJsonPicker inner = { keys, inner_values, 2, 0, NULL };
  SentientJsonPicker picker = { keys, values, 2, 0, &inner };

  for (gsize len = 0; len < strlen (text); len++)
    {
      g_autofree char *copy = g_malloc (len + (len == 0));

      memcpy (copy, text, len);
      g_assert_false (is_valid (text, len));
      g_assert_false (sentient_json_pick_nested (copy, len, &picker, NULL));
    }
  g_assert_true (is_valid (text, strlen (text)));
  g_assert_true (sentient_json_pick_nested (text, strlen (text), &picker, NULL));
}

static void
test_error_messages (void)
{
  static const char *const keys[] = { "to" };
  g_autoptr (GError) error = NULL;
  SentientJsonValue value;

  g_assert_false (sentient_json_validate ("[1,x]", 5, &error));
  g_assert_cmpstr (error->message, ==,
                   "This is not valid JSON: something that is no value at byte 3.");
  g_clear_error (&error);
  g_assert_false (sentient_json_pick ("{\"to\":1,\"to\":2}", 15, keys, &value, 1, &error));
  g_assert_cmpstr (error->message, ==, "The field “to” is given twice (byte 8); send it once.");
  g_clear_error (&error);
  g_assert_false (sentient_json_pick ("[]", 2, keys, &value, 1, &error));
  g_assert_cmpstr (error->message, ==, "This must be a JSON object, from byte 0 on.");
  g_clear_error (&error);
  g_assert_false (sentient_json_pick ("[", 1, keys, &value, 1, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_assert_nonnull (strstr (error->message, "not valid JSON"));
}

#define assert_span(value, expected)                                                               \
  g_assert_cmpmem ((value).span.data, (value).span.len, (expected), strlen (expected))

static void
test_pick (void)
{
  static const char *const keys[] = { "a", "b", "list", "absent", "nil", "object", "yes" };
  const char *text = " {\"a\" : -1.5 ,\"x\":1,\"x\":2,\"b\":\"q\\\"}\" ,\"list\":[ 1 ,[2]] ,"
                     "\"nil\":null,\"object\":{\"a\":1,\"a\":2},\"yes\":true} ";
  SentientJsonValue values[G_N_ELEMENTS (keys)];
  g_autoptr (GError) error = NULL;

  g_assert_true (
      sentient_json_pick (text, strlen (text), keys, values, G_N_ELEMENTS (keys), &error));
  g_assert_no_error (error);
  assert_span (values[0], "-1.5");
  g_assert_cmpint (values[0].type, ==, SENTIENT_JSON_NUMBER);
  assert_span (values[1], "\"q\\\"}\"");
  g_assert_cmpint (values[1].type, ==, SENTIENT_JSON_STRING);
  assert_span (values[2], "[ 1 ,[2]]");
  g_assert_cmpint (values[2].type, ==, SENTIENT_JSON_ARRAY);
  g_assert_null (values[3].span.data);
  assert_span (values[4], "null");
  g_assert_cmpint (values[4].type, ==, SENTIENT_JSON_NULL);
  assert_span (values[5], "{\"a\":1,\"a\":2}");
  g_assert_cmpint (values[5].type, ==, SENTIENT_JSON_OBJECT);
  assert_span (values[6], "true");
  g_assert_cmpint (values[6].type, ==, SENTIENT_JSON_BOOLEAN);

  g_assert_true (sentient_json_pick ("{}", 2, keys, values, G_N_ELEMENTS (keys), NULL));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_assert_null (values[i].span.data);
}

static void
test_pick_escaped_keys (void)
{
  static const char *const keys[] = { "to", "tool" };
  static const char *const twice[]
      = { "{\"to\":1,\"t\\u006f\":2}", "{\"\\u0074\\u006F\":1,\"to\":2}",
          "{\"to\":null,\"to\":2}" };
  static const char *const once[] = { "{\"to\":1,\"t\\u006f\\u0000\":2,\"t\":3,\"\":4,\"\":5}",
                                      "{\"\\u0074o\":1,\"tooo\":2,\"TO\":3}" };
  SentientJsonValue values[2];
  g_autofree char *name = g_strnfill (200, 'o');
  g_autofree char *longer = g_strdup_printf ("{\"to\":1,\"\\u0074%s\":2,\"t%s\":3}", name, name);

  for (guint i = 0; i < G_N_ELEMENTS (twice); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sentient_json_pick (twice[i], strlen (twice[i]), keys, values, 2, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_assert_nonnull (strstr (error->message, "“to”"));
    }
  for (guint i = 0; i < G_N_ELEMENTS (once); i++)
    {
      g_assert_true (sentient_json_pick (once[i], strlen (once[i]), keys, values, 2, NULL));
      assert_span (values[0], "1");
      g_assert_null (values[1].span.data);
    }
  g_assert_true (sentient_json_pick (longer, strlen (longer), keys, values, 2, NULL));
  assert_span (values[0], "1");
}

static void
test_pick_nested (void)
{
  static const char *const keys[] = { "x", "payload", "sdp" };
  static const char *const inner_keys[] = { "sdp" };
  SentientJsonValue values[3], inner_values[1];
  SentientJsonPicker inner = { inner_keys, inner_values, 1, 0, NULL };
  SentientJsonPicker picker = { keys, values, 3, 1, &inner };
  const char *text
      = "{\"x\":{\"sdp\":0},\"payload\":{ \"sdp\" : [1] ,\"y\":{\"sdp\":2}},\"sdp\":3}";
  const char *twice = "{\"payload\":{\"sdp\":1,\"\\u0073dp\":2}}";

  g_assert_true (sentient_json_pick_nested (text, strlen (text), &picker, NULL));
  assert_span (inner_values[0], "[1]");
  assert_span (values[1], "{ \"sdp\" : [1] ,\"y\":{\"sdp\":2}}");
  assert_span (values[2], "3");
  g_assert_false (sentient_json_pick_nested (twice, strlen (twice), &picker, NULL));
  g_assert_true (sentient_json_pick_nested ("{\"payload\":[{}]}", 16, &picker, NULL));
  g_assert_null (inner_values[0].span.data);
  g_assert_true (sentient_json_pick_nested ("{\"payload\":{}}", 14, &picker, NULL));
  assert_span (values[1], "{}");
}

static void
test_elements (void)
{
  const char *text = "[ 1 , \"],\" ,[2,3],{\"a\":[]} ,null ]";
  static const char *const expected[] = { "1", "\"],\"", "[2,3]", "{\"a\":[]}", "null" };
  SentientSpan array = { text, strlen (text) };
  SentientJsonValue value;
  gsize offset = 0;

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_assert_true (sentient_json_next_element (array, &offset, &value));
      assert_span (value, expected[i]);
    }
  g_assert_false (sentient_json_next_element (array, &offset, &value));
  offset = 0;
  g_assert_false (sentient_json_next_element ((SentientSpan){ "[ ]", 3 }, &offset, &value));
}

static void
test_unescape (void)
{
  static const char *const pairs[][2] = {
    { "\"\"", "" },
    { "\"abc\"", "abc" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"", "Aä€😀" },
    { "\"a\\nb\\nc\"", "a\nb\nc" },
    { "\"\\uffff\"", "\xef\xbf\xbf" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      SentientSpan span = { pairs[i][0], strlen (pairs[i][0]) };
      gsize len = strlen (pairs[i][1]);
      g_autofree char *buf = g_malloc (len + 1);
      g_autofree char *text = sentient_json_dup_string (span);

      g_assert_cmpstr (text, ==, pairs[i][1]);
      g_assert_true (sentient_json_unescape (span, buf, len + 1));
      g_assert_cmpstr (buf, ==, pairs[i][1]);
      g_assert_false (sentient_json_unescape (span, buf, len));
    }
  g_assert_null (sentient_json_dup_string ((SentientSpan){ "\"a\\u0000b\"", 10 }));
}

static void
test_numbers (void)
{
  static const char *const bad[]
      = { "-1",   "1.0", "1e3", "9007199254740993", "99999999999999999999", "\"1\"",
          "null", "-0",  "true" };
  guint64 number = 1;
  SentientJsonValue value = { { "0", 1 }, SENTIENT_JSON_NUMBER };

  g_assert_true (sentient_json_get_uint (value, &number));
  g_assert_cmpuint (number, ==, 0);
  value.span = (SentientSpan){ "9007199254740992", 16 };
  g_assert_true (sentient_json_get_uint (value, &number));
  g_assert_cmpuint (number, ==, G_GUINT64_CONSTANT (9007199254740992));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"n\":%s}", bad[i]);
      static const char *const keys[] = { "n" };

      g_assert_true (sentient_json_pick (text, strlen (text), keys, &value, 1, NULL));
      g_assert_false (sentient_json_get_uint (value, &number));
    }
  g_assert_false (sentient_json_get_uint ((SentientJsonValue){ 0 }, &number));
}

static void
test_append (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GString) all = g_string_new (NULL);
  g_autofree char *back = NULL;

  sentient_json_append_string (out, NULL);
  g_assert_cmpstr (out->str, ==, "null");
  g_string_truncate (out, 0);
  for (guint c = 1; c < 128; c++)
    g_string_append_c (all, (char)c);
  g_string_append (all, "ä€😀");
  sentient_json_append_string (out, all->str);
  g_assert_true (is_valid (out->str, out->len));
  back = sentient_json_dup_string ((SentientSpan){ out->str, out->len });
  g_assert_cmpstr (back, ==, all->str);
  g_string_truncate (out, 0);
  sentient_json_append_string (out, "a\"\\\b\f\n\r\t\x1f/");
  g_assert_cmpstr (out->str, ==, "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u001f/\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/grammar", test_grammar);
  g_test_add_func ("/json/utf8", test_utf8);
  g_test_add_func ("/json/bytes", test_bytes);
  g_test_add_func ("/json/surrogates", test_surrogates);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/truncated", test_truncated);
  g_test_add_func ("/json/error-messages", test_error_messages);
  g_test_add_func ("/json/pick", test_pick);
  g_test_add_func ("/json/pick-escaped-keys", test_pick_escaped_keys);
  g_test_add_func ("/json/pick-nested", test_pick_nested);
  g_test_add_func ("/json/elements", test_elements);
  g_test_add_func ("/json/unescape", test_unescape);
  g_test_add_func ("/json/numbers", test_numbers);
  g_test_add_func ("/json/append", test_append);
  return g_test_run ();
}
