/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-early-candidates.h"

#include <string.h>

typedef struct
{
  char *node_id;
  GPtrArray *candidates;
} Node;

struct _SentientEarlyCandidates
{
  GQueue nodes; /* of Node; the oldest first. So few that a search is cheap. */
};

static void
candidate_free (gpointer data)
{
  SentientEarlyCandidate *candidate = data;

  g_free (candidate->negotiation);
  g_free (candidate->text);
  g_free (candidate);
}

static void
node_free (gpointer data)
{
  Node *node = data;

  g_free (node->node_id);
  g_ptr_array_unref (node->candidates);
  g_free (node);
}

SentientEarlyCandidates *
sentient_early_candidates_new (void)
{
  SentientEarlyCandidates *self = g_new0 (SentientEarlyCandidates, 1);

  g_queue_init (&self->nodes);
  return self;
}

void
sentient_early_candidates_free (SentientEarlyCandidates *self)
{
  sentient_early_candidates_clear (self);
  g_free (self);
}

static GList *
find (SentientEarlyCandidates *self, const char *node_id)
{
  for (GList *l = self->nodes.head; l != NULL; l = l->next)
    {
      if (g_str_equal (((Node *)l->data)->node_id, node_id))
        return l;
    }
  return NULL;
}

gboolean
sentient_early_candidates_add (SentientEarlyCandidates *self,
                               const char *node_id,
                               const char *negotiation,
                               guint mline,
                               const char *text)
{
  GList *link = find (self, node_id);
  SentientEarlyCandidate *candidate;
  Node *node;

  if (strlen (text) > SENTIENT_EARLY_SIZE_MAX)
    return FALSE;
  if (link == NULL)
    {
      if (self->nodes.length >= SENTIENT_EARLY_NODES_MAX)
        node_free (g_queue_pop_head (&self->nodes));
      node = g_new0 (Node, 1);
      node->node_id = g_strdup (node_id);
      node->candidates = g_ptr_array_new_with_free_func (candidate_free);
      g_queue_push_tail (&self->nodes, node);
    }
  else
    node = link->data;
  if (node->candidates->len >= SENTIENT_EARLY_CANDIDATES_MAX)
    return FALSE;
  candidate = g_new0 (SentientEarlyCandidate, 1);
  candidate->negotiation = g_strdup (negotiation);
  candidate->mline = mline;
  candidate->text = g_strdup (text);
  g_ptr_array_add (node->candidates, candidate);
  return TRUE;
}

GPtrArray *
sentient_early_candidates_take (SentientEarlyCandidates *self,
                                const char *node_id,
                                const char *negotiation)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func (candidate_free);
  GList *link = find (self, node_id);
  Node *node;

  if (link == NULL)
    return taken;
  node = link->data;
  for (guint i = 0; i < node->candidates->len; i++)
    {
      SentientEarlyCandidate *candidate = node->candidates->pdata[i];

      if (candidate->negotiation != NULL && g_strcmp0 (candidate->negotiation, negotiation) != 0)
        continue;
      g_ptr_array_add (taken, candidate);
      node->candidates->pdata[i] = NULL;
    }
  /* The taken ones left holes. */
  for (guint i = node->candidates->len; i > 0; i--)
    {
      if (node->candidates->pdata[i - 1] == NULL)
        g_ptr_array_steal_index (node->candidates, i - 1);
    }
  sentient_early_candidates_drop (self, node_id);
  return taken;
}

void
sentient_early_candidates_drop (SentientEarlyCandidates *self, const char *node_id)
{
  GList *link = find (self, node_id);

  if (link == NULL)
    return;
  node_free (link->data);
  g_queue_delete_link (&self->nodes, link);
}

void
sentient_early_candidates_clear (SentientEarlyCandidates *self)
{
  g_queue_clear_full (&self->nodes, node_free);
}

guint
sentient_early_candidates_get_n_nodes (SentientEarlyCandidates *self)
{
  return self->nodes.length;
}
