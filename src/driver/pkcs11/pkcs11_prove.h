/* SPDX-License-Identifier: Apache-2.0 */
/* Proving possession of a key: one operation with it over a challenge. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_PROVE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_PROVE_H

#include "driver/pkcs11/pkcs11_session.h"

/* Meets the contract of hsm/hsm.h. */
bool p11_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err);

/* Does the token list the mechanism of this proof for the operation that the proof requires? */
bool p11_lists_proof(struct p11 *p, enum hsm_proof proof);

/* The calls of a proof: "C_Sign CKM_ECDSA". */
const char *p11_proof_call(enum hsm_proof proof);

#endif
