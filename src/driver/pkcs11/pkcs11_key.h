/* SPDX-License-Identifier: Apache-2.0 */
/* Generating, committing and destroying keys. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_KEY_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_KEY_H

#include "driver/pkcs11/pkcs11_session.h"

/* What to generate: a temporary secret key. */
struct p11_wish {
    enum key_kind kind; /* KEY_KIND_AES, KEY_KIND_DES3 or KEY_KIND_GENERIC */
    uint32_t length;    /* octets */
    uint32_t flags;     /* enum key_flag */
    const char *label;
    CK_MECHANISM_TYPE allowed; /* the only one, if the token takes that; 0: any */
};

/* Generates a key; if the token refuses the template, without the guards that tokens may not
 * know. */
CK_RV p11_generate(struct p11 *p, const struct p11_wish *wish, CK_OBJECT_HANDLE *handle);

/* These meet the contract of hsm/hsm.h. */
bool p11_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                   struct err *err);
bool p11_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                         struct err *err);
bool p11_load_public(struct hsm *hsm, const struct bytes *spki, const char *label, uint64_t *handle,
                     struct err *err);
bool p11_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                  struct err *err);
bool p11_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                const uint8_t *id, size_t id_len, uint64_t *final, struct err *err);
bool p11_destroy(struct hsm *hsm, uint64_t handle, struct err *err);
bool p11_remove(struct hsm *hsm, const struct key_desc *is, struct err *err);
bool p11_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                 struct err *err);

#endif
