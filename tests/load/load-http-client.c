/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load-client.h"

size_t
load_http_length (const LoadClient *client)
{
  static const char mark[] = "Content-Length: ";
  const unsigned char *end = memmem (client->buf, client->len, "\r\n\r\n", 4);
  const unsigned char *length;
  size_t total;

  if (end == NULL)
    return 0;
  if (client->len < 12 || memcmp (client->buf, "HTTP/1.1 200", 12) != 0)
    load_die ("client %u was refused: %.*s", client->id, (int)client->len, client->buf);
  length = memmem (client->buf, end - client->buf, mark, strlen (mark));
  if (length == NULL)
    load_die ("client %u got a response without length", client->id);
  total = end + 4 - client->buf + strtoul ((const char *)length + strlen (mark), NULL, 10);
  return client->len >= total ? total : 0;
}

void
load_http_call (LoadClient *client, const char *method, const char *target, const char *body)
{
  char request[2048];
  int len = snprintf (request, sizeof request,
                      "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%s", method,
                      target, strlen (body), body);

  load_client_send_raw (client, request, len);
}

size_t
load_http_await (LoadClient *client)
{
  size_t n;

  do
    load_client_receive (client);
  while ((n = load_http_length (client)) == 0);
  return n;
}
