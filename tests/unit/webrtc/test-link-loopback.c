/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-pair.h"
#include "webrtc/sentient-loopback-link.h"

#include <string.h>

/* An offer of a link that is gone, or of no link ever. */
static void
test_unknown_token (void)
{
  LinkEnd gone, end;
  g_autofree char *offer = NULL;

  link_end_init (&gone, sentient_loopback_link_new ());
  sentient_link_start (gone.link, TRUE);
  link_wait_until (gone.description != NULL);
  offer = g_strdup (gone.description);
  link_end_clear (&gone);

  link_end_init (&end, sentient_loopback_link_new ());
  sentient_link_start (end.link, FALSE);
  sentient_link_set_remote_description (end.link, SENTIENT_SIGNAL_TYPE_OFFER, offer);
  link_end_wait_closed (&end, SENTIENT_ERROR_PROTOCOL);
  link_end_clear (&end);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  link_pair_add_tests ("/link-loopback", sentient_loopback_link_new);
  g_test_add_func ("/link-loopback/unknown-token", test_unknown_token);
  return g_test_run ();
}
