/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/sentient-settings-table.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define COORDINATOR "coordinator"
#define NODE "node"
#define LIMITS "limits"

typedef struct
{
  SentientSettingInfo info;
  SentientSettingCheck check;
} Row;

/* What a coordinator's property says of a setting (range, and the default of a limit) is not said
 * here again. */
static const Row rows[] = {
  { { .name = "coordinator",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_BOOLEAN,
      .fallback = "true",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("sentientd is a coordinator, where nodes find each other") } },
  { { .name = "host",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRING,
      .property = "host",
      .fallback = "127.0.0.1",
      .placeholder = N_ ("ADDRESS"),
      .what = N_ ("the address that the coordinator listens at; 0.0.0.0: everybody who reaches the "
                  "machine, and the default of sentient --server") },
    SENTIENT_SETTING_CHECK_HOST },
  { { .name = "port",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_UINT,
      .property = "port",
      .fallback = "8888",
      .placeholder = N_ ("PORT"),
      .what = N_ ("the coordinator's port; 0: any free one") } },
  { { .name = "network-id",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRING,
      .at_once = TRUE,
      .property = "network-id",
      .placeholder = N_ ("NAME"),
      .what = N_ ("the network's name; unset: connected with seeds, standalone without") },
    SENTIENT_SETTING_CHECK_NAME },
  { { .name = "webrtc",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_BOOLEAN,
      .property = "webrtc-enabled",
      .placeholder = N_ ("BOOL"),
      .what
      = N_ ("the coordinator introduces nodes to each other; false: it answers /nodes only") } },
  { { .name = "public-url",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRING,
      .property = "public-url",
      .placeholder = N_ ("URL"),
      .what = N_ ("what clients call it, https://host or https://host/prefix; unset: what each "
                  "asked by") },
    SENTIENT_SETTING_CHECK_PUBLIC_URL },
  { { .name = "trusted-proxy",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRV,
      .property = "trusted-proxies",
      .placeholder = N_ ("ADDRESS[/BITS][,...]"),
      .what = N_ ("proxies that are believed in what X-Forwarded-* says; loopback: this machine") },
    SENTIENT_SETTING_CHECK_PROXY },
  { { .name = "allow-origin",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRV,
      .property = "allowed-origins",
      .placeholder = N_ ("ORIGIN[,...]"),
      .what = N_ ("web pages of these origins, https://host[:port], may call everything") },
    SENTIENT_SETTING_CHECK_ORIGIN },
  { { .name = "cors",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_BOOLEAN,
      .property = "cors",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("web pages of all other origins may call what is below /webrtc") } },
  { { .name = "static",
      .group = COORDINATOR,
      .type = SENTIENT_SETTING_STRING,
      .property = "static-dir",
      .placeholder = N_ ("DIR"),
      .what = N_ ("also serve the files below this directory") },
    SENTIENT_SETTING_CHECK_DIR },
  { { .name = "node",
      .group = NODE,
      .type = SENTIENT_SETTING_BOOLEAN,
      .fallback = "true",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("sentientd is a node: it joins a coordinator and its rooms") } },
  { { .name = "node-id",
      .group = NODE,
      .type = SENTIENT_SETTING_STRING,
      .placeholder = N_ ("NAME"),
      .what = N_ ("the name of this node, also of a coordinator; unset: the one kept in data, else "
                  "a random one") },
    SENTIENT_SETTING_CHECK_NAME },
  { { .name = "seeds",
      .group = NODE,
      .type = SENTIENT_SETTING_STRV,
      .property = "seeds",
      .placeholder = N_ ("URL[,URL]"),
      .what = N_ ("the coordinator to join; several are tried in turn; unset: a node takes "
                  "http://127.0.0.1:8888, a coordinator none") },
    SENTIENT_SETTING_CHECK_SEED },
  { { .name = "rooms",
      .group = NODE,
      .type = SENTIENT_SETTING_STRV,
      .fallback = "global",
      .placeholder = N_ ("ROOM[,...]"),
      .what = N_ ("the rooms that the node joins") },
    SENTIENT_SETTING_CHECK_NAME },
  { { .name = "auto-webrtc",
      .group = NODE,
      .type = SENTIENT_SETTING_BOOLEAN,
      .at_once = TRUE,
      .fallback = "true",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("connect to everybody in the room") } },
  { { .name = "mesh-limit",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .fallback = "8",
      .minimum = 2,
      .maximum = 4096,
      .placeholder = N_ ("NUMBER"),
      .what = N_ ("how many members of a room are all connected to each other; in a larger room "
                  "each connects to some, and broadcasts are passed on; the same at all nodes of "
                  "a room") } },
  { { .name = "mesh-degree",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .fallback = "6",
      .minimum = 2,
      .maximum = 32,
      .placeholder = N_ ("NUMBER"),
      .what = N_ ("to how many members a node connects in a room larger than mesh-limit; the same"
                  " at all nodes of a room") } },
  { { .name = "gossip-hops",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .fallback = "16",
      .minimum = 1,
      .maximum = 254,
      .placeholder = N_ ("NUMBER"),
      .what = N_ ("over how many connections a broadcast may come and still be passed on") } },
  { { .name = "gossip-max-size",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .fallback = "1048576",
      .minimum = 1,
      .maximum = 67108864,
      .placeholder = N_ ("NUMBER"),
      .what = N_ ("bytes of a broadcast that is passed on; larger ones are refused") } },
  { { .name = "gossip-rate",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .fallback = "10000",
      .minimum = 0,
      .maximum = 500000,
      .placeholder = N_ ("NUMBER"),
      .what = N_ ("parts of broadcasts, each of at most 32 KiB, a second that one neighbour may "
                  "pass on; 0: any number") } },
  { { .name = "stun",
      .group = NODE,
      .type = SENTIENT_SETTING_STRV,
      .property = "stun-servers",
      .placeholder = N_ ("URL|none"),
      .what = N_ ("the STUN server that tells a node its outer address; unset: a coordinator names "
                  "stun:stun.l.google.com:19302, a node takes what its coordinator names") },
    SENTIENT_SETTING_CHECK_STUN },
  { { .name = "turn",
      .group = NODE,
      .type = SENTIENT_SETTING_STRV,
      .property = "turn-servers",
      .placeholder = N_ ("URL"),
      .what = N_ ("a TURN server that relays where nothing else goes, turn:user:pass@host:port") },
    SENTIENT_SETTING_CHECK_TURN },
  { { .name = "relay-only",
      .group = NODE,
      .type = SENTIENT_SETTING_BOOLEAN,
      .at_once = TRUE,
      .fallback = "false",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("use and tell no address of this node but those of TURN servers, so that others "
                  "do not learn where it is") } },
  { { .name = "candidate-filter",
      .group = NODE,
      .type = SENTIENT_SETTING_STRV,
      .at_once = TRUE,
      .placeholder = N_ ("WORD[,...]"),
      .what = N_ ("what connections may use: host, srflx, relay, udp, tcp, ipv4, ipv6, a network "
                  "like 10.0.0.0/8; with ! before it: all but that; unset: everything") },
    SENTIENT_SETTING_CHECK_CANDIDATES },
  { { .name = "accept-files",
      .group = NODE,
      .type = SENTIENT_SETTING_STRING,
      .at_once = TRUE,
      .placeholder = N_ ("DIR"),
      .what = N_ ("take every file that is offered into this directory; unset: each waits for an "
                  "answer") },
    SENTIENT_SETTING_CHECK_DIR },
  { { .name = "accept-files-max",
      .group = NODE,
      .type = SENTIENT_SETTING_UINT,
      .at_once = TRUE,
      .minimum = 1,
      .maximum = 1048576,
      .fallback = "1024",
      .placeholder = N_ ("MIB"),
      .what = N_ ("MiB of a file up to which accept-files takes it; larger ones, and those that do "
                  "not say how large they are, wait for an answer") } },
  { { .name = "data",
      .group = NODE,
      .type = SENTIENT_SETTING_STRING,
      .placeholder = N_ ("DIR"),
      .what
      = N_ ("keep the node's name in DIR/node-id, and a coordinator's sessions over a restart "
            "in DIR/handover") },
    SENTIENT_SETTING_CHECK_DIR },
  { { .name = "debug",
      .group = NODE,
      .type = SENTIENT_SETTING_BOOLEAN,
      .fallback = "false",
      .placeholder = N_ ("BOOL"),
      .what = N_ ("tell every step, and the library's own notes, on stderr") } },
};

static const struct
{
  const char *name; /* the property's, too */
  gboolean at_once; /* as the property's documentation says */
  const char *what;
} limits[] = {
  { "signal-rate", TRUE, N_ ("signals a second of a node; 0: any number") },
  { "signal-burst", TRUE, N_ ("signals at once of a node that was quiet") },
  { "join-rate", TRUE, N_ ("joins a second of a node; 0: any number") },
  { "join-burst", TRUE, N_ ("joins at once of a node that was quiet") },
  { "connection-rate", TRUE, N_ ("new connections a second of an address; 0: any number") },
  { "connection-burst", TRUE, N_ ("new connections at once of an address") },
  { "connections-per-address", TRUE, N_ ("open connections of an address; 0: any number") },
  { "max-connections", TRUE, N_ ("open connections in all; 0: what file descriptors allow") },
  { "max-nodes", TRUE, N_ ("nodes in all") },
  { "max-rooms", TRUE, N_ ("rooms in all") },
  { "max-peers", TRUE, N_ ("nodes in a room") },
  { "max-rooms-per-node", TRUE, N_ ("rooms that a node is in") },
  { "max-message-size", FALSE, N_ ("bytes of a message or HTTP body") },
  { "max-metadata-size", TRUE, N_ ("bytes of the metadata of a join") },
  { "max-queued-messages", TRUE, N_ ("messages that wait for a node") },
  { "max-queued-bytes", TRUE, N_ ("bytes that wait for a node") },
  { "max-queued-messages-per-sender", TRUE, N_ ("of these messages, from one sender") },
  { "max-queued-bytes-per-sender", TRUE, N_ ("of these bytes, from one sender") },
  { "max-queued-bytes-total", TRUE, N_ ("bytes that wait for all nodes") },
  { "address-share", TRUE, N_ ("of these, one address has at most one part in so many") },
  { "head-timeout", TRUE, N_ ("ms until a request head of at most 8 KiB is there") },
  { "body-timeout", TRUE, N_ ("ms until a request body is there") },
  { "idle-timeout", TRUE, N_ ("ms without request until an HTTP connection is closed") },
  { "ping-interval", TRUE, N_ ("ms between pings of a WebSocket") },
  { "silence-timeout", TRUE, N_ ("ms without a sign of life until a node is lost") },
  { "grace-time", TRUE, N_ ("ms that a lost node keeps its place") },
  { "drain-time", TRUE, N_ ("ms that it serves those who are there before it stops") },
};

#define N_INFOS (G_N_ELEMENTS (rows) + G_N_ELEMENTS (limits))

/* The range of the property, and its default if there is no other. */
static void
complete (SentientSettingInfo *info, GObjectClass *klass)
{
  GParamSpec *property = g_object_class_find_property (klass, info->property);

  g_assert (property != NULL);
  if (G_IS_PARAM_SPEC_UINT (property))
    {
      info->minimum = G_PARAM_SPEC_UINT (property)->minimum;
      info->maximum = G_PARAM_SPEC_UINT (property)->maximum;
      if (info->fallback == NULL)
        info->fallback = g_strdup_printf ("%u", G_PARAM_SPEC_UINT (property)->default_value);
    }
  else if (G_IS_PARAM_SPEC_BOOLEAN (property) && info->fallback == NULL)
    info->fallback = G_PARAM_SPEC_BOOLEAN (property)->default_value ? "true" : "false";
}

static const SentientSettingInfo *
make_infos (void)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (SENTIENT_TYPE_COORDINATOR);
  static SentientSettingInfo infos[N_INFOS];

  for (gsize i = 0; i < N_INFOS; i++)
    {
      if (i < G_N_ELEMENTS (rows))
        infos[i] = rows[i].info;
      else
        infos[i] = (SentientSettingInfo){
          .name = limits[i - G_N_ELEMENTS (rows)].name,
          .group = LIMITS,
          .type = SENTIENT_SETTING_UINT,
          .at_once = limits[i - G_N_ELEMENTS (rows)].at_once,
          .property = limits[i - G_N_ELEMENTS (rows)].name,
          .placeholder = N_ ("NUMBER"),
          .what = limits[i - G_N_ELEMENTS (rows)].what,
        };
      if (infos[i].property != NULL)
        complete (&infos[i], G_OBJECT_CLASS (klass));
    }
  return infos;
}

const SentientSettingInfo *
sentient_settings_get_infos (guint *n)
{
  static gsize made = 0;

  if (g_once_init_enter (&made))
    g_once_init_leave (&made, (gsize)make_infos ());
  if (n != NULL)
    *n = N_INFOS;
  return (const SentientSettingInfo *)made;
}

int
sentient_settings_find_index (const char *name, gsize len)
{
  const SentientSettingInfo *infos = sentient_settings_get_infos (NULL);

  for (gsize i = 0; i < N_INFOS; i++)
    if (strlen (infos[i].name) == len && memcmp (infos[i].name, name, len) == 0)
      return (int)i;
  return -1;
}

const SentientSettingInfo *
sentient_settings_find_info (const char *name)
{
  int index;

  g_return_val_if_fail (name != NULL, NULL);

  index = sentient_settings_find_index (name, strlen (name));
  return index >= 0 ? sentient_settings_get_infos (NULL) + index : NULL;
}

SentientSettingCheck
sentient_settings_get_check (guint index)
{
  return index < G_N_ELEMENTS (rows) ? rows[index].check : SENTIENT_SETTING_CHECK_NONE;
}
