/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "link-pair.h"
#include "webrtc/sentient-webrtc-link.h"

#define HOST "candidate:1 1 UDP 2015363327 192.0.2.1 9 typ host"
#define SRFLX "candidate:2 1 UDP 1679819007 198.51.100.1 9 typ srflx raddr 192.0.2.1 rport 9"
#define RELAY "candidate:3 1 UDP 92217087 203.0.113.1 9 typ relay raddr 198.51.100.1 rport 9"

/* Only the first of a kind counts, what came before the start does not, and all is in order. */
static void
test_notes (void)
{
  SentientLinkTimeline timeline = { 0 };
  SentientConnectionStep steps[SENTIENT_N_CONNECTION_STEPS];
  g_autofree char *nothing = sentient_link_timeline_to_text (&timeline);
  g_autofree char *text = NULL;
  gint64 start;

  g_assert_cmpstr (nothing, ==, "");
  sentient_link_timeline_note (&timeline, SENTIENT_CONNECTION_STEP_OPEN, 5000);
  g_assert_cmpint (sentient_link_timeline_get_ms (&timeline, SENTIENT_CONNECTION_STEP_OPEN), ==,
                   -1);
  sentient_link_timeline_start (&timeline);
  start = timeline.started;
  sentient_link_timeline_note_own (&timeline, RELAY, start + 70999);
  sentient_link_timeline_note_own (&timeline, HOST, start + 3000);
  sentient_link_timeline_note_own (&timeline, HOST, start + 4000);
  sentient_link_timeline_note_own (&timeline, SRFLX, start + 20000);
  sentient_link_timeline_note_own (&timeline, "nonsense", start + 1);
  sentient_link_timeline_note (&timeline, SENTIENT_CONNECTION_STEP_GATHERING, start - 10);
  sentient_link_timeline_start (&timeline);
  g_assert_cmpint (timeline.started, ==, start);
  g_assert_cmpuint (timeline.own[SENTIENT_CANDIDATE_TYPE_HOST], ==, 2);
  g_assert_cmpuint (timeline.own[SENTIENT_CANDIDATE_TYPE_SRFLX], ==, 1);
  g_assert_cmpuint (sentient_link_timeline_sort (&timeline, steps), ==, 4);
  g_assert_cmpint (steps[3], ==, SENTIENT_CONNECTION_STEP_RELAY);
  text = sentient_link_timeline_to_text (&timeline);
  g_assert_cmpstr (text, ==, "gathering 0 ms, host 3 ms, srflx 20 ms, relay 70 ms");
}

/* Candidates in a description count, and any number of them takes no more room. */
static void
test_remote (void)
{
  SentientLinkTimeline timeline = { 0 };
  g_autofree char *text = NULL;

  sentient_link_timeline_start (&timeline);
  sentient_link_timeline_note_description (&timeline, "v=0\r\na=" HOST "\r\na=" RELAY "\r\n");
  sentient_link_timeline_note_remote (&timeline, "");
  for (guint i = 0; i < 100000; i++)
    sentient_link_timeline_note_remote (&timeline, SRFLX);
  g_assert_cmpuint (timeline.remote[SENTIENT_CANDIDATE_TYPE_HOST], ==, 1);
  g_assert_cmpuint (timeline.remote[SENTIENT_CANDIDATE_TYPE_RELAY], ==, 1);
  g_assert_cmpuint (timeline.remote[SENTIENT_CANDIDATE_TYPE_SRFLX], ==, 100000);
  text = sentient_link_timeline_to_text (&timeline);
  g_assert_nonnull (strstr (text, "description"));
  g_assert_nonnull (strstr (text, "remote-candidate"));
}

/* Of real links: everything that happened on the way, in an order that can be. */
static void
test_links (void)
{
  LinkPair *pair = g_new0 (LinkPair, 1);
  const SentientLinkTimeline *timeline;

  link_end_init (&pair->offerer, sentient_webrtc_link_new (NULL));
  link_end_init (&pair->answerer, sentient_webrtc_link_new (NULL));
  pair->offerer.other = &pair->answerer;
  pair->answerer.other = &pair->offerer;
  link_pair_open (pair);
  for (guint i = 0; i < 2; i++)
    {
      timeline = sentient_link_get_timeline (i == 0 ? pair->offerer.link : pair->answerer.link);
      for (guint step = 0; step < SENTIENT_N_CONNECTION_STEPS; step++)
        if (step != SENTIENT_CONNECTION_STEP_SRFLX && step != SENTIENT_CONNECTION_STEP_RELAY
            && step != SENTIENT_CONNECTION_STEP_DTLS) /* may be told after the channel */
          g_assert_cmpint (timeline->steps[step], >, 0);
      g_assert_cmpint (timeline->steps[SENTIENT_CONNECTION_STEP_RELAY], ==, 0);
      g_assert_cmpint (timeline->steps[SENTIENT_CONNECTION_STEP_CHECKING], <=,
                       timeline->steps[SENTIENT_CONNECTION_STEP_PAIR]);
      g_assert_cmpint (timeline->steps[SENTIENT_CONNECTION_STEP_PAIR], <=,
                       timeline->steps[SENTIENT_CONNECTION_STEP_OPEN]);
      g_assert_cmpuint (timeline->own[SENTIENT_CANDIDATE_TYPE_HOST], >, 0);
      g_assert_cmpuint (timeline->remote[SENTIENT_CANDIDATE_TYPE_HOST], >, 0);
    }
  link_pair_free (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-timeline/notes", test_notes);
  g_test_add_func ("/link-timeline/remote", test_remote);
  g_test_add_func ("/link-timeline/links", test_links);
  return g_test_run ();
}
