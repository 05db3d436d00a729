/* SPDX-License-Identifier: Apache-2.0 */
/* Test keys for determining the capabilities of a token: creating and comparing them. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_PROBE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_PROBE_H

#include "driver/pkcs11/pkcs11_session.h"

/* The state of one probe. */
struct probe {
    struct p11 *p;
    const struct hsm_wanted *wanted;
    struct hsm_capabilities *caps; /* results so far */
    CK_OBJECT_HANDLE envelope;     /* AES-256: wraps and unwraps */
    CK_OBJECT_HANDLE subject;      /* the AES-128 key that is wrapped */
    struct bytes challenge;        /* for comparing keys */
    struct bytes answer;           /* of the subject to it, by AES_ECB; empty: not asked yet */
    struct bytes plain_wrap;       /* the subject, wrapped by RFC 3394 */
    struct bytes envelope_value;   /* empty: not known */
};

extern const char probe_label[];

/* Generates a temporary secret key with these uses, sensitive and extractable. */
CK_RV probe_make(struct probe *b, enum key_kind kind, uint32_t length, uint32_t uses,
                 CK_OBJECT_HANDLE *handle);
void probe_unmake(struct probe *b, CK_OBJECT_HANDLE handle);

/* The template of such a key for an unwrap. */
struct hsm_template probe_template(enum key_kind kind, uint32_t length, uint32_t uses);

/* Is the token a source only, which no key reaches? Is this proof wanted? Are keys of this kind? */
bool probe_gives(const struct probe *b);
bool probe_wants(const struct probe *b, enum hsm_proof proof);
bool probe_has(const struct probe *b, enum key_kind kind);

/* Does this proof work on this token? */
bool probe_can(const struct probe *b, enum hsm_proof proof);

bool probe_answers(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key);

/* Do both keys answer the challenge, and identically? */
bool probe_same_answer(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE x,
                       CK_OBJECT_HANDLE y);

/* Compares by the strongest proof that this token has; true if it has none. */
bool probe_same_key(struct probe *b, CK_OBJECT_HANDLE x, CK_OBJECT_HANDLE y);

/* Does this key of the HSM have this AES value? */
bool probe_is_value(struct probe *b, CK_OBJECT_HANDLE key, const struct bytes *value);

#endif
