/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"

#include <string.h>

#include "webrtc/sentient-data-channel-private.h"
#include "webrtc/sentient-loopback-link.h"

/* Further channels, over every engine. */

typedef struct
{
  SentientDataChannel *channel;
  GPtrArray *messages; /* "text …" or "bytes …" */
  gsize n_bytes;
  guint n_messages;
  guint drained;
  guint closed;
  GError *error;
} Heard;

typedef struct
{
  LinkPair *pair;
  GPtrArray *near; /* Heard: of the channels that the offerer opened */
  GPtrArray *far;  /* of those that reached the answerer */
} Fixture;

static void
on_message (SentientDataChannel *channel, GBytes *data, gboolean is_text, Heard *heard)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);

  g_assert_cmpuint (heard->closed, ==, 0);
  heard->n_messages++;
  heard->n_bytes += size;
  g_ptr_array_add (heard->messages, g_strdup_printf ("%s %.*s", is_text ? "text" : "bytes",
                                                     (int)MIN (size, 32), bytes));
}

static void
on_drained (SentientDataChannel *channel, Heard *heard)
{
  g_assert_cmpuint (sentient_data_channel_get_buffered_amount (channel), <,
                    SENTIENT_LINK_BUFFER_LOW);
  heard->drained++;
}

static void
on_closed (SentientDataChannel *channel, const GError *error, Heard *heard)
{
  g_assert_cmpint (sentient_data_channel_get_state (channel), ==,
                   SENTIENT_DATA_CHANNEL_STATE_CLOSED);
  heard->closed++;
  heard->error = error != NULL ? g_error_copy (error) : NULL;
}

/* Takes channel. */
static Heard *
listen_to (SentientDataChannel *channel)
{
  Heard *heard = g_new0 (Heard, 1);

  heard->channel = channel;
  heard->messages = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), heard);
  g_signal_connect (channel, "drained", G_CALLBACK (on_drained), heard);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), heard);
  return heard;
}

static void
heard_free (Heard *heard)
{
  g_assert_cmpuint (heard->closed, ==, 1);
  g_assert_finalize_object (heard->channel);
  g_ptr_array_unref (heard->messages);
  g_clear_error (&heard->error);
  g_free (heard);
}

static void
on_channel (SentientLink *link, SentientDataChannel *channel, GPtrArray *far)
{
  g_assert_cmpint (sentient_data_channel_get_state (channel), ==, SENTIENT_DATA_CHANNEL_STATE_OPEN);
  g_ptr_array_add (far, listen_to (g_object_ref (channel)));
}

static void
set_up (Fixture *fixture, gconstpointer new_link)
{
  fixture->pair = link_pair_new (*(const LinkNewFunc *)new_link);
  fixture->near = g_ptr_array_new_with_free_func ((GDestroyNotify)heard_free);
  fixture->far = g_ptr_array_new_with_free_func ((GDestroyNotify)heard_free);
  g_signal_connect (fixture->pair->answerer.link, "channel", G_CALLBACK (on_channel), fixture->far);
  link_pair_open (fixture->pair);
}

/* Whatever is open is lost with the link. */
static void
tear_down (Fixture *fixture, gconstpointer new_link)
{
  LinkPair *pair = fixture->pair;

  sentient_link_close (pair->offerer.link);
  link_end_wait_closed (&pair->offerer, -1);
  link_end_wait_closed (&pair->answerer, -1);
  g_ptr_array_unref (fixture->near);
  g_ptr_array_unref (fixture->far);
  link_pair_free (pair);
}

static Heard *
open_near (Fixture *fixture, const SentientDataChannelOptions *options)
{
  g_autoptr (GError) error = NULL;
  SentientDataChannel *channel
      = sentient_link_open_channel (fixture->pair->offerer.link, options, &error);
  Heard *heard;

  g_assert_no_error (error);
  heard = listen_to (channel);
  g_ptr_array_add (fixture->near, heard);
  link_wait_until (sentient_data_channel_get_state (channel) == SENTIENT_DATA_CHANNEL_STATE_OPEN);
  return heard;
}

static Heard *
open_both (Fixture *fixture, const SentientDataChannelOptions *options, Heard **far)
{
  guint before = fixture->far->len;
  Heard *near = open_near (fixture, options);

  link_wait_until (fixture->far->len == before + 1);
  *far = fixture->far->pdata[before];
  return near;
}

static void
send_over (Heard *heard, const char *data, gsize size, gboolean is_text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  sentient_data_channel_send (heard->channel, bytes, is_text, &error);
  g_assert_no_error (error);
}

static void
assert_send_refused (Heard *heard, const char *data, gsize size, gboolean is_text, gint code)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_data_channel_send (heard->channel, bytes, is_text, &error));
  g_assert_error (error, SENTIENT_ERROR, code);
}

static void
assert_same (Heard *near, Heard *far)
{
  g_assert_cmpstr (sentient_data_channel_get_label (far->channel), ==,
                   sentient_data_channel_get_label (near->channel));
  g_assert_cmpstr (sentient_data_channel_get_protocol (far->channel), ==,
                   sentient_data_channel_get_protocol (near->channel));
  g_assert_cmpint (sentient_data_channel_get_ordered (far->channel), ==,
                   sentient_data_channel_get_ordered (near->channel));
  g_assert_cmpint (sentient_data_channel_get_max_retransmits (far->channel), ==,
                   sentient_data_channel_get_max_retransmits (near->channel));
  g_assert_cmpint (sentient_data_channel_get_max_lifetime (far->channel), ==,
                   sentient_data_channel_get_max_lifetime (near->channel));
}

/* Each kind of reliability: it is known at the other end, and messages go both ways, beside those
 * of the link. Nothing is lost on loopback, so all of them arrive. */
static void
test_kinds (Fixture *fixture, gconstpointer new_link)
{
  static const SentientDataChannelOptions kinds[] = {
    { "reliable", NULL, TRUE, -1, -1 },         { "größe 64", "game.v1", FALSE, -1, -1 },
    { "rexmit", NULL, FALSE, 0, -1 },           { "rexmit-ordered", NULL, TRUE, 3, -1 },
    { "lifetime", "game.v1", FALSE, -1, 5000 }, { "lifetime-ordered", NULL, TRUE, -1, 5000 },
  };
  g_autofree char *large = g_strnfill (SENTIENT_LINK_MAX_MESSAGE, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Heard *far = NULL;
      Heard *near = open_both (fixture, &kinds[i], &far);

      g_test_message ("%s", kinds[i].label);
      g_assert_cmpstr (sentient_data_channel_get_label (near->channel), ==, kinds[i].label);
      assert_same (near, far);
      send_over (near, "one", 3, TRUE);
      send_over (near, "two", 3, FALSE);
      link_wait_until (far->n_messages == 2);
      send_over (far, large, SENTIENT_LINK_MAX_MESSAGE, FALSE);
      send_over (far, large, 1, TRUE);
      link_wait_until (near->n_messages == 2);
      g_assert_true (
          g_ptr_array_find_with_equal_func (far->messages, "text one", g_str_equal, NULL));
      g_assert_true (
          g_ptr_array_find_with_equal_func (far->messages, "bytes two", g_str_equal, NULL));
      g_assert_cmpuint (near->n_bytes, ==, SENTIENT_LINK_MAX_MESSAGE + 1);
    }
  link_end_send (&fixture->pair->offerer, "link", -1, TRUE);
  link_wait_until (fixture->pair->answerer.messages->len == 1);
}

static void
test_refused (Fixture *fixture, gconstpointer new_link)
{
  g_autofree char *long_label = g_strnfill (65, 'x');
  const SentientDataChannelOptions wrong[] = {
    { "", NULL, TRUE, -1, -1 },     { long_label, NULL, TRUE, -1, -1 },
    { "\xff", NULL, TRUE, -1, -1 }, { SENTIENT_LINK_LABEL, NULL, TRUE, -1, -1 },
    { "x", NULL, TRUE, 1, 1 },      { "x", NULL, TRUE, 65536, -1 },
    { "x", NULL, TRUE, -1, -2 },    { "x", long_label, TRUE, -1, -1 },
  };
  const SentientDataChannelOptions right = { "x", NULL, TRUE, -1, -1 };
  g_autofree char *large = g_strnfill (SENTIENT_LINK_MAX_MESSAGE + 1, 'x');
  Heard *far = NULL, *near;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sentient_link_open_channel (fixture->pair->offerer.link, &wrong[i], &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_test_message ("%s", error->message);
    }
  near = open_both (fixture, &right, &far);
  assert_send_refused (near, "", 0, FALSE, SENTIENT_ERROR_BAD_REQUEST);
  assert_send_refused (near, "\xff", 1, TRUE, SENTIENT_ERROR_BAD_REQUEST);
  assert_send_refused (near, large, SENTIENT_LINK_MAX_MESSAGE + 1, TRUE,
                       SENTIENT_ERROR_PAYLOAD_TOO_LARGE);
  send_over (near, "fits", 4, TRUE);
  link_wait_until (far->n_messages == 1);
}

/* Each of its ends may close it; the link and the other channels stay. More often than there are
 * places for. webrtcbin 1.22 does not always tell the other end, so that is only asked for here
 * from an engine that does. */
static void
test_close (Fixture *fixture, gconstpointer new_link)
{
  const SentientDataChannelOptions options = { "again", NULL, TRUE, -1, -1 };
  gboolean tells = SENTIENT_IS_LOOPBACK_LINK (fixture->pair->offerer.link);
  guint n_told = 0;

  for (guint i = 0; i < SENTIENT_DATA_CHANNEL_MAX_OPEN + 2; i++)
    {
      Heard *far = NULL;
      Heard *near = open_both (fixture, &options, &far);
      Heard *closer = i % 2 == 0 ? near : far;

      send_over (near, "x", 1, FALSE);
      link_wait_until (far->n_messages == 1);
      sentient_data_channel_close (closer->channel);
      sentient_data_channel_close (closer->channel);
      assert_send_refused (closer, "x", 1, TRUE, SENTIENT_ERROR_NOT_CONNECTED);
      link_wait_until (closer->closed == 1 && (!tells || (near->closed == 1 && far->closed == 1)));
      g_assert_no_error (closer->error);
      n_told += near->closed && far->closed;
      sentient_data_channel_close (near->channel);
    }
  g_test_message ("the other end was told %u times", n_told);
  g_assert_cmpuint (n_told, >, 0);
  link_end_send (&fixture->pair->answerer, "link", -1, TRUE);
  link_wait_until (fixture->pair->offerer.messages->len == 1);
}

static void
test_limit (Fixture *fixture, gconstpointer new_link)
{
  const SentientDataChannelOptions options = { "many", NULL, FALSE, -1, -1 };
  g_autoptr (GError) error = NULL;
  SentientDataChannel *last;
  Heard *far = NULL;
  Heard *near = NULL;

  for (guint i = 0; i < SENTIENT_DATA_CHANNEL_MAX_OPEN; i++)
    near = open_both (fixture, &options, &far);
  g_assert_null (sentient_link_open_channel (fixture->pair->offerer.link, &options, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_test_message ("%s", error->message);
  sentient_data_channel_close (near->channel);
  link_wait_until (near->closed == 1);
  g_clear_error (&error);
  last = sentient_link_open_channel (fixture->pair->offerer.link, &options, &error);
  g_assert_no_error (error);
  g_ptr_array_add (fixture->near, listen_to (last));
}

static void
test_would_block (Fixture *fixture, gconstpointer new_link)
{
  const SentientDataChannelOptions options = { "bulk", NULL, TRUE, -1, -1 };
  g_autofree char *large = g_malloc0 (SENTIENT_LINK_MAX_MESSAGE);
  g_autoptr (GBytes) bytes = g_bytes_new (large, SENTIENT_LINK_MAX_MESSAGE);
  g_autoptr (GError) error = NULL;
  Heard *far = NULL;
  Heard *near = open_both (fixture, &options, &far);
  guint sent = 0;

  while (sentient_data_channel_send (near->channel, bytes, FALSE, &error))
    {
      sent++;
      g_assert_cmpuint (sentient_data_channel_get_buffered_amount (near->channel), <=,
                        SENTIENT_LINK_BUFFER_HIGH);
      g_assert_cmpuint (sent, <, 100000);
    }
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  link_wait_until (near->drained == 1);
  send_over (near, "again", 5, TRUE);
  link_wait_until (far->n_messages == sent + 1);
  g_assert_cmpuint (near->drained, ==, 1);
}

/* Either end may drop the link: every channel is told at both ends. */
static void
test_lost (Fixture *fixture, gconstpointer new_link)
{
  const SentientDataChannelOptions options = { "lost", NULL, TRUE, -1, -1 };
  Heard *far = NULL, *far2 = NULL;
  Heard *near = open_both (fixture, &options, &far);
  Heard *near2 = open_both (fixture, &options, &far2);
  Heard *all[] = { near, near2, far, far2 };
  g_autoptr (GError) error = NULL;

  sentient_link_close (fixture->pair->answerer.link);
  link_wait_until (near->closed && near2->closed && far->closed && far2->closed);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_assert_error (all[i]->error, SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST);
      assert_send_refused (all[i], "x", 1, TRUE, SENTIENT_ERROR_NOT_CONNECTED);
    }
  link_end_wait_closed (&fixture->pair->offerer, -1);
  g_assert_null (sentient_link_open_channel (fixture->pair->offerer.link, &options, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_NOT_CONNECTED);
}

void
link_pair_add_channel_tests (const char *prefix, gconstpointer new_link)
{
  static const struct
  {
    const char *name;
    void (*func) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "kinds", test_kinds }, { "refused", test_refused },         { "close", test_close },
    { "limit", test_limit }, { "would-block", test_would_block }, { "lost", test_lost },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat (prefix, "/channels/", tests[i].name, NULL);

      g_test_add (path, Fixture, new_link, set_up, tests[i].func, tear_down);
    }
}
