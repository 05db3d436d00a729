/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's prove() (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_PROVE_H
#define HSMFERRY_DRIVER_NSS_NSS_PROVE_H

#include "hsm/hsm.h"

/* The longest secret that NSS takes to its digests by itself. */
enum { NSS_MOVES_MAX = 48 };

bool nss_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err);

/* The calls that it makes: "PK11_SignWithMechanism CKM_ECDSA". */
const char *nss_proof_call(enum hsm_proof proof);

#endif
