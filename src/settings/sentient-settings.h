/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "coordinator/sentient-coordinator.h"

G_BEGIN_DECLS

/* What a person can set, by one table: a name as on the command line, and for each the value in
 * force and where it comes from. The command line goes before the file (sentient.conf), the file
 * before GSettings (on desktops), and that before the default. Values are checked when they are
 * read, so that those in force are always good.
 *
 * It lives on the context that was thread-default when it was made.
 *
 * Signals:
 *   "changed" (const char *name)  a value is another now: after sentient_settings_reload (), or
 *                                 because somebody changed it in GSettings
 *   "error" (GError *)            a value that GSettings changed to will not do: the old one stays
 */

#define SENTIENT_TYPE_SETTINGS (sentient_settings_get_type ())
G_DECLARE_FINAL_TYPE (SentientSettings, sentient_settings, SENTIENT, SETTINGS, GObject)

#define SENTIENT_SETTINGS_SCHEMA "org.sentient.Sentient"

typedef enum
{
  SENTIENT_SETTING_STRING,  /* "s" in GSettings */
  SENTIENT_SETTING_BOOLEAN, /* "b"; true, yes, on, 1, false, no, off or 0 */
  SENTIENT_SETTING_UINT,    /* "u" */
  SENTIENT_SETTING_STRV,    /* "as"; with commas between, "none" for an empty one */
} SentientSettingType;

typedef struct
{
  const char *name;  /* on the command line (--NAME or --limit NAME=), in the file, in GSettings */
  const char *group; /* of the file: "coordinator", "node" or "limits" */
  SentientSettingType type;
  gboolean at_once;        /* takes effect at once; else at the next start */
  const char *what;        /* for a person, not translated yet: _ (what) */
  const char *property;    /* of SentientCoordinator; NULL: none has it */
  guint minimum;           /* of a UINT */
  guint maximum;           /* of a UINT */
  const char *fallback;    /* the default as text; NULL: none */
  const char *placeholder; /* what stands for a value, for help: "PORT"; of a UINT that is a limit,
                              "NUMBER" */
} SentientSettingInfo;

/* All settings, in the order in which they are shown. */
const SentientSettingInfo *sentient_settings_get_infos (guint *n);
/* NULL: there is none of this name. */
const SentientSettingInfo *sentient_settings_find_info (const char *name);

SentientSettings *sentient_settings_new (void);

/* Before _load (). */

/* Another default than the table's, such as a program has. text as in the file. */
void sentient_settings_set_default (SentientSettings *self, const char *name, const char *text);
/* A value of the command line; one of the same name replaces it. Error: SENTIENT_ERROR_BAD_REQUEST,
 * which begins with "--NAME: " (limits but max-peers: "--limit NAME: "). */
gboolean sentient_settings_set_command_line (SentientSettings *self,
                                             const char *name,
                                             const char *text,
                                             GError **error);
/* The same for a list, whose items are taken as they are. */
gboolean sentient_settings_set_command_line_strv (SentientSettings *self,
                                                  const char *name,
                                                  const char *const *items,
                                                  GError **error);

/* Reads everything. Before it, the defaults and the command line count.
 *
 * path: the file (--config); NULL: $SENTIENT_CONFIG, else sentient/sentient.conf below
 * $XDG_CONFIG_HOME (~/.config), else /etc/sentient/sentient.conf, the latter two if they are there.
 * with_gsettings: on a desktop. Without an installed schema it counts for nothing, silently.
 *
 * Error: SENTIENT_ERROR_BAD_REQUEST, a line each for everything that is wrong: "PATH:LINE: what,
 * and what to do"; or a G_IO_ERROR or G_FILE_ERROR if the file cannot be read. Nothing changes
 * then. */
gboolean sentient_settings_load (SentientSettings *self,
                                 const char *path,
                                 gboolean with_gsettings,
                                 GError **error);
/* Reads everything again, from where _load () read it. After an error the old values stay.
 *
 * changed: (optional) names of what is another now, for which "changed" was emitted;
 * restart_needed: (optional) names of all that is another than what was marked in force. Never NULL
 * on success. */
gboolean sentient_settings_reload (SentientSettings *self,
                                   GStrv *changed,
                                   GStrv *restart_needed,
                                   GError **error);
/* What takes effect at the next start was just started with the values of now. _load () does this
 * too. group: of which part ("coordinator" means "limits" as well); NULL: all. */
void sentient_settings_mark_in_force (SentientSettings *self, const char *group);

/* The file that counts; NULL: there is none. */
const char *sentient_settings_get_path (SentientSettings *self);

/* The type must be right. */

/* NULL: not set, and there is no default. */
const char *sentient_settings_get_string (SentientSettings *self, const char *name);
gboolean sentient_settings_get_boolean (SentientSettings *self, const char *name);
guint sentient_settings_get_uint (SentientSettings *self, const char *name);
/* NULL: not set, and there is no default; empty: set to none. Valid until the next value. */
const char *const *sentient_settings_get_strv (SentientSettings *self, const char *name);

/* "command-line", "file:PATH:LINE", "gsettings" or "default". Valid until the next value. */
const char *sentient_settings_get_source (SentientSettings *self, const char *name);
/* As the file has it, "" if it is not set; passwords in URLs are "***", so that it can be shown. */
char *sentient_settings_dup_text (SentientSettings *self, const char *name);

/* Sets the properties of a SentientPeer that say how large rooms are connected; at any time. */
void sentient_settings_configure_mesh (SentientSettings *self, GObject *peer);

/* FALSE: files could not be stored where "accept-files" says, and error tells what to do. */
gboolean sentient_settings_check_accept_files (SentientSettings *self, GError **error);

/* Sets the properties of a coordinator; its node-id is for whoever makes it. While it runs, only
 * what takes effect at once, so call it again before the next start. names: of settings (what
 * _reload () says has changed); NULL: all. A setting that is not the coordinator's is passed over.
 * "handover-file" follows from "data"; without "stun" it names stun.l.google.com. */
void sentient_settings_configure_coordinator (SentientSettings *self,
                                              SentientCoordinator *coordinator,
                                              const char *const *names);

/* Everything that is wrong in a file, a line each as above; empty: nothing. NULL: it cannot be
 * read, and error says why. */
GStrv sentient_settings_check_file (const char *path, GError **error);

/* What stands between commas, without blanks around; empty items are left out. */
GStrv sentient_settings_split (const char *text);

/* The node id that the directory "data" keeps in its file node-id; if it keeps none yet, from now
 * on wanted, or a new one if that is NULL. Errors: SENTIENT_ERROR_BAD_REQUEST (there can be no such
 * directory, it keeps another one than wanted, or the file holds something else), or what became of
 * the file. */
char *sentient_settings_keep_node_id (const char *data_dir, const char *wanted, GError **error);

G_END_DECLS
