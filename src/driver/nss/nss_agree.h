/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement: the contract's make_agreement_pair() and agree() (hsm/hsm.h), and trying them. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_AGREE_H
#define HSMFERRY_DRIVER_NSS_NSS_AGREE_H

#include "driver/nss/nss_db.h"

bool nss_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                             struct hsm_pair *pair, struct err *err);
bool nss_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err);

/* Agrees with an independent implementation on a key, and exchanges a test key under it. The test
 * keys are temporary objects of the database. */
void nss_try_agreement(struct nss *nss, enum hsm_alg alg, const char *label,
                       struct hsm_capability *cap);

#endif
