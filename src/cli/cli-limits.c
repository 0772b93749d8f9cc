/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* Defaults and ranges are the properties'. */
static const struct
{
  const char *name;
  const char *what;
} limits_known[] = {
  { "signal-rate", N_ ("signals a second of a node; 0: any number") },
  { "signal-burst", N_ ("signals at once of a node that was quiet") },
  { "join-rate", N_ ("joins a second of a node; 0: any number") },
  { "join-burst", N_ ("joins at once of a node that was quiet") },
  { "connection-rate", N_ ("new connections a second of an address; 0: any number") },
  { "connection-burst", N_ ("new connections at once of an address") },
  { "connections-per-address", N_ ("open connections of an address; 0: any number") },
  { "max-connections", N_ ("open connections in all; 0: what file descriptors allow") },
  { "max-nodes", N_ ("nodes in all") },
  { "max-rooms", N_ ("rooms in all") },
  { "max-peers", N_ ("nodes in a room") },
  { "max-rooms-per-node", N_ ("rooms that a node is in") },
  { "max-message-size", N_ ("bytes of a message or HTTP body") },
  { "max-metadata-size", N_ ("bytes of the metadata of a join") },
  { "max-queued-messages", N_ ("messages that wait for a node") },
  { "max-queued-bytes", N_ ("bytes that wait for a node") },
  { "max-queued-messages-per-sender", N_ ("of these messages, from one sender") },
  { "max-queued-bytes-per-sender", N_ ("of these bytes, from one sender") },
  { "max-queued-bytes-total", N_ ("bytes that wait for all nodes") },
  { "address-share", N_ ("of these, one address has at most one part in so many") },
  { "head-timeout", N_ ("ms until a request head of at most 8 KiB is there") },
  { "body-timeout", N_ ("ms until a request body is there") },
  { "idle-timeout", N_ ("ms without request until an HTTP connection is closed") },
  { "ping-interval", N_ ("ms between pings of a WebSocket") },
  { "silence-timeout", N_ ("ms without a sign of life until a node is lost") },
  { "grace-time", N_ ("ms that a lost node keeps its place") },
  { "drain-time", N_ ("ms that it serves those who are there before it stops") },
};

static GParamSpecUInt *
find_property (GObjectClass *klass, const char *name, gsize len)
{
  for (gsize i = 0; i < G_N_ELEMENTS (limits_known); i++)
    if (strlen (limits_known[i].name) == len && memcmp (limits_known[i].name, name, len) == 0)
      return G_PARAM_SPEC_UINT (g_object_class_find_property (klass, limits_known[i].name));
  return NULL;
}

/* NULL: error is set. */
static GParamSpecUInt *
parse (GObjectClass *klass, const char *limit, guint *value, GError **error)
{
  const char *equals = strchr (limit, '=');
  gsize len = equals != NULL ? (gsize)(equals - limit) : strlen (limit);
  GParamSpecUInt *property = find_property (klass, limit, len);
  guint64 number;

  if (property == NULL)
    {
      g_autoptr (GString) names = g_string_new (NULL);

      cli_limits_describe (names);
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--limit: there is no limit \"%.*s\"; these are there:\n%s"),
                   (int)MIN (len, 64), limit, names->str);
      return NULL;
    }
  if (equals == NULL
      || !g_ascii_string_to_unsigned (equals + 1, 10, property->minimum, property->maximum, &number,
                                      NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--limit: \"%.128s\" will not do: give %.*s a number from %u to %u, like "
                      "%.*s=%u"),
                   limit, (int)len, limit, property->minimum, property->maximum, (int)len, limit,
                   property->default_value);
      return NULL;
    }
  *value = (guint)number;
  return property;
}

gboolean
cli_limits_check (const char *const *limits, GError **error)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (SENTIENT_TYPE_COORDINATOR);
  guint value;

  for (guint i = 0; limits != NULL && limits[i] != NULL; i++)
    if (parse (G_OBJECT_CLASS (klass), limits[i], &value, error) == NULL)
      return FALSE;
  return TRUE;
}

void
cli_limits_apply (const char *const *limits, SentientCoordinator *coordinator)
{
  for (guint i = 0; limits != NULL && limits[i] != NULL; i++)
    {
      guint value;
      GParamSpecUInt *property = parse (G_OBJECT_GET_CLASS (coordinator), limits[i], &value, NULL);

      g_assert (property != NULL);
      g_object_set (coordinator, property->parent_instance.name, value, NULL);
    }
}

void
cli_limits_describe (GString *text)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (SENTIENT_TYPE_COORDINATOR);

  for (gsize i = 0; i < G_N_ELEMENTS (limits_known); i++)
    {
      const char *name = limits_known[i].name;
      GParamSpecUInt *property = find_property (G_OBJECT_CLASS (klass), name, strlen (name));
      g_autofree char *range = g_strdup_printf ("%u (%u-%u)", property->default_value,
                                                property->minimum, property->maximum);

      g_string_append_printf (text, "  %-31s %-30s %s\n", name, range, _ (limits_known[i].what));
    }
}
