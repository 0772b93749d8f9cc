/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-http-head.h"

#include <arpa/inet.h>
#include <string.h>

typedef SentientSpan Span;

/* What the field lines of one head said. */
typedef struct
{
  SentientHttpRequest *request;
  guint n_fields;
  gboolean has_length;
  gboolean says_close;
  gboolean says_keep_alive;
  gboolean says_upgrade;
  gboolean has_upgrade;
} Fields;

static gboolean
fail (SentientHttpFault *fault, guint status, const char *message)
{
  fault->status = status;
  fault->message = message;
  return FALSE;
}

/* RFC 9110 tchar */
static gboolean
is_token_char (guchar c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_token (Span span)
{
  if (span.len == 0)
    return FALSE;
  for (gsize i = 0; i < span.len; i++)
    if (!is_token_char (span.data[i]))
      return FALSE;
  return TRUE;
}

static gboolean
span_is (Span span, const char *lower_case)
{
  gsize len = strlen (lower_case);

  return span.len == len && g_ascii_strncasecmp (span.data, lower_case, len) == 0;
}

static Span
trim (Span span)
{
  while (span.len > 0 && (span.data[0] == ' ' || span.data[0] == '\t'))
    {
      span.data++;
      span.len--;
    }
  while (span.len > 0 && (span.data[span.len - 1] == ' ' || span.data[span.len - 1] == '\t'))
    span.len--;
  return span;
}

SentientHeadResult
sentient_http_head_scan (const char *data,
                         gsize len,
                         gsize *scanned,
                         gsize *head_len,
                         SentientHttpFault *fault)
{
  gsize limit = MIN (len, SENTIENT_HEAD_MAX);
  gsize i = *scanned;

  for (; i < limit; i++)
    {
      guchar c = data[i];

      if (c >= ' ' && c != 0x7f)
        continue;

      if (c == '\r')
        {
          if (i + 1 == len)
            break; /* look again when the next byte is there */
          if (data[i + 1] != '\n')
            {
              fail (fault, 400, "a carriage return stands alone in the request head");
              return SENTIENT_HEAD_BAD;
            }
          if (i + 2 > SENTIENT_HEAD_MAX)
            break; /* too large */
          if (i >= 2 && data[i - 1] == '\n')
            {
              *head_len = i + 2;
              return SENTIENT_HEAD_COMPLETE;
            }
          i++; /* the line feed */
        }
      else if (c == '\n')
        {
          fail (fault, 400, "a line of the request head ends without a carriage return");
          return SENTIENT_HEAD_BAD;
        }
      else if (c != '\t')
        {
          fail (fault, 400, "the request head holds a control character");
          return SENTIENT_HEAD_BAD;
        }
    }

  *scanned = i;
  if (len >= SENTIENT_HEAD_MAX)
    {
      fail (fault, 431, "the request head is over 8 KiB");
      return SENTIENT_HEAD_BAD;
    }
  return SENTIENT_HEAD_MORE;
}

static gboolean
parse_target (Span target, SentientHttpHead *head, SentientHttpFault *fault)
{
  const char *mark;
  gsize i;

  if (target.len == 0 || target.data[0] != '/')
    return fail (fault, 400, "the request target must be a path that begins with /");

  for (i = 0; i < target.len; i++)
    {
      guchar c = target.data[i];

      if (c <= ' ' || c >= 0x7f || c == '#')
        return fail (fault, 400, "the request target holds a character that must be encoded");
    }

  mark = memchr (target.data, '?', target.len);
  head->path = target.data;
  head->path_len = mark != NULL ? (gsize)(mark - target.data) : target.len;
  if (mark != NULL)
    {
      head->query = mark + 1;
      head->query_len = target.len - head->path_len - 1;
    }

  /* The query, too: libsoup would refuse it without a word. */
  for (i = 0; i < target.len; i++)
    {
      const char *at = target.data + i;

      if (*at != '%')
        continue;
      if (target.len - i < 3 || !g_ascii_isxdigit (at[1]) || !g_ascii_isxdigit (at[2])
          || (i < head->path_len && at[1] == '0' && at[2] == '0'))
        return fail (fault, 400, "the request target is not properly percent-encoded");
      /* Nor would it say why to "/..%2f". */
      if (i < head->path_len && at[1] == '2' && g_ascii_tolower (at[2]) == 'f')
        return fail (fault, 400, "the request target holds an encoded slash");
    }

  return TRUE;
}

static gboolean
parse_version (Span version, SentientHttpHead *head, SentientHttpFault *fault)
{
  if (version.len != 8 || memcmp (version.data, "HTTP/", 5) != 0
      || !g_ascii_isdigit (version.data[5]) || version.data[6] != '.'
      || !g_ascii_isdigit (version.data[7]))
    return fail (fault, 400, "the request line must be: method, path, HTTP version");
  if (version.data[5] != '1' || version.data[7] > '1')
    return fail (fault, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");

  head->minor_version = version.data[7] - '0';
  return TRUE;
}

static SentientHttpMethod
method_of (Span method)
{
  /* Methods are case-sensitive. */
  static const struct
  {
    const char *name;
    SentientHttpMethod method;
  } known[] = {
    { "GET", SENTIENT_HTTP_GET },
    { "HEAD", SENTIENT_HTTP_HEAD },
    { "POST", SENTIENT_HTTP_POST },
    { "OPTIONS", SENTIENT_HTTP_OPTIONS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (method.len == strlen (known[i].name)
        && memcmp (method.data, known[i].name, method.len) == 0)
      return known[i].method;
  return SENTIENT_HTTP_OTHER;
}

static gboolean
parse_request_line (Span line, SentientHttpHead *head, SentientHttpFault *fault)
{
  const char *end = line.data + line.len;
  const char *first = memchr (line.data, ' ', line.len);
  const char *second = first != NULL ? memchr (first + 1, ' ', end - first - 1) : NULL;
  Span method, target, version;

  if (second == NULL)
    return fail (fault, 400, "the request line must be: method, path, HTTP version");

  method = (Span){ line.data, first - line.data };
  target = (Span){ first + 1, second - first - 1 };
  version = (Span){ second + 1, end - second - 1 };

  if (!is_token (method))
    return fail (fault, 400, "the request method is no token");
  if (method.len == 7 && memcmp (method.data, "CONNECT", 7) == 0)
    return fail (fault, 501, "this is no proxy: CONNECT is not taken");
  if (!parse_version (version, head, fault))
    return FALSE;
  head->method = method_of (method);
  return parse_target (target, head, fault);
}

/* "[" IPv6 "]"; returns its length, 0 if it is none. */
static gsize
ip_literal_length (Span host)
{
  char text[INET6_ADDRSTRLEN];
  struct in6_addr address;
  const char *end = memchr (host.data, ']', host.len);
  gsize len = end != NULL ? (gsize)(end - host.data) - 1 : sizeof text;

  if (len >= sizeof text)
    return 0;
  memcpy (text, host.data + 1, len);
  text[len] = '\0';
  return inet_pton (AF_INET6, text, &address) == 1 ? len + 2 : 0;
}

gboolean
sentient_http_is_host (Span host)
{
  guint port = 0;
  gsize n = 0;

  if (host.len == 0 || host.len > 512)
    return FALSE;
  if (host.data[0] == '[')
    n = ip_literal_length (host);
  else
    while (n < host.len
           && (g_ascii_isalnum (host.data[n]) || memchr ("-._~", host.data[n], 4) != NULL))
      n++;
  if (n == 0 || n == host.len)
    return n > 0;

  if (host.data[n] != ':')
    return FALSE;
  while (++n < host.len && g_ascii_isdigit (host.data[n]) && port <= G_MAXUINT16)
    port = port * 10 + (guint)(host.data[n] - '0');
  return n == host.len && port <= G_MAXUINT16;
}

static gboolean
parse_content_length (Span value, Fields *fields, SentientHttpFault *fault)
{
  gsize length = 0;

  if (fields->has_length)
    return fail (fault, 400, "more than one Content-Length");
  fields->has_length = TRUE;

  if (value.len == 0)
    return fail (fault, 400, "Content-Length must be a plain decimal number");
  for (gsize i = 0; i < value.len; i++)
    if (!g_ascii_isdigit (value.data[i]))
      return fail (fault, 400, "Content-Length must be a plain decimal number");
  if (value.len > 12)
    return fail (fault, 413, "the body is too large");
  for (gsize i = 0; i < value.len; i++)
    length = length * 10 + (value.data[i] - '0');

  fields->request->head.content_length = length;
  return TRUE;
}

static gboolean
parse_connection (Span value, Fields *fields, SentientHttpFault *fault)
{
  const char *end = value.data + value.len;

  while (value.data < end)
    {
      const char *comma = memchr (value.data, ',', end - value.data);
      const char *stop = comma != NULL ? comma : end;
      Span item = trim ((Span){ value.data, stop - value.data });

      if (item.len > 0 && !is_token (item))
        return fail (fault, 400, "the Connection field is no list of tokens");
      fields->says_close |= span_is (item, "close");
      fields->says_keep_alive |= span_is (item, "keep-alive");
      fields->says_upgrade |= span_is (item, "upgrade");
      value.data = comma != NULL ? comma + 1 : end;
    }

  return TRUE;
}

static gboolean
parse_host_field (Span value, SentientHttpHead *head, SentientHttpFault *fault)
{
  if (head->host != NULL)
    return fail (fault, 400, "more than one Host");
  if (!sentient_http_is_host (value))
    return fail (fault, 400, "the Host field is no host name");
  head->host = value.data;
  head->host_len = value.len;
  return TRUE;
}

static gboolean
apply_field (Span name, Span value, Span line, Fields *fields, SentientHttpFault *fault)
{
  SentientHttpHead *head = &fields->request->head;

  if (span_is (name, "host"))
    return parse_host_field (value, head, fault);
  if (span_is (name, "content-length"))
    return parse_content_length (value, fields, fault);
  if (span_is (name, "transfer-encoding"))
    return fail (fault, 501, "Transfer-Encoding is not taken; send a Content-Length");
  if (span_is (name, "connection"))
    return parse_connection (value, fields, fault);
  if (span_is (name, "upgrade"))
    fields->has_upgrade = value.len > 0;
  else if (span_is (name, "origin"))
    {
      if (head->origin != NULL)
        return fail (fault, 400, "more than one Origin");
      head->origin = value.data;
      head->origin_len = value.len;
    }
  else if (span_is (name, "authorization"))
    {
      if (head->authorization != NULL)
        return fail (fault, 400, "more than one Authorization");
      head->authorization = value.data;
      head->authorization_len = value.len;
    }
  else if (span_is (name, "expect"))
    {
      if (!span_is (value, "100-continue") || fields->request->expect_line != NULL)
        return fail (fault, 417, "the only expectation taken is 100-continue, once");
      fields->request->expect_line = line.data;
      fields->request->expect_line_len = line.len + 2;
    }

  return TRUE;
}

static gboolean
parse_field (Span line, Fields *fields, SentientHttpFault *fault)
{
  const char *colon;
  Span name, value;

  if (++fields->n_fields > SENTIENT_HEAD_MAX_FIELDS)
    return fail (fault, 431, "more than 64 header fields");
  if (line.data[0] == ' ' || line.data[0] == '\t')
    return fail (fault, 400, "a header field is folded over several lines");

  colon = memchr (line.data, ':', line.len);
  if (colon == NULL)
    return fail (fault, 400, "a header field has no colon");
  name = (Span){ line.data, colon - line.data };
  if (!is_token (name))
    return fail (fault, 400, "the name of a header field is no token");

  value = trim ((Span){ colon + 1, line.data + line.len - colon - 1 });
  return apply_field (name, value, line, fields, fault);
}

/* The next line without its CRLF. The scan has made sure that CR and LF stand only together. */
static Span
next_line (const char **at, const char *end)
{
  const char *cr = memchr (*at, '\r', end - *at);
  Span line = { *at, cr != NULL ? (gsize)(cr - *at) : (gsize)(end - *at) };

  *at = cr != NULL ? cr + 2 : end;
  return line;
}

gboolean
sentient_http_head_parse (const char *data,
                          gsize len,
                          SentientHttpRequest *request,
                          SentientHttpFault *fault)
{
  Fields fields = { .request = request };
  SentientHttpHead *head = &request->head;
  const char *at = data;
  const char *end = data + len - 2; /* the empty line */

  g_assert (len >= 4 && memcmp (end - 2, "\r\n\r\n", 4) == 0);

  memset (request, 0, sizeof *request);
  request->length = len;

  if (!parse_request_line (next_line (&at, end), head, fault))
    return FALSE;
  head->fields = at;
  head->fields_len = (gsize)(end - at);
  while (at < end)
    if (!parse_field (next_line (&at, end), &fields, fault))
      return FALSE;

  if (head->host == NULL && head->minor_version == 1)
    return fail (fault, 400, "the Host field is missing");

  head->keep_alive = head->minor_version == 1 ? !fields.says_close
                                              : fields.says_keep_alive && !fields.says_close;
  head->upgrade = fields.says_upgrade && fields.has_upgrade;
  request->expect = request->expect_line != NULL && head->minor_version == 1;
  return TRUE;
}

gboolean
sentient_http_head_next_field (const SentientHttpHead *head,
                               gsize *offset,
                               SentientSpan *name,
                               SentientSpan *value)
{
  const char *at = head->fields + *offset;
  const char *end = head->fields + head->fields_len;
  const char *colon;
  Span line;

  if (*offset >= head->fields_len)
    return FALSE;
  line = next_line (&at, end);
  *offset = (gsize)(at - head->fields);
  colon = memchr (line.data, ':', line.len);
  *name = (Span){ line.data, (gsize)(colon - line.data) };
  *value = trim ((Span){ colon + 1, line.len - name->len - 1 });
  return TRUE;
}
