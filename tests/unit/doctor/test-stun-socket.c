/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"
#include "doctor/sentient-stun-socket.h"
#include "stand-in.h"

#define PATIENCE_MS 60000
#define BRIEF_MS 600 /* of those who never answer: long enough for a second try */

typedef struct
{
  SentientStunReply *reply;
  SentientStunExchange exchange;
  GError *error;
  gboolean done;
} Asked;

static void
asked_clear (Asked *asked)
{
  g_clear_pointer (&asked->reply, sentient_stun_reply_free);
  g_clear_error (&asked->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asked *asked = user_data;

  asked->reply = sentient_stun_socket_ask_finish (SENTIENT_STUN_SOCKET (source), result,
                                                  &asked->exchange, &asked->error);
  g_assert_true ((asked->reply == NULL) == (asked->error != NULL));
  asked->done = TRUE;
}

static void
ask (Asked *asked, SentientStunSocket *socket, SentientStunRequest *request, guint timeout_ms)
{
  asked_clear (asked);
  asked->done = FALSE;
  sentient_stun_socket_ask_async (socket, request, NULL, timeout_ms, NULL, on_asked, asked);
  while (!asked->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
drop_socket (SentientStunSocket *socket)
{
  g_object_add_weak_pointer (G_OBJECT (socket), (gpointer *)&socket);
  g_object_unref (socket);
  g_assert_null (socket);
}

/* One Binding to a server with that habit. */
static void
ask_binding (Asked *asked, gboolean tcp, StandInHabit habit, guint timeout_ms)
{
  g_autoptr (StandIn) server = stand_in_new (tcp, habit);
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
  g_autoptr (GError) error = NULL;
  SentientStunSocket *socket = sentient_stun_socket_new_to (address, tcp, &error);

  g_assert_no_error (error);
  ask (asked, socket, sentient_stun_request_new_binding (), timeout_ms);
  if (asked->reply != NULL && asked->reply->mapped != NULL)
    {
      g_autoptr (GInetSocketAddress) local = sentient_stun_socket_dup_local (socket);

      g_assert_cmpuint (g_inet_socket_address_get_port (asked->reply->mapped), ==,
                        g_inet_socket_address_get_port (local));
    }
  drop_socket (socket);
}

static void
test_answers (void)
{
  const struct
  {
    gboolean tcp;
    StandInHabit habit;
  } cases[] = {
    { FALSE, STAND_IN_ANSWERS },     { FALSE, STAND_IN_FORGES_FIRST }, { TRUE, STAND_IN_ANSWERS },
    { TRUE, STAND_IN_FORGES_FIRST }, { TRUE, STAND_IN_SPLITS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Asked) asked = { 0 };

      ask_binding (&asked, cases[i].tcp, cases[i].habit, PATIENCE_MS);
      g_assert_no_error (asked.error);
      g_assert_cmpuint (asked.reply->error_code, ==, 0);
      g_assert_nonnull (asked.reply->mapped);
      g_assert_null (asked.reply->other);
      g_assert_cmpint (asked.exchange.rtt_us, >=, 0);
    }
}

static void
test_lost (void)
{
  g_auto (Asked) asked = { 0 };

  ask_binding (&asked, FALSE, STAND_IN_LOSES, PATIENCE_MS);
  g_assert_no_error (asked.error);
  g_assert_cmpuint (asked.exchange.sent, >=, 2);
}

static void
test_never_answers (void)
{
  const struct
  {
    gboolean tcp;
    StandInHabit habit;
    SentientError error;
  } cases[] = {
    { FALSE, STAND_IN_SILENT, SENTIENT_ERROR_TIMED_OUT },
    { FALSE, STAND_IN_FORGES, SENTIENT_ERROR_TIMED_OUT },
    { FALSE, STAND_IN_TALKS, SENTIENT_ERROR_PROTOCOL },
    { FALSE, STAND_IN_ECHOES, SENTIENT_ERROR_PROTOCOL },
    { FALSE, STAND_IN_CUT, SENTIENT_ERROR_PROTOCOL },
    { FALSE, STAND_IN_NO_ADDRESS, SENTIENT_ERROR_PROTOCOL },
    { TRUE, STAND_IN_SILENT, SENTIENT_ERROR_TIMED_OUT },
    { TRUE, STAND_IN_FORGES, SENTIENT_ERROR_TIMED_OUT },
    { TRUE, STAND_IN_TALKS, SENTIENT_ERROR_PROTOCOL },
    { TRUE, STAND_IN_ECHOES, SENTIENT_ERROR_PROTOCOL },
    { TRUE, STAND_IN_CUT, SENTIENT_ERROR_TIMED_OUT },
    { TRUE, STAND_IN_CLOSES, SENTIENT_ERROR_CONNECTION_LOST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Asked) asked = { 0 };

      g_test_message ("case %u", i);
      ask_binding (&asked, cases[i].tcp, cases[i].habit, BRIEF_MS);
      g_assert_error (asked.error, SENTIENT_ERROR, (int)cases[i].error);
    }
}

static void
test_refused (void)
{
  g_auto (Asked) asked = { 0 };

  ask_binding (&asked, FALSE, STAND_IN_REFUSES, PATIENCE_MS);
  g_assert_no_error (asked.error);
  g_assert_cmpuint (asked.reply->error_code, ==, 500);
  /* Nothing that a terminal would take for a command. */
  g_assert_cmpstr (asked.reply->reason, ==, "no[2J way\357\277\275");
}

/* What is bound and free again, so that nobody is there. */
static GSocketAddress *
dup_dead_address (gboolean tcp)
{
  g_autoptr (StandIn) server = stand_in_new (tcp, STAND_IN_SILENT);

  return stand_in_dup_address (server);
}

static void
test_nobody_listens (void)
{
  for (guint tcp = 0; tcp < 2; tcp++)
    {
      g_autoptr (GSocketAddress) address = dup_dead_address (tcp != 0);
      g_autoptr (GError) error = NULL;
      SentientStunSocket *socket = sentient_stun_socket_new_to (address, tcp != 0, &error);
      g_auto (Asked) asked = { 0 };

      g_assert_no_error (error);
      ask (&asked, socket, sentient_stun_request_new_binding (), PATIENCE_MS);
      g_assert_error (asked.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
      drop_socket (socket);
    }
}

static gboolean
on_cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_cancelled (void)
{
  g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_SILENT);
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SentientStunSocket *socket = sentient_stun_socket_new_to (address, FALSE, NULL);
  g_auto (Asked) asked = { 0 };

  sentient_stun_socket_ask_async (socket, sentient_stun_request_new_binding (), NULL, PATIENCE_MS,
                                  cancellable, on_asked, &asked);
  g_idle_add (on_cancel, cancellable);
  while (!asked.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (asked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  drop_socket (socket);
}

/* One socket that asks two servers: nobody else is listened to. */
static void
test_two_servers (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  SentientStunSocket *socket = sentient_stun_socket_new_from (loopback, NULL);
  g_autoptr (GInetSocketAddress) local = sentient_stun_socket_dup_local (socket);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_ANSWERS);
      g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
      g_auto (Asked) asked = { 0 };

      sentient_stun_socket_ask_async (socket, sentient_stun_request_new_binding (), address,
                                      PATIENCE_MS, NULL, on_asked, &asked);
      while (!asked.done)
        g_main_context_iteration (NULL, TRUE);
      g_assert_no_error (asked.error);
      g_assert_cmpuint (g_inet_socket_address_get_port (asked.reply->mapped), ==,
                        g_inet_socket_address_get_port (local));
    }
  drop_socket (socket);
}

/* What a stranger sends does not even count as nonsense. */
static void
test_stranger (void)
{
  g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_SILENT);
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  SentientStunSocket *socket = sentient_stun_socket_new_from (loopback, NULL);
  g_autoptr (GInetSocketAddress) local = sentient_stun_socket_dup_local (socket);
  g_autoptr (GSocket) stranger
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_auto (Asked) asked = { 0 };

  g_assert_cmpint (g_socket_send_to (stranger, G_SOCKET_ADDRESS (local), "\1\1\0\0", 4, NULL, NULL),
                   ==, 4);
  sentient_stun_socket_ask_async (socket, sentient_stun_request_new_binding (), address, BRIEF_MS,
                                  NULL, on_asked, &asked);
  while (!asked.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (asked.error, SENTIENT_ERROR, SENTIENT_ERROR_TIMED_OUT);
  drop_socket (socket);
}

/* Asks without credentials, and then with them. */
static void
allocate (Asked *asked, SentientStunSocket *socket, const char *password)
{
  g_auto (Asked) challenge = { 0 };

  ask (&challenge, socket, sentient_stun_request_new_allocate (NULL, NULL, NULL), PATIENCE_MS);
  g_assert_no_error (challenge.error);
  g_assert_cmpuint (challenge.reply->error_code, ==, 401);
  ask (asked, socket, sentient_stun_request_new_allocate (challenge.reply, STAND_IN_USER, password),
       PATIENCE_MS);
}

static void
test_allocation (void)
{
  for (guint tcp = 0; tcp < 2; tcp++)
    {
      g_autoptr (StandIn) server = stand_in_new (tcp != 0, STAND_IN_ANSWERS);
      g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
      SentientStunSocket *socket = sentient_stun_socket_new_to (address, tcp != 0, NULL);
      g_auto (Asked) asked = { 0 };
      g_auto (Asked) challenge = { 0 };

      allocate (&asked, socket, "wrong");
      g_assert_no_error (asked.error);
      g_assert_cmpuint (asked.reply->error_code, ==, 401);
      g_assert_cmpint (stand_in_count_allocations (server), ==, 0);

      allocate (&asked, socket, STAND_IN_PASSWORD);
      g_assert_no_error (asked.error);
      g_assert_cmpuint (asked.reply->error_code, ==, 0);
      g_assert_nonnull (asked.reply->relayed);
      g_assert_cmpuint (asked.reply->lifetime_s, ==, 600);
      g_assert_cmpint (stand_in_count_allocations (server), ==, 1);

      ask (&challenge, socket, sentient_stun_request_new_allocate (NULL, NULL, NULL), PATIENCE_MS);
      ask (&asked, socket,
           sentient_stun_request_new_release (challenge.reply, STAND_IN_USER, STAND_IN_PASSWORD),
           PATIENCE_MS);
      g_assert_no_error (asked.error);
      g_assert_cmpuint (asked.reply->error_code, ==, 0);
      g_assert_cmpint (stand_in_count_allocations (server), ==, 0);
      drop_socket (socket);
    }
}

/* Success without signature is no success. */
static void
test_unsigned (void)
{
  g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_UNSIGNED);
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
  SentientStunSocket *socket = sentient_stun_socket_new_to (address, FALSE, NULL);
  g_auto (Asked) challenge = { 0 };
  g_auto (Asked) asked = { 0 };

  ask (&challenge, socket, sentient_stun_request_new_allocate (NULL, NULL, NULL), PATIENCE_MS);
  g_assert_no_error (challenge.error);
  ask (&asked, socket,
       sentient_stun_request_new_allocate (challenge.reply, STAND_IN_USER, STAND_IN_PASSWORD),
       BRIEF_MS);
  g_assert_error (asked.error, SENTIENT_ERROR, SENTIENT_ERROR_UNAUTHORIZED);
  drop_socket (socket);
}

static void
test_too_long (void)
{
  g_autoptr (StandIn) server = stand_in_new (FALSE, STAND_IN_ANSWERS);
  g_autoptr (GSocketAddress) address = stand_in_dup_address (server);
  SentientStunSocket *socket = sentient_stun_socket_new_to (address, FALSE, NULL);
  g_auto (Asked) challenge = { 0 };
  g_auto (Asked) asked = { 0 };
  g_autofree char *user = g_strnfill (SENTIENT_STUN_MESSAGE_MAX, 'u');

  ask (&challenge, socket, sentient_stun_request_new_allocate (NULL, NULL, NULL), PATIENCE_MS);
  ask (&asked, socket, sentient_stun_request_new_allocate (challenge.reply, user, "x"),
       PATIENCE_MS);
  g_assert_error (asked.error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
  drop_socket (socket);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stun-socket/answers", test_answers);
  g_test_add_func ("/stun-socket/lost", test_lost);
  g_test_add_func ("/stun-socket/never-answers", test_never_answers);
  g_test_add_func ("/stun-socket/refused", test_refused);
  g_test_add_func ("/stun-socket/nobody-listens", test_nobody_listens);
  g_test_add_func ("/stun-socket/cancelled", test_cancelled);
  g_test_add_func ("/stun-socket/two-servers", test_two_servers);
  g_test_add_func ("/stun-socket/stranger", test_stranger);
  g_test_add_func ("/stun-socket/allocation", test_allocation);
  g_test_add_func ("/stun-socket/unsigned", test_unsigned);
  g_test_add_func ("/stun-socket/too-long", test_too_long);
  return g_test_run ();
}
