/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever a sender writes: what is accepted comes out as valid JSON, and says who really sent it.
 * SENTIENT_TEST_SEED=n repeats a run. */

#include <stdlib.h>
#include <string.h>

#include "json-helpers.h"
#include "protocol/sentient-message.h"
#include "protocol/sentient-request.h"

#define ROUNDS 60000

static const char *const seeds[] = {
  "{\"type\":\"offer\",\"to\":\"b\",\"room\":\"r\",\"sdp\":\"v=0\\r\\no=- 1\"}",
  "{\"type\":\"offer\",\"from\":\"liar\",\"to\":\"b\",\"payload\":{\"sdp\":\"v=0\",\"x\":[1,{}]}}",
  "{\"type\":\"answer\",\"to\":\"b\",\"payload\":\"v=0 \\\"}\"}",
  "{\"type\":\"ice-candidate\",\"to\":\"b\",\"room\":null,\"candidate\":{\"candidate\":\"ä€😀\","
  "\"sdpMLineIndex\":0}}",
  "{\"type\":\"ice-candidate\",\"to\":\"b\",\"payload\":{\"candidate\":null},\"candidate\":\"x\"}",
  "{\"type\":\"renegotiate\",\"to\":\"b\",\"payload\":{\"a\":-1.5e3,\"b\":[true,false,null]}}",
};

static const char *const pieces[] = {
  "\"from\":\"liar\"",
  "\"}",
  "{}",
  "},",
  "\"",
  "\\",
  "\\\"",
  "\\u0022",
  "\\ud800",
  "\\u0000",
  "null",
  "\t",
  "\n",
  "\x01",
  "\xff",
  "\xc3",
  "\xc3\xa4",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "1e5",
  "\"sdp\":",
  "\"t\\u006f\":",
  "\"payload\":{",
  "-",
  "0",
  "\"a\":1",
  " ",
  "//",
  "\"payload\":",
  "\"type\":\"offer\"",
};

static void
mutate (GRand *rand, GString *text)
{
  gsize at = (gsize)g_rand_int_range (rand, 0, (gint32)text->len + 1);
  gsize wanted = (gsize)g_rand_int_range (rand, 1, 12);
  gsize len = MIN (wanted, text->len - at);
  const char *piece = pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))];

  switch (g_rand_int_range (rand, 0, 5))
    {
    case 0:
      g_string_erase (text, (gssize)at, (gssize)len);
      break;
    case 1:
      g_string_insert (text, (gssize)at, piece);
      break;
    case 2:
      if (at < text->len)
        text->str[at] = (char)g_rand_int_range (rand, 0, 256);
      break;
    case 3:
      g_string_erase (text, (gssize)at, (gssize)len);
      g_string_insert (text, (gssize)at, piece);
      break;
    default:
      {
        g_autofree char *copy = g_strndup (text->str + at, len);
        gsize to = (gsize)g_rand_int_range (rand, 0, (gint32)text->len + 1);

        g_string_insert_len (text, (gssize)to, copy, (gssize)strlen (copy));
      }
    }
}

static void
assert_honest (GString *out)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  sentient_json_validate (out->str, out->len, &error);
  g_assert_no_error (error);
  json_parser_load_from_data (parser, out->str, (gssize)out->len, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (
      json_object_get_string_member (json_node_get_object (json_parser_get_root (parser)), "from"),
      ==, "honest");
}

/* TRUE: accepted as a signal. */
static gboolean
relay (const char *data, gsize len, GString *out)
{
  static gboolean (*const parsers[]) (SentientRequest *, const char *, gsize, GError **)
      = { sentient_request_parse_message, sentient_request_parse_signal };
  gboolean accepted = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++)
    {
      g_autoptr (GError) error = NULL;
      SentientRequest request;

      if (!parsers[i](&request, data, len, &error))
        {
          g_assert_nonnull (error);
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
          continue;
        }
      g_assert_no_error (error);
      if (request.kind != SENTIENT_REQUEST_SIGNAL)
        continue;
      accepted = TRUE;
      for (guint dialect = 0; dialect < SENTIENT_N_DIALECTS; dialect++)
        {
          g_autoptr (SentientSignal) signal
              = sentient_request_to_signal (&request, "honest", NULL, 1);
          g_autoptr (SentientMessage) message = sentient_message_new_signal (signal);

          g_string_truncate (out, 0);
          sentient_message_append (message, out, (SentientDialect)dialect, 1, "z");
          g_assert_cmpuint (out->len, <=, sentient_message_get_size (message));
          assert_honest (out);
        }
    }
  return accepted;
}

static void
test_mutations (void)
{
  const char *given = g_getenv ("SENTIENT_TEST_SEED");
  guint32 seed = given != NULL ? (guint32)strtoul (given, NULL, 10) : g_random_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  guint accepted = 0;

  g_test_message ("SENTIENT_TEST_SEED=%u", seed);
  g_printerr ("SENTIENT_TEST_SEED=%u\n", seed);
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *exact = NULL;

      g_string_assign (text, seeds[round % G_N_ELEMENTS (seeds)]);
      for (gint n = g_rand_int_range (rand, 0, 4); n > 0; n--)
        mutate (rand, text);
      exact = g_malloc (text->len + (text->len == 0));
      memcpy (exact, text->str, text->len);
      accepted += relay (exact, text->len, out) ? 1 : 0;
    }
  g_test_message ("%u of %u accepted", accepted, ROUNDS);
  g_assert_cmpuint (accepted, >, ROUNDS / 10);
  g_assert_cmpuint (accepted, <, ROUNDS * 9 / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mutations/honest", test_mutations);
  return g_test_run ();
}
