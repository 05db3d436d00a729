/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM under an evidence key (hsm/evidence_form.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_EVIDENCE_H
#define HSMFERRY_DRIVER_NSS_NSS_EVIDENCE_H

#include "driver/nss/nss_db.h"

/* These meet the contract of hsm/hsm.h. */
bool nss_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct secret *text, struct evidence_cipher *cipher, struct err *err);
bool nss_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct evidence_cipher *cipher, struct secret *text, struct err *err);

/* Encrypts with this AES key, decrypts, and decrypts with another context, which must fail. */
void nss_try_evidence(struct nss *nss, uint64_t key, struct hsm_capability *cap);

#endif
