/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-helpers.h"

#include <string.h>

#include "webrtc/sentient-stream-private.h"
#include "webrtc/sentient-webrtc-link.h"

/* "mallory" is played by the test: she speaks the framing over a link of her own and means harm.
 * It costs her connection to "bob" and no other: "carol" stays connected, hears and is heard, and
 * bob keeps no more than he may. */

#define MESSAGE_MAX (1024 * 1024)

typedef struct
{
  FakeCoordinator *coordinator;
  TestPeer *bob;
  TestPeer *carol;
  gboolean is_webrtc; /* a real data channel, else in memory */
  SentientLink *link; /* mallory's end */
  gboolean is_open;
  gboolean is_closed;
  guint n_offers;
  char *negotiation;
  guint n_broken;  /* connections that it cost her */
  guint n_texts;   /* between carol and bob */
  GPtrArray *said; /* GBytes: what came over the link */
} Scene;

/* The link */

static void
on_description (SentientLink *link, SentientSignalType type, const char *sdp, Scene *self)
{
  g_autofree char *escaped = g_strescape (sdp, NULL);

  fake_say (self->coordinator, "bob",
            "{\"type\":\"offer\",\"from\":\"mallory\",\"to\":\"bob\",\"room\":\"lobby\","
            "\"payload\":{\"sdp\":\"%s\",\"negotiation\":\"%s\"}}",
            escaped, self->negotiation);
}

static void
on_candidate (SentientLink *link, guint mline, const char *candidate, Scene *self)
{
  fake_say (self->coordinator, "bob",
            "{\"type\":\"ice-candidate\",\"from\":\"mallory\",\"to\":\"bob\",\"room\":\"lobby\","
            "\"payload\":{\"candidate\":{\"candidate\":\"%s\",\"sdpMid\":\"0\","
            "\"sdpMLineIndex\":%u},\"negotiation\":\"%s\"}}",
            candidate, mline, self->negotiation);
}

static void
on_opened (SentientLink *link, Scene *self)
{
  self->is_open = TRUE;
}

static void
on_closed (SentientLink *link, GError *error, Scene *self)
{
  self->is_closed = TRUE;
}

static void
on_said (SentientLink *link, GBytes *data, gboolean is_text, Scene *self)
{
  g_ptr_array_add (self->said, g_bytes_ref (data));
}

static void
drop_link (Scene *self)
{
  if (self->link == NULL)
    return;
  sentient_link_close (self->link);
  await (self->is_closed);
  g_signal_handlers_disconnect_by_data (self->link, self);
  g_clear_object (&self->link);
  g_clear_pointer (&self->negotiation, g_free);
  g_ptr_array_set_size (self->said, 0);
  self->is_open = self->is_closed = FALSE;
}

/* What bob answers to this offer; NULL: not yet. */
static JsonObject *
find_answer (Scene *self)
{
  JsonObject *answer, *payload;

  for (guint i = 0; (answer = fake_find (self->coordinator, "bob", "answer", i)) != NULL; i++)
    {
      payload = json_object_get_object_member (answer, "payload");
      if (g_str_equal (json_object_get_string_member (payload, "negotiation"), self->negotiation))
        return payload;
    }
  return NULL;
}

/* Mallory's end of a fresh link is open; bob may have a connection to her already. */
static void
open_link (Scene *self)
{
  drop_link (self);
  self->link = self->is_webrtc ? sentient_webrtc_link_new (NULL) : sentient_loopback_link_new ();
  self->negotiation = g_strdup_printf ("n%u", ++self->n_offers);
  g_signal_connect (self->link, "local-description", G_CALLBACK (on_description), self);
  g_signal_connect (self->link, "local-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->link, "opened", G_CALLBACK (on_opened), self);
  g_signal_connect (self->link, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (self->link, "message", G_CALLBACK (on_said), self);
  sentient_link_set_protocol (self->link, SENTIENT_FRAME_PROTOCOL);
  sentient_link_start (self->link, TRUE);
  await (find_answer (self) != NULL);
  sentient_link_set_remote_description (self->link, SENTIENT_SIGNAL_TYPE_ANSWER,
                                        json_object_get_string_member (find_answer (self), "sdp"));
  await (self->is_open && is_open (self->bob, "mallory"));
}

static SentientConnection *
find_mallory (Scene *self)
{
  return sentient_peer_find_connection (self->bob->peer, "mallory");
}

/* Frames */

static void
say_bytes (Scene *self, const void *data, gsize len)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, len);

  await (self->is_closed || sentient_link_send (self->link, bytes, FALSE, NULL));
}

/* Takes frame. */
static void
say (Scene *self, GByteArray *frame)
{
  say_bytes (self, frame->data, frame->len);
  g_byte_array_unref (frame);
}

static const guint8 instance[] = "0123456789abcdef";

static void
say_hello (Scene *self, guint64 received)
{
  GByteArray *frame = g_byte_array_new ();

  sentient_frame_append_hello (frame, instance, received);
  say (self, frame);
}

static void
say_ack (Scene *self, guint64 messages, guint64 bytes)
{
  GByteArray *frame = g_byte_array_new ();

  sentient_frame_append_ack (frame, messages, bytes);
  say (self, frame);
}

/* Bob asks whether she has read his hello. */
static void
say_pong (Scene *self, guint64 value)
{
  GByteArray *frame = g_byte_array_new ();

  sentient_frame_append_probe (frame, SENTIENT_FRAME_PONG, value);
  say (self, frame);
}

static void
say_chunk (Scene *self, guint32 stream, gboolean first, guint64 total)
{
  static const guint8 zeros[SENTIENT_FRAME_CHUNK_MAX];
  GByteArray *frame = g_byte_array_new ();
  const SentientFrame chunk = { .kind = SENTIENT_FRAME_CHUNK,
                                .stream = stream,
                                .first = first,
                                .total = total,
                                .body = zeros,
                                .len = sizeof zeros };

  sentient_frame_append_chunk (frame, &chunk);
  say (self, frame);
}

/* The number of the last ping that came; 0: none did. */
static guint64
get_ping (Scene *self)
{
  SentientFrame frame;
  guint64 last = 0;

  for (guint i = 0; i < self->said->len; i++)
    {
      gsize len;
      const guint8 *data = g_bytes_get_data (self->said->pdata[i], &len);

      if (sentient_frame_parse (data, len, &frame, NULL) && frame.kind == SENTIENT_FRAME_PING)
        last = frame.value;
    }
  return last;
}

/* She is one that bob knows, and that knows him. */
static void
meet (Scene *self)
{
  open_link (self);
  say_hello (self, 0);
  await (get_ping (self) > 0);
  say_pong (self, get_ping (self));
}

/* What it costs */

/* Carol and bob go on. */
static void
assert_others_alive (Scene *self)
{
  g_autofree char *text = g_strdup_printf ("still here %u", self->n_texts++);
  g_autofree char *at_bob = g_strconcat ("carol: ", text, NULL);
  g_autofree char *at_carol = g_strconcat ("bob: ", text, NULL);

  g_assert_true (sentient_peer_send (self->carol->peer, "bob", text, NULL));
  g_assert_true (sentient_peer_send (self->bob->peer, "carol", text, NULL));
  await (has (self->bob->messages, at_bob) && has (self->carol->messages, at_carol));
  g_assert_cmpuint (self->carol->disconnected->len, ==, 0);
  g_assert_cmpuint (self->carol->reconnecting->len, ==, 0);
  g_assert_false (has (self->bob->disconnected, "carol"));
}

static void
assert_broken (Scene *self)
{
  self->n_broken++;
  await (self->bob->disconnected->len == self->n_broken && self->is_closed);
  g_assert_null (find_mallory (self));
  assert_others_alive (self);
}

static void
assert_alive (Scene *self)
{
  settle ();
  g_assert_true (is_open (self->bob, "mallory"));
  g_assert_cmpuint (self->bob->disconnected->len, ==, self->n_broken);
  assert_others_alive (self);
}

/* Harm */

static void
test_bad_frames (Scene *self, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize len;
  } bad[] = {
    { "", 0 },
    { "\115", 1 },                                /* no such kind */
    { "\0\1", 2 },                                /* hello, cut and twice */
    { "\3", 1 },                                  /* empty batch */
    { "\3\0\11\7\0\0\0\0\0\0\0\1", 12 },          /* ping in a batch */
    { "\3\377\377\2a", 5 },                       /* batch, cut */
    { "\4\0\0\0\1\1\0\0\0\0\0\0\0\12", 14 },      /* empty chunk */
    { "\4\0\0\0\1\377abc", 9 },                   /* unknown flags */
    { "\5\5\5\5", 4 },                            /* nothing that can be inflated */
    { "\6\0", 2 },                                /* acknowledgement, cut */
    { "\7\0\0\0\0\0\0\0\1\1", 10 },               /* ping, too long */
    { "\11", 1 },                                 /* for no service */
    { "\12\0", 2 },                               /* goodbye, too long */
    { "\1\300\200", 3 },                          /* text that is none */
    { "\10\377\377\377\377\377\377\377\377", 9 }, /* pong that nobody asked for */
    { "\377\377\377\377\377\377\377\377\377\377", 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      open_link (self);
      say_hello (self, 0);
      if (bad[i].len == 0) /* a data channel cannot carry it, a frame can */
        say_bytes (self, "\3\0\0", 3);
      else
        say_bytes (self, bad[i].bytes, bad[i].len);
      assert_broken (self);
    }
  open_link (self); /* and no hello */
  say_bytes (self, "\1a", 2);
  assert_broken (self);
}

static void
test_text (Scene *self, gconstpointer data)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("hello", 5);

  open_link (self);
  say_hello (self, 0);
  g_assert_true (sentient_link_send (self->link, text, TRUE, NULL));
  assert_broken (self);
}

/* A thousand times as large once it is inflated. */
static void
test_bomb (Scene *self, gconstpointer data)
{
  const gsize size = 16 * 1024 * 1024;
  g_autoptr (GConverter) compressor = sentient_frame_compressor_new ();
  g_autofree guint8 *zeros = g_malloc0 (size);
  g_autofree guint8 *bomb = g_malloc0 (SENTIENT_FRAME_MAX);
  gsize n_read, n_written;

  zeros[0] = SENTIENT_FRAME_BINARY;
  bomb[0] = SENTIENT_FRAME_DEFLATED;
  g_converter_convert (compressor, zeros, size, bomb + 1, SENTIENT_FRAME_MAX - 1,
                       G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL);
  g_assert_cmpuint (n_read, >, 2 * SENTIENT_FRAME_INFLATED_MAX);
  open_link (self);
  say_hello (self, 0);
  say_bytes (self, bomb, n_written + 1);
  assert_broken (self);
}

static gsize
count_incoming (Scene *self)
{
  SentientStream *stream = find_mallory (self)->stream;
  gsize n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (stream->incoming); i++)
    n += stream->incoming[i].data != NULL ? stream->incoming[i].data->len : 0;
  return n;
}

/* Large messages that are begun and never end: as many as there are priorities, and of each no more
 * than the largest message may have. */
static void
test_endless_chunks (Scene *self, gconstpointer data)
{
  const guint n_chunks = MESSAGE_MAX / SENTIENT_FRAME_CHUNK_MAX;

  open_link (self);
  say_hello (self, 0);
  for (guint i = 0; i < n_chunks - 1; i++)
    for (guint j = 0; j < SENTIENT_STREAM_N_PRIORITIES; j++)
      say_chunk (self, j, i == 0, MESSAGE_MAX);
  await (count_incoming (self)
         == SENTIENT_STREAM_N_PRIORITIES * (gsize)(n_chunks - 1) * SENTIENT_FRAME_CHUNK_MAX);
  assert_alive (self);
  say_chunk (self, 1, FALSE, 0); /* all of it, and not the last */
  assert_broken (self);

  open_link (self);
  say_hello (self, 0);
  for (guint i = 0; i <= SENTIENT_STREAM_N_PRIORITIES; i++)
    say_chunk (self, i, TRUE, MESSAGE_MAX);
  assert_broken (self);

  open_link (self);
  say_hello (self, 0);
  say_chunk (self, 1, TRUE, G_MAXUINT64);
  assert_broken (self);
}

/* Bob does not read, and she does not wait. */
static void
test_no_credit (Scene *self, gconstpointer data)
{
  g_autofree guint8 *frame = g_malloc0 (SENTIENT_FRAME_MAX);
  guint n = 0;

  open_link (self);
  say_hello (self, 0);
  frame[0] = SENTIENT_FRAME_BINARY;
  sentient_connection_set_paused (find_mallory (self), TRUE);
  for (; n < 4 * SENTIENT_STREAM_WINDOW / SENTIENT_FRAME_MAX && !self->is_closed; n++)
    {
      say_bytes (self, frame, SENTIENT_FRAME_MAX);
      settle ();
      if (find_mallory (self) != NULL)
        g_assert_cmpuint (find_mallory (self)->stream->inbox_size, <=, SENTIENT_STREAM_WINDOW);
    }
  assert_broken (self);
}

static void
test_lies (Scene *self, gconstpointer data)
{
  static const struct
  {
    guint64 messages;
    guint64 bytes;
  } acks[] = {
    { 1, 0 }, { 0, 1 }, { G_MAXUINT64, 0 }, { 0, G_MAXUINT64 }, { G_MAXUINT64, G_MAXUINT64 }
  };

  for (guint i = 0; i < G_N_ELEMENTS (acks); i++)
    {
      meet (self);
      say_ack (self, acks[i].messages, acks[i].bytes);
      assert_broken (self);
    }
}

/* What bob waits for is not more than his window, however long she says nothing of what she got. */
static void
test_no_acks (Scene *self, gconstpointer data)
{
  g_autoptr (GBytes) block = g_bytes_new_take (g_malloc0 (60000), 60000);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  meet (self);
  while (sentient_peer_send_bytes (self->bob->peer, "mallory", block, &error))
    g_assert_cmpuint (n++, <, 100);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK);
  assert_alive (self);
  g_assert_cmpuint (sentient_stream_get_window_used (find_mallory (self)->stream), <=,
                    SENTIENT_STREAM_WINDOW);
}

static void
test_unknown_services (Scene *self, gconstpointer data)
{
  static const guint8 message[] = { SENTIENT_FRAME_SERVICE, 200, 1, 2, 3 };
  SentientStream *stream;

  open_link (self);
  say_hello (self, 0);
  stream = find_mallory (self)->stream;
  for (guint i = 0; i < 5000; i++)
    say_bytes (self, message, sizeof message);
  await (stream->received == 5000);
  assert_alive (self);
  g_assert_cmpuint (stream->inbox.length, ==, 0);
  g_assert_false (has_prefix (self->bob->messages, "mallory"));
}

static void
test_goodbye_twice (Scene *self, gconstpointer data)
{
  open_link (self);
  say_hello (self, 0);
  for (guint i = 0; i < 2; i++)
    say_bytes (self, "\12", 1);
  say_bytes (self, "\1x", 2); /* she does not go */
  await (has (self->bob->messages, "mallory: x"));
  assert_alive (self);
  sentient_link_close (self->link);
  assert_broken (self);
}

/* She takes a connection up again that never was, or not so. */
static void
test_resumed (Scene *self, gconstpointer data)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("for her", 7);

  open_link (self);
  say_hello (self, G_MAXUINT64); /* nobody can know of that */
  assert_alive (self);
  await (get_ping (self) > 0);
  say_pong (self, get_ping (self));
  g_assert_true (sentient_peer_send_bytes (self->bob->peer, "mallory", text, NULL));
  await (sentient_stream_get_window_used (find_mallory (self)->stream) > 0);

  open_link (self);
  say_hello (self, 2); /* of one */
  assert_broken (self);

  meet (self);
  g_assert_true (sentient_peer_send_bytes (self->bob->peer, "mallory", text, NULL));
  await (sentient_stream_get_window_used (find_mallory (self)->stream) > 0);
  say_ack (self, 1, sentient_stream_get_window_used (find_mallory (self)->stream));
  await (sentient_stream_get_window_used (find_mallory (self)->stream) == 0);
  open_link (self);
  say_hello (self, 0); /* what was acknowledged cannot be taken back */
  assert_broken (self);
}

/* A stranger who has her name: what was for her is not for him. */
static void
test_stranger (Scene *self, gconstpointer data)
{
  GByteArray *hello = g_byte_array_new ();
  g_autoptr (GBytes) secret = g_bytes_new_static ("a secret", 8);

  open_link (self);
  say_hello (self, 0); /* and nothing more: bob's message waits */
  g_assert_true (sentient_peer_send_bytes (self->bob->peer, "mallory", secret, NULL));
  settle ();
  open_link (self);
  sentient_frame_append_hello (hello, (const guint8 *)"another instance", 0);
  say (self, hello);
  await (get_ping (self) > 0);
  say_pong (self, get_ping (self));
  await (has_error (self->bob, SENTIENT_ERROR_CONNECTION_LOST));
  assert_alive (self);
  for (guint i = 0; i < self->said->len; i++)
    g_assert_cmpuint (((const guint8 *)g_bytes_get_data (self->said->pdata[i], NULL))[0], !=,
                      SENTIENT_FRAME_BINARY);
}

/* All */

static SentientLink *
make_webrtc_link (const SentientLinkOptions *options, gpointer user_data)
{
  return sentient_webrtc_link_new (options);
}

static TestPeer *
enter (Scene *self, const char *node_id)
{
  const char *none[] = { NULL };
  TestPeer *peer = test_peer_new (node_id);

  g_object_set (peer->peer, "max-message-size", MESSAGE_MAX, "connect-timeout", 30000,
                "stun-servers", none, "turn-servers", none, NULL);
  if (self->is_webrtc)
    sentient_peer_set_link_factory (peer->peer, make_webrtc_link, NULL, NULL);
  test_peer_connect_to (peer, self->coordinator);
  test_peer_join (peer, "lobby");
  return peer;
}

static void
set_up (Scene *self, gconstpointer is_webrtc)
{
  self->is_webrtc = is_webrtc != NULL;
  self->said = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->coordinator = fake_coordinator_new (0, 0);
  self->bob = enter (self, "bob");
  self->carol = enter (self, "carol");
  await (is_open (self->bob, "carol") && is_open (self->carol, "bob"));
  /* It is she who offers, and to bob alone. */
  self->coordinator->flags |= FAKE_HOLD;
  g_object_set (self->bob->peer, "auto-connect", FALSE, NULL);
  g_object_set (self->carol->peer, "auto-connect", FALSE, NULL);
  fake_add_member (self->coordinator, "mallory", "lobby", NULL);
}

static void
tear_down (Scene *self, gconstpointer is_webrtc)
{
  drop_link (self);
  test_peer_close (self->bob);
  test_peer_close (self->carol);
  test_peer_free (self->bob);
  test_peer_free (self->carol);
  fake_coordinator_free (self->coordinator);
  g_ptr_array_unref (self->said);
}

static void
add (const char *name, void (*test) (Scene *, gconstpointer), gboolean also_webrtc)
{
  g_autofree char *loopback = g_strconcat ("/hostile/loopback/", name, NULL);
  g_autofree char *webrtc = g_strconcat ("/hostile/webrtc/", name, NULL);

  g_test_add (loopback, Scene, NULL, set_up, test, tear_down);
  if (also_webrtc)
    g_test_add (webrtc, Scene, "webrtc", set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("bad-frames", test_bad_frames, FALSE);
  add ("text", test_text, TRUE);
  add ("bomb", test_bomb, TRUE);
  add ("endless-chunks", test_endless_chunks, TRUE);
  add ("no-credit", test_no_credit, TRUE);
  add ("lies", test_lies, FALSE);
  add ("no-acks", test_no_acks, TRUE);
  add ("unknown-services", test_unknown_services, TRUE);
  add ("goodbye-twice", test_goodbye_twice, TRUE);
  add ("resumed", test_resumed, FALSE);
  add ("stranger", test_stranger, FALSE);
  return g_test_run ();
}
