/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/sentient-settings-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/sentient-settings-table.h"
#include "settings/sentient-settings-value.h"

#define FILE_MAX (256 * 1024) /* bytes */
#define PROBLEMS_MAX 100      /* that are told */
#define NAME_MAX_SHOWN 64     /* bytes */

typedef struct
{
  SentientSettingsFile *file;
  guint line;
  char *group; /* NULL: none yet; "": one that there is not, told already */
  guint n_problems;
} Reader;

/* What people know from the command line. */
static const struct
{
  const char *name;
  const char *instead;
} other_words[] = {
  { "no-cors", "cors = false" },
  { "no-webrtc", "webrtc = false" },
  { "seed", "seeds = URL" },
  { "server", "coordinator = true" },
  { "limit", "[limits], NAME = NUMBER" },
  { "allow-origins", "allow-origin = ORIGIN" },
};

static void problem (Reader *reader, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
problem (Reader *reader, const char *format, ...)
{
  GPtrArray *problems = reader->file->problems;
  g_autofree char *given = NULL;
  g_autofree char *text = NULL;
  va_list args;

  if (++reader->n_problems > PROBLEMS_MAX)
    return;
  va_start (args, format);
  given = g_strdup_vprintf (format, args);
  va_end (args);
  text = g_utf8_make_valid (given, -1); /* a long name may be cut in the middle of a letter */
  for (char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?'; /* it may be shown on a terminal */
  g_ptr_array_add (problems, g_strdup_printf ("%s:%u: %s", reader->file->path, reader->line, text));
}

static gboolean
group_is_known (const char *name)
{
  guint n;
  const SentientSettingInfo *infos = sentient_settings_get_infos (&n);

  for (guint i = 0; i < n; i++)
    if (g_str_equal (infos[i].group, name))
      return TRUE;
  return FALSE;
}

static void
read_group (Reader *reader, char *line)
{
  gsize len = strlen (line);

  g_clear_pointer (&reader->group, g_free);
  reader->group = g_strdup ("");
  if (line[len - 1] != ']')
    {
      problem (reader, _ ("this begins with [ like a group, but does not end with ]"));
      return;
    }
  line[len - 1] = '\0';
  g_strstrip (line + 1);
  if (!group_is_known (line + 1))
    {
      problem (reader, _ ("there is no group [%.*s]; use [coordinator], [node] or [limits]"),
               NAME_MAX_SHOWN, line + 1);
      return;
    }
  g_free (reader->group);
  reader->group = g_strdup (line + 1);
}

static void
complain_of_name (Reader *reader, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (other_words); i++)
    if (g_str_equal (name, other_words[i].name))
      {
        problem (reader, _ ("there is no setting \"%s\" in a file; write %s"), name,
                 other_words[i].instead);
        return;
      }
  problem (reader,
           _ ("there is no setting \"%.*s\"; correct its name or remove the line "
              "(\"sentient config show\" lists all names)"),
           NAME_MAX_SHOWN, name);
}

static void
set_value (Reader *reader, const char *name, const char *text)
{
  SentientSettingsFile *file = reader->file;
  int index = sentient_settings_find_index (name, strlen (name));
  g_autoptr (GError) error = NULL;
  const SentientSettingInfo *info;

  if (index < 0)
    {
      complain_of_name (reader, name);
      return;
    }
  info = sentient_settings_get_infos (NULL) + index;
  if (!g_str_equal (info->group, reader->group))
    problem (reader, _ ("%s stands below [%s], but belongs below [%s]"), name, reader->group,
             info->group);
  else if (file->lines[index] != 0)
    problem (reader, _ ("%s was set in line %u already; leave one of them out"), name,
             file->lines[index]);
  else if (*text == '\0')
    problem (reader, _ ("%s has no value; give one, or remove the line for the default"), name);
  else
    {
      file->values[index] = sentient_settings_value_parse (index, name, text, TRUE, &error);
      file->lines[index] = reader->line;
      if (error != NULL)
        problem (reader, "%s", error->message);
    }
}

static void
read_line (Reader *reader, const char *start, gsize len)
{
  g_autofree char *line = NULL;
  char *equals;

  if (!g_utf8_validate_len (start, len, NULL))
    {
      problem (reader, _ ("this is no UTF-8 text; write the line anew"));
      return;
    }
  line = g_strstrip (g_strndup (start, len));
  if (*line == '\0' || *line == '#')
    return;
  if (*line == '[')
    {
      read_group (reader, line);
      return;
    }

  equals = strchr (line, '=');
  if (equals == NULL || equals == line)
    {
      problem (reader, _ ("this is neither \"name = value\" nor a [group] nor a # comment"));
      return;
    }
  if (reader->group == NULL)
    {
      problem (reader, _ ("this stands before the first group; write [coordinator], [node] or "
                          "[limits] above it"));
      return;
    }
  if (*reader->group == '\0')
    return;
  *equals = '\0';
  set_value (reader, g_strchomp (line), g_strchug (equals + 1));
}

static SentientSettingsFile *
file_new (const char *path)
{
  SentientSettingsFile *self = g_new0 (SentientSettingsFile, 1);
  guint n;

  sentient_settings_get_infos (&n);
  self->path = g_strdup (path);
  self->values = g_new0 (GVariant *, n);
  self->lines = g_new0 (guint, n);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
sentient_settings_file_free (SentientSettingsFile *self)
{
  guint n;

  sentient_settings_get_infos (&n);
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&self->values[i], g_variant_unref);
  g_free (self->values);
  g_free (self->lines);
  g_free (self->path);
  g_ptr_array_unref (self->problems);
  g_free (self);
}

SentientSettingsFile *
sentient_settings_file_parse (const char *path, const char *text, gsize len)
{
  SentientSettingsFile *file = file_new (path);
  Reader reader = { .file = file };

  while (len > 0)
    {
      const char *end = memchr (text, '\n', len);
      gsize line_len = end != NULL ? (gsize)(end - text) : len;
      gsize taken = end != NULL ? line_len + 1 : len;

      reader.line++;
      read_line (&reader, text, line_len);
      text += taken;
      len -= taken;
    }
  if (reader.n_problems > PROBLEMS_MAX)
    g_ptr_array_add (file->problems,
                     g_strdup_printf (_ ("%s: %u more lines are wrong; correct these first"), path,
                                      reader.n_problems - PROBLEMS_MAX));
  g_free (reader.group);
  return file;
}

static gboolean
set_unreadable (GError **error, const char *path, int code)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("the settings file %s cannot be read: %s"), path, g_strerror (code));
  return FALSE;
}

/* At most FILE_MAX + 1 bytes. */
static gboolean
read_all (int fd, const char *path, GByteArray *text, GError **error)
{
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    return set_unreadable (error, path, errno);
  if (S_ISDIR (info.st_mode))
    return set_unreadable (error, path, EISDIR);
  /* A pipe would let us wait for whoever writes. /dev/null is an empty file. */
  if (!S_ISREG (info.st_mode) && !S_ISCHR (info.st_mode))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
                   _ ("the settings file %s is no file, but a pipe or socket; name a file"), path);
      return FALSE;
    }
  while (text->len <= FILE_MAX)
    {
      guint8 buffer[4096];
      gssize n = read (fd, buffer, MIN (sizeof buffer, FILE_MAX + 1 - text->len));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_unreadable (error, path, errno);
      if (n == 0)
        return TRUE;
      g_byte_array_append (text, buffer, n);
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
               _ ("the settings file %s is larger than %d KiB: it cannot be what is meant"), path,
               FILE_MAX / 1024);
  return FALSE;
}

SentientSettingsFile *
sentient_settings_file_read (const char *path, GError **error)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  gboolean ok = read_all (fd, path, text, error);

  if (fd >= 0)
    close (fd);
  return ok ? sentient_settings_file_parse (path, (const char *)text->data, text->len) : NULL;
}
