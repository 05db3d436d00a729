/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM under an evidence key (hsm/evidence_form.h). */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_EVIDENCE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_EVIDENCE_H

#include "driver/pkcs11/pkcs11_probe.h"
#include "driver/pkcs11/pkcs11_session.h"

/* These meet the contract of hsm/hsm.h. */
bool p11_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err);
bool p11_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct secret *text, struct evidence_cipher *cipher, struct err *err);
bool p11_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                 const struct evidence_cipher *cipher, struct secret *text, struct err *err);

bool p11_gcm_encrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                     const struct bytes *context, const struct bytes *text,
                     struct bytes *ciphertext, struct err *err);
bool p11_gcm_decrypt(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                     const struct bytes *context, const struct bytes *ciphertext,
                     struct bytes *text, struct err *err);

/* Does the token list AES-GCM in this direction? NULL: yes; otherwise why not, as text. */
const char *p11_lists_gcm(struct p11 *p, CK_FLAGS direction);

/* Encrypts with the test key, decrypts, and decrypts with another context, which must fail. Sets
 * b->caps->evidence. */
void p11_try_evidence(struct probe *b);

/* The same from the token's mechanism list only. */
void p11_believe_evidence(struct p11 *p, struct hsm_capabilities *caps);

#endif
