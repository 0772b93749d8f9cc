/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"

#include <string.h>

/* What holds for every engine: each test gets the constructor as its data. */

static LinkPair *
open_pair (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);

  link_pair_open (pair);
  return pair;
}

static void
close_pair (LinkPair *pair)
{
  sentient_link_close (pair->offerer.link);
  link_end_wait_closed (&pair->offerer, -1);
  link_end_wait_closed (&pair->answerer, -1);
  link_pair_free (pair);
}

static void
start_end (LinkEnd *end, gconstpointer new_link, gboolean offerer)
{
  link_end_init (end, (*(const LinkNewFunc *)new_link) ());
  sentient_link_start (end->link, offerer);
}

static void
test_connect (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);
  g_autofree char *before = sentient_link_dup_description (pair->offerer.link);
  g_autofree char *near = NULL;
  g_autofree char *far = NULL;

  g_assert_null (before);
  g_assert_cmpint (sentient_link_get_state (pair->offerer.link), ==, SENTIENT_LINK_STATE_NEW);
  link_pair_open (pair);
  near = sentient_link_dup_description (pair->offerer.link);
  far = sentient_link_dup_description (pair->answerer.link);
  g_test_message ("%s | %s", near, far);
  g_assert_nonnull (strstr (near, " ↔ "));
  g_assert_nonnull (strstr (far, " ↔ "));
  g_assert_cmpstr (sentient_link_get_protocol (pair->answerer.link) ?: "", ==, "");
  close_pair (pair);
}

static void
test_protocol (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);

  sentient_link_set_protocol (pair->offerer.link, "sentient.v1");
  link_pair_open (pair);
  g_assert_cmpstr (sentient_link_get_protocol (pair->offerer.link), ==, "sentient.v1");
  g_assert_cmpstr (sentient_link_get_protocol (pair->answerer.link), ==, "sentient.v1");
  close_pair (pair);
}

static void
fill (char *buffer, gsize size, guint seed)
{
  for (gsize i = 0; i < size; i++)
    buffer[i] = (char)(seed + i * 31 + (i >> 8));
}

/* Text and binary, alternating, of every size that may make a difference, both ways at once. */
static void
test_messages (gconstpointer new_link)
{
  static const gsize sizes[] = { 1, 2, 100, 1199, 1200, 1201, 16384, 65535, 65536 };
  LinkPair *pair = open_pair (new_link);
  LinkEnd *ends[] = { &pair->offerer, &pair->answerer };
  g_autofree char *buffer = g_malloc (SENTIENT_LINK_MAX_MESSAGE);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
    for (guint e = 0; e < 2; e++)
      {
        gsize size = sizes[i / 2];

        if (i % 2 == 0)
          fill (buffer, size, i + e);
        else
          memset (buffer, 'a' + i + e, size);
        link_end_send (ends[e], buffer, size, i % 2 == 1);
      }
  link_wait_until (pair->offerer.messages->len == 2 * G_N_ELEMENTS (sizes)
                   && pair->answerer.messages->len == 2 * G_N_ELEMENTS (sizes));
  for (guint i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
    for (guint e = 0; e < 2; e++)
      {
        gsize size = sizes[i / 2];
        LinkEnd *end = ends[1 - e];
        GBytes *message = end->messages->pdata[i];

        if (i % 2 == 0)
          fill (buffer, size, i + e);
        else
          memset (buffer, 'a' + i + e, size);
        g_assert_cmpint (end->is_text->data[i], ==, i % 2 == 1);
        g_assert_cmpmem (g_bytes_get_data (message, NULL), g_bytes_get_size (message), buffer,
                         size);
      }
  close_pair (pair);
}

static void
assert_refused (LinkEnd *end, const char *data, gsize size, gboolean is_text, gint code)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_link_send (end->link, bytes, is_text, &error));
  g_assert_error (error, SENTIENT_ERROR, code);
  g_test_message ("%s", error->message);
}

static void
test_limits (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);
  g_autofree char *big = g_malloc0 (SENTIENT_LINK_MAX_MESSAGE + 1);

  assert_refused (&pair->offerer, "x", 1, TRUE, SENTIENT_ERROR_NOT_CONNECTED);
  link_pair_open (pair);
  assert_refused (&pair->offerer, "", 0, TRUE, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (&pair->offerer, "", 0, FALSE, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (&pair->offerer, "\xff", 1, TRUE, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (&pair->offerer, "a\0b", 3, TRUE, SENTIENT_ERROR_BAD_REQUEST);
  assert_refused (&pair->answerer, big, SENTIENT_LINK_MAX_MESSAGE + 1, FALSE,
                  SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  link_end_send (&pair->offerer, "a\0b", 3, FALSE);
  link_end_send (&pair->offerer, "ok ↔", -1, TRUE);
  link_wait_until (pair->answerer.messages->len == 2);
  close_pair (pair);
}

/* Fills the buffer until a send is refused, then waits until it drained; nothing is lost. */
static void
test_would_block (gconstpointer new_link)
{
  LinkPair *pair = open_pair (new_link);
  g_autofree char *buffer = g_malloc0 (SENTIENT_LINK_MAX_MESSAGE);
  g_autoptr (GBytes) bytes = g_bytes_new (buffer, SENTIENT_LINK_MAX_MESSAGE);
  g_autoptr (GError) error = NULL;
  guint sent = 0;

  while (sentient_link_send (pair->offerer.link, bytes, FALSE, &error))
    {
      sent++;
      g_assert_cmpuint (sentient_link_get_buffered_amount (pair->offerer.link), <=,
                        SENTIENT_LINK_BUFFER_HIGH);
      g_assert_cmpuint (sent, <, 100000);
    }
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  g_test_message ("%u taken: %s", sent, error->message);
  g_assert_cmpuint (sent, >=, SENTIENT_LINK_BUFFER_HIGH / SENTIENT_LINK_MAX_MESSAGE);
  link_wait_until (pair->offerer.drained == 1);
  link_end_send (&pair->offerer, "again", -1, TRUE);
  link_wait_until (pair->answerer.messages->len == sent + 1);
  g_assert_cmpuint (pair->offerer.drained, ==, 1);
  close_pair (pair);
}

/* What was sent before arrives, the other end closes too, both in good order. */
static void
check_close (gconstpointer new_link, gboolean by_offerer)
{
  LinkPair *pair = open_pair (new_link);
  LinkEnd *closer = by_offerer ? &pair->offerer : &pair->answerer;
  LinkEnd *other = closer->other;

  for (guint i = 0; i < 50; i++)
    link_end_send (closer, "before the end", -1, i % 2 == 0);
  sentient_link_close (closer->link);
  sentient_link_close (closer->link);
  g_assert_cmpint (sentient_link_get_state (closer->link), ==, SENTIENT_LINK_STATE_CLOSING);
  g_assert_cmpuint (closer->closed, ==, 0);
  assert_refused (closer, "x", 1, TRUE, SENTIENT_ERROR_NOT_CONNECTED);

  link_end_wait_closed (closer, -1);
  link_end_wait_closed (other, -1);
  g_assert_cmpuint (other->messages->len, ==, 50);
  sentient_link_close (closer->link);
  sentient_link_set_remote_description (closer->link, SENTIENT_SIGNAL_TYPE_ANSWER, "late");
  sentient_link_add_remote_candidate (closer->link, 0, "late");
  assert_refused (closer, "x", 1, TRUE, SENTIENT_ERROR_NOT_CONNECTED);
  g_assert_cmpuint (sentient_link_get_buffered_amount (closer->link), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  link_pair_free (pair);
}

static void
test_close_by_offerer (gconstpointer new_link)
{
  check_close (new_link, TRUE);
}

static void
test_close_by_answerer (gconstpointer new_link)
{
  check_close (new_link, FALSE);
}

static void
test_close_by_both (gconstpointer new_link)
{
  LinkPair *pair = open_pair (new_link);

  sentient_link_close (pair->offerer.link);
  sentient_link_close (pair->answerer.link);
  link_end_wait_closed (&pair->offerer, -1);
  link_end_wait_closed (&pair->answerer, -1);
  link_pair_free (pair);
}

static void
test_close_early (gconstpointer new_link)
{
  LinkEnd end;

  link_end_init (&end, (*(const LinkNewFunc *)new_link) ());
  sentient_link_close (end.link); /* never started */
  link_end_wait_closed (&end, -1);
  link_end_clear (&end);

  start_end (&end, new_link, FALSE);
  sentient_link_close (end.link);
  link_end_wait_closed (&end, -1);
  link_end_clear (&end);

  start_end (&end, new_link, TRUE);
  link_wait_until (end.description != NULL);
  sentient_link_close (end.link);
  link_end_wait_closed (&end, -1);
  g_assert_cmpuint (end.opened, ==, 0);
  link_end_clear (&end);
}

/* Dropped without close: the other end notices, as if it had been closed. */
static void
test_drop_open (gconstpointer new_link)
{
  LinkPair *pair = open_pair (new_link);
  LinkEnd *left = &pair->answerer;

  link_end_clear (&pair->offerer);
  link_end_wait_closed (left, -1);
  link_end_clear (left);
  g_free (pair);
}

static void
test_drop_early (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);
  LinkEnd end;

  link_end_init (&end, (*(const LinkNewFunc *)new_link) ());
  link_end_clear (&end); /* never started */

  start_end (&end, new_link, TRUE);
  link_end_clear (&end); /* at once */

  link_pair_start (pair);
  link_wait_until (pair->answerer.description != NULL);
  link_pair_free (pair); /* half way */
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* A handler may do with the link what it likes. */
static void
on_opened_drop (SentientLink *link, LinkEnd *end)
{
  end->other->other = NULL;
  end->other = NULL;
  g_clear_object (&end->link);
}

static void
test_drop_in_handler (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);

  g_signal_connect (pair->offerer.link, "opened", G_CALLBACK (on_opened_drop), &pair->offerer);
  link_pair_start (pair);
  link_wait_until (pair->offerer.link == NULL);
  link_end_wait_closed (&pair->answerer, -1);
  link_pair_free (pair);
}

static void
test_unexpected (gconstpointer new_link)
{
  LinkEnd end;
  LinkPair *pair;

  start_end (&end, new_link, FALSE);
  sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_ANSWER, "v=0\r\n");
  link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
  link_end_clear (&end);

  start_end (&end, new_link, TRUE);
  sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_ANSWER, "v=0\r\n");
  link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
  link_end_clear (&end);

  start_end (&end, new_link, TRUE);
  link_wait_until (end.description != NULL);
  sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_OFFER, end.description);
  link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
  link_end_clear (&end);

  start_end (&end, new_link, FALSE);
  sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_RENEGOTIATE, "v=0\r\n");
  link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
  link_end_clear (&end);

  pair = open_pair (new_link);
  sentient_link_set_remote_description (pair->offerer.link, SENTIENT_SIGNAL_TYPE_ANSWER,
                                        pair->answerer.description);
  sentient_link_set_remote_description (pair->answerer.link, SENTIENT_SIGNAL_TYPE_OFFER,
                                        pair->offerer.description);
  link_end_wait_closed (&pair->offerer, SENTIENT_ERROR_PROTOCOL);
  link_end_wait_closed (&pair->answerer, SENTIENT_ERROR_PROTOCOL);
  link_pair_free (pair);
}

static void
test_malformed_sdp (gconstpointer new_link)
{
  static const char *const malformed[] = {
    NULL, "", "hello", "v=0", "v=0\r\nm=", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "\xff"
  };
  LinkEnd end;

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      start_end (&end, new_link, FALSE);
      sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_OFFER, malformed[i]);
      link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
      link_end_clear (&end);
    }
}

/* All candidates of the offerer, and nonsense, come before its offer. */
static void
test_early_candidates (gconstpointer new_link)
{
  LinkPair *pair = link_pair_new (*(const LinkNewFunc *)new_link);
  LinkEnd *offerer = &pair->offerer, *answerer = &pair->answerer;

  offerer->other = NULL;
  link_pair_start (pair);
  sentient_link_add_remote_candidate (answerer->link, 0, "nonsense");
  sentient_link_add_remote_candidate (answerer->link, 0, "candidate:\n");
  sentient_link_add_remote_candidate (answerer->link, 7,
                                      "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  link_wait_until (offerer->candidates->len > 0
                   && *(char *)g_ptr_array_index (offerer->candidates, offerer->candidates->len - 1)
                          == '\0');
  for (guint i = 0; i < offerer->candidates->len; i++)
    sentient_link_add_remote_candidate (answerer->link, 0, offerer->candidates->pdata[i]);
  sentient_link_add_remote_candidate (answerer->link, 0, NULL);
  for (guint i = 0; i < 2 * SENTIENT_LINK_MAX_EARLY_CANDIDATES; i++)
    sentient_link_add_remote_candidate (answerer->link, 0,
                                        "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  offerer->other = answerer;
  sentient_link_set_remote_description (answerer->link, SENTIENT_SIGNAL_TYPE_OFFER,
                                        offerer->description);
  link_wait_until (offerer->opened && answerer->opened);
  close_pair (pair);
}

void
link_pair_add_tests (const char *prefix, LinkNewFunc new_link)
{
  static LinkNewFunc data;
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "connect", test_connect },
    { "protocol", test_protocol },
    { "messages", test_messages },
    { "limits", test_limits },
    { "would-block", test_would_block },
    { "close-by-offerer", test_close_by_offerer },
    { "close-by-answerer", test_close_by_answerer },
    { "close-by-both", test_close_by_both },
    { "close-early", test_close_early },
    { "drop-open", test_drop_open },
    { "drop-early", test_drop_early },
    { "drop-in-handler", test_drop_in_handler },
    { "unexpected", test_unexpected },
    { "malformed-sdp", test_malformed_sdp },
    { "early-candidates", test_early_candidates },
  };

  data = new_link;
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat (prefix, "/", tests[i].name, NULL);

      g_test_add_data_func (path, &data, tests[i].func);
    }
  link_pair_add_channel_tests (prefix, &data);
}
