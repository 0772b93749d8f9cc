/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/sentient-room.h"

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  g_string_append_printf (data, "%u-%u+%u ", position, removed, added);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_string_append_printf (data, "%s ", g_param_spec_get_name (pspec));
}

static void
test_list (void)
{
  g_autoptr (SentientRoom) room = sentient_room_new ("lab", FALSE);
  g_autoptr (SentientMember) a = sentient_member_new ("a", "lab", NULL, 5);
  g_autoptr (SentientMember) b = sentient_member_new ("b", "lab", "{\"name\":\"Bo\"}", 6);
  g_autoptr (GString) changes = g_string_new (NULL);

  g_signal_connect (room, "items-changed", G_CALLBACK (on_items_changed), changes);
  sentient_room_add (room, a);
  sentient_room_add (room, b);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (room)) == SENTIENT_TYPE_MEMBER);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (room)), ==, 2);
  g_assert_true (sentient_room_find_member (room, "b") == b);
  g_assert_null (sentient_room_find_member (room, "c"));
  g_assert_true (sentient_room_remove (room, a));
  g_assert_false (sentient_room_remove (room, a));
  sentient_room_clear (room);
  g_assert_cmpstr (changes->str, ==, "0-0+1 1-0+1 0-1+0 0-1+0 ");
  g_assert_cmpstr (sentient_member_get_name (a), ==, "a");
  g_assert_cmpstr (sentient_member_get_name (b), ==, "Bo");

  g_assert_finalize_object (g_steal_pointer (&room));
  g_assert_finalize_object (g_steal_pointer (&a));
  g_assert_finalize_object (g_steal_pointer (&b));
}

/* Notified on a real change, and only then. */
static void
test_notify (void)
{
  g_autoptr (SentientMember) member = sentient_member_new ("a", "lab", "{\"name\":\"A\"}", 5);
  g_autoptr (GString) seen = g_string_new (NULL);

  g_signal_connect (member, "notify", G_CALLBACK (on_notify), seen);
  sentient_member_set_online (member, TRUE);
  sentient_member_set_metadata (member, "{\"name\":\"A\"}");
  sentient_member_set_last_seen (member, 5);
  g_assert_cmpstr (seen->str, ==, "");
  sentient_member_set_online (member, FALSE);
  sentient_member_set_metadata (member, "{\"name\":\"A\",\"x\":1}");
  sentient_member_set_metadata (member, NULL);
  sentient_member_set_last_seen (member, 6);
  g_assert_cmpstr (seen->str, ==, "online metadata metadata name last-seen ");
  g_assert_finalize_object (g_steal_pointer (&member));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/room/list", test_list);
  g_test_add_func ("/member/notify", test_notify);
  return g_test_run ();
}
