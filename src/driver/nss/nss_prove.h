/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's prove() (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_PROVE_H
#define HSMFERRY_DRIVER_NSS_NSS_PROVE_H

#include "hsm/hsm.h"

/* The length in octets of the longest secret that NSS moves to its digest slot by itself. */
enum { NSS_MOVES_MAX = 48 };

bool nss_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err);

/* The calls of a proof: "PK11_SignWithMechanism CKM_ECDSA". */
const char *nss_proof_call(enum hsm_proof proof);

#endif
