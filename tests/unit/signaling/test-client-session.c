/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client's half of a v1 session: numbers only, no I/O. */

#include <string.h>

#include "core/sentient-error.h"
#include "signaling/sentient-client-session.h"

typedef struct
{
  SentientClientSession *session;
  GUri *base;
} Fixture;

static SentientServerMessage *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  SentientServerMessage *message
      = sentient_server_message_parse (text, strlen (text), "me", &error);

  g_assert_no_error (error);
  return message;
}

static SentientServerMessage *read_format (const char *format, ...) G_GNUC_PRINTF (1, 2);

static SentientServerMessage *
read_format (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return read_text (text);
}

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->base = g_uri_parse ("http://host:1", G_URI_FLAGS_NONE, NULL);
  self->session = sentient_client_session_new ();
  sentient_client_session_begin (self->session, self->base, "s1", "tok", 0);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  sentient_client_session_unref (self->session);
  g_uri_unref (self->base);
}

static SentientSignal *
new_signal (const char *to, const char *negotiation)
{
  g_autofree char *payload
      = sentient_payload_new_sdp (SENTIENT_SIGNAL_TYPE_OFFER, "v=0", negotiation);

  return sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "me", to, "r", payload, NULL);
}

static guint64
add_signal (Fixture *self, const char *to, const char *negotiation)
{
  g_autoptr (SentientSignal) signal = new_signal (to, negotiation);
  g_autoptr (SentientClientRequest) request = sentient_client_request_new_signal (signal);

  return sentient_client_session_add (self->session, request, NULL);
}

static guint64
add_join (Fixture *self, const char *room)
{
  g_autoptr (SentientClientRequest) request = sentient_client_request_new_join (room, "{}");

  return sentient_client_session_add (self->session, request, NULL);
}

/* The numbers of all that would be said (again), "1 2 5". */
static char *
dup_open (Fixture *self)
{
  GString *out = g_string_new (NULL);
  guint64 ref = 0;

  while (sentient_client_session_next (self->session, ref, &ref) != NULL)
    g_string_append_printf (out, "%s%" G_GUINT64_FORMAT, out->len > 0 ? " " : "", ref);
  return g_string_free (out, FALSE);
}

static void
assert_open (Fixture *self, const char *expected)
{
  g_autofree char *open = dup_open (self);

  g_assert_cmpstr (open, ==, expected);
}

static SentientClientVerdict
receive (Fixture *self, const char *text)
{
  g_autoptr (SentientServerMessage) message = read_text (text);

  return sentient_client_session_receive (self->session, message);
}

static void
resume (Fixture *self, guint64 ref)
{
  g_autoptr (SentientServerMessage) message = read_format (
      "{\"type\":\"connected\",\"nodeId\":\"me\",\"session\":\"s1\",\"resumed\":true,"
      "\"ref\":%" G_GUINT64_FORMAT "}",
      ref);
  g_autoptr (GError) error = NULL;

  sentient_client_session_opening (self->session);
  g_assert_false (sentient_client_session_was_resumed (self->session));
  g_assert_true (sentient_client_session_connected (self->session, self->base, message, &error));
  g_assert_no_error (error);
  g_assert_true (sentient_client_session_was_resumed (self->session));
}

static void
assert_failed (Fixture *self, guint n, SentientError code, const char *to, const char *negotiation)
{
  g_autoptr (GPtrArray) failed = sentient_client_session_take_failed (self->session);

  g_assert_cmpuint (failed->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      SentientFailedSignal *each = failed->pdata[i];
      g_autofree char *told = sentient_signal_dup_negotiation (each->signal);

      g_assert_error (each->error, SENTIENT_ERROR, (gint)code);
      g_assert_cmpstr (sentient_signal_get_to (each->signal), ==, to);
      g_assert_cmpint (sentient_signal_get_signal_type (each->signal), ==,
                       SENTIENT_SIGNAL_TYPE_OFFER);
      g_assert_cmpstr (told, ==, negotiation);
    }
}

static void
test_empty (void)
{
  g_autoptr (SentientClientSession) session = sentient_client_session_new ();
  g_autoptr (GUri) base = g_uri_parse ("http://host:1", G_URI_FLAGS_NONE, NULL);
  g_autofree char *resume = sentient_client_session_make_resume (session, base);
  g_autoptr (GPtrArray) failed = sentient_client_session_take_failed (session);

  g_assert_false (sentient_client_session_is_begun (session));
  g_assert_cmpstr (resume, ==, "{\"type\":\"resume\"}");
  g_assert_cmpuint (failed->len, ==, 0);
  sentient_client_session_abandon (session);
  sentient_client_session_drop (session);
  g_assert_false (sentient_client_session_is_begun (session));
}

/* The token goes to nobody but who gave it. */
static void
test_token (Fixture *self, gconstpointer unused)
{
  g_autoptr (GUri) other = g_uri_parse ("http://host:2", G_URI_FLAGS_NONE, NULL);
  g_autofree char *ours = sentient_client_session_make_resume (self->session, self->base);
  g_autofree char *theirs = sentient_client_session_make_resume (self->session, other);

  g_assert_cmpstr (sentient_client_session_get_token (self->session, self->base), ==, "tok");
  g_assert_null (sentient_client_session_get_token (self->session, other));
  g_assert_cmpstr (ours, ==,
                   "{\"type\":\"resume\",\"session\":\"s1\",\"token\":\"tok\",\"after\":0}");
  g_assert_cmpstr (theirs, ==, "{\"type\":\"resume\"}");
}

/* What was not acknowledged is said again, in order and with the same numbers. */
static void
test_repeat (Fixture *self, gconstpointer unused)
{
  SentientClientRequest *request;
  guint64 ref;
  g_autofree char *text = NULL;

  g_assert_cmpuint (add_join (self, "r"), ==, 1);
  g_assert_cmpuint (add_signal (self, "b", "n1"), ==, 2);
  g_assert_cmpuint (add_signal (self, "b", "n1"), ==, 3);
  g_assert_cmpuint (add_signal (self, "c", "n2"), ==, 4);
  assert_open (self, "1 2 3 4");
  g_assert_cmpint (receive (self, "{\"type\":\"ack\",\"ref\":2}"), ==, SENTIENT_CLIENT_DROP);
  assert_open (self, "3 4");
  resume (self, 3);
  assert_open (self, "4");
  g_assert_cmpuint (add_signal (self, "c", "n2"), ==, 5);
  request = sentient_client_session_next (self->session, 4, &ref);
  g_assert_cmpuint (ref, ==, 5);
  text = sentient_client_session_make_text (self->session, request, ref, NULL);
  g_assert_true (g_str_has_suffix (text, ",\"ref\":5}"));
  g_assert_cmpint (receive (self, "{\"type\":\"ack\",\"ref\":5}"), ==, SENTIENT_CLIENT_DROP);
  assert_open (self, "");
  g_assert_cmpint (receive (self, "{\"type\":\"ack\",\"ref\":6}"), ==, SENTIENT_CLIENT_BROKEN);
}

static void
test_limits (Fixture *self, gconstpointer unused)
{
  g_autofree char *sdp = g_strnfill (60000, 'x');
  g_autofree char *payload = g_strdup_printf ("{\"sdp\":\"%s\"}", sdp);
  g_autoptr (SentientSignal) large
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "me", "b", "r", payload, NULL);
  g_autoptr (SentientClientRequest) request = sentient_client_request_new_signal (large);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (add_signal (self, "b", "n") != 0)
    n++;
  g_assert_cmpuint (n, ==, SENTIENT_CLIENT_REQUESTS_MAX);
  receive (self, "{\"type\":\"ack\",\"ref\":1024}");
  assert_open (self, "");
  for (n = 0; sentient_client_session_add (self->session, request, &error) != 0; n++)
    ;
  g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BUSY);
  g_assert_cmpuint (n, ==, SENTIENT_CLIENT_BYTES_MAX / request->size);
  receive (self, "{\"type\":\"ack\",\"ref\":1025}");
  /* The refused one has left no hole in the numbers. */
  g_assert_cmpuint (sentient_client_session_add (self->session, request, NULL), ==, 1025 + n);
}

/* Each once, in order; a hole means that something is missing. */
static void
test_numbers (Fixture *self, gconstpointer unused)
{
  static const char first[] = "{\"type\":\"peer-left\",\"room\":\"r\",\"nodeId\":\"b\",\"seq\":1}";
  g_autofree char *ack = NULL;

  g_assert_cmpint (receive (self, first), ==, SENTIENT_CLIENT_TAKE);
  g_assert_cmpint (receive (self, first), ==, SENTIENT_CLIENT_DROP);
  g_assert_cmpint (receive (self, "{\"type\":\"pong\"}"), ==, SENTIENT_CLIENT_TAKE);
  g_assert_cmpuint (sentient_client_session_get_seen (self->session), ==, 1);
  g_assert_cmpuint (sentient_client_session_count_unacked (self->session), ==, 1);
  ack = sentient_client_session_make_ack (self->session);
  g_assert_cmpstr (ack, ==, "{\"type\":\"ack\",\"seq\":1}");
  g_assert_cmpuint (sentient_client_session_count_unacked (self->session), ==, 0);
  g_assert_cmpint (receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":3}"), ==,
                   SENTIENT_CLIENT_BROKEN);
  g_assert_cmpuint (sentient_client_session_get_seen (self->session), ==, 1);
  g_assert_cmpint (receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":2}"), ==,
                   SENTIENT_CLIENT_TAKE);
  g_assert_true (sentient_client_session_is_begun (self->session));
}

/* If it never gets better the session is of no use. */
static void
test_broken (Fixture *self, gconstpointer unused)
{
  static const char jump[] = "{\"type\":\"offer\",\"from\":\"b\",\"seq\":3}";

  add_signal (self, "b", "n1");
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (sentient_client_session_is_begun (self->session));
      g_assert_cmpint (receive (self, jump), ==, SENTIENT_CLIENT_BROKEN);
    }
  g_assert_false (sentient_client_session_is_begun (self->session));
  assert_failed (self, 1, SENTIENT_ERROR_CONNECTION_LOST, "b", "n1");
}

static void
test_gap (Fixture *self, gconstpointer unused)
{
  add_join (self, "r");
  receive (self, "{\"type\":\"ack\",\"ref\":1}");
  assert_open (self, "");
  g_assert_cmpint (receive (self, "{\"type\":\"gap\",\"from\":2,\"to\":4}"), ==,
                   SENTIENT_CLIENT_BROKEN);
  g_assert_cmpint (receive (self, "{\"type\":\"gap\",\"from\":1,\"to\":4}"), ==,
                   SENTIENT_CLIENT_TAKE);
  g_assert_cmpuint (sentient_client_session_get_seen (self->session), ==, 4);
  g_assert_cmpint (receive (self, "{\"type\":\"gap\",\"from\":3,\"to\":4}"), ==,
                   SENTIENT_CLIENT_DROP);
  /* The result may have been in it. */
  assert_open (self, "2");
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[],\"ref\":1,\"seq\":5}"),
                   ==, SENTIENT_CLIENT_DROP);
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[],\"ref\":2,\"seq\":6}"),
                   ==, SENTIENT_CLIENT_TAKE);
}

/* An error is told as what it means for who asked. */
static void
test_errors (Fixture *self, gconstpointer unused)
{
  g_autoptr (SentientServerMessage) refused
      = read_text ("{\"type\":\"error\",\"code\":\"room-full\",\"message\":\"full\",\"ref\":1,"
                   "\"seq\":1}");

  add_join (self, "r");
  add_signal (self, "b", "n1");
  add_signal (self, "c", "n2");
  g_assert_cmpint (sentient_client_session_receive (self->session, refused), ==,
                   SENTIENT_CLIENT_TAKE);
  g_assert_cmpint (refused->kind, ==, SENTIENT_SERVER_JOIN_RESULT);
  g_assert_false (refused->success);
  g_assert_cmpstr (refused->room, ==, "r");
  g_assert_error (refused->error, SENTIENT_ERROR, SENTIENT_ERROR_ROOM_FULL);

  /* Before it was acknowledged, and after. */
  g_assert_cmpint (receive (self, "{\"type\":\"error\",\"code\":\"busy\",\"message\":\"full\","
                                  "\"ref\":2,\"seq\":2}"),
                   ==, SENTIENT_CLIENT_DROP);
  assert_failed (self, 1, SENTIENT_ERROR_BUSY, "b", "n1");
  receive (self, "{\"type\":\"ack\",\"ref\":3}");
  g_assert_cmpint (receive (self, "{\"type\":\"error\",\"code\":\"unknown-peer\",\"message\":\"-\","
                                  "\"ref\":3,\"seq\":3}"),
                   ==, SENTIENT_CLIENT_DROP);
  assert_failed (self, 1, SENTIENT_ERROR_UNKNOWN_PEER, "c", "n2");
  /* About nothing that is known: for the application. */
  g_assert_cmpint (receive (self, "{\"type\":\"error\",\"code\":\"busy\",\"message\":\"-\"}"), ==,
                   SENTIENT_CLIENT_TAKE);
}

static void
test_undelivered (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < SENTIENT_CLIENT_RECENT_MAX; i++)
    {
      g_assert_cmpuint (add_signal (self, "b", "n1"), !=, 0);
      if (i % 100 == 0)
        {
          g_autoptr (SentientServerMessage) ack
              = read_format ("{\"type\":\"ack\",\"ref\":%u}", i + 1);

          sentient_client_session_receive (self->session, ack);
        }
    }
  add_signal (self, "c", "n2");
  receive (self, "{\"type\":\"ack\",\"ref\":1025}");
  /* The first is forgotten; another's number is none of b's. */
  g_assert_cmpint (receive (self, "{\"type\":\"undelivered\",\"to\":\"b\",\"refs\":[1,2,1025,9999],"
                                  "\"seq\":1}"),
                   ==, SENTIENT_CLIENT_DROP);
  assert_failed (self, 1, SENTIENT_ERROR_UNKNOWN_PEER, "b", "n1");
}

static void
test_pages (Fixture *self, gconstpointer unused)
{
  g_autoptr (SentientServerMessage) last
      = read_text ("{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                   "\"peers\":[{\"nodeId\":\"c\"}],\"ref\":1,\"seq\":3}");
  g_autoptr (SentientServerMessage) state
      = read_text ("{\"type\":\"room-state\",\"room\":\"r\",\"peers\":[\"d\"],\"seq\":5}");

  add_join (self, "r");
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[\"a\"],\"more\":true,\"ref\":1,\"seq\":1}"),
                   ==, SENTIENT_CLIENT_DROP);
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[\"b\"],\"more\":true,\"ref\":1,\"seq\":2}"),
                   ==, SENTIENT_CLIENT_DROP);
  resume (self, 1); /* between two pages */
  g_assert_cmpint (sentient_client_session_receive (self->session, last), ==, SENTIENT_CLIENT_TAKE);
  g_assert_cmpuint (last->peers->len, ==, 3);
  g_assert_cmpstr (((SentientRemotePeer *)last->peers->pdata[0])->node_id, ==, "a");
  g_assert_cmpstr (((SentientRemotePeer *)last->peers->pdata[2])->node_id, ==, "c");

  /* One that nobody finished does not get into another. */
  receive (self, "{\"type\":\"room-state\",\"room\":\"q\",\"peers\":[\"x\"],\"more\":true,"
                 "\"seq\":4}");
  g_assert_cmpint (sentient_client_session_receive (self->session, state), ==,
                   SENTIENT_CLIENT_TAKE);
  g_assert_cmpuint (state->peers->len, ==, 1);
}

/* The coordinator was started anew: nothing that was said counts. */
static void
test_new (Fixture *self, gconstpointer unused)
{
  g_autoptr (SentientServerMessage) connected
      = read_text ("{\"type\":\"connected\",\"nodeId\":\"me\",\"session\":\"s2\","
                   "\"token\":\"other\",\"resumed\":false,\"ref\":0}");

  receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":1}");
  add_join (self, "r");
  add_signal (self, "b", "n1");
  sentient_client_session_opening (self->session);
  g_assert_true (sentient_client_session_connected (self->session, self->base, connected, NULL));
  g_assert_false (sentient_client_session_was_resumed (self->session));
  assert_failed (self, 1, SENTIENT_ERROR_CONNECTION_LOST, "b", "n1");
  assert_open (self, "");
  g_assert_cmpuint (add_join (self, "r"), ==, 1);
  g_assert_cmpint (receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":1}"), ==,
                   SENTIENT_CLIENT_TAKE);
}

static void
test_bad_greetings (Fixture *self, gconstpointer unused)
{
  static const char *const texts[] = {
    "{\"type\":\"connected\",\"session\":\"s1\",\"resumed\":true,\"ref\":7}",
    "{\"type\":\"connected\",\"session\":\"s2\",\"resumed\":false,\"ref\":0}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (SentientServerMessage) message = read_text (texts[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (
          sentient_client_session_connected (self->session, self->base, message, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_PROTOCOL);
    }
}

/* A join whose answer by HTTP never came is asked again, under a new number; one by WebSocket is
 * not: its result will come. */
static void
test_posted (Fixture *self, gconstpointer unused)
{
  add_join (self, "r");
  add_join (self, "q");
  sentient_client_session_posted (self->session, 2);
  resume (self, 2);
  assert_open (self, "3");
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[],\"ref\":1,\"seq\":1}"),
                   ==, SENTIENT_CLIENT_TAKE);
  sentient_client_session_answered (self->session, 3);
  assert_open (self, "");
}

/* One that does not count leaves no hole. */
static void
test_refused (Fixture *self, gconstpointer unused)
{
  add_signal (self, "b", "n1");
  add_signal (self, "c", "n2");
  add_join (self, "r");
  sentient_client_session_answered (self->session, 1);
  sentient_client_session_refused (self->session, 2);
  assert_open (self, "2");
  g_assert_cmpuint (add_signal (self, "b", "n1"), ==, 3);
  g_assert_cmpint (receive (self, "{\"type\":\"join-result\",\"success\":true,\"room\":\"r\","
                                  "\"peers\":[],\"ref\":2,\"seq\":1}"),
                   ==, SENTIENT_CLIENT_TAKE);
}

static void
test_too_large (Fixture *self, gconstpointer unused)
{
  g_autofree char *sdp = g_strnfill (10000, 'x');
  g_autofree char *payload = g_strdup_printf ("{\"sdp\":\"%s\",\"negotiation\":\"n9\"}", sdp);
  g_autoptr (SentientSignal) large
      = sentient_signal_new (SENTIENT_SIGNAL_TYPE_OFFER, "me", "c", "r", payload, NULL);
  g_autoptr (SentientClientRequest) request = sentient_client_request_new_signal (large);

  sentient_client_session_add (self->session, request, NULL); /* this one was fine */
  add_signal (self, "b", "n1");
  sentient_client_session_add (self->session, request, NULL);
  add_signal (self, "b", "n1");
  sentient_client_session_too_large (self->session);
  resume (self, 1);
  assert_failed (self, 1, SENTIENT_ERROR_PAYLOAD_TOO_LARGE, "c", "n9");
  assert_open (self, "2 3");
  resume (self, 1);
  assert_open (self, "2 3");
}

/* Nobody wants it any more: it leaves everything, and tells nothing of what comes until then. */
static void
test_abandon (Fixture *self, gconstpointer unused)
{
  g_autoptr (SentientServerMessage) connected
      = read_text ("{\"type\":\"connected\",\"nodeId\":\"me\",\"session\":\"s1\",\"resumed\":true,"
                   "\"ref\":1}");
  SentientClientRequest *leave;
  guint64 ref = 0;

  add_join (self, "r");
  add_signal (self, "b", "n1");
  sentient_client_session_abandon (self->session);
  g_assert_true (sentient_client_session_connected (self->session, self->base, connected, NULL));
  g_assert_false (sentient_client_session_was_resumed (self->session));
  assert_open (self, "2 3");
  leave = sentient_client_session_next (self->session, 2, &ref);
  g_assert_cmpint (leave->kind, ==, SENTIENT_SERVER_LEAVE_RESULT);
  g_assert_null (leave->room);
  g_assert_cmpint (receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":1}"), ==,
                   SENTIENT_CLIENT_DROP);
  g_assert_cmpint (receive (self,
                            "{\"type\":\"error\",\"code\":\"busy\",\"message\":\"-\",\"ref\":2,"
                            "\"seq\":2}"),
                   ==, SENTIENT_CLIENT_DROP);
  assert_failed (self, 0, SENTIENT_ERROR_FAILED, NULL, NULL);
  g_assert_cmpint (receive (self, "{\"type\":\"leave-result\",\"success\":true,\"rooms\":[\"r\"],"
                                  "\"ref\":3,\"seq\":3}"),
                   ==, SENTIENT_CLIENT_DROP);
  g_assert_cmpint (receive (self, "{\"type\":\"offer\",\"from\":\"b\",\"seq\":4}"), ==,
                   SENTIENT_CLIENT_TAKE);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/client-session/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client-session/empty", test_empty);
  ADD ("token", test_token);
  ADD ("repeat", test_repeat);
  ADD ("limits", test_limits);
  ADD ("numbers", test_numbers);
  ADD ("broken", test_broken);
  ADD ("gap", test_gap);
  ADD ("errors", test_errors);
  ADD ("undelivered", test_undelivered);
  ADD ("pages", test_pages);
  ADD ("new", test_new);
  ADD ("bad-greetings", test_bad_greetings);
  ADD ("posted", test_posted);
  ADD ("refused", test_refused);
  ADD ("too-large", test_too_large);
  ADD ("abandon", test_abandon);

  return g_test_run ();
}
