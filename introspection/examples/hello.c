#include <sentient.h>
#include <stdlib.h>

static void
on_online (GObject *object, GAsyncResult *result, gpointer user_data)
{
  SentientPeer *peer = SENTIENT_PEER (object);
  g_autoptr (GError) error = NULL;

  if (!sentient_peer_connect_to_coordinator_finish (peer, result, &error))
    {
      g_printerr ("%s\n", error->message);
      exit (1);
    }
  sentient_peer_join_async (peer, "global", NULL, NULL, NULL, NULL);
}

static void
on_peer_connected (SentientPeer *peer, const char *node_id, gpointer user_data)
{
  sentient_peer_send (peer, node_id, "Hello, this is C.", NULL);
}

static void
on_message (SentientPeer *peer,
            const char *node_id,
            GBytes *data,
            gboolean is_text,
            gpointer user_data)
{
  g_print ("%s: %.*s\n", node_id, (int)g_bytes_get_size (data),
           (const char *)g_bytes_get_data (data, NULL));
}

int
main (int argc, char **argv)
{
  const char *const urls[] = { argc > 1 ? argv[1] : "http://127.0.0.1:8888", NULL };
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SentientPeer) peer = sentient_peer_new ("hello-c");

  g_signal_connect (peer, "peer-connected", G_CALLBACK (on_peer_connected), NULL);
  g_signal_connect (peer, "message", G_CALLBACK (on_message), NULL);
  sentient_peer_connect_to_coordinator_async (peer, urls, NULL, on_online, NULL);
  g_main_loop_run (loop);
}
