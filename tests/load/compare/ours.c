/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One end of a pair of SentientPeers: ours NODE OTHER COORDINATOR. See contender.h. */

#include "contender.h"
#include "sentient.h"

#define ROOM "compare"

static SentientPeer *peer;
static const char *other;

static void
check (const GError *error, const char *what)
{
  if (error != NULL)
    contender_die ("%s: %s", what, error->message);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientConnection) connection
      = sentient_peer_connect_peer_finish (peer, result, &error);

  check (error, "connect");
}

static void
engine_connect (void)
{
  sentient_peer_connect_peer_async (peer, other, NULL, on_connected, NULL);
}

static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_disconnect_peer_finish (peer, result, &error);
  check (error, "disconnect");
}

static void
engine_disconnect (void)
{
  sentient_peer_disconnect_peer_async (peer, other, NULL, on_disconnected, NULL);
}

static gboolean
engine_send (GBytes *data, gboolean is_urgent)
{
  g_autoptr (GError) error = NULL;

  if (sentient_peer_send_bytes (peer, other, data, &error))
    return TRUE;
  if (!g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK))
    contender_die ("send: %s", error->message);
  return FALSE;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  contender_end ();
}

static void
engine_quit (void)
{
  sentient_peer_close_async (peer, NULL, on_closed, NULL);
}

static void
on_peer_connected (SentientPeer *self, const char *node_id, gpointer user_data)
{
  contender_opened ();
}

static void
on_peer_disconnected (SentientPeer *self, const char *node_id, GError *error, gpointer user_data)
{
  check (error, "lost");
  contender_closed ();
}

static void
on_message (SentientPeer *self,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            gpointer user_data)
{
  contender_heard (data);
}

static void
on_drained (SentientPeer *self, const char *node_id, gpointer user_data)
{
  contender_go_on ();
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SentientRoom) room = sentient_peer_join_finish (peer, result, &error);

  check (error, "join");
  if (sentient_room_find_member (room, other) != NULL)
    contender_say ("joined");
}

/* Tells of those only who come later. */
static void
on_member_joined (SentientPeer *self, SentientRoom *room, SentientMember *member, gpointer data)
{
  if (g_str_equal (sentient_member_get_node_id (member), other))
    contender_say ("joined");
}

static void
on_coordinator (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  sentient_peer_connect_to_coordinator_finish (peer, result, &error);
  check (error, "coordinator");
  sentient_peer_join_async (peer, ROOM, NULL, NULL, on_joined, NULL);
}

int
main (int argc, char **argv)
{
  static const ContenderEngine engine = {
    .connect = engine_connect,
    .disconnect = engine_disconnect,
    .send = engine_send,
    .quit = engine_quit,
  };

  if (argc != 4)
    contender_die ("usage: %s NODE OTHER COORDINATOR", argv[0]);
  other = argv[2];
  peer = sentient_peer_new (argv[1]);
  g_object_set (peer, "auto-connect", FALSE, NULL);
  g_signal_connect (peer, "peer-connected", G_CALLBACK (on_peer_connected), NULL);
  g_signal_connect (peer, "peer-disconnected", G_CALLBACK (on_peer_disconnected), NULL);
  g_signal_connect (peer, "member-joined", G_CALLBACK (on_member_joined), NULL);
  g_signal_connect (peer, "message", G_CALLBACK (on_message), NULL);
  g_signal_connect (peer, "drained", G_CALLBACK (on_drained), NULL);
  sentient_peer_connect_to_coordinator_async (peer, (const char *const[]){ argv[3], NULL }, NULL,
                                              on_coordinator, NULL);
  contender_run (&engine);
  g_clear_object (&peer);
  return 0;
}
