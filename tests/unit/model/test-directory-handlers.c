/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What handlers of the directory's signals may do to it meanwhile. */

#include <string.h>

#include "model/sentient-directory.h"

typedef struct
{
  SentientManualClock *clock;
  SentientDirectory *directory;
  guint n_times;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->clock = sentient_manual_clock_new (1000000);
  fixture->directory = sentient_directory_new (SENTIENT_CLOCK (fixture->clock));
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->directory);
  g_assert_finalize_object (fixture->clock);
}

static SentientMembership *
join (SentientDirectory *directory, const char *node_id, const char *room, const char *metadata)
{
  SentientSpan span = { metadata, metadata != NULL ? strlen (metadata) : 0 };
  SentientSession *session = sentient_directory_ensure (directory, node_id, NULL);

  return session != NULL ? sentient_directory_join (directory, session, room, span, NULL) : NULL;
}

static void
leave_all (SentientDirectory *directory, const char *node_id)
{
  SentientSession *session = sentient_directory_find (directory, node_id);

  if (session != NULL)
    g_strfreev (sentient_directory_leave_all (directory, session));
}

/* Who is out of one room shall be out of all: the session ends while it is still leaving. */
static void
on_left_leave_all (SentientDirectory *directory,
                   SentientRoom *room,
                   SentientMember *member,
                   int reason,
                   gpointer unused)
{
  leave_all (directory, sentient_member_get_node_id (member));
}

static void
test_leave_all_in_left (Fixture *fixture, gconstpointer unused)
{
  g_signal_connect (fixture->directory, "member-left", G_CALLBACK (on_left_leave_all), NULL);

  join (fixture->directory, "a", "one", NULL);
  join (fixture->directory, "a", "two", NULL);
  g_assert_true (sentient_directory_leave (fixture->directory,
                                           sentient_directory_find (fixture->directory, "a"), "one",
                                           NULL));
  g_assert_null (sentient_directory_find (fixture->directory, "a"));

  join (fixture->directory, "a", "one", NULL);
  join (fixture->directory, "a", "two", NULL);
  leave_all (fixture->directory, "a");
  g_assert_null (sentient_directory_find (fixture->directory, "a"));
  g_assert_null (sentient_directory_find_room (fixture->directory, "two"));
}

static void
on_left_come_in (SentientDirectory *directory,
                 SentientRoom *room,
                 SentientMember *member,
                 int reason,
                 gpointer unused)
{
  if (g_str_equal (sentient_member_get_node_id (member), "a"))
    join (directory, "b", "two", NULL);
}

/* What happens in a room that an ending session has not left yet is not told to it: it would be
 * charged for good. */
static void
test_event_for_ending (Fixture *fixture, gconstpointer unused)
{
  SentientDirectoryCounts counts;

  g_signal_connect (fixture->directory, "member-left", G_CALLBACK (on_left_come_in), NULL);
  join (fixture->directory, "a", "one", NULL);
  join (fixture->directory, "a", "two", NULL);
  sentient_directory_end (fixture->directory, sentient_directory_find (fixture->directory, "a"),
                          SENTIENT_LEAVE_REASON_LEFT);
  leave_all (fixture->directory, "b");
  g_assert_cmpuint (sentient_directory_get_n_nodes (fixture->directory), ==, 0);
  sentient_directory_count (fixture->directory, &counts);
  g_assert_cmpuint (counts.queued_bytes, ==, 0);
}

/* A member that will not go. */
static void
on_left_rejoin (SentientDirectory *directory,
                SentientRoom *room,
                SentientMember *member,
                int reason,
                gpointer n_times)
{
  g_assert_cmpuint (++*(guint *)n_times, <, 100);
  join (directory, sentient_member_get_node_id (member), sentient_room_get_name (room), NULL);
}

static void
test_rejoin (Fixture *fixture, gconstpointer unused)
{
  guint *n_times = &fixture->n_times; /* outlives the directory */

  g_signal_connect (fixture->directory, "member-left", G_CALLBACK (on_left_rejoin), n_times);
  join (fixture->directory, "a", "global", NULL);

  leave_all (fixture->directory, "a");
  g_assert_cmpuint (*n_times, ==, 1);
  g_assert_nonnull (sentient_directory_find (fixture->directory, "a"));

  sentient_directory_end_all (fixture->directory);
  g_assert_cmpuint (*n_times, ==, 2);
  g_assert_cmpuint (sentient_directory_get_n_nodes (fixture->directory), ==, 0);

  /* It may come back afterwards, and the directory can go all the same. */
  g_assert_nonnull (join (fixture->directory, "a", "global", NULL));
}

/* A room that is emptied as soon as it opens, and a member thrown out as soon as it is listed. */
static void
on_rooms_changed (SentientDirectory *directory,
                  guint position,
                  guint removed,
                  guint added,
                  gpointer unused)
{
  if (added == 0)
    return;
  join (directory, "bot",
        sentient_room_get_name (sentient_directory_peek_room (directory, position)), NULL);
  leave_all (directory, "bot");
  leave_all (directory, "a");
}

static void
on_members_changed (GListModel *room,
                    guint position,
                    guint removed,
                    guint added,
                    gpointer directory)
{
  if (added > 0)
    leave_all (directory, "a");
}

static void
test_thrown_out (Fixture *fixture, gconstpointer unused)
{
  SentientRoom *global = sentient_directory_find_room (fixture->directory, "global");
  gulong id;

  id = g_signal_connect (fixture->directory, "items-changed", G_CALLBACK (on_rooms_changed), NULL);
  g_assert_null (join (fixture->directory, "a", "lab", NULL));
  g_assert_null (sentient_directory_find_room (fixture->directory, "lab"));
  g_signal_handler_disconnect (fixture->directory, id);

  id = g_signal_connect (global, "items-changed", G_CALLBACK (on_members_changed),
                         fixture->directory);
  g_assert_null (join (fixture->directory, "a", "global", NULL));
  g_assert_cmpuint (sentient_room_get_n_members (global), ==, 0);
  g_signal_handler_disconnect (global, id);
}

static void
test_metadata_stays (Fixture *fixture, gconstpointer unused)
{
  SentientMember *member = join (fixture->directory, "a", "lab", "{\"name\":\"Ann\"}")->member;

  join (fixture->directory, "a", "lab", NULL);
  g_assert_cmpstr (sentient_member_get_name (member), ==, "Ann");
  join (fixture->directory, "a", "lab", "{}");
  g_assert_cmpstr (sentient_member_get_name (member), ==, "a");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/directory/handlers/leave-all", test_leave_all_in_left);
  ADD ("/directory/handlers/event-for-ending", test_event_for_ending);
  ADD ("/directory/handlers/rejoin", test_rejoin);
  ADD ("/directory/handlers/thrown-out", test_thrown_out);
  ADD ("/directory/metadata-stays", test_metadata_stays);
  return g_test_run ();
}
