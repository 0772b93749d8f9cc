/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-metadata.h"

#include <string.h>

#include "protocol/sentient-json.h"
#include "protocol/sentient-names.h"

char *
sentient_metadata_dup_name (const char *metadata)
{
  static const char *const keys[] = { "name" };
  SentientJsonValue value;
  char name[SENTIENT_NAME_MAX + 1];

  if (metadata == NULL
      || !sentient_json_pick (metadata, strlen (metadata), keys, &value, G_N_ELEMENTS (keys), NULL)
      || value.span.data == NULL || value.type != SENTIENT_JSON_STRING
      || !sentient_json_unescape (value.span, name, sizeof name) || name[0] == '\0')
    return NULL;
  return g_strdup (name);
}
