/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each member knows of who is in its rooms, from what it is told alone. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaos.h"
#include "load-client.h"

int
chaos_node_of (const ChaosWorld *world, ChaosText text, const char *key)
{
  char name[24];
  unsigned id;

  if (!chaos_text_string (text, key, name, sizeof name) || sscanf (name, "c%u", &id) != 1
      || id >= world->plan->n_clients)
    chaos_fail (world, "no node id behind %s in %.*s", key, (int)text.len, text.data);
  return (int)id;
}

int
chaos_room_of (const ChaosWorld *world, ChaosText text)
{
  char name[24];
  unsigned room;

  if (!chaos_text_string (text, "\"room\":\"", name, sizeof name)
      || sscanf (name, "room-%u", &room) != 1 || room >= world->plan->n_rooms)
    chaos_fail (world, "no room in %.*s", (int)text.len, text.data);
  return (int)room;
}

void
chaos_view_forget (ChaosClient *client, unsigned room)
{
  memset (client->view[room], 0, client->world->plan->n_clients);
  client->paging[room] = 0;
}

void
chaos_view_list (ChaosClient *client, unsigned room, ChaosText list)
{
  ChaosText peers, peer;

  if (!client->paging[room])
    chaos_view_forget (client, room);
  if (!chaos_text_find (list, "\"peers\":[", &peers))
    chaos_fail (client->world, "no peers: %.*s", (int)list.len, list.data);
  while (peers.data[0] != ']' && chaos_text_next_object (&peers, &peer))
    {
      const int id = chaos_node_of (client->world, peer, "\"nodeId\":\"");

      if (client->view[room][id] != 0 || id == (int)client->id)
        chaos_fail (client->world, "c%u is told twice that c%d is in room-%u", client->id, id,
                    room);
      client->view[room][id] = CHAOS_VIEW_THERE;
      if (client->plain || chaos_text_has (peer, "\"online\":true"))
        client->view[room][id] |= CHAOS_VIEW_ONLINE;
    }
  client->paging[room] = chaos_text_has (peers, "\"more\":true");
}

static int
awaits_answer (const ChaosClient *client, unsigned room)
{
  return client->posted != 0 && client->requests[client->posted].kind == CHAOS_REQUEST_JOIN
         && client->requests[client->posted].subject == room;
}

void
chaos_view_state (ChaosClient *client, unsigned room, ChaosText list)
{
  if (awaits_answer (client, room))
    client->late_state = 1;
  client->world->n_room_states += !client->paging[room];
  chaos_view_list (client, room, list);
}

static void
note_late (ChaosClient *client, unsigned room, unsigned other)
{
  if (client->n_late == client->n_late_max)
    {
      client->n_late_max = client->n_late_max * 2 + 16;
      client->late = realloc (client->late, client->n_late_max * sizeof *client->late);
      if (client->late == NULL)
        load_die ("out of memory");
    }
  client->late[client->n_late++]
      = (ChaosLate){ (uint16_t)other, (uint8_t)room, client->view[room][other] };
}

void
chaos_view_answer (ChaosClient *client, unsigned room, ChaosText list)
{
  if (!client->late_state)
    {
      client->paging[room] = 0;
      chaos_view_list (client, room, list);
      for (size_t i = 0; i < client->n_late; i++)
        client->view[room][client->late[i].client] = client->late[i].now;
    }
  client->n_late = 0;
  client->late_state = 0;
}

void
chaos_view_event (ChaosClient *client, const char *type, ChaosText event)
{
  ChaosWorld *world = client->world;
  const int room = chaos_room_of (world, event);
  const int id = chaos_node_of (world, event, "\"nodeId\":\"");
  uint8_t *view = &client->view[room][id];
  const uint8_t before = *view;
  int right;

  world->n_events++;
  if (strcmp (type, "peer-joined") == 0)
    {
      right = before == 0;
      *view = CHAOS_VIEW_THERE | CHAOS_VIEW_ONLINE;
    }
  else if (strcmp (type, "peer-left") == 0)
    {
      right = before != 0;
      *view = 0;
    }
  else
    {
      const int online = strcmp (type, "peer-online") == 0;

      right = before == (online ? CHAOS_VIEW_THERE : CHAOS_VIEW_THERE | CHAOS_VIEW_ONLINE);
      if (online && world->n_restarts > 0) /* a restart is not told as everybody's absence */
        right = before != 0;
      *view = online ? CHAOS_VIEW_THERE | CHAOS_VIEW_ONLINE : CHAOS_VIEW_THERE;
    }
  if (awaits_answer (client, (unsigned)room))
    note_late (client, (unsigned)room, (unsigned)id);
  /* By HTTP the answer to a join is newer than what waits for the next poll. */
  if (client->loose[room])
    return;
  if (client->rooms[room] != CHAOS_IN && client->rooms[room] != CHAOS_LEAVING)
    chaos_fail (world, "c%u is not in room-%d, but hears: %.*s", client->id, room, (int)event.len,
                event.data);
  if (!right || client->paging[room])
    chaos_fail (world, "c%u saw c%d as %u%s, but hears: %.*s", client->id, id, before,
                client->paging[room] ? " in a list that is not whole" : "", (int)event.len,
                event.data);
}

/* What the server says of a room; 0: the client is not in it. */
static uint8_t *
ask_server (ChaosWorld *world, unsigned room)
{
  uint8_t *truth = calloc (1, world->plan->n_clients);
  char target[64];
  ChaosText text, peer;
  char *body;

  snprintf (target, sizeof target, "/webrtc/peers?room=room-%u", room);
  body = chaos_server_get (world, target);
  text = (ChaosText){ body, strlen (body) };
  if (!chaos_text_find (text, "\"peers\":[", &text))
    chaos_fail (world, "no peers of %s: %s", target, body);
  while (text.data[0] != ']' && chaos_text_next_object (&text, &peer))
    truth[chaos_node_of (world, peer, "\"nodeId\":\"")]
        = CHAOS_VIEW_THERE | (chaos_text_has (peer, "\"online\":true") ? CHAOS_VIEW_ONLINE : 0);
  free (body);
  return truth;
}

/* Plain members are not told who is away. */
static int
differs (const ChaosClient *client, unsigned room, const uint8_t *truth)
{
  for (unsigned i = 0; i < client->world->plan->n_clients; i++)
    {
      const uint8_t seen = client->view[room][i];

      if (i != client->id && (client->plain ? (seen != 0) != (truth[i] != 0) : seen != truth[i]))
        return (int)i;
    }
  return -1;
}

unsigned
chaos_view_compare (ChaosWorld *world, int report)
{
  unsigned n_wrong = 0;

  for (unsigned room = 0; room < world->plan->n_rooms; room++)
    {
      uint8_t *truth = ask_server (world, room);

      for (unsigned i = 0; i < world->plan->n_clients; i++)
        {
          const ChaosClient *client = &world->clients[i];
          const int in = client->rooms[room] == CHAOS_IN;
          const int other = in && truth[i] != 0 ? differs (client, room, truth) : -1;

          if (in == (truth[i] != 0) && other < 0)
            continue;
          n_wrong++;
          if (report && other >= 0)
            chaos_fail (world, "in room-%u c%u sees c%d as %u, the server as %u%s", room, i, other,
                        client->view[room][other], truth[other],
                        client->loose[room] ? " (joined by HTTP)" : "");
          if (report)
            chaos_fail (world, "c%u thinks that it is %s room-%u, the server does not", i,
                        in ? "in" : "not in", room);
        }
      free (truth);
    }
  return n_wrong;
}
