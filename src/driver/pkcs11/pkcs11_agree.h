/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement: the contract's make_agreement_pair(), encapsulate() and agree() (hsm/hsm.h), and
 * trying them. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_AGREE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_AGREE_H

#include "driver/pkcs11/pkcs11_probe.h"

bool p11_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                             struct hsm_pair *pair, struct err *err);
bool p11_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                     struct err *err);
bool p11_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err);

/* Agrees with an independent implementation on keys, by each KDF that the dialect names, and
 * exchanges test keys under them. Learns the value of the envelope test key. */
void p11_try_agreements(struct probe *b);

/* As the dialect and the token's mechanism list have it. */
void p11_believe_agreements(struct p11 *p, struct hsm_capabilities *caps);

/* Wraps the envelope test key, whose value is then known, under a derived key, whose value ours is;
 * or unwraps a test key under it. By the first of the dialect's mechanisms for the inner algorithm
 * that works, or of the standard's. NULL: it does; otherwise why not. */
const char *p11_try_derived(struct probe *b, enum hsm_alg inner, uint32_t use, CK_OBJECT_HANDLE key,
                            const struct bytes *ours);

#endif
