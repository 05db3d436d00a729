/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs by a private key of the file, or a test key. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_PROVE_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_PROVE_H

#include "hsm/hsm.h"

/* The proofs that are answered here: bit (1 << enum hsm_proof). */
uint32_t openssl_proofs(void);

/* OpenSSL's call for a proof; "": it is not answered here. */
const char *openssl_proof_call(enum hsm_proof proof);

/* As in hsm.h. */
bool openssl_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                   const struct bytes *challenge, struct bytes *answer, struct err *err);

#endif
