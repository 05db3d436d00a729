/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of key agreement (hsm/key_agreement.h): lists that contract.c runs. */
#ifndef HSMFERRY_TESTS_CONTRACT_AGREEMENT_H
#define HSMFERRY_TESTS_CONTRACT_AGREEMENT_H

#include "tests/contract/bench.h"

extern const struct contract_row agreement_rows[3], agreement_guard_rows[1]; /* of the agent */

/* The same by ML-KEM, alone and with ECDH. */
extern const struct contract_row kem_rows[4], kem_guard_rows[3];

/* The control of a hybrid: an HSM that drops the second secret is not one that keeps it. */
void kem_truncating_control(void **state);

#endif
