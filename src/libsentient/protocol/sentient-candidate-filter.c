/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/sentient-candidate-filter.h"

#include "core/sentient-error.h"
#include "core/sentient-networks.h"
#include "core/sentient-race.h"

typedef enum
{
  KIND_TYPE,
  KIND_TRANSPORT,
  KIND_FAMILY,
  N_KINDS,
} Kind;

enum
{
  TRANSPORT_UDP = 1 << 0,
  TRANSPORT_TCP = 1 << 1,
  FAMILY_IPV4 = 1 << 0,
  FAMILY_IPV6 = 1 << 1,
};

#define TYPE(type) (1u << SENTIENT_CANDIDATE_TYPE_##type)

static const struct
{
  const char *word;
  Kind kind;
  guint bit;
} words_known[] = {
  { "host", KIND_TYPE, TYPE (HOST) },       { "srflx", KIND_TYPE, TYPE (SRFLX) },
  { "relay", KIND_TYPE, TYPE (RELAY) },     { "udp", KIND_TRANSPORT, TRANSPORT_UDP },
  { "tcp", KIND_TRANSPORT, TRANSPORT_TCP }, { "ipv4", KIND_FAMILY, FAMILY_IPV4 },
  { "ipv6", KIND_FAMILY, FAMILY_IPV6 },
};

/* All there is of each kind. */
static const guint all[N_KINDS] = {
  TYPE (HOST) | TYPE (SRFLX) | TYPE (RELAY),
  TRANSPORT_UDP | TRANSPORT_TCP,
  FAMILY_IPV4 | FAMILY_IPV6,
};

/* What stands without "!", and what with it. */
typedef struct
{
  guint bits[N_KINDS];
  SentientNetworks *networks;
} Words;

struct _SentientCandidateFilter
{
  gatomicrefcount refs;
  Words in;
  Words out;
};

static gboolean
add_word (SentientCandidateFilter *self, const char *text)
{
  Words *words = *text == '!' ? &self->out : &self->in;

  if (*text == '!')
    text++;
  for (guint i = 0; i < G_N_ELEMENTS (words_known); i++)
    if (g_ascii_strcasecmp (text, words_known[i].word) == 0)
      {
        words->bits[words_known[i].kind] |= words_known[i].bit;
        return TRUE;
      }
  return sentient_networks_add (words->networks, text);
}

/* Whether one kind of words asks for nothing that it does not take away again. */
static gboolean
lets_nothing_through (const SentientCandidateFilter *self)
{
  for (Kind kind = 0; kind < N_KINDS; kind++)
    {
      guint asked = self->in.bits[kind] != 0 ? self->in.bits[kind] : all[kind];

      if ((asked & ~self->out.bits[kind]) != 0)
        continue;
      if (kind != KIND_FAMILY || self->out.bits[kind] == all[kind]
          || sentient_networks_is_empty (self->in.networks))
        return TRUE;
    }
  return FALSE;
}

SentientCandidateFilter *
sentient_candidate_filter_new (const char *const *words, GError **error)
{
  g_autoptr (SentientCandidateFilter) self = g_new0 (SentientCandidateFilter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->in.networks = sentient_networks_new ();
  self->out.networks = sentient_networks_new ();
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    {
      g_autofree char *shown = NULL;

      if (i == SENTIENT_CANDIDATE_FILTER_MAX_WORDS)
        {
          g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                       "A candidate filter has at most %u words; put networks together.",
                       SENTIENT_CANDIDATE_FILTER_MAX_WORDS);
          return NULL;
        }
      if (add_word (self, words[i]))
        continue;
      shown = g_strescape (words[i], NULL);
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "“%.64s” is no word of a candidate filter: use host, srflx, relay, udp, tcp, "
                   "ipv4, ipv6 or a network like 10.0.0.0/8, with ! before what is not wanted.",
                   shown);
      return NULL;
    }
  if (lets_nothing_through (self))
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST,
                   "The candidate filter lets nothing through: leave something of types (host, "
                   "srflx, relay), transports (udp, tcp) and families (ipv4, ipv6).");
      return NULL;
    }
  return g_steal_pointer (&self);
}

SentientCandidateFilter *
sentient_candidate_filter_ref (SentientCandidateFilter *self)
{
  sentient_race_ref (&self->refs);
  return self;
}

void
sentient_candidate_filter_unref (SentientCandidateFilter *self)
{
  if (!sentient_race_unref (&self->refs))
    return;
  sentient_networks_free (self->in.networks);
  sentient_networks_free (self->out.networks);
  g_free (self);
}

static gboolean
allows (const SentientCandidateFilter *self, Kind kind, guint bit)
{
  return (self->in.bits[kind] == 0 || (self->in.bits[kind] & bit) != 0)
         && (self->out.bits[kind] & bit) == 0;
}

static guint
family_of (const guint8 address[16])
{
  return sentient_networks_is_ipv4 (address) ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* Whether any word without "!" is about addresses. */
static gboolean
asks_for_addresses (const SentientCandidateFilter *self)
{
  return self->in.bits[KIND_FAMILY] != 0 || !sentient_networks_is_empty (self->in.networks);
}

gboolean
sentient_candidate_filter_allows_type (const SentientCandidateFilter *self,
                                       SentientCandidateType type)
{
  return allows (self, KIND_TYPE, 1u << type);
}

gboolean
sentient_candidate_filter_allows_address (const SentientCandidateFilter *self,
                                          const guint8 address[16])
{
  guint family = family_of (address);

  if ((self->out.bits[KIND_FAMILY] & family) != 0
      || sentient_networks_contain (self->out.networks, address))
    return FALSE;
  return !asks_for_addresses (self) || (self->in.bits[KIND_FAMILY] & family) != 0
         || sentient_networks_contain (self->in.networks, address);
}

gboolean
sentient_candidate_filter_excludes_address (const SentientCandidateFilter *self,
                                            const guint8 address[16])
{
  guint family = family_of (address);

  return (self->out.bits[KIND_FAMILY] & family) != 0
         || sentient_networks_contain (self->out.networks, address)
         || (sentient_networks_is_empty (self->in.networks) && !allows (self, KIND_FAMILY, family));
}

gboolean
sentient_candidate_filter_has_addresses (const SentientCandidateFilter *self)
{
  return asks_for_addresses (self) || self->out.bits[KIND_FAMILY] != 0
         || !sentient_networks_is_empty (self->out.networks);
}

gboolean
sentient_candidate_filter_names_loopback (const SentientCandidateFilter *self)
{
  return sentient_networks_have_loopback (self->in.networks);
}

gboolean
sentient_candidate_filter_passes (const SentientCandidateFilter *self,
                                  const SentientCandidate *candidate)
{
  return sentient_candidate_filter_allows_type (self, candidate->type)
         && allows (self, KIND_TRANSPORT, candidate->is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP)
         && (candidate->has_address
                 ? sentient_candidate_filter_allows_address (self, candidate->address)
                 : !asks_for_addresses (self));
}
