/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "doctor/sentient-stun-message.h"

#define ID_OFFSET 8
#define ID_SIZE 12

/* The first byte says which question was asked; the rest comes back, with the question's own
 * transaction id, so that more than the header is looked at. */
static SentientStunRequest *
make_request (guint8 choice, const SentientStunReply *challenge)
{
  switch (choice % 4)
    {
    case 0:
      return sentient_stun_request_new_binding ();
    case 1:
      return sentient_stun_request_new_allocate (NULL, NULL, NULL);
    case 2:
      return sentient_stun_request_new_allocate (challenge, "user", "password");
    default:
      return sentient_stun_request_new_release (challenge, "user", "password");
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) text = g_bytes_new_static ("text", 4);
  const SentientStunReply challenge = { .realm = text, .nonce = text };
  g_autoptr (SentientStunRequest) request = NULL;
  g_autoptr (SentientStunReply) reply = NULL;
  g_autofree guint8 *answer = NULL;
  const guint8 *question;
  gsize len;

  if (size == 0)
    return 0;
  request = make_request (data[0], &challenge);
  question = sentient_stun_request_get_data (request, &len);
  g_assert_nonnull (question);
  answer = g_memdup2 (data + 1, size - 1);
  if (size > ID_OFFSET + ID_SIZE)
    memcpy (answer + ID_OFFSET, question + ID_OFFSET, ID_SIZE);

  g_assert_cmpint (sentient_stun_measure (answer, size - 1), <=, (gssize)size - 1);
  g_assert_true (
      (sentient_stun_request_take (request, answer, size - 1, &reply) == SENTIENT_STUN_ANSWER)
      == (reply != NULL));
  if (reply != NULL && reply->reason != NULL)
    g_assert_true (g_utf8_validate (reply->reason, -1, NULL));
  return 0;
}
