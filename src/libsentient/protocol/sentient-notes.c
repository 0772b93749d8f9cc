/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-notes.h"

#include "protocol/sentient-reply-text.h"

/* More than a peer object's keys and numbers. */
#define PEER_OVERHEAD 160

static gsize
peer_size (const SentientPeerInfo *peer)
{
  return PEER_OVERHEAD + 3 * strlen (peer->node_id)
         + (peer->metadata != NULL ? 2 * strlen (peer->metadata) : 0);
}

/* How many of them fit into one page; at least one if there is any. */
static guint
count_page (const SentientPeerInfo *peers, guint n_peers)
{
  gsize size = 0;
  guint n = 0;

  while (n < n_peers && (n == 0 || size + peer_size (&peers[n]) <= SENTIENT_NOTE_PAGE))
    size += peer_size (&peers[n++]);
  return n;
}

static GPtrArray *
new_pages (const char *head,
           const char *receiver,
           const SentientPeerInfo *peers,
           guint n_peers,
           const char *tail)
{
  GPtrArray *pages = g_ptr_array_new_with_free_func ((GDestroyNotify)sentient_message_unref);

  do
    {
      guint n = count_page (peers, n_peers);
      GString *text = g_string_new (head);

      sentient_reply_v1_peers (text, receiver, peers, n);
      peers += n;
      n_peers -= n;
      if (n_peers > 0)
        sentient_reply_boolean (text, "more", TRUE);
      g_string_append (text, tail);
      g_string_append_c (text, '}');
      g_ptr_array_add (pages, sentient_message_new_note (text));
    }
  while (n_peers > 0);
  return pages;
}

GPtrArray *
sentient_notes_new_join_result (const char *receiver,
                                const char *room,
                                const SentientPeerInfo *peers,
                                guint n_peers,
                                const SentientIceConfig *ice,
                                guint64 ref)
{
  g_autoptr (GString) head = g_string_new ("{\"type\":\"join-result\",\"success\":true");
  g_autoptr (GString) tail = g_string_new (NULL);

  sentient_reply_text (head, "room", room);
  sentient_reply_key (head, "iceServers");
  sentient_ice_config_append (ice, head, TRUE);
  if (ref != 0)
    g_string_append_printf (tail, ",\"ref\":%" G_GUINT64_FORMAT, ref);
  return new_pages (head->str, receiver, peers, n_peers, tail->str);
}

GPtrArray *
sentient_notes_new_room_state (const char *receiver,
                               const char *room,
                               const SentientPeerInfo *peers,
                               guint n_peers)
{
  g_autoptr (GString) head = g_string_new ("{\"type\":\"room-state\"");

  sentient_reply_text (head, "room", room);
  return new_pages (head->str, receiver, peers, n_peers, "");
}

SentientMessage *
sentient_note_new_undelivered (const char *to, GArray *refs)
{
  GString *text = g_string_new ("{\"type\":\"undelivered\"");

  sentient_reply_text (text, "to", to);
  sentient_reply_key (text, "refs");
  for (guint i = 0; i < refs->len; i++)
    g_string_append_printf (text, "%c%" G_GUINT64_FORMAT, i == 0 ? '[' : ',',
                            g_array_index (refs, guint64, i));
  g_string_append (text, refs->len > 0 ? "]}" : "[]}");
  return sentient_message_new_note (text);
}
