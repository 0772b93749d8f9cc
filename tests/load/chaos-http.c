/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A session by HTTP: one poll and one POST at a time, over a connection each. */

#include <stdio.h>
#include <string.h>

#include "chaos.h"

#define TEXT_MAX 2048

static void
take_poll (ChaosClient *client, unsigned status, ChaosText body)
{
  ChaosText items, item;

  client->polling = 0;
  if (status != 200 || !chaos_text_find (body, "\"signals\":[", &items))
    chaos_fail (client->world, "a poll of c%u was answered with %u: %.*s", client->id, status,
                (int)body.len, body.data);
  while (chaos_text_next_object (&items, &item))
    chaos_client_take (client, item);
}

void
chaos_http_read_poll (ChaosClient *client)
{
  ChaosPipe *pipe = &client->poll;
  const int alive = chaos_pipe_fill (pipe);
  unsigned status;
  char *body;
  size_t len;
  const size_t size = chaos_response_look (&pipe->in, &status, &body, &len);

  if (size > 0)
    {
      chaos_buf_drop (&pipe->in, size);
      if (client->state == CHAOS_HTTP)
        take_poll (client, status, (ChaosText){ body, len });
    }
  if (!alive)
    {
      chaos_pipe_end (pipe, CHAOS_END_FIN);
      client->polling = 0;
      client->wake_ms = client->world->now_ms + 5 + chaos_random (50);
    }
}

static void
take_granted (ChaosClient *client, const ChaosRequest *request, uint64_t ref, ChaosText body)
{
  ChaosText rest = body;

  if (client->token[0] == '\0'
      && (!chaos_text_string (body, "\"session\":\"", client->session, sizeof client->session)
          || !chaos_text_string (body, "\"token\":\"", client->token, sizeof client->token)))
    chaos_fail (client->world, "c%u got no session: %.*s", client->id, (int)body.len, body.data);
  chaos_text_find (body, "\"peers\":[", &rest);
  if (chaos_text_number (rest, "\"ref\":") != ref)
    chaos_fail (client->world, "c%u asked %llu and got: %.*s", client->id, (unsigned long long)ref,
                (int)body.len, body.data);
  chaos_client_took_handled (client, ref);
  if (request->kind == CHAOS_REQUEST_SIGNAL)
    return;
  client->loose[request->subject] = 1;
  if (request->kind == CHAOS_REQUEST_JOIN)
    {
      chaos_client_took_join (client, ref, request->subject, body);
      chaos_view_answer (client, request->subject, body);
    }
  else
    chaos_client_took_leave (client, ref, request->subject);
}

static void
take_post (ChaosClient *client, unsigned status, ChaosText body)
{
  const uint64_t ref = client->posted;
  const ChaosRequest request = client->requests[ref];

  client->posted = 0;
  if (status == 200)
    take_granted (client, &request, ref, body);
  else if (request.kind == CHAOS_REQUEST_SIGNAL && chaos_text_number (body, "\"ref\":") == ref)
    {
      chaos_client_took_handled (client, ref);
      chaos_book_refused (client->world, request.subject, body);
    }
  else if (status == 503 && !client->world->plan->strict) /* it is to poll first */
    client->wake_ms = client->world->now_ms + 20;
  else
    chaos_fail (client->world, "c%u posted request %llu and got %u: %.*s", client->id,
                (unsigned long long)ref, status, (int)body.len, body.data);
}

void
chaos_http_read_post (ChaosClient *client)
{
  ChaosPipe *pipe = &client->post;
  const int alive = chaos_pipe_fill (pipe);
  unsigned status;
  char *body;
  size_t len;
  const size_t size = chaos_response_look (&pipe->in, &status, &body, &len);

  if (size > 0)
    {
      chaos_buf_drop (&pipe->in, size);
      if (client->posted == 0)
        chaos_fail (client->world, "c%u got an answer to no request", client->id);
      take_post (client, status, (ChaosText){ body, len });
    }
  if (!alive)
    {
      chaos_pipe_end (pipe, CHAOS_END_FIN);
      client->posted = 0;
      client->wake_ms = client->world->now_ms + 5 + chaos_random (50);
    }
}

static void
put_request (ChaosClient *client, ChaosPipe *pipe, const char *line, const char *body, size_t len)
{
  char head[512];
  int n = snprintf (head, sizeof head, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n", line);

  if (client->token[0] != '\0')
    n += snprintf (head + n, sizeof head - n, "Authorization: Bearer %s\r\n", client->token);
  if (len > 0)
    n += snprintf (head + n, sizeof head - n, "Content-Length: %zu\r\n", len);
  n += snprintf (head + n, sizeof head - n, "\r\n");
  chaos_buf_add (&pipe->out, head, (size_t)n);
  chaos_buf_add (&pipe->out, body, len);
}

static int
ensure_open (ChaosClient *client, ChaosPipe *pipe)
{
  if (pipe->fd >= 0)
    return 1;
  if (chaos_pipe_open (pipe, client->world->epoll, client->id, client->world->port, 0))
    return 1;
  client->wake_ms = client->world->now_ms + 20 + chaos_random (80);
  return 0;
}

void
chaos_http_post_next (ChaosClient *client)
{
  static const char *const lines[]
      = { "POST /webrtc/signal", "POST /webrtc/join", "POST /webrtc/leave" };
  const uint64_t ref = client->handled + 1;
  char body[TEXT_MAX];

  if (client->posted != 0 || ref > client->ref || !ensure_open (client, &client->post))
    return;
  client->n_late = 0; /* of what came while an earlier try was under way this answer knows */
  client->late_state = 0;
  client->requests[ref].posted = 1;
  client->posted = ref;
  if (client->requests[ref].kind != CHAOS_REQUEST_SIGNAL)
    client->loose[client->requests[ref].subject] = 1;
  put_request (client, &client->post, lines[client->requests[ref].kind], body,
               chaos_request_write (client, ref, 1, body, sizeof body));
}

void
chaos_http_poll_next (ChaosClient *client)
{
  char line[128];

  /* A poll acknowledges. What came while a join is under way may be older than its answer (of the
   * time before it left); by what is not acknowledged the server sees that, and tells the state. */
  if (client->posted != 0 && (client->n_late > 0 || client->late_state))
    return;
  if (client->polling || client->token[0] == '\0' || !ensure_open (client, &client->poll))
    return;
  snprintf (line, sizeof line, "GET /webrtc/signal?nodeId=c%u&timeout=10000&after=%llu", client->id,
            (unsigned long long)client->seq);
  chaos_client_note_acked (client);
  client->polling = 1;
  put_request (client, &client->poll, line, "", 0);
}
