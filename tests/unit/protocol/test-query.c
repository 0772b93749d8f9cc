/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-request.h"

#include <string.h>

static gboolean
parse (SentientQuery *query, const char *text, GError **error)
{
  gsize len = strlen (text);
  g_autofree char *copy = g_malloc (len + (len == 0));

  memcpy (copy, text, len);
  return sentient_query_parse (query, copy, len, FALSE, error);
}

static void
test_good (void)
{
  static const struct
  {
    const char *text, *node_id, *room;
    guint timeout_ms;
  } cases[] = {
    { "", "", "", 25000 },
    { "nodeId=a", "a", "", 25000 },
    { "nodeId=a&room=global&timeout=2000", "a", "global", 2000 },
    { "room=r&&x=1&nodeId=b&x=2", "b", "r", 25000 },
    { "nodeId=%61%3Ab&room=", "a:b", "", 25000 },
    { "n%6FdeId=a", "a", "", 25000 },
    { "room&nodeId", "", "", 25000 },
    { "before=7&before=8", "", "", 25000 },
    { "%zz=1&=&==&%", "", "", 25000 },
    { "timeout=0", "", "", 0 },
    { "timeout=25000", "", "", 25000 },
    { "timeout=25001", "", "", 25000 },
    { "timeout=-1", "", "", 25000 },
    { "timeout=1.5", "", "", 25000 },
    { "timeout=", "", "", 25000 },
    { "timeout=x", "", "", 25000 },
    { "timeout=%zz", "", "", 25000 },
    { "timeout=99999999999999999999999999", "", "", 25000 },
  };
  SentientQuery query;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      parse (&query, cases[i].text, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (query.node_id, ==, cases[i].node_id);
      g_assert_cmpstr (query.room, ==, cases[i].room);
      g_assert_cmpuint (query.timeout_ms, ==, cases[i].timeout_ms);
    }
  g_assert_true (sentient_query_parse (&query, NULL, 0, FALSE, NULL));
  g_assert_cmpstr (query.node_id, ==, "");
}

static void
test_bad (void)
{
  g_autofree char *name = g_strnfill (SENTIENT_NAME_MAX + 1, 'x');
  g_autofree char *too_long = g_strconcat ("nodeId=", name, NULL);
  const struct
  {
    const char *text, *says;
  } cases[] = {
    { "nodeId=a&nodeId=a", "“nodeId”" }, { "nodeId=a&%6eodeId=b", "“nodeId”" },
    { "room=&room=", "“room”" },         { "timeout=1&timeout=2", "“timeout”" },
    { "nodeId=a+b", "“nodeId”" },        { "nodeId=a%00", "“nodeId”" },
    { "nodeId=%", "“nodeId”" },          { "nodeId=%4", "“nodeId”" },
    { "nodeId=%g1", "“nodeId”" },        { "nodeId=system", "“nodeId”" },
    { "nodeId=../etc", "“nodeId”" },     { "room=%c3%a4", "“room”" },
    { "nodeId=a=b", "“nodeId”" },        { too_long, "“nodeId”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      SentientQuery query;

      g_assert_false (parse (&query, cases[i].text, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

/* A poll's room counts for nothing, right or wrong. */
static void
test_ignore_room (void)
{
  static const char *const text = "nodeId=a&room=no%20name&room=again&timeout=7";
  SentientQuery query;

  g_assert_false (sentient_query_parse (&query, text, strlen (text), FALSE, NULL));
  g_assert_true (sentient_query_parse (&query, text, strlen (text), TRUE, NULL));
  g_assert_cmpstr (query.node_id, ==, "a");
  g_assert_cmpstr (query.room, ==, "");
  g_assert_cmpuint (query.timeout_ms, ==, 7);
}

static void
test_after (void)
{
  static const char *const bad[]
      = { "after=", "after=x", "after=-1", "after=1.0", "after=1&after=1", "after=9007199254740993",
          "after=%" };
  SentientQuery query;

  g_assert_true (sentient_query_parse (&query, "after=0", 7, TRUE, NULL));
  g_assert_true (query.has_after);
  g_assert_cmpuint (query.after, ==, 0);
  g_assert_true (sentient_query_parse (&query, "nodeId=a&after=9007199254740992", 31, TRUE, NULL));
  g_assert_cmpuint (query.after, ==, G_GUINT64_CONSTANT (9007199254740992));
  g_assert_true (sentient_query_parse (&query, "nodeId=a", 8, TRUE, NULL));
  g_assert_false (query.has_after);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sentient_query_parse (&query, bad[i], strlen (bad[i]), TRUE, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/query/good", test_good);
  g_test_add_func ("/query/bad", test_bad);
  g_test_add_func ("/query/ignore-room", test_ignore_room);
  g_test_add_func ("/query/after", test_after);
  return g_test_run ();
}
