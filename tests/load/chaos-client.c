/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client's sockets: how they are opened, used, and die. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "chaos.h"
#include "load-client.h"

#define OUT_MAX 32768
#define TEXT_MAX 2048
#define ACK_EVERY 32

void
chaos_client_init (ChaosClient *client, ChaosWorld *world, unsigned id)
{
  const ChaosPlan *plan = world->plan;

  client->world = world;
  client->id = id;
  client->plain = id >= plan->n_clients - plan->n_plain;
  client->slow = id < plan->n_slow || id >= plan->n_clients - plan->n_slow_plain;
  client->ends = id < plan->n_ends;
  client->tokens = plan->burst;
  chaos_pipe_init (&client->websocket, client);
  chaos_pipe_init (&client->zombie, client);
  chaos_pipe_init (&client->poll, client);
  chaos_pipe_init (&client->post, client);
  client->http_next = !client->plain && !client->ends && plan->switches > 0 && id % 3 == 0;
  client->wake_ms = world->now_ms + chaos_random (300);
  for (unsigned room = 0; room < plan->n_rooms; room++)
    {
      client->view[room] = load_alloc (plan->n_clients);
      client->wanted[room] = chaos_plan_has (plan, id, room);
    }
}

static void
end_all (ChaosClient *client, ChaosEnd how)
{
  chaos_pipe_end (&client->websocket, how);
  chaos_pipe_end (&client->zombie, how);
  chaos_pipe_end (&client->poll, how);
  chaos_pipe_end (&client->post, how);
  client->posted = 0;
  client->polling = client->upgraded = 0;
}

void
chaos_client_clear (ChaosClient *client)
{
  end_all (client, CHAOS_END_FIN);
  free (client->requests);
  free (client->got);
  free (client->late);
  for (unsigned room = 0; room < CHAOS_ROOMS_MAX; room++)
    free (client->view[room]);
}

int
chaos_client_is_here (const ChaosClient *client)
{
  return client->state == CHAOS_WEBSOCKET
         || (client->state == CHAOS_HTTP && client->token[0] != '\0');
}

int
chaos_client_is_calm (const ChaosClient *client)
{
  if (!chaos_client_is_here (client) || client->ending || client->handled < client->ref)
    return 0;
  for (unsigned room = 0; room < client->world->plan->n_rooms; room++)
    {
      if (client->rooms[room] != (client->wanted[room] ? CHAOS_IN : CHAOS_OUT))
        return 0;
    }
  return client->plain || client->acked == client->seq;
}

void
chaos_client_go_away (ChaosClient *client, ChaosEnd how, uint64_t ms)
{
  end_all (client, how);
  client->state = CHAOS_AWAY;
  client->ending = 0;
  client->deaf_until_ms = 0;
  client->wake_ms = client->world->now_ms + ms;
}

static uint64_t
short_time (const ChaosClient *client)
{
  return 5 + chaos_random (client->world->plan->away_ms);
}

/* Opening */

static void
open_websocket (ChaosClient *client)
{
  char text[320];
  int len;

  if (!chaos_pipe_open (&client->websocket, client->world->epoll, client->id, client->world->port,
                        client->slow && client->plain))
    {
      chaos_client_go_away (client, CHAOS_END_FIN, 20 + chaos_random (80));
      return;
    }
  client->state = CHAOS_OPENING;
  client->upgraded = 0;
  len = snprintf (text, sizeof text,
                  "GET /webrtc/signal?nodeId=c%u HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n%s"
                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                  client->id, client->plain ? "" : "Sec-WebSocket-Protocol: sentient.v1\r\n");
  chaos_buf_add (&client->websocket.out, text, (size_t)len);
}

static void
send_resume (ChaosClient *client)
{
  char text[256];
  int len;

  if (client->token[0] == '\0')
    len = snprintf (text, sizeof text, "{\"type\":\"resume\"}");
  else
    len = snprintf (text, sizeof text,
                    "{\"type\":\"resume\",\"session\":\"%s\",\"token\":\"%s\",\"after\":%llu}",
                    client->session, client->token, (unsigned long long)client->seq);
  chaos_pipe_put_frame (&client->websocket, 1, text, (size_t)len);
}

void
chaos_client_note_acked (ChaosClient *client)
{
  client->acked = client->seq;
  client->ack_due_ms = 0;
  client->outstanding -= client->n_unacked;
  client->n_unacked = 0;
}

static void
ack (ChaosClient *client)
{
  char text[64];
  int len = snprintf (text, sizeof text, "{\"type\":\"ack\",\"seq\":%llu}",
                      (unsigned long long)client->seq);

  chaos_pipe_put_frame (&client->websocket, 1, text, (size_t)len);
  chaos_client_note_acked (client);
}

/* Receiving */

static void
take_close (ChaosClient *client, const char *data, size_t len)
{
  ChaosWorld *world = client->world;
  const unsigned code
      = len >= 2 ? (unsigned)((unsigned char)data[0] << 8 | (unsigned char)data[1]) : 0;

  if (client->ending && code == 1000)
    {
      chaos_book_certain (client, client->seq);
      chaos_client_forget (client);
      world->n_ended++;
    }
  else if (code == 4008 && (client->slow || client->plain))
    world->n_closed_slow++;
  else if (code != 1001 || world->plan->n_restarts == 0)
    chaos_fail (world, "the WebSocket of c%u was closed with %u: %.*s", client->id, code,
                len > 2 ? (int)len - 2 : 0, data + 2);
  chaos_client_go_away (client, CHAOS_END_FIN, short_time (client));
}

static int
take_frame (ChaosClient *client)
{
  ChaosPipe *pipe = &client->websocket;
  unsigned opcode;
  char *data;
  size_t len;
  const size_t size = chaos_frame_look (&pipe->in, &opcode, &data, &len);

  if (size == 0)
    return 0;
  chaos_buf_drop (&pipe->in, size);
  if (opcode == 8)
    take_close (client, data, len);
  else if (opcode == 9)
    chaos_pipe_put_frame (pipe, 10, data, len);
  else
    chaos_client_take (client, (ChaosText){ data, len });
  return pipe->fd >= 0;
}

static void
take_handshake (ChaosClient *client)
{
  ChaosPipe *pipe = &client->websocket;
  const char *end = pipe->in.len > 0 ? memmem (pipe->in.data, pipe->in.len, "\r\n\r\n", 4) : NULL;

  if (end == NULL)
    return;
  if (memcmp (pipe->in.data, "HTTP/1.1 101", 12) != 0)
    chaos_fail (client->world, "c%u was not let in: %.*s", client->id, (int)pipe->in.len,
                pipe->in.data);
  client->upgraded = 1;
  chaos_buf_drop (&pipe->in, (size_t)(end + 4 - pipe->in.data));
  if (!client->plain)
    send_resume (client);
}

static void
read_websocket (ChaosClient *client)
{
  const int alive = chaos_pipe_fill (&client->websocket);

  if (!client->upgraded)
    take_handshake (client);
  while (client->upgraded && take_frame (client))
    ;
  if (!alive && client->websocket.fd >= 0)
    chaos_client_go_away (client, CHAOS_END_FIN, short_time (client));
}

/* Its session is elsewhere; the server says so before it closes. */
static void
read_zombie (ChaosClient *client)
{
  ChaosPipe *pipe = &client->zombie;
  const int alive = chaos_pipe_fill (pipe);
  unsigned opcode, code;
  char *data;
  size_t len, size;

  while ((size = chaos_frame_look (&pipe->in, &opcode, &data, &len)) > 0)
    {
      chaos_buf_drop (&pipe->in, size);
      if (opcode != 8)
        continue;
      code = len >= 2 ? (unsigned)((unsigned char)data[0] << 8 | (unsigned char)data[1]) : 0;
      if (code != 4001 && (code != 1001 || client->world->plan->n_restarts == 0))
        chaos_fail (client->world,
                    "a WebSocket of c%u whose session went on by poll was closed "
                    "with %u",
                    client->id, code);
      client->world->n_told_taken++;
      chaos_pipe_end (pipe, CHAOS_END_FIN);
      return;
    }
  if (!alive)
    chaos_pipe_end (pipe, CHAOS_END_FIN);
}

/* Sending */

static int
choose_target (const ChaosClient *client)
{
  const ChaosWorld *world = client->world;
  const ChaosPlan *plan = world->plan;

  for (unsigned i = 0; i < 4; i++)
    {
      const unsigned to = client->id % plan->n_rooms
                          + plan->n_rooms * chaos_random (plan->n_clients / plan->n_rooms);
      const ChaosClient *target = &world->clients[to];

      if (to != client->id && !target->plain
          && (plan->window == 0 || target->outstanding < plan->window))
        return (int)to;
    }
  return -1;
}

static void
make_signals (ChaosClient *client, double ms)
{
  ChaosWorld *world = client->world;
  const ChaosPlan *plan = world->plan;
  const unsigned pending_max = client->state == CHAOS_HTTP ? 4 : 128;
  int to;

  client->tokens += plan->rate * ms / 1000;
  if (client->tokens > plan->burst)
    client->tokens = plan->burst;
  if (client->plain || client->ends || !world->all_in)
    return;
  while (client->tokens >= 1 && world->n_sent < plan->n_signals
         && client->ref - client->handled < pending_max && (to = choose_target (client)) >= 0)
    {
      client->tokens--;
      chaos_client_request (client, CHAOS_REQUEST_SIGNAL,
                            chaos_book_new (world, client->id, (unsigned)to));
    }
}

static void
settle_rooms (ChaosClient *client)
{
  for (unsigned room = 0; room < client->world->plan->n_rooms; room++)
    {
      if (client->rooms[room] == CHAOS_OUT && client->wanted[room])
        {
          client->rooms[room] = CHAOS_JOINING;
          chaos_client_request (client, CHAOS_REQUEST_JOIN, room);
        }
      else if (client->rooms[room] == CHAOS_IN && !client->wanted[room])
        {
          client->rooms[room] = CHAOS_LEAVING;
          chaos_client_request (client, CHAOS_REQUEST_LEAVE, room);
        }
    }
}

static void
write_requests (ChaosClient *client)
{
  char text[TEXT_MAX];

  while (client->written < client->ref && client->websocket.out.len < OUT_MAX)
    {
      const size_t len = chaos_request_write (client, ++client->written, 0, text, sizeof text);

      chaos_pipe_put_frame (&client->websocket, 1, text, len);
    }
  if (client->plain)
    client->handled = client->written;
}

static void
tick_websocket (ChaosClient *client)
{
  const uint64_t now = client->world->now_ms;

  if (client->ending)
    return;
  if (client->deaf_until_ms != 0)
    {
      if (!client->world->calm
          && (now < client->deaf_until_ms || client->world->n_churned < client->deaf_until))
        return;
      client->deaf_until_ms = 0;
      read_websocket (client);
      if (client->state != CHAOS_WEBSOCKET)
        return;
    }
  settle_rooms (client);
  write_requests (client);
  if (!client->plain && client->seq > client->acked
      && (client->seq - client->acked >= ACK_EVERY || now >= client->ack_due_ms))
    ack (client);
}

static void
tick_http (ChaosClient *client)
{
  if (client->world->now_ms < client->wake_ms)
    return;
  if (client->token[0] != '\0' || client->ref == 0)
    settle_rooms (client);
  chaos_http_post_next (client);
  if (client->world->now_ms >= client->deaf_until_ms || client->world->calm)
    chaos_http_poll_next (client);
}

static void
flush_all (ChaosClient *client)
{
  ChaosPipe *const pipes[] = { &client->websocket, &client->poll, &client->post };

  for (unsigned i = 0; i < 3; i++)
    {
      if (pipes[i]->fd >= 0 && pipes[i]->out.len > 0)
        chaos_pipe_flush (pipes[i]); /* whether it is dead shows when it is read */
    }
}

void
chaos_client_tick (ChaosClient *client, double ms)
{
  make_signals (client, ms);
  if (client->state == CHAOS_AWAY && client->world->now_ms >= client->wake_ms)
    {
      if (client->http_next)
        client->state = CHAOS_HTTP;
      else
        open_websocket (client);
    }
  else if (client->state == CHAOS_WEBSOCKET)
    tick_websocket (client);
  else if (client->state == CHAOS_HTTP)
    tick_http (client);
  flush_all (client);
}

void
chaos_client_event (ChaosClient *client, ChaosPipe *pipe)
{
  if (pipe->fd < 0)
    return;
  if (pipe->out.len > 0)
    chaos_pipe_flush (pipe);
  if (pipe == &client->zombie)
    read_zombie (client);
  else if (pipe == &client->poll)
    chaos_http_read_poll (client);
  else if (pipe == &client->post)
    chaos_http_read_post (client);
  else if (client->deaf_until_ms == 0)
    read_websocket (client);
}

/* Mischief */

static void
put_half (ChaosClient *client)
{
  static const char text[] = "{\"type\":\"offer\",\"to\":\"c1\",\"room\":\"room-0\",\"ref\":99";
  ChaosPipe *pipe = client->state == CHAOS_HTTP ? &client->post : &client->websocket;
  const size_t before = pipe->out.len;

  if (pipe->fd < 0 || client->posted != 0 || (client->state != CHAOS_HTTP && !client->upgraded))
    return;
  if (client->state == CHAOS_HTTP)
    chaos_buf_add (&pipe->out, "POST /webrtc/signal HTTP/1.1\r\nHost: 127.0", 41);
  else
    {
      chaos_pipe_put_frame (pipe, 1, text, sizeof text - 1);
      pipe->out.len = before + 1 + chaos_random (sizeof text + 4);
    }
  chaos_pipe_flush (pipe);
}

void
chaos_client_kill (ChaosClient *client)
{
  const ChaosEnd how = chaos_random (2) == 0 ? CHAOS_END_RESET : CHAOS_END_FIN;

  if (client->state == CHAOS_AWAY || client->ending)
    return;
  client->world->n_kills++;
  if (chaos_random (2) == 0)
    put_half (client);
  client->http_next = !client->plain && !client->ends && client->world->plan->switches > 0
                      && (client->state == CHAOS_HTTP ? chaos_random (2) : chaos_random (5)) == 0;
  chaos_client_go_away (client, how, short_time (client));
}

/* The client may go on at once over the other transport, whatever is under way. */
void
chaos_client_switch (ChaosClient *client)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };

  if (client->plain || client->ends || client->token[0] == '\0' || client->deaf_until_ms != 0
      || client->world->now_ms < client->wake_ms)
    return;
  if (client->state == CHAOS_WEBSOCKET)
    {
      chaos_pipe_end (&client->zombie, CHAOS_END_RESET);
      client->zombie = client->websocket;
      chaos_pipe_init (&client->websocket, client);
      event.data.ptr = &client->zombie;
      epoll_ctl (client->world->epoll, EPOLL_CTL_MOD, client->zombie.fd, &event);
      client->state = CHAOS_HTTP;
      client->upgraded = 0;
    }
  else if (client->state == CHAOS_HTTP)
    {
      chaos_pipe_end (&client->post, CHAOS_END_FIN);
      client->posted = 0;
      open_websocket (client);
    }
  else
    return;
  client->world->n_switches++;
}

void
chaos_client_end (ChaosClient *client)
{
  static const char goodbye[] = { 0x03, (char)0xe8 }; /* 1000 */

  if (client->state != CHAOS_WEBSOCKET || client->ending || client->deaf_until_ms != 0)
    return;
  if (chaos_random (2) == 0)
    {
      /* In order: what came is acknowledged, and the server has it when it says goodbye too. */
      ack (client);
      chaos_pipe_put_frame (&client->websocket, 8, goodbye, sizeof goodbye);
      client->ending = 1;
    }
  else
    chaos_client_go_away (client, CHAOS_END_RESET, CHAOS_GRACE_MS + 1500);
}
