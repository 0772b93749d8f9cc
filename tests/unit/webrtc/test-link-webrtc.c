/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"
#include "webrtc/sentient-pipe-relays.h"
#include "webrtc/sentient-webrtc-link.h"

#include <nice/agent.h>
#include <string.h>

#define CYCLES 20

static SentientLink *
new_link (void)
{
  return sentient_webrtc_link_new (NULL);
}

static void
test_pieces (void)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;
  const SentientWebrtcPiece *pieces = sentient_webrtc_link_list_pieces (&n);

  g_assert_cmpuint (n, >=, 7);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (pieces[i].present);
      g_assert_true (g_str_has_prefix (pieces[i].package, "gstreamer1.0-"));
      g_assert_nonnull (pieces[i].purpose);
    }
  g_assert_true (sentient_webrtc_link_is_available (&error));
  g_assert_no_error (error);
}

static char *
replace (const char *text, const char *old, const char *new)
{
  g_auto (GStrv) parts = g_strsplit (text, old, -1);

  g_assert_nonnull (strstr (text, old));
  return g_strjoinv (new, parts);
}

/* Real offers with one thing wrong: webrtcbin neither crashes nor warns, the link ends with an
 * error, or answers what is harmless. */
static void
test_broken_offers (void)
{
  static const struct
  {
    const char *old;
    const char *new;
    gboolean harmless;
  } changes[] = {
    { "m=application 9", "m=application 0", FALSE },
    { "m=application 9", "m=application x", FALSE },
    { "DTLS/SCTP", "DTLS/XXXX", FALSE },
    { "webrtc-datachannel", "", FALSE },
    { "webrtc-datachannel", "5000", TRUE },
    { "a=group:BUNDLE", "a=group:BUNDLE nobody", TRUE },
    { "a=group:BUNDLE", "a=x-group:BUNDLE", TRUE },
    { "a=mid:", "a=mid:other", TRUE },
    { "a=sctp-port:", "a=sctp-port:99999999999", TRUE },
    { "a=sctp-port:5000", "a=sctp-port:x", TRUE },
    { "a=sctp-port:5000", "a=max-message-size:-1", TRUE },
    { "a=ice-ufrag:", "a=ice-ufrag:(((", TRUE },
    { "o=-", "o=", TRUE },
    { "t=0 0", "t=", TRUE },
    { "a=setup:actpass", "a=setup:active", TRUE },
    { "a=setup:actpass", "a=setup:passive", TRUE },
    { "a=fingerprint:sha-256", "a=fingerprint:md5", TRUE },
  };
  LinkEnd offerer, end;

  link_end_init (&offerer, new_link ());
  sentient_link_start (offerer.link, TRUE);
  link_wait_until (offerer.description != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *offer = replace (offerer.description, changes[i].old, changes[i].new);

      g_test_message ("%s → %s", changes[i].old, changes[i].new);
      link_end_init (&end, new_link ());
      sentient_link_start (end.link, FALSE);
      sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_OFFER, offer);
      link_wait_until (end.closed > 0 || (changes[i].harmless && end.description != NULL));
      if (end.closed > 0)
        {
          g_assert_error (end.error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
          g_test_message ("%s", end.error->message);
        }
      link_end_clear (&end);
    }
  link_end_clear (&offerer);
}

/* Somebody in between has another certificate than the description says. */
static void
relay_forged (SentientLink *link, SentientSignalType type, const char *sdp, LinkEnd *end)
{
  g_autofree char *forged = g_strdup (sdp);
  char *digit = strstr (forged, "a=fingerprint:sha-256 ");

  g_assert_nonnull (digit);
  digit += strlen ("a=fingerprint:sha-256 ");
  *digit = *digit == '0' ? '1' : '0';
  sentient_link_set_remote_description (end->link, type, forged);
}

static void
relay_candidate (SentientLink *link, guint mline, const char *candidate, LinkEnd *end)
{
  sentient_link_add_remote_candidate (end->link, mline, candidate);
}

static void
test_forged_fingerprint (void)
{
  LinkPair *pair = link_pair_new (new_link);

  pair->offerer.other = NULL;
  g_signal_connect (pair->offerer.link, "local-description", G_CALLBACK (relay_forged),
                    &pair->answerer);
  g_signal_connect (pair->offerer.link, "local-candidate", G_CALLBACK (relay_candidate),
                    &pair->answerer);
  link_pair_start (pair);
  link_end_wait_closed (&pair->answerer, SENTIENT_ERROR_PROTOCOL);
  g_assert_cmpuint (pair->answerer.opened, ==, 0);
  link_pair_free (pair);
}

/* No candidate ever comes, and that is all of them. */
static void
test_no_way (void)
{
  LinkPair *pair = link_pair_new (new_link);
  LinkEnd *offerer = &pair->offerer, *answerer = &pair->answerer;

  offerer->other = NULL;
  answerer->other = NULL;
  link_pair_start (pair);
  link_wait_until (offerer->description != NULL);
  sentient_link_set_remote_description (answerer->link, SENTIENT_SIGNAL_TYPE_OFFER,
                                        offerer->description);
  link_wait_until (answerer->description != NULL);
  sentient_link_set_remote_description (offerer->link, SENTIENT_SIGNAL_TYPE_ANSWER,
                                        answerer->description);
  sentient_link_add_remote_candidate (offerer->link, 0,
                                      "candidate:1 1 UDP 2015363327 127.0.0.1 9 typ host");
  sentient_link_add_remote_candidate (offerer->link, 0, "");
  link_end_wait_closed (offerer, SENTIENT_ERROR_LINK_FAILED);
  link_pair_free (pair);
}

/* webrtcbin hears from libnice that a pair was found: on a busy machine too early, or before what
 * happened earlier, so that it does not begin DTLS. Here it does not hear of it at all. */
typedef struct
{
  GObject *agent;
  gulong handler; /* webrtcbin's */
  gint is_over;   /* atomic: libnice has told all of it */
} Missed;

/* The first webrtcbin. */
static gboolean
on_element_added (GSignalInvocationHint *hint, guint n, const GValue *values, gpointer user_data)
{
  GstElement *element = g_value_get_object (&values[1]);

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "ice-agent") == NULL)
    return TRUE;
  ((Missed *)user_data)->agent = sentient_pipe_get_agent (element);
  return FALSE;
}

/* called on libnice's thread */
static void
on_component_state (GObject *agent, guint stream, guint component, guint state, Missed *self)
{
  if (state != NICE_COMPONENT_STATE_READY)
    return;
  g_atomic_int_set (&self->is_over, TRUE);
  g_main_context_wakeup (NULL);
}

static gulong
block_next (Missed *self)
{
  gulong handler
      = g_signal_handler_find (self->agent, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED,
                               g_signal_lookup ("component-state-changed", NICE_TYPE_AGENT), 0,
                               NULL, NULL, NULL);

  g_assert_cmpuint (handler, !=, 0);
  g_signal_handler_block (self->agent, handler);
  return handler;
}

/* Nothing can be found yet. */
static void
on_offer (SentientLink *link, SentientSignalType type, const char *sdp, Missed *self)
{
  gulong ours = block_next (self); /* we were the first to listen */

  self->handler = block_next (self);
  g_signal_handler_unblock (self->agent, ours);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_component_state), self);
}

static void
test_missed_state (void)
{
  LinkPair *pair = link_pair_new (new_link);
  Missed missed = { NULL, 0, FALSE };

  g_assert_true (sentient_webrtc_link_is_available (NULL)); /* starts GStreamer */
  g_type_class_unref (g_type_class_ref (GST_TYPE_BIN));
  g_signal_add_emission_hook (g_signal_lookup ("element-added", GST_TYPE_BIN), 0, on_element_added,
                              &missed, NULL);
  g_signal_connect (pair->offerer.link, "local-description", G_CALLBACK (on_offer), &missed);
  sentient_link_start (pair->offerer.link, TRUE);
  sentient_link_start (pair->answerer.link, FALSE);
  link_wait_until (g_atomic_int_get (&missed.is_over));
  g_signal_handlers_disconnect_by_data (missed.agent, &missed);
  g_signal_handler_unblock (missed.agent, missed.handler);

  link_wait_until (pair->offerer.opened == 1 && pair->answerer.opened == 1);
  link_end_send (&pair->offerer, "hello", -1, TRUE);
  link_wait_until (pair->answerer.messages->len == 1);
  g_object_unref (missed.agent);
  link_pair_free (pair);
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
run_cycle (guint i)
{
  LinkPair *pair = link_pair_new (new_link);
  LinkEnd *closer = i % 2 == 0 ? &pair->offerer : &pair->answerer;

  link_pair_open (pair);
  link_end_send (&pair->offerer, "hello", -1, TRUE);
  link_wait_until (pair->answerer.messages->len == 1);
  if (i % 4 == 3) /* every fourth is just dropped */
    {
      link_end_clear (closer);
      closer->link = NULL;
      link_end_wait_closed (closer == &pair->offerer ? &pair->answerer : &pair->offerer, -1);
      link_end_clear (closer == &pair->offerer ? &pair->answerer : &pair->offerer);
      g_free (pair);
      return;
    }
  sentient_link_close (closer->link);
  link_end_wait_closed (&pair->offerer, -1);
  link_end_wait_closed (&pair->answerer, -1);
  link_pair_free (pair);
}

/* Idle threads of the pool stay for some seconds: what counts is that the numbers come back. */
static void
test_cycles (void)
{
  guint fds, threads, tick;

  for (guint i = 0; i < 3; i++)
    run_cycle (i);
  tick = g_timeout_add (20, on_tick, NULL);
  fds = count_entries ("/proc/self/fd");
  threads = count_entries ("/proc/self/task");
  for (guint i = 0; i < CYCLES; i++)
    run_cycle (i);
  g_test_message ("fds %u, then %u; threads %u, then %u", fds, count_entries ("/proc/self/fd"),
                  threads, count_entries ("/proc/self/task"));
  link_wait_until (count_entries ("/proc/self/fd") <= fds
                   && count_entries ("/proc/self/task") <= threads);
  g_source_remove (tick);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-webrtc/pieces", test_pieces);
  link_pair_add_tests ("/link-webrtc", new_link);
  g_test_add_func ("/link-webrtc/broken-offers", test_broken_offers);
  g_test_add_func ("/link-webrtc/forged-fingerprint", test_forged_fingerprint);
  g_test_add_func ("/link-webrtc/no-way", test_no_way);
  g_test_add_func ("/link-webrtc/missed-state", test_missed_state);
  g_test_add_func ("/link-webrtc/cycles", test_cycles);
  return g_test_run ();
}
