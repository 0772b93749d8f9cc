/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* What a value must be, beyond its type; of a list, each item. */
typedef enum
{
  SENTIENT_SETTING_CHECK_NONE,
  SENTIENT_SETTING_CHECK_HOST,
  SENTIENT_SETTING_CHECK_NAME, /* of a node, room or network */
  SENTIENT_SETTING_CHECK_SEED,
  SENTIENT_SETTING_CHECK_STUN,
  SENTIENT_SETTING_CHECK_TURN,
  SENTIENT_SETTING_CHECK_PUBLIC_URL,
  SENTIENT_SETTING_CHECK_PROXY,
  SENTIENT_SETTING_CHECK_ORIGIN,
  SENTIENT_SETTING_CHECK_DIR,
  SENTIENT_SETTING_CHECK_CANDIDATES,
} SentientSettingCheck;

/* index: into sentient_settings_get_infos () */
SentientSettingCheck sentient_settings_get_check (guint index);
/* -1: there is none of this name */
int sentient_settings_find_index (const char *name, gsize len);

G_END_DECLS
