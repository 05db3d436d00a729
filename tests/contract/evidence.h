/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of evidence that travels encrypted (hsm/evidence_form.h): lists that contract.c runs.
 */
#ifndef HSMFERRY_TESTS_CONTRACT_EVIDENCE_H
#define HSMFERRY_TESTS_CONTRACT_EVIDENCE_H

#include "tests/contract/bench.h"

extern const struct contract_row evidence_rows[3], evidence_guard_rows[3]; /* of the agent */

/* Evidence of a known key, as another HSM would seal it under an evidence key of this value. */
void evidence_by_openssl(const struct object *evidence_key, const struct object *known,
                         const struct evidence_subject *of, struct evidence_cipher *out);

/* A known evidence key with the flags of the destination's. */
struct object *evidence_key_known(void);

/* The evidence of a key: number 7 of a migration. */
struct evidence_subject evidence_subject_of(enum hsm_proof proof, uint64_t key,
                                            uint64_t evidence_key, bool open);

#endif
