/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "settings/sentient-settings.h"

G_BEGIN_DECLS

/* Values as text, and as a GVariant of the setting's type ("s", "b", "u", "as"). */

/* Both return a full, not floating value. where begins each error: "--port", "FILE:12: port".
 * paths_absolute: a relative path will not do. Error: SENTIENT_ERROR_BAD_REQUEST. */
GVariant *sentient_settings_value_parse (guint index,
                                         const char *where,
                                         const char *text,
                                         gboolean paths_absolute,
                                         GError **error);
GVariant *sentient_settings_value_new_strv (guint index,
                                            const char *where,
                                            const char *const *items,
                                            GError **error);
/* A value of the right type that comes from somewhere else; fails as parsing its text would. */
gboolean sentient_settings_value_check (guint index,
                                        const char *where,
                                        GVariant *value,
                                        gboolean paths_absolute,
                                        GError **error);
/* "" or an empty list: as good as not set, where that cannot be left out. */
gboolean sentient_settings_value_is_empty (GVariant *value);

/* As it would be parsed. show: passwords are "***". */
char *sentient_settings_value_print (GVariant *value, gboolean show);

G_END_DECLS
