/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encrypted packets that leave past GStreamer's elements, over a real socket. A queue stands for
 * the encryption: it, too, takes packets on one thread and puts them out on another. */
#include <arpa/inet.h>
#include <errno.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "webrtc/sentient-pipe-sender.h"

#define RECORD_HANDSHAKE 22
#define RECORD_DATA 23
#define TOO_SHORT 255
#define WAIT_S 30
/* Where our threads do not run for a while, packets count as lost and those behind them leave one
 * by one: that they leave together is to be seen once. */
#define TRIES 100

typedef struct
{
  SentientPipeSender *sender;
  GstElement *pipeline;
  GstElement *queue;
  GstPad *in; /* linked to the queue */
  int hears;
  int sends; /* the sender's */
  NiceAddress address;
  guint32 n_made;
  GAsyncQueue *through; /* of gpointer: what came out of the elements, number + 1 */
} Fixture;

/* called on the queue's thread */
static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  Fixture *f = user_data;
  guint32 number;

  gst_buffer_extract (buffer, 1, &number, sizeof number);
  g_async_queue_push (f->through, GUINT_TO_POINTER (number + 1));
}

static int
open_socket (struct sockaddr_in *bound)
{
  socklen_t size = sizeof *bound;
  const struct timeval limit = { .tv_sec = WAIT_S };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  *bound
      = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  g_assert_cmpint (bind (fd, (struct sockaddr *)bound, sizeof *bound), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *)bound, &size), ==, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), ==, 0);
  return fd;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  GstSegment segment;
  struct sockaddr_in address;
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) to = NULL;

  f->through = g_async_queue_new ();
  f->sends = open_socket (&address);
  f->hears = open_socket (&address);
  nice_address_set_from_sockaddr (&f->address, (struct sockaddr *)&address);
  f->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  f->queue = gst_element_factory_make ("queue", NULL);
  g_object_set (f->queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", (guint64)0,
                NULL);
  g_object_set (sink, "signal-handoffs", TRUE, "sync", FALSE, "async", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), f);
  gst_bin_add_many (GST_BIN (f->pipeline), f->queue, sink, NULL);
  g_assert_true (gst_element_link (f->queue, sink));
  f->sender = sentient_pipe_sender_new ();
  sentient_pipe_sender_connect_encoder (f->sender, f->queue);

  f->in = gst_pad_new ("in", GST_PAD_SRC);
  to = gst_element_get_static_pad (f->queue, "sink");
  g_assert_cmpint (gst_pad_link (f->in, to), ==, GST_PAD_LINK_OK);
  g_assert_true (gst_pad_set_active (f->in, TRUE));
  g_assert_cmpint (gst_element_set_state (f->pipeline, GST_STATE_PLAYING), !=,
                   GST_STATE_CHANGE_FAILURE);
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_pad_push_event (f->in, gst_event_new_stream_start ("test"));
  gst_pad_push_event (f->in, gst_event_new_segment (&segment));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_pad_set_active (f->in, FALSE);
  gst_object_unref (f->in);
  gst_object_unref (f->pipeline);
  sentient_pipe_sender_unref (f->sender);
  g_async_queue_unref (f->through);
  close (f->hears);
  close (f->sends);
}

static void
set_route (Fixture *f)
{
  int fd = dup (f->sends);

  g_assert_cmpint (fd, >=, 0);
  sentient_pipe_sender_set_route (f->sender, fd, &f->address);
}

/* The queue keeps what it is given. */
static void
hold (Fixture *f)
{
  g_object_set (f->queue, "min-threshold-buffers", 1000, NULL);
}

/* With the next that it is given it goes on. */
static void
go_on (Fixture *f)
{
  g_object_set (f->queue, "min-threshold-buffers", 0, NULL);
}

static void
give (Fixture *f, guint8 kind, gsize size, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint8 *bytes = g_malloc0 (size);

      bytes[0] = kind;
      memcpy (bytes + 1, &f->n_made, sizeof f->n_made);
      f->n_made++;
      g_assert_cmpint (gst_pad_push (f->in, gst_buffer_new_wrapped (bytes, size)), ==, GST_FLOW_OK);
    }
}

/* The next packets that come over the socket: n of this size, numbered from first. */
static void
hear (Fixture *f, guint32 first, gsize size, guint32 n)
{
  for (guint32 i = 0; i < n; i++)
    {
      guint8 bytes[4096];
      guint32 number;

      g_assert_cmpint (recv (f->hears, bytes, sizeof bytes, 0), ==, size);
      memcpy (&number, bytes + 1, sizeof number);
      g_assert_cmpuint (number, ==, first + i);
    }
}

static void
hear_through (Fixture *f, guint32 first, guint32 n)
{
  for (guint32 i = 0; i < n; i++)
    {
      gpointer got = g_async_queue_timeout_pop (f->through, WAIT_S * G_USEC_PER_SEC);

      g_assert_cmpuint (GPOINTER_TO_UINT (got), ==, first + i + 1);
    }
}

static void
hear_nothing (Fixture *f)
{
  guint8 byte;

  g_assert_cmpint (recv (f->hears, &byte, 1, MSG_DONTWAIT), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
}

/* They are counted when the kernel has them, and may be heard before. */
static void
await_counted (Fixture *f, guint64 packets)
{
  while (sentient_pipe_sender_get_sent (f->sender).packets < packets)
    g_thread_yield ();
}

static guint64
count_calls (Fixture *f, guint64 *packets)
{
  SentientPipeSent sent = sentient_pipe_sender_get_sent (f->sender);

  *packets = sent.packets;
  return sent.calls;
}

/* Each packet remains one, in its size and in its place. Returns the calls for these ten. */
static guint64
send_ten (Fixture *f)
{
  guint64 packets, now_packets, calls = count_calls (f, &packets);
  guint32 first = f->n_made;

  hold (f);
  give (f, RECORD_DATA, 1200, 5);
  give (f, RECORD_DATA, 100, 1); /* a smaller one ends a batch */
  give (f, RECORD_DATA, 1200, 1);
  give (f, RECORD_DATA, 1201, 1); /* a larger one begins another */
  give (f, RECORD_DATA, 65, 1);
  go_on (f);
  give (f, RECORD_DATA, 65, 1);
  hear (f, first, 1200, 5);
  hear (f, first + 5, 100, 1);
  hear (f, first + 6, 1200, 1);
  hear (f, first + 7, 1201, 1);
  hear (f, first + 8, 65, 2);
  await_counted (f, packets + 10);
  calls = count_calls (f, &now_packets) - calls;
  g_assert_cmpuint (now_packets - packets, ==, 10);
  g_assert_cmpuint (calls, >=, 4);
  return calls;
}

static void
test_together (Fixture *f, gconstpointer data)
{
  gboolean together = FALSE;

  set_route (f);
  for (guint i = 0; i < TRIES && !together; i++)
    together = send_ten (f) == 4;
  g_assert_true (together);
  g_assert_cmpint (g_async_queue_length (f->through), ==, 0);
  g_assert_cmpuint (sentient_pipe_sender_get_sent (f->sender).bytes, ==,
                    f->n_made / 10 * (6 * 1200 + 100 + 1201 + 2 * 65));
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  guint64 packets, calls = 0;

  set_route (f);
  for (guint i = 0; i < TRIES && calls != 7; i++)
    {
      guint64 before = count_calls (f, &packets);
      guint32 first = f->n_made;

      hold (f);
      give (f, RECORD_DATA, 1200, 100);
      go_on (f);
      give (f, RECORD_DATA, 3000, 1); /* larger than any of ours: goes its own way */
      hear (f, first, 1200, 100);
      hear_through (f, first + 100, 1);
      hear_nothing (f);
      calls = count_calls (f, &packets) - before;
      g_assert_cmpuint (calls, >=, 7); /* 16 at a time */
    }
  g_assert_cmpuint (calls, ==, 7);
}

/* What sets up the encryption goes through the elements, behind what was before it. */
static void
test_handshake (Fixture *f, gconstpointer data)
{
  set_route (f);
  hold (f);
  give (f, RECORD_DATA, 1200, 2);
  give (f, RECORD_HANDSHAKE, 1200, 1);
  go_on (f);
  give (f, RECORD_DATA, 1200, 1);
  hear (f, 0, 1200, 2);
  hear_through (f, 2, 1);
  hear (f, 3, 1200, 1);
}

static void
test_no_route (Fixture *f, gconstpointer data)
{
  give (f, RECORD_DATA, 1200, 20);
  hear_through (f, 0, 20);
  set_route (f);
  give (f, RECORD_DATA, 1200, 1);
  hear (f, 20, 1200, 1);
  sentient_pipe_sender_set_route (f->sender, -1, NULL);
  give (f, RECORD_DATA, 1200, 1);
  hear_through (f, 21, 1);
  hear_nothing (f);
}

/* Without checksums the kernel refuses segments: they are tried once. */
static void
test_no_segments (Fixture *f, gconstpointer data)
{
  const int on = 1;
  guint64 packets = 0, calls = 0;

  g_assert_cmpint (setsockopt (f->sends, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), ==, 0);
  set_route (f);
  for (guint i = 0; i < TRIES && calls == packets; i++)
    {
      send_ten (f);
      calls = count_calls (f, &packets);
    }
  g_assert_cmpuint (calls, ==, packets + 1);
  send_ten (f);
  calls = count_calls (f, &packets);
  g_assert_cmpuint (calls, ==, packets + 1);
}

static GstPadProbeReturn
swallow (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  return GST_PAD_PROBE_HANDLED;
}

/* One that the encryption takes and never puts out does not hold up those behind it. */
static void
test_swallowed (Fixture *f, gconstpointer data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (f->queue, "sink");
  const struct timeval little = { .tv_usec = 10000 };
  guint8 bytes[4096];
  gulong probe;

  set_route (f);
  probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, swallow, NULL, NULL);
  give (f, RECORD_DATA, 1200, 1);
  gst_pad_remove_probe (pad, probe);
  g_assert_cmpint (setsockopt (f->hears, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little), ==, 0);
  for (guint i = 0; f->n_made < 100; i++)
    {
      give (f, RECORD_DATA, 1200, 1);
      if (recv (f->hears, bytes, sizeof bytes, 0) == 1200)
        break;
    }
  g_assert_cmpuint (f->n_made, <, 100);
}

/* A packet of SCTP: a chunk of another type with this length before those of data; -1: none. */
static void
give_sctp (Fixture *f, guint8 tag, gint before, guint8 type, guint32 tsn, guint n)
{
  guint8 *bytes = g_malloc0 (1000);
  gsize at = 12;

  bytes[0] = RECORD_DATA;
  bytes[7] = tag;
  if (before >= 0)
    {
      bytes[at] = 3; /* SACK */
      bytes[at + 3] = (guint8)before;
      at += MAX (((gsize)before + 3) / 4 * 4, 4);
    }
  for (guint i = 0; i < n; i++)
    {
      guint32 number = GUINT32_TO_BE (tsn + i);

      bytes[at] = type;
      bytes[at + 3] = 99;
      memcpy (bytes + at + 4, &number, sizeof number);
      at += 100;
    }
  g_assert_cmpint (gst_pad_push (f->in, gst_buffer_new_wrapped (bytes, at)), ==, GST_FLOW_OK);
}

static void
test_again (Fixture *f, gconstpointer data)
{
  static const struct
  {
    guint8 tag;
    gint before;
    guint8 type;
    guint32 tsn;
    guint n;
    guint64 again;
  } packets[] = {
    { 1, -1, 0, 0xfffffffe, 1, 0 }, { 1, 16, 0, 0xffffffff, 1, 0 },
    { 1, 17, 0, 0, 1, 0 }, /* beyond the end of the numbers */
    { 1, -1, 64, 1, 1, 0 },         { 1, -1, 0, 0xffffffff, 1, 1 },
    { 1, 16, 0, 1, 1, 2 },          { 1, -1, 3, 0, 1, 2 }, /* holds no data */
    { 1, 0, 0, 0, 1, 3 },                                  /* a length that is none */
    { 1, TOO_SHORT, 0, 0, 0, 3 },                          /* not even its header is there */
    { 1, -1, 0, 2, 3, 3 },          { 1, -1, 0, 3, 2, 4 }, /* not from the first of them */
    { 1, -1, 0, 4, 2, 5 },                                 /* and one that is new */
    { 1, -1, 0, 6, 1, 5 },          { 2, -1, 0, 1, 1, 5 }, /* another association */
    { 2, -1, 0, 1, 1, 6 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_test_message ("packet %u", i);
      if (packets[i].before == TOO_SHORT)
        give (f, RECORD_DATA, 11, 1);
      else
        give_sctp (f, packets[i].tag, packets[i].before, packets[i].type, packets[i].tsn,
                   packets[i].n);
      g_assert_cmpuint (sentient_pipe_sender_get_sent (f->sender).again, ==, packets[i].again);
    }
}

/* What comes out of the encryption without a route goes through the elements, and with one not. */
static void
test_route_goes (Fixture *f, gconstpointer data)
{
  set_route (f);
  hold (f);
  give (f, RECORD_DATA, 1200, 5);
  sentient_pipe_sender_set_route (f->sender, -1, NULL);
  go_on (f);
  give (f, RECORD_DATA, 1200, 1);
  hear_through (f, 0, 6);
  g_assert_cmpuint (sentient_pipe_sender_get_sent (f->sender).packets, ==, 0);
  set_route (f);
  give (f, RECORD_DATA, 1200, 1);
  hear (f, 6, 1200, 1);
}

/* An address that cannot be reached now is no reason to send one by one from then on. */
static void
test_unreachable (Fixture *f, gconstpointer data)
{
  NiceAddress nowhere;
  gboolean together = FALSE;

  nice_address_init (&nowhere);
  g_assert_true (nice_address_set_from_string (&nowhere, "::1")); /* over a socket of IPv4 */
  nice_address_set_port (&nowhere, 9);
  sentient_pipe_sender_set_route (f->sender, dup (f->sends), &nowhere);
  hold (f);
  give (f, RECORD_DATA, 1200, 5);
  go_on (f);
  give (f, RECORD_HANDSHAKE, 1200, 1);
  hear_through (f, 5, 1);
  g_assert_cmpuint (sentient_pipe_sender_get_sent (f->sender).packets, ==, 0);
  sentient_pipe_sender_set_route (f->sender, dup (f->sends), &f->address);
  for (guint i = 0; i < TRIES && !together; i++)
    together = send_ten (f) == 4;
  g_assert_true (together);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/pipe-sender/together", Fixture, NULL, set_up, test_together, tear_down);
  g_test_add ("/pipe-sender/limit", Fixture, NULL, set_up, test_limit, tear_down);
  g_test_add ("/pipe-sender/handshake", Fixture, NULL, set_up, test_handshake, tear_down);
  g_test_add ("/pipe-sender/no-route", Fixture, NULL, set_up, test_no_route, tear_down);
  g_test_add ("/pipe-sender/no-segments", Fixture, NULL, set_up, test_no_segments, tear_down);
  g_test_add ("/pipe-sender/swallowed", Fixture, NULL, set_up, test_swallowed, tear_down);
  g_test_add ("/pipe-sender/again", Fixture, NULL, set_up, test_again, tear_down);
  g_test_add ("/pipe-sender/route-goes", Fixture, NULL, set_up, test_route_goes, tear_down);
  g_test_add ("/pipe-sender/unreachable", Fixture, NULL, set_up, test_unreachable, tear_down);
  return g_test_run ();
}
