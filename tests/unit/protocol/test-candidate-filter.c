/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sentient-error.h"
#include "core/sentient-networks.h"
#include "protocol/sentient-candidate-filter.h"

#include <string.h>

#define HOST4 "candidate:1 1 UDP 2015363327 192.168.1.7 4000 typ host"
#define HOST6 "candidate:2 1 udp 2015363327 2001:db8::7 4000 typ host"
#define MAPPED6 "candidate:2 1 udp 2015363327 64:ff9b::192.0.2.1 4000 typ host"
#define HOST_TCP "candidate:3 1 TCP 1010828543 192.168.1.7 9 typ host tcptype active"
#define SRFLX "candidate:4 1 UDP 1677721855 203.0.113.9 5 typ srflx raddr 192.168.1.7 rport 4000"
#define RELAY "a=candidate:5 1 UDP 1 198.51.100.3 6 typ relay raddr 203.0.113.9 rport 5 ufrag x"
#define MDNS "candidate:6 1 udp 1 0a1b2c3d-0000-4000-8000-000000000000.local 7 typ host"
#define LOOPBACK6 "candidate:7 1 UDP 1 ::1 8 typ host"
#define ODD "candidate:8 1 UDP 1 192.0.2.1 8 typ odd"

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    SentientCandidateType type;
    gboolean is_tcp;
    const char *address;
    const char *related;
  } good[] = {
    { HOST4, SENTIENT_CANDIDATE_TYPE_HOST, FALSE, "192.168.1.7", NULL },
    { HOST6, SENTIENT_CANDIDATE_TYPE_HOST, FALSE, "2001:db8::7", NULL },
    { MAPPED6, SENTIENT_CANDIDATE_TYPE_HOST, FALSE, "64:ff9b::c000:201", NULL },
    { HOST_TCP, SENTIENT_CANDIDATE_TYPE_HOST, TRUE, "192.168.1.7", NULL },
    { SRFLX, SENTIENT_CANDIDATE_TYPE_SRFLX, FALSE, "203.0.113.9", "192.168.1.7" },
    { RELAY, SENTIENT_CANDIDATE_TYPE_RELAY, FALSE, "198.51.100.3", "203.0.113.9" },
    { MDNS, SENTIENT_CANDIDATE_TYPE_HOST, FALSE, NULL, NULL },
    { ODD, SENTIENT_CANDIDATE_TYPE_UNKNOWN, FALSE, "192.0.2.1", NULL },
    { "candidate:1 1 UDP 1 192.0.2.1:80 9 typ host", SENTIENT_CANDIDATE_TYPE_HOST, FALSE, NULL,
      NULL },
    { "candidate:1 1 UDP 1 [::1] 9 typ host raddr", SENTIENT_CANDIDATE_TYPE_HOST, FALSE, NULL,
      NULL },
  };
  static const char *const bad[] = {
    "",
    "a=",
    "candidate:",
    "candidate:1 1 UDP 1 192.0.2.1 9 typ",
    "candidate:1 1 SCTP 1 192.0.2.1 9 typ host",
    "candidate:1 1 UDP 1 192.0.2.1 9 type host",
    " candidate:1 1 UDP 1 192.0.2.1 9 typ host",
  };
  SentientCandidate candidate;
  guint8 expected[16];

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_test_message ("%s", good[i].text);
      g_assert_true (sentient_candidate_parse (&candidate, good[i].text));
      g_assert_cmpint (candidate.type, ==, good[i].type);
      g_assert_cmpint (candidate.is_tcp, ==, good[i].is_tcp);
      g_assert_cmpint (candidate.has_address, ==, good[i].address != NULL);
      g_assert_cmpint (candidate.has_related, ==, good[i].related != NULL);
      if (good[i].address != NULL)
        {
          g_assert_true (sentient_networks_parse_bare (good[i].address, expected));
          g_assert_cmpmem (candidate.address, 16, expected, 16);
        }
      if (good[i].related != NULL)
        {
          g_assert_true (sentient_networks_parse_bare (good[i].related, expected));
          g_assert_cmpmem (candidate.related, 16, expected, 16);
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (sentient_candidate_parse (&candidate, bad[i]));
}

static void
test_related (void)
{
  static const struct
  {
    const char *text;
    const char *without;
  } cases[] = {
    { HOST4, HOST4 },
    { SRFLX, "candidate:4 1 UDP 1677721855 203.0.113.9 5 typ srflx raddr 0.0.0.0 rport 9" },
    { RELAY, "a=candidate:5 1 UDP 1 198.51.100.3 6 typ relay raddr 0.0.0.0 rport 9 ufrag x" },
    { "candidate:1 1 UDP 1 2001:db8::1 9 typ srflx raddr fd00::1 rport 7",
      "candidate:1 1 UDP 1 2001:db8::1 9 typ srflx raddr :: rport 9" },
    { "candidate:1 1 UDP 1 192.0.2.1 9 typ srflx raddr", /* no value, nothing told */
      "candidate:1 1 UDP 1 192.0.2.1 9 typ srflx raddr" },
    { "nonsense", "nonsense" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *without = sentient_candidate_dup_without_related (cases[i].text);

      g_assert_cmpstr (without, ==, cases[i].without);
    }
}

static SentientCandidateFilter *
new_filter (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr (GError) error = NULL;
  SentientCandidateFilter *filter
      = sentient_candidate_filter_new ((const char *const *)words, &error);

  g_assert_no_error (error);
  return filter;
}

/* Each filter, with one letter for each candidate that passes. */
static void
test_passes (void)
{
  static const char *const candidates[]
      = { HOST4, HOST6, HOST_TCP, SRFLX, RELAY, MDNS, LOOPBACK6, ODD };
  static const struct
  {
    const char *filter;
    const char *passes; /* 4 6 t s r m l o, as above; - does not */
  } cases[] = {
    { "", "46tsrmlo" },
    { "host", "46t--ml-" },
    { "relay", "----r---" },
    { "srflx relay", "---sr---" },
    { "!host", "---sr--o" },
    { "!HOST !relay", "---s---o" },
    { "host !tcp", "46---ml-" },
    { "tcp", "--t-----" },
    { "udp", "46-srmlo" },
    { "ipv6", "-6----l-" },
    { "!ipv6", "4-tsrm-o" },
    { "ipv4", "4-tsr--o" },
    { "192.168.0.0/16", "4-t-----" },
    { "!192.168.0.0/16", "-6-srmlo" },
    { "192.168.0.0/16 2001:db8::/32", "46t-----" },
    { "ipv6 192.168.0.0/16 udp", "46----l-" },
    { "ipv4 !192.168.0.0/16 !srflx", "----r--o" },
    { "::1", "------l-" },
    { "loopback", "------l-" },
    { "!loopback", "46tsrm-o" },
    { "0.0.0.0/0", "4-tsr--o" },
    { "relay srflx 198.51.100.0/24 203.0.113.9", "---sr---" },
    { "!ipv4 192.168.1.7 ::1", "------l-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *given = *cases[i].filter != '\0' ? cases[i].filter : NULL;
      g_autoptr (SentientCandidateFilter) filter
          = given != NULL ? new_filter (given) : sentient_candidate_filter_new (NULL, NULL);
      char passes[] = "46tsrmlo";

      for (guint j = 0; j < G_N_ELEMENTS (candidates); j++)
        {
          SentientCandidate candidate;

          g_assert_true (sentient_candidate_parse (&candidate, candidates[j]));
          if (!sentient_candidate_filter_passes (filter, &candidate))
            passes[j] = '-';
        }
      g_test_message ("“%s”", cases[i].filter);
      g_assert_cmpstr (passes, ==, cases[i].passes);
    }
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *filter;
    const char *address;
    gboolean allows;
    gboolean excludes;
    gboolean has_addresses;
    gboolean names_loopback;
  } cases[] = {
    { "host udp", "10.0.0.1", TRUE, FALSE, FALSE, FALSE },
    { "ipv6", "10.0.0.1", FALSE, TRUE, TRUE, FALSE },
    { "ipv6", "2001:db8::1", TRUE, FALSE, TRUE, FALSE },
    { "!10.0.0.0/8", "10.0.0.1", FALSE, TRUE, TRUE, FALSE },
    { "!10.0.0.0/8", "11.0.0.1", TRUE, FALSE, TRUE, FALSE },
    { "203.0.113.0/24", "10.0.0.1", FALSE, FALSE, TRUE, FALSE }, /* may be seen from there */
    { "203.0.113.0/24 ipv6", "10.0.0.1", FALSE, FALSE, TRUE, FALSE },
    { "203.0.113.0/24 !ipv4", "10.0.0.1", FALSE, TRUE, TRUE, FALSE },
    { "::1", "::1", TRUE, FALSE, TRUE, TRUE },
    { "loopback", "127.9.9.9", TRUE, FALSE, TRUE, TRUE },
    { "0.0.0.0/0", "127.0.0.1", TRUE, FALSE, TRUE, FALSE },
    { "!loopback", "127.0.0.1", FALSE, TRUE, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SentientCandidateFilter) filter = new_filter (cases[i].filter);
      guint8 address[16];

      g_test_message ("%s of “%s”", cases[i].address, cases[i].filter);
      g_assert_true (sentient_networks_parse_bare (cases[i].address, address));
      g_assert_cmpint (sentient_candidate_filter_allows_address (filter, address), ==,
                       cases[i].allows);
      g_assert_cmpint (sentient_candidate_filter_excludes_address (filter, address), ==,
                       cases[i].excludes);
      g_assert_cmpint (sentient_candidate_filter_has_addresses (filter), ==,
                       cases[i].has_addresses);
      g_assert_cmpint (sentient_candidate_filter_names_loopback (filter), ==,
                       cases[i].names_loopback);
    }
}

static void
test_bad (void)
{
  static const struct
  {
    const char *filter;
    const char *says;
  } cases[] = {
    { "hosts", "“hosts” is no word" },
    { "prflx", "“prflx” is no word" },
    { "!", "“!” is no word" },
    { "!!host", "“!!host” is no word" },
    { "10.0.0.0/33", "is no word" },
    { "10.0.0.1:80", "is no word" },
    { "example.org", "is no word" },
    { "a\nb", "“a\\nb” is no word" },
    { "!udp !tcp", "lets nothing through" },
    { "tcp !tcp", "lets nothing through" },
    { "!host !srflx !relay", "lets nothing through" },
    { "ipv6 !ipv6", "lets nothing through" },
    { "!ipv4 !ipv6 10.0.0.0/8", "lets nothing through" },
  };
  g_autoptr (GStrvBuilder) many = g_strv_builder_new ();
  g_auto (GStrv) too_many = NULL;
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) words = g_strsplit (cases[i].filter, " ", -1);
      g_autoptr (GError) error = NULL;

      g_assert_null (sentient_candidate_filter_new ((const char *const *)words, &error));
      g_assert_error (error, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
      g_test_message ("%s: %s", cases[i].filter, error->message);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
  for (guint i = 0; i <= SENTIENT_CANDIDATE_FILTER_MAX_WORDS; i++)
    g_strv_builder_add (many, "host");
  too_many = g_strv_builder_end (many);
  g_assert_null (sentient_candidate_filter_new ((const char *const *)too_many, &local));
  g_assert_error (local, SENTIENT_ERROR, SENTIENT_ERROR_BAD_REQUEST);
}

static void
test_types (void)
{
  SentientCandidateType type;

  for (guint i = SENTIENT_CANDIDATE_TYPE_UNKNOWN; i <= SENTIENT_CANDIDATE_TYPE_RELAY; i++)
    {
      g_assert_true (
          sentient_candidate_type_from_string (sentient_candidate_type_to_string (i), &type));
      g_assert_cmpint (type, ==, i);
    }
  g_assert_null (sentient_candidate_type_to_string (SENTIENT_CANDIDATE_TYPE_RELAY + 1));
  g_assert_false (sentient_candidate_type_from_string ("relayed", &type));
  g_assert_false (sentient_candidate_type_from_string (NULL, &type));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/candidate/parse", test_parse);
  g_test_add_func ("/candidate/related", test_related);
  g_test_add_func ("/candidate/types", test_types);
  g_test_add_func ("/candidate-filter/passes", test_passes);
  g_test_add_func ("/candidate-filter/addresses", test_addresses);
  g_test_add_func ("/candidate-filter/bad", test_bad);
  return g_test_run ();
}
