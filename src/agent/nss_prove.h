/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's prove() (hsm/hsm.h). */
#ifndef HSMFERRY_AGENT_NSS_PROVE_H
#define HSMFERRY_AGENT_NSS_PROVE_H

#include "hsm/hsm.h"

/* The longest secret that NSS digests. */
enum { NSS_DIGEST_MAX = 48 };

bool nss_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err);

#endif
