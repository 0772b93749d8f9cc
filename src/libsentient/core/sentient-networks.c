/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-networks.h"

#include <arpa/inet.h>
#include <string.h>

/* An IPv4 network has 96 bits more: those of the mapping. */
typedef struct
{
  guint8 address[16];
  guint bits;
} Network;

struct _SentientNetworks
{
  GArray *networks; /* of Network */
};

static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

SentientNetworks *
sentient_networks_new (void)
{
  SentientNetworks *self = g_new0 (SentientNetworks, 1);

  self->networks = g_array_new (FALSE, FALSE, sizeof (Network));
  return self;
}

void
sentient_networks_free (SentientNetworks *self)
{
  g_array_unref (self->networks);
  g_free (self);
}

/* ":" and a decimal port, or nothing. */
static gboolean
is_port (const char *text, gsize len)
{
  if (len == 0)
    return TRUE;
  if (text[0] != ':' || len < 2 || len > 6)
    return FALSE;
  for (gsize i = 1; i < len; i++)
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
  return TRUE;
}

static gboolean
parse_bare (int family, const char *text, gsize len, guint8 address[16])
{
  char copy[INET6_ADDRSTRLEN];

  if (len >= sizeof copy || memchr (text, '\0', len) != NULL)
    return FALSE;
  memcpy (copy, text, len);
  copy[len] = '\0';
  if (family == AF_INET6)
    return inet_pton (AF_INET6, copy, address) == 1;
  memcpy (address, mapped, sizeof mapped);
  return inet_pton (AF_INET, copy, address + 12) == 1;
}

gboolean
sentient_networks_parse_bare (const char *text, guint8 address[16])
{
  return parse_bare (strchr (text, ':') != NULL ? AF_INET6 : AF_INET, text, strlen (text), address);
}

gboolean
sentient_networks_parse_address (const char *text, gsize len, guint8 address[16])
{
  const char *end;
  gsize n;

  if (len == 0)
    return FALSE;
  if (text[0] == '[')
    {
      end = memchr (text, ']', len);
      n = end != NULL ? (gsize)(end - text) : 0;
      return n > 0 && is_port (end + 1, len - n - 1)
             && parse_bare (AF_INET6, text + 1, n - 1, address);
    }
  end = memchr (text, ':', len);
  n = end != NULL ? (gsize)(end - text) : len;
  if (end != NULL && memchr (text, '.', n) == NULL)
    return parse_bare (AF_INET6, text, len, address);
  return is_port (text + n, len - n) && parse_bare (AF_INET, text, n, address);
}

gboolean
sentient_networks_is_ipv4 (const guint8 address[16])
{
  return memcmp (address, mapped, sizeof mapped) == 0;
}

gboolean
sentient_networks_is_loopback (const guint8 address[16])
{
  static const guint8 six[16] = { [15] = 1 };

  if (sentient_networks_is_ipv4 (address))
    return address[12] == 127;
  return memcmp (address, six, sizeof six) == 0;
}

static gboolean
parse_network (const char *text, Network *network)
{
  const char *slash = strchr (text, '/');
  gsize len = slash != NULL ? (gsize)(slash - text) : strlen (text);
  gboolean is_v6 = memchr (text, ':', len) != NULL;
  guint64 bits = is_v6 ? 128 : 32;

  if (!parse_bare (is_v6 ? AF_INET6 : AF_INET, text, len, network->address)
      || (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, bits, &bits, NULL)))
    return FALSE;
  network->bits = (guint)bits + (is_v6 ? 0 : 96);
  return TRUE;
}

gboolean
sentient_networks_add (SentientNetworks *self, const char *text)
{
  Network network;

  if (g_ascii_strcasecmp (text, "loopback") == 0)
    return sentient_networks_add (self, "127.0.0.0/8") && sentient_networks_add (self, "::1");
  if (!parse_network (text, &network))
    return FALSE;
  g_array_append_val (self->networks, network);
  return TRUE;
}

gboolean
sentient_networks_is_empty (const SentientNetworks *self)
{
  return self->networks->len == 0;
}

static gboolean
contains (const Network *network, const guint8 address[16])
{
  guint whole = network->bits / 8, rest = network->bits % 8;
  guint8 mask = (guint8)(0xff << (8 - rest));

  return memcmp (network->address, address, whole) == 0
         && (rest == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0);
}

gboolean
sentient_networks_contain (const SentientNetworks *self, const guint8 address[16])
{
  for (guint i = 0; i < self->networks->len; i++)
    if (contains (&g_array_index (self->networks, Network, i), address))
      return TRUE;
  return FALSE;
}

gboolean
sentient_networks_have_loopback (const SentientNetworks *self)
{
  for (guint i = 0; i < self->networks->len; i++)
    if (sentient_networks_is_loopback (g_array_index (self->networks, Network, i).address))
      return TRUE;
  return FALSE;
}
