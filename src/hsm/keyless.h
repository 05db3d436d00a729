/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for which nobody needs a key. Two HSMs with the same fault agree whatever keys they hold:
 * if they ignore the key, their answer is one that anyone can compute. */
#ifndef HSMFERRY_HSM_KEYLESS_H
#define HSMFERRY_HSM_KEYLESS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "hsm/facts.h"

/* Is this the answer of an HSM that ignores the key? For proofs by AES, digest and HMAC. */
bool keyless_is(enum hsm_proof proof, const struct bytes *challenge, const struct bytes *answer);

#endif
