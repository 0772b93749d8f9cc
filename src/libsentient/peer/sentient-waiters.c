/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/sentient-waiters.h"

#include "core/sentient-error.h"

typedef struct
{
  SentientWaiters *list;
  GTask *task;
  GSource *cancelled; /* or NULL */
} Waiter;

struct _SentientWaiters
{
  GMainContext *context;
  GPtrArray *waiters; /* (element-type Waiter) */
  void (*abandoned) (gpointer user_data);
  gpointer user_data;
};

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->cancelled != NULL)
    {
      g_source_destroy (waiter->cancelled);
      g_source_unref (waiter->cancelled);
    }
  g_object_unref (waiter->task);
  g_free (waiter);
}

SentientWaiters *
sentient_waiters_new (GMainContext *context,
                      void (*abandoned) (gpointer user_data),
                      gpointer user_data)
{
  SentientWaiters *self = g_new0 (SentientWaiters, 1);

  self->context = g_main_context_ref (context);
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
  self->abandoned = abandoned;
  self->user_data = user_data;
  return self;
}

void
sentient_waiters_free (SentientWaiters *self)
{
  g_autoptr (GError) error = g_error_new_literal (SENTIENT_ERROR, SENTIENT_ERROR_CLOSED,
                                                  "the peer was closed meanwhile");

  sentient_waiters_return_error (self, error);
  g_ptr_array_unref (self->waiters);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Waiter *waiter = user_data;
  SentientWaiters *self = waiter->list;
  g_autoptr (GTask) task = g_object_ref (waiter->task);
  gboolean last;

  g_ptr_array_remove (self->waiters, waiter);
  last = self->waiters->len == 0;
  if (last && self->abandoned != NULL)
    self->abandoned (self->user_data);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

void
sentient_waiters_add (SentientWaiters *self, GTask *task)
{
  Waiter *waiter = g_new0 (Waiter, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  waiter->list = self;
  waiter->task = task;
  if (cancellable != NULL)
    {
      waiter->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
      g_source_attach (waiter->cancelled, self->context);
    }
  g_ptr_array_add (self->waiters, waiter);
}

gboolean
sentient_waiters_is_empty (SentientWaiters *self)
{
  return self->waiters->len == 0;
}

SentientWaiters *
sentient_waiters_steal (SentientWaiters *self)
{
  SentientWaiters *stolen = sentient_waiters_new (self->context, NULL, NULL);
  GPtrArray *waiters = self->waiters;

  self->waiters = stolen->waiters;
  stolen->waiters = waiters;
  for (guint i = 0; i < waiters->len; i++)
    ((Waiter *)waiters->pdata[i])->list = stolen;
  return stolen;
}

/* self may be gone when those taken are returned, and a callback may run the main loop: they cannot
 * be cancelled any more. */
static GPtrArray *
take_all (SentientWaiters *self)
{
  GPtrArray *taken = self->waiters;

  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
  for (guint i = 0; i < taken->len; i++)
    {
      Waiter *waiter = taken->pdata[i];

      if (waiter->cancelled != NULL)
        g_source_destroy (waiter->cancelled);
    }
  return taken;
}

gboolean
sentient_waiters_return_done (SentientWaiters *self)
{
  g_autoptr (GPtrArray) taken = take_all (self);

  for (guint i = 0; i < taken->len; i++)
    g_task_return_boolean (((Waiter *)taken->pdata[i])->task, TRUE);
  return taken->len > 0;
}

gboolean
sentient_waiters_return_object (SentientWaiters *self, gpointer object)
{
  g_autoptr (GPtrArray) taken = take_all (self);
  g_autoptr (GObject) keep = g_object_ref (object);

  for (guint i = 0; i < taken->len; i++)
    g_task_return_pointer (((Waiter *)taken->pdata[i])->task, g_object_ref (keep), g_object_unref);
  return taken->len > 0;
}

gboolean
sentient_waiters_return_error (SentientWaiters *self, const GError *error)
{
  g_autoptr (GPtrArray) taken = take_all (self);

  for (guint i = 0; i < taken->len; i++)
    g_task_return_error (((Waiter *)taken->pdata[i])->task, g_error_copy (error));
  return taken->len > 0;
}
