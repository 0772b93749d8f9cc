/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "doctor/sentient-probe.h"

/* Some address of the global internet. Nothing is sent there. */
#define SOMEWHERE "2600::1"

/* 2000::/3, from which global addresses are given out */
static gboolean
is_global (const struct in6_addr *address)
{
  return (address->s6_addr[0] & 0xE0) == 0x20;
}

static GInetAddress *
find_address (void)
{
  struct ifaddrs *list;
  GInetAddress *found = NULL;

  if (getifaddrs (&list) != 0)
    return NULL;
  for (struct ifaddrs *one = list; one != NULL && found == NULL; one = one->ifa_next)
    {
      const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)one->ifa_addr;

      if (address != NULL && address->sin6_family == AF_INET6 && (one->ifa_flags & IFF_UP) != 0
          && is_global (&address->sin6_addr))
        found = g_inet_address_new_from_bytes (address->sin6_addr.s6_addr, G_SOCKET_FAMILY_IPV6);
    }
  freeifaddrs (list);
  return found;
}

/* To connect a UDP socket asks for a route, and sends nothing. */
static gboolean
has_route (GInetAddress *to)
{
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (to, 9);

  return socket != NULL && g_socket_connect (socket, address, NULL, NULL);
}

void
sentient_probe_ipv6 (SentientMeasurements *measured, GInetAddress *server)
{
  g_autoptr (GInetAddress) somewhere = g_inet_address_new_from_string (SOMEWHERE);

  measured->ipv6 = find_address ();
  measured->ipv6_route = has_route (server != NULL ? server : somewhere);
}
