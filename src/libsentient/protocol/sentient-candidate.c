/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-candidate.h"

#include <string.h>

#include "core/sentient-networks.h"

/* Fields behind "candidate:", which have no names in the text. */
enum
{
  FIELD_FOUNDATION,
  FIELD_COMPONENT,
  FIELD_TRANSPORT,
  FIELD_PRIORITY,
  FIELD_ADDRESS,
  FIELD_PORT,
  FIELD_TYP,
  FIELD_TYPE,
  FIELD_FIRST_PAIR, /* from here on a name and a value each */
};

#define MAX_FIELDS 64

static GStrv
split (const char *text)
{
  GStrv fields;

  if (g_str_has_prefix (text, "a="))
    text += strlen ("a=");
  if (!g_str_has_prefix (text, "candidate:"))
    return NULL;
  fields = g_strsplit (text + strlen ("candidate:"), " ", MAX_FIELDS);
  if (g_strv_length (fields) >= FIELD_FIRST_PAIR && g_str_equal (fields[FIELD_TYP], "typ"))
    return fields;
  g_strfreev (fields);
  return NULL;
}

/* The index of its value; 0: it is not there. */
static guint
find_value (GStrv fields, const char *name)
{
  for (guint i = FIELD_FIRST_PAIR; fields[i] != NULL && fields[i + 1] != NULL; i += 2)
    if (g_str_equal (fields[i], name))
      return i + 1;
  return 0;
}

gboolean
sentient_candidate_parse (SentientCandidate *self, const char *text)
{
  g_auto (GStrv) fields = split (text);
  guint related;

  memset (self, 0, sizeof *self);
  if (fields == NULL)
    return FALSE;
  self->is_tcp = g_ascii_strcasecmp (fields[FIELD_TRANSPORT], "tcp") == 0;
  if (!self->is_tcp && g_ascii_strcasecmp (fields[FIELD_TRANSPORT], "udp") != 0)
    return FALSE;
  if (!sentient_candidate_type_from_string (fields[FIELD_TYPE], &self->type))
    self->type = SENTIENT_CANDIDATE_TYPE_UNKNOWN;
  self->has_address = sentient_networks_parse_bare (fields[FIELD_ADDRESS], self->address);
  related = find_value (fields, "raddr");
  self->has_related = related != 0 && sentient_networks_parse_bare (fields[related], self->related);
  return TRUE;
}

static void
replace (GStrv fields, guint i, const char *value)
{
  if (i == 0)
    return;
  g_free (fields[i]);
  fields[i] = g_strdup (value);
}

char *
sentient_candidate_dup_without_related (const char *text)
{
  g_auto (GStrv) fields = split (text);
  g_autofree char *joined = NULL;
  guint related;

  if (fields == NULL)
    return g_strdup (text);
  related = find_value (fields, "raddr");
  if (related == 0)
    return g_strdup (text);
  replace (fields, related, strchr (fields[related], ':') != NULL ? "::" : "0.0.0.0");
  replace (fields, find_value (fields, "rport"), "9");
  joined = g_strjoinv (" ", fields);
  return g_strconcat (g_str_has_prefix (text, "a=") ? "a=candidate:" : "candidate:", joined, NULL);
}
