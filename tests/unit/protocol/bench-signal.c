/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hot path: a 1.5 kB offer parsed, made a signal and written for its receiver; next to it what
 * json-glib takes for the parsing alone. CPU time, the best of several runs. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-glib/json-glib.h>

#include "protocol/sentient-message.h"
#include "protocol/sentient-request.h"

#define RUNS 15

static double
cpu_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static char *
make_offer (gboolean legacy)
{
  static const char *const lines[] = {
    "a=group:BUNDLE 0",
    "a=ice-ufrag:7yKq9oKzPpXh",
    "a=ice-pwd:Qz0mHn3vTgYb5sWcEr8uLj2k",
    "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
    "a=setup:actpass",
    "a=candidate:1 1 UDP 2015363327 192.168.1.17 41233 typ host",
    "a=rtcp-mux",
    "a=sctp-port:5000",
    "a=max-message-size:262144",
    "m=application 9 UDP/DTLS/SCTP",
  };
  g_autoptr (GString) sdp = g_string_new ("v=0\\r\\no=- 4611731400430051336 2 IN IP4 127.0.0.1");

  for (guint i = 0; sdp->len < 1400; i = (i + 1) % G_N_ELEMENTS (lines))
    g_string_append_printf (sdp, "\\r\\n%s", lines[i]);
  if (legacy)
    return g_strdup_printf ("{\"type\":\"offer\",\"from\":\"node-0123456789abcdef\",\"to\":"
                            "\"node-fedcba9876543210\",\"room\":\"global\",\"payload\":{\"sdp\":"
                            "\"%s\"}}",
                            sdp->str);
  return g_strdup_printf (
      "{\"type\":\"offer\",\"to\":\"node-fedcba9876543210\",\"room\":\"global\","
      "\"sdp\":\"%s\"}",
      sdp->str);
}

static void
relay (const char *text, gsize len, GString *out)
{
  g_autoptr (SentientSignal) signal = NULL;
  g_autoptr (SentientMessage) message = NULL;
  SentientRequest request;

  if (!sentient_request_parse_message (&request, text, len, NULL))
    abort ();
  signal = sentient_request_to_signal (&request, "node-0123456789abcdef", request.room, 1);
  message = sentient_message_new_signal (signal);
  g_string_truncate (out, 0);
  sentient_message_append (message, out, SENTIENT_DIALECT_PLAIN, 0, "b");
}

static void
scan (const char *text, gsize len, GString *out)
{
  SentientRequest request;

  if (!sentient_request_parse_message (&request, text, len, NULL))
    abort ();
}

static void
parse_tree (const char *text, gsize len, GString *out)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_data (parser, text, (gssize)len, NULL))
    abort ();
}

static double
measure (void (*func) (const char *, gsize, GString *), const char *text, guint count)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize len = strlen (text);
  double best = 1e18;

  for (guint run = 0; run < RUNS; run++)
    {
      double start = cpu_ns ();

      for (guint i = 0; i < count; i++)
        func (text, len, out);
      best = MIN (best, (cpu_ns () - start) / count);
    }
  return best;
}

int
main (void)
{
  g_autofree char *design = make_offer (FALSE);
  g_autofree char *legacy = make_offer (TRUE);

  g_print ("offer of %zu bytes, ns each:\n", strlen (design));
  g_print ("  parse + signal + append, design form   %6.0f\n", measure (relay, design, 20000));
  g_print ("  parse + signal + append, legacy form   %6.0f\n", measure (relay, legacy, 20000));
  g_print ("  parse alone                            %6.0f\n", measure (scan, design, 20000));
  g_print ("  json-glib, parse alone                 %6.0f\n", measure (parse_tree, design, 2000));
  return 0;
}
