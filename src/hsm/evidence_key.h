/* SPDX-License-Identifier: Apache-2.0 */
/* seal() and unseal() of the contract for every driver, by its prove(), encrypt() and decrypt().
 * The agent calls them after its own checks (agent/guard.h). */
#ifndef HSMFERRY_HSM_EVIDENCE_KEY_H
#define HSMFERRY_HSM_EVIDENCE_KEY_H

#include "hsm/hsm.h"

/* The secret parts are kept in locked memory, and wiped. Random numbers are OpenSSL's. */
bool evidence_key_seal(struct hsm *hsm, const struct evidence_subject *of,
                       struct evidence_cipher *cipher, struct err *err);
bool evidence_key_unseal(struct hsm *hsm, const struct evidence_subject *of,
                         const struct evidence_cipher *cipher, struct bytes *answer,
                         struct err *err);

#endif
