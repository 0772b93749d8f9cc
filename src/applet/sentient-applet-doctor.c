/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "applet/sentient-applet-doctor.h"

#include <glib/gi18n.h>

#include "applet/sentient-applet-access.h"
#include "applet/sentient-applet-report.h"

/* A doctor takes its time, but comes to an end. */
#define EXAMINE_MS 300000

struct _SentientAppletDoctor
{
  AdwWindow parent_instance;

  GtkWidget *again;
  GtkWidget *copy;
  AdwToastOverlay *toasts;
  GtkStack *faces;
  GtkSpinner *spinner;
  AdwStatusPage *trouble;
  AdwBin *report;

  SentientClient *client;
  GCancellable *cancellable; /* for as long as the window is there */
};

G_DEFINE_FINAL_TYPE (SentientAppletDoctor, sentient_applet_doctor, ADW_TYPE_WINDOW)

static void
show_face (SentientAppletDoctor *self, const char *name)
{
  gboolean busy = g_str_equal (name, "busy");
  gboolean has_report = g_str_equal (name, "report");

  sentient_applet_release_focus (GTK_WIDGET (self->faces));
  gtk_stack_set_visible_child_name (self->faces, name);
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_visible (self->again, has_report);
  gtk_widget_set_visible (self->copy, has_report);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "doctor.run", !busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "doctor.copy", has_report);
}

static void
show_trouble (SentientAppletDoctor *self, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text != NULL ? text : "", -1);

  adw_status_page_set_description (self->trouble, markup);
  show_face (self, "trouble");
}

static void
say (SentientAppletDoctor *self, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (markup));
}

/* NULL: error is set, or the report makes no sense. */
static JsonObject *
finish (GObject *source, GAsyncResult *result, GError **error)
{
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, error);
  const char *json;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(&s)", &json);
  return sentient_applet_report_parse (json);
}

static void
on_examined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientAppletDoctor *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) report = finish (source, result, &error);

  /* The window is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    {
      g_autofree char *text = sentient_client_describe_error (error);

      show_trouble (self, text);
    }
  else if (report == NULL)
    show_trouble (self, _ ("The daemon's report makes no sense: is it of another version?"));
  else
    {
      adw_bin_set_child (self->report, sentient_applet_report_to_page (report));
      show_face (self, "report");
    }
}

static void
ask (SentientAppletDoctor *self, const char *method, gboolean hide, GAsyncReadyCallback callback)
{
  SentientDBusManager *manager = sentient_client_get_manager (self->client);

  if (manager == NULL)
    show_trouble (self, sentient_client_get_error (self->client));
  else
    g_dbus_proxy_call (G_DBUS_PROXY (manager), method, g_variant_new ("(b)", hide),
                       G_DBUS_CALL_FLAGS_NO_AUTO_START, EXAMINE_MS, self->cancellable, callback,
                       self);
}

static void
on_run (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SentientAppletDoctor *self = SENTIENT_APPLET_DOCTOR (widget);

  show_face (self, "busy");
  ask (self, "DiagnoseNetwork", FALSE, on_examined);
}

static void
on_hidden (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SentientAppletDoctor *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) report = finish (source, result, &error);
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (report != NULL)
    {
      text = sentient_applet_report_to_text (report);
      gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
      say (self, _ ("Copied, with addresses hidden"));
      return;
    }
  text = error != NULL ? sentient_client_describe_error (error)
                       : g_strdup (_ ("The daemon's report makes no sense"));
  say (self, text);
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ask (SENTIENT_APPLET_DOCTOR (widget), "GetNetworkReport", TRUE, on_hidden);
}

static void
sentient_applet_doctor_dispose (GObject *object)
{
  SentientAppletDoctor *self = SENTIENT_APPLET_DOCTOR (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sentient_applet_doctor_parent_class)->dispose (object);
}

static void
sentient_applet_doctor_class_init (SentientAppletDoctorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sentient_applet_doctor_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sentient/Sentient/ui/doctor.ui");
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, SentientAppletDoctor, child)
  BIND (again);
  BIND (copy);
  BIND (toasts);
  BIND (faces);
  BIND (spinner);
  BIND (trouble);
  BIND (report);
#undef BIND
  gtk_widget_class_install_action (widget_class, "doctor.run", NULL, on_run);
  gtk_widget_class_install_action (widget_class, "doctor.copy", NULL, on_copy);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close",
                                       NULL);
}

static void
sentient_applet_doctor_init (SentientAppletDoctor *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  sentient_applet_read_shown_only (GTK_WIDGET (self->faces));
  show_face (self, "start");
}

SentientAppletDoctor *
sentient_applet_doctor_new (GtkWindow *parent, SentientClient *client)
{
  SentientAppletDoctor *self
      = g_object_new (SENTIENT_TYPE_APPLET_DOCTOR, "transient-for", parent, NULL);

  self->client = g_object_ref (client);
  return self;
}
