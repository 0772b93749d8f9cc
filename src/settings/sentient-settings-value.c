/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/sentient-settings-value.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "protocol/sentient-candidate-filter.h"
#include "protocol/sentient-names.h"
#include "protocol/sentient-replies.h"
#include "settings/sentient-settings-table.h"
#include "signaling/sentient-access.h"
#include "signaling/sentient-channel.h"

/* Bytes of a value in an error; the rest of it is left out. */
#define SHOWN_MAX 128
#define HOST_MAX 255

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST, format, args);
  va_end (args);
  return FALSE;
}

/* text as an error may show it: on one line, not too long. */
static char *
shown (const char *text)
{
  g_autofree char *start = g_strndup (text, SHOWN_MAX);
  g_autofree char *valid = g_utf8_make_valid (start, -1);

  for (char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return g_steal_pointer (&valid);
}

/* url as an error may show it: with what may be a user and a password in it, not at all. */
static char *
without_secret (const char *scheme, const char *url)
{
  const char *colon = strchr (url, ':');
  gsize len = colon != NULL ? (gsize)(colon - url) : 0;
  gboolean is_plain
      = strchr (url, '@') == NULL && (colon == NULL || strchr (colon + 1, ':') == NULL);

  /* "user:password" looks like another scheme. */
  if (is_plain && colon != NULL && g_str_equal (scheme, "turn"))
    is_plain = (len == strlen ("turn") || len == strlen ("turns"))
               && g_ascii_strncasecmp (url, "turns", len) == 0;
  return is_plain ? shown (url) : g_strdup (_ ("(not shown)"));
}

static gboolean
seed_is_valid (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GUri) usable = sentient_channel_parse_uri (url, NULL);

  return usable != NULL && uri != NULL && g_uri_get_host (uri) != NULL
         && *g_uri_get_host (uri) != '\0'
         && (g_str_equal (g_uri_get_scheme (uri), "http")
             || g_str_equal (g_uri_get_scheme (uri), "https"));
}

static gboolean
check_seed (const char *where, const char *url, GError **error)
{
  g_autofree char *text = NULL;

  if (seed_is_valid (url))
    return TRUE;
  text = shown (url);
  return fail (error, _ ("%s: \"%s\" is no http:// or https:// URL; write it like %s"), where, text,
               "http://127.0.0.1:8888");
}

static gboolean
check_ice_url (const char *where,
               const char *scheme,
               const char *example,
               const char *url,
               GError **error)
{
  g_autofree char *text = NULL;

  if (g_str_has_prefix (url, scheme) && sentient_ice_url_check (url, NULL))
    return TRUE;
  text = without_secret (scheme, url);
  return fail (error, _ ("%s: \"%s\" will not do; write it like %s"), where, text, example);
}

static gboolean
check_name (const char *where, const char *name, GError **error)
{
  g_autofree char *text = NULL;

  if (sentient_name_is_valid (name, -1))
    return TRUE;
  text = shown (name);
  return fail (error,
               _ ("%s: \"%s\" will not do: use 1 to 128 of A-Z a-z 0-9 . _ : - (\"system\" is "
                  "reserved)"),
               where, text);
}

static gboolean
check_host (const char *where, const char *host, GError **error)
{
  static const char allowed[]
      = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".:-_%"; /* names, IPv4, IPv6 with a scope */
  g_autofree char *text = NULL;

  if (*host != '\0' && strlen (host) <= HOST_MAX && host[strspn (host, allowed)] == '\0')
    return TRUE;
  text = shown (host);
  return fail (error,
               _ ("%s: \"%s\" is no address; write 127.0.0.1 (this machine only), 0.0.0.0 "
                  "(everybody who reaches it) or another of its addresses"),
               where, text);
}

static gboolean
check_dir (const char *where, const char *path, gboolean absolute, GError **error)
{
  g_autofree char *text = NULL;

  if (*path == '\0')
    return fail (error, _ ("%s: give the name of a directory"), where);
  if (!absolute || g_path_is_absolute (path))
    return TRUE;
  text = shown (path);
  return fail (error,
               _ ("%s: \"%s\" is a different place for each program that reads it; write a "
                  "path that begins with /"),
               where, text);
}

static gboolean
check_access (SentientSettingCheck check, const char *where, const char *text, GError **error)
{
  g_autoptr (SentientAccess) access = sentient_access_new (FALSE, TRUE);
  g_autoptr (GError) local = NULL;

  if (check == SENTIENT_SETTING_CHECK_PUBLIC_URL)
    sentient_access_set_public_url (access, text, &local);
  else if (check == SENTIENT_SETTING_CHECK_PROXY)
    sentient_access_add_proxy (access, text, &local);
  else
    sentient_access_add_origin (access, text, &local);
  return local == NULL || fail (error, "%s: %s", where, local->message);
}

/* All words together, since one may take away what another asks for. */
static gboolean
check_candidates (const char *where, const char *const *words, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (SentientCandidateFilter) filter = sentient_candidate_filter_new (words, &local);

  return filter != NULL || fail (error, "%s: %s", where, local->message);
}

/* One string or one item of a list. */
static gboolean
check_text (guint index, const char *where, const char *text, gboolean absolute, GError **error)
{
  SentientSettingCheck check = sentient_settings_get_check (index);

  if (!g_utf8_validate (text, -1, NULL))
    return fail (error, _ ("%s: this is no UTF-8 text"), where);
  switch (check)
    {
    case SENTIENT_SETTING_CHECK_NONE:
      return TRUE;
    case SENTIENT_SETTING_CHECK_HOST:
      return check_host (where, text, error);
    case SENTIENT_SETTING_CHECK_NAME:
      return check_name (where, text, error);
    case SENTIENT_SETTING_CHECK_SEED:
      return check_seed (where, text, error);
    case SENTIENT_SETTING_CHECK_STUN:
      return check_ice_url (where, "stun", "stun:stun.l.google.com:19302 (or none)", text, error);
    case SENTIENT_SETTING_CHECK_TURN:
      return check_ice_url (where, "turn", "turn:user:password@host:3478", text, error);
    case SENTIENT_SETTING_CHECK_PUBLIC_URL:
    case SENTIENT_SETTING_CHECK_PROXY:
    case SENTIENT_SETTING_CHECK_ORIGIN:
      return check_access (check, where, text, error);
    case SENTIENT_SETTING_CHECK_DIR:
      return check_dir (where, text, absolute, error);
    case SENTIENT_SETTING_CHECK_CANDIDATES:
      return check_candidates (where, (const char *const[]){ text, NULL }, error);
    default:
      g_assert_not_reached ();
    }
}

static gboolean
check_list (guint index, const char *where, const char *const *items, GError **error)
{
  for (guint i = 0; items[i] != NULL; i++)
    if (!check_text (index, where, items[i], FALSE, error))
      return FALSE;
  return sentient_settings_get_check (index) != SENTIENT_SETTING_CHECK_CANDIDATES
         || check_candidates (where, items, error);
}

static gboolean
parse_boolean (const char *where, const char *text, gboolean *value, GError **error)
{
  static const char *const words[][2]
      = { { "true", "false" }, { "yes", "no" }, { "on", "off" }, { "1", "0" } };
  g_autofree char *given = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    for (guint j = 0; j < 2; j++)
      if (g_ascii_strcasecmp (text, words[i][j]) == 0)
        {
          *value = j == 0;
          return TRUE;
        }
  given = shown (text);
  return fail (error, _ ("%s: \"%s\" is neither true nor false"), where, given);
}

static gboolean
parse_uint (const SentientSettingInfo *info,
            const char *where,
            const char *text,
            guint *value,
            GError **error)
{
  g_autofree char *given = NULL;
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, info->minimum, info->maximum, &number, NULL))
    {
      *value = (guint)number;
      return TRUE;
    }
  given = shown (text);
  return fail (error, _ ("%s: \"%s\" will not do: give a number from %u to %u"), where, given,
               info->minimum, info->maximum);
}

GStrv
sentient_settings_split (const char *text)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_strv_builder_add (all, parts[i]);
  return g_strv_builder_end (all);
}

GVariant *
sentient_settings_value_new_strv (guint index,
                                  const char *where,
                                  const char *const *items,
                                  GError **error)
{
  if (items[0] != NULL && items[1] == NULL && g_str_equal (items[0], "none"))
    return g_variant_ref_sink (g_variant_new_strv (NULL, 0));
  if (items[0] == NULL)
    {
      fail (error, _ ("%s: nothing is given; write none, or leave it out for the default"), where);
      return NULL;
    }
  if (!check_list (index, where, items, error))
    return NULL;
  return g_variant_ref_sink (g_variant_new_strv (items, -1));
}

GVariant *
sentient_settings_value_parse (guint index,
                               const char *where,
                               const char *text,
                               gboolean paths_absolute,
                               GError **error)
{
  const SentientSettingInfo *info = sentient_settings_get_infos (NULL) + index;
  g_auto (GStrv) items = NULL;
  gboolean truth = FALSE;
  guint number = 0;

  switch (info->type)
    {
    case SENTIENT_SETTING_STRING:
      if (!check_text (index, where, text, paths_absolute, error))
        return NULL;
      return g_variant_ref_sink (g_variant_new_string (text));
    case SENTIENT_SETTING_BOOLEAN:
      if (!parse_boolean (where, text, &truth, error))
        return NULL;
      return g_variant_ref_sink (g_variant_new_boolean (truth));
    case SENTIENT_SETTING_UINT:
      if (!parse_uint (info, where, text, &number, error))
        return NULL;
      return g_variant_ref_sink (g_variant_new_uint32 (number));
    case SENTIENT_SETTING_STRV:
      items = sentient_settings_split (text);
      return sentient_settings_value_new_strv (index, where, (const char *const *)items, error);
    default:
      g_assert_not_reached ();
    }
}

gboolean
sentient_settings_value_check (guint index,
                               const char *where,
                               GVariant *value,
                               gboolean paths_absolute,
                               GError **error)
{
  const SentientSettingInfo *info = sentient_settings_get_infos (NULL) + index;
  g_autofree char *text = NULL;
  g_autoptr (GVariant) parsed = NULL;

  if (info->type == SENTIENT_SETTING_STRV)
    {
      g_autofree const char **items = g_variant_get_strv (value, NULL);

      return check_list (index, where, items, error);
    }
  text = sentient_settings_value_print (value, FALSE);
  parsed = sentient_settings_value_parse (index, where, text, paths_absolute, error);
  return parsed != NULL;
}

gboolean
sentient_settings_value_is_empty (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return *g_variant_get_string (value, NULL) == '\0';
  return g_variant_is_container (value) && g_variant_n_children (value) == 0;
}

/* What stands between "scheme:user:" and the last "@". */
static char *
hide_password (const char *url)
{
  const char *at = strrchr (url, '@');
  const char *user = strchr (url, ':');
  const char *password = user != NULL ? strchr (user + 1, ':') : NULL;

  if (at == NULL || password == NULL || password > at)
    return g_strdup (url);
  return g_strdup_printf ("%.*s***%s", (int)(password + 1 - url), url, at);
}

static char *
print_list (GVariant *value, gboolean show)
{
  g_autofree const char **items = g_variant_get_strv (value, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_autofree char *item = show ? hide_password (items[i]) : g_strdup (items[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", item);
    }
  return g_string_free (text, FALSE);
}

char *
sentient_settings_value_print (GVariant *value, gboolean show)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? "true" : "false");
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_strdup_printf ("%u", g_variant_get_uint32 (value));
  if (sentient_settings_value_is_empty (value))
    return g_strdup ("none");
  return print_list (value, show);
}
