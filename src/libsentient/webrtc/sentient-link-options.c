/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webrtc/sentient-link-options.h"

#include <string.h>

#include "protocol/sentient-replies.h"

/* People write TURN servers as "turn:user:pass@host:port", webrtcbin wants a "//" in it. */
static GStrv
normalize_turn (const char *const *urls)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; urls != NULL && urls[i] != NULL; i++)
    {
      const char *colon = strchr (urls[i], ':');
      g_autofree char *full = NULL;

      if (strstr (urls[i], "://") != NULL)
        full = g_strdup (urls[i]);
      else if (g_str_has_prefix (urls[i], "turn:") || g_str_has_prefix (urls[i], "turns:"))
        full = g_strdup_printf ("%.*s://%s", (int)(colon - urls[i]), urls[i], colon + 1);
      else
        full = g_strconcat ("turn://", urls[i], NULL);
      g_strv_builder_add (builder, full);
    }
  return g_strv_builder_end (builder);
}

SentientLinkOptions *
sentient_link_options_new (const char *const *stun_urls,
                           const char *const *turn_urls,
                           gboolean relay_only,
                           SentientCandidateFilter *filter)
{
  SentientLinkOptions *self = g_new0 (SentientLinkOptions, 1);

  self->stun_urls = stun_urls != NULL ? g_strdupv ((GStrv)stun_urls) : g_new0 (char *, 1);
  self->turn_urls = normalize_turn (turn_urls);
  self->relay_only = relay_only;
  self->filter = filter != NULL ? sentient_candidate_filter_ref (filter) : NULL;
  return self;
}

SentientLinkOptions *
sentient_link_options_copy (const SentientLinkOptions *self)
{
  if (self == NULL)
    return sentient_link_options_new (NULL, NULL, FALSE, NULL);
  return sentient_link_options_new ((const char *const *)self->stun_urls,
                                    (const char *const *)self->turn_urls, self->relay_only,
                                    self->filter);
}

void
sentient_link_options_free (SentientLinkOptions *self)
{
  g_strfreev (self->stun_urls);
  g_strfreev (self->turn_urls);
  g_clear_pointer (&self->filter, sentient_candidate_filter_unref);
  g_free (self);
}

gboolean
sentient_link_options_allow_own (const SentientLinkOptions *self, SentientCandidateType type)
{
  return (type == SENTIENT_CANDIDATE_TYPE_RELAY || !self->relay_only)
         && (self->filter == NULL || sentient_candidate_filter_allows_type (self->filter, type));
}

/* What stands behind a reflexive or relayed address may be one of the machine's own, or what a STUN
 * server sees of it: it may be told if both may. */
static gboolean
hides_related (const SentientLinkOptions *self, const SentientCandidate *candidate)
{
  return candidate->has_related
         && (!sentient_link_options_allow_own (self, SENTIENT_CANDIDATE_TYPE_HOST)
             || !sentient_link_options_allow_own (self, SENTIENT_CANDIDATE_TYPE_SRFLX)
             || (self->filter != NULL
                 && !sentient_candidate_filter_allows_address (self->filter, candidate->related)));
}

char *
sentient_link_options_screen_local (const SentientLinkOptions *self, const char *text)
{
  SentientCandidate candidate;

  if (self->filter == NULL && !self->relay_only)
    return g_strdup (text);
  if (!sentient_candidate_parse (&candidate, text)
      || !sentient_link_options_allow_own (self, candidate.type)
      || (self->filter != NULL && !sentient_candidate_filter_passes (self->filter, &candidate)))
    return NULL;
  if (hides_related (self, &candidate))
    return sentient_candidate_dup_without_related (text);
  return g_strdup (text);
}

gboolean
sentient_link_options_admit_remote (const SentientLinkOptions *self, const char *text)
{
  SentientCandidate candidate;

  return self->filter == NULL
         || (sentient_candidate_parse (&candidate, text)
             && sentient_candidate_filter_passes (self->filter, &candidate));
}

static const char *
skip_scheme (const char *url)
{
  static const char *const schemes[] = { "stun:", "stuns:", "turn:", "turns:" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (url, schemes[i]))
      {
        url += strlen (schemes[i]);
        break;
      }
  return g_str_has_prefix (url, "//") ? url + 2 : url;
}

char *
sentient_link_options_show_url (const char *url)
{
  const char *at = strrchr (url, '@');
  const char *host = at != NULL ? at + 1 : skip_scheme (url);
  const char *colon = strrchr (host, ':');
  g_autofree char *start = g_strndup (host, 128);

  /* What somebody forgot to write the "@" and the host behind may be user and password. */
  if (at == NULL && colon != NULL && colon[1 + strspn (colon + 1, "0123456789")] != '\0')
    return g_strdup ("(not shown)");
  return g_strescape (start, NULL);
}

/* TURN over TLS is complained about where the servers are set up, and so is what is no URL. */
static gboolean
is_usable_turn (const char *url)
{
  return !g_str_has_prefix (url, "turns:") && sentient_ice_url_check (url, NULL);
}

char *
sentient_link_options_dup_relays (const SentientLinkOptions *self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  if (!sentient_link_options_allow_own (self, SENTIENT_CANDIDATE_TYPE_RELAY))
    return NULL;
  for (guint i = 0; self->turn_urls[i] != NULL; i++)
    {
      g_autofree char *name = sentient_link_options_show_url (self->turn_urls[i]);

      if (is_usable_turn (self->turn_urls[i]))
        g_string_append_printf (names, "%s“%s”", names->len > 0 ? ", " : "", name);
    }
  return names->len > 0 ? g_string_free (g_steal_pointer (&names), FALSE) : NULL;
}
