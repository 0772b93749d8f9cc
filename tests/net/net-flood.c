/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 128
/* Between looks at whether there is room again, in case nothing tells. */
#define LOOK_MS 200
#define AT_ONCE 256
/* A silence that is worth telling. */
#define PAUSE_US (500 * G_TIME_SPAN_MILLISECOND)

/* Each message says all that is needed to make it again, and is compared with that. */
typedef struct
{
  guint run;
  guint number; /* from 0 */
  guint last;   /* 1: it is */
  guint size;
  char kind[16];
} Header;

typedef struct
{
  NetFloods *floods;
  char *node_id;
  Header next;
  guint count; /* 0: until it is stopped */
  guint size_min;
  guint size_max;
  guint pace_ms; /* 0: as fast as they are taken */
  guint n_refused;
  gint64 started;
  guint source;
} Sender;

typedef struct
{
  guint next;
  guint64 bytes;
  gint64 started;
  gint64 last;
  gint64 longest_pause;
} Receiver;

struct _NetFloods
{
  SentientPeer *peer;
  GPtrArray *senders;    /* of Sender */
  GHashTable *receivers; /* "node run" → Receiver */
};

static void
sender_free (gpointer data)
{
  Sender *sender = data;

  g_clear_handle_id (&sender->source, g_source_remove);
  g_free (sender->node_id);
  g_free (sender);
}

NetFloods *
net_floods_new (SentientPeer *peer)
{
  NetFloods *self = g_new0 (NetFloods, 1);

  self->peer = peer;
  self->senders = g_ptr_array_new_with_free_func (sender_free);
  self->receivers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
net_floods_free (NetFloods *self)
{
  g_ptr_array_unref (self->senders);
  g_hash_table_unref (self->receivers);
  g_free (self);
}

/* Messages */

static guint64
next_random (guint64 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static guint64
seed_of (const Header *header)
{
  return (header->run + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + header->number;
}

/* Rows as a program would send them: they are much alike. */
static void
append_json (GString *text, const Header *header)
{
  guint64 random = seed_of (header);

  g_string_append (text, "\",\"rows\":[");
  for (guint row = 0; row == 0 || text->len + 2 < header->size; row++)
    g_string_append_printf (text,
                            "%s{\"row\":%u,\"sensor\":\"cellar-%u\",\"unit\":\"celsius\","
                            "\"value\":%u.%02u,\"valid\":true}",
                            row > 0 ? "," : "", row, row % 8,
                            (guint)(15 + next_random (&random) % 10),
                            (guint)(next_random (&random) % 100));
  g_string_append (text, "]}");
}

/* Bytes that cannot be deflated. */
static void
append_noise (GString *text, const Header *header, gboolean is_text)
{
  guint64 random = seed_of (header);

  g_string_append_c (text, '\n');
  while (text->len < header->size)
    {
      guint64 next = next_random (&random);

      if (is_text)
        g_string_append_printf (text, "%016" G_GINT64_MODIFIER "x", next);
      else
        g_string_append_len (text, (const char *)&next, sizeof next);
    }
  if (text->len > header->size && header->size > strcspn (text->str, "\n"))
    g_string_truncate (text, header->size);
}

static GBytes *
make_message (const Header *header)
{
  gboolean is_json = g_str_equal (header->kind, "json");
  GString *text = g_string_sized_new (header->size + HEADER_MAX);

  if (is_json)
    g_string_append (text, "{\"is\":\"");
  g_string_append_printf (text, "flood %u %u %u %u %s", header->run, header->number, header->last,
                          header->size, header->kind);
  if (is_json)
    append_json (text, header);
  else
    append_noise (text, header, g_str_equal (header->kind, "text"));
  return g_string_free_to_bytes (text);
}

static gboolean
parse_header (GBytes *data, Header *header)
{
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);
  char text[HEADER_MAX];
  const char *start;

  memcpy (text, bytes, MIN (size, sizeof text - 1));
  text[MIN (size, sizeof text - 1)] = '\0';
  start = g_str_has_prefix (text, "{\"is\":\"") ? text + strlen ("{\"is\":\"") : text;
  return sscanf (start, "flood %u %u %u %u %15[a-z]", &header->run, &header->number, &header->last,
                 &header->size, header->kind)
         == 5;
}

/* Sending */

static void
finish_sender (Sender *sender)
{
  net_say (sender->floods->peer, "sent", "node", "s", sender->node_id, "run", "i",
           (gint64)sender->next.run, "count", "i", (gint64)sender->next.number, "refused", "i",
           (gint64)sender->n_refused, "ms", "i", (g_get_monotonic_time () - sender->started) / 1000,
           NULL);
  g_ptr_array_remove (sender->floods->senders, sender);
}

/* FALSE: not now. */
static gboolean
send_one (Sender *sender)
{
  Header *next = &sender->next;
  guint64 random = seed_of (next);
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;
  gboolean taken;

  next->size = sender->size_min
               + (guint)(next_random (&random) % (sender->size_max - sender->size_min + 1));
  next->last = sender->count != 0 && next->number + 1 >= sender->count;
  data = make_message (next);
  if (g_str_equal (next->kind, "binary"))
    taken = sentient_peer_send_bytes (sender->floods->peer, sender->node_id, data, &error);
  else
    {
      g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));

      taken = sentient_peer_send (sender->floods->peer, sender->node_id, text, &error);
    }
  if (taken)
    next->number++;
  else if (!g_error_matches (error, SENTIENT_ERROR, SENTIENT_ERROR_WOULD_BLOCK))
    {
      if (sender->n_refused++ == 0)
        net_say (sender->floods->peer, "refused", "node", "s", sender->node_id, "run", "i",
                 (gint64)next->run, "number", "i", (gint64)next->number, "message", "s",
                 error->message, NULL);
    }
  return taken;
}

/* FALSE: it is done, and gone. */
static gboolean
pump (Sender *sender)
{
  guint most = sender->pace_ms > 0 ? 1 : AT_ONCE;

  for (guint i = 0; i < most; i++)
    {
      if (!send_one (sender))
        return TRUE;
      if (sender->next.last)
        {
          finish_sender (sender);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
on_time (gpointer user_data)
{
  Sender *sender = user_data;

  if (sender->pace_ms == 0)
    net_floods_pump (sender->floods);
  else
    pump (sender);
  return G_SOURCE_CONTINUE; /* if the sender is gone, so is this source */
}

static gboolean
on_more (gpointer user_data)
{
  net_floods_pump (user_data);
  return G_SOURCE_REMOVE;
}

void
net_floods_pump (NetFloods *self)
{
  gboolean more = FALSE;

  for (guint i = self->senders->len; i > 0; i--)
    {
      Sender *sender = self->senders->pdata[i - 1];
      guint before = sender->next.number;

      if (sender->pace_ms == 0 && pump (sender))
        more = more || sender->next.number - before == AT_ONCE;
    }
  if (more) /* the rest of the program has its turn in between */
    g_idle_add (on_more, self);
}

gboolean
net_floods_start (NetFloods *self, const char *node_id, char **words)
{
  guint n = g_strv_length (words);
  Sender *sender;
  char *dash;

  if (n < 4 || n > 5 || strlen (words[3]) >= sizeof sender->next.kind)
    return FALSE;
  sender = g_new0 (Sender, 1);
  sender->floods = self;
  sender->node_id = g_strdup (node_id);
  sender->next.run = (guint)strtoul (words[0], NULL, 10);
  sender->count = (guint)strtoul (words[1], NULL, 10);
  sender->size_min = (guint)strtoul (words[2], &dash, 10);
  sender->size_max = *dash == '-' ? (guint)strtoul (dash + 1, NULL, 10) : sender->size_min;
  g_strlcpy (sender->next.kind, words[3], sizeof sender->next.kind);
  sender->pace_ms = n == 5 ? (guint)strtoul (words[4], NULL, 10) : 0;
  sender->started = g_get_monotonic_time ();
  sender->source = g_timeout_add (sender->pace_ms > 0 ? sender->pace_ms : LOOK_MS, on_time, sender);
  g_ptr_array_add (self->senders, sender);
  net_floods_pump (self);
  return TRUE;
}

void
net_floods_stop (NetFloods *self, const char *node_id)
{
  for (guint i = 0; i < self->senders->len; i++)
    {
      Sender *sender = self->senders->pdata[i];

      if (g_str_equal (sender->node_id, node_id))
        sender->count = sender->next.number + 1;
    }
}

/* Receiving */

static void
tell_broken (NetFloods *self,
             const char *node_id,
             const Header *header,
             const char *what,
             guint wanted)
{
  net_say (self->peer, "broken", "node", "s", node_id, "run", "i", (gint64)header->run, "number",
           "i", (gint64)header->number, "wanted", "i", (gint64)wanted, "what", "s", what, NULL);
}

static Receiver *
find_receiver (NetFloods *self, const char *node_id, const Header *header, gint64 now)
{
  g_autofree char *key = g_strdup_printf ("%s %u", node_id, header->run);
  Receiver *receiver = g_hash_table_lookup (self->receivers, key);

  if (receiver == NULL)
    {
      receiver = g_new0 (Receiver, 1);
      receiver->started = now;
      g_hash_table_insert (self->receivers, g_steal_pointer (&key), receiver);
    }
  return receiver;
}

gboolean
net_floods_receive (NetFloods *self, const char *node_id, GBytes *data, gboolean is_text)
{
  gint64 now = g_get_monotonic_time (), pause;
  g_autoptr (GBytes) wanted = NULL;
  Receiver *receiver;
  Header header;

  if (!parse_header (data, &header))
    return FALSE;
  receiver = find_receiver (self, node_id, &header, now);
  pause = receiver->last != 0 ? now - receiver->last : 0;
  if (receiver->last == 0 || pause > PAUSE_US)
    net_say (self->peer, "flowing", "node", "s", node_id, "run", "i", (gint64)header.run, "number",
             "i", (gint64)header.number, "pause", "i", pause / 1000, NULL);
  receiver->last = now;
  receiver->longest_pause = MAX (receiver->longest_pause, pause);
  receiver->bytes += g_bytes_get_size (data);

  if (header.number != receiver->next)
    tell_broken (self, node_id, &header,
                 header.number < receiver->next ? "it came before" : "some lack", receiver->next);
  receiver->next = header.number + 1;
  wanted = make_message (&header);
  if (!g_bytes_equal (wanted, data) || is_text == g_str_equal (header.kind, "binary"))
    tell_broken (self, node_id, &header, "it is not what was sent", header.number);
  if (header.last)
    net_say (self->peer, "received", "node", "s", node_id, "run", "i", (gint64)header.run, "count",
             "i", (gint64)receiver->next, "bytes", "i", (gint64)receiver->bytes, "ms", "i",
             (now - receiver->started) / 1000, "pause", "i", receiver->longest_pause / 1000, NULL);
  return TRUE;
}
