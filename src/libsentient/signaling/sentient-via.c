/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-via.h"

#include <string.h>

static gboolean
name_is (SentientSpan name, const char *lower_case)
{
  return name.len == strlen (lower_case)
         && g_ascii_strncasecmp (name.data, lower_case, name.len) == 0;
}

/* The next item of a list with commas; takes it off. An empty one is an item, too. */
static SentientSpan
next_item (SentientSpan *list)
{
  const char *comma = memchr (list->data, ',', list->len);
  gsize len = comma != NULL ? (gsize)(comma - list->data) : list->len;
  gsize used = comma != NULL ? len + 1 : len;
  SentientSpan item = { list->data, len };

  list->data += used;
  list->len -= used;
  while (item.len > 0 && (item.data[0] == ' ' || item.data[0] == '\t'))
    item = (SentientSpan){ item.data + 1, item.len - 1 };
  while (item.len > 0 && (item.data[item.len - 1] == ' ' || item.data[item.len - 1] == '\t'))
    item.len--;
  return item;
}

/* Each proxy appends: the last one is what the proxy next to us has written. */
static SentientSpan
last_item (SentientSpan list)
{
  SentientSpan item = { NULL, 0 };

  while (list.len > 0)
    item = next_item (&list);
  return item;
}

gboolean
sentient_via_is_prefix (SentientSpan prefix)
{
  if (prefix.len == 0)
    return TRUE;
  if (prefix.data[0] != '/' || prefix.data[prefix.len - 1] == '/')
    return FALSE;
  for (gsize i = 0; i < prefix.len; i++)
    {
      char c = prefix.data[i];

      /* No "//", no "/." */
      if (c == '/' && (prefix.data[i + 1] == '/' || prefix.data[i + 1] == '.'))
        return FALSE;
      if (!g_ascii_isalnum (c) && memchr ("-._~/", c, 5) == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
believe (SentientVia *via, SentientSpan name, SentientSpan item)
{
  if (name_is (name, "x-forwarded-proto"))
    via->secure = name_is (item, "https") || name_is (item, "wss");
  else if (name_is (name, "x-forwarded-host") && sentient_http_is_host (item))
    via->host = item;
  else if (name_is (name, "x-forwarded-prefix"))
    {
      while (item.len > 0 && item.data[item.len - 1] == '/')
        item.len--;
      if (sentient_via_is_prefix (item))
        via->prefix = item;
    }
}

void
sentient_via_read (SentientVia *via,
                   const SentientHttpHead *head,
                   gboolean trusted,
                   gboolean from_loopback)
{
  static const char start[] = "x-forwarded-";
  SentientSpan name, value;
  gsize at = 0;

  *via = (SentientVia){
    .host = { head->host, head->host_len },
    .own_host = { head->host, head->host_len },
    .origin = { head->origin, head->origin_len },
    .from_loopback = from_loopback,
  };
  while (sentient_http_head_next_field (head, &at, &name, &value))
    {
      if (name_is (name, "forwarded"))
        via->forwarded = TRUE;
      if (name.len < sizeof start - 1
          || g_ascii_strncasecmp (name.data, start, sizeof start - 1) != 0)
        continue;
      via->forwarded = TRUE;
      if (trusted && value.len > 0)
        believe (via, name, last_item (value));
    }
}

gboolean
sentient_via_find_client (const SentientHttpHead *head,
                          const SentientNetworks *proxies,
                          guint8 address[16])
{
  SentientSpan name, value;
  guint8 candidate[16];
  gboolean found = FALSE;
  gsize at = 0;

  /* From left to right: the last one that is no proxy wins, unless something behind it is no
   * address: then nobody knows who vouches for it. */
  while (sentient_http_head_next_field (head, &at, &name, &value))
    while (name_is (name, "x-forwarded-for") && value.len > 0)
      {
        SentientSpan item = next_item (&value);

        if (item.len == 0)
          continue;
        if (!sentient_networks_parse_address (item.data, item.len, candidate))
          found = FALSE;
        else if (!sentient_networks_contain (proxies, candidate))
          {
            memcpy (address, candidate, sizeof candidate);
            found = TRUE;
          }
      }
  return found;
}
