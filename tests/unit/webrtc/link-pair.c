/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"

#include <string.h>

static void
on_local_description (SentientLink *link, SentientSignalType type, const char *sdp, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_assert_null (end->description);
  end->description = g_strdup (sdp);
  if (end->other != NULL)
    sentient_link_set_remote_description (end->other->link, type, sdp);
}

static void
on_local_candidate (SentientLink *link, guint mline, const char *candidate, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_assert_nonnull (end->description);
  g_assert_cmpuint (mline, ==, 0);
  g_assert_true (*candidate == '\0' || g_str_has_prefix (candidate, "candidate:"));
  g_ptr_array_add (end->candidates, g_strdup (candidate));
  if (end->other != NULL)
    sentient_link_add_remote_candidate (end->other->link, mline, candidate);
}

static void
on_candidate_refused (SentientLink *link, gboolean local, const char *candidate, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_ptr_array_add (end->refused, g_strconcat (local ? "local " : "remote ", candidate, NULL));
}

static void
on_complaint (SentientLink *link, const GError *error, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  g_test_message ("%s", error->message);
  g_ptr_array_add (end->complaints, g_strdup (error->message));
}

static void
on_opened (SentientLink *link, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_assert_cmpint (sentient_link_get_state (link), ==, SENTIENT_LINK_STATE_OPEN);
  end->opened++;
}

static void
on_message (SentientLink *link, GBytes *data, gboolean is_text, LinkEnd *end)
{
  guint8 flag = is_text ? 1 : 0;

  g_assert_cmpuint (end->opened, ==, 1);
  g_assert_cmpuint (end->closed, ==, 0);
  g_ptr_array_add (end->messages, g_bytes_ref (data));
  g_byte_array_append (end->is_text, &flag, 1);
}

static void
on_drained (SentientLink *link, LinkEnd *end)
{
  g_assert_cmpuint (end->closed, ==, 0);
  g_assert_cmpuint (sentient_link_get_buffered_amount (link), <, SENTIENT_LINK_BUFFER_LOW);
  end->drained++;
}

static void
on_closed (SentientLink *link, const GError *error, LinkEnd *end)
{
  g_assert_cmpint (sentient_link_get_state (link), ==, SENTIENT_LINK_STATE_CLOSED);
  g_assert_cmpuint (end->closed, ==, 0);
  end->closed++;
  end->error = error != NULL ? g_error_copy (error) : NULL;
}

void
link_end_init (LinkEnd *end, SentientLink *link)
{
  memset (end, 0, sizeof *end);
  end->link = link;
  end->candidates = g_ptr_array_new_with_free_func (g_free);
  end->refused = g_ptr_array_new_with_free_func (g_free);
  end->complaints = g_ptr_array_new_with_free_func (g_free);
  end->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  end->is_text = g_byte_array_new ();
  g_signal_connect (link, "local-description", G_CALLBACK (on_local_description), end);
  g_signal_connect (link, "local-candidate", G_CALLBACK (on_local_candidate), end);
  g_signal_connect (link, "candidate-refused", G_CALLBACK (on_candidate_refused), end);
  g_signal_connect (link, "complaint", G_CALLBACK (on_complaint), end);
  g_signal_connect (link, "opened", G_CALLBACK (on_opened), end);
  g_signal_connect (link, "message", G_CALLBACK (on_message), end);
  g_signal_connect (link, "drained", G_CALLBACK (on_drained), end);
  g_signal_connect (link, "closed", G_CALLBACK (on_closed), end);
}

void
link_end_clear (LinkEnd *end)
{
  if (end->other != NULL)
    end->other->other = NULL;
  if (end->link != NULL)
    g_assert_finalize_object (end->link);
  g_clear_pointer (&end->description, g_free);
  g_clear_pointer (&end->candidates, g_ptr_array_unref);
  g_clear_pointer (&end->refused, g_ptr_array_unref);
  g_clear_pointer (&end->complaints, g_ptr_array_unref);
  g_clear_pointer (&end->messages, g_ptr_array_unref);
  g_clear_pointer (&end->is_text, g_byte_array_unref);
  g_clear_error (&end->error);
}

void
link_end_send (LinkEnd *end, const char *data, gssize size, gboolean is_text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size < 0 ? strlen (data) : (gsize)size);
  g_autoptr (GError) error = NULL;

  sentient_link_send (end->link, bytes, is_text, &error);
  g_assert_no_error (error);
}

void
link_end_wait_closed (LinkEnd *end, gint code)
{
  link_wait_until (end->closed > 0);
  if (code < 0)
    g_assert_no_error (end->error);
  else
    {
      g_assert_error (end->error, SENTIENT_ERROR, code);
      g_test_message ("%s", end->error->message);
    }
}

LinkPair *
link_pair_new (LinkNewFunc new_link)
{
  LinkPair *pair = g_new0 (LinkPair, 1);

  link_end_init (&pair->offerer, new_link ());
  link_end_init (&pair->answerer, new_link ());
  pair->offerer.other = &pair->answerer;
  pair->answerer.other = &pair->offerer;
  return pair;
}

void
link_pair_start (LinkPair *pair)
{
  sentient_link_start (pair->answerer.link, FALSE);
  sentient_link_start (pair->offerer.link, TRUE);
}

void
link_pair_open (LinkPair *pair)
{
  link_pair_start (pair);
  link_wait_until ((pair->offerer.opened && pair->answerer.opened) || pair->offerer.closed
                   || pair->answerer.closed);
  g_assert_no_error (pair->offerer.error);
  g_assert_no_error (pair->answerer.error);
  g_assert_cmpuint (pair->offerer.opened, ==, 1);
  g_assert_cmpuint (pair->answerer.opened, ==, 1);
}

void
link_pair_free (LinkPair *pair)
{
  link_end_clear (&pair->offerer);
  link_end_clear (&pair->answerer);
  g_free (pair);
}
