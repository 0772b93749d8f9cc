/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-pipe-ice.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "core/sentient-error.h"
#include "core/sentient-networks.h"
#include "protocol/sentient-replies.h"

#define DEFAULT_STUN_PORT 3478

/* One of this machine's addresses. */
typedef struct
{
  guint8 address[16];
  char text[INET6_ADDRSTRLEN];
} Local;

static gboolean
take_local (const struct ifaddrs *from, Local *local)
{
  const struct sockaddr_in *four = (const struct sockaddr_in *)from->ifa_addr;
  const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from->ifa_addr;

  if (from->ifa_addr == NULL || (from->ifa_flags & IFF_UP) == 0)
    return FALSE;
  if (from->ifa_addr->sa_family == AF_INET)
    inet_ntop (AF_INET, &four->sin_addr, local->text, sizeof local->text);
  else if (from->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL (&six->sin6_addr))
    inet_ntop (AF_INET6, &six->sin6_addr, local->text, sizeof local->text);
  else
    return FALSE;
  return sentient_networks_parse_bare (local->text, local->address);
}

/* Those that ICE uses: the loopback ones only if there is nothing else, or they are wanted. */
static GArray *
list_locals (gboolean with_loopback)
{
  g_autoptr (GArray) outer = g_array_new (FALSE, FALSE, sizeof (Local));
  g_autoptr (GArray) loopback = g_array_new (FALSE, FALSE, sizeof (Local));
  struct ifaddrs *list = NULL;

  if (getifaddrs (&list) != 0)
    return g_steal_pointer (&outer);
  for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
    {
      Local local;

      if (!take_local (i, &local))
        continue;
      if ((i->ifa_flags & IFF_LOOPBACK) == 0)
        g_array_append_val (outer, local);
      else if (sentient_networks_is_loopback (local.address))
        g_array_append_val (loopback, local);
    }
  freeifaddrs (list);
  if (outer->len == 0)
    return g_steal_pointer (&loopback);
  if (with_loopback && loopback->len > 0)
    g_array_append_vals (outer, loopback->data, loopback->len);
  return g_steal_pointer (&outer);
}

static void
add_local (GObject *ice, const Local *local)
{
  gboolean added = FALSE;

  g_signal_emit_by_name (ice, "add-local-ip-address", local->text, &added);
  if (!added)
    g_debug ("libnice does not take %s as a local address", local->text);
}

/* libnice looks for addresses by itself, without the loopback ones, unless it is given some:
 * without any gathering would never complete. FALSE: the filter leaves none. */
static gboolean
choose_locals (GObject *ice, const SentientCandidateFilter *filter)
{
  gboolean by_filter = filter != NULL && sentient_candidate_filter_has_addresses (filter);
  gboolean with_loopback = by_filter && sentient_candidate_filter_names_loopback (filter);
  g_autoptr (GArray) locals = list_locals (with_loopback);
  gboolean is_named = FALSE;
  guint n = 0;

  if (g_signal_lookup ("add-local-ip-address", G_OBJECT_TYPE (ice)) == 0 || locals->len == 0)
    return TRUE;
  for (guint i = 0; i < locals->len; i++)
    is_named
        |= by_filter
           && sentient_candidate_filter_allows_address (filter,
                                                        g_array_index (locals, Local, i).address);
  if (!by_filter && !sentient_networks_is_loopback (g_array_index (locals, Local, 0).address))
    return TRUE;
  for (guint i = 0; i < locals->len; i++)
    {
      const Local *local = &g_array_index (locals, Local, i);

      /* From one that is not asked for, one that is may still be found: beyond a NAT. */
      if (by_filter
          && (is_named ? !sentient_candidate_filter_allows_address (filter, local->address)
                       : sentient_candidate_filter_excludes_address (filter, local->address)))
        continue;
      add_local (ice, local);
      n++;
    }
  return n > 0;
}

/* libnice's defaults open sockets and wake up the CPU without need. */
static void
tune (GObject *ice)
{
  g_autoptr (GObject) agent = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "ice-tcp") != NULL)
    g_object_set (ice, "ice-tcp", FALSE, NULL);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent") != NULL)
    g_object_get (ice, "agent", &agent, NULL);
  if (agent != NULL)
    g_object_set (agent, "upnp", FALSE, "keepalive-conncheck", TRUE, "ice-tcp", FALSE, NULL);
}

/* "stun:host[:port]" → "stun://host:port" */
static char *
to_stun_uri (const char *url)
{
  const char *host, *end;

  if (!g_str_has_prefix (url, "stun:"))
    return NULL;
  host = url + strlen ("stun:");
  if (g_str_has_prefix (host, "//"))
    host += 2;
  end = *host == '[' ? strchr (host, ']') : host;
  if (end == NULL || *host == '\0')
    return NULL;
  if (strchr (end, ':') != NULL)
    return g_strconcat ("stun://", host, NULL);
  return g_strdup_printf ("stun://%s:%u", host, DEFAULT_STUN_PORT);
}

static void
complain (GPtrArray *complaints, const char *kind, const char *url, const char *why)
{
  g_autofree char *text = sentient_link_options_show_url (url);

  g_ptr_array_add (complaints, g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                                            "The %s server “%s” is not used: %s", kind, text, why));
}

static void
set_stun_server (GstElement *webrtc, const SentientLinkOptions *options, GPtrArray *complaints)
{
  gboolean is_set = FALSE;

  for (guint i = 0; options->stun_urls[i] != NULL; i++)
    {
      g_autofree char *uri = to_stun_uri (options->stun_urls[i]);

      if (uri == NULL)
        complain (complaints, "STUN", options->stun_urls[i],
                  "its URL cannot be understood; write it like stun:host:3478, an IPv6 address in "
                  "brackets");
      else if (is_set)
        g_debug ("Only the first STUN server is used, not %s", uri);
      else
        {
          g_object_set (webrtc, "stun-server", uri, NULL);
          is_set = TRUE;
        }
    }
}

static guint
set_turn_servers (GstElement *webrtc, const SentientLinkOptions *options, GPtrArray *complaints)
{
  guint n = 0;

  for (guint i = 0; options->turn_urls[i] != NULL; i++)
    {
      gboolean added = FALSE;

      if (g_str_has_prefix (options->turn_urls[i], "turns:"))
        {
          complain (complaints, "TURN", options->turn_urls[i],
                    "TURN over TLS (turns:) is not known here; write turn: instead, with "
                    "?transport=tcp where UDP does not get through");
          continue;
        }
      /* webrtcbin takes one without a host, too. */
      if (sentient_ice_url_check (options->turn_urls[i], NULL))
        g_signal_emit_by_name (webrtc, "add-turn-server", options->turn_urls[i], &added);
      if (added)
        n++;
      else
        complain (complaints, "TURN", options->turn_urls[i],
                  "its URL cannot be understood; write it like "
                  "turn:user:password@host:3478?transport=udp, percent-encoded, an IPv6 address in "
                  "brackets");
    }
  return n;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_LINK_FAILED,
               "A WebRTC connection could not be prepared: %s", what);
  return FALSE;
}

gboolean
sentient_pipe_ice_set_up (GstElement *webrtc,
                          const SentientLinkOptions *options,
                          GPtrArray *complaints,
                          GError **error)
{
  gboolean relay = sentient_link_options_allow_own (options, SENTIENT_CANDIDATE_TYPE_RELAY);
  gboolean srflx = sentient_link_options_allow_own (options, SENTIENT_CANDIDATE_TYPE_SRFLX);
  gboolean relay_only
      = !srflx && !sentient_link_options_allow_own (options, SENTIENT_CANDIDATE_TYPE_HOST);
  g_autoptr (GObject) ice = NULL;
  guint n_relays = 0;

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  if (ice != NULL)
    tune (ice);
  if (relay_only && !relay)
    return fail (error,
                 "only relays may be used (relay-only), and the candidate filter leaves none "
                 "of them; change one of the two");
  if (ice != NULL && !choose_locals (ice, options->filter))
    return fail (error, "the candidate filter leaves none of this machine's addresses; allow a "
                        "family or network that it has an address of");
  if (srflx)
    set_stun_server (webrtc, options, complaints);
  if (relay)
    n_relays = set_turn_servers (webrtc, options, complaints);
  if (!relay_only)
    return TRUE;
  if (n_relays == 0)
    return fail (error, "only relays may be used, and no TURN server is known; name one, like "
                        "turn:user:password@host:3478");
  gst_util_set_object_arg (G_OBJECT (webrtc), "ice-transport-policy", "relay");
  return TRUE;
}
