/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-gossip-message.h"

#include <string.h>

#include "core/sentient-error.h"

static SentientGossipMessage
make_part (guint flags, const char *payload)
{
  SentientGossipMessage message = { .kind = SENTIENT_GOSSIP_PART,
                                    .flags = flags,
                                    .hops = 3,
                                    .room = "lab",
                                    .origin = "alice",
                                    .epoch = 0x0102030405060708,
                                    .sequence = 0x1112131415161718,
                                    .total = 500,
                                    .payload = (const guint8 *)payload,
                                    .len = strlen (payload) };

  return message;
}

static gboolean
parse (GBytes *data, SentientGossipMessage *message)
{
  return sentient_gossip_message_parse (g_bytes_get_data (data, NULL), g_bytes_get_size (data),
                                        message, NULL);
}

static void
test_bytes (void)
{
  static const guint8 first[]
      = "\2\1\1\3\3\3lab\5alice\1\2\3\4\5\6\7\10\x11\x12\x13\x14\x15\x16\x17\x18\0\0\1\xf4Hi";
  static const guint8 whole[]
      = "\2\1\1\6\3\3lab\5alice\1\2\3\4\5\6\7\10\x11\x12\x13\x14\x15\x16\x17\x18Hi";
  SentientGossipMessage message = make_part (SENTIENT_GOSSIP_TEXT | SENTIENT_GOSSIP_FIRST, "Hi");
  SentientGossipMessage need = { .kind = SENTIENT_GOSSIP_NEED, .flags = SENTIENT_GOSSIP_NEEDED };
  g_autoptr (GBytes) a = sentient_gossip_message_write (&message);
  g_autoptr (GBytes) b = NULL;
  g_autoptr (GBytes) c = sentient_gossip_message_write (&need);

  g_assert_cmpmem (g_bytes_get_data (a, NULL), g_bytes_get_size (a), first, sizeof first - 1);
  message.flags = SENTIENT_GOSSIP_FIRST | SENTIENT_GOSSIP_LAST;
  b = sentient_gossip_message_write (&message);
  g_assert_cmpmem (g_bytes_get_data (b, NULL), g_bytes_get_size (b), whole, sizeof whole - 1);
  g_assert_cmpmem (g_bytes_get_data (c, NULL), g_bytes_get_size (c), "\2\1\2\1", 4);
}

static void
test_back (void)
{
  SentientGossipMessage message = make_part (SENTIENT_GOSSIP_FIRST | 1 << 7, "payload");
  g_autoptr (GBytes) data = sentient_gossip_message_write (&message);
  g_autoptr (GBytes) passed = sentient_gossip_message_pass_on (data, 4);
  SentientGossipMessage back;

  g_assert_true (parse (data, &back));
  g_assert_cmpint (back.kind, ==, SENTIENT_GOSSIP_PART);
  g_assert_cmpuint (back.flags, ==, SENTIENT_GOSSIP_FIRST | 1 << 7);
  g_assert_cmpuint (back.hops, ==, 3);
  g_assert_cmpstr (back.room, ==, "lab");
  g_assert_cmpstr (back.origin, ==, "alice");
  g_assert_cmpuint (back.epoch, ==, message.epoch);
  g_assert_cmpuint (back.sequence, ==, message.sequence);
  g_assert_cmpuint (back.total, ==, 500);
  g_assert_cmpmem (back.payload, back.len, "payload", 7);
  g_assert_true (parse (passed, &back));
  g_assert_cmpuint (back.hops, ==, 4);
  g_assert_cmpstr (back.origin, ==, "alice");
  g_assert_cmpmem (back.payload, back.len, "payload", 7);
}

static void
assert_broken (GBytes *data)
{
  SentientGossipMessage message;
  g_autoptr (GError) error = NULL;

  g_assert_false (sentient_gossip_message_parse (g_bytes_get_data (data, NULL),
                                                 g_bytes_get_size (data), &message, &error));
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
}

static void
assert_message_broken (SentientGossipMessage message)
{
  g_autoptr (GBytes) data = sentient_gossip_message_write (&message);

  assert_broken (data);
}

static void
test_broken (void)
{
  SentientGossipMessage message = make_part (SENTIENT_GOSSIP_LAST, "x");
  g_autofree guint8 *large = g_malloc0 (SENTIENT_GOSSIP_PART_MAX + 1);
  g_autoptr (GBytes) whole = NULL;

  whole = sentient_gossip_message_write (&message);
  for (gsize len = 0; len + 1 < g_bytes_get_size (whole); len++)
    {
      /* Without bytes beyond, so that reading them is noticed. */
      g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (whole, NULL), len);

      assert_broken (cut);
    }
  message.hops = 0;
  assert_message_broken (message);
  message = make_part (SENTIENT_GOSSIP_LAST, "x");
  message.sequence = 0;
  assert_message_broken (message);
  message.sequence = 1ull << 63;
  assert_message_broken (message);
  message = make_part (SENTIENT_GOSSIP_LAST, "x");
  strcpy (message.room, "two words");
  assert_message_broken (message);
  message = make_part (SENTIENT_GOSSIP_LAST, "x");
  strcpy (message.origin, "system");
  assert_message_broken (message);
  assert_message_broken (make_part (SENTIENT_GOSSIP_LAST, ""));
  assert_message_broken (make_part (0, ""));
  message = make_part (SENTIENT_GOSSIP_FIRST, "xy");
  message.total = 2;
  assert_message_broken (message);
  message = make_part (SENTIENT_GOSSIP_LAST, "");
  message.payload = large;
  message.len = SENTIENT_GOSSIP_PART_MAX + 1;
  assert_message_broken (message);
}

static void
test_allowed (void)
{
  g_autofree guint8 *large = g_malloc0 (SENTIENT_GOSSIP_PART_MAX);
  SentientGossipMessage message = make_part (SENTIENT_GOSSIP_LAST, ""), back;
  g_autoptr (GBytes) largest = NULL;
  g_autoptr (GBytes) empty = NULL;
  g_autoptr (GBytes) later = g_bytes_new_static ("\2\2\1\0???", 7);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("\2\1\11\0???", 7);
  g_autoptr (GBytes) more = g_bytes_new_static ("\2\1\2\1???", 7);

  message.payload = large;
  message.len = SENTIENT_GOSSIP_PART_MAX;
  largest = sentient_gossip_message_write (&message);
  g_assert_true (parse (largest, &back));
  g_assert_cmpuint (back.len, ==, SENTIENT_GOSSIP_PART_MAX);
  message = make_part (SENTIENT_GOSSIP_FIRST | SENTIENT_GOSSIP_LAST, "");
  empty = sentient_gossip_message_write (&message);
  g_assert_true (parse (empty, &back));
  g_assert_cmpuint (back.len, ==, 0);
  g_assert_true (parse (later, &back));
  g_assert_cmpint (back.kind, ==, SENTIENT_GOSSIP_UNKNOWN);
  g_assert_true (parse (unknown, &back));
  g_assert_cmpint (back.kind, ==, SENTIENT_GOSSIP_UNKNOWN);
  g_assert_true (parse (more, &back));
  g_assert_cmpint (back.kind, ==, SENTIENT_GOSSIP_NEED);
  g_assert_cmpuint (back.flags, ==, SENTIENT_GOSSIP_NEEDED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gossip-message/bytes", test_bytes);
  g_test_add_func ("/gossip-message/back", test_back);
  g_test_add_func ("/gossip-message/broken", test_broken);
  g_test_add_func ("/gossip-message/allowed", test_allowed);
  return g_test_run ();
}
