/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-files.h"

#include <glib/gi18n.h>

#include "applet/sentient-applet-say.h"

/* A question, and what it is about. It holds the dialog, and is freed with the answer. */
typedef struct
{
  GtkFileChooserNative *dialog;
  GtkWidget *from;
  SentientClient *client;
  char *node_id;
  SentientDBusTransfer *transfer;
} Question;

static void
question_free (Question *self)
{
  g_object_unref (self->dialog);
  g_object_unref (self->from);
  g_object_unref (self->client);
  g_clear_object (&self->transfer);
  g_free (self->node_id);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static Question *
ask (GtkWidget *from,
     SentientClient *client,
     const char *title,
     GtkFileChooserAction action,
     const char *label)
{
  GtkRoot *root = gtk_widget_get_root (from);
  Question *self = g_new0 (Question, 1);

  self->from = g_object_ref (from);
  self->client = g_object_ref (client);
  self->dialog
      = gtk_file_chooser_native_new (title, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, action,
                                     label, NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->dialog), TRUE);
  return self;
}

/* NULL: it is none of this machine. */
static char *
dup_path (Question *self)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (self->dialog));
  char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path == NULL)
    sentient_applet_say (self->from, _ ("Choose one on this computer"));
  return path;
}

/* Sending */

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path
      = sentient_client_send_file_finish (SENTIENT_CLIENT (source), result, &error);
  g_autofree char *text = NULL;

  if (path == NULL)
    {
      sentient_applet_say_error (self->from, error);
      return;
    }
  text = g_strdup_printf (_ ("Offered to %s"), self->node_id);
  sentient_applet_say (self->from, text);
}

static void
on_file (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  g_autoptr (Question) self = user_data;
  g_autofree char *path = response == GTK_RESPONSE_ACCEPT ? dup_path (self) : NULL;
  SentientClient *client = self->client;
  const char *node_id = self->node_id;

  if (path != NULL)
    sentient_client_send_file_async (client, node_id, path, NULL, on_sent, g_steal_pointer (&self));
}

void
sentient_applet_send_file (GtkWidget *from, SentientClient *client, const char *node_id)
{
  g_autofree char *title = g_strdup_printf (_ ("Send a File to %s"), node_id);
  Question *self = ask (from, client, title, GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Send"));

  self->node_id = g_strdup (node_id);
  g_signal_connect (self->dialog, "response", G_CALLBACK (on_file), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->dialog));
}

/* Taking */

static void
on_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sentient_client_accept_finish (SENTIENT_CLIENT (source), result, NULL, &error))
    sentient_applet_say_error (self->from, error);
}

static void
on_folder (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  g_autoptr (Question) self = user_data;
  g_autofree char *path = response == GTK_RESPONSE_ACCEPT ? dup_path (self) : NULL;
  SentientClient *client = self->client;
  SentientDBusTransfer *transfer = self->transfer;

  if (path != NULL)
    sentient_client_accept_async (client, transfer, path, NULL, on_taken, g_steal_pointer (&self));
}

void
sentient_applet_take_file (GtkWidget *from, SentientClient *client, SentientDBusTransfer *transfer)
{
  Question *self = ask (from, client, _ ("Where to Store the File"),
                        GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Accept"));
  const char *downloads = g_get_user_special_dir (G_USER_DIRECTORY_DOWNLOAD);
  g_autoptr (GFile) folder
      = g_file_new_for_path (downloads != NULL ? downloads : g_get_home_dir ());

  self->transfer = g_object_ref (transfer);
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (self->dialog), folder, NULL);
  g_signal_connect (self->dialog, "response", G_CALLBACK (on_folder), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->dialog));
}
