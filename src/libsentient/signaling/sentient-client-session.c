/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signaling/sentient-client-session-private.h"

#include "core/sentient-error.h"

#define FAULTS_MAX 3 /* without any progress between them: then it is of no use to resume */

static void
entry_free (gpointer data)
{
  SentientClientEntry *entry = data;

  sentient_client_request_unref (entry->request);
  g_free (entry);
}

static void
recent_free (gpointer data)
{
  SentientClientRecent *recent = data;

  sentient_signal_unref (recent->signal);
  g_free (recent);
}

static void
failed_free (gpointer data)
{
  SentientFailedSignal *failed = data;

  sentient_signal_unref (failed->signal);
  g_error_free (failed->error);
  g_free (failed);
}

static GPtrArray *
new_failed_list (void)
{
  return g_ptr_array_new_with_free_func (failed_free);
}

SentientClientSession *
sentient_client_session_new (void)
{
  SentientClientSession *self = g_rc_box_new0 (SentientClientSession);

  g_queue_init (&self->entries);
  g_queue_init (&self->recent);
  self->failed = new_failed_list ();
  return self;
}

SentientClientSession *
sentient_client_session_ref (SentientClientSession *self)
{
  return g_rc_box_acquire (self);
}

void
sentient_client_session_drop_pages (SentientClientSession *self)
{
  g_clear_pointer (&self->pages, g_ptr_array_unref);
  g_clear_pointer (&self->page_room, g_free);
}

/* All that is known of one session. */
static void
clear (SentientClientSession *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->token, g_free);
  g_clear_pointer (&self->base, g_uri_unref);
  g_queue_clear_full (&self->entries, entry_free);
  g_queue_clear_full (&self->recent, recent_free);
  sentient_client_session_drop_pages (self);
  self->bytes = 0;
  self->last_ref = self->handled = self->leaving = 0;
  self->seen = self->acked = 0;
  self->faults = 0;
  self->too_large = FALSE;
  self->resumed = FALSE;
  self->restored = FALSE;
}

static void
session_clear (gpointer data)
{
  SentientClientSession *self = data;

  clear (self);
  g_ptr_array_unref (self->failed);
}

void
sentient_client_session_unref (SentientClientSession *self)
{
  g_rc_box_release_full (self, session_clear);
}

void
sentient_client_session_fail (SentientClientSession *self, SentientSignal *signal, GError *error)
{
  SentientFailedSignal *failed = g_new0 (SentientFailedSignal, 1);

  failed->signal = sentient_signal_ref (signal);
  failed->error = error;
  g_ptr_array_add (self->failed, failed);
}

GPtrArray *
sentient_client_session_take_failed (SentientClientSession *self)
{
  GPtrArray *failed = self->failed;

  self->failed = new_failed_list ();
  return failed;
}

/* Opening */

gboolean
sentient_client_session_is_begun (SentientClientSession *self)
{
  return self->token != NULL && !self->restored;
}

gboolean
sentient_client_session_was_resumed (SentientClientSession *self)
{
  return self->resumed;
}

static gboolean
is_of (SentientClientSession *self, GUri *base)
{
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  if (self->base == NULL)
    return FALSE;
  ours = g_uri_to_string (self->base);
  theirs = g_uri_to_string (base);
  return g_str_equal (ours, theirs);
}

const char *
sentient_client_session_get_token (SentientClientSession *self, GUri *base)
{
  return is_of (self, base) && !self->restored ? self->token : NULL;
}

char *
sentient_client_session_make_resume (SentientClientSession *self, GUri *base)
{
  if (!is_of (self, base))
    return sentient_client_message_resume (NULL, NULL, 0);
  return sentient_client_message_resume (self->name, self->token, self->seen);
}

void
sentient_client_session_opening (SentientClientSession *self)
{
  self->resumed = FALSE;
}

void
sentient_client_session_resumed (SentientClientSession *self)
{
  /* What is being left is nothing to go on with. */
  self->resumed = self->leaving == 0;
}

void
sentient_client_session_drop (SentientClientSession *self)
{
  for (GList *l = self->entries.head; l != NULL; l = l->next)
    {
      SentientClientEntry *entry = l->data;

      if (entry->request->signal != NULL)
        sentient_client_session_fail (
            self, entry->request->signal,
            g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CONNECTION_LOST,
                                 "the coordinator was lost before it took it"));
    }
  clear (self);
}

void
sentient_client_session_begin (SentientClientSession *self,
                               GUri *base,
                               const char *name,
                               const char *token,
                               guint64 ref)
{
  sentient_client_session_drop (self);
  self->base = g_uri_ref (base);
  self->name = g_strdup (name);
  self->token = g_strdup (token);
  self->last_ref = self->handled = ref;
}

void
sentient_client_session_restore (SentientClientSession *self,
                                 GUri *base,
                                 const char *name,
                                 const char *token)
{
  sentient_client_session_begin (self, base, name, token, 0);
  self->restored = TRUE;
}

gboolean
sentient_client_session_get_secrets (SentientClientSession *self,
                                     GUri **base,
                                     const char **name,
                                     const char **token)
{
  if (self->token == NULL)
    return FALSE;
  *base = self->base;
  *name = self->name;
  *token = self->token;
  return TRUE;
}

/* Asking */

SentientClientEntry *
sentient_client_session_find (SentientClientSession *self, guint64 ref)
{
  for (GList *l = self->entries.head; l != NULL; l = l->next)
    {
      SentientClientEntry *entry = l->data;

      if (entry->ref == ref)
        return entry;
    }
  return NULL;
}

void
sentient_client_session_remove (SentientClientSession *self, SentientClientEntry *entry)
{
  self->bytes -= entry->request->size;
  g_queue_remove (&self->entries, entry);
  if (entry->ref == self->leaving)
    self->leaving = 0;
  entry_free (entry);
}

static guint64
push (SentientClientSession *self, SentientClientRequest *request)
{
  SentientClientEntry *entry = g_new0 (SentientClientEntry, 1);

  entry->ref = ++self->last_ref;
  entry->request = sentient_client_request_ref (request);
  self->bytes += request->size;
  g_queue_push_tail (&self->entries, entry);
  return entry->ref;
}

guint64
sentient_client_session_add (SentientClientSession *self,
                             SentientClientRequest *request,
                             GError **error)
{
  if (g_queue_get_length (&self->entries) >= SENTIENT_CLIENT_REQUESTS_MAX
      || self->bytes + request->size > SENTIENT_CLIENT_BYTES_MAX)
    {
      g_set_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY,
                   "%u requests with %" G_GSIZE_FORMAT " bytes already wait for the coordinator to "
                   "take them: try again when it has",
                   g_queue_get_length (&self->entries), self->bytes);
      return 0;
    }
  return push (self, request);
}

void
sentient_client_session_abandon (SentientClientSession *self)
{
  g_autoptr (SentientClientRequest) leave = NULL;

  if (self->token == NULL)
    return;
  /* What was asked before is asked all the same: the numbers have to go on. */
  leave = sentient_client_request_new_leave (NULL);
  self->leaving = push (self, leave);
  self->resumed = FALSE;
}

SentientClientRequest *
sentient_client_session_next (SentientClientSession *self, guint64 after, guint64 *ref)
{
  for (GList *l = self->entries.head; l != NULL; l = l->next)
    {
      SentientClientEntry *entry = l->data;

      if (entry->ref <= after || entry->ref <= self->handled)
        continue;
      *ref = entry->ref;
      return entry->request;
    }
  return NULL;
}

char *
sentient_client_session_make_text (SentientClientSession *self,
                                   SentientClientRequest *request,
                                   guint64 ref,
                                   const char *node_id)
{
  char *text = sentient_client_request_make_text (request, node_id);

  self->acked = self->seen;
  return sentient_client_message_number (text, ref, self->seen);
}

void
sentient_client_session_posted (SentientClientSession *self, guint64 ref)
{
  SentientClientEntry *entry = sentient_client_session_find (self, ref);

  if (entry != NULL)
    entry->posted = TRUE;
}

static void
remember (SentientClientSession *self, guint64 ref, SentientSignal *signal)
{
  g_autofree char *negotiation = sentient_signal_dup_negotiation (signal);
  g_autofree char *payload = sentient_payload_new_candidate ("", NULL, 0, negotiation);
  SentientClientRecent *recent;
  SentientSignal *small
      = sentient_signal_new (sentient_signal_get_signal_type (signal),
                             sentient_signal_get_from (signal), sentient_signal_get_to (signal),
                             sentient_signal_get_room (signal), payload, NULL);

  recent = g_new0 (SentientClientRecent, 1);
  recent->ref = ref;
  recent->signal = small;
  g_queue_push_tail (&self->recent, recent);
  if (g_queue_get_length (&self->recent) > SENTIENT_CLIENT_RECENT_MAX)
    recent_free (g_queue_pop_head (&self->recent));
}

void
sentient_client_session_handled (SentientClientSession *self, guint64 ref)
{
  GList *next;

  self->handled = MAX (self->handled, ref);
  for (GList *l = self->entries.head; l != NULL; l = next)
    {
      SentientClientEntry *entry = l->data;

      next = l->next;
      if (entry->ref > ref)
        break;
      if (entry->request->signal == NULL)
        continue;
      remember (self, entry->ref, entry->request->signal);
      sentient_client_session_remove (self, entry);
    }
}

void
sentient_client_session_answered (SentientClientSession *self, guint64 ref)
{
  SentientClientEntry *entry;

  sentient_client_session_handled (self, ref);
  entry = sentient_client_session_find (self, ref);
  if (entry != NULL)
    sentient_client_session_remove (self, entry);
}

void
sentient_client_session_ask_again (SentientClientSession *self, gboolean posted_only)
{
  GList *next;
  guint64 newest = self->last_ref;

  for (GList *l = self->entries.head; l != NULL; l = next)
    {
      SentientClientEntry *entry = l->data;

      next = l->next;
      if (entry->ref > self->handled || entry->ref > newest)
        break;
      if (posted_only && !entry->posted)
        continue;
      g_queue_unlink (&self->entries, l);
      entry->posted = FALSE;
      if (entry->ref == self->leaving)
        self->leaving = self->last_ref + 1;
      entry->ref = ++self->last_ref;
      g_queue_push_tail_link (&self->entries, l);
    }
}

void
sentient_client_session_refused (SentientClientSession *self, guint64 ref)
{
  SentientClientEntry *refused = sentient_client_session_find (self, ref);

  if (refused == NULL)
    return;
  for (GList *l = g_queue_find (&self->entries, refused)->next; l != NULL; l = l->next)
    {
      SentientClientEntry *entry = l->data;

      if (entry->ref == self->leaving)
        self->leaving--;
      entry->ref--;
    }
  self->last_ref--;
  sentient_client_session_remove (self, refused);
}

void
sentient_client_session_too_large (SentientClientSession *self)
{
  self->too_large = TRUE;
}

static void
fail_largest (SentientClientSession *self)
{
  SentientClientEntry *largest = NULL;

  for (GList *l = self->entries.head; l != NULL; l = l->next)
    {
      SentientClientEntry *entry = l->data;

      if (entry->ref > self->handled && entry->request->signal != NULL
          && (largest == NULL || entry->request->size > largest->request->size))
        largest = entry;
    }
  self->too_large = FALSE;
  if (largest == NULL)
    return;
  sentient_client_session_fail (self, largest->request->signal,
                                g_error_new (SENTIENT_ERROR, SENTIENT_ERROR_PAYLOAD_TOO_LARGE,
                                             "with %" G_GSIZE_FORMAT
                                             " bytes it is too large for the coordinator",
                                             largest->request->size));
  sentient_client_session_refused (self, largest->ref);
}

void
sentient_client_session_fault (SentientClientSession *self)
{
  if (++self->faults >= FAULTS_MAX)
    sentient_client_session_drop (self);
}

gboolean
sentient_client_session_connected (SentientClientSession *self,
                                   GUri *base,
                                   SentientServerMessage *message,
                                   GError **error)
{
  g_assert (message->kind == SENTIENT_SERVER_CONNECTED && message->session != NULL);

  if (!message->resumed)
    {
      if (message->token == NULL)
        {
          g_set_error_literal (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
                               "the coordinator began a session without giving its token");
          return FALSE;
        }
      sentient_client_session_begin (self, base, message->session, message->token, message->ref);
      return TRUE;
    }
  if (self->restored && is_of (self, base))
    {
      self->restored = FALSE;
      self->last_ref = self->handled = message->ref;
      sentient_client_session_abandon (self);
      return TRUE;
    }
  if (!is_of (self, base) || message->ref > self->last_ref)
    {
      g_set_error (
          error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL,
          "the coordinator took up a session in which it handled request %" G_GUINT64_FORMAT
          ", but the last one was %" G_GUINT64_FORMAT,
          message->ref, self->last_ref);
      sentient_client_session_drop (self);
      return FALSE;
    }
  sentient_client_session_handled (self, message->ref);
  sentient_client_session_ask_again (self, TRUE);
  if (self->too_large)
    fail_largest (self);
  self->acked = self->seen; /* "resume" told it */
  sentient_client_session_resumed (self);
  return TRUE;
}
