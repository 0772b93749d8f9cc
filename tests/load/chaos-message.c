/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a client says and hears, whichever way it goes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaos.h"
#include "load-client.h"

#define PAD_MAX 900

static const char *const signal_types[] = { "offer", "answer", "renegotiate", "ice-candidate" };

uint64_t
chaos_client_request (ChaosClient *client, ChaosRequestKind kind, uint32_t subject)
{
  const uint64_t ref = ++client->ref;

  if (ref >= client->n_requests)
    {
      client->n_requests = client->n_requests * 2 + 64;
      client->requests = realloc (client->requests, client->n_requests * sizeof *client->requests);
      if (client->requests == NULL)
        load_die ("out of memory");
    }
  client->requests[ref] = (ChaosRequest){ .subject = subject, .kind = kind };
  return ref;
}

static unsigned
common_room (const ChaosWorld *world, const ChaosSignal *signal)
{
  unsigned room = 0;

  while (!chaos_plan_has (world->plan, signal->from, room)
         || !chaos_plan_has (world->plan, signal->to, room))
    room++;
  return room;
}

static size_t
write_signal (const ChaosClient *client,
              uint32_t index,
              uint64_t ref,
              int http,
              char *out,
              size_t size)
{
  static const char pad[PAD_MAX] = { [0 ... PAD_MAX - 1] = 'p' };
  const ChaosWorld *world = client->world;
  const ChaosSignal *signal = &world->signals[index];
  const unsigned room = common_room (world, signal);
  char from[32] = "";

  if (http)
    snprintf (from, sizeof from, ",\"from\":\"c%u\"", client->id);
  return (size_t)snprintf (out, size,
                           "{\"type\":\"%s\",\"to\":\"c%u\"%s,\"room\":\"room-%u\",\"ref\":%llu,"
                           "\"payload\":{\"n\":%u,\"g\":%u,\"sdp\":\"%.*s\"}}",
                           signal_types[index % 4], signal->to, from, room, (unsigned long long)ref,
                           signal->number, index + 1, (int)(index * 2654435761u % PAD_MAX), pad);
}

size_t
chaos_request_write (const ChaosClient *client, uint64_t ref, int http, char *out, size_t size)
{
  const ChaosRequest *request = &client->requests[ref];
  const char *type = request->kind == CHAOS_REQUEST_JOIN ? "join" : "leave";
  char number[40] = "";

  if (request->kind == CHAOS_REQUEST_SIGNAL)
    return write_signal (client, request->subject, ref, http, out, size);
  if (!client->plain)
    snprintf (number, sizeof number, ",\"ref\":%llu", (unsigned long long)ref);
  if (http)
    return (size_t)snprintf (out, size, "{\"nodeId\":\"c%u\",\"room\":\"room-%u\"%s%s}", client->id,
                             request->subject, client->token[0] == '\0' ? ",\"v1\":true" : "",
                             number);
  return (size_t)snprintf (out, size, "{\"type\":\"%s\",\"room\":\"room-%u\"%s}", type,
                           request->subject, number);
}

void
chaos_client_took_handled (ChaosClient *client, uint64_t ref)
{
  if (ref > client->ref)
    chaos_fail (client->world, "c%u: request %llu was handled, but only %llu were made", client->id,
                (unsigned long long)ref, (unsigned long long)client->ref);
  if (ref > client->handled)
    client->handled = ref;
}

void
chaos_client_took_join (ChaosClient *client, uint64_t ref, unsigned room, ChaosText list)
{
  if (!client->plain)
    {
      if (ref == 0 || ref > client->ref || client->requests[ref].kind != CHAOS_REQUEST_JOIN
          || client->requests[ref].subject != room)
        chaos_fail (client->world, "c%u did not ask for %.*s", client->id, (int)list.len,
                    list.data);
      client->requests[ref].answered = !chaos_text_has (list, "\"more\":true");
      chaos_client_took_handled (client, ref);
    }
  if (client->rooms[room] == CHAOS_JOINING)
    client->rooms[room] = CHAOS_IN;
}

void
chaos_client_took_leave (ChaosClient *client, uint64_t ref, unsigned room)
{
  if (!client->plain)
    {
      chaos_client_took_handled (client, ref);
      client->requests[ref].answered = 1;
    }
  client->rooms[room] = CHAOS_OUT;
  chaos_view_forget (client, room);
}

void
chaos_client_forget (ChaosClient *client)
{
  client->token[0] = client->session[0] = '\0';
  client->seq = client->acked = client->ack_due_ms = 0;
  client->ref = client->handled = client->written = client->posted = 0;
  client->n_got = 0;
  for (unsigned room = 0; room < client->world->plan->n_rooms; room++)
    {
      client->rooms[room] = CHAOS_OUT;
      client->loose[room] = 0;
      chaos_view_forget (client, room);
    }
}

/* The answer to a join or leave by POST may have been lost with its connection, and is nowhere
 * else. */
static void
ask_again (ChaosClient *client, uint64_t handled)
{
  for (uint64_t ref = client->handled + 1; ref <= handled; ref++)
    {
      const ChaosRequest request = client->requests[ref];
      const unsigned room = request.subject;

      if (!request.posted || request.kind == CHAOS_REQUEST_SIGNAL)
        continue;
      client->loose[room] = 1;
      if (request.kind == CHAOS_REQUEST_LEAVE)
        chaos_client_took_leave (client, ref, room);
      else if (client->rooms[room] == CHAOS_JOINING)
        chaos_client_request (client, CHAOS_REQUEST_JOIN, room);
    }
}

/* A plain client that is back within the grace time is in its rooms still, but does not know who
 * else is. */
static void
rejoin_plainly (ChaosClient *client)
{
  uint8_t before[CHAOS_ROOMS_MAX];

  memcpy (before, client->rooms, sizeof before);
  chaos_client_forget (client);
  for (unsigned room = 0; room < client->world->plan->n_rooms; room++)
    {
      if (before[room] == CHAOS_OUT)
        continue;
      client->loose[room] = 1;
      client->rooms[room] = CHAOS_JOINING;
      chaos_client_request (client, CHAOS_REQUEST_JOIN, room);
    }
}

static void
take_connected (ChaosClient *client, ChaosText text)
{
  ChaosWorld *world = client->world;
  const uint64_t ref = chaos_text_number (text, "\"ref\":");
  const int resumed = chaos_text_has (text, "\"resumed\":true");

  client->state = CHAOS_WEBSOCKET;
  chaos_pipe_end (&client->poll, CHAOS_END_FIN); /* one that waited has been answered */
  client->polling = 0;
  client->n_late = 0;
  client->late_state = 0;
  if (client->plain)
    {
      rejoin_plainly (client);
      return;
    }
  if (resumed)
    {
      if (client->token[0] == '\0')
        chaos_fail (world, "c%u resumed a session that it has no token of", client->id);
      ask_again (client, ref);
      chaos_client_took_handled (client, ref);
      chaos_book_certain (client, client->seq);
      client->acked = client->seq;
    }
  else
    {
      if (client->token[0] != '\0' && world->plan->strict)
        chaos_fail (world, "the session of c%u is gone: %.*s", client->id, (int)text.len,
                    text.data);
      chaos_client_forget (client);
      if (!chaos_text_string (text, "\"session\":\"", client->session, sizeof client->session)
          || !chaos_text_string (text, "\"token\":\"", client->token, sizeof client->token))
        chaos_fail (world, "c%u got no session: %.*s", client->id, (int)text.len, text.data);
    }
  world->n_repeated += client->written > ref ? client->written - ref : 0;
  client->written = ref;
}

/* 1: it is one that counts, or has no number. */
static int
take_number (ChaosClient *client, ChaosText text)
{
  const uint64_t seq = chaos_text_number (text, "\"seq\":");

  if (client->plain || seq == 0)
    return 1;
  if (seq != client->seq + 1)
    chaos_fail (client->world, "c%u got number %llu after %llu over %s: %.*s", client->id,
                (unsigned long long)seq, (unsigned long long)client->seq,
                client->state == CHAOS_HTTP ? "long poll" : "WebSocket", (int)text.len, text.data);
  client->seq = seq;
  if (client->ack_due_ms == 0)
    client->ack_due_ms = client->world->now_ms + 50 + chaos_random (350);
  return 1;
}

static void
take_gap (ChaosClient *client, ChaosText text)
{
  ChaosWorld *world = client->world;

  world->n_gaps++;
  if (world->plan->strict || chaos_text_number (text, "\"from\":") != client->seq + 1)
    chaos_fail (world, "c%u has %llu and is told: %.*s", client->id,
                (unsigned long long)client->seq, (int)text.len, text.data);
  client->seq = chaos_text_number (text, "\"to\":");
}

static void
take_error (ChaosClient *client, ChaosText text)
{
  const uint64_t ref = chaos_text_number (text, "\"ref\":");

  if (ref == 0 || ref > client->ref || client->requests[ref].kind != CHAOS_REQUEST_SIGNAL)
    chaos_fail (client->world, "c%u was told: %.*s", client->id, (int)text.len, text.data);
  chaos_book_refused (client->world, client->requests[ref].subject, text);
}

static void
take_result (ChaosClient *client, const char *type, ChaosText text)
{
  const unsigned room = (unsigned)chaos_room_of (client->world, text);
  ChaosText rest = text;
  uint64_t ref;

  if (!chaos_text_has (text, "\"success\":true"))
    chaos_fail (client->world, "c%u was told: %.*s", client->id, (int)text.len, text.data);
  chaos_text_find (text, "\"peers\":[", &rest);
  ref = chaos_text_number (rest, "\"ref\":");
  if (!client->plain && ref <= client->ref && client->requests[ref].answered)
    return; /* since when more may have happened */
  client->loose[room] = 0;
  if (type[0] == 'j')
    {
      chaos_client_took_join (client, ref, room, text);
      chaos_view_list (client, room, text);
    }
  else
    chaos_client_took_leave (client, ref, room);
}

static void
take_numbered (ChaosClient *client, const char *type, ChaosText text)
{
  ChaosWorld *world = client->world;

  if (strncmp (type, "peer-", 5) == 0)
    chaos_view_event (client, type, text);
  else if (strcmp (type, "join-result") == 0 || strcmp (type, "leave-result") == 0)
    take_result (client, type, text);
  else if (strcmp (type, "room-state") == 0)
    chaos_view_state (client, (unsigned)chaos_room_of (world, text), text);
  else if (strcmp (type, "undelivered") == 0)
    chaos_book_undelivered (world, client, text);
  else if (strcmp (type, "error") == 0)
    take_error (client, text);
  else
    chaos_book_received (world, client, text, client->seq);
}

void
chaos_client_take (ChaosClient *client, ChaosText text)
{
  char type[24];

  if (client->ending)
    return;
  if (!chaos_text_string (text, "{\"type\":\"", type, sizeof type))
    chaos_fail (client->world, "c%u got %.*s", client->id, (int)text.len, text.data);
  if (strcmp (type, "connected") == 0)
    take_connected (client, text);
  else if (strcmp (type, "ack") == 0)
    chaos_client_took_handled (client, chaos_text_number (text, "\"ref\":"));
  else if (strcmp (type, "gap") == 0)
    take_gap (client, text);
  else if (strcmp (type, "draining") != 0 && take_number (client, text))
    take_numbered (client, type, text);
}
